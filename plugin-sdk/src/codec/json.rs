//! JSON text under the same rules as the other form: no NaN, no infinity, bounded nesting.

use std::{cell::Cell, io};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};

use super::{
    CodecError,
    nesting::Levels,
    ser::{ValueSerializer, Writing},
};

/// Appends a value as JSON.
///
/// # Errors
///
/// When a part of the value has no form in JSON or nests too deep; the error names the key. Nothing is appended then.
pub(crate) fn write_json<T: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    value: &T,
    levels: Levels,
) -> Result<(), CodecError> {
    let start = out.len();
    let doubtful = Cell::new(false);
    let formatter = Watching {
        doubtful: &doubtful,
        depth: 0,
        levels,
    };
    let mut json = serde_json::Serializer::with_formatter(&mut *out, formatter);
    let mut outcome = value.serialize(&mut json).map_err(CodecError::from);
    if doubtful.get() || outcome.is_err() {
        outcome = check(value, levels).and(outcome);
    }
    if outcome.is_err() {
        out.truncate(start);
    }
    outcome
}

/// `serde_json` writes null for NaN, and nests as deep as it is told. The other form refuses both, and names the key.
#[cold]
fn check<T: Serialize + ?Sized>(value: &T, levels: Levels) -> Result<(), CodecError> {
    let writing = Writing::of_check(levels);
    value.serialize(ValueSerializer::new(&mut Vec::new(), writing))
}

/// Notes what must be looked at closer: most results have no null and are flat, and are written only once.
struct Watching<'a> {
    doubtful: &'a Cell<bool>,
    depth: u32,
    levels: Levels,
}

impl Watching<'_> {
    fn enter(&mut self) {
        self.depth += 1;
        // What the deepest kind of nesting takes, and a value inside.
        if !self.levels.holds(self.depth.saturating_mul(3).saturating_add(2)) {
            self.doubtful.set(true);
        }
    }
}

impl Formatter for Watching<'_> {
    fn write_null<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.doubtful.set(true);
        CompactFormatter.write_null(writer)
    }

    fn write_raw_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        self.doubtful.set(true);
        CompactFormatter.write_raw_fragment(writer, fragment)
    }

    fn begin_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.enter();
        CompactFormatter.begin_array(writer)
    }

    fn end_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        CompactFormatter.end_array(writer)
    }

    fn begin_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.enter();
        CompactFormatter.begin_object(writer)
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        CompactFormatter.end_object(writer)
    }
}
