//! On which days a person was active: a bitmap of the last 30 days (UTC).

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Days kept, the newest included.
pub const DAY_COUNT_MAX: u32 = 30;
const MASK: u32 = (1 << DAY_COUNT_MAX) - 1;

/// Active days. Which are kept depends on the events alone, neither on their order nor on that of merging.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct DaysActive {
    /// The newest active day, in days since 1970.
    newest: u32,
    /// Bit `n`: `n` days before the newest. None is set when there was no event yet.
    bits: u32,
}

fn day(at: Timestamp) -> u32 {
    u32::try_from(at.as_ms() / 86_400_000).unwrap_or(u32::MAX)
}

impl DaysActive {
    /// There was an event.
    pub fn add(&mut self, at: Timestamp) {
        *self = self.merge(&Self { newest: day(at), bits: 1 });
    }

    /// Active days among the last `days` (at most 30), today included.
    #[must_use]
    pub fn count_within(&self, now: Timestamp, days: u32) -> u32 {
        let today = day(now);
        (0..DAY_COUNT_MAX)
            .filter(|back| self.bits >> back & 1 == 1)
            .filter_map(|back| today.checked_sub(self.newest.checked_sub(back)?))
            .filter(|age| *age < days.min(DAY_COUNT_MAX))
            .count() as u32
    }

    /// The days of two halves of one person.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        let (late, early) = if self.newest >= other.newest { (self, other) } else { (other, self) };
        let shifted = early.bits.checked_shl(late.newest - early.newest).unwrap_or(0);
        // An early half without a day has nothing to shift; a late one always has one.
        Self { newest: late.newest, bits: (late.bits | shifted) & MASK }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DurationMs;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn on(day: u64) -> Timestamp {
        Timestamp::EPOCH + DurationMs::from_hours(day * 24 + 7)
    }

    fn active(days: &[u64]) -> DaysActive {
        let mut active = DaysActive::default();
        for day in days {
            active.add(on(*day));
        }
        active
    }

    #[test]
    fn a_day_counts_once_until_it_is_too_old() {
        let days = active(&[100, 100, 98, 71, 70]);
        assert_eq!(days.count_within(on(100), 30), 3);
        assert_eq!(days.count_within(on(100), 2), 1);
        assert_eq!(days.count_within(on(101), 30), 2);
        assert_eq!(days.count_within(on(99), 30), 2, "a day that has not come yet does not count");
        assert_eq!(active(&[70, 69, 100]), active(&[100]), "30 days ago is too old to be kept");
        assert_eq!(DaysActive::default().count_within(Timestamp::EPOCH, 30), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_is_the_set_of_days_in_whatever_order_and_halves(
            a in proptest::collection::vec(0..80_u64, 0..20), b in proptest::collection::vec(0..80_u64, 0..20),
        ) {
            let all: Vec<u64> = a.iter().chain(&b).copied().collect();
            let newest = all.iter().copied().max().unwrap_or(0);
            let expected: BTreeSet<u64> = all.iter().copied().filter(|day| newest - day < 30).collect();
            let merged = active(&a).merge(&active(&b));
            prop_assert_eq!(merged, active(&b).merge(&active(&a)));
            prop_assert_eq!(merged, active(&all));
            prop_assert_eq!(merged.count_within(on(newest), 30), expected.len() as u32);
        }
    }
}
