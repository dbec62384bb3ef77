//! A value that somebody told, and when: the newest wins, in whatever order the tellings arrive or are merged.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::cmp::Ordering;

/// A value with the time it was told.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Told<T> {
    /// The value.
    pub value: T,
    /// When it was told (event time).
    pub at: Timestamp,
}

/// Values that can be told apart for good: at the same instant the larger wins, so that no order of merging matters.
pub trait Ranked {
    /// A total order.
    fn rank(&self, other: &Self) -> Ordering;
}

macro_rules! ranked_by_its_order {
    ($($type:ty),*) => {$(
        impl Ranked for $type {
            fn rank(&self, other: &Self) -> Ordering {
                self.cmp(other)
            }
        }
    )*};
}

ranked_by_its_order!(SmolStr, crate::key::ProfileKey);

impl<T: Ranked> Told<T> {
    /// A value told at an instant.
    pub const fn new(value: T, at: Timestamp) -> Self {
        Self { value, at }
    }

    /// Whether this telling counts more than another.
    fn beats(&self, other: &Self) -> bool {
        self.at.cmp(&other.at).then_with(|| self.value.rank(&other.value)) == Ordering::Greater
    }

    /// Keeps the newer of two tellings.
    pub fn keep_newer(kept: &mut Option<Self>, new: Self) {
        if kept.as_ref().is_none_or(|kept| new.beats(kept)) {
            *kept = Some(new);
        }
    }
}

impl Told<SmolStr> {
    /// Keeps the newer of two tellings of a text. What is told again and again is not copied again and again.
    pub fn keep_newer_text(kept: &mut Option<Self>, value: &SmolStr, at: Timestamp) {
        match kept {
            Some(kept) if kept.value == *value => kept.at = kept.at.max(at),
            _ => Self::keep_newer(kept, Self::new(value.clone(), at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_telling_wins_in_any_order() {
        let tellings =
            [("a", 2), ("c", 2), ("b", 1)].map(|(v, at)| Told::new(SmolStr::new(v), Timestamp::from_ms(at)));
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut kept = None;
            for index in order {
                Told::keep_newer(&mut kept, tellings[index].clone());
            }
            assert_eq!(kept.unwrap().value, "c");
            let (mut plain, mut texts) = (None, None);
            for told in order.into_iter().chain([1, 1, 2]).map(|index| &tellings[index]) {
                Told::keep_newer(&mut plain, told.clone());
                Told::keep_newer_text(&mut texts, &told.value, told.at);
                assert_eq!(texts, plain);
            }
        }
    }
}
