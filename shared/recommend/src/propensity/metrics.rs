//! How good scores are: how well they tell buyers from others (AUC), how far off they are (log-loss), and whether they
//! mean what they say (calibration, reliability).
//!
//! Sources: DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating
//! characteristic curves", Biometrics 44 (1988), computed by midranks; Cox, "Two further applications of a model for
//! binary regression", Biometrika 45 (1958), for slope and intercept of calibration.

use super::numeric::{clip, ln, logit, sigmoid};
use serde::{Deserialize, Serialize};

/// A score and what came of it: whether the person bought.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Outcome {
    /// The score, from 0 to 1.
    pub score: f64,
    /// Whether it happened.
    pub happened: bool,
}

/// A number that was estimated, and how sure it is.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
}

/// Standard errors to each side of the middle 95 % of a normal distribution.
const Z_95: f64 = 1.959_963_984_540_054;

impl Estimate {
    /// The mean of values.
    #[must_use]
    pub fn of_mean(values: &[f64]) -> Self {
        Self { value: mean(values), standard_error: share(variance(values), values.len()).sqrt() }
    }

    /// The interval that contains the truth in 95 of 100 such samples.
    #[must_use]
    pub fn interval_95(&self) -> (f64, f64) {
        (self.value - Z_95 * self.standard_error, self.value + Z_95 * self.standard_error)
    }

    /// Whether the interval contains a number.
    #[must_use]
    pub fn may_be(&self, number: f64) -> bool {
        let (low, high) = self.interval_95();
        low <= number && number <= high
    }
}

/// A share of all, and 0 of nothing.
fn share(part: f64, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part / whole as f64 }
}

fn mean(values: &[f64]) -> f64 {
    share(values.iter().sum(), values.len())
}

fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    share(squares, values.len().saturating_sub(1))
}

/// Ranks from 1; equal values share the mean of theirs.
fn midranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let value = values[order[from]];
        let to = from + order[from..].iter().take_while(|index| values[**index] == value).count().max(1);
        for index in &order[from..to] {
            ranks[*index] = (from + 1 + to) as f64 / 2.0;
        }
        from = to;
    }
    ranks
}

/// The area under the ROC curve: how often somebody to whom it happened has a higher score than somebody to whom it did
/// not, ties counted half. With DeLong's standard error. `None` when all or none of them did.
#[must_use]
pub fn auc(scored: &[Outcome]) -> Option<Estimate> {
    let of = |happened| scored.iter().filter(move |s| s.happened == happened).map(|s| s.score);
    let (yes, no): (Vec<f64>, Vec<f64>) = (of(true).collect(), of(false).collect());
    if yes.is_empty() || no.is_empty() {
        return None;
    }
    let all = midranks(&[yes.as_slice(), no.as_slice()].concat());
    let (all_yes, all_no) = all.split_at(yes.len());
    let (yes_count, no_count) = (yes.len() as f64, no.len() as f64);
    // For each who did: the share of the others that is below. For each who did not: the share of those above.
    let below: Vec<f64> =
        all_yes.iter().zip(midranks(&yes)).map(|(all, own)| (all - own) / no_count).collect();
    let above: Vec<f64> =
        all_no.iter().zip(midranks(&no)).map(|(all, own)| 1.0 - (all - own) / yes_count).collect();
    let squared = variance(&below) / yes_count + variance(&above) / no_count;
    Some(Estimate { value: mean(&below), standard_error: squared.sqrt() })
}

/// −ln of the probability that was given to what came about.
#[must_use]
pub fn log_loss_of(outcome: &Outcome) -> f64 {
    -ln(clip(if outcome.happened { outcome.score } else { 1.0 - outcome.score }))
}

/// The mean of [`log_loss_of`]. Less is better.
#[must_use]
pub fn log_loss(scored: &[Outcome]) -> Estimate {
    Estimate::of_mean(&scored.iter().map(log_loss_of).collect::<Vec<_>>())
}

/// Slope and intercept of calibration: the logistic regression of what happened on the log-odds of the score. 1 and 0 when
/// scores mean what they say; a slope below 1 says that they are too sure of themselves.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Calibration {
    /// The slope.
    pub slope: Estimate,
    /// The intercept beside that slope.
    pub intercept: Estimate,
    /// The intercept beside a slope of 1: whether scores are too low (above 0) or too high on the whole.
    pub in_the_large: Estimate,
}

/// Steps of Newton's method at most; four or five are enough.
const NEWTON_STEPS_MAX: usize = 50;
const NEWTON_ENOUGH: f64 = 1e-10;

