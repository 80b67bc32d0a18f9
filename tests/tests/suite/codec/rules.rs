//! What protobuf says about documents that are written in an unusual way.

use std::collections::BTreeMap;

use plugin_sdk::Map;
use plugin_sdk::codec::{from_struct, to_struct};
use serde::Deserialize;
use serde_json::{Value, json};

use super::wire::{boolean, bytes, element, entry, list, null, number, object, overlong, tag, text, varint};
use super::{assert_reads_as, assert_same};

#[test]
fn whole_numbers_are_integers_up_to_the_border() {
    let border = 9_007_199_254_740_992.0;
    let cases = [
        (3.0, json!(3)),
        (-3.0, json!(-3)),
        (0.0, json!(0)),
        (-0.0, json!(-0.0)),
        (0.5, json!(0.5)),
        (border, json!(9_007_199_254_740_992_i64)),
        (-border, json!(-9_007_199_254_740_992_i64)),
        (border + 2.0, json!(9_007_199_254_740_994.0)),
        (-border - 2.0, json!(-9_007_199_254_740_994.0)),
        (1e300, json!(1e300)),
        (f64::from_bits(1), json!(5e-324)),
    ];
    for (double, expected) in cases {
        assert_reads_as(&entry("n", number(double)), &json!({ "n": expected }));
    }
}

#[test]
fn a_type_gets_whole_numbers_as_the_integers_that_it_asks_for() {
    fn read<T: for<'de> Deserialize<'de>>(double: f64) -> Option<T> {
        let map: BTreeMap<String, T> = from_struct(&entry("n", number(double))).ok()?;
        map.into_values().next()
    }
    assert_eq!(read(255.0), Some(255_u8));
    assert_eq!(read::<u8>(256.0), None);
    assert_eq!(read::<u8>(-1.0), None);
    assert_eq!(read::<u8>(1.5), None);
    assert_eq!(read(-0.0), Some(0_i32));
    assert_eq!(read(2_f64.powi(63)), Some(1_u64 << 63));
    assert_eq!(read::<u64>(2_f64.powi(64)), None);
    assert_eq!(read(-2_f64.powi(63)), Some(i64::MIN));
    assert_eq!(read::<i64>(2_f64.powi(63)), None);
    assert_eq!(read(2_f64.powi(100)), Some(1_i128 << 100));
    assert_eq!(read(-2_f64.powi(127)), Some(i128::MIN));
    assert_eq!(read::<i128>(2_f64.powi(127)), None);
    assert_eq!(read(2_f64.powi(127)), Some(1_u128 << 127));
    assert_eq!(read::<u128>(2_f64.powi(128)), None);
    assert_eq!(read(3.0), Some(3.0_f64));
    assert_eq!(read(0.5), Some(0.5_f32));
}

#[test]
fn only_integers_that_a_double_holds_are_written() {
    let writes = |value: i128| to_struct(&BTreeMap::from([("n", value)])).is_ok();
    let border = 1_i128 << 53;
    assert!(
        [0, border, border + 2, -border - 2, 1 << 100, i128::MIN]
            .into_iter()
            .all(writes)
    );
    let held_by_none = [
        border + 1,
        -border - 1,
        i64::MAX.into(),
        u64::MAX.into(),
        i128::MAX,
    ];
    assert!(!held_by_none.into_iter().any(writes));
    assert!(to_struct(&BTreeMap::from([("n", 1_u128 << 127)])).is_ok());
    assert!(to_struct(&BTreeMap::from([("n", u128::MAX)])).is_err());
    assert!(to_struct(&BTreeMap::from([("n", u64::MAX)])).is_err());
}

#[test]
fn nan_and_infinity_are_refused_both_ways() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = to_struct(&BTreeMap::from([("n", value)])).unwrap_err();
        assert_eq!(error.path(), "n");
        let error = from_struct::<Value>(&entry("n", number(value))).unwrap_err();
        assert_eq!(
            (error.path().as_str(), error.position()),
            ("n", Some(8)),
            "{error}"
        );
        let error = from_struct::<Map>(&entry("n", number(value))).unwrap_err();
        assert_eq!(
            (error.path().as_str(), error.position()),
            ("n", Some(8)),
            "{error}"
        );
    }
}

#[derive(Debug, Deserialize, PartialEq)]
struct Point {
    x: i32,
    #[serde(default)]
    y: i32,
}

#[test]
fn of_several_entries_with_one_key_the_last_wins() {
    let twice = [
        entry("x", number(1.0)),
        entry("y", number(2.0)),
        entry("x", number(3.0)),
    ]
    .concat();
    assert_reads_as(&twice, &json!({"x": 3, "y": 2}));
    assert_eq!(from_struct::<Point>(&twice).unwrap(), Point { x: 3, y: 2 });
    // An object is not merged with an earlier one of its key, and in every depth the same holds.
    let objects = [
        entry("p", object(entry("y", number(1.0)))),
        entry("p", object(&twice)),
    ];
    assert_reads_as(&objects.concat(), &json!({"p": {"x": 3, "y": 2}}));
    let read: BTreeMap<String, Point> = from_struct(&objects.concat()).unwrap();
    assert_eq!(read["p"], Point { x: 3, y: 2 });
}

