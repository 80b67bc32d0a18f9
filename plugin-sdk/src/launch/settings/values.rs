//! What the values of settings may be.

use std::time::Duration;

use crate::environment::SECONDS;
pub(super) use crate::environment::boolean;
pub(crate) use crate::environment::path;

/// The most bytes of a size: the length of a message is sent in four bytes.
pub(super) const LARGEST: usize = u32::MAX as usize;

/// What [`seconds`] takes.
pub(crate) fn allowed_seconds() -> String {
    format!("seconds from {} to {}", SECONDS.start(), SECONDS.end())
}

/// A name, or an address in the form in which it is compared with others.
pub(super) fn host(text: &str) -> Option<String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    if let Ok(address) = bare.unwrap_or(text).parse::<std::net::IpAddr>() {
        return Some(address.to_canonical().to_string());
    }
    // Resolvers read a name that ends in a number as an address in a short form, and `0` as every address of the machine.
    let last = text.rsplit('.').find(|label| !label.is_empty()).unwrap_or(text);
    let is_number =
        last.bytes().all(|digit| digit.is_ascii_digit()) || last.starts_with("0x") || last.starts_with("0X");
    (!is_number && !text.contains(char::is_whitespace)).then(|| text.to_owned())
}

/// Words with commas between them.
#[cfg(feature = "mcp")]
pub(super) fn list(text: &str, is_entry: fn(&str) -> bool) -> Option<Vec<String>> {
    let words: Vec<_> = text.split(',').map(|word| word.trim().to_owned()).collect();
    let is_word = |word: &String| !word.is_empty() && !word.contains(char::is_whitespace) && is_entry(word);
    words.iter().all(is_word).then_some(words)
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

pub(super) fn size(text: &str, least: usize) -> Option<usize> {
    let (digits, unit) = match text.to_lowercase() {
        text if text.ends_with("kib") => (text.trim_end_matches("kib").trim().to_owned(), 1 << 10),
        text if text.ends_with("mib") => (text.trim_end_matches("mib").trim().to_owned(), 1 << 20),
        text => (text, 1),
    };
    let bytes = digits.parse::<usize>().ok()?.checked_mul(unit)?;
    (least..=LARGEST).contains(&bytes).then_some(bytes)
}

pub(crate) fn seconds(text: &str) -> Option<Duration> {
    let seconds = text
        .parse::<f64>()
        .ok()
        .filter(|seconds| SECONDS.contains(seconds))?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("16777216", 1024), Some(16 << 20));
        assert_eq!(size("16 MiB", 1024), Some(16 << 20));
        assert_eq!(size("64kib", 1024), Some(64 << 10));
        assert_eq!(size("1000", 1024), None);
        assert_eq!(size("5GB", 1024), None);
    }

    #[test]
    fn a_host_is_a_name_or_an_address_in_full() {
        for (text, expected) in [
            ("127.0.0.1", "127.0.0.1"),
            ("0.0.0.0", "0.0.0.0"),
            ("::", "::"),
            ("[::]", "::"),
            ("::0", "::"),
            ("0:0:0:0:0:0:0:0", "::"),
            ("::ffff:0.0.0.0", "0.0.0.0"),
            ("::ffff:127.0.0.1", "127.0.0.1"),
            ("localhost", "localhost"),
            ("plugin-0.plugins.svc", "plugin-0.plugins.svc"),
        ] {
            assert_eq!(host(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "0",
            "00",
            "0.0",
            "127.1",
            "0x0",
            "0x7f.1",
            "0.",
            "2130706433",
            "000.0.0.0",
            "a b",
        ] {
            assert_eq!(host(text), None, "{text}");
        }
    }

    #[test]
    fn seconds_have_fractions_and_bounds() {
        assert_eq!(seconds("2.5"), Some(Duration::from_millis(2500)));
        for text in ["0", "-1", "inf", "nan", "86401", "5s"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