/// The calibration of scores; `None` when all or none of it happened, all scores are equal, or no finite line fits.
#[must_use]
pub fn calibration(scored: &[Outcome]) -> Option<Calibration> {
    let points: Vec<(f64, f64)> =
        scored.iter().map(|s| (logit(s.score), f64::from(u8::from(s.happened)))).collect();
    if auc(scored).is_none() || points.iter().all(|(x, _)| *x == points[0].0) {
        return None;
    }
    let (mut a, mut b) = (0.0, 1.0);
    for _ in 0..NEWTON_STEPS_MAX {
        let curve = curvature(&points, a, b);
        let (step_a, step_b) = curve.solve()?;
        (a, b) = (a + step_a, b + step_b);
        if !(a.is_finite() && b.is_finite()) {
            return None;
        }
        if step_a.abs() + step_b.abs() < NEWTON_ENOUGH {
            let curve = curvature(&points, a, b);
            let determinant = curve.determinant();
            return Some(Calibration {
                slope: Estimate { value: b, standard_error: (curve.aa / determinant).sqrt() },
                intercept: Estimate { value: a, standard_error: (curve.bb / determinant).sqrt() },
                in_the_large: in_the_large(&points)?,
            });
        }
    }
    None
}

fn in_the_large(points: &[(f64, f64)]) -> Option<Estimate> {
    let mut a = 0.0;
    for _ in 0..NEWTON_STEPS_MAX {
        let curve = curvature(points, a, 1.0);
        let step = curve.a / curve.aa;
        a += step;
        if !a.is_finite() {
            return None;
        }
        if step.abs() < NEWTON_ENOUGH {
            return Some(Estimate { value: a, standard_error: (1.0 / curve.aa).sqrt() });
        }
    }
    None
}

/// Gradient and information of the log-likelihood of a line.
#[derive(Default)]
struct Curvature {
    a: f64,
    b: f64,
    aa: f64,
    ab: f64,
    bb: f64,
}

impl Curvature {
    fn determinant(&self) -> f64 {
        self.aa * self.bb - self.ab * self.ab
    }

    fn solve(&self) -> Option<(f64, f64)> {
        let determinant = self.determinant();
        let is_flat = determinant.abs() < f64::MIN_POSITIVE;
        let step_a = (self.bb * self.a - self.ab * self.b) / determinant;
        let step_b = (self.aa * self.b - self.ab * self.a) / determinant;
        (!is_flat).then_some((step_a, step_b))
    }
}

fn curvature(points: &[(f64, f64)], a: f64, b: f64) -> Curvature {
    points.iter().fold(Curvature::default(), |mut sum, (x, y)| {
        let p = sigmoid(a + b * x);
        let (rest, weight) = (y - p, p * (1.0 - p));
        sum.a += rest;
        sum.b += rest * x;
        sum.aa += weight;
        sum.ab += weight * x;
        sum.bb += weight * x * x;
        sum
    })
}

/// People with similar scores.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// How many they are.
    pub count: usize,
    /// The mean of their scores.
    pub expected: f64,
    /// The share of them to whom it happened.
    pub observed: f64,
}

/// The reliability curve: all by their score, in so many bins of equal size (the last ones may be smaller by one).
#[must_use]
pub fn reliability(scored: &[Outcome], bin_count: usize) -> Vec<ReliabilityBin> {
    let mut ordered = scored.to_vec();
    ordered.sort_by(|a, b| a.score.total_cmp(&b.score));
    let (mut bins, mut from) = (Vec::new(), 0);
    for left in (1..=bin_count).rev() {
        let to = from + (ordered.len() - from).div_ceil(left);
        let part = &ordered[from..to];
        if !part.is_empty() {
            bins.push(ReliabilityBin {
                count: part.len(),
                expected: share(part.iter().map(|s| s.score).sum(), part.len()),
                observed: share(part.iter().filter(|s| s.happened).count() as f64, part.len()),
            });
        }
        from = to;
    }
    bins
}

/// The mean distance of the reliability curve from what it should be, weighted by the bins' sizes.
#[must_use]
pub fn calibration_error(bins: &[ReliabilityBin]) -> f64 {
    let count = bins.iter().map(|bin| bin.count).sum();
    share(bins.iter().map(|bin| bin.count as f64 * (bin.expected - bin.observed).abs()).sum(), count)
}

/// Bins of the reliability curve that a model card shows.
pub const BIN_COUNT: usize = 10;

/// All that is measured of scores.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// How many scores.
    pub count: usize,
    /// To how many of them it happened.
    pub happened: usize,
    /// [`auc`].
    pub auc: Option<Estimate>,
    /// [`log_loss`].
    pub log_loss: Estimate,
    /// [`calibration`].
    pub calibration: Option<Calibration>,
    /// [`calibration_error`].
    pub calibration_error: f64,
    /// [`reliability`].
    pub reliability: Vec<ReliabilityBin>,
}

