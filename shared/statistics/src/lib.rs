//! How sure one may be of an experiment's result. Plain numbers in, plain numbers out: this crate knows nothing of
//! Beckon's other crates, and no clock, environment, randomness or I/O.
//!
//! [`Figures`] is what was counted of one variant. [`compare`] says how two variants differ, with intervals that hold
//! however often one looks; [`compare_all`] does so for several variants at once; [`compare_ratios`] for a sum over a
//! sum, such as revenue per order. [`sample_ratio`] says whether people were divided as they were to be, and [`judge`]
//! comes to a [`Verdict`]. [`decline`] says which of many shares have fallen lately. [`detectable`] and [`days_left`] say what can be seen, and when.
//! [`simulate`] is shops whose truth is known: by them the promises are checked.
//!
//! # The promise, and its formula
//!
//! An interval of a fixed sample is right at one look that was set beforehand. Who looks each day and stops when it
//! pleases finds a difference far more often than in 5 of 100 experiments without any. These intervals are an
//! asymptotic *confidence sequence*: with the probability 1 − α the truth is in all of them, from the first look to
//! the last. It is the two-sided boundary of the normal mixture of I. Waudby-Smith, D. Arbour, R. Sinha, E. H.
//! Kennedy and A. Ramdas, Time-uniform central limit theory and asymptotic confidence sequences, Annals of Statistics
//! 52 (2024), 2613–2640 (arXiv:2103.06476). After N users of both variants the interval is
//!
//! ```text
//! estimate ± standard error · √( 2 · (Nρ² + 1) / (Nρ²) · ln( √(Nρ² + 1) / α ) )
//! ρ² = ( −2 ln α + ln(1 − 2 ln α) ) / N*
//! ```
//!
//! It is narrowest, compared with what a fixed sample would give, at N = N*; [`Level::TUNED_AT`] is 5,000 users of
//! both variants together, which is also the default of GrowthBook's sequential tests. ([`boundary`] has the
//! details.)
//!
//! The theorem speaks of large samples. [`USERS_MIN`], [`CONVERSIONS_MIN`] and [`PAYERS_MIN`] say from where on a
//! verdict is given; the `README.md` of the crate has what simulations came to, at several rates and with skewed
//! revenue.
//!
//! # Why these libraries
//!
//! Normal quantiles and the tail of the chi-square distribution are `statrs`'s (MIT, 0.19.1 of August 2026), without
//! its default features, so that neither `nalgebra` nor `rand` comes with it. Logarithms, exponentials and `lgamma`
//! are `libm`'s, which are the same on every machine.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

pub mod boundary;
mod comparison;
pub mod decline;
mod error;
mod family;
mod figures;
mod level;
mod moments;
mod normal;
mod power;
mod sample_ratio;
mod share;
pub mod simulate;
mod verdict;

pub use comparison::{Comparison, Effect, Interval, Metric, compare, compare_ratios};
pub use error::StatisticsError;
pub use family::{Adjusted, Family, compare_all, holm};
pub use figures::{CONVERSIONS_MIN, Figures, PAYERS_MIN, USERS_MIN};
pub use level::Level;
pub use moments::{CrossMoments, Moments};
pub use power::{DAYS_MAX, Detectable, POWER, days_left, detectable};
pub use sample_ratio::{EXPECTED_MIN, SAMPLE_RATIO_P_MIN, SampleRatio, sample_ratio};
pub use share::{Difference, Share};
pub use verdict::{Finding, Verdict, judge};
