//! The table of what cart reminders must do names tests that exist, and every test that says which requirement it holds.

use crate::tree::{files, read, rust_files};
use std::collections::BTreeSet;

const TABLE: &str = "tests/README.md";
const COUNT: usize = 50;

/// A row: its number, and what holds it or why nothing does.
fn rows() -> Vec<(usize, String)> {
    let text = read(TABLE);
    let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = cells.filter_map(|line| {
        let (number, rest) = line.split_once(" | ")?;
        Some((number.parse().ok()?, rest.split_once(" | ")?.1.to_owned()))
    });
    rows.collect()
}

fn ticked(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Names of functions that are tests.
fn tests() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in rust_files() {
        let text = read(&path);
        for part in text.split("test]\n").skip(1) {
            let name = part.split_once("fn ").and_then(|(_, rest)| rest.split(['(', '<']).next());
            found.extend(name.map(ToOwned::to_owned));
        }
    }
    found
}

#[test]
fn every_requirement_has_a_row_with_what_holds_it_or_why_nothing_does() {
    let rows = rows();
    assert_eq!(rows.iter().map(|(n, _)| *n).collect::<Vec<_>>(), (1..=COUNT).collect::<Vec<_>>());
    for (number, held_by) in &rows {
        let is_held = ticked(held_by).next().is_some();
        let says_why = ["not ", "yours", "later"].iter().any(|word| held_by.contains(word));
        assert!(
            is_held || says_why,
            "requirement {number}: name a test, or say why there is none: {held_by}"
        );
    }
}

#[test]
fn every_test_and_scenario_that_the_table_names_exists() {
    let (tests, scenarios) = (tests(), files("tests/scenarios", ".yaml"));
    for (number, held_by) in rows() {
        for name in ticked(&held_by) {
            let exists = match name.strip_suffix(".yaml") {
                Some(_) => scenarios.contains(&format!("tests/scenarios/{name}")),
                None => tests.contains(name),
            };
            assert!(exists, "requirement {number} names `{name}`, and there is no such test or scenario");
        }
    }
}

#[test]
fn a_test_that_says_which_requirement_it_holds_is_in_the_row_of_that_requirement() {
    let rows = rows();
    for name in tests() {
        let Some(rest) = name.strip_prefix("requirement_") else { continue };
        let words = rest.split('_').take_while(|word| *word == "and" || word.parse::<usize>().is_ok());
        for number in words.filter_map(|word| word.parse::<usize>().ok()) {
            let row = rows.iter().find(|(n, _)| *n == number);
            let is_there = row.is_some_and(|(_, held_by)| ticked(held_by).any(|ticked| ticked == name));
            assert!(is_there, "{TABLE}: `{name}` is missing in the row of requirement {number}");
        }
    }
}
