//! The rows as tables in Markdown, and where they go in a document.

use std::{fmt::Write, fs, path::Path};

use super::{Row, json::Record, ratio};
use crate::Result;

const BEGIN: &str = "<!-- figures: begin -->";
const END: &str = "<!-- figures: end -->";

/// A table for each path, in the order in which paths are measured.
pub(crate) fn tables(record: &Record) -> String {
    let mut text = format!("{}\n", record.machine);
    for (path, title) in crate::paths::titles() {
        let rows: Vec<_> = record.rows.iter().filter(|row| row.path == path).collect();
        if rows.is_empty() {
            continue;
        }
        let with_processor = rows.iter().any(|row| row.processor.is_some());
        // Writing to a text can't fail.
        let _ = write!(
            text,
            "\n### {title}\n\n| | floor | ours | floor is | ratio (rounds) |"
        );
        text.push_str(if with_processor {
            " server's processor per call: ours, floor |"
        } else {
            ""
        });
        text.push_str(" target | |\n|---|---|--:|--:|--:|");
        text.push_str(if with_processor { "--:|" } else { "" });
        text.push_str("--:|---|\n");
        for row in rows {
            text.push_str(&line(row, with_processor));
        }
    }
    text
}

fn line(row: &Row, with_processor: bool) -> String {
    let processor = match row.processor {
        Some((ours, floor)) if with_processor => format!(" {ours:.1} µs, {floor:.1} µs |"),
        None if with_processor => " |".to_owned(),
        _ => String::new(),
    };
    let target = row.target.map(|target| target.show(row.unit)).unwrap_or_default();
    let met = match row.is_met() {
        Some(true) => "met",
        Some(false) => "**not met**",
        None => "",
    };
    format!(
        "| {} | {} | {} | {} | **{}** ({} … {}) |{processor} {target} | {met} |\n",
        row.case,
        row.floor,
        row.unit.show(row.ours),
        row.unit.show(row.floor_is),
        ratio(row.ratio),
        ratio(row.lowest),
        ratio(row.highest),
    )
}

/// Puts the tables between the markers of a document.
pub(crate) fn write_into(document: &Path, tables: &str) -> Result<()> {
    let text = fs::read_to_string(document).map_err(|error| format!("{}: {error}", document.display()))?;
    let missing = || {
        format!(
            "{} has no lines {BEGIN} and {END} to put the tables between",
            document.display()
        )
    };
    let (before, rest) = text.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    fs::write(document, format!("{before}{BEGIN}\n\n{tables}\n{END}{after}"))?;
    Ok(())
}
