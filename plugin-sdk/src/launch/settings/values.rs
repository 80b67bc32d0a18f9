//! What the values of settings may be.

use std::time::Duration;

pub(crate) use crate::environment::path;

/// What [`seconds`] takes.
pub(crate) const SECONDS: &str = "seconds from 0.001 to 86400, with or without a fraction";

#[cfg(any(feature = "grpc", feature = "mcp"))]
pub(super) fn host(text: &str) -> Option<String> {
    (!text.is_empty() && !text.contains(char::is_whitespace)).then(|| text.to_owned())
}

#[cfg(any(feature = "grpc", feature = "mcp"))]
pub(super) fn boolean(text: &str) -> Option<bool> {
    crate::environment::boolean(text)
}

/// Words with commas between them.
#[cfg(feature = "mcp")]
pub(super) fn list(text: &str) -> Option<Vec<String>> {
    let words: Vec<_> = text.split(',').map(|word| word.trim().to_owned()).collect();
    let complete = words
        .iter()
        .all(|word| !word.is_empty() && !word.contains(char::is_whitespace));
    complete.then_some(words)
}

pub(super) fn file_mode(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let mode = u32::from_str_radix(digits, 8).ok()?;
    (mode <= 0o777 && mode & 0o600 == 0o600).then_some(mode)
}

pub(super) fn whole<N: std::str::FromStr + PartialOrd>(
    text: &str,
    allowed: std::ops::RangeInclusive<N>,
) -> Option<N> {
    text.parse().ok().filter(|number| allowed.contains(number))
}

pub(super) fn size(text: &str) -> Option<usize> {
    let (digits, unit) = match text.to_lowercase() {
        text if text.ends_with("kib") => (text.trim_end_matches("kib").trim().to_owned(), 1 << 10),
        text if text.ends_with("mib") => (text.trim_end_matches("mib").trim().to_owned(), 1 << 20),
        text => (text, 1),
    };
    let bytes = digits.parse::<usize>().ok()?.checked_mul(unit)?;
    // The length of a message is sent in four bytes.
    (1024..=u32::MAX as usize).contains(&bytes).then_some(bytes)
}

pub(crate) fn seconds(text: &str) -> Option<Duration> {
    let seconds = text
        .parse::<f64>()
        .ok()
        .filter(|seconds| (0.001..=86_400.0).contains(seconds))?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("16777216"), Some(16 << 20));
        assert_eq!(size("16 MiB"), Some(16 << 20));
        assert_eq!(size("64kib"), Some(64 << 10));
        assert_eq!(size("1000"), None);
        assert_eq!(size("5GB"), None);
    }

    #[test]
    fn seconds_have_fractions_and_bounds() {
        assert_eq!(seconds("2.5"), Some(Duration::from_millis(2500)));
        for text in ["0", "-1", "inf", "nan", "86401", "5s"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
