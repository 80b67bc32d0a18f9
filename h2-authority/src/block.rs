//! Header blocks (RFC 7541): puts one valid field in the place of each `:authority`.

use bytes::{BufMut, BytesMut};

/// A literal without indexing, whose name is at place 1 of the static table.
const VALID_AUTHORITY: &[u8] = b"\x01\x09localhost";

/// The place of `:authority` in the static table.
const AUTHORITY_INDEX: u32 = 1;

/// As many of a block are written: the server refuses two, and more would make the block longer than it came.
const MAX_AUTHORITIES: u8 = 2;

const AUTHORITY_NAME: &[u8] = b":authority";

/// The same in Huffman code. A text has one code only, so comparing the code compares the text.
const AUTHORITY_NAME_IN_HUFFMAN: &[u8] = &[0xb8, 0x3b, 0x53, 0x39, 0xec, 0x32, 0x7d, 0x7f];

/// The first place of the dynamic table.
const DYNAMIC_INDEX: u32 = 62;

/// The largest shift of a byte of an integer; `h2` has the same limit.
const LAST_SHIFT: u32 = 21;

/// The block breaks the rules of its format.
#[derive(Debug)]
pub(crate) struct Malformed;

/// Rewrites the header blocks of one connection, in their order.
#[derive(Debug, Default)]
pub(crate) struct HeaderBlocks {
    /// Of the last 128 fields that the client inserted into its table, which are authorities; the newest is the lowest bit.
    authorities: u128,
}

/// What an index of the client stands for.
enum Indexed {
    Authority,
    /// Another field, and its index at the server.
    Other(u32),
}

impl HeaderBlocks {
    /// Writes the block as the server is to read it.
    pub(crate) fn rewrite(&mut self, mut block: &[u8], output: &mut BytesMut) -> Result<(), Malformed> {
        let mut written = 0;
        while let Some(&first) = block.first() {
            let is_authority = match first {
                0x80.. => match self.indexed(integer(&mut block, 0x7f)?)? {
                    Indexed::Authority => true,
                    Indexed::Other(index) => {
                        put_integer(output, 0x80, 0x7f, index);
                        false
                    }
                },
                0x40.. => {
                    let is_authority = self.literal(&mut block, 0x40, 0x3f, output)?;
                    self.authorities = self.authorities << 1 | u128::from(is_authority);
                    is_authority
                }
                // The size of the table.
                0x20.. => {
                    let size = integer(&mut block, 0x1f)?;
                    put_integer(output, 0x20, 0x1f, size);
                    false
                }
                // Without indexing, or never to be indexed.
                _ => self.literal(&mut block, first & 0x10, 0x0f, output)?,
            };
            if is_authority && written < MAX_AUTHORITIES {
                written += 1;
                output.put_slice(VALID_AUTHORITY);
            }
        }
        Ok(())
    }

    /// Tells whether the literal is an authority, and writes any other.
    fn literal(
        &self,
        block: &mut &[u8],
        kind: u8,
        mask: u8,
        output: &mut BytesMut,
    ) -> Result<bool, Malformed> {
        let index = integer(block, mask)?;
        let name_and_value = *block;
        let name = if index == 0 {
            let is_authority = match string(block)? {
                (false, name) => name == AUTHORITY_NAME,
                (true, code) => code == AUTHORITY_NAME_IN_HUFFMAN,
            };
            if is_authority {
                Indexed::Authority
            } else {
                Indexed::Other(0)
            }
        } else {
            self.indexed(index)?
        };
        string(block)?;
        match name {
            Indexed::Authority => Ok(true),
            Indexed::Other(index) => {
                put_integer(output, kind, mask, index);
                output.put_slice(&name_and_value[..name_and_value.len() - block.len()]);
                Ok(false)
            }
        }
    }

    fn indexed(&self, index: u32) -> Result<Indexed, Malformed> {
        if index == AUTHORITY_INDEX {
            return Ok(Indexed::Authority);
        }
        let Some(insertions_since) = index.checked_sub(DYNAMIC_INDEX) else {
            return Ok(Indexed::Other(index));
        };
        let field = 1u128.checked_shl(insertions_since).ok_or(Malformed)?;
        if self.authorities & field != 0 {
            return Ok(Indexed::Authority);
        }
        let newer_authorities = self.authorities & (field - 1);
        Ok(Indexed::Other(index - newer_authorities.count_ones()))
    }
}

/// Takes an integer that begins in the bits of `mask` (RFC 7541, section 5.1).
fn integer(block: &mut &[u8], mask: u8) -> Result<u32, Malformed> {
    let mut value = u32::from(byte(block)? & mask);
    if value < u32::from(mask) {
        return Ok(value);
    }
    for shift in (0..=LAST_SHIFT).step_by(7) {
        let byte = byte(block)?;
        value += u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Malformed)
}

fn put_integer(output: &mut BytesMut, first: u8, mask: u8, value: u32) {
    let Some(mut rest) = value.checked_sub(mask.into()) else {
        return output.put_u8(first | value.to_le_bytes()[0]);
    };
    output.put_u8(first | mask);
    loop {
        let seven_bits = rest.to_le_bytes()[0] & 0x7f;
        rest >>= 7;
        if rest == 0 {
            return output.put_u8(seven_bits);
        }
        output.put_u8(seven_bits | 0x80);
    }
}

/// Takes a string: whether it is in Huffman code, and its bytes.
fn string<'a>(block: &mut &'a [u8]) -> Result<(bool, &'a [u8]), Malformed> {
    let is_huffman = block.first().is_some_and(|first| first & 0x80 != 0);
    let length = integer(block, 0x7f)? as usize;
    let (text, rest) = block.split_at_checked(length).ok_or(Malformed)?;
    *block = rest;
    Ok((is_huffman, text))
}

fn byte(block: &mut &[u8]) -> Result<u8, Malformed> {
    let (first, rest) = block.split_first().ok_or(Malformed)?;
    *block = rest;
    Ok(*first)
}
