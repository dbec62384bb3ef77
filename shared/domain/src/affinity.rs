//! Affinity: a decayed score of interest in a category or a brand, in fixed point, so that replays are equal bit for
//! bit. Interest in a product is kept with its view ([`crate::viewed`]).

use crate::decay::{Horizon, Weights};
use crate::policy::AFFINITY_COUNT_MAX;
use crate::time::{DurationMs, Timestamp};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

pub use crate::decay::POINT;

/// Points for a view.
pub const VIEW_POINTS: u64 = 1;
/// Points for putting a product into the cart.
pub const ADD_POINTS: u64 = 3;
/// Points for buying a product.
pub const ORDER_POINTS: u64 = 5;

/// A person's interest in one category or brand.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Interest<K> {
    key: K,
    weights: Weights,
}

/// The categories, or the brands, that a person cares about, in name order; the strongest are kept. About six bytes
/// each when stored, beside the name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Affinity<K> {
    horizon: Horizon,
    interests: Vec<Interest<K>>,
}

impl<K> Default for Affinity<K> {
    fn default() -> Self {
        Self { horizon: Horizon::default(), interests: Vec::new() }
    }
}

impl<K: Ord + Clone + AsRef<str>> Affinity<K> {
    /// Adds points to a category or brand at an instant, however late the event arrives.
    pub fn add(&mut self, key: &K, points: u64, at: Timestamp, half_life: DurationMs) {
        self.reach(Horizon::of(at, half_life), half_life);
        let horizon = self.horizon;
        self.weights(key).add(points, at, horizon, half_life);
        self.evict();
    }

    /// Lets the newest period be at least this one.
    fn reach(&mut self, horizon: Horizon, half_life: DurationMs) {
        let periods = horizon.periods_after(self.horizon, half_life);
        if periods > 0 {
            self.horizon = horizon;
            self.interests.iter_mut().for_each(|interest| interest.weights.age(periods));
        }
    }

    fn weights(&mut self, key: &K) -> &mut Weights {
        let index = self.interests.binary_search_by(|i| i.key.cmp(key)).unwrap_or_else(|index| {
            self.interests.insert(index, Interest { key: key.clone(), weights: Weights::default() });
            index
        });
        &mut self.interests[index].weights
    }

    /// Drops what weighs nothing any more, and the weakest beyond the cap; of equal ones the last by name.
    fn evict(&mut self) {
        self.interests.retain(|interest| !interest.weights.is_empty());
        while self.interests.len() > AFFINITY_COUNT_MAX {
            let strength = |(index, i): &(usize, &Interest<K>)| (i.weights.at_horizon(), Reverse(*index));
            let weakest = self.interests.iter().enumerate().min_by_key(strength).map(|(index, _)| index);
            let Some(weakest) = weakest else { return };
            self.interests.remove(weakest);
        }
    }

    /// The score of a category or brand now, in millionths of a point.
    #[must_use]
    pub fn score(&self, key: &str, now: Timestamp, half_life: DurationMs) -> u64 {
        let interest = self.interests.iter().find(|i| i.key.as_ref() == key);
        interest.map_or(0, |i| i.weights.score(self.horizon, now, half_life))
    }

    /// All by their score now, strongest first.
    #[must_use]
    pub fn ranked(&self, now: Timestamp, half_life: DurationMs) -> Vec<(&K, u64)> {
        let score = |i: &Interest<K>| i.weights.score(self.horizon, now, half_life);
        let mut ranked: Vec<_> = self.interests.iter().map(|i| (&i.key, score(i))).collect();
        ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        ranked
    }

    /// The interests of two halves of one person, added.
    #[must_use]
    pub fn merge(&self, other: &Self, half_life: DurationMs) -> Self {
        let (mut merged, mut other) = (self.clone(), other.clone());
        merged.reach(other.horizon, half_life);
        other.reach(merged.horizon, half_life);
        for interest in &other.interests {
            merged.weights(&interest.key).merge(&interest.weights);
        }
        merged.evict();
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Category;

    const WEEK: DurationMs = DurationMs::from_days(7);

    fn category(name: &str) -> Category {
        Category::new(name).unwrap()
    }

    #[test]
    fn a_score_halves_in_its_half_life_and_follows_the_curve_between() {
        let mut affinity = Affinity::<Category>::default();
        let start = Timestamp::from_ms(1_763_800_000_000);
        affinity.add(&category("tents"), 8, start, WEEK);
        for (days, millionths) in
            [(0, 8_000_000_u64), (7, 4_000_000), (21, 1_000_000), (3, 5_943_975), (140, 8)]
        {
            let score = affinity.score("tents", start + DurationMs::from_days(days), WEEK);
            assert!(score.abs_diff(millionths) * 2_000 <= millionths.max(2_000), "{days} days: {score}");
        }
        assert_eq!(affinity.score("tents", start + DurationMs::from_days(700), WEEK), 0);
    }

    #[test]
    fn recent_interest_outranks_old_interest() {
        let mut affinity = Affinity::<Category>::default();
        let now = Timestamp::EPOCH + DurationMs::from_days(30);
        affinity.add(&category("tents"), ADD_POINTS, Timestamp::EPOCH, WEEK);
        affinity.add(&category("boots"), VIEW_POINTS, now, WEEK);
        assert_eq!(affinity.ranked(now, WEEK)[0].0.as_str(), "boots");
    }

    #[test]
    fn the_weakest_is_dropped_beyond_the_cap_and_merging_commutes() {
        let now = Timestamp::EPOCH + DurationMs::from_days(1);
        let (mut a, mut b) = (Affinity::<Category>::default(), Affinity::<Category>::default());
        for n in 0..AFFINITY_COUNT_MAX as u64 {
            a.add(&category(&format!("a{n:02}")), n + 2, now, WEEK);
            b.add(&category(&format!("b{n:02}")), n + 2, Timestamp::EPOCH, WEEK);
        }
        a.add(&category("weak"), 1, now, WEEK);
        assert_eq!(a.score("weak", now, WEEK), 0);
        let merged = a.merge(&b, WEEK);
        assert_eq!(merged, b.merge(&a, WEEK));
        assert_eq!(merged.ranked(now, WEEK).len(), AFFINITY_COUNT_MAX);
    }
}
