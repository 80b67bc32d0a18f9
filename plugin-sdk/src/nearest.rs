//! Finds the known name that somebody probably meant.

use strsim::osa_distance;

/// The name of `known` that is closest to `given`, when it is close enough to be a slip.
pub(crate) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    let allowed = (given.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (osa_distance(&given, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// `, did you mean "x"?` or nothing, to be appended to a message.
pub(crate) fn suggestion<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(given, known)
        .map(|name| format!(", did you mean \"{name}\"?"))
        .unwrap_or_default()
}

/// `unknown mode "sequental", did you mean "sequential"? (known: sequential, transform)`
pub(crate) fn unknown<'a>(
    what: &str,
    given: &str,
    known: impl IntoIterator<Item = &'a str, IntoIter: Clone>,
) -> String {
    let known = known.into_iter();
    let list = known.clone().collect::<Vec<_>>().join(", ");
    format!(
        "unknown {what} \"{given}\"{} (known: {list})",
        suggestion(given, known)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_words_are_not() {
        let known = ["sequential", "transform", "audit"];
        assert_eq!(nearest("sequental", known), Some("sequential"));
        assert_eq!(nearest("SEQUENTIAL", known), Some("sequential"));
        assert_eq!(nearest("audti", known), Some("audit"));
        assert_eq!(nearest("bogus", known), None);
        assert_eq!(
            unknown("mode", "bogus", ["audit"]),
            "unknown mode \"bogus\" (known: audit)"
        );
    }
}
