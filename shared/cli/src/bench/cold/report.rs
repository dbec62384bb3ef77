//! What `beckon bench cold` says.

use super::Starts;
use super::start::Started;
use crate::bench::collect::served::Memory;
use serde::Serialize;
use std::fmt;

/// A function may take so much longer than one that does nothing, root certificates apart.
const MORE_GOAL_MS: f64 = 8.0;
/// And have so much memory, at most, after an invocation.
const MEMORY_GOAL_BYTES: u64 = 25_000_000;

/// Milliseconds of several starts.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub(super) struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    pub(super) fn of(starts: &[Started]) -> Option<Self> {
        let mut times: Vec<f64> = starts.iter().map(|start| start.ms).collect();
        times.sort_by(f64::total_cmp);
        Some(Self { median: *times.get(times.len() / 2)?, min: *times.first()?, max: *times.last()? })
    }
}

/// One function.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub function: &'static str,
    /// Of the function that does nothing, started in turn with this one.
    pub empty_ms: Option<Spread>,
    /// Of this one, as it is.
    pub start_ms: Option<Spread>,
    /// Of the difference, what goes to root certificates; `None` where they are not where they are usually kept.
    pub roots_ms: Option<f64>,
    /// The rest of the difference.
    pub more_ms: f64,
    /// Resident when it asks for its first invocation.
    pub ready_bytes: Option<u64>,
    /// Resident at most until it asks for its second.
    pub invoked_bytes: Option<u64>,
    /// Starts whose invocation was answered with success.
    pub answered: usize,
    pub is_met: bool,
}

impl Row {
    pub(super) fn new(function: &'static str, starts: &Starts) -> Self {
        let [empty_ms, start_ms, one_ms] =
            [&starts.empty, &starts.with_roots, &starts.with_one].map(|of| Spread::of(of));
        let median = |spread: Option<Spread>| spread.map_or(0.0, |spread| spread.median);
        let roots_ms = one_ms.map(|one| median(start_ms) - one.median);
        let more_ms = median(one_ms.or(start_ms)) - median(empty_ms);
        let bytes = |of: fn(&Started) -> Option<u64>| {
            let mut all: Vec<u64> = starts.with_roots.iter().filter_map(of).collect();
            all.sort_unstable();
            all.get(all.len() / 2).copied()
        };
        let ready_bytes = bytes(|start| start.ready.map(|Memory { now_bytes, .. }| now_bytes));
        let invoked_bytes = bytes(|start| start.invoked.map(|Memory { most_bytes, .. }| most_bytes));
        let answered = starts.with_roots.iter().filter(|start| start.is_answered).count();
        let is_met = more_ms <= MORE_GOAL_MS && invoked_bytes.unwrap_or_default() <= MEMORY_GOAL_BYTES;
        Self { function, empty_ms, start_ms, roots_ms, more_ms, ready_bytes, invoked_bytes, answered, is_met }
    }
}

/// Everything that was measured.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ColdReport {
    pub starts: u32,
    pub more_goal_ms: f64,
    pub memory_goal_bytes: u64,
    pub rows: Vec<Row>,
}

impl ColdReport {
    pub(super) fn new(starts: u32, rows: Vec<Row>) -> Self {
        Self { starts, more_goal_ms: MORE_GOAL_MS, memory_goal_bytes: MEMORY_GOAL_BYTES, rows }
    }
}

impl fmt::Display for ColdReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "from exec to the first request for an invocation: medians of {} starts (least to most), milliseconds",
            self.starts
        )?;
        writeln!(
            f,
            "{:<14}{:>22}{:>22}{:>8}{:>8}{:>10}{:>10}  answered",
            "", "nothing", "the function", "roots", "more", "MB ready", "MB after"
        )?;
        let spread = |spread: Option<Spread>| {
            spread.map_or_else(String::new, |Spread { median, min, max }| {
                format!("{median:.1} ({min:.1} to {max:.1})")
            })
        };
        let mb =
            |bytes: Option<u64>| bytes.map_or_else(|| "-".to_owned(), |b| format!("{:.1}", b as f64 / 1e6));
        for row in &self.rows {
            let roots = row.roots_ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1}"));
            writeln!(
                f,
                "{:<14}{:>22}{:>22}{roots:>8}{:>8.1}{:>10}{:>10}  {} of {}{}",
                row.function,
                spread(row.empty_ms),
                spread(row.start_ms),
                row.more_ms,
                mb(row.ready_bytes),
                mb(row.invoked_bytes),
                row.answered,
                self.starts,
                if row.is_met { "" } else { ", NOT MET" }
            )?;
        }
        let met = self.rows.iter().filter(|row| row.is_met).count();
        let Self { more_goal_ms, memory_goal_bytes, rows, .. } = self;
        let memory = *memory_goal_bytes as f64 / 1e6;
        writeln!(
            f,
            "goal: {more_goal_ms:.0} ms more than nothing at most, root certificates apart, and {memory:.0} MB: met by {met} of {}",
            rows.len()
        )
    }
}
