//! `google.protobuf.Struct`, `Value` and `ListValue` on the wire, one level at a time.

use bytes::Bytes;

use super::{
    CodecError,
    field::number::{BOOL, ELEMENT, KEY, LIST, NULL, NUMBER, STRING, STRUCT, VALUE},
    text::part,
    wire::{Reader, Slice, WireType},
};

/// A message in the pieces in which it came: a message field that occurs twice is merged, and the merge of two
/// messages is what their concatenation reads as.
#[derive(Clone, Debug)]
pub(crate) enum Message<'a> {
    One(Slice<'a>),
    Many(Vec<Slice<'a>>),
}

impl<'a> Message<'a> {
    pub(crate) const EMPTY: Self = Self::One(Slice {
        bytes: &[],
        offset: 0,
    });

    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self::One(Slice::new(bytes))
    }

    pub(crate) fn merge(&mut self, piece: Slice<'a>) {
        match self {
            // Nothing to merge, and nothing that millions of empty pieces could fill the memory with.
            _ if piece.bytes.is_empty() => {}
            Self::One(first) if first.bytes.is_empty() => *first = piece,
            Self::One(first) => *self = Self::Many(vec![*first, piece]),
            Self::Many(pieces) => pieces.push(piece),
        }
    }

    pub(crate) fn pieces(&self) -> &[Slice<'a>] {
        match self {
            Self::One(piece) => std::slice::from_ref(piece),
            Self::Many(pieces) => pieces,
        }
    }

    pub(crate) fn length(&self) -> usize {
        self.pieces().iter().map(|piece| piece.bytes.len()).sum()
    }

    /// The merged message in one run of bytes.
    pub(crate) fn to_vec(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.length());
        for piece in self.pieces() {
            bytes.extend_from_slice(piece.bytes);
        }
        bytes
    }

    /// The merged message, as a share of the document that it was read from where it came in one piece.
    pub(crate) fn to_bytes(&self, document: &Bytes) -> Bytes {
        match self {
            Self::One(piece) => part(document, *piece),
            Self::Many(_) => self.to_vec().into(),
        }
    }

    /// Where the message starts in its document, for errors.
    pub(crate) fn offset(&self) -> usize {
        self.pieces().first().map_or(0, |piece| piece.offset)
    }

    /// What this message holds, read as a `google.protobuf.Value`. Of a `oneof` the last member wins; a message
    /// member that occurs twice in a row is merged.
    pub(crate) fn kind(&self) -> Result<Kind<'a>, CodecError> {
        let mut kind = Kind::Null;
        for piece in self.pieces() {
            let mut reader = Reader::new(*piece);
            while let Some((number, wire_type)) = reader.tag()? {
                match (number, wire_type) {
                    (NULL, WireType::Varint) => {
                        reader.varint()?;
                        kind = Kind::Null;
                    }
                    (NUMBER, WireType::Fixed64) => {
                        let offset = reader.offset();
                        kind = Kind::Number(finite(reader.double()?, offset)?);
                    }
                    (STRING, WireType::Bytes) => kind = Kind::String(reader.bytes()?.utf8()?),
                    (BOOL, WireType::Varint) => kind = Kind::Bool(reader.varint()? != 0),
                    (STRUCT, WireType::Bytes) => {
                        let piece = reader.bytes()?;
                        match &mut kind {
                            Kind::Struct(message) => message.merge(piece),
                            _ => kind = Kind::Struct(Message::One(piece)),
                        }
                    }
                    (LIST, WireType::Bytes) => {
                        let piece = reader.bytes()?;
                        match &mut kind {
                            Kind::List(message) => message.merge(piece),
                            _ => kind = Kind::List(Message::One(piece)),
                        }
                    }
                    _ => reader.skip(number, wire_type)?,
                }
            }
        }
        Ok(kind)
    }

    /// The entries of this message, read as a `google.protobuf.Struct`.
    #[inline]
    pub(crate) fn entries(self) -> Elements<'a> {
        let (first, later) = match self {
            Self::One(piece) => (piece, Vec::new()),
            Self::Many(pieces) => (Slice::default(), pieces),
        };
        Elements {
            reader: Reader::new(first),
            later: later.into_iter(),
        }
    }

    /// The values of this message, read as a `google.protobuf.ListValue`.
    pub(crate) fn values(self) -> Elements<'a> {
        self.entries()
    }
}

#[inline]
fn finite(number: f64, offset: usize) -> Result<f64, CodecError> {
    if number.is_finite() {
        Ok(number)
    } else {
        Err(CodecError::at(
            offset,
            "a number is not finite, which JSON does not have",
        ))
    }
}

/// The one kind that a `google.protobuf.Value` has.
#[derive(Clone, Debug)]
pub(crate) enum Kind<'a> {
    Null,
    Number(f64),
    String(&'a str),
    Bool(bool),
    Struct(Message<'a>),
    List(Message<'a>),
}

/// The entries of a `Struct`, or the values of a `ListValue`.
#[derive(Clone, Debug)]
pub(crate) struct Elements<'a> {
    reader: Reader<'a>,
    /// The pieces after the one that is read.
    later: std::vec::IntoIter<Slice<'a>>,
}

impl<'a> Elements<'a> {
    /// The next element, or `None` after the last.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<Slice<'a>>, CodecError> {
        loop {
            match self.reader.tag()? {
                Some((ELEMENT, WireType::Bytes)) => return self.reader.bytes().map(Some),
                Some((number, wire_type)) => self.reader.skip(number, wire_type)?,
                None => match self.later.next() {
                    Some(piece) => self.reader = Reader::new(piece),
                    None => return Ok(None),
                },
            }
        }
    }

    /// The next entry of a `Struct`.
    #[inline]
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry<'a>>, CodecError> {
        self.next()?.map(Entry::read).transpose()
    }
}

/// One entry of the map `Struct.fields`. An absent key is the empty string, an absent value is null.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) key: &'a str,
    key_offset: usize,
    pub(crate) value: Message<'a>,
}

impl<'a> Entry<'a> {
    #[inline]
    fn read(entry: Slice<'a>) -> Result<Self, CodecError> {
        let mut key = "";
        let mut key_offset = entry.offset;
        let mut value = Message::EMPTY;
        let mut reader = Reader::new(entry);
        while let Some((number, wire_type)) = reader.tag()? {
            match (number, wire_type) {
                (KEY, WireType::Bytes) => {
                    let slice = reader.bytes()?;
                    (key, key_offset) = (slice.utf8()?, slice.offset);
                }
                (VALUE, WireType::Bytes) => value.merge(reader.bytes()?),
                _ => reader.skip(number, wire_type)?,
            }
        }
        Ok(Self {
            key,
            key_offset,
            value,
        })
    }

    /// The key with its place.
    pub(crate) fn key_slice(&self) -> Slice<'a> {
        Slice {
            bytes: self.key.as_bytes(),
            offset: self.key_offset,
        }
    }
}
