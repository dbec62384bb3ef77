//! A logistic regression: what it keeps, and what it says of somebody.

use super::numeric::sigmoid;
use beckon_domain::packed::{PackError, pack_state, unpack_state};
use serde::{Deserialize, Serialize};

/// The version of the stored form that this release writes and reads.
pub const MODEL_VERSION: u8 = 1;
/// Features that a model has at most: what is stored is bounded.
pub const FEATURE_COUNT_MAX: usize = 1_024;

/// One feature in a model.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Term {
    /// Its name.
    pub name: String,
    /// The least and the largest value that was learned from: what lies beyond is taken for the nearest of them, because
    /// nothing is known there.
    pub least: f64,
    /// See [`Term::least`].
    pub most: f64,
    /// Mean where it was learned.
    pub mean: f64,
    /// Standard deviation where it was learned; never 0.
    pub deviation: f64,
    /// Weight of the standardised feature, in log-odds.
    pub weight: f64,
}

/// A logistic regression with its standardisation and its calibration.
#[derive(Clone, PartialEq, Debug)]
pub struct Model {
    stored: Stored,
    /// The terms once more, as they are summed: a division for each would take longer than all the rest.
    lanes: Vec<Lanes>,
    offset: f64,
}

/// What is kept of a model.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Stored {
    terms: Vec<Term>,
    /// Log-odds of somebody average.
    intercept: f64,
}

/// Terms that are summed side by side.
const LANES: usize = 4;

/// Four terms as they are summed: additions that wait for each other would take longest.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Lanes {
    least: [f64; LANES],
    most: [f64; LANES],
    by: [f64; LANES],
}

impl Lanes {
    fn of(terms: &[Term]) -> Self {
        let mut lanes = Self::default();
        for (lane, term) in terms.iter().enumerate().take(LANES) {
            lanes.least[lane] = term.least;
            lanes.most[lane] = term.most;
            lanes.by[lane] = term.weight / term.deviation;
        }
        lanes
    }

    /// What is no number is taken for the least.
    #[inline]
    fn add_to(&self, sums: &mut [f64; LANES], values: &[f64; LANES]) {
        for lane in 0..LANES {
            let value = if values[lane] > self.least[lane] { values[lane] } else { self.least[lane] };
            let value = if value < self.most[lane] { value } else { self.most[lane] };
            sums[lane] += self.by[lane] * value;
        }
    }
}

/// Why stored bytes are no model that this release can use.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ModelError {
    /// They are empty, cut off, or of another version.
    #[error("the stored model cannot be read: {0}")]
    Form(String),
    /// A number in it is none, or it has too many or no features.
    #[error("the stored model has {0}")]
    Content(&'static str),
    /// It was trained on other features than this release has.
    #[error("the stored model was trained on other features than this release has; train it again")]
    Features,
}

impl Model {
    /// A model of these terms.
    ///
    /// # Errors
    /// When a number is none, a deviation is 0, or there are too many terms.
    pub fn new(terms: Vec<Term>, intercept: f64) -> Result<Self, ModelError> {
        if terms.len() > FEATURE_COUNT_MAX {
            return Err(ModelError::Content("too many features"));
        }
        let is_number =
            |t: &Term| [t.least, t.most, t.mean, t.deviation, t.weight].iter().all(|v| v.is_finite());
        if !intercept.is_finite() || !terms.iter().all(is_number) {
            return Err(ModelError::Content("a number that is none"));
        }
        if terms.iter().any(|term| term.deviation <= 0.0 || term.least > term.most) {
            return Err(ModelError::Content("a feature without a range"));
        }
        let lanes = terms.chunks(LANES).map(Lanes::of).collect();
        let offset = terms.iter().fold(intercept, |sum, term| sum - term.weight / term.deviation * term.mean);
        Ok(Self { stored: Stored { terms, intercept }, lanes, offset })
    }

