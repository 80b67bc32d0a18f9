//! Goes through lists, objects and variants while they are read.

use std::collections::HashMap;

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::{
    CodecError,
    de::{Reading, ValueDeserializer},
    key::KeyDeserializer,
    message::{Elements, Message},
};

/// The values of a list.
pub(super) struct Values<'de> {
    elements: Elements<'de>,
    index: usize,
    reading: Reading<'de>,
}

impl<'de> Values<'de> {
    pub(super) fn new(message: Message<'de>, reading: Reading<'de>) -> Result<Self, CodecError> {
        Ok(Self {
            reading: reading.enter(1, message.offset())?,
            elements: message.values(),
            index: 0,
        })
    }

    /// The reader of the list must have read all of it.
    pub(super) fn finish(mut self) -> Result<(), CodecError> {
        match self.elements.next()? {
            Some(_) => Err(CodecError::new(format!(
                "the list has more than the {} values that were expected",
                self.index
            ))),
            None => Ok(()),
        }
    }
}

impl<'de> SeqAccess<'de> for &mut Values<'de> {
    type Error = CodecError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, CodecError> {
        let Some(value) = self.elements.next()? else {
            return Ok(None);
        };
        let index = self.index;
        self.index += 1;
        let value = ValueDeserializer {
            reading: self.reading.enter(1, value.offset)?,
            value: Message::One(value),
        };
        seed.deserialize(value)
            .map(Some)
            .map_err(|error| error.in_index(index))
    }
}

/// The entries of an object.
pub(super) struct Entries<'de> {
    source: Source<'de>,
    pending: Option<(&'de str, Message<'de>)>,
    reading: Reading<'de>,
}

enum Source<'de> {
    Wire(Elements<'de>),
    /// Only the last entry of each key.
    Distinct(std::vec::IntoIter<(&'de str, Message<'de>)>),
}

impl<'de> Entries<'de> {
    #[inline]
    pub(super) fn new(message: Message<'de>, reading: Reading<'de>) -> Result<Self, CodecError> {
        let inside = reading.enter(1, message.offset())?;
        let entries = message.entries();
        let source = if reading.last_of_duplicates {
            Source::Distinct(distinct(entries)?)
        } else {
            Source::Wire(entries)
        };
        Ok(Self {
            source,
            pending: None,
            reading: inside,
        })
    }

    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<(&'de str, Message<'de>)>, CodecError> {
        match &mut self.source {
            Source::Wire(entries) => Ok(entries.next_entry()?.map(|entry| (entry.key, entry.value))),
            Source::Distinct(entries) => Ok(entries.next()),
        }
    }

    /// Reads the value of an entry.
    #[inline]
    pub(super) fn value(&self, value: Message<'de>) -> Result<ValueDeserializer<'de>, CodecError> {
        Ok(ValueDeserializer {
            reading: self.reading.enter(2, value.offset())?,
            value,
        })
    }

    /// The reader of the object must have read all of it.
    pub(super) fn finish(mut self) -> Result<(), CodecError> {
        match self.next()? {
            Some((key, _)) => Err(CodecError::new(format!("the object has a key `{key}` too many"))),
            None => Ok(()),
        }
    }
}

fn distinct<'de>(
    mut entries: Elements<'de>,
) -> Result<std::vec::IntoIter<(&'de str, Message<'de>)>, CodecError> {
    let mut places = HashMap::new();
    let mut distinct: Vec<(&'de str, Message<'de>)> = Vec::new();
    while let Some(entry) = entries.next_entry()? {
        let place = *places.entry(entry.key).or_insert(distinct.len());
        match distinct.get_mut(place) {
            Some(earlier) => earlier.1 = entry.value,
            None => distinct.push((entry.key, entry.value)),
        }
    }
    Ok(distinct.into_iter())
}

impl<'de> MapAccess<'de> for &mut Entries<'de> {
    type Error = CodecError;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, CodecError> {
        self.pending = self.next()?;
        match &self.pending {
            Some((key, _)) => seed
                .deserialize(KeyDeserializer(*key))
                .map(Some)
                .map_err(|error| error.in_key(key)),
            None => Ok(None),
        }
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, CodecError> {
        let Some((key, value)) = self.pending.take() else {
            return Err(CodecError::new("a value was asked for before its key"));
        };
        self.value(value)
            .and_then(|value| seed.deserialize(value))
            .map_err(|error| error.in_key(key))
    }
}

/// A variant with data: the object `{"variant": data}`.
pub(super) struct Variant<'de> {
    pub(super) variant: &'de str,
    pub(super) data: ValueDeserializer<'de>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = CodecError;
    type Variant = ValueDeserializer<'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, ValueDeserializer<'de>), CodecError> {
        let variant = seed.deserialize(KeyDeserializer(self.variant))?;
        Ok((variant, self.data))
    }
}

impl<'de> VariantAccess<'de> for ValueDeserializer<'de> {
    type Error = CodecError;

    fn unit_variant(self) -> Result<(), CodecError> {
        de::Deserialize::deserialize(self)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, CodecError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, CodecError> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CodecError> {
        self.deserialize_any(visitor)
    }
}
