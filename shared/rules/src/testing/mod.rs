//! The tests that a ruleset carries: people in virtual time, and what the rules must make of them.
//!
//! [`run`] is pure: the same text gives the same report, wherever and whenever it runs. Nobody has to be reachable, no
//! list of best sellers is counted, and a mail counts at the moment when it is due.
//!
//! Reading order: [`Scenario`] (what a test says), [`Timeline`] (a person through time), `check` (what is compared),
//! [`report`] (what comes of it).

mod check;
pub mod report;
mod scenario;
mod timeline;

pub use check::told;
pub use report::{Covered, Difference, TestReport, TestResult};
pub use scenario::Scenario;
pub(crate) use scenario::{Expected, MailExpected, Shown};
pub use timeline::{Mail, Timeline};

use crate::Ruleset;

/// Runs every test of a ruleset.
#[must_use]
pub fn run(ruleset: &Ruleset) -> TestReport {
    run_only(ruleset, |_| true)
}

/// Runs the tests of a ruleset whose name is wanted. What they reach is counted of these alone.
#[must_use]
pub fn run_only(ruleset: &Ruleset, is_wanted: impl Fn(&str) -> bool) -> TestReport {
    let mut coverage = Covered::all_of(ruleset);
    let wanted = ruleset.tests().iter().filter(|scenario| is_wanted(&scenario.name));
    let tests = wanted.map(|scenario| check::check(ruleset, scenario, &mut coverage)).collect();
    TestReport { tests, coverage }
}

impl Ruleset {
    /// The tests that it carries, in the order of the text.
    #[must_use]
    pub fn tests(&self) -> &[Scenario] {
        &self.tests
    }
}
