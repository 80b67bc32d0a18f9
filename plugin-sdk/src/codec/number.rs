//! Numbers of JSON in the doubles of `google.protobuf.Value` ([protocol, section
//! 13](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#13-json-and-struct)).

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "each cast is checked to be exact, which is what this file is for"
)]

use super::CodecError;

/// Up to here every whole number has a double of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The whole number that a double stands for by itself, if it is one within ±2^53. Minus zero stays a float, since no
/// integer is equal to it in every respect.
#[inline]
pub(crate) fn whole(value: f64) -> Option<i64> {
    let is_whole =
        value.trunc() == value && value.abs() <= EXACT && (value != 0.0 || value.is_sign_positive());
    is_whole.then_some(value as i64)
}

/// An integer in the smallest of the types in which serde visits it.
pub(crate) enum Integer {
    U64(u64),
    I64(i64),
    I128(i128),
    U128(u128),
}

/// The whole number that a double stands for where an integer is wanted: of any size, and zero whatever its sign. What
/// more than 64 bits would hold is only for types that do.
pub(crate) fn integer(value: f64, wide: bool) -> Option<Integer> {
    // The ends of the ranges round up to powers of two, which lie outside.
    if value.trunc() != value {
        None
    } else if (0.0..u64::MAX as f64).contains(&value) {
        Some(Integer::U64(value as u64))
    } else if (i64::MIN as f64..0.0).contains(&value) {
        Some(Integer::I64(value as i64))
    } else if wide && (i128::MIN as f64..i128::MAX as f64).contains(&value) {
        Some(Integer::I128(value as i128))
    } else if wide && (0.0..u128::MAX as f64).contains(&value) {
        Some(Integer::U128(value as u128))
    } else {
        None
    }
}

/// The double that holds exactly this integer, or, if that will do, the nearest.
pub(crate) fn double(value: i128, rounded: bool) -> Result<f64, CodecError> {
    if rounded || fits(value.unsigned_abs()) {
        Ok(value as f64)
    } else {
        Err(inexact())
    }
}

/// As [`double`], for the one type that is larger.
pub(crate) fn unsigned_double(value: u128, rounded: bool) -> Result<f64, CodecError> {
    if rounded || fits(value) {
        Ok(value as f64)
    } else {
        Err(inexact())
    }
}

/// Whether all binary digits of a number, but for zeros at its end, have room in the 53 of a double.
fn fits(magnitude: u128) -> bool {
    magnitude == 0 || magnitude >> magnitude.trailing_zeros() < 1 << 53
}

#[cold]
pub(super) fn inexact() -> CodecError {
    CodecError::new(
        "an integer with more than 53 binary digits can't be sent: on gRPC and Unix sockets every number is a double, \
         which would round it; send it as a string",
    )
}

/// The double itself, unless JSON has no text for it.
pub(crate) fn finite(value: f64) -> Result<f64, CodecError> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(CodecError::new(
            "a number that is not finite can't be sent: JSON has no NaN and no infinity",
        ))
    }
}
