//! What templates of Jinja2 use and minijinja does not have, or has otherwise.

use minijinja::{
    Environment, Error, ErrorKind, State, UndefinedBehavior, Value, filters,
    value::{Kwargs, Rest, StringInput, ValueKind, from_args},
};
use minijinja_contrib::{filters as contributed, globals, pycompat};

use super::assignments::weigh;

/// Adds Jinja's filters and functions, and the methods of Python's strings, lists and dictionaries.
pub(super) fn extend(templates: &mut Environment<'_>) {
    templates.set_unknown_method_callback(method);
    templates.add_filter("int", int);
    templates.add_filter("float", float);
    templates.add_filter("tojson", tojson);
    templates.add_filter("wordcount", |text: &str| text.split_whitespace().count());
    templates.add_filter(
        "center",
        |state: &State<'_, '_>, text: &str, width: Option<usize>| {
            pad(state, text, width.unwrap_or(80), Side::Both, ' ')
        },
    );
    for name in ["e", "escape", "forceescape"] {
        templates.add_filter(name, |state: &mut State<'_, '_>, value: &Value| {
            is_used(state, value)?;
            filters::escape(state, value)
        });
    }
    templates.add_filter("urlencode", |state: &State<'_, '_>, value: &Value| {
        is_used(state, value)?;
        filters::urlencode(value)
    });
    templates.add_filter("string", |state: &State<'_, '_>, value: &Value| {
        weigh(state, value)?;
        filters::string(state, value)
    });
    templates.add_filter("pprint", |state: &State<'_, '_>, value: &Value| {
        weigh(state, value)?;
        Ok::<_, Error>(filters::pprint(value))
    });
    templates.add_filter("indent", indent);
    templates.add_filter("join", join);
    templates.add_filter("filesizeformat", contributed::filesizeformat);
    templates.add_filter("striptags", contributed::striptags);
    templates.add_filter("truncate", contributed::truncate);
    templates.add_function("cycler", |items: Rest<Value>| globals::cycler(items.0));
    templates.add_function("joiner", globals::joiner);
}

/// What is no number is the default, which is 0.
fn int(
    state: &State<'_, '_>,
    value: &Value,
    default: Option<Value>,
    base: Option<u32>,
    named: Kwargs,
) -> Result<Value, Error> {
    let default = default
        .or(named.get("default")?)
        .unwrap_or_else(|| Value::from(0));
    let trimmed = value.as_str().map(|text| Value::from(text.trim()));
    filters::int(
        state,
        trimmed.as_ref().unwrap_or(value),
        Some(default),
        base,
        named,
    )
}

/// What is no number is the default, which is 0.0.
fn float(
    state: &State<'_, '_>,
    value: &Value,
    default: Option<Value>,
    named: Kwargs,
) -> Result<Value, Error> {
    let default = default
        .or(named.get("default")?)
        .unwrap_or_else(|| Value::from(0.0));
    let trimmed = value.as_str().map(|text| Value::from(text.trim()));
    filters::float(state, trimmed.as_ref().unwrap_or(value), Some(default), named)
}

/// An undefined value is an error, as in Jinja, where minijinja writes `null`.
fn tojson(
    state: &State<'_, '_>,
    value: &Value,
    indent: Option<usize>,
    named: Kwargs,
) -> Result<Value, Error> {
    weigh(state, value)?;
    if value.is_undefined() {
        return value.get_attr("");
    }
    let indent = indent.or(named.get("indent")?);
    if indent > Some(16) {
        return Err(Error::new(ErrorKind::InvalidOperation, "indent is more than 16"));
    }
    filters::tojson(value, indent.map(Value::from), named)
}

/// A value is about to become text. Where undefined values are looked for, such a one is an error, as it is where it is printed.
fn is_used(state: &State<'_, '_>, value: &Value) -> Result<(), Error> {
    weigh(state, value)?;
    if value.is_undefined() && state.undefined_behavior() == UndefinedBehavior::SemiStrict {
        value.get_attr("")?;
    }
    Ok(())
}

/// The same of each item of a list.
fn are_used(state: &State<'_, '_>, list: &Value) -> Result<(), Error> {
    if list.kind() != ValueKind::Seq || state.undefined_behavior() != UndefinedBehavior::SemiStrict {
        return Ok(());
    }
    list.try_iter()?.try_for_each(|item| is_used(state, &item))
}

