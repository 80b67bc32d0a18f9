//! Maps and values to and from any serde format; to and from wire bytes without reading them.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, SeqAccess, Visitor},
    ser::{self, SerializeMap, SerializeSeq},
};

use super::{
    DEEPEST, List, Map, Value,
    lazy::{MapValue, Wire},
    map::Arrived,
    number::NumberVisitor,
    parts::{Entry, Part, Run},
};
use crate::codec::raw::{self, RAW, RAW_ENTRIES, RAW_STRUCT, RAW_VALUE};

impl<V: MapValue> Serialize for Map<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_map(self, 0, serializer)
    }
}

/// Writes a map that lies `depth` levels inside the value that is written.
fn serialize_map<V: MapValue, S: Serializer>(
    map: &Map<V>,
    depth: u32,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let depth = inside(depth)?;
    if map.is_null() {
        serializer.serialize_none()
    } else if serializer.is_human_readable() {
        serializer.serialize_newtype_struct(RAW, &MapBody { map, depth })
    } else {
        serialize_entries(map, depth, serializer)
    }
}

/// The depth of what lies inside. Every format writes by recursion.
#[inline]
fn inside<E: ser::Error>(depth: u32) -> Result<u32, E> {
    if depth < DEEPEST {
        Ok(depth + 1)
    } else {
        Err(too_deep())
    }
}

#[cold]
fn too_deep<E: ser::Error>() -> E {
    E::custom(format_args!(
        "a value nests deeper than {DEEPEST} levels and can't be written"
    ))
}

/// A map inside its newtype, where our codec takes wire bytes.
struct MapBody<'a, V: MapValue> {
    map: &'a Map<V>,
    /// How deep its values lie.
    depth: u32,
}

impl<V: MapValue> Serialize for MapBody<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { map, depth } = *self;
        if serializer.is_human_readable() {
            return serialize_entries(map, depth, serializer);
        }
        if let Some(wire) = map.untouched() {
            let bytes = Bytes(wire.bytes());
            return serializer.serialize_newtype_variant(RAW, wire.levels(), RAW_STRUCT, &bytes);
        }
        let mut written = serializer.serialize_map(None)?;
        for part in map.parts() {
            match part {
                // Keys and values at once: no value follows.
                Part::Run(run) => written.serialize_key(&run)?,
                Part::Entry(key, entry) => written.serialize_entry(key, &EntryAt { entry, depth })?,
            }
        }
        written.end()
    }
}

fn serialize_entries<V: MapValue, S: Serializer>(
    map: &Map<V>,
    depth: u32,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut written = serializer.serialize_map(Some(map.len()))?;
    for (key, value) in map {
        written.serialize_entry(key, &At { value, depth })?;
    }
    written.end()
}

/// A value, and how deep it lies in the one that is written.
struct At<'a, V> {
    value: &'a V,
    depth: u32,
}

impl<V: MapValue> Serialize for At<'_, V> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize_at(self.depth, serializer)
    }
}

impl Serialize for Run<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_variant(RAW, self.levels, RAW_ENTRIES, &Bytes(self.bytes))
    }
}

/// An entry of a map, and how deep its value lies.
struct EntryAt<'a, V: MapValue> {
    entry: Entry<'a, V>,
    depth: u32,
}

impl<V: MapValue> Serialize for EntryAt<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.entry.bytes().is_some() {
            serializer.serialize_newtype_struct(RAW, &EntryBody(self))
        } else {
            self.entry.value().serialize_at(self.depth, serializer)
        }
    }
}

/// The value of an entry inside its newtype.
struct EntryBody<'a, V: MapValue>(&'a EntryAt<'a, V>);

impl<V: MapValue> Serialize for EntryBody<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let EntryAt { entry, depth } = self.0;
        match entry.bytes() {
            Some(bytes) if !serializer.is_human_readable() => {
                serializer.serialize_newtype_variant(RAW, entry.levels(), RAW_VALUE, &Bytes(bytes))
            }
            _ => entry.value().serialize_at(*depth, serializer),
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
        serialize_at(self, 0, serializer)
    }
}

impl Serialize for List {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_list(self, 0, serializer)
    }
}

pub(super) fn serialize_at<S: Serializer>(
    value: &Value,
    depth: u32,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Value::Null => serializer.serialize_unit(),
        Value::Bool(value) => serializer.serialize_bool(*value),
        Value::Number(value) => value.serialize(serializer),
        Value::String(value) => serializer.serialize_str(value),
        Value::Array(list) => serialize_list(list, depth, serializer),
        Value::Object(map) => serialize_map(map, depth, serializer),
    }
}

fn serialize_list<S: Serializer>(list: &List, depth: u32, serializer: S) -> Result<S::Ok, S::Error> {
    let depth = inside(depth)?;
    let mut written = serializer.serialize_seq(Some(list.len()))?;
    for value in list {
        written.serialize_element(&At { value, depth })?;
    }
    written.end()
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

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Value>::deserialize(deserializer).map(Self::from)
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

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_bytes<E: de::Error>(self, digits: &[u8]) -> Result<Value, E> {
        NumberVisitor.visit_bytes(digits).map(Value::Number)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut values = List::new();
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
