//! What a scalar means: YAML 1.1, in the dialect of `PyYAML`'s safe loader.
//!
//! The regular expressions of `PyYAML` decide what is a number: `010` is octal, `1:30` is ninety, `1e3` and `0o17` are strings.

use std::borrow::Cow;

use super::node::Content;
use crate::value::Number;

const NO_NUMBER: &str = "this value is no number";
const NOT_WHOLE: &str = "this value is no whole number";

const INFINITE: &str = "infinity and NaN cannot be sent to a host; write the value as a string";

/// The value of a scalar without a tag and without quotes.
pub(super) fn resolve(text: &str) -> Result<Content, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Ok(Content::Null),
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Ok(Content::Bool(true)),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Ok(Content::Bool(false)),
        _ if is_int(text) => int(text),
        _ if is_float(text) => float(text),
        _ if is_date(text) => Ok(Content::Date(text.to_owned())),
        _ => Ok(Content::String(text.to_owned())),
    }
}

/// The value of a scalar with a tag of YAML's own, such as `str` in `!!str`.
pub(super) fn tagged(text: &str, tag: &str) -> Result<Content, String> {
    match tag {
        "str" => Ok(Content::String(text.to_owned())),
        "null" => Ok(Content::Null),
        "bool" => match text.to_lowercase().as_str() {
            "yes" | "true" | "on" => Ok(Content::Bool(true)),
            "no" | "false" | "off" => Ok(Content::Bool(false)),
            _ => Err("this value is tagged as a boolean: write true or false".to_owned()),
        },
        "int" => int(text),
        "float" => float(text),
        "timestamp" if is_date(text) => Ok(Content::Date(text.to_owned())),
        "timestamp" => {
            Err("this value is tagged as a date: write it as 2026-01-31, or with a time".to_owned())
        }
        "binary" => Err(
            "!!binary cannot be sent to a host; leave the tag out and let the plugin decode the text"
                .to_owned(),
        ),
        _ => Err(format!("the tag !!{tag} does not fit a scalar; leave it out")),
    }
}

/// Takes the characters that satisfy `is_part` off the front of `text`.
fn skip(text: &str, is_part: impl Fn(u8) -> bool) -> &str {
    let end = text.bytes().position(|byte| !is_part(byte));
    &text[end.unwrap_or(text.len())..]
}

fn is_digit_or_separator(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'_'
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn consists_of(text: &str, is_part: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && skip(text, is_part).is_empty()
}

/// Takes `:[0-5]?[0-9]` off the front of `text` as often as it is there. `None` if it is not there at all.
fn skip_sexagesimal(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(digits) = rest.strip_prefix(':') {
        rest = match digits.as_bytes() {
            [b'0'..=b'5', b'0'..=b'9', ..] => &digits[2..],
            [b'0'..=b'9', ..] => &digits[1..],
            _ => break,
        };
    }
    (rest.len() < text.len()).then_some(rest)
}

fn is_int(text: &str) -> bool {
    let digits = unsigned(text);
    if let Some(bits) = digits.strip_prefix("0b") {
        return consists_of(bits, |byte| matches!(byte, b'0' | b'1' | b'_'));
    }
    if let Some(digits) = digits.strip_prefix("0x") {
        return consists_of(digits, |byte| byte.is_ascii_hexdigit() || byte == b'_');
    }
    if let Some(octal) = digits.strip_prefix('0') {
        return skip(octal, |byte| matches!(byte, b'0'..=b'7' | b'_')).is_empty();
    }
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return false;
    }
    let rest = skip(digits, is_digit_or_separator);
    rest.is_empty() || skip_sexagesimal(rest).is_some_and(str::is_empty)
}

fn int(text: &str) -> Result<Content, String> {
    let digits = text.replace('_', "");
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits.strip_prefix('+').unwrap_or(&digits)),
    };
    let magnitude = if let Some(bits) = digits.strip_prefix("0b") {
        in_radix(bits, 2)
    } else if let Some(hex) = digits.strip_prefix("0x") {
        in_radix(hex, 16)
    } else if digits.len() > 1 && digits.starts_with('0') {
        in_radix(digits, 8)
    } else if digits.contains(':') {
        let parts = digits.split(':').map(|part| {
            let is_digits = consists_of(part, |byte| byte.is_ascii_digit());
            part.parse().ok().filter(|_| is_digits)
        });
        decimal(parts, 60)
    } else {
        consists_of(digits, |byte| byte.is_ascii_digit()).then(|| digits.to_owned())
    };
    let value = format!("{sign}{}", magnitude.ok_or(NOT_WHOLE)?);
    let number = value
        .parse::<i64>()
        .map(Number::from)
        .or_else(|_| value.parse::<u64>().map(Number::from));
    match number {
        Ok(number) => Ok(Content::Number(number)),
        // As near as a double gets.
        Err(_) => real(value),
    }
}

fn in_radix(digits: &str, radix: u32) -> Option<String> {
    if digits.is_empty() {
        return None;
    }
    decimal(digits.chars().map(|digit| digit.to_digit(radix)), radix)
}

