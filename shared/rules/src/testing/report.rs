//! What comes of running the tests of a ruleset.

use crate::model::{Action, Rule, Ruleset};

/// What comes of running the tests.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TestReport {
    /// Every test that ran, in the order of the text.
    pub tests: Vec<TestResult>,
    /// What of the ruleset they reached.
    pub coverage: Vec<Covered>,
}

/// One test.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestResult {
    /// Its name.
    pub name: String,
    /// Where it stands in the text.
    pub line: u64,
    /// What was not as expected; none when it passed.
    pub differences: Vec<Difference>,
}

/// Something that was not as expected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// What was looked at: `home.hero: offer`.
    pub what: String,
    /// What the test expects.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// Why the rule that was expected is not shown, where one was.
    pub because: Option<String>,
}

/// A part of the ruleset, and how often tests reached it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Covered {
    /// What kind of part: `rule`, `row`, `segment`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// How many expectations it decided: a slot that was asked showed it, its mail went out, a person was in it.
    pub count: u64,
}

impl TestReport {
    /// How many tests passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.tests.iter().filter(|test| test.is_passed()).count()
    }

    /// How many tests failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.tests.len() - self.passed()
    }

    /// The parts of the ruleset that no test reached.
    pub fn never_reached(&self) -> impl Iterator<Item = &Covered> {
        self.coverage.iter().filter(|part| part.count == 0)
    }
}

impl TestResult {
    /// Whether everything was as expected.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.differences.is_empty()
    }
}

impl Covered {
    /// Every part of a ruleset that a test can reach, none of them reached yet.
    pub(crate) fn all_of(ruleset: &Ruleset) -> Vec<Self> {
        let of_slots = ruleset.slots.iter().flat_map(|slot| &slot.rules).map(|rule| rule.id.to_string());
        let acting = ruleset.acting.iter().map(|rule| rule.id.to_string());
        let sender = ruleset.reminder.iter().map(|reminder| reminder.rule.to_string());
        let segments = ruleset.segment_ids().map(|id| ("segment", id.to_owned()));
        let rules = of_slots.chain(acting).chain(sender).map(|id| ("rule", id));
        let of_tables = |rule: &Rule| {
            let count = if let Action::Table(table) = &rule.then { table.rows.len() } else { 0 };
            (1..=count).map(|row| ("row", row_name(rule.id.as_str(), row))).collect::<Vec<_>>()
        };
        let rows = ruleset.slots.iter().flat_map(|slot| &slot.rules).flat_map(of_tables);
        segments.chain(rules).chain(rows).map(|(kind, name)| Self { kind, name, count: 0 }).collect()
    }

    /// Counts that a part was reached.
    pub(crate) fn reach(all: &mut [Self], kind: &str, name: &str) {
        for part in all.iter_mut().filter(|part| part.kind == kind && part.name == name) {
            part.count += 1;
        }
    }
}

/// A row of a decision table, as reports name it.
pub(crate) fn row_name(table: &str, row: usize) -> String {
    format!("{row} of {table}")
}