impl Measured {
    /// Measures scores.
    #[must_use]
    pub fn of(scored: &[Outcome]) -> Self {
        let reliability = reliability(scored, BIN_COUNT);
        Self {
            count: scored.len(),
            happened: scored.iter().filter(|s| s.happened).count(),
            auc: auc(scored),
            log_loss: log_loss(scored),
            calibration: calibration(scored),
            calibration_error: calibration_error(&reliability),
            reliability,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scored(scores: &[(f64, bool)]) -> Vec<Outcome> {
        scores.iter().map(|(score, happened)| Outcome { score: *score, happened: *happened }).collect()
    }

    /// Worked by hand: of the nine pairs seven are in order and one is a tie. DeLong's parts: below = [1, 1, 1/2], above =
    /// [1, 5/6, 2/3].
    #[test]
    fn the_auc_of_a_small_example_and_its_error() {
        let found =
            auc(&scored(&[(0.9, true), (0.8, true), (0.4, true), (0.1, false), (0.4, false), (0.5, false)]));
        let found = found.unwrap();
        assert!((found.value - 7.5 / 9.0).abs() < 1e-12, "{found:?}");
        let (below, above) = (1.0 / 12.0, 1.0 / 36.0);
        let expected = f64::sqrt(below / 3.0 + above / 3.0);
        assert!((found.standard_error - expected).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn the_auc_knows_perfect_useless_and_impossible() {
        let value = |scores: &[(f64, bool)]| auc(&scored(scores)).map(|auc| auc.value);
        assert_eq!(value(&[(0.9, true), (0.1, false)]), Some(1.0));
        assert_eq!(value(&[(0.5, true), (0.5, false), (0.5, true)]), Some(0.5));
        assert_eq!(value(&[(0.5, true)]), None);
    }

    #[test]
    fn log_loss_of_a_small_example() {
        // −(ln 0.8 + ln 0.9) / 2, and certainty that was wrong costs much and not infinitely much.
        let loss = log_loss(&scored(&[(0.8, true), (0.1, false)])).value;
        assert!((loss - 0.164_252_033_486_018).abs() < 1e-9, "{loss}");
        let wrong = log_loss(&scored(&[(0.0, true)])).value;
        assert!(wrong > 20.0 && wrong.is_finite());
    }

    /// Two groups: of those told 20 % it happens to 30 of 100, of those told 80 % to 70 of 100. The line through both
    /// points is exact: slope = (logit .7 − logit .3) / (logit .8 − logit .2) = ln(7/3) / ln 4.
    #[test]
    fn calibration_of_two_groups_is_the_line_through_them() {
        let group = |score, hits| (0..100).map(move |n| (score, n < hits));
        let scores: Vec<_> = group(0.2, 30).chain(group(0.8, 70)).collect();
        let found = calibration(&scored(&scores)).unwrap();
        assert!((found.slope.value - (7.0_f64 / 3.0).ln() / 4.0_f64.ln()).abs() < 1e-9, "{found:?}");
        assert!(found.intercept.value.abs() < 1e-9 && found.in_the_large.value.abs() < 1e-9);
        // The information is 200 * .21 (ln 4)^2 for the slope: two groups, as far from the middle.
        let expected = 1.0 / (200.0 * 0.21 * 4.0_f64.ln().powi(2)).sqrt();
        assert!((found.slope.standard_error - expected).abs() < 1e-9);
        assert!(!found.slope.may_be(1.0), "such scores are too sure of themselves");
    }

    #[test]
    fn what_cannot_be_calibrated_is_none() {
        assert_eq!(calibration(&scored(&[(0.5, true), (0.5, false)])), None, "equal scores");
        assert_eq!(calibration(&scored(&[(0.5, true), (0.6, true)])), None, "all of them did");
        assert_eq!(calibration(&scored(&[(0.1, false), (0.9, true)])), None, "a step is no line");
        assert_eq!(calibration(&[]), None);
    }

    #[test]
    fn bins_hold_everybody_once() {
        let scores: Vec<_> = (0..23).map(|n| (f64::from(n) / 23.0, n % 3 == 0)).collect();
        let bins = reliability(&scored(&scores), 5);
        assert_eq!(bins.iter().map(|bin| bin.count).collect::<Vec<_>>(), [5, 5, 5, 4, 4]);
        assert!(bins.is_sorted_by(|a, b| a.expected < b.expected));
        assert!(reliability(&[], 5).is_empty());
        let exact = reliability(&scored(&[(0.5, true), (0.5, false)]), 1);
        assert_eq!(calibration_error(&exact), 0.0);
    }

    proptest! {
        #[test]
        fn the_auc_is_the_share_of_pairs_in_order(
            scores in prop::collection::vec((0_u8..20, any::<bool>()), 2..40)
        ) {
            let scores: Vec<_> = scores.iter().map(|(s, h)| (f64::from(*s) / 20.0, *h)).collect();
            let yes: Vec<f64> = scores.iter().filter(|s| s.1).map(|s| s.0).collect();
            let no: Vec<f64> = scores.iter().filter(|s| !s.1).map(|s| s.0).collect();
            let pair = |y: &f64, n: &f64| if y > n { 1.0 } else if y == n { 0.5 } else { 0.0 };
            let pairs: f64 = yes.iter().flat_map(|y| no.iter().map(move |n| pair(y, n))).sum();
            match auc(&scored(&scores)) {
                Some(found) => prop_assert!((found.value - pairs / (yes.len() * no.len()) as f64).abs() < 1e-9),
                None => prop_assert!(yes.is_empty() || no.is_empty()),
            }
        }
    }
}
