//! What the due index costs, and what it would cost if entries were moved less often.

use super::size::{due_entry, write_units};
use beckon_domain::{DurationMs, ProfileKey, Timestamp};
use std::collections::BTreeMap;

/// How often the mailer looks.
const LOOK_INTERVAL_MS: u64 = 60_000;

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Where it stands.
    at: Timestamp,
    /// When its cart is due.
    due_at: Timestamp,
    /// From when on looks at it are not yet counted.
    looked_from: Timestamp,
}

/// The entries of a due index whose entries stay where they are while they would move by no more than a slack.
///
/// Without slack that is the index as it is. With slack an entry may stand earlier than its cart is due, never later:
/// the mailer finds a cart that is not due yet, once a minute, and looks again. So nothing is missed, and each such
/// look costs reads.
#[derive(Clone, Debug, Default)]
pub struct DueIndex {
    slack: DurationMs,
    entries: BTreeMap<ProfileKey, Entry>,
    units: u64,
    early_looks: u64,
}

impl DueIndex {
    /// An index that moves an entry when it would move by more than `slack`.
    #[must_use]
    pub fn with_slack(slack: DurationMs) -> Self {
        Self { slack, ..Self::default() }
    }

    /// The slack.
    #[must_use]
    pub const fn slack(&self) -> DurationMs {
        self.slack
    }

    /// Write units so far: an entry that appears, vanishes, or moves, which is both.
    #[must_use]
    pub const fn units(&self) -> u64 {
        self.units
    }

    /// Looks at carts that were not due yet, once a minute, so far.
    #[must_use]
    pub const fn early_looks(&self) -> u64 {
        self.early_looks
    }

    /// A profile was written at `now` with this due time. Returns the units of it.
    pub fn written(&mut self, key: &ProfileKey, due_at: Option<Timestamp>, now: Timestamp) -> u64 {
        let before = self.entries.get(key).copied();
        // While an entry stands early, the mailer looks at it from its time on.
        if let Some(entry) = before {
            let looked = now.min(entry.due_at).since(entry.looked_from);
            self.early_looks += looked.as_ms().div_ceil(LOOK_INTERVAL_MS);
        }
        let stays = |entry: &Entry| {
            due_at.is_some_and(|due_at| entry.at <= due_at && due_at.since(entry.at) <= self.slack)
        };
        let at = before.filter(stays).map(|entry| entry.at).or(due_at);
        let cost = |at: Option<Timestamp>| at.map_or(0, |at| write_units(None, Some(due_entry(key, at))));
        let before_at = before.map(|entry| entry.at);
        let units = if before_at == at { 0 } else { cost(before_at) + cost(at) };
        match at.zip(due_at) {
            Some((at, due_at)) => {
                self.entries.insert(key.clone(), Entry { at, due_at, looked_from: at.max(now) });
            }
            None => {
                self.entries.remove(key);
            }
        }
        self.units += units;
        units
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_domain::{Pepper, id::UserId};

    fn minute(n: u64) -> Timestamp {
        Timestamp::EPOCH + DurationMs::from_minutes(n)
    }

    fn key() -> ProfileKey {
        Pepper::new("1", b"0123456789abcdef").unwrap().customer(&UserId::new("c").unwrap())
    }

    #[test]
    fn an_entry_costs_when_it_appears_moves_or_vanishes() {
        let mut index = DueIndex::default();
        let units = [None, Some(10), Some(10), Some(12), None, None]
            .map(|due| index.written(&key(), due.map(minute), minute(0)));
        assert_eq!(units, [0, 1, 0, 2, 1, 0]);
        assert_eq!((index.units(), index.early_looks()), (4, 0));
    }

    #[test]
    fn with_slack_an_entry_stays_early_and_is_looked_at_for_nothing() {
        let mut index = DueIndex::with_slack(DurationMs::from_minutes(5));
        assert_eq!(index.written(&key(), Some(minute(15)), minute(0)), 1);
        assert_eq!(
            index.written(&key(), Some(minute(18)), minute(3)),
            0,
            "three minutes are within the slack"
        );
        // The reminder's answer comes at 18; from 15 on the mailer looked each minute.
        assert_eq!(index.written(&key(), None, minute(18)), 1);
        assert_eq!(index.early_looks(), 3);
        assert_eq!(index.written(&key(), Some(minute(40)), minute(25)), 1);
        assert_eq!(index.written(&key(), Some(minute(46)), minute(31)), 2, "six minutes are beyond it");
        assert_eq!(index.written(&key(), Some(minute(45)), minute(31)), 2, "an entry is never late");
    }
}
