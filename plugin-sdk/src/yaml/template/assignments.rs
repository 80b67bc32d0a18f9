//! Limits on what `{% set %}` stores, so that no value holds itself, and none is so deep or so large that walking it ends the process.
//!
//! minijinja stores any value, and walks it on the stack without a limit to print, compare or drop it. So the value of each `set` goes
//! through a filter first, which is written into the source. This changes no line.

use std::borrow::Cow;

use minijinja::{
    Environment, Error, ErrorKind, State, Value, functions,
    value::{ObjectRepr, Tuple},
};

use super::{
    bounds,
    variables::{Absent, Variables},
};

/// Values in one another, as many as YAML may have.
const MAX_DEPTH: usize = 256;

/// Values that are walked for one step.
const VALUES_PER_STEP: usize = 8;

/// For `{% set name = value %}`.
const NAME: &str = "__set_name";
/// For `{% set namespace.name = value %}`.
const ATTRIBUTE: &str = "__set_attribute";

/// Adds the filters that `guard` writes into a source.
pub(super) fn extend(templates: &mut Environment<'_>) {
    templates.add_filter(NAME, |state: &State<'_, '_>, value: &Value| {
        weigh(state, value)?;
        Ok::<_, Error>(value.clone())
    });
    templates.add_filter(ATTRIBUTE, |state: &State<'_, '_>, value: &Value| {
        Walk::new(state).settled(value, 0)
    });
}

/// The source with a filter behind the value of each `{% set %}`.
pub(super) fn guard(source: &str) -> Cow<'_, str> {
    let (mut guarded, mut done) = (String::new(), 0);
    for tag in bounds::tags(source).filter(|tag| tag.kind == b'%' && !tag.is_raw) {
        let inner = &source[tag.start..tag.start + tag.length];
        let Some(Assignment {
            value,
            end,
            filter,
            is_block,
        }) = Assignment::of(inner)
        else {
            continue;
        };
        let (value, end) = (tag.start + value, tag.start + end);
        let (open, close) = if is_block { ("", "|") } else { ("(", ")|") };
        guarded.extend([&source[done..value], open, &source[value..end], close, filter]);
        done = end;
    }
    if done == 0 {
        return Cow::Borrowed(source);
    }
    guarded.push_str(&source[done..]);
    Cow::Owned(guarded)
}

/// A tag `{% set %}`.
struct Assignment {
    /// Where its value begins, or the filter of its block.
    value: usize,
    /// Where they end.
    end: usize,
    filter: &'static str,
    is_block: bool,
}

impl Assignment {
    fn of(inner: &str) -> Option<Self> {
        let word = inner.strip_prefix(['-', '+']).unwrap_or(inner).trim_start();
        let target = word.strip_prefix("set")?;
        if target.starts_with(|next: char| next.is_alphanumeric() || next == '_') {
            return None;
        }
        // The text of a block without a filter is no value that could hold another.
        let at = target.find(['=', '|'])?;
        let value = inner.len() - target.len() + at + 1;
        let end = inner.strip_suffix(['-', '+']).unwrap_or(inner).len();
        let filter = if target[..at].contains('.') {
            ATTRIBUTE
        } else {
            NAME
        };
        is_balanced(inner.get(value..end)?).then_some(Self {
            value,
            end,
            filter,
            is_block: target[at..].starts_with('|'),
        })
    }
}

/// Whether every bracket has its other half, without which brackets around the text would mean something else. Such a tag is a
/// mistake, and is reported as such.
fn is_balanced(text: &str) -> bool {
    let mut open = 0_usize;
    let mut quote = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(_), '\\') => drop(letters.next()),
            (Some(begun), _) if begun == letter => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, '(' | '[' | '{') => open += 1,
            (None, ')' | ']' | '}') => match open.checked_sub(1) {
                Some(left) => open = left,
                None => return false,
            },
            _ => {}
        }
    }
    open == 0 && quote.is_none()
}

/// Lets the template pay for a walk through all of a value.
pub(super) fn weigh(state: &State<'_, '_>, value: &Value) -> Result<(), Error> {
    Walk::new(state).weigh(value, 0)
}

/// A way through a value and what is in it.
struct Walk<'a, 'template, 'env> {
    state: &'a State<'template, 'env>,
    seen: usize,
}

