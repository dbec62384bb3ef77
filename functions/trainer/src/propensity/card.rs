//! The model card: what a model was made of and how good it is, stored with it and shown to people.

use super::learn::{Learned, Tried};
use beckon_recommend::propensity::metrics::{Calibration, Measured};
use serde::{Deserialize, Serialize};

/// What the data were.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Data {
    /// First and last example, as RFC 3339.
    pub from: String,
    /// See [`Data::from`].
    pub until: String,
    /// The first example of the newest sessions, which the model has not seen.
    pub newest_from: String,
    /// People.
    pub people: usize,
    /// Examples: so many events into a session.
    pub examples: usize,
    /// Of those, examples after which the person bought in the session.
    pub bought: usize,
    /// Examples the model was trained on.
    pub trained_on: usize,
    /// After how many events of a session an example was taken.
    pub depths: Vec<u32>,
    /// Objects of the archive read, and lines in them.
    pub objects: u64,
    /// See [`Data::objects`].
    pub lines: u64,
    /// Of each thousand people, how many were drawn, because all would not have fit.
    pub people_per_thousand: u32,
    /// Whether older objects were left out, because there were too many.
    pub is_cut: bool,
}

/// A feature in a card.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Weighed {
    /// Its name.
    pub name: String,
    /// Weight of one standard deviation, in log-odds.
    pub weight: f64,
    /// Mean and standard deviation where it was learned.
    pub mean: f64,
    /// See [`Weighed::mean`].
    pub deviation: f64,
    /// The least and the most that was learned from.
    pub least: f64,
    /// See [`Weighed::least`].
    pub most: f64,
}

/// What a choice came to in cross-validation.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Validated {
    /// The penalty on large weights.
    pub penalty: f64,
    /// Its log-loss.
    pub log_loss: f64,
    /// Its AUC.
    pub auc: Option<f64>,
    /// Its slope of calibration.
    pub slope: Option<f64>,
}

/// The champion on the same sessions.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Champion {
    /// Its version.
    pub version: String,
    /// What was measured of it.
    pub measured: Measured,
}

/// A model card.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Card {
    /// The version of the model.
    pub version: String,
    /// When it was made, as RFC 3339.
    pub made_at: String,
    /// What it says.
    pub says: String,
    /// What it was made of.
    pub data: Data,
    /// The penalty on large weights that was chosen.
    pub penalty: f64,
    /// What each choice came to, in cross-validation in the order of time.
    pub tried: Vec<Validated>,
    /// What its scores were corrected by, if they were.
    pub corrected: Option<Calibration>,
    /// Log-odds of somebody average.
    pub intercept: f64,
    /// Its features, the weightiest first.
    pub features: Vec<Weighed>,
    /// What was measured on the newest sessions.
    pub measured: Measured,
    /// The log-loss on them of what says the same of everybody.
    pub constant_log_loss: f64,
    /// What was live, on the same sessions.
    pub champion: Option<Champion>,
    /// Why it became live, or did not.
    pub verdict: String,
}

/// The features of a model for its card.
#[must_use]
pub fn weighed(learned: &Learned) -> Vec<Weighed> {
    let terms = learned.model.terms().iter().map(|term| Weighed {
        name: term.name.clone(),
        weight: term.weight,
        mean: term.mean,
        deviation: term.deviation,
        least: term.least,
        most: term.most,
    });
    let mut terms: Vec<Weighed> = terms.collect();
    terms.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then_with(|| a.name.cmp(&b.name)));
    terms
}

/// What each choice came to.
#[must_use]
pub fn validated(learned: &Learned) -> Vec<Validated> {
    let of = |tried: &Tried| Validated {
        penalty: tried.penalty,
        log_loss: tried.measured.log_loss.value,
        auc: tried.measured.auc.map(|auc| auc.value),
        slope: tried.measured.calibration.map(|line| line.slope.value),
    };
    learned.tried.iter().map(of).collect()
}
