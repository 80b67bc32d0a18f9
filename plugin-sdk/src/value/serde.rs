//! Maps and values to and from any serde format; to and from wire bytes without reading them.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, SeqAccess, Visitor},
    ser::SerializeMap,
};

use super::{
    Map, Value,
    lazy::{MapValue, Wire},
    map::Arrived,
    parts::{Entry, Part, Run},
};
use crate::codec::raw::{self, RAW, RAW_ENTRIES, RAW_STRUCT, RAW_VALUE};

impl<V: MapValue + Serialize> Serialize for Map<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_null() {
            serializer.serialize_none()
        } else if serializer.is_human_readable() {
            serializer.serialize_newtype_struct(RAW, &MapBody(self))
        } else {
            self.serialize_entries(serializer)
        }
    }
}

/// A map inside its newtype, where our codec takes wire bytes.
struct MapBody<'a, V: MapValue>(&'a Map<V>);

impl<V: MapValue + Serialize> Serialize for MapBody<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return self.0.serialize_entries(serializer);
        }
        if let Some(wire) = self.0.untouched() {
            let bytes = Bytes(wire.bytes());
            return serializer.serialize_newtype_variant(RAW, wire.levels(), RAW_STRUCT, &bytes);
        }
        let mut map = serializer.serialize_map(None)?;
        for part in self.0.parts() {
            match part {
                // Keys and values at once: no value follows.
                Part::Run(run) => map.serialize_key(&run)?,
                Part::Entry(key, entry) => map.serialize_entry(key, &entry)?,
            }
        }
        map.end()
    }
}

impl<V: MapValue + Serialize> Map<V> {
    fn serialize_entries<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl Serialize for Run<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_variant(RAW, self.levels, RAW_ENTRIES, &Bytes(self.bytes))
    }
}

impl<V: MapValue + Serialize> Serialize for Entry<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.bytes().is_some() {
            serializer.serialize_newtype_struct(RAW, &EntryBody(self))
        } else {
            self.value().serialize(serializer)
        }
    }
}

/// The value of an entry inside its newtype.
struct EntryBody<'a, V: MapValue>(&'a Entry<'a, V>);

impl<V: MapValue + Serialize> Serialize for EntryBody<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.bytes() {
            Some(bytes) if !serializer.is_human_readable() => {
                serializer.serialize_newtype_variant(RAW, self.0.levels(), RAW_VALUE, &Bytes(bytes))
            }
            _ => self.0.value().serialize(serializer),
        }
    }
}

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => value.serialize(serializer),
            Self::String(value) => serializer.serialize_str(value),
            Self::Array(values) => values.serialize(serializer),
            Self::Object(map) => map.serialize(serializer),
        }
    }
}

/// Reads the content of the newtype by which we ask for a map: wire bytes if the format is our codec, which alone is
/// human-readable outside the newtype and not inside.
fn wire<'de, D: Deserializer<'de>>(outside: bool, inside: D) -> Result<Result<Wire, D>, D::Error> {
    if outside && !inside.is_human_readable() {
        inside.deserialize_any(WireVisitor).map(Ok)
    } else {
        Ok(Err(inside))
    }
}

struct WireVisitor;

impl Visitor<'_> for WireVisitor {
    type Value = Wire;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the checked bytes of an object")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Wire, E> {
        match raw::take() {
            Some(checked) => Wire::new(checked).map_err(E::custom),
            None => Err(E::invalid_type(de::Unexpected::Unit, &self)),
        }
    }
}

impl<'de, V: MapValue + Deserialize<'de>> Deserialize<'de> for Map<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let readable = deserializer.is_human_readable();
        deserializer.deserialize_newtype_struct(
            V::RAW,
            MapVisitor {
                readable,
                values: PhantomData,
            },
        )
    }
}

struct MapVisitor<V> {
    readable: bool,
    values: PhantomData<V>,
}

impl<'de, V: MapValue + Deserialize<'de>> Visitor<'de> for MapVisitor<V> {
    type Value = Map<V>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Map<V>, D::Error> {
        match wire(self.readable, deserializer)? {
            Ok(wire) => Map::of_wire(wire).map_err(de::Error::custom),
            Err(deserializer) => deserializer.deserialize_any(self),
        }
    }

    fn visit_unit<E: de::Error>(self) -> Result<Map<V>, E> {
        Ok(Map::arrived_as(Arrived::Null))
    }

    fn visit_none<E: de::Error>(self) -> Result<Map<V>, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Map<V>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Map<V>, A::Error> {
        let mut map = Map::arrived_as(Arrived::Object);
        while let Some((key, value)) = access.next_entry::<String, V>()? {
            map.insert(key, value);
        }
        map.mark_unchanged();
        Ok(map)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let readable = deserializer.is_human_readable();
        deserializer.deserialize_newtype_struct(RAW, ValueVisitor { readable })
    }
}

struct ValueVisitor {
    readable: bool,
}

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match wire(self.readable, deserializer)? {
            Ok(wire) => Map::of_wire(wire).map(Value::Object).map_err(de::Error::custom),
            Err(deserializer) => deserializer.deserialize_any(self),
        }
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = access.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Value, A::Error> {
        let map = MapVisitor {
            readable: self.readable,
            values: PhantomData,
        };
        map.visit_map(access).map(Value::Object)
    }
}
