//! Forward decay in fixed point (Cormode, Shkapenyuk, Srivastava, Xu: "Forward decay", ICDE 2009).
//!
//! Time is cut into periods of sixteen half-lives. Each event's weight is computed once, towards the end of its own
//! period, and from then on only added: so it does not matter in which order events arrive or halves of a person are
//! merged, and replays are equal bit for bit.

use crate::time::{DurationMs, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

/// One point of interest, in the fixed-point unit of scores: scores are in millionths of a point.
pub const POINT: u64 = 1_000_000;

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
    let rest_ms = age.as_ms() % half_life_ms;
    // Half-lives under 500 years need no wide division.
    let sixteenths = match rest_ms.checked_mul(16 << 16) {
        Some(scaled) => scaled / half_life_ms,
        None => (u128::from(rest_ms) * (16 << 16) / u128::from(half_life_ms)) as u64,
    };
    let (step, rest) = ((sixteenths >> 16) as usize, u128::from(sixteenths & 0xffff));
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

/// The end of the newest period in which anything happened: what all weights of one collection are counted back from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Horizon(Timestamp);

impl Horizon {
    /// The period that an instant lies in; its end is strictly later than the instant.
    #[must_use]
    pub fn of(at: Timestamp, half_life: DurationMs) -> Self {
        let length_ms = period_length(half_life).as_ms();
        let index = at.as_ms().unsigned_abs() / length_ms + 1;
        Self(Timestamp::EPOCH + DurationMs::from_ms(index.saturating_mul(length_ms)))
    }

    /// How many periods this one is after another; 0 when it is not later.
    #[must_use]
    pub fn periods_after(self, earlier: Self, half_life: DurationMs) -> usize {
        let periods = self.0.since(earlier.0).as_ms().div_ceil(period_length(half_life).as_ms());
        usize::try_from(periods).unwrap_or(usize::MAX)
    }
}

/// Weights per period, the horizon's first. At most three, and no zero at the end; stored as a list of so many. They are
/// kept where they are, because every category and every product viewed has some.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(try_from = "Vec<u64>")]
pub struct Weights([u64; PERIOD_COUNT_MAX]);

/// Stored weights of more periods than are kept.
#[derive(Debug, thiserror::Error)]
#[error("weights of more than {PERIOD_COUNT_MAX} periods")]
pub struct TooManyPeriods;

impl TryFrom<Vec<u64>> for Weights {
    type Error = TooManyPeriods;

    fn try_from(stored: Vec<u64>) -> Result<Self, Self::Error> {
        let mut weights = Self::default();
        weights.0.get_mut(..stored.len()).ok_or(TooManyPeriods)?.copy_from_slice(&stored);
        Ok(weights)
    }
}

impl Serialize for Weights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.kept().serialize(serializer)
    }
}

impl Weights {
    /// Those up to the oldest period that weighs anything.
    fn kept(&self) -> &[u64] {
        let count = self.0.iter().rposition(|weight| *weight != 0).map_or(0, |last| last + 1);
        &self.0[..count]
    }

    /// Adds points of an instant. The horizon is not earlier than the instant's period.
    pub fn add(&mut self, points: u64, at: Timestamp, horizon: Horizon, half_life: DurationMs) {
        let own = Horizon::of(at, half_life);
        let weight = decay(u128::from(points) * UNIT, own.0.since(at), half_life);
        self.put(horizon.periods_after(own, half_life), u64::try_from(weight).unwrap_or(u64::MAX));
    }

    /// Adds the weights of the other half, which counts from the same horizon.
    pub fn merge(&mut self, other: &Self) {
        self.merge_times(other, 1);
    }

    /// Adds so many times the weights of another collection, which counts from the same horizon.
    pub fn merge_times(&mut self, other: &Self, times: u64) {
        for (index, weight) in other.0.iter().enumerate() {
            self.put(index, weight.saturating_mul(times));
        }
    }

    fn put(&mut self, index: usize, weight: u64) {
        if let Some(kept) = self.0.get_mut(index) {
            *kept = kept.saturating_add(weight);
        }
    }

