//! What a ruleset asks to be remembered of a person beside the defaults: occurrences of chosen events, with one value of
//! each. Which events those are is for `beckon-rules` to say; here is what is kept of them, bounded and exact.
//!
//! | kept | answers | bytes when stored |
//! |---|---|---|
//! | [`Keep::Newest`] | how often, which values and how much in any window, exactly, up to so many | 7 and its value, each |
//! | [`Keep::EachOnce`] | how many different values in any window, up to so many | 7 and its value, each |
//! | [`Keep::Buckets`] | how often in windows of up to 30 days, beyond what can be kept one by one | see [`crate::window`] |
//! | [`Keep::Totals`] | how often, how much, the least and the most, ever | about 15 |
//! | [`Keep::First`] | what it was the first time | 7 and its value |
//!
//! All of it depends on the set of occurrences alone: neither on the order in which they arrive nor on the order in which
//! halves of a person are merged.

use crate::time::{DurationMs, Timestamp};
use crate::window::WindowedCount;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Occurrences kept one by one at most.
pub const KEPT_COUNT_MAX: u8 = 64;
/// Things watched of one person at most.
pub const WATCH_COUNT_MAX: usize = 128;

/// Names a thing that is watched: a hash of its definition, so that it outlives every change of the ruleset that does
/// not change it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct WatchId(pub u64);

/// A value of an occurrence.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Observed {
    /// A number in thousandths, or an amount in thousandths of its currency's unit: sums are the same in every order.
    Number(i64),
    /// A text.
    Text(SmolStr),
}

/// One occurrence.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Occurrence {
    /// When (event time).
    pub at: Timestamp,
    /// The value that is asked for, if any is and the event had it.
    pub value: Option<Observed>,
}

/// What is to be kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Keep {
    /// The newest so many occurrences, at most [`KEPT_COUNT_MAX`].
    Newest(u8),
    /// The newest so many different values, each with the time of its newest occurrence.
    EachOnce(u8),
    /// Counts per bucket of time.
    Buckets,
    /// Sums over all time.
    Totals,
    /// The first occurrence.
    First,
}

/// Sums over all time, in thousandths.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Occurrences.
    pub count: u64,
    /// Of those, how many had a number.
    pub number_count: u64,
    /// Their sum; it stays at the ends of its range.
    pub sum: i64,
    /// The least.
    pub least: Option<i64>,
    /// The most.
    pub most: Option<i64>,
}

impl Totals {
    fn add(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.number_count = self.number_count.saturating_add(other.number_count);
        self.sum = self.sum.saturating_add(other.sum);
        self.least = self.least.into_iter().chain(other.least).min();
        self.most = self.most.max(other.most);
    }
}

/// What is kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Kept {
    /// [`Keep::Newest`]: how many at most, and the occurrences, oldest first.
    Newest(u8, Vec<Occurrence>),
    /// [`Keep::EachOnce`]: how many at most, and the values, the one seen longest ago first.
    EachOnce(u8, Vec<Occurrence>),
    /// [`Keep::Buckets`].
    Buckets(WindowedCount),
    /// [`Keep::Totals`].
    Totals(Totals),
    /// [`Keep::First`].
    First(Occurrence),
}

impl Kept {
    fn of(keep: Keep, new: Occurrence) -> Self {
        match keep {
            Keep::Newest(count_max) => Self::Newest(count_max.clamp(1, KEPT_COUNT_MAX), vec![new]),
            Keep::EachOnce(count_max) => Self::EachOnce(count_max.clamp(1, KEPT_COUNT_MAX), vec![new]),
            Keep::Buckets => {
                let mut count = WindowedCount::default();
                count.add(new.at);
                Self::Buckets(count)
            }
            Keep::Totals => {
                let number = match new.value {
                    Some(Observed::Number(number)) => Some(number),
                    _ => None,
                };
                let number_count = u64::from(number.is_some());
                let sum = number.unwrap_or_default();
                Self::Totals(Totals { count: 1, number_count, sum, least: number, most: number })
            }
            Keep::First => Self::First(new),
        }
    }

