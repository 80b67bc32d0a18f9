//! Header blocks (RFC 7541): finds the values of `:authority` in them and changes these in place.

use super::huffman;

const AUTHORITY_NAME: &[u8] = b":authority";

/// The place of `:authority` in the static table.
const AUTHORITY_INDEX: u32 = 1;

/// The first place of the dynamic table.
const DYNAMIC_INDEX: u32 = 62;

/// Where the bits of the last byte that an integer may have belong; `h2` has the same limit.
const LAST_SHIFT: u32 = 21;

/// This is no header block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Walks the header blocks of one connection, in pieces of any size.
#[derive(Debug)]
pub(super) struct HeaderBlocks {
    next: Next,
    /// Whether the literal at hand is inserted into the dynamic table.
    is_inserted: bool,
    /// Whether its name is `:authority`, as far as it has been read.
    is_authority: bool,
    /// Of the last 128 literals that were inserted, whether the name is `:authority`; the newest is the lowest bit.
    inserted: u128,
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The first byte of a field or of a size update.
    Field,
    /// The first byte of the length of a name or a value.
    Length(Part),
    /// A further byte of an integer.
    Integer { number: Number, value: u32, shift: u32 },
    /// The name or the value itself.
    Text(Text),
}

/// What an integer stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    /// The index of a whole field, or the size in a size update.
    Passed,
    NameIndex,
    Length {
        part: Part,
        is_huffman: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Name,
    Value,
}

/// A name or a value of this length in bytes, of which those before `position` were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Text {
    part: Part,
    is_huffman: bool,
    length: usize,
    position: usize,
}

impl HeaderBlocks {
    pub(super) fn new() -> Self {
        Self {
            next: Next::Field,
            is_inserted: false,
            is_authority: false,
            inserted: 0,
        }
    }

    /// Walks the next piece of a block and changes what is in it of an authority.
    pub(super) fn walk(&mut self, mut bytes: &mut [u8]) -> Result<(), Malformed> {
        while let Some(&mut byte) = bytes.first_mut() {
            let mut walked = 1;
            self.next = match self.next {
                Next::Field => self.begin_field(byte),
                Next::Length(part) => {
                    let is_huffman = byte & 0x80 != 0;
                    self.begin_integer(Number::Length { part, is_huffman }, byte, 0x7f)
                }
                Next::Integer { number, value, shift } => {
                    let value = value + (u32::from(byte & 0x7f) << shift);
                    if byte & 0x80 == 0 {
                        self.end_integer(number, value)
                    } else if shift < LAST_SHIFT {
                        let shift = shift + 7;
                        Next::Integer { number, value, shift }
                    } else {
                        return Err(Malformed);
                    }
                }
                Next::Text(text) => {
                    walked = bytes.len().min(text.length - text.position);
                    self.walk_text(&mut bytes[..walked], text)
                }
            };
            bytes = &mut bytes[walked..];
        }
        Ok(())
    }

    /// A block ends here.
    pub(super) fn end(&self) -> Result<(), Malformed> {
        if self.next == Next::Field {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    fn begin_field(&mut self, byte: u8) -> Next {
        let (number, mask) = match byte {
            0x80.. => (Number::Passed, 0x7f),
            0x40.. => (Number::NameIndex, 0x3f),
            0x20.. => (Number::Passed, 0x1f),
            // Without indexing, or never to be indexed.
            _ => (Number::NameIndex, 0x0f),
        };
        self.is_inserted = mask == 0x3f;
        self.begin_integer(number, byte, mask)
    }

    fn begin_integer(&mut self, number: Number, byte: u8, mask: u8) -> Next {
        let value = u32::from(byte & mask);
        if byte & mask == mask {
            let shift = 0;
            Next::Integer { number, value, shift }
        } else {
            self.end_integer(number, value)
        }
    }

    fn end_integer(&mut self, number: Number, value: u32) -> Next {
        match number {
            Number::Passed => Next::Field,
            Number::NameIndex if value == 0 => Next::Length(Part::Name),
            Number::NameIndex => {
                self.is_authority = self.is_authority_at(value);
                Next::Length(Part::Value)
            }
            Number::Length { part, is_huffman } => {
                let text = Text {
                    part,
                    is_huffman,
                    length: value as usize,
                    position: 0,
                };
                if part == Part::Name {
                    self.is_authority = text.length == authority_name(is_huffman).len();
                }
                self.walk_text(&mut [], text)
            }
        }
    }

    fn is_authority_at(&self, index: u32) -> bool {
        let inserted = index
            .checked_sub(DYNAMIC_INDEX)
            .and_then(|insertions_ago| self.inserted.checked_shr(insertions_ago));
        index == AUTHORITY_INDEX || inserted.is_some_and(|inserted| inserted & 1 == 1)
    }

    /// Walks a piece of a text. Gives what is next: more of it or, at its end, what is after it.
    fn walk_text(&mut self, piece: &mut [u8], mut text: Text) -> Next {
        let position = text.position;
        text.position += piece.len();
        if self.is_authority {
            match text.part {
                Part::Name => {
                    let expected = authority_name(text.is_huffman).get(position..text.position);
                    self.is_authority = expected == Some(piece);
                }
                Part::Value if text.is_huffman => {
                    for (byte, position) in piece.iter_mut().zip(position..) {
                        *byte = huffman::filler(position, text.length);
                    }
                }
                Part::Value => piece.iter_mut().for_each(make_valid),
            }
        }
        if text.position < text.length {
            return Next::Text(text);
        }
        if text.part == Part::Name {
            return Next::Length(Part::Value);
        }
        if self.is_inserted {
            self.inserted = self.inserted << 1 | u128::from(self.is_authority);
        }
        Next::Field
    }
}

fn authority_name(is_huffman: bool) -> &'static [u8] {
    if is_huffman {
        huffman::AUTHORITY_NAME
    } else {
        AUTHORITY_NAME
    }
}

/// Keeps what is valid wherever it stands: a `:` or an `@` is not.
fn make_valid(byte: &mut u8) {
    if !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'.' | b'_' | b'~') {
        *byte = b'-';
    }
}
