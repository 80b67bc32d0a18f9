//! Writes any serde type as `google.protobuf.Value` wire bytes, without a tree in between.

use serde::ser::{Serialize, Serializer};

use super::{
    CodecError,
    field::{BOOL, LIST, NULL, NUMBER, STRING, STRUCT},
    message::Message,
    nested::Nested,
    nesting::{Levels, check_value},
    number::{double, finite, inexact, unsigned_double},
    raw::{RAW, RAW_NUMBER, RAW_STRUCT},
    wire::{put_bytes, width},
};

/// How a document is written.
#[derive(Clone, Copy)]
pub(crate) struct Writing {
    pub(crate) levels: Levels,
    /// Whether integers that no double holds are rounded: because the document is only checked for JSON, which keeps them, or
    /// because a host sends it, and all hosts round.
    pub(crate) rounded: bool,
    /// How many bytes the lengths of the outer messages may need, down to where this is left of the levels. A large message that
    /// gets too few has to move, as do all those around it: with 64 KiB of which little is read, a sixth of the time of a call.
    wide: (u8, Levels),
}

/// A payload from this size on is large: the lengths of all messages around an argument may need as many bytes as its own.
const LARGE: usize = 4096;

/// Number of levels around an argument in the result of a hook.
const OUTER: u32 = 10;

/// In a payload from this size on, the lengths of the messages around its largest field need two bytes.
const MEDIUM: usize = 256;

/// Number of levels around the fields of a payload's field in the result of a hook.
const FIELDS: u32 = 6;

impl Writing {
    pub(crate) fn new(levels: Levels) -> Self {
        Self {
            levels,
            rounded: false,
            wide: (1, levels),
        }
    }

    /// For the result of a hook whose payload will have about this number of bytes.
    pub(crate) fn expecting(mut self, payload: usize) -> Self {
        self.wide = match payload {
            ..MEDIUM => return self,
            MEDIUM..LARGE => (2, self.levels.less(FIELDS)),
            // What lies around the payload may need one byte more.
            LARGE.. => (width(payload + payload / 64 + 256), self.levels.less(OUTER)),
        };
        self
    }

    /// How many bytes to keep free for the length of a message.
    #[inline]
    pub(super) fn width(self) -> usize {
        let (width, innermost) = self.wide;
        if self.levels.holds(innermost.count()) {
            usize::from(width)
        } else {
            1
        }
    }

    /// Only to find out whether a document can be written: integers may be those of JSON.
    pub(super) fn of_check(levels: Levels) -> Self {
        Self {
            rounded: true,
            ..Self::new(levels)
        }
    }

    /// As hosts write: they round an integer that no double holds, rather than fail the call that it came with.
    pub(crate) fn of_host(levels: Levels) -> Self {
        Self::of_check(levels)
    }

    /// How what lies `count` messages further in is written.
    #[inline]
    pub(crate) fn open(self, count: u32) -> Result<Self, CodecError> {
        Ok(Self {
            levels: self.levels.open(count)?,
            ..self
        })
    }
}

/// Appends the content of one `Value` message.
pub(crate) struct ValueSerializer<'a> {
    out: &'a mut Vec<u8>,
    writing: Writing,
    raw: Raw,
}

/// Whether the SDK's own map is being written, which may hand over wire bytes. It tells this serializer from others
/// by `is_human_readable`, which is true for every type of an author.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Raw {
    No,
    /// A map or an entry of one, which says next what it has.
    Map,
    /// The bytes of a whole `Value`, or of entries.
    Value,
    /// The bytes of a whole `Struct`.
    Struct,
}

impl<'a> ValueSerializer<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>, writing: Writing) -> Self {
        Self {
            out,
            writing,
            raw: Raw::No,
        }
    }

    /// Appends bytes that already are what is written.
    pub(super) fn of_bytes(out: &'a mut Vec<u8>, writing: Writing) -> Self {
        Self {
            out,
            writing,
            raw: Raw::Value,
        }
    }

    fn number(self, value: f64) {
        self.out.push(NUMBER);
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    #[inline]
    fn begin(self, tag: u8) -> Result<Nested<'a>, CodecError> {
        Nested::begin(self.out, tag, self.writing)
    }
}

