//! Experiments beside a ruleset: what is wrong with their document, whom they assign, what a variant changes, and what
//! follows from events for reports.
// The tests read their cases from files; the crate itself does no I/O.
#![allow(clippy::disallowed_methods, clippy::expect_used)]

mod assigned;
mod document;
mod findings;

use beckon_rules::{Experiments, Ruleset, SAMPLE};

/// The sample's rules with these experiments.
fn sample_with(document: &str) -> Ruleset {
    let ruleset = Ruleset::parse(SAMPLE).unwrap_or_else(|error| panic!("{error}"));
    let experiments = Experiments::load(document, &ruleset).unwrap_or_else(|error| panic!("{error}"));
    ruleset.with_experiments(experiments)
}
