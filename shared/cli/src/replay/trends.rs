//! What a replay has to say of trends.

use crate::conservation::SignalConservation;
use beckon_recommend::Trend;
use beckon_store::tables::TrendKey;
use serde::Serialize;
use std::fmt;

/// What became of the signals of a replay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Trends {
    /// Items with a trend.
    pub items: u64,
    /// Categories with one.
    pub categories: u64,
    /// The balance of signals.
    pub conservation: SignalConservation,
}

impl Trends {
    pub(super) fn of(trends: &[(TrendKey, Trend)], conservation: SignalConservation) -> Self {
        let items = trends.iter().filter(|(key, _)| matches!(key, TrendKey::Item(_))).count();
        Self { items: items as u64, categories: (trends.len() - items) as u64, conservation }
    }
}

impl fmt::Display for Trends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { items, categories, conservation } = self;
        write!(f, "{items} items, {categories} categories; {conservation}")
    }
}