impl<'a, 'template, 'env> Walk<'a, 'template, 'env> {
    fn new(state: &'a State<'template, 'env>) -> Self {
        Self { state, seen: 0 }
    }

    fn enter(&mut self, depth: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(refused(format!("more than {MAX_DEPTH} values in one another")));
        }
        self.seen += 1;
        if self.seen.is_multiple_of(VALUES_PER_STEP) {
            self.state.consume_fuel(1)?;
        }
        Ok(())
    }

    fn weigh(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        self.enter(depth)?;
        match Form::of(value)? {
            Form::Leaf | Form::Other => {}
            Form::List | Form::Tuple => {
                for item in value.try_iter()? {
                    self.weigh(&item, depth + 1)?;
                }
            }
            Form::Map | Form::Namespace => {
                for key in value.try_iter()? {
                    self.weigh(&value.get_item(&key)?, depth + 1)?;
                    self.weigh(&key, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    /// The value as it is now: of what is made while it is read, such as `items()` of a namespace, the outcome.
    fn settled(&mut self, value: &Value, depth: usize) -> Result<Value, Error> {
        self.enter(depth)?;
        let mut items = || -> Result<Vec<Value>, Error> {
            let items = value.try_iter()?;
            items.map(|item| self.settled(&item, depth + 1)).collect()
        };
        match Form::of(value)? {
            Form::Leaf => Ok(value.clone()),
            Form::List => items().map(Value::from),
            Form::Tuple => items().map(|items| Value::from_object(Tuple::new(items))),
            Form::Map => {
                let mut pairs = Vec::new();
                for key in value.try_iter()? {
                    let item = self.settled(&value.get_item(&key)?, depth + 1)?;
                    pairs.push((self.settled(&key, depth + 1)?, item));
                }
                Ok(Value::from_pairs(pairs))
            }
            Form::Namespace => Err(refused("a namespace cannot hold a namespace")),
            Form::Other => Err(refused(
                "a namespace can hold only strings, numbers, lists and mappings",
            )),
        }
    }
}

/// What a value is to a walk.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// It holds no other, or none that a template can change.
    Leaf,
    List,
    Tuple,
    Map,
    Namespace,
    /// A macro, a loop, a cycler.
    Other,
}

impl Form {
    fn of(value: &Value) -> Result<Self, Error> {
        let Some(object) = value.as_object() else {
            return Ok(Self::Leaf);
        };
        if object.downcast_ref::<Variables>().is_some() || object.downcast_ref::<Absent>().is_some() {
            return Ok(Self::Leaf);
        }
        let is_like = |other: &Value| {
            other
                .as_object()
                .is_some_and(|other| other.type_name() == object.type_name())
        };
        Ok(match object.repr() {
            ObjectRepr::Seq | ObjectRepr::Iterable if object.downcast_ref::<Tuple>().is_some() => Self::Tuple,
            ObjectRepr::Seq | ObjectRepr::Iterable => Self::List,
            ObjectRepr::Map if is_like(&functions::namespace(None)?) => Self::Namespace,
            ObjectRepr::Map if is_like(&Value::from_pairs(Vec::<(Value, Value)>::new())) => Self::Map,
            _ => Self::Other,
        })
    }
}

fn refused(reason: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_set_is_guarded() {
        for (source, expected) in [
            ("{% set a = 1 %}", "{% set a =( 1 )|__set_name%}"),
            (
                "{%- set a.b=x if y -%}",
                "{%- set a.b=(x if y )|__set_attribute-%}",
            ),
            ("{% set a, b = 1, 2 %}", "{% set a, b =( 1, 2 )|__set_name%}"),
            (
                "{% set a | upper %}x{% endset %}",
                "{% set a | upper |__set_name%}x{% endset %}",
            ),
            ("{% set a = ')%}' %}x", "{% set a =( ')%}' )|__set_name%}x"),
        ] {
            assert_eq!(guard(source), expected);
        }
        for source in [
            "{% set a %}x{% endset %}",
            "{% settle a = 1 %}",
            "{% raw %}{% set a = 1 %}{% endraw %}",
            "{# {% set a = 1 %} #}",
            "{% set a = n), (1 %}",
            "{{ set = 1 }}",
        ] {
            assert_eq!(guard(source), source);
        }
    }
}