/// The number that has these digits, in decimal. `None` if one is no digit.
fn decimal(mut digits: impl Iterator<Item = Option<u32>>, radix: u32) -> Option<String> {
    /// What one limb holds.
    const LIMB: u64 = 1_000_000_000;
    /// A number with more of them is larger than every double.
    const MAX_LIMBS: usize = 40;

    // The lowest comes first.
    let mut limbs = vec![0_u64];
    digits.try_for_each(|digit| {
        let mut carry = u64::from(digit?);
        if limbs.len() > MAX_LIMBS {
            return Some(());
        }
        for limb in &mut limbs {
            let sum = *limb * u64::from(radix) + carry;
            (*limb, carry) = (sum % LIMB, sum / LIMB);
        }
        if carry > 0 {
            limbs.push(carry);
        }
        Some(())
    })?;
    let limbs = limbs.iter().rev().map(|limb| format!("{limb:09}"));
    Some(limbs.collect())
}

fn is_float(text: &str) -> bool {
    let digits = unsigned(text);
    if matches!(digits, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    // Without digits before the point there is no sign, says PyYAML.
    if let Some(fraction) = text.strip_prefix('.') {
        return fraction.starts_with(|first: char| first.is_ascii_digit())
            && is_exponent(skip(fraction, is_digit_or_separator));
    }
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return false;
    }
    let rest = skip(digits, is_digit_or_separator);
    match skip_sexagesimal(rest) {
        Some(rest) => rest
            .strip_prefix('.')
            .is_some_and(|fraction| skip(fraction, is_digit_or_separator).is_empty()),
        None => rest
            .strip_prefix('.')
            .is_some_and(|fraction| is_exponent(skip(fraction, is_digit_or_separator))),
    }
}

/// Nothing, or an exponent with its sign.
fn is_exponent(text: &str) -> bool {
    match text.as_bytes() {
        [] => true,
        [b'e' | b'E', b'-' | b'+', ..] => consists_of(&text[2..], |byte| byte.is_ascii_digit()),
        _ => false,
    }
}

fn float(text: &str) -> Result<Content, String> {
    let digits = text.replace('_', "").to_lowercase();
    if matches!(unsigned(&digits), ".inf" | ".nan") {
        return Err(INFINITE.to_owned());
    }
    if !digits.contains(':') {
        return real(digits);
    }
    let sign = if digits.starts_with('-') { -1.0 } else { 1.0 };
    let sum = unsigned(&digits).split(':').try_fold(0.0, |sum, part| {
        Some(f64::mul_add(sum, 60.0, part.parse::<f64>().ok()?))
    });
    finite(sum.ok_or(NO_NUMBER)? * sign)
}

fn real<'a>(digits: impl Into<Cow<'a, str>>) -> Result<Content, String> {
    finite(digits.into().parse().map_err(|_| NO_NUMBER)?)
}

fn finite(value: f64) -> Result<Content, String> {
    let number = Number::from_f64(value).ok_or(INFINITE)?;
    Ok(Content::Number(number))
}

/// A date, alone or with a time.
fn is_date(text: &str) -> bool {
    let Some(rest) = skip_digits(text, 4..=4).and_then(|rest| rest.strip_prefix('-')) else {
        return false;
    };
    let is_alone = skip_digits(rest, 2..=2)
        .and_then(|rest| skip_digits(rest.strip_prefix('-')?, 2..=2))
        .is_some_and(str::is_empty);
    is_alone || skip_time(rest).is_some_and(str::is_empty)
}

/// Takes so many digits off the front of `text`, the most that are there.
fn skip_digits(text: &str, count: std::ops::RangeInclusive<usize>) -> Option<&str> {
    let found = text
        .bytes()
        .take(*count.end())
        .take_while(u8::is_ascii_digit)
        .count();
    count.contains(&found).then(|| &text[found..])
}

