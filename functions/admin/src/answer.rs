//! What callers are told of changes and tests.

use crate::check::TestSummary;
use beckon_store::tables::RulesetChange;
use beckon_wire::admin::{ChangeAnswer, TestsAnswer};
use beckon_wire::format_time;

/// Tells a change.
pub fn change(change: RulesetChange) -> ChangeAnswer {
    let RulesetChange { number, id: _, at, kind, from, to, who, by, note, tests, forced } = change;
    let tests = TestsAnswer { passed: tests.passed, failed: tests.failed, failures: Vec::new() };
    ChangeAnswer { number, at: format_time(at), action: kind.name(), from, to, who, by, note, tests, forced }
}

/// Tells how tests ended.
pub fn tests(summary: TestSummary) -> TestsAnswer {
    TestsAnswer { passed: summary.passed, failed: summary.failed, failures: summary.failures }
}
