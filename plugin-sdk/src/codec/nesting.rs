//! How deep documents may nest, counted as protobuf counts it, so that a peer's own limit is met exactly.

use super::{
    CodecError,
    message::{Kind, Message},
    plain,
};

/// Levels of protobuf messages that a `Struct` may still open.
///
/// Protobuf libraries bound the nesting of *messages* (100 levels in Python's), and a nested object takes three of
/// them (`Struct`, its map entry, `Value`), a nested list two (`ListValue`, `Value`). The setting of this SDK is the
/// number of nested objects; the levels follow from it: 33 objects are the 100 levels of a Python host
/// ([protocol, section
/// 13](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#13-json-and-struct)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Levels(u32);

impl Levels {
    /// The default of the setting: what Python hosts can read.
    pub(crate) const DEFAULT_OBJECTS: u32 = 33;

    /// The most that the setting can be raised to: reading recurses once for each level.
    pub(crate) const MAX_OBJECTS: u32 = 100;

    pub(crate) const fn of_objects(objects: u32) -> Self {
        let objects = if objects > Self::MAX_OBJECTS {
            Self::MAX_OBJECTS
        } else {
            objects
        };
        Self(objects * 3 + 1)
    }

    /// What is left `count` messages further in.
    #[inline]
    pub(crate) fn enter(self, count: u32, offset: usize) -> Result<Self, CodecError> {
        match self.0.checked_sub(count) {
            Some(left) => Ok(Self(left)),
            None => Err(CodecError::too_deep(TOO_DEEP).at_byte(offset)),
        }
    }

    /// As [`enter`](Self::enter), where there is no byte to name.
    #[inline]
    pub(crate) fn open(self, count: u32) -> Result<Self, CodecError> {
        self.0
            .checked_sub(count)
            .map(Self)
            .ok_or_else(|| CodecError::too_deep(TOO_DEEP))
    }

    /// This number of levels further in, as far as there are any.
    pub(super) fn less(self, levels: u32) -> Self {
        Self(self.0.saturating_sub(levels))
    }

    /// The same bound, as the message around sees it.
    pub(super) fn around(self) -> Self {
        Self(self.0 + 1)
    }

    /// How many levels these are.
    pub(crate) fn count(self) -> u32 {
        self.0
    }

    pub(crate) fn holds(self, levels: u32) -> bool {
        levels <= self.0
    }
}

const TOO_DEEP: &str = "the limit allows (PLUGINS_MAX_NESTING)";

/// Levels of objects and lists in a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JsonLevels(u32);

impl JsonLevels {
    pub(crate) const DEFAULT: u32 = 128;

    /// The most that the setting can be raised to: reading recurses once for each level.
    pub(crate) const MAX: u32 = 200;

    pub(crate) const fn new(levels: u32) -> Self {
        Self(levels)
    }

    /// The same limit for a payload in the result around it, so that what arrives can go back.
    pub(crate) const fn in_result(self) -> Self {
        Self(self.0 + 1)
    }

    /// The same limit for the maps of a context, which lie up to two objects deep in it; on the wire each is a document of its
    /// own.
    pub(crate) const fn in_context(self) -> Self {
        Self(self.0 + 2)
    }

    /// The same limit for the whole answer around a result or a context.
    pub(crate) const fn in_answer(self) -> Self {
        Self(self.0 + 3)
    }

    #[inline]
    pub(crate) fn holds(self, depth: u32) -> bool {
        depth <= self.0
    }

    /// Levels of the other form in which all that nests so deep has room.
    pub(super) const fn as_objects(self) -> Levels {
        Levels(self.0 * 3 + 2)
    }
}

pub(super) const JSON_TOO_DEEP: &str = "the limit allows (PLUGINS_MAX_JSON_NESTING)";

/// The limits of both forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nesting {
    pub(crate) levels: Levels,
    pub(crate) json: JsonLevels,
}

impl Nesting {
    pub(crate) const DEFAULT: Self = Self::new(Levels::DEFAULT_OBJECTS, JsonLevels::DEFAULT);

    pub(crate) const fn new(objects: u32, json: u32) -> Self {
        Self {
            levels: Levels::of_objects(objects),
            json: JsonLevels(if json > JsonLevels::MAX {
                JsonLevels::MAX
            } else {
                json
            }),
        }
    }
}

/// Checks a whole `Struct` without keeping anything of it: its encoding, its strings, its numbers and its nesting.
/// Returns the levels that it takes, itself included. What passes can be read piece by piece later without an error.
pub(crate) fn check_struct(message: &Message<'_>, levels: Levels) -> Result<u32, CodecError> {
    // Only the outermost message is tried: again and again at each level, it would cost as much as there are levels.
    if let Message::One(slice) = message
        && let Some(taken) = plain::check_struct(slice.bytes, levels.0)
    {
        return Ok(taken);
    }
    check_struct_generally(message, levels)
}

