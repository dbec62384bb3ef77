//! Logistic regression with a penalty on large weights, brought to its minimum by L-BFGS (Liu and Nocedal, "On the limited
//! memory BFGS method for large scale optimization", 1989; the crate `argmin`).
//!
//! All arithmetic is that of the pure crate, so that the same examples make the same model on every machine.

use argmin::core::{CostFunction, Error, Executor, Gradient, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
// Its feature `vec` is what makes a vector something to optimise.
use argmin_math as _;
use beckon_recommend::propensity::numeric::{exp, ln, logit, sigmoid};
use beckon_recommend::propensity::{Example, Model, ModelError, Term};

/// Steps of the optimiser at most; it is done after some tens.
const STEPS_MAX: u64 = 500;
/// Earlier steps from which the optimiser guesses the curvature.
const MEMORY: usize = 10;
/// The gradient's length at which the minimum is near enough.
const GRADIENT_ENOUGH: f64 = 1e-7;
/// Change of the loss in one step that is none.
const LOSS_ENOUGH: f64 = 1e-12;

/// Why no model came of examples.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// There are none, or all of them ended alike.
    #[error("there are not both: sessions with an order and sessions without")]
    OneSided,
    /// The optimiser gave up.
    #[error("the optimiser found no minimum")]
    NoMinimum(#[source] Error),
    /// What it found has no stored form.
    #[error("the model cannot be stored: {0}")]
    NoForm(String),
    /// What it found is no model.
    #[error("the optimiser found no model")]
    NoModel(#[from] ModelError),
}

impl FitError {
    /// Whether the same examples may make a model at the next try: never.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        false
    }
}

/// Learns a model from examples whose values have these names; `penalty` is what a weight of one standard deviation costs,
/// as if so many examples spoke against it.
///
/// # Errors
/// When the examples are all of one kind, or no minimum is found.
pub fn fit(names: &[&str], examples: &[&Example], penalty: f64) -> Result<Model, FitError> {
    let bought = examples.iter().filter(|example| example.bought).count();
    if bought == 0 || bought == examples.len() {
        return Err(FitError::OneSided);
    }
    let terms: Vec<Term> =
        names.iter().enumerate().map(|(column, name)| term(name, column, examples)).collect();
    let rows: Vec<f64> = examples
        .iter()
        .flat_map(|example| example.values.iter().zip(&terms))
        .map(|(value, term)| (value - term.mean) / term.deviation)
        .collect();
    let loss = Loss {
        rows,
        signs: examples.iter().map(|example| if example.bought { 1.0 } else { -1.0 }).collect(),
        width: names.len(),
        penalty: penalty / examples.len() as f64,
    };
    let mut start = vec![0.0; names.len()];
    start.push(logit(bought as f64 / examples.len() as f64));
    let minimum = minimise(loss, start).map_err(FitError::NoMinimum)?;
    let (intercept, weights) = minimum.split_last().ok_or(FitError::OneSided)?;
    let terms = terms.into_iter().zip(weights).map(|(term, weight)| Term { weight: *weight, ..term });
    Ok(Model::new(terms.collect(), *intercept)?)
}

/// A term without its weight. A column that never changes says nothing: standardised it is zero everywhere.
fn term(name: &str, column: usize, examples: &[&Example]) -> Term {
    let values = || examples.iter().filter_map(|example| example.values.get(column).copied());
    let count = examples.len() as f64;
    let mean = values().sum::<f64>() / count;
    let variance = values().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    let least = values().fold(f64::INFINITY, f64::min);
    let most = values().fold(f64::NEG_INFINITY, f64::max);
    let deviation = if most > least { variance.sqrt() } else { 1.0 };
    Term { name: name.to_owned(), least, most, mean, deviation, weight: 0.0 }
}

fn minimise(loss: Loss, start: Vec<f64>) -> Result<Vec<f64>, Error> {
    let search = MoreThuenteLineSearch::new();
    let solver =
        LBFGS::new(search, MEMORY).with_tolerance_grad(GRADIENT_ENOUGH)?.with_tolerance_cost(LOSS_ENOUGH)?;
    let found = Executor::new(loss, solver)
        .configure(|state| state.param(start.clone()).max_iters(STEPS_MAX))
        .timer(false)
        .run()?;
    Ok(found.state().get_best_param().cloned().unwrap_or(start))
}

/// The mean log-loss of standardised rows, and the penalty.
struct Loss {
    rows: Vec<f64>,
    /// 1 for who bought, −1 for who did not.
    signs: Vec<f64>,
    width: usize,
    penalty: f64,
}

impl Loss {
    fn log_odds(weights: &[f64], intercept: f64, row: &[f64]) -> f64 {
        row.iter().zip(weights).fold(intercept, |sum, (value, weight)| sum + value * weight)
    }

    fn split<'a>(&self, parameters: &'a [f64]) -> (&'a [f64], f64) {
        let (weights, rest) = parameters.split_at(self.width.min(parameters.len()));
        (weights, rest.first().copied().unwrap_or_default())
    }
}

impl CostFunction for Loss {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, parameters: &Self::Param) -> Result<f64, Error> {
        let (weights, intercept) = self.split(parameters);
        let rows = self.rows.chunks_exact(self.width.max(1)).zip(&self.signs);
        // ln (1 + e^−m) of the margin m, written so that neither end overflows.
        let of_margin = |margin: f64| {
            if margin > 0.0 { ln(1.0 + exp(-margin)) } else { ln(1.0 + exp(margin)) - margin }
        };
        let sum: f64 =
            rows.map(|(row, sign)| of_margin(sign * Self::log_odds(weights, intercept, row))).sum();
        let size: f64 = weights.iter().map(|weight| weight * weight).sum();
        Ok(sum / self.signs.len() as f64 + 0.5 * self.penalty * size)
    }
}

impl Gradient for Loss {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, parameters: &Self::Param) -> Result<Vec<f64>, Error> {
        let (weights, intercept) = self.split(parameters);
        let mut gradient = vec![0.0; parameters.len()];
        let count = self.signs.len() as f64;
        for (row, sign) in self.rows.chunks_exact(self.width.max(1)).zip(&self.signs) {
            let margin = sign * Self::log_odds(weights, intercept, row);
            let pull = -sign * sigmoid(-margin) / count;
            for (slope, value) in gradient.iter_mut().zip(row.iter().chain(std::iter::once(&1.0))) {
                *slope += pull * value;
            }
        }
        for (slope, weight) in gradient.iter_mut().zip(weights) {
            *slope += self.penalty * weight;
        }
        Ok(gradient)
    }
}
