//! The trend of one item or one category: counters that decay, totals that do not, and what makes a signal count once.

use super::recent::RecentSignals;
use crate::policy::{
    BEST_SELLER_SCORE_MIN, CART_POINTS, POPULARITY_HALF_LIFE, PURCHASE_POINTS, TREND_RETENTION, VIEW_POINTS,
};
use crate::signal::{Signal, SignalKind};
use beckon_domain::decay::{Horizon, Weights};
use beckon_domain::mark::{Marks, Position};
use beckon_domain::{Category, Timestamp};
use serde::{Deserialize, Serialize};

/// A signal as the stream delivered it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivered {
    /// Where it stands in the stream of signals.
    pub position: Position,
    /// When the stream took it (our clock).
    pub arrived_at: Timestamp,
    /// The signal.
    pub signal: Signal,
}

/// Counts that nothing takes away.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Views.
    pub views: u64,
    /// Times it was put into a cart.
    pub carts: u64,
    /// Orders of it.
    pub purchases: u64,
    /// Units ordered.
    pub units: u64,
    /// Signals that were put again and recognised by their id: they count nowhere else.
    pub repeated: u64,
}

impl Totals {
    /// Signals counted.
    #[must_use]
    pub const fn counted(&self) -> u64 {
        self.views.saturating_add(self.carts).saturating_add(self.purchases)
    }
}

/// The trend of one item or one category.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Trend {
    totals: Totals,
    latest_at: Timestamp,
    /// What the newest signal that named one called its category.
    category: Option<(Timestamp, Category)>,
    horizon: Horizon,
    views: Weights,
    carts: Weights,
    purchases: Weights,
    marks: Marks,
    recent: RecentSignals,
}

/// Folds the signals into the stored trend (a new one when there is none). `None` when all of them were folded before.
///
/// A signal at or below its shard's mark came again with its record: it changes nothing. A new record with a known
/// signal id was put again: it is only counted as repeated. In whatever order signals come, what is counted is the same.
#[must_use]
pub fn fold<'a>(stored: Option<&Trend>, delivered: impl IntoIterator<Item = &'a Delivered>) -> Option<Trend> {
    let mut trend = stored.cloned().unwrap_or_default();
    let mut changed = false;
    for one in delivered {
        if trend.marks.covers(&one.position) {
            continue;
        }
        changed = true;
        if trend.recent.insert(one.signal.id) {
            trend.totals.repeated += 1;
        } else {
            trend.count(&one.signal);
        }
        trend.marks.advance(&one.position, one.arrived_at);
    }
    changed.then_some(trend)
}

impl Trend {
    fn count(&mut self, signal: &Signal) {
        let own = Horizon::of(signal.at, POPULARITY_HALF_LIFE);
        let periods = own.periods_after(self.horizon, POPULARITY_HALF_LIFE);
        if periods > 0 {
            self.horizon = own;
            [&mut self.views, &mut self.carts, &mut self.purchases].into_iter().for_each(|w| w.age(periods));
        }
        let (total, weights) = match signal.kind {
            SignalKind::View => (&mut self.totals.views, &mut self.views),
            SignalKind::Cart => (&mut self.totals.carts, &mut self.carts),
            SignalKind::Purchase => (&mut self.totals.purchases, &mut self.purchases),
        };
        *total += 1;
        weights.add(1, signal.at, self.horizon, POPULARITY_HALF_LIFE);
        if signal.kind == SignalKind::Purchase {
            self.totals.units = self.totals.units.saturating_add(u64::from(signal.quantity));
        }
        self.latest_at = self.latest_at.max(signal.at);
        let told = signal.category.as_ref().map(|category| (signal.at, category.clone()));
        // Of two that were told at the same instant the larger, so that no order matters.
        self.category = self.category.take().max(told);
    }

    /// The counts that nothing takes away.
    #[must_use]
    pub const fn totals(&self) -> Totals {
        self.totals
    }

    /// Whether what stands there in the stream is counted.
    #[must_use]
    pub fn is_counted(&self, position: &Position) -> bool {
        self.marks.covers(position)
    }

    /// When the newest signal happened.
    #[must_use]
    pub const fn latest_at(&self) -> Timestamp {
        self.latest_at
    }

    /// From when on it may be forgotten.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.latest_at + TREND_RETENTION
    }

    /// The category that the newest signal named, if any did.
    #[must_use]
    pub fn category(&self) -> Option<&Category> {
        self.category.as_ref().map(|(_, category)| category)
    }

    /// How often one kind of signal came lately, in millionths, each losing half its weight in a half-life.
    #[must_use]
    pub fn decayed(&self, kind: SignalKind, now: Timestamp) -> u64 {
        let weights = match kind {
            SignalKind::View => &self.views,
            SignalKind::Cart => &self.carts,
            SignalKind::Purchase => &self.purchases,
        };
        weights.score(self.horizon, now, POPULARITY_HALF_LIFE)
    }

    /// Whether it was strong enough for a list of best sellers when its newest signal came. One that was once and is not any
    /// more stays in its list as it was, and fades there.
    #[must_use]
    pub fn is_offered(&self) -> bool {
        let (horizon, weights) = self.strength();
        weights.score(horizon, self.latest_at, POPULARITY_HALF_LIFE) >= BEST_SELLER_SCORE_MIN
    }

    /// What it is ranked by: all three kinds, by their points, counted back from the horizon.
    pub(super) fn strength(&self) -> (Horizon, Weights) {
        let mut strength = Weights::default();
        let parts =
            [(&self.views, VIEW_POINTS), (&self.carts, CART_POINTS), (&self.purchases, PURCHASE_POINTS)];
        parts.into_iter().for_each(|(weights, points)| strength.merge_times(weights, points));
        (self.horizon, strength)
    }
}
