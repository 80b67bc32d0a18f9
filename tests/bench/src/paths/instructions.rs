//! Instructions of one call in process, counted rather than timed.

use std::collections::BTreeMap;

use plugin_sdk_instructions::{count::count, subjects::SUBJECTS};

use crate::{
    Result,
    measure::{Compared, Effort},
    report::{Row, Target, Unit},
};

const PATH: &str = "instructions";

pub(super) fn measure(_: Effort) -> Result<Vec<Row>> {
    let mut counts = BTreeMap::new();
    for subject in &SUBJECTS {
        counts.insert(subject.name, count(subject)?);
    }
    let compared = SUBJECTS
        .iter()
        .filter(|subject| !subject.floor.is_empty())
        .map(|subject| {
            let floor = SUBJECTS
                .iter()
                .find(|other| other.name == subject.floor)
                .map_or("", |floor| floor.title);
            let compared = Compared::of(&[(counts[subject.name], counts[subject.floor])]);
            let target = match subject.name {
                "full" => Some(Target::RatioAtMost(1.0 / 6.0)),
                "part" => Some(Target::RatioAtMost(1.0 / 12.0)),
                _ => None,
            };
            Row::new(PATH, subject.title, floor, Unit::Instructions, compared).with_target(target)
        });
    Ok(compared.collect())
}
