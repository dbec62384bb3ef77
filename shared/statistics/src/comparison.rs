//! One variant against another.

use crate::boundary;
use crate::figures::{Figures, PAYERS_MIN, USERS_MIN};
use crate::level::Level;
use crate::moments::CrossMoments;
use crate::normal;
use serde::Serialize;

/// What is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Metric {
    /// The share of users who converted.
    Conversion,
    /// What a user paid on average, those who paid nothing included.
    Revenue,
}

/// From where to where.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Whether a value is in it, its ends included.
    #[must_use]
    pub fn holds(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// How much the variant has more than the control.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Effect {
    /// As it was found.
    pub value: f64,
    /// How far that is from the truth, typically.
    pub standard_error: f64,
    /// Always valid: the truth is in this interval at every look, in all but α of experiments. Missing until there are
    /// enough ([`Comparison::is_enough`]).
    pub interval: Option<Interval>,
    /// For one look that was set beforehand. Narrower, and wrong for whoever looks again.
    pub fixed_interval: Interval,
}

/// What two variants have, and how they differ.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The control's value: a rate of 0 to 1, or the revenue's unit for each user, or a ratio.
    pub control: f64,
    /// The variant's value.
    pub variant: f64,
    /// Users of both.
    pub users: u64,
    /// The variant's value less the control's.
    pub difference: Effect,
    /// The same as a part of the control's value: 0.1 is a tenth more. Missing unless both values are above 0.
    pub uplift: Option<Effect>,
    /// Always valid: without a difference it is ever below α, at whatever look, in α of experiments at most. It is
    /// below α exactly when the always-valid intervals of difference and uplift both leave 0 out; 1 until there are
    /// enough.
    pub p_value: f64,
    /// Whether both variants have enough for a verdict ([`Figures::is_enough`]; for ratios see [`compare_ratios`]).
    pub is_enough: bool,
}

/// A value of one variant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Estimate {
    pub(crate) value: f64,
    /// Of the value, not of a user.
    pub(crate) variance: f64,
    pub(crate) users: u64,
    is_enough: bool,
}

/// Control and variant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) control: Estimate,
    pub(crate) variant: Estimate,
}

impl Pair {
    pub(crate) fn of(control: &Figures, variant: &Figures, metric: Metric) -> Self {
        let estimate = |figures: &Figures| {
            let (value, variance) = match metric {
                Metric::Conversion => (figures.rate(), figures.variance_of_rate()),
                Metric::Revenue => (figures.revenue().mean(), figures.revenue().variance_of_mean()),
            };
            Estimate { value, variance, users: figures.users(), is_enough: figures.is_enough(metric) }
        };
        let pair = Self { control: estimate(control), variant: estimate(variant) };
        match metric {
            Metric::Conversion => pair,
            Metric::Revenue => pair.cautious(control.revenue().and(variant.revenue()).variance()),
        }
    }

    fn of_ratios(control: &CrossMoments, variant: &CrossMoments) -> Self {
        let estimate = |sums: &CrossMoments| {
            let (users, least) = (sums.numerator().count(), PAYERS_MIN);
            let is_enough = users >= USERS_MIN
                && sums.numerator().effective_count() >= least
                && sums.denominator().effective_count() >= least;
            Estimate { value: sums.ratio(), variance: sums.variance_of_ratio(), users, is_enough }
        };
        let both = control.and(*variant);
        let variance = both.variance_of_ratio() * both.numerator().count() as f64;
        Self { control: estimate(control), variant: estimate(variant) }.cautious(variance)
    }

    /// Where values are skewed, a small sample that has not met its largest ones yet looks too certain, and next to a
    /// larger one it looks worse than it is. So the smaller variant is granted no less spread than a part of that of
    /// both together: none where the variants are equally large, all of it where one is tiny.
    fn cautious(mut self, variance_of_both: f64) -> Self {
        let (control, variant) = (self.control.users as f64, self.variant.users as f64);
        let granted = |own: f64, other: f64| variance_of_both / own * (1.0 - own / other).max(0.0);
        if control > 0.0 && variant > 0.0 {
            self.control.variance = self.control.variance.max(granted(control, variant));
            self.variant.variance = self.variant.variance.max(granted(variant, control));
        }
        self
    }