pub(super) fn check_struct_generally(message: &Message<'_>, levels: Levels) -> Result<u32, CodecError> {
    let inside = levels.enter(1, message.offset())?;
    let mut deepest = 0;
    let mut entries = message.clone().entries();
    while let Some(entry) = entries.next_entry()? {
        let value = inside.enter(2, entry.value.offset())?;
        let taken = check_value(&entry.value, value).map_err(|error| error.in_key(entry.key))?;
        deepest = deepest.max(2 + taken);
    }
    Ok(1 + deepest)
}

/// As [`check_struct`], where every value must be a string.
pub(crate) fn check_strings(message: &Message<'_>, levels: Levels) -> Result<u32, CodecError> {
    if let Message::One(slice) = message
        && plain::check_strings(slice.bytes, levels.0).is_some()
    {
        return Ok(3);
    }
    check_strings_generally(message, levels)
}

pub(super) fn check_strings_generally(message: &Message<'_>, levels: Levels) -> Result<u32, CodecError> {
    let inside = levels.enter(1, message.offset())?;
    let mut entries = message.clone().entries();
    while let Some(entry) = entries.next_entry()? {
        inside.enter(2, entry.value.offset())?;
        let found = match entry.value.kind()? {
            Kind::String(_) => continue,
            Kind::Null => "null",
            Kind::Number(_) => "a number",
            Kind::Bool(_) => "a boolean",
            Kind::Struct(_) => "an object",
            Kind::List(_) => "a list",
        };
        let message = format!("invalid type: {found}, expected a string");
        return Err(CodecError::new(message).in_key(entry.key));
    }
    Ok(3)
}

/// As [`check_struct`], for a `Value`.
pub(crate) fn check_value(message: &Message<'_>, levels: Levels) -> Result<u32, CodecError> {
    match message.kind()? {
        Kind::Struct(message) => check_struct_generally(&message, levels),
        Kind::List(message) => check_list(&message, levels),
        Kind::Null | Kind::Number(_) | Kind::String(_) | Kind::Bool(_) => Ok(0),
    }
}

fn check_list(message: &Message<'_>, levels: Levels) -> Result<u32, CodecError> {
    let inside = levels.enter(1, message.offset())?;
    let mut deepest = 0;
    let mut index = 0;
    let mut values = message.clone().values();
    while let Some(value) = values.next()? {
        let taken = check_value(&Message::One(value), inside.enter(1, value.offset)?)
            .map_err(|error| error.in_index(index))?;
        deepest = deepest.max(1 + taken);
        index += 1;
    }
    Ok(1 + deepest)
}

/// What can be told of a JSON text before it is parsed.
pub(crate) struct Scanned {
    /// Whether there are integers that may need more than 64 bits.
    pub(crate) has_long_integers: bool,
}

/// Checks the nesting of a JSON text before it is parsed.
pub(crate) fn check_json(text: &[u8], levels: JsonLevels) -> Result<Scanned, CodecError> {
    let (mut depth, mut has_long_integers) = (0_u32, false);
    let mut position = 0;
    while let Some(&byte) = text.get(position) {
        match byte {
            b'"' => position = end_of_string(text, position),
            b'{' | b'[' => {
                depth += 1;
                if !levels.holds(depth) {
                    return Err(CodecError::too_deep(JSON_TOO_DEEP).at_byte(position));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'-' | b'0'..=b'9' => {
                let length = length_of_number(&text[position..]);
                let number = &text[position..position + length];
                has_long_integers |= length >= LONG && number[1..].iter().all(u8::is_ascii_digit);
                position += length - 1;
            }
            _ => {}
        }
        position += 1;
    }
    Ok(Scanned { has_long_integers })
}

/// An integer of fewer characters fits into 64 bits.
const LONG: usize = 19;

/// How long the number is that stands at the front.
pub(crate) fn length_of_number(text: &[u8]) -> usize {
    let is_part = |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
    text.iter().take_while(is_part).count()
}

/// Where the string ends that begins here. Strings are most of a large text.
pub(crate) fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut position = start + 1;
    while let Some(found) = memchr::memchr2(b'"', b'\\', text.get(position..).unwrap_or_default()) {
        position += found;
        if text[position] == b'"' {
            return position;
        }
        // What is escaped ends nothing.
        position += 2;
    }
    text.len()
}
