//! How many events of each hour a profile has settled, written with the state that they changed: what the archive's lines are
//! held against ([`crate::reconcile`]).
//!
//! An event belongs to the hour in which it was received, which its line says: so the archive and the profile put it into the
//! same hour, however late it was delivered.

use crate::policy::SETTLED_HOUR_COUNT_MAX;
use crate::time::{DurationMs, Timestamp};
use serde::{Deserialize, Serialize};

const HOUR_MS: i64 = 3_600_000;

/// An hour (UTC), counted from the first of 1970.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Hour(u32);

impl Hour {
    /// The hour of an instant; of one before 1970 the first.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        Self(u32::try_from(at.as_ms().div_euclid(HOUR_MS)).unwrap_or_default())
    }

    /// When it begins.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp::from_ms(i64::from(self.0) * HOUR_MS)
    }

    /// When the next one begins.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.start() + DurationMs::from_hours(1)
    }

    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// How the events of an hour ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Settled {
    /// Applied, or forwarded to the linked customer.
    pub applied: u32,
    /// Not applied, and done: repetitions that were recognised, and of who was let back what came from before.
    pub repeated: u32,
}

/// What a profile says of an hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remembered {
    /// So many events were settled, perhaps none.
    Counts(Settled),
    /// It has settled events of so many later hours that it may have forgotten this one.
    Forgotten,
}

/// The events that a profile settled, of the newest [`SETTLED_HOUR_COUNT_MAX`] hours in which any was received.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SettledHours(Vec<(Hour, Settled)>);

impl SettledHours {
    /// An event that was received then is settled.
    pub fn note(&mut self, received_at: Timestamp, is_applied: bool) {
        let hour = Hour::of(received_at);
        // Nearly always the newest one, which is the last.
        let index = match self.0.binary_search_by_key(&hour, |(hour, _)| *hour) {
            Ok(index) => index,
            Err(0) if self.0.len() >= SETTLED_HOUR_COUNT_MAX => return,
            Err(index) if self.0.len() >= SETTLED_HOUR_COUNT_MAX => {
                self.0.remove(0);
                self.0.insert(index - 1, (hour, Settled::default()));
                index - 1
            }
            Err(index) => {
                self.0.insert(index, (hour, Settled::default()));
                index
            }
        };
        let settled = &mut self.0[index].1;
        let counter = if is_applied { &mut settled.applied } else { &mut settled.repeated };
        *counter = counter.saturating_add(1);
    }

    /// What is known of an hour.
    #[must_use]
    pub fn of(&self, hour: Hour) -> Remembered {
        let is_full = self.0.len() >= SETTLED_HOUR_COUNT_MAX;
        match self.0.binary_search_by_key(&hour, |(hour, _)| *hour) {
            Ok(index) => Remembered::Counts(self.0[index].1),
            Err(0) if is_full => Remembered::Forgotten,
            Err(_) => Remembered::Counts(Settled::default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u64) -> Timestamp {
        Timestamp::EPOCH + DurationMs::from_hours(hour) + DurationMs::from_minutes(59)
    }

    fn counts(applied: u32, repeated: u32) -> Remembered {
        Remembered::Counts(Settled { applied, repeated })
    }

    #[test]
    fn an_event_counts_in_the_hour_in_which_it_was_received_however_late_it_is_settled() {
        let mut hours = SettledHours::default();
        hours.note(at(5), true);
        hours.note(at(3), true);
        hours.note(at(5), false);
        assert_eq!(hours.of(Hour::of(at(5))), counts(1, 1));
        assert_eq!(hours.of(Hour::of(at(3))), counts(1, 0));
        assert_eq!(hours.of(Hour::of(at(4))), counts(0, 0), "nothing came, and that is known");
    }

    #[test]
    fn it_never_takes_an_hour_that_it_dropped_for_one_without_events() {
        let mut hours = SettledHours::default();
        let max = SETTLED_HOUR_COUNT_MAX as u64;
        (1..=max).for_each(|hour| hours.note(at(hour), true));
        assert_eq!(hours.of(Hour::of(at(1))), counts(1, 0), "the bound itself is kept");
        hours.note(at(max + 1), true);
        assert_eq!(hours.of(Hour::of(at(1))), Remembered::Forgotten);
        hours.note(at(1), true);
        assert_eq!(hours.of(Hour::of(at(1))), Remembered::Forgotten, "what comes late does not begin at one");
        assert_eq!(hours.of(Hour::of(at(2))), counts(1, 0));
    }
}
