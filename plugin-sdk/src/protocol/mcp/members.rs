//! Reading JSON objects of which some members are known, in one pass.
//!
//! What is read is as lenient as the Python server: a member that is not known is skipped, and of two with one name the last
//! counts. A value of the wrong type is kept, so that an error can say what it is instead.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// The known members of an object.
pub(crate) trait Members<'a>: Default {
    const NAMES: &'static [&'static str];

    /// Reads the value of the member with this place in `NAMES`.
    fn read<A: MapAccess<'a>>(&mut self, place: usize, map: &mut A) -> Result<(), A::Error>;
}

/// Names the members of an object and the fields that take them.
macro_rules! members {
    ($object:ident { $($name:literal => $field:ident,)+ }) => {
        impl<'a> $crate::protocol::mcp::members::Members<'a> for $object<'a> {
            const NAMES: &'static [&'static str] = &[$($name),+];

            fn read<A: serde::de::MapAccess<'a>>(&mut self, place: usize, map: &mut A) -> Result<(), A::Error> {
                #[expect(non_camel_case_types, reason = "named as the fields")]
                enum Place {
                    $($field,)+
                }
                $(if place == Place::$field as usize {
                    self.$field = Some(map.next_value()?);
                })+
                Ok(())
            }
        }
    };
}

pub(super) use members;

/// A value that should be an object.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Object<T> {
    Members(T),
    /// It is something else, named as in "must be an object, and is a list".
    Other(&'static str),
}

impl<T: Default> Object<T> {
    /// The members; none if it is no object.
    pub(crate) fn members(self) -> T {
        match self {
            Self::Members(members) => members,
            Self::Other(_) => T::default(),
        }
    }
}

impl<'de, T: Members<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Members<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = T::default();
        while let Some(place) = map.next_key_seed(Name(T::NAMES))? {
            match place {
                Some(place) => members.read(place, &mut map)?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Object::Members(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Object::Other("a list"))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Object::Other("a string"))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Object::Other("null"))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Object::Other("a boolean"))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Object::Other("a number"))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Object::Other("a number"))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Object::Other("a number"))
    }
}

/// The place of a name among those that are known.
struct Name(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<usize>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a member")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|known| *known == name))
    }
}

/// What a string holds; nothing for a value that is no string.
pub(crate) fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    let text = value.get();
    let inside = text.strip_prefix('"')?.strip_suffix('"')?;
    if inside.contains('\\') {
        serde_json::from_str(text).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inside))
    }
}

/// The type of a value, as in "must be a string, and is a list".
pub(crate) fn kind(value: &RawValue) -> &'static str {
    match value.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') | None => "null",
        Some(_) => "a number",
    }
}

pub(crate) fn is_object(value: &RawValue) -> bool {
    value.get().starts_with('{')
}
