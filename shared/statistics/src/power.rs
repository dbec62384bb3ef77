//! What can be seen with what is there, and when more could be.

use crate::boundary;
use crate::comparison::{Metric, Pair};
use crate::figures::Figures;
use crate::level::Level;
use crate::normal;
use serde::Serialize;

/// How often an effect is seen that is there.
pub const POWER: f64 = 0.8;
/// Longer than this nobody waits: ten years.
pub const DAYS_MAX: u64 = 3_650;

/// The smallest effects that would be seen in 80 of 100 experiments of this size.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Detectable {
    /// By the always-valid interval: a difference, in the metric's unit.
    pub difference: f64,
    /// The same as a part of the control's value; missing where that is not above 0.
    pub uplift: Option<f64>,
    /// By the interval for one look that was set beforehand, for comparison.
    pub fixed_difference: f64,
    /// The same as a part of the control's value.
    pub fixed_uplift: Option<f64>,
}

/// The smallest effects that a look at these figures would have seen, each with the power [`POWER`]. Earlier looks
/// can only have added to it.
///
/// `(reach + 0.84) · standard error`, with the reach of the interval in standard errors, and the standard error that
/// was found.
#[must_use]
pub fn detectable(control: &Figures, variant: &Figures, metric: Metric, level: Level) -> Detectable {
    let pair = Pair::of(control, variant, metric);
    let error = pair.variance().sqrt();
    let sequential = boundary::reach(pair.users(), level.rho_squared(), level.alpha());
    let difference = needed(sequential) * error;
    let fixed_difference = needed(normal::quantile(1.0 - level.alpha() / 2.0)) * error;
    let part = |difference: f64| (pair.control.value > 0.0).then(|| difference / pair.control.value);
    Detectable {
        difference,
        uplift: part(difference),
        fixed_difference,
        fixed_uplift: part(fixed_difference),
    }
}

/// Whole days until a difference of this size (in the metric's unit, either sign) would be seen with the power
/// [`POWER`] by the always-valid interval, when so many users of both variants come each day and are divided as those
/// so far. 0: it could be seen now. `None`: not within [`DAYS_MAX`], or one of the variants has nobody yet.
#[must_use]
pub fn days_left(
    control: &Figures,
    variant: &Figures,
    metric: Metric,
    difference: f64,
    users_per_day: u64,
    level: Level,
) -> Option<u64> {
    let pair = Pair::of(control, variant, metric);
    let (users, variance) = (pair.users(), pair.variance());
    if !variance.is_finite() {
        return None;
    }
    // Of twice as many users, divided alike, the variance is half.
    let is_seen = |days: u64| {
        let then = users.saturating_add(users_per_day.saturating_mul(days));
        let error = (variance * users as f64 / then as f64).sqrt();
        needed(boundary::reach(then, level.rho_squared(), level.alpha())) * error <= difference.abs()
    };
    let days: Vec<u64> = (0..=DAYS_MAX).collect();
    // The width only shrinks as users come, so the days on which it is seen are the last ones.
    let first = days.partition_point(|day| !is_seen(*day));
    days.get(first).copied()
}

fn needed(reach: f64) -> f64 {
    reach + normal::quantile(POWER)
}
