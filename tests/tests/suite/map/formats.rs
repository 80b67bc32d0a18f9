//! Maps and values in other formats than ours.

use plugin_sdk::codec::{from_struct, to_struct};
use plugin_sdk::{Map, Value};
use serde::de::value::{BytesDeserializer, Error, MapDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::ser::{Impossible, SerializeMap};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::json;

use super::{lazily, sample};

#[test]
fn a_map_that_holds_wire_bytes_is_written_as_json() {
    let (mut map, _) = lazily(&sample());
    assert_eq!(serde_json::to_value(&map).unwrap(), sample());
    assert_eq!(
        serde_json::from_str::<Map>(&serde_json::to_string(&map).unwrap()).unwrap(),
        map
    );
    map.insert("count".into(), 4.into());
    let mut expected = sample();
    expected["count"] = 4.into();
    assert_eq!(serde_json::to_value(&map).unwrap(), expected);
    assert_eq!(map.to_string(), serde_json::to_string(&map).unwrap());
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Part {
    name: String,
    count: u8,
}

#[test]
fn maps_and_values_convert_from_and_to_those_of_serde_json() {
    let json = sample();
    let value = Value::from(json.clone());
    assert_eq!(value, json);
    assert_eq!(serde_json::Value::from(value.clone()), json);
    assert_eq!(value.to_string(), json.to_string());
    let (map, _) = lazily(&json);
    assert_eq!(Value::Object(map.clone()), json);
    assert_eq!(serde_json::Value::from(Value::from(map.clone())), json);
    assert_eq!(Map::from(serde_json::Map::from(map.clone())), map);
    assert_ne!(value, json!({"name": "search"}));

    let part: Part = Value::from(map).deserialize_into().unwrap();
    assert_eq!(
        part,
        Part {
            name: "search".into(),
            count: 3
        }
    );
    assert_eq!(
        Value::from_serialize(&part).unwrap(),
        json!({"name": "search", "count": 3})
    );
    let wrong = Value::from(json!({"name": "search", "count": "3"}));
    assert!(
        wrong
            .deserialize_into::<Part>()
            .unwrap_err()
            .to_string()
            .starts_with("count: ")
    );
}

/// Maps in the places where serde puts its own buffers between a format and a type.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind")]
enum Tagged {
    Call { args: Map, headers: Map<String> },
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
enum Untagged {
    Map(Map),
    Value(Value),
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Flattened {
    name: String,
    #[serde(flatten)]
    rest: Map,
}

#[test]
fn maps_stand_in_flattened_and_tagged_types() {
    let call = json!({"kind": "Call", "args": sample(), "headers": {"a": "b"}});
    let read: Tagged = from_struct(&to_struct(&call).unwrap()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), call);
    assert_eq!(
        from_struct::<serde_json::Value>(&to_struct(&read).unwrap()).unwrap(),
        call
    );
    assert_eq!(serde_json::from_value::<Tagged>(call).unwrap(), read);

    let read: Untagged = from_struct(&to_struct(&sample()).unwrap()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), sample());

    let read: Flattened = from_struct(&to_struct(&sample()).unwrap()).unwrap();
    assert_eq!((read.name.as_str(), read.rest.len()), ("search", 7));
    assert_eq!(serde_json::to_value(&read).unwrap(), sample());
    assert_eq!(
        from_struct::<serde_json::Value>(&to_struct(&read).unwrap()).unwrap(),
        sample()
    );

    // Our own map inside a map, still in wire bytes.
    let (map, bytes) = lazily(&sample());
    let outer = Flattened {
        name: "outer".into(),
        rest: map,
    };
    assert!(
        to_struct(&outer)
            .unwrap()
            .windows(bytes.len() / 3)
            .any(|part| bytes.ends_with(part))
    );
}

/// A binary format: it is not human-readable anywhere, writes the length of each map, and knows nothing of ours.
struct Binary;

/// The lengths of the maps that were written.
type Lengths = Vec<usize>;

macro_rules! no_length {
    ($($method:ident $type:ty,)*) => {$(
        fn $method(self, _value: $type) -> Result<Lengths, serde::de::value::Error> {
            Ok(Vec::new())
        }
    )*};
}

impl Serializer for Binary {
    type Ok = Lengths;
    type Error = Error;
    type SerializeSeq = Impossible<Lengths, Error>;
    type SerializeTuple = Impossible<Lengths, Error>;
    type SerializeTupleStruct = Impossible<Lengths, Error>;
    type SerializeTupleVariant = Impossible<Lengths, Error>;
    type SerializeMap = Maps;
    type SerializeStruct = Impossible<Lengths, Error>;
    type SerializeStructVariant = Impossible<Lengths, Error>;

    fn is_human_readable(&self) -> bool {
        false
    }

    no_length! {
        serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64, serialize_f32 f32,
        serialize_f64 f64, serialize_char char, serialize_str &str,
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Maps, Error> {
        Ok(Maps(vec![length.unwrap_or(usize::MAX)]))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<Lengths, Error> {
        value.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Lengths, Error> {
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<Lengths, Error> {
        Ok(Vec::new())
    }

    fn serialize_unit(self) -> Result<Lengths, Error> {
        Ok(Vec::new())
    }

    fn serialize_bytes(self, _value: &[u8]) -> Result<Lengths, Error> {
        Err(refused())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<Lengths, Error> {
        Err(refused())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<Lengths, Error> {
        Err(refused())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Lengths, Error> {
        Err(refused())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        Err(refused())
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Error> {
        Err(refused())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Error> {
        Err(refused())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        Err(refused())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Error> {
        Err(refused())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        Err(refused())
    }
}

fn refused() -> Error {
    serde::ser::Error::custom("a map writes maps and scalars, and no wire bytes")
}

struct Maps(Lengths);

impl SerializeMap for Maps {
    type Ok = Lengths;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        key.serialize(Binary).map(drop)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.0.extend(value.serialize(Binary)?);
        Ok(())
    }

    fn end(self) -> Result<Lengths, Error> {
        Ok(self.0)
    }
}

#[test]
fn binary_formats_get_maps_and_no_wire_bytes() {
    let (mut map, _) = lazily(&json!({"a": 1, "b": {"c": {"d": "e"}, "f": null}, "g": {}}));
    assert_eq!(map.serialize(Binary).unwrap(), [3, 2, 1, 0]);
    map.insert("h".into(), true.into());
    assert_eq!(map.serialize(Binary).unwrap(), [4, 2, 1, 0]);
}

/// Gives bytes, as a binary format may, in whatever way it is asked.
struct BinaryBytes<'a>(&'a [u8], bool);

impl<'de> Deserializer<'de> for BinaryBytes<'_> {
    type Error = Error;

    fn is_human_readable(&self) -> bool {
        self.1
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_byte_buf(self.0.to_vec())
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[test]
fn bytes_of_other_formats_are_not_taken_for_checked_ones() {
    // Wire bytes of a list that is far too deep, with a number of levels at their end.
    let forged = [crate::codec::wire::nested_lists(100), vec![9, 0, 0, 0]].concat();
    for readable in [false, true] {
        assert!(Map::<Value>::deserialize(BinaryBytes(&forged, readable)).is_err());
        assert!(Map::<String>::deserialize(BinaryBytes(&forged, readable)).is_err());
        assert!(Value::deserialize(BinaryBytes(&forged, readable)).is_err());
    }
    assert!(Map::<Value>::deserialize(BytesDeserializer::<Error>::new(&forged)).is_err());
    let entries = [("a", 1), ("b", 2)]
        .into_iter()
        .map(|(key, value)| (key, value.into_deserializer()));
    let map = Map::<Value>::deserialize(MapDeserializer::<_, Error>::new(entries)).unwrap();
    assert_eq!(map, Map::from([("a", 1), ("b", 2)]));
}