macro_rules! integers {
    ($($method:ident $type:ty,)*) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<(), CodecError> {
            self.number(f64::from(value));
            Ok(())
        }
    )*};
}

impl<'a> Serializer for ValueSerializer<'a> {
    type Ok = ();
    type Error = CodecError;
    type SerializeSeq = Nested<'a>;
    type SerializeTuple = Nested<'a>;
    type SerializeTupleStruct = Nested<'a>;
    type SerializeTupleVariant = Nested<'a>;
    type SerializeMap = Nested<'a>;
    type SerializeStruct = Nested<'a>;
    type SerializeStructVariant = Nested<'a>;

    fn is_human_readable(&self) -> bool {
        self.raw == Raw::No
    }

    fn serialize_bool(self, value: bool) -> Result<(), CodecError> {
        self.out.extend_from_slice(&[BOOL, u8::from(value)]);
        Ok(())
    }

    integers! {
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32,
    }

    fn serialize_i64(self, value: i64) -> Result<(), CodecError> {
        self.serialize_i128(value.into())
    }

    fn serialize_i128(self, value: i128) -> Result<(), CodecError> {
        let double = double(value, self.writing.rounded)?;
        self.number(double);
        Ok(())
    }

    fn serialize_u64(self, value: u64) -> Result<(), CodecError> {
        self.serialize_i128(value.into())
    }

    fn serialize_u128(self, value: u128) -> Result<(), CodecError> {
        let double = unsigned_double(value, self.writing.rounded)?;
        self.number(double);
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), CodecError> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<(), CodecError> {
        self.number(finite(value)?);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), CodecError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), CodecError> {
        put_bytes(self.out, STRING, value.as_bytes());
        Ok(())
    }

    /// As JSON does: a list of numbers. For the SDK's own map, the bytes as they are.
    fn serialize_bytes(self, value: &[u8]) -> Result<(), CodecError> {
        match self.raw {
            Raw::Struct => put_bytes(self.out, STRUCT, value),
            Raw::Value => self.out.extend_from_slice(value),
            Raw::No | Raw::Map => return value.serialize(self),
        }
        Ok(())
    }

    fn serialize_none(self) -> Result<(), CodecError> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), CodecError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), CodecError> {
        self.out.extend_from_slice(&[NULL, 0]);
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), CodecError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), CodecError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), CodecError> {
        self.raw = if name == RAW { Raw::Map } else { Raw::No };
        value.serialize(self)
    }

    /// From the SDK's own map: wire bytes, whose index is the number of levels that they take at the most.
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), CodecError> {
        if self.raw != Raw::Map {
            let mut nested = self.begin(STRUCT)?;
            nested.entry(variant, value)?;
            nested.finish();
            return Ok(());
        }
        if variant == RAW_NUMBER {
            let is_exact = index != 0;
            return if is_exact || self.writing.rounded {
                value.serialize(ValueSerializer::new(self.out, self.writing))
            } else {
                Err(inexact())
            };
        }
        let raw = if variant == RAW_STRUCT {
            Raw::Struct
        } else {
            Raw::Value
        };
        let start = self.out.len();
        let levels = self.writing.levels;
        value.serialize(ValueSerializer {
            out: &mut *self.out,
            raw,
            ..self
        })?;
        if !levels.holds(index) {
            // The bound is that of the whole object the bytes came from; these may be shallower.
            check_value(&Message::new(&self.out[start..]), levels)?;
        }
        Ok(())
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Nested<'a>, CodecError> {
        self.begin(LIST)
    }

    fn serialize_tuple(self, _length: usize) -> Result<Nested<'a>, CodecError> {
        self.begin(LIST)
    }

    fn serialize_tuple_struct(self, _name: &'static str, _length: usize) -> Result<Nested<'a>, CodecError> {
        self.begin(LIST)
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Nested<'a>, CodecError> {
        self.begin(STRUCT)?.begin_variant(variant, LIST)
    }

    #[inline]
    fn serialize_map(self, _length: Option<usize>) -> Result<Nested<'a>, CodecError> {
        self.begin(STRUCT)
    }

    #[inline]
    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<Nested<'a>, CodecError> {
        self.begin(STRUCT)
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Nested<'a>, CodecError> {
        self.begin(STRUCT)?.begin_variant(variant, STRUCT)
    }
}
