//! What is multiplied, computed once for an index, so that a ranking adds and multiplies only.

use super::{Lists, Scoring};
use beckon_domain::decay::decay;
use beckon_domain::{DurationMs, Timestamp};

/// Steps of one half-life in the table of ages.
const AGE_STEPS: u64 = 32;
/// Half-lives in the table of ages; what is older weighs as little as the last one.
const AGE_HALF_LIVES: u64 = 16;
/// The unit of fixed-point weights before they become floating point.
const UNIT: u128 = 1 << 32;

/// What a product weighs at least that all sessions hold.
const RARITY_MIN: f32 = 1.0 / 16.0;

/// The weights of one index.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Weights {
    /// By place from the end of the current session.
    pub positions: Vec<f32>,
    /// By distance from the product in common.
    pub distances: Vec<f32>,
    /// By length of a past session: long ones have much in common with everything.
    lengths: Vec<f32>,
    /// By product: what few sessions hold says more than what all hold.
    pub rarities: Vec<f32>,
    /// By age in [`AGE_STEPS`] of a half-life; empty where age does not count.
    ages: Vec<f32>,
    minutes_per_step: u64,
}

impl Weights {
    pub fn of(scoring: &Scoring, sessions: &Lists, postings: &Lists) -> Self {
        let longest = (0..sessions.len()).map(|at| sessions.length(at)).max().unwrap_or_default();
        let powers = std::iter::successors(Some(1.0), |power| Some(power * scoring.position_decay));
        let by_distance = |distance: usize| match distance {
            0 => scoring.shared_weight,
            _ => 1.0 / (1.0 + scoring.distance_slope * (distance - 1) as f32),
        };
        let half_life = scoring.age_half_life.unwrap_or_default();
        let step = DurationMs::from_ms(half_life.as_ms() / AGE_STEPS);
        let age = |steps: u64| decay(UNIT, DurationMs::from_ms(step.as_ms() * steps), half_life) as f32;
        let ages = match step {
            DurationMs::ZERO => Vec::new(),
            _ => (0..=AGE_STEPS * AGE_HALF_LIVES).map(|steps| age(steps) / UNIT as f32).collect(),
        };
        let total = sessions.len() + 1;
        let rarity = |at: usize| halvings(total, postings.length(at) + 1).max(RARITY_MIN);
        Self {
            positions: powers.take(scoring.session_length_max).collect(),
            distances: (0..=longest).map(by_distance).collect(),
            lengths: (0..=longest).map(|length| 1.0 / fourth_root(length.max(1))).collect(),
            rarities: (0..postings.len()).map(rarity).collect(),
            ages,
            minutes_per_step: (step.as_ms() / 60_000).max(1),
        }
    }

    /// What a past session weighs by itself.
    pub fn session(&self, length: usize, ended_minutes: u32, now_minutes: u32) -> f32 {
        let by_length = self.lengths[length];
        let Some(oldest) = self.ages.len().checked_sub(1) else { return by_length };
        let steps = u64::from(now_minutes.saturating_sub(ended_minutes)) / self.minutes_per_step;
        by_length * self.ages[usize::try_from(steps).map_or(oldest, |steps| steps.min(oldest))]
    }
}

/// Whole minutes since 1970: as exact as an index knows times.
pub(super) fn minutes(at: Timestamp) -> u32 {
    u32::try_from(at.as_ms().max(0) / 60_000).unwrap_or(u32::MAX)
}

/// Square roots are exact on every machine (IEEE 754), so this is the same everywhere.
fn fourth_root(number: usize) -> f32 {
    f32::sqrt(f32::sqrt(number as f32))
}

/// How often a number halves until it is the other, straight between whole numbers: the logarithm to base 2 within 0.09,
/// read from the exponent and the fraction of a floating-point number.
fn halvings(number: usize, other: usize) -> f32 {
    let ratio = number as f32 / other as f32;
    (f64::from(ratio.to_bits() - 1.0_f32.to_bits()) / f64::from(1_u32 << 23)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halvings_are_a_logarithm() {
        assert_eq!(halvings(1, 1), 0.0);
        assert_eq!(halvings(1_024, 1), 10.0);
        assert_eq!(halvings(3, 2), 0.5);
        assert_eq!(halvings(500_000, 500_000), 0.0);
    }

    #[test]
    fn a_session_of_one_half_life_ago_weighs_half_and_one_of_the_future_all() {
        let scoring = Scoring { age_half_life: Some(DurationMs::from_hours(32)), ..Scoring::default() };
        let sessions = Lists { starts: vec![0, 1], numbers: vec![0] };
        let weights = Weights::of(&scoring, &sessions, &Lists::default());
        assert_eq!(weights.session(1, 0, 0), 1.0);
        assert_eq!(weights.session(1, 0, 32 * 60), 0.5);
        assert_eq!(weights.session(1, 100, 0), 1.0);
        assert!(weights.session(1, 0, u32::MAX) > 0.0);
    }
}
