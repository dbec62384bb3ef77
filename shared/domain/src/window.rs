//! Counts within a window of time, in few bytes: the one implementation of window arithmetic on counts.
//!
//! An event is kept in exactly one bucket of UTC time, finer the younger it is, measured from the newest event:
//!
//! | age of the event | width of its bucket | for windows up to |
//! |---|---|---|
//! | under 16 minutes | 1 minute | 15 minutes |
//! | under 65 minutes | 5 minutes | 1 hour |
//! | under 25 hours | 1 hour | 24 hours |
//! | under 31 days | 1 day | 30 days |
//!
//! Widths divide each other, so a bucket that grows old moves as a whole. What is kept therefore depends on the set of
//! events alone: neither on the order in which they arrive nor on the order in which halves of a person are merged.

use crate::time::{DurationMs, Timestamp};
use serde::{Deserialize, Serialize};

/// The longest window that can be asked for.
pub const WINDOW_MAX: DurationMs = DurationMs::from_days(30);

struct Tier {
    /// Minutes of one bucket.
    minutes: u32,
    /// Buckets, the newest event's included: one more than the longest window has, because it begins inside one.
    bucket_count: u32,
}

const TIERS: [Tier; 4] = [
    Tier { minutes: 1, bucket_count: 16 },
    Tier { minutes: 5, bucket_count: 13 },
    Tier { minutes: 60, bucket_count: 25 },
    Tier { minutes: 1_440, bucket_count: 31 },
];

/// Buckets of all tiers: what one [`WindowedCount`] holds at most.
pub const BUCKET_COUNT_MAX: usize = 85;

const MINUTE_MS: i64 = 60_000;

/// How many events of one kind happened, and when, to the width of a bucket. Only buckets that hold something are kept:
/// two bytes for each when stored, beside five for the rest.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct WindowedCount {
    /// The newest event, in minutes since 1970.
    newest: u32,
    /// In order of their slots.
    buckets: Vec<Bucket>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Bucket {
    /// The tier and how many buckets before the newest event's: 0 to 15 are minutes, the next 13 five minutes, and so
    /// on.
    slot: u8,
    /// Events.
    count: u32,
}

fn minute(at: Timestamp) -> u32 {
    u32::try_from(at.as_ms() / MINUTE_MS).unwrap_or(u32::MAX)
}

/// The slot of a minute, `None` when it is too old to be kept. `minute` is not later than `newest`.
fn slot_of(minute: u32, newest: u32) -> Option<u8> {
    let mut first = 0;
    for tier in &TIERS {
        let back = newest / tier.minutes - minute / tier.minutes;
        if back < tier.bucket_count {
            return u8::try_from(first + back).ok();
        }
        first += tier.bucket_count;
    }
    None
}

/// The tier of a slot and how many of its buckets before the newest; `None` for a slot that no release writes.
fn tier(slot: u8) -> Option<(&'static Tier, u32)> {
    let mut back = u32::from(slot);
    for tier in &TIERS {
        if back < tier.bucket_count {
            return Some((tier, back));
        }
        back -= tier.bucket_count;
    }
    None
}

/// The first minute of a slot's bucket.
fn first_minute(slot: u8, newest: u32) -> Option<u32> {
    let (tier, back) = tier(slot)?;
    Some((newest / tier.minutes).checked_sub(back)? * tier.minutes)
}

impl WindowedCount {
    /// Counts one event, however late it arrives. One that is 31 days older than the newest is not kept.
    pub fn add(&mut self, at: Timestamp) {
        let minute = minute(at);
        self.reach(minute);
        if let Some(slot) = slot_of(minute, self.newest) {
            self.put(Bucket { slot, count: 1 });
        }
    }

    /// Events in the window `(now − width, now]`, the window of [`Timestamp::is_within`], whose start is drawn back to
    /// the start of the bucket in which it lies. So no event of the window is missed, and those counted beside it are
    /// at most as much older as the table above says: 5 minutes reach back up to 6, 24 hours up to 25.
    #[must_use]
    pub fn count_within(&self, now: Timestamp, width: DurationMs) -> u64 {
        let width_ms = i64::try_from(width.min(WINDOW_MAX).as_ms()).unwrap_or(i64::MAX);
        let is_inside = |bucket: &&Bucket| {
            self.span_ms(bucket.slot)
                .is_some_and(|(start, last)| start <= now.as_ms() && last > now.as_ms() - width_ms)
        };
        self.buckets.iter().filter(is_inside).map(|bucket| u64::from(bucket.count)).sum()
    }

    /// The counts of two halves of one person, bucket by bucket.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        let (mut merged, mut other) = (self.clone(), other.clone());
        merged.reach(other.newest);
        other.reach(merged.newest);
        for bucket in other.buckets {
            merged.put(bucket);
        }
        merged
    }

    /// Whether nothing is counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// Lets the newest event be at least as late as this minute: older buckets move on to coarser tiers.
    fn reach(&mut self, newest: u32) {
        if newest <= self.newest {
            return;
        }
        let old = std::mem::replace(&mut self.newest, newest);
        self.buckets.retain_mut(|bucket| {
            let slot = first_minute(bucket.slot, old).and_then(|minute| slot_of(minute, newest));
            bucket.slot = slot.unwrap_or_default();
            slot.is_some()
        });
        // They keep their order, unless what was read had none.
        self.buckets.sort_by_key(|bucket| bucket.slot);
        self.buckets.dedup_by(|older, kept| {
            let is_same = older.slot == kept.slot;
            if is_same {
                kept.count = kept.count.saturating_add(older.count);
            }
            is_same
        });
    }

    fn put(&mut self, add: Bucket) {
        match self.buckets.binary_search_by_key(&add.slot, |bucket| bucket.slot) {
            Ok(index) => {
                self.buckets[index].count = self.buckets[index].count.saturating_add(add.count);
            }
            Err(index) => self.buckets.insert(index, add),
        }
    }

    /// The first and the last millisecond of which a bucket may hold events.
    fn span_ms(&self, slot: u8) -> Option<(i64, i64)> {
        let (tier, _) = tier(slot)?;
        let first = first_minute(slot, self.newest)?;
        // What is young enough for a finer tier is there, also where this bucket reaches into its time.
        let finer = TIERS.iter().rfind(|finer| finer.minutes < tier.minutes);
        let finer_from = finer.map(|finer| {
            (self.newest / finer.minutes).saturating_sub(finer.bucket_count - 1) * finer.minutes
        });
        let end = finer_from.map_or(first + tier.minutes, |from| from.min(first + tier.minutes));
        Some((i64::from(first) * MINUTE_MS, i64::from(end) * MINUTE_MS - 1))
    }
}

#[cfg(test)]
mod tests;