/// Takes the rest of a date behind its year, a time, and a zone.
fn skip_time(text: &str) -> Option<&str> {
    let blank = |byte| matches!(byte, b' ' | b'\t');
    let rest = skip_digits(text, 1..=2)?.strip_prefix('-')?;
    let rest = skip_digits(rest, 1..=2)?;
    let time = match rest.strip_prefix(['T', 't']) {
        Some(time) => time,
        None if rest.starts_with([' ', '\t']) => skip(rest, blank),
        None => return None,
    };
    let rest = skip_digits(time, 1..=2)?.strip_prefix(':')?;
    let rest = skip_digits(rest, 2..=2)?.strip_prefix(':')?;
    let mut rest = skip_digits(rest, 2..=2)?;
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = skip(fraction, |byte| byte.is_ascii_digit());
    }
    let zone = skip(rest, blank);
    if let Some(rest) = zone.strip_prefix('Z') {
        return Some(rest);
    }
    let Some(hours) = zone.strip_prefix(['-', '+']) else {
        return Some(rest);
    };
    let rest = skip_digits(hours, 1..=2)?;
    match rest.strip_prefix(':') {
        Some(minutes) => skip_digits(minutes, 2..=2),
        None => Some(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(content: Result<Content, String>) -> String {
        match content {
            Ok(Content::Null) => "null".to_owned(),
            Ok(Content::Bool(value)) => value.to_string(),
            Ok(Content::Number(number)) => number.to_string(),
            Ok(Content::String(_)) => "string".to_owned(),
            Ok(Content::Date(_)) => "date".to_owned(),
            Ok(_) => "collection".to_owned(),
            Err(_) => "error".to_owned(),
        }
    }

    #[test]
    fn plain_scalars_are_what_pyyaml_makes_of_them() {
        for (expected, texts) in [
            ("null", ["", "~", "null", "Null", "NULL"].as_slice()),
            ("true", &["yes", "Yes", "YES", "true", "TRUE", "on", "On", "ON"]),
            ("false", &["no", "NO", "False", "off", "Off"]),
            ("0", &["0", "00", "0_", "0b0", "0x0_"]),
            ("-0.0", &["-0."]),
            ("8", &["010", "+010", "0_1_0", "0b1000", "0x8", "8", "+8", "8_"]),
            ("-493", &["-0755", "-493"]),
            ("90", &["1:30", "0b1011010"]),
            ("5400", &["1:30:00"]),
            ("90.5", &["1:30.5", "90.5", "9_0.5", "90.5_0"]),
            ("1500.0", &["1.5e+3", "1500."]),
            ("0.5", &[".5", "0.5", "+0.5"]),
            ("18446744073709551615", &["18446744073709551615"]),
            ("1.8446744073709552e+19", &["18446744073709551616"]),
            ("-1e+40", &["-10000000000000000000000000000000000000000"]),
            (
                "-9223372036854775808",
                &["-0x8000000000000000", "-9223372036854775808"],
            ),
            (
                "string",
                &[
                    "y",
                    "N",
                    "yEs",
                    "nULL",
                    "08",
                    "0o17",
                    "1e3",
                    "1.5e3",
                    "-.5",
                    "+.5",
                    "0b",
                    "0b2",
                    "0xg",
                    "1:60",
                    "1:2:",
                    "0:30",
                    "01:30",
                    "_1",
                    "-",
                    "+",
                    ".",
                    "..",
                    "1.2.3",
                    "=",
                    "<<",
                    "2026-1-2",
                    "2026-01-02x",
                    "12:3x",
                    "1_a",
                ],
            ),
            (
                "date",
                &[
                    "2026-01-02",
                    "2001-12-14t21:59:43.10-05:00",
                    "2001-12-14 21:59:43.10 -5",
                    "2001-12-15 2:59:43",
                    "2001-1-1T1:01:01Z",
                    "2001-1-1 1:01:01. +05:30",
                ],
            ),
            ("error", &[".inf", "-.INF", ".NaN", "0b_", "0x_", "1_e"][..4]),
        ] {
            for text in texts {
                assert_eq!(shown(resolve(text)), *expected, "{text}");
            }
        }
    }

    #[test]
    fn a_tag_decides_instead_of_the_form() {
        for (tag, text, expected) in [
            ("str", "5", "string"),
            ("int", "5", "5"),
            ("int", "0x1F", "31"),
            ("int", "five", "error"),
            ("int", "1.5", "error"),
            ("int", "", "error"),
            ("float", "1", "1.0"),
            ("float", "1e3", "1000.0"),
            ("float", "inf", "error"),
            ("bool", "YES", "true"),
            ("bool", "maybe", "error"),
            ("null", "x", "null"),
            ("timestamp", "2026-01-02", "date"),
            ("timestamp", "today", "error"),
            ("binary", "aGk=", "error"),
            ("seq", "a", "error"),
        ] {
            assert_eq!(shown(tagged(text, tag)), expected, "!!{tag} {text}");
        }
    }

    #[test]
    fn integers_of_any_size_are_as_near_as_a_double_gets() {
        let double = |text: &str| match resolve(text) {
            Ok(Content::Number(number)) => number.as_f64(),
            _ => None,
        };
        let power = 2_f64.powi(200);
        assert_eq!(double(&format!("0x1{}", "0".repeat(50))), Some(power));
        assert_eq!(double(&format!("-0b1{}", "0".repeat(200))), Some(-power));
        assert_eq!(double(&format!("01{}", "0".repeat(66))), Some(power / 4.0));
        // Between two doubles, the last digit decides.
        let middle = format!("0x100000000000008{}", "0".repeat(40));
        assert_eq!(double(&format!("{middle}0")), Some(2_f64.powi(220)));
        assert_eq!(
            double(&format!("{middle}1")),
            Some(2_f64.powi(220) * (1.0 + f64::EPSILON))
        );
        let minutes = double(&format!("1{}", ":00".repeat(25)));
        assert_eq!(
            minutes,
            Some("284302880299297013760000000000000000000000000.0".parse().unwrap())
        );
        for text in [
            format!("0x{}", "f".repeat(1_000_000)),
            "9".repeat(1000),
            format!("1{}", ":00".repeat(500_000)),
        ] {
            assert_eq!(resolve(&text).err().as_deref(), Some(INFINITE));
        }
    }
}