    /// The features, with their weights.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.stored.terms
    }

    /// Log-odds of somebody average.
    #[must_use]
    pub const fn intercept(&self) -> f64 {
        self.stored.intercept
    }

    /// Log-odds of somebody with these values, in the order of the terms; values that are missing count as 0.
    #[must_use]
    pub fn log_odds(&self, values: &[f64]) -> f64 {
        let mut sums = [self.offset, 0.0, 0.0, 0.0];
        let (fours, rest) = values.as_chunks::<LANES>();
        for (lanes, values) in self.lanes.iter().zip(fours) {
            lanes.add_to(&mut sums, values);
        }
        let mut last = [0.0; LANES];
        last[..rest.len()].copy_from_slice(rest);
        for lanes in self.lanes.iter().skip(fours.len()) {
            lanes.add_to(&mut sums, &last);
            last = [0.0; LANES];
        }
        (sums[0] + sums[1]) + (sums[2] + sums[3])
    }

    /// How likely somebody with these values is to buy: between 0 and 1, neither included.
    #[must_use]
    pub fn score(&self, values: &[f64]) -> f64 {
        let log_odds = self.log_odds(values);
        let log_odds = if log_odds < -LOG_ODDS_MAX { -LOG_ODDS_MAX } else { log_odds };
        sigmoid(if log_odds > LOG_ODDS_MAX { LOG_ODDS_MAX } else { log_odds })
    }

    /// The same model, its log-odds stretched and moved.
    ///
    /// # Errors
    /// When one of the two is no number.
    pub fn calibrated(self, slope: f64, intercept: f64) -> Result<Self, ModelError> {
        let Stored { mut terms, intercept: before } = self.stored;
        terms.iter_mut().for_each(|term| term.weight *= slope);
        Self::new(terms, before * slope + intercept)
    }

    /// The stored form.
    ///
    /// # Errors
    /// When it cannot be encoded, which no valid one causes.
    pub fn pack(&self) -> Result<Vec<u8>, PackError> {
        pack_state(MODEL_VERSION, &self.stored)
    }

    /// Reads the stored form of a model that was trained on these features.
    ///
    /// # Errors
    /// When the bytes are cut off, of another version, or no model of these features.
    pub fn unpack(bytes: &[u8], names: &[&str]) -> Result<Self, ModelError> {
        let read: Stored = unpack_state(MODEL_VERSION, bytes).map_err(|e| ModelError::Form(e.to_string()))?;
        let model = Self::new(read.terms, read.intercept)?;
        if model.terms().iter().map(|term| term.name.as_str()).eq(names.iter().copied()) {
            return Ok(model);
        }
        Err(ModelError::Features)
    }
}

/// A model is never surer than this (one in a million million).
const LOG_ODDS_MAX: f64 = 27.6;

#[cfg(test)]
mod tests {
    use super::*;

    fn term(name: &str, weight: f64) -> Term {
        Term { name: name.to_owned(), least: 0.0, most: 10.0, mean: 4.0, deviation: 2.0, weight }
    }

    fn model() -> Model {
        Model::new(["a", "b", "c", "d", "e"].iter().map(|n| term(n, 0.5)).collect(), -1.0).unwrap()
    }

    #[test]
    fn a_score_is_the_logistic_function_of_the_standardised_sum() {
        let average = model().score(&[4.0; 5]);
        assert!((average - 1.0 / (1.0 + 1.0_f64.exp())).abs() < 1e-12);
        // 6 is one deviation above, 2 one below; each weighs a half.
        let log_odds = model().log_odds(&[6.0, 6.0, 2.0, 4.0, 6.0]);
        assert!((log_odds - (-1.0 + 0.5 * 2.0)).abs() < 1e-12, "{log_odds}");
    }

    #[test]
    fn what_was_never_seen_is_taken_for_the_nearest_that_was() {
        let (beyond, edge) = (model().log_odds(&[1e9; 5]), model().log_odds(&[10.0; 5]));
        assert_eq!(beyond.to_bits(), edge.to_bits());
        let sure = Model::new(vec![term("a", 1e6)], 0.0).unwrap();
        let (yes, no) = (sure.score(&[10.0]), sure.score(&[0.0]));
        assert!(yes < 1.0 && no > 0.0, "{yes} {no}: never certain");
    }

    #[test]
    fn a_stored_model_is_the_same_to_the_bit_and_any_cut_of_it_is_refused() {
        let (model, names) = (model(), ["a", "b", "c", "d", "e"]);
        let bytes = model.pack().unwrap();
        assert_eq!(Model::unpack(&bytes, &names).unwrap(), model);
        for length in 0..bytes.len() {
            let refused = Model::unpack(&bytes[..length], &names).unwrap_err();
            assert!(matches!(refused, ModelError::Form(_)), "{length} bytes: {refused}");
        }
        let newer = [&[MODEL_VERSION + 1], &bytes[1..]].concat();
        assert!(matches!(Model::unpack(&newer, &names).unwrap_err(), ModelError::Form(_)));
        assert_eq!(Model::unpack(&bytes, &names[..4]).unwrap_err(), ModelError::Features);
        assert_eq!(Model::unpack(&bytes, &["a", "b", "c", "e", "d"]).unwrap_err(), ModelError::Features);
    }

    #[test]
    fn numbers_that_are_none_make_no_model() {
        for bad in [f64::NAN, f64::INFINITY] {
            assert!(Model::new(vec![term("a", bad)], 0.0).is_err());
            assert!(Model::new(vec![term("a", 1.0)], bad).is_err());
        }
        assert!(Model::new(vec![Term { deviation: 0.0, ..term("a", 1.0) }], 0.0).is_err());
        assert!(Model::new((0..=FEATURE_COUNT_MAX).map(|_| term("a", 1.0)).collect(), 0.0).is_err());
    }

    #[test]
    fn calibration_stretches_and_moves_the_log_odds() {
        let values = [1.0, 9.0, 3.0, 4.0, 5.0];
        let expected = model().log_odds(&values) * 0.8 + 0.3;
        let found = model().calibrated(0.8, 0.3).unwrap().log_odds(&values);
        assert!((found - expected).abs() < 1e-12);
    }
}
