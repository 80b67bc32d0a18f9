//! Tags of protobuf fields, from their numbers.

use crate::codec::wire::{LENGTH_DELIMITED, tag};

/// The tag of a string, of bytes, or of a message.
pub(super) const fn bytes(number: u32) -> u8 {
    tag(low(number), LENGTH_DELIMITED)
}

/// The tag of a boolean, an enum, or an integer.
pub(super) const fn varint(number: u32) -> u8 {
    tag(low(number), 0)
}

/// The tag of a double.
pub(super) const fn double(number: u32) -> u8 {
    tag(low(number), 1)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the numbers of all fields are below 16"
)]
const fn low(number: u32) -> u8 {
    number as u8
}
