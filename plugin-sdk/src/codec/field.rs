//! The fields of `google.protobuf.Struct`, `Value` and `ListValue`: their numbers, and the tags that they are written with.

use super::wire::{WireType, tag};

pub(super) mod number {
    pub(crate) const NULL: u32 = 1;
    pub(crate) const NUMBER: u32 = 2;
    pub(crate) const STRING: u32 = 3;
    pub(crate) const BOOL: u32 = 4;
    pub(crate) const STRUCT: u32 = 5;
    pub(crate) const LIST: u32 = 6;
    /// An entry of a `Struct`, and a value of a `ListValue`.
    pub(crate) const ELEMENT: u32 = 1;
    /// The key of an entry.
    pub(crate) const KEY: u32 = 1;
    /// The value of an entry.
    pub(crate) const VALUE: u32 = 2;
}

pub(super) const NULL: u8 = tag(number::NULL, WireType::Varint);
pub(super) const NUMBER: u8 = tag(number::NUMBER, WireType::Fixed64);
pub(super) const STRING: u8 = tag(number::STRING, WireType::Bytes);
pub(super) const BOOL: u8 = tag(number::BOOL, WireType::Varint);
pub(super) const STRUCT: u8 = tag(number::STRUCT, WireType::Bytes);
pub(super) const LIST: u8 = tag(number::LIST, WireType::Bytes);
pub(super) const ELEMENT: u8 = tag(number::ELEMENT, WireType::Bytes);
pub(super) const KEY: u8 = tag(number::KEY, WireType::Bytes);
pub(super) const VALUE: u8 = tag(number::VALUE, WireType::Bytes);
