//! Affinity: a decayed score of interest in a category, in fixed point, so that replays are equal bit for bit.

use crate::id::Category;
use crate::policy::AFFINITY_COUNT_MAX;
use crate::time::{DurationMs, Timestamp};
use serde::{Deserialize, Serialize};

/// One point of interest, in the fixed-point unit of scores.
pub const POINT: u64 = 1_000_000;
/// Points for a view.
pub const VIEW_POINTS: u64 = 1;
/// Points for putting a product into the cart.
pub const ADD_POINTS: u64 = 3;
/// Points for buying a product.
pub const ORDER_POINTS: u64 = 5;

/// round(2^(−i/16) · 2³²) for i = 0..=16: one half-life in sixteen steps, interpolated in between.
const HALVING: [u64; 17] = [
    4_294_967_296,
    4_112_874_773,
    3_938_502_376,
    3_771_522_796,
    3_611_622_603,
    3_458_501_653,
    3_311_872_529,
    3_171_459_999,
    3_037_000_500,
    2_908_241_642,
    2_784_941_738,
    2_666_869_345,
    2_553_802_834,
    2_445_529_972,
    2_341_847_524,
    2_242_560_872,
    2_147_483_648,
];

/// `score` after `age` with a half-life, by integer arithmetic alone (within 0.02 % of the exact value).
#[must_use]
pub fn decay(score: u64, age: DurationMs, half_life: DurationMs) -> u64 {
    let half_life_ms = half_life.as_ms().max(1);
    let halvings = age.as_ms() / half_life_ms;
    if halvings >= 63 {
        return 0;
    }
    let sixteenths = u128::from(age.as_ms() % half_life_ms) * (16 << 16) / u128::from(half_life_ms);
    let (step, rest) = ((sixteenths >> 16) as usize, sixteenths & 0xffff);
    let (from, to) = (u128::from(HALVING[step]), u128::from(HALVING[step + 1]));
    let factor = from - (((from - to) * rest) >> 16);
    (((u128::from(score) * factor) >> 32) >> halvings) as u64
}

/// The score of one category, as it was at an instant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Interest {
    /// The category.
    pub category: Category,
    /// The score at [`Interest::at`], in millionths of a point.
    pub score: u64,
    /// The instant of the score.
    pub at: Timestamp,
}

/// The categories a person cares about, in name order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Affinity(Vec<Interest>);

impl Affinity {
    /// Adds points to a category at an instant; a late event's points are decayed to the instant of the score.
    pub fn add(&mut self, category: &Category, points: u64, at: Timestamp, half_life: DurationMs) {
        self.add_score(Interest { category: category.clone(), score: points * POINT, at }, half_life);
        self.evict(half_life);
    }

    fn add_score(&mut self, add: Interest, half_life: DurationMs) {
        match self.0.binary_search_by(|i| i.category.cmp(&add.category)) {
            Ok(index) => {
                let kept = &mut self.0[index];
                let at = kept.at.max(add.at);
                kept.score = decay(kept.score, at.since(kept.at), half_life).saturating_add(decay(
                    add.score,
                    at.since(add.at),
                    half_life,
                ));
                kept.at = at;
            }
            Err(index) => self.0.insert(index, add),
        }
    }

    /// Drops the weakest beyond the cap, compared at one common instant; equal ones by name.
    fn evict(&mut self, half_life: DurationMs) {
        let Some(now) = self.0.iter().map(|i| i.at).max() else { return };
        while self.0.len() > AFFINITY_COUNT_MAX {
            let weakest = self
                .0
                .iter()
                .enumerate()
                .min_by_key(|(index, i)| {
                    (decay(i.score, now.since(i.at), half_life), std::cmp::Reverse(*index))
                })
                .map(|(index, _)| index);
            let Some(weakest) = weakest else { return };
            self.0.remove(weakest);
        }
    }

    /// The score of a category now, in millionths of a point.
    #[must_use]
    pub fn score(&self, category: &str, now: Timestamp, half_life: DurationMs) -> u64 {
        self.0
            .iter()
            .find(|i| i.category.as_str() == category)
            .map_or(0, |i| decay(i.score, now.since(i.at), half_life))
    }

    /// The categories by their score now, strongest first.
    #[must_use]
    pub fn ranked(&self, now: Timestamp, half_life: DurationMs) -> Vec<(&Category, u64)> {
        let mut ranked: Vec<_> =
            self.0.iter().map(|i| (&i.category, decay(i.score, now.since(i.at), half_life))).collect();
        ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        ranked
    }

    /// The interests of two halves of one person, added at the later instant of each pair.
    #[must_use]
    pub fn merge(&self, other: &Self, half_life: DurationMs) -> Self {
        let mut merged = self.clone();
        for interest in &other.0 {
            merged.add_score(interest.clone(), half_life);
        }
        merged.evict(half_life);
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEK: DurationMs = DurationMs::from_days(7);

    fn category(name: &str) -> Category {
        Category::new(name).unwrap()
    }

    #[test]
    fn a_score_halves_in_its_half_life_and_follows_the_curve_between() {
        assert_eq!(decay(8 * POINT, WEEK, WEEK), 4 * POINT);
        assert_eq!(decay(8 * POINT, DurationMs::from_days(21), WEEK), POINT);
        let after_three_days = decay(1_000_000, DurationMs::from_days(3), WEEK);
        let exact = 743_000; // 10⁶ · 2^(−3/7) = 742,997
        assert!(after_three_days.abs_diff(exact) < 200, "{after_three_days}");
        assert_eq!(decay(u64::MAX, DurationMs::from_days(700), WEEK), 0);
    }

    #[test]
    fn recent_interest_outranks_old_interest() {
        let mut affinity = Affinity::default();
        let now = Timestamp::EPOCH + DurationMs::from_days(30);
        affinity.add(&category("tents"), ADD_POINTS, Timestamp::EPOCH, WEEK);
        affinity.add(&category("boots"), VIEW_POINTS, now, WEEK);
        assert_eq!(affinity.ranked(now, WEEK)[0].0.as_str(), "boots");
    }

    #[test]
    fn the_weakest_is_dropped_beyond_the_cap_and_merging_commutes() {
        let now = Timestamp::EPOCH + DurationMs::from_days(1);
        let (mut a, mut b) = (Affinity::default(), Affinity::default());
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
