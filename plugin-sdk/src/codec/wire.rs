//! The protobuf encoding itself: tags, varints, lengths, groups. Nothing about `Struct`.

use super::CodecError;

/// Groups and unknown fields may nest this deep before they are refused; protobuf's own limit.
const MAX_GROUP_DEPTH: u32 = 100;

/// The largest field number that protobuf allows.
const MAX_FIELD_NUMBER: u32 = (1 << 29) - 1;

/// The form of a field, which is the number of this in its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WireType {
    Varint,
    Fixed64,
    /// Strings, bytes and messages.
    Bytes,
    GroupStart,
    GroupEnd,
    Fixed32,
}

/// The wire types by the number that stands for each in a tag.
const WIRE_TYPES: [WireType; 6] = [
    WireType::Varint,
    WireType::Fixed64,
    WireType::Bytes,
    WireType::GroupStart,
    WireType::GroupEnd,
    WireType::Fixed32,
];

/// A part of a document that remembers where in the document it starts, so that errors can name the byte.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slice<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) offset: usize,
}

impl<'a> Slice<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    pub(crate) fn utf8(self) -> Result<&'a str, CodecError> {
        std::str::from_utf8(self.bytes)
            .map_err(|error| CodecError::at(self.offset + error.valid_up_to(), "a string is not valid UTF-8"))
    }
}

