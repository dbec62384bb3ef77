//! From examples to a model: cross-validation in the order of time chooses the penalty.

use super::fit::{FitError, fit};
use beckon_recommend::propensity::metrics::{Calibration, Measured, Outcome, calibration};
use beckon_recommend::propensity::{Example, Model};

/// Penalties that are tried, in examples that speak against one standard deviation.
pub const PENALTIES: [f64; 10] = [1.0, 3.0, 10.0, 20.0, 50.0, 100.0, 200.0, 300.0, 500.0, 1_000.0];
/// Parts of equal size into which examples are cut, in the order of time. Each from the third on is predicted by a model
/// of all that came before it.
pub const FOLD_COUNT: usize = 6;
const FIRST_FOLD: usize = 2;

/// A penalty, and how well it predicted.
#[derive(Clone, PartialEq, Debug)]
pub struct Tried {
    /// The penalty.
    pub penalty: f64,
    /// What was measured of its predictions.
    pub measured: Measured,
}

/// What was learned.
#[derive(Clone, PartialEq, Debug)]
pub struct Learned {
    /// The model of all examples.
    pub model: Model,
    /// The penalty that was chosen.
    pub penalty: f64,
    /// All penalties.
    pub tried: Vec<Tried>,
    /// What the scores were corrected by, if they were too sure of themselves or not sure enough, fold by fold.
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
    let mut tried: Vec<(Tried, Vec<Vec<Outcome>>)> = Vec::new();
    for penalty in PENALTIES {
        let folds = forward(names, examples, penalty)?;
        let measured = Measured::of(&folds.concat());
        tried.push((Tried { penalty, measured }, folds));
    }
    let (chosen, folds) = chosen(&tried).ok_or(FitError::OneSided)?;
    let (penalty, corrected) = (chosen.penalty, correction(folds));
    let model = fit(names, examples, penalty)?;
    let model = match corrected {
        Some(line) => model.calibrated(line.slope.value, line.intercept.value)?,
        None => model,
    };
    Ok(Learned { model, penalty, tried: tried.into_iter().map(|(tried, _)| tried).collect(), corrected })
}

type Attempt = (Tried, Vec<Vec<Outcome>>);

/// Of the penalties whose log-loss is within one standard error of the least (the rule of Breiman and others, "Classification
/// and Regression Trees", 1984), the one whose scores mean most nearly what they say: a slope of calibration nearest to 1.
fn chosen(tried: &[Attempt]) -> Option<&Attempt> {
    let loss = |attempt: &Attempt| attempt.0.measured.log_loss;
    let best = tried.iter().map(loss).min_by(|a, b| a.value.total_cmp(&b.value))?;
    let is_as_good = |attempt: &&Attempt| loss(attempt).value <= best.value + best.standard_error;
    let off = |attempt: &Attempt| {
        let line = attempt.0.measured.calibration;
        line.map_or(f64::INFINITY, |line| (line.slope.value - 1.0).abs())
    };
    tried.iter().filter(is_as_good).min_by(|a, b| off(a).total_cmp(&off(b)))
}

/// Predictions of each fold by what came before it. A beginning in which nobody bought predicts nothing.
fn forward(names: &[&str], examples: &[&Example], penalty: f64) -> Result<Vec<Vec<Outcome>>, FitError> {
    let mut folds = Vec::new();
    for fold in FIRST_FOLD..FOLD_COUNT {
        let from = examples.len() * fold / FOLD_COUNT;
        let to = examples.len() * (fold + 1) / FOLD_COUNT;
        match fit(names, &examples[..from], penalty) {
            Ok(model) => folds.push(outcomes(&model, &examples[from..to])),
            Err(FitError::OneSided) => {}
            Err(error) => return Err(error),
        }
    }
    if folds.is_empty() { Err(FitError::OneSided) } else { Ok(folds) }
}