fn indent(state: &State<'_, '_>, value: &Value, arguments: Rest<Value>) -> Result<Value, Error> {
    is_used(state, value)?;
    let mut all = vec![value.clone()];
    all.extend(arguments.0);
    let (text, width, first, blank, named): (StringInput<'_>, _, _, _, _) = from_args(&all)?;
    filters::indent(text, width, first, blank, named)
}

fn join(
    state: &mut State<'_, '_>,
    list: &Value,
    joiner: Option<StringInput<'_>>,
    attribute: Option<&str>,
    named: Kwargs,
) -> Result<Value, Error> {
    if attribute.is_none() && !named.has("attribute") {
        are_used(state, list)?;
    }
    filters::join(state, list, joiner, attribute, named)
}

fn method(state: &mut State<'_, '_>, value: &Value, name: &str, arguments: &[Value]) -> Result<Value, Error> {
    match (value.as_str(), name) {
        (Some(_), "join") => arguments.iter().try_for_each(|list| are_used(state, list))?,
        (Some(_), "format") => arguments.iter().try_for_each(|item| is_used(state, item))?,
        _ => {}
    }
    if name == "format" && value.as_str().is_some_and(has_large_number) {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "format: the width is too large",
        ));
    }
    match pycompat::unknown_method_callback(state, value, name, arguments) {
        Err(error) if error.kind() == ErrorKind::UnknownMethod => match (value.as_str(), value.kind()) {
            (Some(text), _) => of_string(state, text, name, arguments),
            (None, ValueKind::Map | ValueKind::Seq) if name == "copy" => {
                let () = from_args(arguments)?;
                Ok(value.clone())
            }
            (None, ValueKind::Seq) if name == "index" => {
                let (item,): (Value,) = from_args(arguments)?;
                let place = value.try_iter()?.position(|candidate| candidate == item);
                place.map(Value::from).ok_or_else(not_found)
            }
            _ => Err(error),
        },
        outcome => outcome,
    }
}

fn of_string(state: &State<'_, '_>, text: &str, name: &str, arguments: &[Value]) -> Result<Value, Error> {
    match name {
        "index" | "rindex" => {
            let (part,): (&str,) = from_args(arguments)?;
            let place = if name == "index" {
                text.find(part)
            } else {
                text.rfind(part)
            };
            let place = place.ok_or_else(not_found)?;
            Ok(Value::from(text[..place].chars().count()))
        }
        "partition" | "rpartition" => {
            let (part,): (&str,) = from_args(arguments)?;
            let split = if name == "partition" {
                text.split_once(part)
            } else {
                text.rsplit_once(part)
            };
            let parts = match (split, name) {
                (Some((before, after)), _) => [before, part, after],
                (None, "partition") => [text, "", ""],
                (None, _) => ["", "", text],
            };
            Ok(parts.map(Value::from).into_iter().collect())
        }
        "rsplit" => {
            let (part, most): (Option<&str>, Option<i64>) = from_args(arguments)?;
            let most = most
                .and_then(|most| usize::try_from(most).ok())
                .map_or(usize::MAX, |most| most.saturating_add(1));
            let mut parts: Vec<&str> = match part {
                Some(part) => text.rsplitn(most, part).collect(),
                None if most == usize::MAX => text.split_whitespace().rev().collect(),
                None => text
                    .trim()
                    .rsplitn(most, char::is_whitespace)
                    .map(str::trim_end)
                    .collect(),
            };
            parts.reverse();
            Ok(parts.into_iter().map(Value::from).collect())
        }
        "removeprefix" | "removesuffix" => {
            let (part,): (&str,) = from_args(arguments)?;
            let rest = if name == "removeprefix" {
                text.strip_prefix(part)
            } else {
                text.strip_suffix(part)
            };
            Ok(Value::from(rest.unwrap_or(text)))
        }
        "casefold" => {
            let () = from_args(arguments)?;
            Ok(Value::from(text.to_lowercase()))
        }
        "swapcase" => {
            let () = from_args(arguments)?;
            let swap = |char: char| -> String {
                if char.is_uppercase() {
                    char.to_lowercase().collect()
                } else {
                    char.to_uppercase().collect()
                }
            };
            Ok(Value::from(text.chars().map(swap).collect::<String>()))
        }
        "center" | "ljust" | "rjust" => {
            let (width, fill): (usize, Option<char>) = from_args(arguments)?;
            let side = match name {
                "center" => Side::Both,
                "ljust" => Side::Right,
                _ => Side::Left,
            };
            pad(state, text, width, side, fill.unwrap_or(' ')).map(Value::from)
        }
        "zfill" => {
            let (width,): (usize,) = from_args(arguments)?;
            let (sign, digits) = text.split_at(usize::from(text.starts_with(['-', '+'])));
            let digits = pad(state, digits, width.saturating_sub(sign.len()), Side::Left, '0')?;
            Ok(Value::from(format!("{sign}{digits}")))
        }
        _ => Err(Error::new(
            ErrorKind::UnknownMethod,
            format!("string has no method named {name}"),
        )),
    }
}

/// Whether there are so many digits in a row that a width or a precision may take gigabytes.
fn has_large_number(text: &str) -> bool {
    text.split(|char: char| !char.is_ascii_digit())
        .any(|digits| digits.len() > 5)
}

fn not_found() -> Error {
    Error::new(ErrorKind::InvalidOperation, "index: there is no such part")
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Left,
    Right,
    Both,
}

/// Fills a text up to a width, which the template pays for beforehand.
fn pad(state: &State<'_, '_>, text: &str, width: usize, side: Side, fill: char) -> Result<String, Error> {
    let missing = width.saturating_sub(text.chars().count());
    state.consume_fuel(u64::try_from(missing / 16).unwrap_or(u64::MAX))?;
    let before = match side {
        Side::Left => missing,
        Side::Right => 0,
        // As CPython rounds it.
        Side::Both => missing / 2 + (missing & width & 1),
    };
    let fill = |count: usize| std::iter::repeat_n(fill, count);
    Ok(fill(before)
        .chain(text.chars())
        .chain(fill(missing - before))
        .collect())
}