    /// The horizon has moved on by so many periods.
    pub fn age(&mut self, periods: usize) {
        let periods = periods.min(PERIOD_COUNT_MAX);
        self.0.rotate_right(periods);
        self.0[..periods].fill(0);
    }

    /// Whether there is no weight left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept().is_empty()
    }

    /// The weight at the horizon: what weights that count from one horizon are compared by.
    #[must_use]
    pub fn at_horizon(&self) -> u128 {
        let shifted =
            |(index, weight): (usize, &u64)| u128::from(*weight) << (32_usize.saturating_sub(16 * index));
        self.kept().iter().enumerate().map(shifted).sum()
    }

    /// The same as a number to divide by, for what is shown and never stored.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        const PERIOD: f64 = 65_536.0;
        let [newest, older, oldest] = self.0.map(|weight| weight as f64);
        newest * (PERIOD * PERIOD) + older * PERIOD + oldest
    }

    /// The score at `now`, in millionths of a point.
    #[must_use]
    pub fn score(&self, horizon: Horizon, now: Timestamp, half_life: DurationMs) -> u64 {
        let length = period_length(half_life);
        let mut end = horizon.0;
        let mut sum = 0;
        for weight in self.kept() {
            // At its period's start a weight counts 2¹⁶-fold; from there on it only decays.
            let at_start = u128::from(*weight) << PERIOD_HALF_LIVES;
            end = end - length;
            sum += decay(at_start, now.since(end), half_life);
        }
        u64::try_from(sum * u128::from(POINT) / UNIT).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEK: DurationMs = DurationMs::from_days(7);

    fn at(day: u64) -> Timestamp {
        Timestamp::EPOCH + DurationMs::from_days(day)
    }

    /// Points of 1 on each of these days, in this order.
    fn told(days: &[u64]) -> (Weights, Horizon) {
        let (mut weights, mut horizon) = (Weights::default(), Horizon::default());
        for day in days {
            let own = Horizon::of(at(*day), WEEK);
            let periods = own.periods_after(horizon, WEEK);
            if periods > 0 {
                weights.age(periods);
                horizon = own;
            }
            weights.add(1, at(*day), horizon, WEEK);
        }
        (weights, horizon)
    }

    #[test]
    fn three_periods_are_kept_whatever_the_order() {
        let expected = told(&[400, 290, 180, 30]);
        assert_eq!(expected.0.kept().len(), 3, "day 30 lies in the fourth period back");
        for order in [[30, 180, 290, 400], [180, 400, 30, 290], [290, 30, 400, 180]] {
            assert_eq!(told(&order), expected);
        }
        assert_eq!(told(&[0, 2_000]), told(&[2_000]));
        let (mut weights, _) = told(&[5]);
        weights.age(3);
        assert!(weights.is_empty());
    }

    #[test]
    fn weights_are_stored_as_a_list_without_zeros_at_its_end() {
        let mut weights = told(&[400]).0;
        let stored = |weights: &Weights| postcard::to_stdvec(weights).unwrap();
        assert_eq!(stored(&Weights::default()), [0]);
        weights.age(1);
        assert_eq!(stored(&weights)[..2], [2, 0], "two periods, nothing in the newer one");
        assert_eq!(postcard::from_bytes::<Weights>(&stored(&weights)).unwrap(), weights);
        assert!(postcard::from_bytes::<Weights>(&[4, 1, 1, 1, 1]).is_err(), "no release keeps four periods");
    }

    #[test]
    fn weights_compare_at_the_horizon_as_their_scores_do() {
        let (mut old, horizon) = told(&[400]);
        let mut new = old;
        old.add(1_000, at(230), horizon, WEEK);
        new.add(1, at(390), horizon, WEEK);
        let score = |weights: &Weights| weights.score(horizon, at(447), WEEK);
        assert!(new.at_horizon() > old.at_horizon() && score(&new) >= score(&old));
    }
}
