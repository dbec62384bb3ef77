//! By how long a time products are compared.

use crate::policy::{POPULARITY_HALF_LIFE, TRENDING_HALF_LIFE};
use beckon_domain::DurationMs;
use serde::{Deserialize, Serialize};

/// What a list ranks by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Span {
    /// The points of weeks: best sellers.
    #[default]
    Weeks,
    /// The points of days, of products that rise: what is trending.
    Days,
}

impl Span {
    /// In this time half of a point is forgotten.
    #[must_use]
    pub const fn half_life(self) -> DurationMs {
        match self {
            Self::Weeks => POPULARITY_HALF_LIFE,
            Self::Days => TRENDING_HALF_LIFE,
        }
    }
}
