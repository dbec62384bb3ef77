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

/// `weight` after `age` with a half-life, by integer arithmetic alone (within 0.05 % of the exact value).
#[must_use]
pub fn decay(weight: u128, age: DurationMs, half_life: DurationMs) -> u128 {
    let half_life_ms = half_life.as_ms().max(1);
    let halvings = age.as_ms() / half_life_ms;
    if halvings >= 96 {
        return 0;
    }
    let sixteenths = u128::from(age.as_ms() % half_life_ms) * (16 << 16) / u128::from(half_life_ms);
    let (step, rest) = ((sixteenths >> 16) as usize, sixteenths & 0xffff);
    let (from, to) = (u128::from(HALVING[step]), u128::from(HALVING[step + 1]));
    let factor = from - (((from - to) * rest) >> 16);
    ((weight * factor) >> 32) >> halvings
}

/// What a point weighs at the end of its period.
const UNIT: u128 = 1 << 36;
/// Half-lives of one period.
const PERIOD_HALF_LIVES: u64 = 16;
/// Periods kept: what is older weighs less than 2⁻³² of its points.
const PERIOD_COUNT_MAX: usize = 3;

fn period_length(half_life: DurationMs) -> DurationMs {
    DurationMs::from_ms(half_life.as_ms().max(1).saturating_mul(PERIOD_HALF_LIVES))
}

/// The end of the period that an instant lies in: strictly later than the instant.
fn period_end(at: Timestamp, half_life: DurationMs) -> Timestamp {
    let length_ms = period_length(half_life).as_ms();
    let index = at.as_ms().unsigned_abs() / length_ms + 1;
    Timestamp::EPOCH + DurationMs::from_ms(index.saturating_mul(length_ms))
}

/// What the events of one period weigh together, at the period's end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Period {
    end: Timestamp,
    weight: u64,
}

/// A person's interest in one category: forward decay (Cormode, Shkapenyuk, Srivastava, Xu: "Forward decay", ICDE 2009).
/// Each event's weight is computed once, towards the end of its own period, and from then on only added: so it does not
/// matter in which order events arrive or halves of a person are merged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Interest {
    category: Category,
    /// Newest period first.
    periods: Vec<Period>,
}

impl Interest {
    fn add(&mut self, add: Period) {
        let index = self.periods.partition_point(|p| p.end > add.end);
        match self.periods.get_mut(index) {
            Some(period) if period.end == add.end => period.weight = period.weight.saturating_add(add.weight),
            _ => self.periods.insert(index, add),
        }
        self.periods.truncate(PERIOD_COUNT_MAX);
    }

    /// Millionths of a point at `now`.
    fn score(&self, now: Timestamp, half_life: DurationMs) -> u64 {
        let at_now = |period: &Period| {
            // At its period's start a weight counts 2¹⁶-fold; from there on it only decays.
            let at_start = u128::from(period.weight) << PERIOD_HALF_LIVES;
            decay(at_start, now.since(period.end - period_length(half_life)), half_life)
        };
        let weight: u128 = self.periods.iter().map(at_now).sum();
        u64::try_from((weight * u128::from(POINT)) / UNIT).unwrap_or(u64::MAX)
    }
}

/// The categories a person cares about, in name order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Affinity(Vec<Interest>);

impl Affinity {
    /// Adds points to a category at an instant, however late the event arrives.
    pub fn add(&mut self, category: &Category, points: u64, at: Timestamp, half_life: DurationMs) {
        let end = period_end(at, half_life);
        let weight = decay(u128::from(points) * UNIT, end.since(at), half_life);
        let weight = u64::try_from(weight).unwrap_or(u64::MAX);
        self.interest(category).add(Period { end, weight });
        self.evict(half_life);
    }

    fn interest(&mut self, category: &Category) -> &mut Interest {
        let index = match self.0.binary_search_by(|i| i.category.cmp(category)) {
            Ok(index) => index,
            Err(index) => {
                self.0.insert(index, Interest { category: category.clone(), periods: Vec::new() });
                index
            }
        };
        &mut self.0[index]
    }

    /// Drops the weakest beyond the cap, compared at one common instant; equal ones by name.
    fn evict(&mut self, half_life: DurationMs) {
        let Some(now) = self.0.iter().filter_map(|i| i.periods.first()).map(|p| p.end).max() else { return };
        while self.0.len() > AFFINITY_COUNT_MAX {
            let strength =
                |(index, i): &(usize, &Interest)| (i.score(now, half_life), std::cmp::Reverse(*index));
            let weakest = self.0.iter().enumerate().min_by_key(strength).map(|(index, _)| index);
            let Some(weakest) = weakest else { return };
            self.0.remove(weakest);
        }
    }

    /// The score of a category now, in millionths of a point.
    #[must_use]
    pub fn score(&self, category: &str, now: Timestamp, half_life: DurationMs) -> u64 {
        self.0.iter().find(|i| i.category.as_str() == category).map_or(0, |i| i.score(now, half_life))
    }

    /// The categories by their score now, strongest first.
    #[must_use]
    pub fn ranked(&self, now: Timestamp, half_life: DurationMs) -> Vec<(&Category, u64)> {
        let mut ranked: Vec<_> = self.0.iter().map(|i| (&i.category, i.score(now, half_life))).collect();
        ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        ranked
    }

    /// The interests of two halves of one person, added.
    #[must_use]
    pub fn merge(&self, other: &Self, half_life: DurationMs) -> Self {
        let mut merged = self.clone();
        for interest in &other.0 {
            for period in &interest.periods {
                merged.interest(&interest.category).add(*period);
            }
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
        let mut affinity = Affinity::default();
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
