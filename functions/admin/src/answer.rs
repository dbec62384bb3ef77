//! What callers are told of changes and tests.

use crate::check::TestSummary;
use beckon_store::tables::RulesetChange;
use beckon_wire::admin::{ChangeAnswer, HistoryAnswer, TestsAnswer};
use beckon_wire::format_time;

/// Tells a change.
pub fn change(change: RulesetChange) -> ChangeAnswer {
    let RulesetChange { number, id: _, at, kind, from, to, who, by, note, tests, forced } = change;
    let tests = TestsAnswer { passed: tests.passed, failed: tests.failed, failures: Vec::new() };
    ChangeAnswer { number, at: format_time(at), action: kind.name(), from, to, who, by, note, tests, forced }
}

/// Tells a page of changes, newest first.
pub fn history(changes: Vec<RulesetChange>, request_id: &str) -> HistoryAnswer {
    // Numbers have no gaps, so the first one is the end.
    let next = changes.last().map(|last| last.number).filter(|number| *number > 1);
    let changes = changes.into_iter().map(change).collect();
    HistoryAnswer { request_id: request_id.to_owned(), changes, next }
}

/// Tells how tests ended.
pub fn tests(summary: TestSummary) -> TestsAnswer {
    TestsAnswer { passed: summary.passed, failed: summary.failed, failures: summary.failures }
}
