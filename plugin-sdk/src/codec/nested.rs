//! Objects and lists that are being written.

use std::ops::Range;

use serde::ser::{self, Serialize};

use super::{
    CodecError,
    field::{ELEMENT, VALUE},
    key::KeySerializer,
    ser::{ValueSerializer, Writing},
    wire::{begin_wide, end_wide},
};

/// An object or a list that is being written.
pub(crate) struct Nested<'a> {
    out: &'a mut Vec<u8>,
    /// How what is inside is written.
    writing: Writing,
    start: usize,
    /// How many bytes its length has.
    width: usize,
    entry: Option<OpenEntry>,
    /// Where the key of the open entry stands in the output, to name it in errors.
    key: Range<usize>,
    index: usize,
    /// The object `{"variant": …` around the data of a variant.
    variant: Option<OpenVariant>,
}

#[derive(Clone, Copy)]
struct OpenEntry {
    entry: usize,
    value: usize,
    width: usize,
}

struct OpenVariant {
    name: &'static str,
    start: usize,
    width: usize,
    entry: Option<OpenEntry>,
}

impl<'a> Nested<'a> {
    #[inline]
    pub(super) fn begin(out: &'a mut Vec<u8>, tag: u8, writing: Writing) -> Result<Self, CodecError> {
        let inside = writing.open(1)?;
        let width = writing.width();
        let start = begin_wide(out, tag, width);
        Ok(Self {
            out,
            writing: inside,
            start,
            width,
            entry: None,
            key: 0..0,
            index: 0,
            variant: None,
        })
    }

    /// Begins the data of a variant, in the object that was just begun.
    pub(super) fn begin_variant(mut self, name: &'static str, tag: u8) -> Result<Self, CodecError> {
        self.begin_entry(name)?;
        let data = self
            .writing
            .open(2)
            .and_then(|writing| Self::begin(self.out, tag, writing))
            .map_err(|error| error.in_key(name))?;
        Ok(Self {
            variant: Some(OpenVariant {
                name,
                start: self.start,
                width: self.width,
                entry: self.entry,
            }),
            ..data
        })
    }

    #[inline]
    fn begin_entry<K: Serialize + ?Sized>(&mut self, key: &K) -> Result<(), CodecError> {
        let width = self.writing.width();
        // After the tag and the length, which the serializer of the key writes first.
        let entry = self.out.len() + 1 + width;
        let key = key.serialize(KeySerializer {
            out: &mut *self.out,
            writing: self.writing,
        })?;
        let Some(length) = key else { return Ok(()) };
        self.key = self.out.len() - length..self.out.len();
        let value = begin_wide(self.out, VALUE, width);
        self.entry = Some(OpenEntry { entry, value, width });
        Ok(())
    }

    #[inline]
    fn end_entry(&mut self) {
        if let Some(open) = self.entry.take() {
            end_wide(self.out, open.value, open.width);
            end_wide(self.out, open.entry, open.width);
        }
    }

    #[inline]
    pub(super) fn entry<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), CodecError> {
        self.begin_entry(key)?;
        self.entry_value(value)
    }

    #[inline]
    fn entry_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CodecError> {
        let written = self
            .writing
            .open(2)
            .and_then(|writing| value.serialize(ValueSerializer::new(self.out, writing)));
        match written {
            Ok(()) => {
                self.end_entry();
                Ok(())
            }
            Err(error) => Err(self.in_entry(error)),
        }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CodecError> {
        let width = self.writing.width();
        let start = begin_wide(self.out, ELEMENT, width);
        self.writing
            .open(1)
            .and_then(|writing| value.serialize(ValueSerializer::new(self.out, writing)))
            .map_err(|error| self.in_variant(error.in_index(self.index)))?;
        end_wide(self.out, start, width);
        self.index += 1;
        Ok(())
    }

    #[cold]
    fn in_entry(&self, error: CodecError) -> CodecError {
        let error = match self.out.get(self.key.clone()).map(std::str::from_utf8) {
            Some(Ok(key)) => error.in_key(key),
            _ => error,
        };
        self.in_variant(error)
    }

    #[cold]
    fn in_variant(&self, error: CodecError) -> CodecError {
        match &self.variant {
            Some(variant) => error.in_key(variant.name),
            None => error,
        }
    }

    #[inline]
    pub(super) fn finish(mut self) {
        end_wide(self.out, self.start, self.width);
        if let Some(variant) = self.variant.take() {
            self.entry = variant.entry;
            self.end_entry();
            end_wide(self.out, variant.start, variant.width);
        }
    }
}

macro_rules! lists {
    ($($trait:ident $method:ident,)*) => {$(
        impl ser::$trait for Nested<'_> {
            type Ok = ();
            type Error = CodecError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CodecError> {
                self.element(value)
            }

            fn end(self) -> Result<(), CodecError> {
                self.finish();
                Ok(())
            }
        }
    )*};
}

lists! {
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field,
}

macro_rules! structs {
    ($($trait:ident)*) => {$(
        impl ser::$trait for Nested<'_> {
            type Ok = ();
            type Error = CodecError;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), CodecError> {
                self.entry(key, value)
            }

            #[inline]
            fn end(self) -> Result<(), CodecError> {
                self.finish();
                Ok(())
            }
        }
    )*};
}

structs!(SerializeStruct SerializeStructVariant);

impl ser::SerializeMap for Nested<'_> {
    type Ok = ();
    type Error = CodecError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CodecError> {
        self.begin_entry(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CodecError> {
        self.entry_value(value)
    }

    fn end(self) -> Result<(), CodecError> {
        self.finish();
        Ok(())
    }
}
