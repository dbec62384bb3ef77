//! How sure one wants to be, and at which size of an experiment the intervals are narrowest.

use crate::boundary;
use crate::error::StatisticsError;

/// The share α of experiments without a difference in which one may be seen, over all looks together.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Level {
    alpha: f64,
    /// Comparisons that share α.
    parts: u64,
    /// N*: users of two variants together.
    tuned_at: u64,
}

impl Level {
    /// N* unless another is chosen: 5,000 users of both variants together.
    pub const TUNED_AT: u64 = 5_000;
    /// 5 of 100.
    pub const FIVE_PERCENT: Self = Self { alpha: 0.05, parts: 1, tuned_at: Self::TUNED_AT };

    /// A level, 0.05 for 5 of 100.
    ///
    /// # Errors
    /// When it is not above 0 and at most 0.5.
    pub fn new(alpha: f64) -> Result<Self, StatisticsError> {
        let is_level = alpha > 0.0 && alpha <= 0.5;
        is_level.then_some(Self { alpha, ..Self::FIVE_PERCENT }).ok_or(StatisticsError::Level(alpha))
    }

    /// The same, with intervals that are narrowest at so many users of both variants together. It must be chosen before
    /// the experiment: who chooses it by the result has looked once more.
    #[must_use]
    pub fn tuned_at(self, users: u64) -> Self {
        Self { tuned_at: users.max(1), ..self }
    }

    /// The level of each of so many comparisons, so that all of them hold together (Bonferroni).
    #[must_use]
    pub fn shared_by(self, comparisons: u64) -> Self {
        Self { parts: self.parts.saturating_mul(comparisons.max(1)), ..self }
    }

    /// α of one comparison.
    #[must_use]
    pub fn alpha(self) -> f64 {
        self.alpha / self.parts as f64
    }

    /// ρ², which does not depend on how many comparisons there are: so an adjusted interval holds 0 exactly when the
    /// adjusted p-value says so.
    #[must_use]
    pub fn rho_squared(self) -> f64 {
        boundary::rho_squared(self.alpha, self.tuned_at)
    }
}

impl Default for Level {
    fn default() -> Self {
        Self::FIVE_PERCENT
    }
}
