//! Wire bytes that a map keeps until they are read, and the values in them.

#![expect(private_interfaces, reason = "the sealing trait is public only in name")]

use std::sync::{Arc, OnceLock};

use super::{Map, Value};
use crate::codec::{
    CodecError,
    message::{Kind, Message},
    number::whole,
    raw::{RAW, RAW_STRINGS},
    wire::Slice,
};

/// A part of the bytes of a `Struct` that were checked as a whole when they arrived, so that reading a part of them
/// can't fail. `Clone` is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    bytes: Arc<[u8]>,
    part: Span,
    /// The levels of protobuf messages that the part takes, at the most.
    levels: u32,
}

/// A range of bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Where a slice lies in the bytes of the [`Wire`] that it was read from.
    #[expect(clippy::cast_possible_truncation, reason = "the length of a `Wire` fits")]
    pub(super) fn of(slice: &Slice<'_>) -> Self {
        let start = slice.offset as u32;
        Self {
            start,
            end: start + slice.bytes.len() as u32,
        }
    }

    fn slice(self, bytes: &[u8]) -> &[u8] {
        bytes
            .get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

impl Wire {
    /// Takes over checked bytes.
    pub(crate) fn new(bytes: impl Into<Arc<[u8]>>, levels: u32) -> Result<Self, CodecError> {
        let bytes = bytes.into();
        let end = u32::try_from(bytes.len())
            .map_err(|_| CodecError::new("an object of more than 4 GiB can't be read"))?;
        Ok(Self {
            bytes,
            part: Span { start: 0, end },
            levels,
        })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.part.slice(&self.bytes)
    }

    pub(crate) fn levels(&self) -> u32 {
        self.levels
    }

    /// The levels that the value of an entry takes, at the most.
    pub(super) fn entry_levels(&self) -> u32 {
        self.levels.saturating_sub(VALUE_INSIDE)
    }

    pub(super) fn slice(&self, span: Span) -> Slice<'_> {
        Slice {
            bytes: span.slice(self.bytes()),
            offset: span.start as usize,
        }
    }

    /// The part that `message` is, which was read from these bytes, `inside` levels further in.
    fn part(&self, message: &Message<'_>, inside: u32) -> Result<Self, CodecError> {
        let levels = self.levels.saturating_sub(inside);
        match message {
            Message::One(slice) => {
                let part = Span::of(slice);
                Ok(Self {
                    bytes: Arc::clone(&self.bytes),
                    part: Span {
                        start: self.part.start + part.start,
                        end: self.part.start + part.end,
                    },
                    levels,
                })
            }
            Message::Many(_) => Self::new(message.to_vec(0), levels),
        }
    }
}

/// The levels from a struct to the value of an entry: the struct, the entry, the value.
const VALUE_INSIDE: u32 = 3;

/// A value of a map: a [`Value`], or a string.
pub trait MapValue: Sized + Clone + Default + sealed::Sealed {}

impl MapValue for Value {}
impl MapValue for String {}

pub(crate) mod sealed {
    use super::{CodecError, Message, Wire};

    pub trait Sealed: Sized + 'static {
        /// The name under which a map of such values asks the codec for wire bytes, which tells what to check.
        const RAW: &'static str;

        /// What indexing gives for a key that is not there.
        const ABSENT: &'static Self;

        /// Reads the message, which lies `inside` levels inside `wire`.
        fn read(wire: &Wire, message: &Message<'_>, inside: u32) -> Result<Self, CodecError>;
    }
}

impl sealed::Sealed for String {
    const RAW: &'static str = RAW_STRINGS;
    const ABSENT: &'static Self = &Self::new();

    fn read(_wire: &Wire, message: &Message<'_>, _inside: u32) -> Result<Self, CodecError> {
        match message.kind()? {
            Kind::String(value) => Ok(value.to_owned()),
            _ => Ok(Self::new()),
        }
    }
}

impl sealed::Sealed for Value {
    const RAW: &'static str = RAW;
    const ABSENT: &'static Self = &Self::Null;

    fn read(wire: &Wire, message: &Message<'_>, inside: u32) -> Result<Self, CodecError> {
        Ok(match message.kind()? {
            Kind::Null => Self::Null,
            Kind::Bool(value) => Self::Bool(value),
            Kind::Number(value) => whole(value).map_or_else(|| value.into(), Self::from),
            Kind::String(value) => Self::String(value.to_owned()),
            Kind::Struct(message) => Self::Object(Map::of_wire(wire.part(&message, inside)?)?),
            Kind::List(message) => {
                let mut list = Vec::new();
                let mut values = message.values();
                while let Some(value) = values.next()? {
                    list.push(Self::read(wire, &Message::One(value), inside + 2)?);
                }
                Self::Array(list)
            }
        })
    }
}

/// A value of a map that is read when it is wanted.
#[derive(Debug)]
pub(super) struct Lazy<V> {
    /// Where the value lies in the bytes of the map, unless the map has it for its own.
    span: Span,
    read: OnceLock<Box<V>>,
    own: Option<V>,
}

impl<V: MapValue> Lazy<V> {
    /// The value that `message` is, which was read from `wire`.
    pub(super) fn of_wire(wire: &Wire, message: &Message<'_>) -> Result<Self, CodecError> {
        match message {
            Message::One(slice) => Ok(Self {
                span: Span::of(slice),
                read: OnceLock::new(),
                own: None,
            }),
            Message::Many(_) => V::read(wire, message, VALUE_INSIDE).map(Self::from),
        }
    }

    /// The bytes of the value, unless the map has it for its own.
    pub(super) fn wire<'a>(&self, wire: Option<&'a Wire>) -> Option<&'a [u8]> {
        match &self.own {
            Some(_) => None,
            None => wire.map(|wire| wire.slice(self.span).bytes),
        }
    }

    pub(super) fn get(&self, wire: Option<&Wire>) -> &V {
        match &self.own {
            Some(value) => value,
            None => self.read.get_or_init(|| Box::new(read(wire, self.span))),
        }
    }

    pub(super) fn get_mut(&mut self, wire: Option<&Wire>) -> &mut V {
        let (span, earlier) = (self.span, &mut self.read);
        self.own
            .get_or_insert_with(|| earlier.take().map_or_else(|| read(wire, span), |value| *value))
    }

    pub(super) fn into_value(mut self, wire: Option<&Wire>) -> V {
        std::mem::take(self.get_mut(wire))
    }
}

fn read<V: MapValue>(wire: Option<&Wire>, span: Span) -> V {
    // The bytes were checked when they arrived.
    wire.and_then(|wire| V::read(wire, &Message::One(wire.slice(span)), VALUE_INSIDE).ok())
        .unwrap_or_default()
}

impl<V> From<V> for Lazy<V> {
    fn from(value: V) -> Self {
        Self {
            span: Span { start: 0, end: 0 },
            read: OnceLock::new(),
            own: Some(value),
        }
    }
}

impl<V: Clone> Clone for Lazy<V> {
    fn clone(&self) -> Self {
        Self {
            span: self.span,
            // What was read can be read again.
            read: OnceLock::new(),
            own: self.own.clone(),
        }
    }
}
