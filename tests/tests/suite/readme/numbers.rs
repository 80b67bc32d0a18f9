//! The numbers of the README are those of `docs/performance.json`.

use std::{fmt::Write as _, fs};

use serde_json::Value as Json;

use super::{read, root};

const BEGIN: &str = "<!-- numbers: begin -->\n";
const END: &str = "<!-- numbers: end -->";

/// What the README says of a row, and where the row is: path, case, and what stands beside it.
const ROWS: [(&str, [&str; 3]); 6] = [
    (
        "server's processor time for a call, Unix socket",
        ["python-server", "Unix socket, 1 connection", "Python server"],
    ),
    (
        "the same, gRPC, 8 calls at a time",
        ["python-server", "gRPC, 8 at a time", "Python server"],
    ),
    (
        "the same, MCP over HTTP",
        ["python-server", "MCP over HTTP, 1 connection", "Python server"],
    ),
    (
        "calls of an unmodified Python host, gRPC, 16 at a time",
        ["python-host", "gRPC, 16 at a time", "Python server"],
    ),
    (
        "start to first answer, Unix socket",
        ["resources", "Unix socket: start to first answer", "Python server"],
    ),
    (
        "memory after the first answer",
        ["resources", "Unix socket: memory after it", "Python server"],
    ),
];

/// A figure with its unit, to three places at most.
fn figure(value: f64, unit: &str) -> String {
    match unit {
        "calls_per_second" => format!("{:.0}/s", (value / 10.0).round() * 10.0),
        "microseconds" => format!("{value:.0} µs"),
        "milliseconds" => format!("{value:.0} ms"),
        "bytes" => format!("{:.0} MiB", value / 1_048_576.0),
        unit => panic!("no form for figures in {unit}"),
    }
}

fn table() -> String {
    let measured: Json = serde_json::from_str(&read("docs/performance.json")).unwrap();
    let mut table = String::from("| | this SDK | Python server |\n|---|--:|--:|\n");
    for (title, [path, case, floor]) in ROWS {
        let rows = measured["rows"].as_array().unwrap();
        let row = rows
            .iter()
            .find(|row| row["path"] == path && row["case"] == case && row["floor"] == floor)
            .unwrap_or_else(|| panic!("{path}: {case} was not measured"));
        let unit = row["unit"].as_str().unwrap();
        let [ours, theirs] = ["ours", "floor_is"].map(|key| figure(row[key].as_f64().unwrap(), unit));
        let _ = writeln!(table, "| {title} | {ours} | {theirs} |");
    }
    let machine = measured["machine"].as_str().unwrap();
    let _ = writeln!(table, "\n{machine}");
    table
}

/// Set `UPDATE_GENERATED=1` to write them after measuring again.
#[test]
fn the_numbers_are_those_that_were_measured() {
    let readme = read("README.md");
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (shown, after) = rest.split_once(END).unwrap();
    let table = table();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(
            root().join("README.md"),
            format!("{before}{BEGIN}{table}{END}{after}"),
        )
        .unwrap();
        return;
    }
    assert_eq!(
        shown, table,
        "docs/performance.json has other numbers than the README: run this test with UPDATE_GENERATED=1"
    );
}
