//! Finds the known name that somebody probably meant.

/// The name of `known` that is closest to `given`, when it is close enough to be a slip.
pub(crate) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    let allowed = (given.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (distance(&given, &name.to_lowercase()), name))
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

/// How many letters have to be inserted, removed, replaced or swapped with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before_previous: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    let mut last_left = None;
    for (row, letter) in left.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in right.iter().enumerate() {
            let mut cost = (previous[column] + usize::from(letter != *other))
                .min(previous[column + 1] + 1)
                .min(current[column] + 1);
            let swapped = column > 0 && last_left == Some(*other) && right[column - 1] == letter;
            if swapped && let Some(two_back) = before_previous.get(column - 1) {
                cost = cost.min(two_back + 1);
            }
            current.push(cost);
        }
        before_previous = std::mem::replace(&mut previous, current);
        last_left = Some(letter);
    }
    previous.last().copied().unwrap_or_default()
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
