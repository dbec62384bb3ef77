//! Does what the archive holds of an hour agree with what became of it? Counts in, a verdict out.
//!
//! For each profile the lines that were archived of an hour are held against what the profile says it settled of that hour and
//! against what was kept as failed. Two things make the archive an upper bound and not an exact number: whoever delivers to it
//! may write a record twice, and a producer may put one twice; both show as lines that are equal to the last byte. So what is
//! accounted for must be at least the lines that differ, and at most all lines.

use crate::settled::{Remembered, Settled};
use serde::Serialize;
use std::ops::AddAssign;

/// What the archive holds of a profile and an hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Archived {
    /// All lines.
    pub lines: u64,
    /// Lines that differ from each other.
    pub distinct: u64,
    /// Events that differ from each other, by their source and id.
    pub events: u64,
}

/// What is known of a profile and an hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Account {
    /// What the archive holds.
    pub archived: Archived,
    /// What the profile says.
    pub settled: Remembered,
    /// Lines that are kept as failed.
    pub failed: u64,
    /// Lines of batches that the mapping gave up on, which may have been applied or not.
    pub uncertain: u64,
}

/// How lines ended, added up over profiles and hours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Balance {
    /// Lines in the archive.
    pub archived: u64,
    /// Applied to profiles.
    pub applied: u64,
    /// Recognised as repetitions.
    pub repeated: u64,
    /// Kept as failed.
    pub failed: u64,
    /// Accounted for only by a batch that the mapping gave up on.
    pub uncertain: u64,
    /// Archived more often than they were settled, and equal to a line that was: a second copy in the archive.
    pub copied: u64,
    /// Of which nothing can be said: the profile has forgotten the hour, is gone, was erased or cannot be read.
    pub unseen: u64,
    /// Archived and accounted for nowhere: lost.
    pub missing: u64,
    /// Accounted for more often than archived: counted twice, or lost by the archive.
    pub surplus: u64,
}

impl Balance {
    /// Events by which the two sides differ.
    #[must_use]
    pub const fn gap(&self) -> u64 {
        self.missing.saturating_add(self.surplus)
    }

    /// Whether nothing that can be seen is lost or counted twice.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.gap() == 0
    }
}

impl AddAssign for Balance {
    fn add_assign(&mut self, other: Self) {
        self.archived += other.archived;
        self.applied += other.applied;
        self.repeated += other.repeated;
        self.failed += other.failed;
        self.uncertain += other.uncertain;
        self.copied += other.copied;
        self.unseen += other.unseen;
        self.missing += other.missing;
        self.surplus += other.surplus;
    }
}

/// The balance of one profile and hour.
#[must_use]
pub fn judge(account: &Account) -> Balance {
    let Archived { lines, distinct, events } = account.archived;
    let Remembered::Counts(Settled { applied, repeated }) = account.settled else {
        return Balance { archived: lines, unseen: lines, ..Balance::default() };
    };
    let (applied, repeated) = (u64::from(applied), u64::from(repeated));
    let certain = applied + repeated + account.failed;
    let uncertain = account.uncertain.min(distinct.saturating_sub(certain));
    let missing = distinct.saturating_sub(certain + uncertain);
    // One event that was put twice is two lines, of which one may be applied: so ids are counted, too.
    let surplus = certain.saturating_sub(lines).max(applied.saturating_sub(events));
    let copied = lines.saturating_sub(certain + uncertain + missing);
    Balance {
        archived: lines,
        applied,
        repeated,
        failed: account.failed,
        uncertain,
        copied,
        unseen: 0,
        missing,
        surplus,
    }
}

#[cfg(test)]
mod tests;