    /// Both, where both are of one kind; what is of another kind was kept for another question.
    fn join(&mut self, other: Self) {
        match (self, other) {
            (Self::Newest(count_max, kept), Self::Newest(other_max, others)) => {
                *count_max = (*count_max).max(other_max);
                kept.extend(others);
                kept.sort();
                drop_oldest(kept, *count_max);
            }
            (Self::EachOnce(count_max, kept), Self::EachOnce(other_max, others)) => {
                *count_max = (*count_max).max(other_max);
                for other in others {
                    match kept.iter_mut().find(|kept| kept.value == other.value) {
                        Some(known) => known.at = known.at.max(other.at),
                        None => kept.push(other),
                    }
                }
                kept.sort();
                drop_oldest(kept, *count_max);
            }
            (Self::Buckets(kept), Self::Buckets(other)) => *kept = kept.merge(&other),
            (Self::Totals(kept), Self::Totals(other)) => kept.add(other),
            (Self::First(kept), Self::First(other)) if other < *kept => *kept = other,
            _ => {}
        }
    }

    /// The occurrences or values that are kept one by one, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Occurrence> {
        match self {
            Self::Newest(_, kept) | Self::EachOnce(_, kept) => kept.as_slice(),
            Self::First(kept) => std::slice::from_ref(kept),
            Self::Buckets(_) | Self::Totals(_) => &[],
        }
        .iter()
        .rev()
    }

    /// How many, in the last `width` or ever: exact up to what is kept.
    #[must_use]
    pub fn count(&self, now: Timestamp, width: Option<DurationMs>) -> u64 {
        match (self, width) {
            (Self::Totals(totals), _) => totals.count,
            (Self::Buckets(count), width) => {
                count.count_within(now, width.unwrap_or(crate::window::WINDOW_MAX))
            }
            (_, None) => self.newest_first().count() as u64,
            (_, Some(width)) => {
                self.newest_first().filter(|seen| seen.at.is_within(width, now)).count() as u64
            }
        }
    }
}

fn drop_oldest(kept: &mut Vec<Occurrence>, count_max: u8) {
    let excess = kept.len().saturating_sub(usize::from(count_max));
    kept.drain(..excess);
}

/// Everything that is watched of one person, in the order of the ids.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Watched(Vec<(WatchId, Kept)>);

impl Watched {
    /// Something that is watched happened, however late it is told. Beyond [`WATCH_COUNT_MAX`] nothing new is watched.
    pub fn observe(&mut self, id: WatchId, keep: Keep, new: Occurrence) {
        self.join(id, Kept::of(keep, new));
    }

    /// What is kept of a thing; `None` when it never happened.
    #[must_use]
    pub fn of(&self, id: WatchId) -> Option<&Kept> {
        self.0
            .binary_search_by_key(&id, |(id, _)| *id)
            .ok()
            .and_then(|index| self.0.get(index))
            .map(|(_, kept)| kept)
    }

    /// Forgets what nobody asks for any more.
    pub fn retain(&mut self, is_wanted: impl Fn(WatchId) -> bool) {
        self.0.retain(|(id, _)| is_wanted(*id));
    }

    /// Whether anything is watched, of which something happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ids of what is kept, in their order.
    pub fn ids(&self) -> impl Iterator<Item = WatchId> {
        self.0.iter().map(|(id, _)| *id)
    }

    /// What was watched of two halves of one person.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        let mut merged = self.clone();
        for (id, kept) in &other.0 {
            merged.join(*id, kept.clone());
        }
        merged
    }

    fn join(&mut self, id: WatchId, new: Kept) {
        match self.0.binary_search_by_key(&id, |(id, _)| *id) {
            Ok(index) => self.0[index].1.join(new),
            Err(index) if self.0.len() < WATCH_COUNT_MAX => self.0.insert(index, (id, new)),
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
