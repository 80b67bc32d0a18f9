//! `google.protobuf.Struct` in its plain form: every field once and in order, nothing unknown, tags of one byte. Every known
//! peer writes it so.
//!
//! The plain form is read without the care that others need, at a fraction of their cost. What is not in it, or not valid, is
//! `None` here, and left to the general readers, which also say what is wrong. Of the instructions of a small call the check takes off
//! 20 to 30 %, and of those of 64 KiB in many objects 35 %, 70 % where one argument is read; going through the entries of a map takes off
//! 11 % and 23 % more, where all are read.

use super::{
    field::{BOOL, ELEMENT, KEY, LIST, NULL, NUMBER, STRING, STRUCT, VALUE},
    text::is_utf8,
};

/// Takes a length-delimited field with this tag from the front.
#[expect(
    clippy::inline_always,
    reason = "called for every field of a payload, and small"
)]
#[inline(always)]
pub(crate) fn field<'a>(bytes: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (length, rest) = match bytes {
        [first, length @ 0..=0x7f, rest @ ..] if *first == tag => (usize::from(*length), rest),
        [first, low, high @ 0..=0x7f, rest @ ..] if *first == tag => {
            (usize::from(low & 0x7f) | usize::from(*high) << 7, rest)
        }
        [first, rest @ ..] if *first == tag => long_length(rest)?,
        _ => return None,
    };
    let (field, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some(field)
}

fn long_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (low, rest) = bytes.split_first_chunk::<2>()?;
    let mut length = usize::from(low[0] & 0x7f) | usize::from(low[1] & 0x7f) << 7;
    for (index, byte) in rest.iter().take(2).enumerate() {
        length |= usize::from(byte & 0x7f) << (14 + 7 * index);
        if *byte < 0x80 {
            return Some((length, &rest[index + 1..]));
        }
    }
    None
}

/// Takes an entry from the front of a `Struct`: key and value.
#[expect(
    clippy::inline_always,
    reason = "called for every field of a payload, and small"
)]
#[inline(always)]
pub(crate) fn entry<'a>(bytes: &mut &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let mut entry = field(bytes, ELEMENT)?;
    let key = field(&mut entry, KEY)?;
    let value = field(&mut entry, VALUE)?;
    entry.is_empty().then_some((key, value))
}

/// Checks a whole `Struct` that may open this number of levels of messages. Returns the levels that it takes.
pub(super) fn check_struct(mut bytes: &[u8], levels: u32) -> Option<u32> {
    let inside = levels.checked_sub(1)?;
    let mut deepest = 0;
    while !bytes.is_empty() {
        let (key, value) = entry(&mut bytes)?;
        let taken = 2 + check_value(value, inside.checked_sub(2)?)?;
        check_text(key)?;
        deepest = taken.max(deepest);
    }
    Some(1 + deepest)
}

/// As [`check_struct`], where every value must be a string.
pub(super) fn check_strings(mut bytes: &[u8], levels: u32) -> Option<()> {
    levels.checked_sub(3)?;
    while !bytes.is_empty() {
        let (key, mut value) = entry(&mut bytes)?;
        check_text(key)?;
        check_text(field(&mut value, STRING)?)?;
        value.is_empty().then_some(())?;
    }
    Some(())
}

fn check_list(mut bytes: &[u8], levels: u32) -> Option<u32> {
    let inside = levels.checked_sub(1)?;
    let mut deepest = 0;
    while !bytes.is_empty() {
        let value = field(&mut bytes, ELEMENT)?;
        let taken = 1 + check_value(value, inside.checked_sub(1)?)?;
        deepest = taken.max(deepest);
    }
    Some(1 + deepest)
}

fn check_value(mut bytes: &[u8], levels: u32) -> Option<u32> {
    match bytes {
        [NULL | BOOL, 0..=0x7f] => return Some(0),
        [NUMBER, number @ ..] => {
            let number = f64::from_le_bytes(number.try_into().ok()?);
            return number.is_finite().then_some(0);
        }
        _ => {}
    }
    let tag = *bytes.first()?;
    let content = field(&mut bytes, tag)?;
    if !bytes.is_empty() {
        return None;
    }
    match tag {
        STRING => check_text(content).map(|()| 0),
        STRUCT => check_struct(content, levels),
        LIST => check_list(content, levels),
        _ => None,
    }
}

#[inline]
fn check_text(text: &[u8]) -> Option<()> {
    is_utf8(text).then_some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::codec::{
        message::Message,
        nesting::{Levels, check_strings_generally, check_struct_generally},
        to_struct,
    };

    fn document() -> Vec<u8> {
        let long = "é".repeat(9000);
        to_struct(&json!({
            "text": "漢", "": "", "long": long, "list": [null, true, -0.5, ["a", {"k": {}}], []], "object": {"k": [{}]}
        }))
        .unwrap()
    }

    fn general(bytes: &[u8], levels: Levels) -> Option<u32> {
        check_struct_generally(&Message::new(bytes), levels).ok()
    }

    #[test]
    fn what_the_codec_writes_is_plain() {
        let (document, levels) = (document(), Levels::of_objects(33));
        let taken = check_struct(&document, levels.count());
        assert!(taken.is_some());
        assert_eq!(taken, general(&document, levels));
        for objects in 0..6 {
            let levels = Levels::of_objects(objects);
            assert_eq!(
                check_struct(&document, levels.count()),
                general(&document, levels),
                "{objects}"
            );
        }
    }

    proptest! {
        /// What passes here passes the general check, with the same levels.
        #[test]
        fn nothing_passes_that_the_general_check_refuses(
            places in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let mut bytes = to_struct(&json!({
                "a": "text", "b": [1.5, null, true, {"c": "漢"}], "d": {"e": {"f": "g"}, "h": "i"}
            }))
            .unwrap();
            for (place, byte) in places {
                *place.get_mut(&mut bytes) = byte;
            }
            let levels = Levels::of_objects(3);
            if let Some(taken) = check_struct(&bytes, levels.count()) {
                prop_assert_eq!(Some(taken), general(&bytes, levels));
            }
            if check_strings(&bytes, levels.count()).is_some() {
                prop_assert!(check_strings_generally(&Message::new(&bytes), levels).is_ok());
            }
        }
    }
}