/// Reads the fields of one message from front to back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(slice: Slice<'a>) -> Self {
        Self {
            rest: slice.bytes,
            offset: slice.offset,
        }
    }

    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], CodecError> {
        match self.rest.split_at_checked(length) {
            Some((taken, rest)) => {
                self.rest = rest;
                self.offset += length;
                Ok(taken)
            }
            None => Err(self.truncated()),
        }
    }

    #[cold]
    fn truncated(&self) -> CodecError {
        CodecError::at(self.offset + self.rest.len(), "the message is truncated")
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, CodecError> {
        match self.rest {
            [byte @ 0..=0x7f, rest @ ..] => {
                self.rest = rest;
                self.offset += 1;
                Ok(u64::from(*byte))
            }
            [low, high @ 0..=0x7f, rest @ ..] => {
                self.rest = rest;
                self.offset += 2;
                Ok(u64::from(low & 0x7f) | u64::from(*high) << 7)
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, CodecError> {
        let mut value = 0_u64;
        for index in 0..10 {
            let Some(&byte) = self.rest.get(index) else {
                return Err(self.truncated());
            };
            // The tenth byte has room for one bit; protobuf drops what does not fit.
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.take(index + 1)?;
                return Ok(value);
            }
        }
        Err(CodecError::at(self.offset, "a varint is longer than ten bytes"))
    }

    /// The number and type of the next field, or `None` at the end of the message.
    #[inline]
    pub(crate) fn tag(&mut self) -> Result<Option<(u32, WireType)>, CodecError> {
        match self.rest {
            [] => Ok(None),
            // A field number below 16 and a wire type that there is: every tag of the messages that we know.
            [tag @ 8..=0x7f, rest @ ..] if tag & 7 < 6 => {
                self.rest = rest;
                self.offset += 1;
                Ok(Some((u32::from(tag >> 3), WIRE_TYPES[usize::from(tag & 7)])))
            }
            _ => self.long_tag().map(Some),
        }
    }

    #[cold]
    fn long_tag(&mut self) -> Result<(u32, WireType), CodecError> {
        let at = self.offset;
        let tag = self.varint()?;
        let wire_type = match WIRE_TYPES.get((tag & 7) as usize) {
            Some(wire_type) => *wire_type,
            None => return Err(CodecError::at(at, format!("{} is not a wire type", tag & 7))),
        };
        match u32::try_from(tag >> 3) {
            Ok(number @ 1..=MAX_FIELD_NUMBER) => Ok((number, wire_type)),
            _ => Err(CodecError::at(at, format!("{} is not a field number", tag >> 3))),
        }
    }

    /// A length-delimited field: a string, bytes, or a message.
    #[inline]
    pub(crate) fn bytes(&mut self) -> Result<Slice<'a>, CodecError> {
        let at = self.offset;
        let length = self.varint()?;
        let length = usize::try_from(length)
            .map_err(|_| CodecError::at(at, "a length is larger than the memory of this machine"))?;
        let offset = self.offset;
        Ok(Slice {
            bytes: self.take(length)?,
            offset,
        })
    }

    #[inline]
    pub(crate) fn double(&mut self) -> Result<f64, CodecError> {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(self.take(8)?);
        Ok(f64::from_le_bytes(bytes))
    }

    /// Passes over a field whose tag was just read.
    pub(crate) fn skip(&mut self, number: u32, wire_type: WireType) -> Result<(), CodecError> {
        self.skip_nested(number, wire_type, MAX_GROUP_DEPTH)
    }

    fn skip_nested(&mut self, number: u32, wire_type: WireType, depth: u32) -> Result<(), CodecError> {
        match wire_type {
            WireType::Varint => self.varint().map(drop),
            WireType::Fixed64 => self.take(8).map(drop),
            WireType::Bytes => self.bytes().map(drop),
            WireType::Fixed32 => self.take(4).map(drop),
            WireType::GroupStart => self.skip_group(number, depth),
            WireType::GroupEnd => Err(CodecError::at(self.offset, "a group ends that did not begin")),
        }
    }

    fn skip_group(&mut self, number: u32, depth: u32) -> Result<(), CodecError> {
        if depth == 0 {
            let message = format!("groups nest deeper than {MAX_GROUP_DEPTH}");
            return Err(CodecError::at(self.offset, message));
        }
        loop {
            match self.tag()? {
                None => return Err(CodecError::at(self.offset, "a group does not end")),
                Some((end, WireType::GroupEnd)) if end == number => return Ok(()),
                Some((inner, wire_type)) => self.skip_nested(inner, wire_type, depth - 1)?,
            }
        }
    }
}

/// One byte holds the tag of every field that we write: their numbers are all below 16.
#[expect(clippy::cast_possible_truncation, reason = "a number below 16")]
pub(crate) const fn tag(number: u32, wire_type: WireType) -> u8 {
    (number as u8) << 3 | wire_type as u8
}

#[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A length-delimited field with its tag.
pub(crate) fn put_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Opens a message whose length is not known yet; [`end_message`] takes what this returns.
#[inline]
pub(crate) fn begin_message(out: &mut Vec<u8>, tag: u8) -> usize {
    out.extend_from_slice(&[tag, 0]);
    out.len()
}

/// Writes the length of the message that began at `start`. One byte was kept free for it; the few messages that
/// need more move up.
#[inline]
pub(crate) fn end_message(out: &mut Vec<u8>, start: usize) {
    let length = out.len() - start;
    let [low, high, ..] = (length << 1).to_le_bytes();
    if length < 0x80 {
        out[start - 1] = low >> 1;
    } else if length < 0x4000 {
        let end = out.len();
        out.push(0);
        out.copy_within(start..end, start + 1);
        out[start - 1] = low >> 1 | 0x80;
        out[start] = high;
    } else {
        set_length(out, start, 1);
    }
}

/// As [`begin_message`], with this number of bytes for the length, at most [`MAX_WIDTH`].
#[inline]
pub(crate) fn begin_wide(out: &mut Vec<u8>, tag: u8, width: usize) -> usize {
    match width {
        1 => return begin_message(out, tag),
        2 => out.extend_from_slice(&[tag, 0, 0]),
        _ => {
            out.push(tag);
            out.extend_from_slice(&[0; MAX_WIDTH][..width]);
        }
    }
    out.len()
}

/// As [`end_message`], for a message that began with this number of bytes for its length. One that needs others moves.
#[inline]
pub(crate) fn end_wide(out: &mut Vec<u8>, start: usize, width: usize) {
    match width {
        1 => end_message(out, start),
        2 => end_medium(out, start),
        _ => set_length(out, start, width),
    }
}

#[inline]
fn end_medium(out: &mut Vec<u8>, start: usize) {
    let (length, end) = (out.len() - start, out.len());
    let [low, high, ..] = (length << 1).to_le_bytes();
    match length {
        0..0x80 => {
            out.copy_within(start..end, start - 1);
            out.truncate(end - 1);
            out[start - 2] = low >> 1;
        }
        0x80..0x4000 => out[start - 2..start].copy_from_slice(&[low >> 1 | 0x80, high]),
        _ => set_length(out, start, 2),
    }
}

/// The most bytes that the length of a message takes which the limits allow.
pub(crate) const MAX_WIDTH: usize = 5;

/// How many bytes the length of a message of this size takes.
#[expect(clippy::cast_possible_truncation, reason = "it is at most ten")]
pub(crate) fn width(size: usize) -> u8 {
    let bits = usize::BITS - (size | 1).leading_zeros();
    (bits.div_ceil(7) as u8).min(MAX_WIDTH as u8)
}

#[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
fn set_length(out: &mut Vec<u8>, start: usize, width: usize) {
    let mut rest = out.len() - start;
    let (mut varint, mut size) = ([0; 10], 1);
    while rest >= 0x80 {
        varint[size - 1] = rest as u8 | 0x80;
        rest >>= 7;
        size += 1;
    }
    varint[size - 1] = rest as u8;
    let (first, end) = (start - width, out.len());
    if size > width {
        out.resize(end + size - width, 0);
    }
    if size != width {
        out.copy_within(start..end, first + size);
        out.truncate(end + size - width);
    }
    out[first..first + size].copy_from_slice(&varint[..size]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(bytes: &[u8]) -> Reader<'_> {
        Reader::new(Slice::new(bytes))
    }

    #[test]
    fn a_varint_may_be_overlong_but_not_endless() {
        assert_eq!(reader(&[0x81, 0x80, 0x00]).varint().unwrap(), 1);
        assert_eq!(
            reader(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])
                .varint()
                .unwrap(),
            u64::MAX
        );
        assert_eq!(reader(&[0x80; 11]).varint().unwrap_err().position(), Some(0));
        assert_eq!(reader(&[0x80; 3]).varint().unwrap_err().position(), Some(3));
    }

    #[test]
    fn groups_are_passed_over_and_bounded() {
        let mut group = reader(&[0x0b, 0x10, 0x05, 0x13, 0x14, 0x0c, 0x08, 0x01]);
        let (number, wire_type) = group.tag().unwrap().unwrap();
        group.skip(number, wire_type).unwrap();
        assert_eq!(group.tag().unwrap(), Some((1, WireType::Varint)));

        let endless = vec![0x0b; 1_000_000];
        let mut endless = reader(&endless);
        let (number, wire_type) = endless.tag().unwrap().unwrap();
        assert!(
            endless
                .skip(number, wire_type)
                .unwrap_err()
                .to_string()
                .contains("nest deeper")
        );

        let mut crossed = reader(&[0x0b, 0x14]);
        let (number, wire_type) = crossed.tag().unwrap().unwrap();
        assert!(crossed.skip(number, wire_type).is_err());
    }

    #[test]
    fn field_numbers_and_wire_types_are_checked() {
        assert!(reader(&[0x00]).tag().is_err());
        assert!(reader(&[0x07]).tag().is_err());
        assert!(reader(&[0xf8, 0xff, 0xff, 0xff, 0x1f, 0x00]).tag().is_err());
    }

    #[test]
    fn lengths_move_up_when_one_byte_is_not_enough() {
        for length in [0, 127, 128, 16_383, 16_384] {
            let mut out = vec![1, 2, 3];
            let start = begin_message(&mut out, 0x0a);
            out.extend(std::iter::repeat_n(7, length));
            end_message(&mut out, start);
            let mut reader = reader(&out[3..]);
            assert_eq!(reader.tag().unwrap(), Some((1, WireType::Bytes)));
            assert_eq!(reader.bytes().unwrap().bytes, vec![7; length]);
            assert_eq!(reader.tag().unwrap(), None);
            for width in 1..=MAX_WIDTH {
                let mut wide = vec![1, 2, 3];
                let start = begin_wide(&mut wide, 0x0a, width);
                wide.extend(std::iter::repeat_n(7, length));
                end_wide(&mut wide, start, width);
                assert_eq!(wide, out, "{width}");
            }
        }
        assert_eq!(
            [0, 127, 128, 16_383, 16_384, 1 << 24].map(width),
            [1, 1, 2, 2, 3, 4]
        );
    }
}
