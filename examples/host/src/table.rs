//! A table on the terminal.

use crate::chain::Step;

/// The steps with a line each, in columns.
pub(crate) fn of(steps: &[Step]) -> String {
    let head = ["plugin", "mode", "priority", "time", "what it did"].map(str::to_owned);
    let rows = steps.iter().map(|step| {
        let time = format!("{:.1} ms", step.time.as_secs_f64() * 1000.0);
        [
            step.plugin.clone(),
            step.mode.to_owned(),
            step.priority.clone(),
            time,
            step.what.clone(),
        ]
    });
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths = [width(0), width(1), width(2), width(3)];
    let line = |row: &[String; 5]| {
        let cells = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}  "));
        cells.collect::<Vec<_>>().concat() + &row[4]
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
