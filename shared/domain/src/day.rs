//! A day, in UTC.

use crate::time::{DurationMs, Timestamp};
use serde::{Deserialize, Serialize};

const LENGTH: DurationMs = DurationMs::from_days(1);

/// A day (UTC), counted from 1970-01-01, which is 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Day(u32);

impl Day {
    /// The day of an instant.
    #[must_use]
    pub const fn of(at: Timestamp) -> Self {
        // An instant is neither before 1970 nor after 2999.
        Self((at.as_ms() / LENGTH.as_ms() as i64) as u32)
    }

    /// The day of a number.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Its first instant.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        Timestamp::from_ms(self.0 as i64 * LENGTH.as_ms() as i64)
    }

    /// So many days earlier, but not before 1970.
    #[must_use]
    pub const fn before(self, days: u32) -> Self {
        Self(self.0.saturating_sub(days))
    }

    /// So many days later.
    #[must_use]
    pub const fn after(self, days: u32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// This day and all up to another one, which is included.
    pub fn until(self, last: Self) -> impl Iterator<Item = Self> {
        (self.0..=last.0).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_and_ends_before_the_next_one() {
        let day = Day::from_number(20_415);
        assert_eq!(Day::of(day.start()), day);
        assert_eq!(Day::of(day.start() - DurationMs::from_ms(1)), day.before(1));
        assert_eq!(Day::of(day.after(1).start()), day.after(1));
        assert_eq!(day.before(1).until(day.after(1)).count(), 3);
        assert_eq!(Day::from_number(3).before(9), Day::default());
    }
}