    /// Users of both.
    pub(crate) fn users(self) -> u64 {
        self.control.users.saturating_add(self.variant.users)
    }

    /// The variance of the difference.
    pub(crate) fn variance(self) -> f64 {
        self.control.variance + self.variant.variance
    }
}

/// Compares a variant with the control.
///
/// The standard error is that of the difference of two means; of rates it has Agresti's and Caffo's added users, and
/// the interval of a fixed sample is Newcombe's ([`crate::Share::less`]); for revenue the smaller of two variants is
/// granted no less spread than a part of that of both. The uplift's is by the delta method on the logarithm of the
/// quotient: its variance is the sum of `variance / value²`. An interval made so on the quotient itself would be too
/// narrow where the control happened to be high, which is when a variant looks worst.
#[must_use]
pub fn compare(control: &Figures, variant: &Figures, metric: Metric, level: Level) -> Comparison {
    let mut comparison = compare_pair(Pair::of(control, variant, metric), level);
    if metric == Metric::Conversion && control.users() > 0 && variant.users() > 0 {
        let newcombe = variant.share().less_at(control.share(), level.alpha());
        comparison.difference.fixed_interval = Interval { low: newcombe.low, high: newcombe.high };
    }
    comparison
}

/// Compares a ratio of sums, such as revenue per order, of a variant with that of the control. Enough is [`USERS_MIN`]
/// users, and above and below the line what [`PAYERS_MIN`] users of equal weight have.
#[must_use]
pub fn compare_ratios(control: &CrossMoments, variant: &CrossMoments, level: Level) -> Comparison {
    compare_pair(Pair::of_ratios(control, variant), level)
}

fn compare_pair(pair: Pair, level: Level) -> Comparison {
    let Pair { control, variant } = pair;
    let (users, rho_squared) = (pair.users(), level.rho_squared());
    let is_enough = control.is_enough && variant.is_enough;
    let reach = boundary::reach(users, rho_squared, level.alpha());
    let fixed_reach = normal::quantile(1.0 - level.alpha() / 2.0);
    let effect = |value: f64, standard_error: f64, between: &dyn Fn(f64) -> Interval| Effect {
        value,
        standard_error,
        interval: is_enough.then(|| between(reach)),
        fixed_interval: between(fixed_reach),
    };
    let p_value = |value: f64, error: f64| {
        let errors = if value == 0.0 { 0.0 } else { (value / error).abs() };
        boundary::p_value(errors, users, rho_squared)
    };

    let value = variant.value - control.value;
    let error = pair.variance().sqrt();
    let difference =
        effect(value, error, &|reach| Interval { low: value - reach * error, high: value + reach * error });
    let uplift = (control.value > 0.0 && variant.value > 0.0).then(|| {
        let quotient = variant.value / control.value;
        let part = |of: Estimate| of.variance / (of.value * of.value);
        let log_error = (part(control) + part(variant)).sqrt();
        let uplift = effect(quotient - 1.0, quotient * log_error, &|reach| Interval {
            low: quotient * libm::exp(-reach * log_error) - 1.0,
            high: quotient * libm::exp(reach * log_error) - 1.0,
        });
        (uplift, p_value(libm::log(quotient), log_error))
    });
    let p_of_uplift = uplift.map_or(0.0, |(_, p)| p);
    Comparison {
        control: control.value,
        variant: variant.value,
        users,
        difference,
        uplift: uplift.map(|(uplift, _)| uplift),
        p_value: if is_enough { p_value(value, error).max(p_of_uplift) } else { 1.0 },
        is_enough,
    }
}