#[test]
fn of_several_equal_variants_the_last_wins() {
    #[derive(Debug, Deserialize, PartialEq)]
    enum Shape {
        Circle(u8),
        Square(u8),
    }
    let shape = |content: &[Vec<u8>]| {
        from_struct::<BTreeMap<String, Shape>>(&entry("s", object(content.concat())))
            .map(|map| map.into_values().next())
    };
    let circle = |radius| entry("Circle", number(radius));
    assert_eq!(
        shape(&[circle(1.0), circle(2.0)]).unwrap(),
        Some(Shape::Circle(2))
    );
    let square = entry("Square", number(1.0));
    assert_eq!(
        shape(std::slice::from_ref(&square)).unwrap(),
        Some(Shape::Square(1))
    );
    assert!(shape(&[circle(1.0), square]).is_err());
    assert!(shape(&[]).is_err());
}

#[test]
fn a_message_that_comes_in_pieces_is_merged() {
    // A struct inside one value.
    let pieces = [
        object(entry("a", number(1.0))),
        object([]),
        object(entry("b", boolean(true))),
    ];
    assert_reads_as(&entry("s", pieces.concat()), &json!({"s": {"a": 1, "b": true}}));
    let lists = [list(element(null())), list(element(text("x")))];
    assert_reads_as(&entry("l", lists.concat()), &json!({"l": [null, "x"]}));
    // The value inside one entry.
    let pieces = [
        bytes(1, "v"),
        bytes(2, object(entry("a", number(1.0)))),
        bytes(2, []),
        bytes(2, object(entry("b", list(element(number(2.0)))))),
        bytes(2, object(entry("a", number(3.0)))),
    ];
    let document = bytes(1, pieces.concat());
    assert_reads_as(&document, &json!({"v": {"a": 3, "b": [2]}}));
    let map: Map = from_struct(&document).unwrap();
    assert_eq!(to_struct(&map).unwrap(), document);
}

#[test]
fn of_a_oneof_the_last_member_wins() {
    let object = |key| object(entry(key, null()));
    let cases = [
        (vec![number(1.0), text("x")], json!("x")),
        (vec![text("x"), boolean(true)], json!(true)),
        (vec![object("a"), number(1.0)], json!(1)),
        // What stood there before is not merged with what comes after another member.
        (vec![object("a"), number(1.0), object("b")], json!({"b": null})),
        (vec![list(element(null())), object("a"), list([])], json!([])),
        (vec![number(1.0), null()], json!(null)),
        (vec![], json!(null)),
    ];
    for (members, expected) in cases {
        assert_reads_as(&entry("v", members.concat()), &json!({ "v": expected }));
        // The same in several pieces of the value.
        let pieces: Vec<_> = members.iter().map(|member| bytes(2, member)).collect();
        let document = bytes(1, [bytes(1, "v"), pieces.concat()].concat());
        assert_reads_as(&document, &json!({ "v": expected }));
    }
}

#[test]
fn fields_come_in_any_order_and_may_be_missing() {
    let value_first = bytes(1, [bytes(2, number(1.0)), bytes(1, "k")].concat());
    assert_reads_as(&value_first, &json!({"k": 1}));
    let two_keys = bytes(1, [bytes(1, "a"), bytes(2, number(1.0)), bytes(1, "b")].concat());
    assert_reads_as(&two_keys, &json!({"b": 1}));
    assert_reads_as(&bytes(1, bytes(2, number(1.0))), &json!({"": 1}));
    assert_reads_as(&bytes(1, bytes(1, "k")), &json!({"k": null}));
    assert_reads_as(&bytes(1, []), &json!({"": null}));
    assert_reads_as(&[], &json!({}));
}

/// Fields that a `Struct` does not have, of every wire type.
fn unknown_fields() -> Vec<u8> {
    let group = [
        tag(100, 3),
        bytes(1, "in a group"),
        tag(7, 3),
        tag(7, 4),
        tag(100, 4),
    ];
    [
        [tag(15, 0), varint(u64::MAX)].concat(),
        [tag(16, 1), vec![0; 8]].concat(),
        bytes((1 << 29) - 1, "unknown"),
        [tag(2_000, 5), vec![0; 4]].concat(),
        group.concat(),
    ]
    .concat()
}

#[test]
fn unknown_fields_and_groups_are_passed_over() {
    let unknown = unknown_fields();
    let around = |known: Vec<u8>| [unknown.clone(), known, unknown.clone()].concat();
    let list = list(around(element(around(text("x")))));
    let field = around([bytes(1, "k"), bytes(2, around(list))].concat());
    let document = around(bytes(1, field));
    assert_reads_as(&document, &json!({"k": ["x"]}));
}

#[test]
fn a_known_field_with_another_wire_type_is_unknown() {
    // prost refuses these; protobuf's own libraries, and so Python, take them for unknown fields.
    let number_as_text = bytes(2, "x");
    let text_as_varint = [tag(3, 0), varint(1)].concat();
    let object_as_fixed = [tag(5, 5), vec![0; 4]].concat();
    let value = [number_as_text, text_as_varint, boolean(true), object_as_fixed].concat();
    let key_as_varint = [tag(1, 0), varint(9)].concat();
    let document = [
        tag(1, 0),
        varint(1),
        bytes(1, [bytes(1, "k"), key_as_varint, bytes(2, value)].concat()),
    ];
    assert_same(&from_struct(&document.concat()).unwrap(), &json!({"k": true}));
    let map: Map = from_struct(&document.concat()).unwrap();
    assert_eq!(map["k"], true);
}

#[test]
fn numbers_may_be_longer_than_they_need_to_be() {
    let key = [overlong(1 << 3 | 2), overlong(1), b"k".to_vec()].concat();
    let value = [overlong(4 << 3), overlong(1)].concat();
    let value = [overlong(2 << 3 | 2), overlong(value.len() as u64), value].concat();
    let field = [key, value].concat();
    let document = [overlong(1 << 3 | 2), overlong(field.len() as u64), field].concat();
    assert_reads_as(&document, &json!({"k": true}));
}
