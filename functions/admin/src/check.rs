//! A text, checked as far as it can be before it is live: compiled, and its own tests run.

use beckon_rules::testing::Difference;
use beckon_rules::{Ruleset, RulesetError};
use beckon_store::tables::{RulesetDocument, TestCount};

/// Failures that are told; after so many, people mend and try again.
const FAILURE_COUNT_MAX: usize = 20;

/// How a ruleset's own tests ended.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct TestSummary {
    /// Tests that passed.
    pub passed: u32,
    /// Tests that failed.
    pub failed: u32,
    /// What failed, one line each.
    pub failures: Vec<String>,
}

impl TestSummary {
    /// The numbers alone.
    #[must_use]
    pub fn count(&self) -> TestCount {
        TestCount { passed: self.passed, failed: self.failed }
    }
}

/// What runs a ruleset's own tests.
pub type RunTests = fn(&Ruleset) -> TestSummary;

/// Runs a ruleset's own tests.
#[must_use]
pub fn run_tests(ruleset: &Ruleset) -> TestSummary {
    let report = beckon_rules::testing::run(ruleset);
    let failures = report.tests.iter().flat_map(|test| {
        let told =
            |d: &Difference| format!("{}: {}: expected {}, found {}", test.name, d.what, d.expected, d.found);
        test.differences.iter().map(told)
    });
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    TestSummary {
        passed: count(report.passed()),
        failed: count(report.failed()),
        failures: failures.take(FAILURE_COUNT_MAX).collect(),
    }
}

/// A ruleset that is valid, and how its tests ended.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The text and its version.
    pub document: RulesetDocument,
    /// The name that its author gave it.
    pub name: String,
    /// Its tests.
    pub tests: TestSummary,
}

/// Checks a text.
///
/// # Errors
/// Everything that is wrong with it. A test that fails is no error here.
pub fn check(text: &str, run_tests: RunTests) -> Result<Checked, RulesetError> {
    let ruleset = Ruleset::parse(text)?;
    let tests = run_tests(&ruleset);
    let document = RulesetDocument { version: ruleset.version().to_owned(), body: text.to_owned() };
    Ok(Checked { document, name: ruleset.name().to_owned(), tests })
}
