//! Two values side by side, for a message.

use serde::Serialize;
use serde_json::{Map, Number, Value, to_string_pretty};
use similar::TextDiff;

/// Up to here a double tells whole numbers apart.
const LARGEST: f64 = 9_007_199_254_740_992.0;

/// A value in the form in which it is compared: keys in order, and whole numbers without a fraction, as the protobuf transports
/// know no others.
pub(super) fn comparable(value: &impl Serialize) -> Value {
    serde_json::to_value(value).map_or_else(
        |error| Value::String(format!("(not to be written as JSON: {error})")),
        in_order,
    )
}

fn in_order(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.into_iter().collect();
            entries.sort_by(|(left, _), (right, _)| left.cmp(right));
            let entries = entries.into_iter().map(|(key, value)| (key, in_order(value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(in_order).collect()),
        Value::Number(number) => Value::Number(whole(number)),
        other => other,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it is in range")]
fn whole(number: Number) -> Number {
    match number.as_f64() {
        Some(double) if number.is_f64() && double.fract() == 0.0 && double.abs() <= LARGEST => {
            Number::from(double as i64)
        }
        _ => number,
    }
}

/// A value with its lines indented.
pub(super) fn pretty(value: &Value) -> String {
    to_string_pretty(value).unwrap_or_else(|error| error.to_string())
}

/// What of `expected` is not in `found`, and the other way round: `-` and `+` at the beginning of lines.
pub(super) fn difference(names: [&str; 2], expected: &Value, found: &Value) -> String {
    let (expected, found) = (pretty(expected) + "\n", pretty(found) + "\n");
    let difference = TextDiff::from_lines(&expected, &found);
    difference
        .unified_diff()
        .context_radius(3)
        .header(names[0], names[1])
        .to_string()
}