/// What all predictions together are to be corrected by. Only if each fold by itself says so, and all on the same side: one
/// alone may be a strange week.
fn correction(folds: &[Vec<Outcome>]) -> Option<Calibration> {
    let is_off = |fold: &Vec<Outcome>, side: f64| {
        calibration(fold).is_some_and(|line| !line.slope.may_be(1.0) && (line.slope.value - 1.0) * side > 0.0)
    };
    let agree = [1.0, -1.0].iter().any(|side| folds.iter().all(|fold| is_off(fold, *side)));
    let line =
        calibration(&folds.concat()).filter(|line| agree && folds.len() > 1 && line.slope.value > 0.0)?;
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_domain::Timestamp;
    use beckon_recommend::propensity::numeric::sigmoid;

    /// Numbers that look random, the same at every run.
    struct Dice(u64);

    impl Dice {
        /// Evenly from 0 to 1.
        fn even(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        }
    }

    /// Examples of a known law: log-odds = −1.5 + 2 a − b, where `c` says nothing and `d` never changes.
    fn examples(count: i64) -> Vec<Example> {
        let mut dice = Dice(7);
        let example = |n: i64| {
            let [a, b, c] = [dice.even() * 2.0 - 1.0, dice.even() * 2.0 - 1.0, dice.even()];
            let bought = dice.even() < sigmoid(-1.5 + 2.0 * a - b);
            Example { at: Timestamp::from_ms(n), values: vec![a, b, c, 7.0], bought }
        };
        (0..count).map(example).collect()
    }

    const NAMES: [&str; 4] = ["a", "b", "c", "d"];

    /// The weights of the values as they are, not standardised.
    fn plain_weights(model: &Model) -> Vec<f64> {
        model.terms().iter().map(|term| term.weight / term.deviation).collect()
    }

    #[test]
    fn the_weights_of_a_known_law_are_found_again() {
        let all = examples(20_000);
        let learned = learn(&NAMES, &all.iter().collect::<Vec<_>>()).unwrap();
        let found = plain_weights(&learned.model);
        for (found, expected) in found.iter().zip([2.0, -1.0, 0.0, 0.0]) {
            assert!((found - expected).abs() < 0.15, "{found}, expected {expected}");
        }
        let at_zero = learned.model.log_odds(&[0.0, 0.0, 0.5, 7.0]);
        assert!((at_zero + 1.5).abs() < 0.1, "{at_zero}");
        assert_eq!(learned.corrected, None, "what was drawn by the law means what it says");
        let measured = Measured::of(&outcomes(&learned.model, &all.iter().collect::<Vec<_>>()));
        assert!(
            measured.calibration.is_some_and(|line| line.slope.may_be(1.0) && line.in_the_large.may_be(0.0))
        );
    }

    #[test]
    fn the_same_examples_make_the_same_bytes() {
        let all = examples(2_000);
        let made = || learn(&NAMES, &all.iter().collect::<Vec<_>>()).unwrap().model.pack().unwrap();
        assert_eq!(made(), made());
    }

    #[test]
    fn a_large_penalty_draws_weights_to_nothing_and_leaves_how_often_people_buy() {
        let all = examples(2_000);
        let all: Vec<&Example> = all.iter().collect();
        let model = fit(&NAMES, &all, 1e9).unwrap();
        assert!(model.terms().iter().all(|term| term.weight.abs() < 1e-4));
        let share = all.iter().filter(|e| e.bought).count() as f64 / all.len() as f64;
        assert!((model.score(&all[0].values) - share).abs() < 1e-3);
    }

    #[test]
    fn what_all_ended_alike_teaches_nothing() {
        let mut all = examples(600);
        all.iter_mut().for_each(|example| example.bought = false);
        let all: Vec<&Example> = all.iter().collect();
        assert!(matches!(learn(&NAMES, &all), Err(FitError::OneSided)));
        assert!(matches!(learn(&NAMES, &[]), Err(FitError::OneSided)));
    }

    #[test]
    fn scores_that_are_too_sure_in_every_fold_are_corrected_and_a_strange_week_is_not() {
        let mut dice = Dice(3);
        let mut fold = |truth: f64| -> Vec<Outcome> {
            let outcome = |dice: &mut Dice| {
                let log_odds = dice.even() * 6.0 - 3.0;
                Outcome { score: sigmoid(log_odds), happened: dice.even() < sigmoid(log_odds * truth) }
            };
            (0..3_000).map(|_| outcome(&mut dice)).collect()
        };
        let (sure, other_sure, fair) = (fold(0.5), fold(0.5), fold(1.0));
        let corrected = correction(&[sure.clone(), other_sure]).unwrap();
        assert!((corrected.slope.value - 0.5).abs() < 0.05, "{corrected:?}");
        assert_eq!(correction(&[fair.clone(), sure.clone()]), None);
        assert_eq!(correction(&[sure, fold(2.0)]), None);
        assert_eq!(correction(&[fair.clone(), fair]), None);
    }
}
