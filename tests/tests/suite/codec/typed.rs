//! Types of every shape that serde has, there and back.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use plugin_sdk::Map;
use plugin_sdk::codec::{from_struct, to_struct};
use proptest::collection::{btree_map, hash_map, vec};
use proptest::option;
use proptest::prelude::*;
use prost::Message;
use prost_types::Struct;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use super::{assert_same, judged, through_doubles};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Unit,
    Newtype(Option<String>),
    Tuple(u8, f64),
    Struct { radius: f32, inner: Option<Box<Shape>> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Tagged {
    Nothing,
    Name { name: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "content")]
enum Adjacent {
    Nothing,
    Pair(i8, bool),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u32),
    Text(String),
    List(Vec<Untagged>),
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Metres(f64);

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Nothing;

/// A list of numbers as in JSON, by way of `serialize_bytes`.
#[derive(Clone, Debug, PartialEq)]
struct Blob(Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BlobVisitor;

        impl<'de> Visitor<'de> for BlobVisitor {
            type Value = Blob;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Blob, E> {
                Ok(Blob(bytes.to_vec()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Blob, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = access.next_element()? {
                    bytes.push(byte);
                }
                Ok(Blob(bytes))
            }
        }

        deserializer.deserialize_byte_buf(BlobVisitor)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    option: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    skipped: Option<Cow<'static, str>>,
    unit: (),
    nothing: Nothing,
    metres: Metres,
    tuple: (u8, char, bool),
    bytes: Blob,
    shapes: Vec<Shape>,
    tagged: Tagged,
    adjacent: Adjacent,
    untagged: Untagged,
    by_number: HashMap<u64, i64>,
    by_flag: BTreeMap<bool, u16>,
    by_letter: BTreeMap<char, f32>,
    nested: BTreeMap<String, BTreeMap<String, Vec<i8>>>,
    map: Map,
    texts: Map<String>,
    #[serde(flatten)]
    pair: Pair,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pair {
    left: i16,
    right: Option<Untagged>,
}

type ByInteger = (HashMap<i128, u8>, HashMap<u128, u8>, HashMap<i8, u8>);

#[derive(Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
enum Colour {
    Red,
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Unit),
        option::of(any::<String>()).prop_map(Shape::Newtype),
        (any::<u8>(), any::<f64>()).prop_map(|(number, float)| Shape::Tuple(number, float)),
    ];
    leaf.prop_recursive(4, 8, 1, |inner| {
        (any::<f32>(), option::of(inner.prop_map(Box::new)))
            .prop_map(|(radius, inner)| Shape::Struct { radius, inner })
    })
}

fn untagged() -> impl Strategy<Value = Untagged> {
    let leaf = prop_oneof![
        any::<u32>().prop_map(Untagged::Number),
        any::<String>().prop_map(Untagged::Text)
    ];
    leaf.prop_recursive(3, 8, 3, |inner| vec(inner, 0..3).prop_map(Untagged::List))
}

fn everything() -> impl Strategy<Value = Everything> {
    let number = -(1_i64 << 53)..=1_i64 << 53;
    let plain = (
        option::of(any::<i32>()),
        option::of(any::<String>().prop_map(Cow::Owned)),
        any::<f64>().prop_map(Metres),
        any::<(u8, char, bool)>(),
        vec(any::<u8>(), 0..20).prop_map(Blob),
    );
    let enums = (
        vec(shape(), 0..4),
        prop_oneof![
            Just(Tagged::Nothing),
            any::<String>().prop_map(|name| Tagged::Name { name })
        ],
        prop_oneof![
            Just(Adjacent::Nothing),
            any::<(i8, bool)>().prop_map(|(number, flag)| Adjacent::Pair(number, flag))
        ],
        untagged(),
    );
    let maps = (
        hash_map(any::<u64>(), number, 0..6),
        btree_map(any::<bool>(), any::<u16>(), 0..3),
        btree_map(any::<char>(), any::<f32>(), 0..6),
        btree_map(
            any::<String>(),
            btree_map(any::<String>(), vec(any::<i8>(), 0..3), 0..3),
            0..3,
        ),
        btree_map("[a-z]{0,3}", any::<String>(), 0..40),
    );
    let flattened = (
        any::<i16>(),
        option::of(untagged()),
        btree_map("rest_[a-z]{1,5}", any::<String>(), 0..5),
    );
    (plain, enums, maps, flattened).prop_map(|(plain, enums, maps, flattened)| {
        let (option, skipped, metres, tuple, bytes) = plain;
        let (shapes, tagged, adjacent, untagged) = enums;
        let (by_number, by_flag, by_letter, nested, texts) = maps;
        let (left, right, rest) = flattened;
        Everything {
            option,
            skipped,
            unit: (),
            nothing: Nothing,
            metres,
            tuple,
            bytes,
            shapes,
            tagged,
            adjacent,
            untagged,
            by_number,
            by_flag,
            by_letter,
            nested,
            map: texts.clone().into_iter().collect(),
            texts: texts.into_iter().collect(),
            pair: Pair { left, right },
            rest: rest.into_iter().map(|(key, value)| (key, value.into())).collect(),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_shape_comes_back(everything in everything()) {
        let bytes = to_struct(&everything).unwrap();
        prop_assert_eq!(&from_struct::<Everything>(&bytes).unwrap(), &everything);
        // The document is the one that serde_json makes of it.
        let document = judged(Struct::decode(bytes.as_slice()).unwrap());
        assert_same(&document, &through_doubles(&serde_json::to_value(&everything).unwrap()));
        // Other orders of the keys, and what was read in between, change nothing.
        let map: Map = from_struct(&bytes).unwrap();
        let bytes = to_struct(&serde_json::to_value(&map).unwrap()).unwrap();
        prop_assert_eq!(&from_struct::<Everything>(&bytes).unwrap(), &everything);
    }

    #[test]
    fn integers_of_every_width_come_back(digits in 0..1_u64 << 53, zeros in 0..75_u32, negative in any::<bool>()) {
        let positive = u128::from(digits) << zeros;
        let bytes = to_struct(&BTreeMap::from([("n", positive)])).unwrap();
        prop_assert_eq!(from_struct::<BTreeMap<String, u128>>(&bytes).unwrap()["n"], positive);
        if let Ok(positive) = i128::try_from(positive) {
            let signed = if negative { -positive } else { positive };
            let bytes = to_struct(&BTreeMap::from([("n", signed)])).unwrap();
            prop_assert_eq!(from_struct::<BTreeMap<String, i128>>(&bytes).unwrap()["n"], signed);
        }
    }

    #[test]
    fn keys_of_every_type_come_back(
        by_i128 in hash_map(any::<i128>(), any::<u8>(), 0..4),
        by_u128 in hash_map(any::<u128>(), any::<u8>(), 0..4),
        by_i8 in hash_map(any::<i8>(), any::<u8>(), 0..4),
    ) {
        let document = (by_i128, by_u128, by_i8);
        let bytes = to_struct(&BTreeMap::from([("d", document.clone())])).unwrap();
        let back: BTreeMap<String, ByInteger> = from_struct(&bytes).unwrap();
        prop_assert_eq!(&back["d"], &document);
    }
}

#[test]
fn variants_are_written_as_in_json() {
    let shapes = [
        Shape::Unit,
        Shape::Newtype(None),
        Shape::Tuple(1, 0.5),
        Shape::Struct {
            radius: 2.0,
            inner: Some(Box::new(Shape::Unit)),
        },
    ];
    let bytes = to_struct(&BTreeMap::from([("shapes", &shapes)])).unwrap();
    let expected = json!({"shapes": [
        "Unit", {"Newtype": null}, {"Tuple": [1, 0.5]}, {"Struct": {"radius": 2, "inner": "Unit"}}
    ]});
    super::assert_reads_as(&bytes, &expected);
    assert_eq!(
        from_struct::<BTreeMap<String, [Shape; 4]>>(&bytes).unwrap()["shapes"],
        shapes
    );

    let bytes = to_struct(&HashMap::from([(Colour::Red, Shape::Unit)])).unwrap();
    assert_eq!(
        from_struct::<HashMap<Colour, Shape>>(&bytes).unwrap()[&Colour::Red],
        Shape::Unit
    );
    // A unit variant may also be the key of null, as serde has it.
    let bytes = to_struct(&json!({"shape": {"Unit": null}})).unwrap();
    assert_eq!(
        from_struct::<BTreeMap<String, Shape>>(&bytes).unwrap()["shape"],
        Shape::Unit
    );
}

#[test]
fn only_objects_are_documents() {
    for value in [json!(null), json!([]), json!("text"), json!(1)] {
        assert!(to_struct(&value).unwrap_err().to_string().contains("at the root"));
    }
    assert!(to_struct(&Some(json!({}))).unwrap().is_empty());
    assert_eq!(from_struct::<Option<Map>>(&[]).unwrap(), Some(Map::new()));
}
