//! The table of hooks has all of them.

use std::collections::BTreeSet;

use super::read;

#[test]
fn the_table_of_hooks_has_those_that_there_are() {
    let page = read("docs/hooks.md");
    let (_, table) = page.split_once("| Hook | Payload |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let named: BTreeSet<&str> = rows
        .flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2))
        .collect();
    let known: BTreeSet<&str> = plugin_sdk::hooks::NAMES.iter().copied().collect();
    assert_eq!(named, known);
}
