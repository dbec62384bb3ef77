//! From examples to a model: cross-validation in the order of time chooses the penalty, and what it predicted tells
//! whether the model is too sure of itself.

use super::fit::{FitError, fit};
use beckon_recommend::propensity::metrics::{Calibration, Measured, Outcome, calibration};
use beckon_recommend::propensity::{Example, Model};

/// Penalties that are tried, in examples that speak against one standard deviation.
pub const PENALTIES: [f64; 7] = [1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0];
/// Parts of equal size into which examples are cut, in the order of time. Each from the third on is predicted by a model
/// of all that came before it.
pub const FOLD_COUNT: usize = 6;
const FIRST_FOLD: usize = 2;

/// What was learned.
#[derive(Clone, PartialEq, Debug)]
pub struct Learned {
    /// The model of all examples.
    pub model: Model,
    /// The penalty that predicted best.
    pub penalty: f64,
    /// How well each penalty predicted.
    pub tried: Vec<(f64, Measured)>,
    /// What the predictions of the best penalty were corrected by, if they were too sure of themselves or not sure enough.
    pub corrected: Option<Calibration>,
}

/// The scores of a model beside what came about.
#[must_use]
pub fn outcomes(model: &Model, examples: &[&Example]) -> Vec<Outcome> {
    let outcome = |e: &&Example| Outcome { score: model.score(&e.values), happened: e.bought };
    examples.iter().map(outcome).collect()
}

/// Learns from examples in the order of time.
///
/// # Errors
/// When the examples are all of one kind, or no minimum is found.
pub fn learn(names: &[&str], examples: &[&Example]) -> Result<Learned, FitError> {
    let (mut tried, mut best): (Vec<(f64, Measured)>, Option<(f64, Vec<Outcome>)>) = (Vec::new(), None);
    for penalty in PENALTIES {
        let predicted = forward(names, examples, penalty)?;
        let measured = Measured::of(&predicted);
        let loss = measured.log_loss.value;
        if tried.iter().all(|(_, before)| loss < before.log_loss.value) {
            best = Some((penalty, predicted));
        }
        tried.push((penalty, measured));
    }
    let (penalty, predicted) = best.ok_or(FitError::OneSided)?;
    let model = fit(names, examples, penalty)?;
    let corrected = calibration(&predicted).filter(|line| !line.slope.may_be(1.0) && line.slope.value > 0.0);
    let model = match corrected {
        Some(line) => model.calibrated(line.slope.value, line.intercept.value)?,
        None => model,
    };
    Ok(Learned { model, penalty, tried, corrected })
}

/// Predictions of each fold by what came before it. A beginning in which nobody bought predicts nothing.
fn forward(names: &[&str], examples: &[&Example], penalty: f64) -> Result<Vec<Outcome>, FitError> {
    let mut predicted = Vec::new();
    for fold in FIRST_FOLD..FOLD_COUNT {
        let from = examples.len() * fold / FOLD_COUNT;
        let to = examples.len() * (fold + 1) / FOLD_COUNT;
        match fit(names, &examples[..from], penalty) {
            Ok(model) => predicted.append(&mut outcomes(&model, &examples[from..to])),
            Err(FitError::OneSided) => {}
            Err(error) => return Err(error),
        }
    }
    if predicted.is_empty() { Err(FitError::OneSided) } else { Ok(predicted) }
}
