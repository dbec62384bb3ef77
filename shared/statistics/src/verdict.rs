//! What may be said of an experiment today.

use crate::comparison::{Comparison, Metric, compare};
use crate::figures::Figures;
use crate::level::Level;
use crate::sample_ratio::SampleRatio;
use serde::Serialize;

/// What may be said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// One of the variants has not enough yet ([`Figures::is_enough`]).
    TooFew,
    /// The intervals hold 0. That is not the same as no difference: it is somewhere in the interval.
    NoDifferenceSeen,
    /// The variant has more than the control.
    Better,
    /// The variant has less than the control.
    Worse,
    /// Users were not divided as they were to be: nothing may be said.
    SampleRatioMismatch,
}

/// A verdict, and what it follows from.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What may be said.
    pub verdict: Verdict,
    /// How the variants differ.
    pub comparison: Comparison,
    /// How users were divided, among all variants of the experiment.
    pub sample_ratio: SampleRatio,
}

/// Comes to a verdict: a mismatch before anything else, then whether there are enough, then whether the always-valid
/// intervals of difference and uplift leave 0 out. It may be asked for as often as one likes, and keeps no memory:
/// when a verdict was reached once, a later look may come to "no difference seen" again, and it is for the caller to
/// keep the first.
#[must_use]
pub fn judge(
    control: &Figures,
    variant: &Figures,
    metric: Metric,
    sample_ratio: SampleRatio,
    level: Level,
) -> Finding {
    let comparison = compare(control, variant, metric, level);
    Finding { verdict: verdict(&comparison, sample_ratio.warning, level), comparison, sample_ratio }
}

/// The same of what was compared already; `is_mismatch`: users were not divided as they were to be.
pub(crate) fn verdict(comparison: &Comparison, is_mismatch: bool, level: Level) -> Verdict {
    if is_mismatch {
        return Verdict::SampleRatioMismatch;
    }
    if !comparison.is_enough {
        return Verdict::TooFew;
    }
    if comparison.p_value >= level.alpha() {
        return Verdict::NoDifferenceSeen;
    }
    if comparison.difference.value > 0.0 { Verdict::Better } else { Verdict::Worse }
}
