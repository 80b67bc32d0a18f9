//! JSON text under the same rules as the other form: no NaN, no infinity, bounded nesting.

use std::{cell::Cell, io};

use serde::{Deserialize, Serialize};
use serde_json::ser::{CompactFormatter, Formatter};

use super::{
    CodecError,
    nesting::{JSON_TOO_DEEP, JsonLevels},
    ser::{ValueSerializer, Writing},
};

/// Reads JSON text. Its nesting is not limited here: [`check_json`](super::nesting::check_json) comes before.
pub(crate) fn read<'a, T: Deserialize<'a>>(text: &'a [u8]) -> serde_json::Result<T> {
    let mut json = serde_json::Deserializer::from_slice(text);
    json.disable_recursion_limit();
    let value = T::deserialize(&mut json)?;
    json.end()?;
    Ok(value)
}

/// Appends a value as JSON.
///
/// # Errors
///
/// When a part of the value has no form in JSON or nests too deep; the error names the key. Nothing is appended then.
pub(crate) fn write_json<T: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    value: &T,
    levels: JsonLevels,
) -> Result<(), CodecError> {
    let start = out.len();
    let seen = Seen::default();
    let outcome = match write(&mut *out, value, levels, &seen) {
        Ok(()) if !seen.doubtful.get() => return Ok(()),
        Ok(()) => check(value, levels),
        Err(error) if error.is_too_deep() => Err(locate(value, levels).unwrap_or(error)),
        Err(error) => check(value, levels).and(Err(error)),
    };
    if outcome.is_err() {
        out.truncate(start);
    }
    outcome
}

/// A value as JSON in which NaN and infinity are null, as `serde_json` writes it.
///
/// # Errors
///
/// When a part of the value has no form in JSON or nests too deep.
pub(crate) fn any_json<T: Serialize + ?Sized>(value: &T, levels: JsonLevels) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::new();
    write(&mut out, value, levels, &Seen::default())?;
    Ok(out)
}

fn write<T: Serialize + ?Sized>(
    out: impl io::Write,
    value: &T,
    levels: JsonLevels,
    seen: &Seen,
) -> Result<(), CodecError> {
    let formatter = Watching {
        seen,
        depth: 0,
        levels,
    };
    let mut json = serde_json::Serializer::with_formatter(out, formatter);
    value
        .serialize(&mut json)
        .map_err(|error| seen.explain(error.into()))
}

/// `serde_json` writes null for NaN. The other form refuses it, and names the key.
#[cold]
fn check<T: Serialize + ?Sized>(value: &T, levels: JsonLevels) -> Result<(), CodecError> {
    let writing = Writing::of_check(levels.as_objects());
    value.serialize(ValueSerializer::new(&mut Vec::new(), writing))
}

const LONGEST_PATH: usize = 80;

/// What nests too deep, with the keys that lead there.
#[cold]
fn locate<T: Serialize + ?Sized>(value: &T, levels: JsonLevels) -> Option<CodecError> {
    let seen = Seen::default();
    let formatter = Watching {
        seen: &seen,
        depth: 0,
        levels,
    };
    let mut json = serde_json::Serializer::with_formatter(io::sink(), formatter);
    let error = serde_path_to_error::serialize(value, &mut json).err()?;
    // The first keys tell which part it is; the others are as many as there are levels.
    let path: String = error.path().to_string().chars().take(LONGEST_PATH).collect();
    Some(seen.explain(error.into_inner().into()).in_key(&path))
}

/// What was seen while a value was written.
#[derive(Default)]
struct Seen {
    /// Something that must be looked at closer: most results have no null, and are written only once.
    doubtful: Cell<bool>,
    too_deep: Cell<bool>,
}

impl Seen {
    fn explain(&self, error: CodecError) -> CodecError {
        if self.too_deep.get() {
            CodecError::too_deep(JSON_TOO_DEEP)
        } else {
            error
        }
    }
}

/// Writes nothing that nests too deep, whose type may recurse as deep as its stack does not go.
struct Watching<'a> {
    seen: &'a Seen,
    depth: u32,
    levels: JsonLevels,
}

impl Watching<'_> {
    #[inline]
    fn enter(&mut self) -> io::Result<()> {
        self.depth += 1;
        if self.levels.holds(self.depth) {
            return Ok(());
        }
        self.seen.too_deep.set(true);
        Err(io::ErrorKind::InvalidData.into())
    }
}

impl Formatter for Watching<'_> {
    fn write_null<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.seen.doubtful.set(true);
        CompactFormatter.write_null(writer)
    }

    fn write_raw_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        self.seen.doubtful.set(true);
        CompactFormatter.write_raw_fragment(writer, fragment)
    }

    fn begin_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.enter()?;
        CompactFormatter.begin_array(writer)
    }

    fn end_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        CompactFormatter.end_array(writer)
    }

    fn begin_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.enter()?;
        CompactFormatter.begin_object(writer)
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        CompactFormatter.end_object(writer)
    }
}
