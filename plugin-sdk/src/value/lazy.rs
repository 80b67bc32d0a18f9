//! Wire bytes that a map keeps until they are read, and the values in them.

#![expect(private_interfaces, reason = "the sealing trait is public only in name")]

use std::{fmt, sync::OnceLock};

use bytes::Bytes;
use serde::Serializer;

use super::{List, Map, Value, deep};
use crate::codec::{
    CodecError,
    message::{Kind, Message},
    number::whole,
    raw::{Checked, RAW, RAW_STRINGS},
    wire::Slice,
};

/// The bytes of a `Struct`, checked when they arrived, so that reading them can't fail. `Clone` is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    bytes: Bytes,
    /// The levels of protobuf messages that they take, at the most.
    levels: u32,
}

/// A range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

#[expect(clippy::cast_possible_truncation, reason = "the length of a `Wire` fits")]
impl Span {
    /// Where a slice lies in the bytes of the [`Wire`] that it was read from.
    pub(super) fn of(slice: &Slice<'_>) -> Self {
        let start = slice.offset as u32;
        Self {
            start,
            end: start + slice.bytes.len() as u32,
        }
    }

    /// Where `part` lies in `bytes`.
    pub(super) fn within(bytes: &[u8], part: &[u8]) -> Self {
        let start = (part.as_ptr().addr() - bytes.as_ptr().addr()) as u32;
        Self {
            start,
            end: start + part.len() as u32,
        }
    }
}

impl Wire {
    /// Takes over checked bytes.
    pub(crate) fn new(Checked { bytes, levels }: Checked) -> Result<Self, CodecError> {
        if u32::try_from(bytes.len()).is_err() {
            return Err(CodecError::new("an object of more than 4 GiB can't be read"));
        }
        Ok(Self { bytes, levels })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn levels(&self) -> u32 {
        self.levels
    }

    /// The levels that the value of an entry takes, at the most.
    pub(super) fn entry_levels(&self) -> u32 {
        self.levels.saturating_sub(VALUE_INSIDE)
    }

    pub(super) fn slice(&self, span: Span) -> Slice<'_> {
        let bytes = self.bytes.get(span.start as usize..span.end as usize);
        Slice {
            bytes: bytes.unwrap_or_default(),
            offset: span.start as usize,
        }
    }

    /// The part that `message` is, which was read from these bytes, `inside` levels further in.
    fn part(&self, message: &Message<'_>, inside: u32) -> Self {
        let bytes = match message {
            Message::One(slice) => self.bytes.slice_ref(slice.bytes),
            Message::Many(_) => message.to_vec().into(),
        };
        Self {
            bytes,
            levels: self.levels.saturating_sub(inside),
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
    use std::fmt;

    use serde::Serializer;

    use super::{CodecError, Map, MapValue, Message, Wire};

    pub trait Sealed: Sized + 'static {
        /// The name under which a map of such values asks the codec for wire bytes, which tells what to check.
        const RAW: &'static str;

        /// What indexing gives for a key that is not there.
        const ABSENT: &'static Self;

        /// Reads the message, which lies `inside` levels inside `wire`.
        fn read(wire: &Wire, message: &Message<'_>, inside: u32) -> Result<Self, CodecError>;

        /// Writes the value, which lies `depth` levels inside the one that is written.
        fn serialize_at<S: Serializer>(&self, depth: u32, serializer: S) -> Result<S::Ok, S::Error>;

        fn clone_map(map: &Map<Self>) -> Map<Self>
        where
            Self: MapValue;

        fn equal_maps(map: &Map<Self>, other: &Map<Self>) -> bool
        where
            Self: MapValue;

        fn show_map(map: &Map<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result
        where
            Self: MapValue;

        /// Drops what could nest too deep to be dropped by the compiler's code.
        fn drop_inside(map: &mut Map<Self>)
        where
            Self: MapValue;
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

    #[inline]
    fn serialize_at<S: Serializer>(&self, _depth: u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }

    fn clone_map(map: &Map<Self>) -> Map<Self> {
        map.with_clone(map.table.clone())
    }

    fn equal_maps(map: &Map<Self>, other: &Map<Self>) -> bool {
        map.len() == other.len() && map.iter().all(|(key, value)| other.get(key) == Some(value))
    }

    fn show_map(map: &Map<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(map).finish()
    }

    #[inline]
    fn drop_inside(_map: &mut Map<Self>) {}
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
            Kind::Struct(message) => Self::Object(Map::of_wire(wire.part(&message, inside))?),
            Kind::List(message) => {
                let mut list = List::new();
                let mut values = message.values();
                while let Some(value) = values.next()? {
                    list.push(Self::read(wire, &Message::One(value), inside + 2)?);
                }
                Self::Array(list)
            }
        })
    }

    #[inline]
    fn serialize_at<S: Serializer>(&self, depth: u32, serializer: S) -> Result<S::Ok, S::Error> {
        super::serde::serialize_at(self, depth, serializer)
    }

    fn clone_map(map: &Map<Self>) -> Map<Self> {
        deep::clone_map(map)
    }

    fn equal_maps(map: &Map<Self>, other: &Map<Self>) -> bool {
        deep::equal_maps(map, other)
    }

    fn show_map(map: &Map<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        deep::show_map(map, 0, formatter)
    }

    fn drop_inside(map: &mut Map<Self>) {
        if map.is_deep() {
            let mut values = Vec::new();
            map.take_inside(&mut values);
            deep::take_apart(values);
        }
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
            Message::One(slice) => Ok(Self::of_span(Span::of(slice))),
            Message::Many(_) => V::read(wire, message, VALUE_INSIDE).map(Self::from),
        }
    }

    pub(super) fn of_span(span: Span) -> Self {
        Self {
            span,
            read: OnceLock::new(),
            own: None,
        }
    }

    /// The bytes of the value, unless the map has it for its own.
    pub(super) fn wire<'a>(&self, wire: Option<&'a Wire>) -> Option<&'a [u8]> {
        match &self.own {
            Some(_) => None,
            None => wire.map(|wire| wire.slice(self.span).bytes),
        }
    }

    /// Where the value lies in the bytes of the map, if it is the one that came.
    pub(super) fn unchanged(&self) -> Option<Span> {
        self.own.is_none().then_some(self.span)
    }

    /// Where the value that came ends in the bytes of the map; 0 where none did.
    pub(super) fn end(&self) -> usize {
        self.span.end as usize
    }

    /// The value that the map has for its own.
    pub(super) fn own(&self) -> Option<&V> {
        self.own.as_ref()
    }

    pub(super) fn own_mut(&mut self) -> Option<&mut V> {
        self.own.as_mut()
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

impl<V> Lazy<V> {
    /// A clone of this value, whose own is `own`.
    pub(super) fn clone_with(&self, own: Option<V>) -> Self {
        Self {
            span: self.span,
            // What was read can be read again.
            read: OnceLock::new(),
            own,
        }
    }
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
        self.clone_with(self.own.clone())
    }
}
