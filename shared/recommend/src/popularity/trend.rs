//! The trend of one item or one category: counters that decay, totals that do not, and what makes a signal count once.

use super::funnel::Funnel;
use super::recent::Recent;
use super::span::Span;
use crate::neighbours::{Neighbours, Pair};
use crate::policy::{
    BACKWARD_DIVISOR, BEST_SELLER_SCORE_MIN, CART_POINTS, NEIGHBOUR_COUNT_MAX, PAIR_POINTS,
    POPULARITY_HALF_LIFE, PURCHASE_POINTS, TOGETHER_COUNT_MAX, TREND_RETENTION, TRENDING_FACTOR,
    TRENDING_HALF_LIFE, TRENDING_SCORE_MIN, VIEW_POINTS,
};
use crate::signal::{Other, Signal, SignalId, SignalKind};
use beckon_domain::decay::{Horizon, Weights};
use beckon_domain::mark::{Marks, Position};
use beckon_domain::{Category, Timestamp};
use serde::{Deserialize, Serialize};

/// A signal as the stream delivered it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivered<S = Signal> {
    /// Where it stands in the stream of signals.
    pub position: Position,
    /// When the stream took it (our clock).
    pub arrived_at: Timestamp,
    /// The signal.
    pub signal: S,
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
    /// Products that were looked at next.
    pub nexts: u64,
}

impl Totals {
    /// Signals counted that say something about the product itself.
    #[must_use]
    pub const fn counted(&self) -> u64 {
        self.views.saturating_add(self.carts).saturating_add(self.purchases)
    }

    /// All signals counted.
    #[must_use]
    pub const fn all(&self) -> u64 {
        self.counted().saturating_add(self.nexts)
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
    recent: Recent<SignalId>,
    /// What [`SignalKind::Next`] told last: it comes several times as often, and must not push the others out. Half an id is
    /// room enough: of a hundred million, one is taken for another and not counted.
    recent_nexts: Recent<[u8; 4]>,
    /// Points of all kinds, forgotten within days.
    rising_horizon: Horizon,
    rising: Weights,
    neighbours: Neighbours,
    together: Neighbours,
}

/// Folds the signals into the stored trend (a new one when there is none). `None` when all of them were folded before.
///
/// A signal at or below its shard's mark came again with its record: it changes nothing. A new record with a known
/// signal id was put again: it is only counted as repeated. In whatever order signals come, what is counted is the same.
#[must_use]
pub fn fold<'a>(stored: Option<&Trend>, delivered: impl IntoIterator<Item = &'a Delivered>) -> Option<Trend> {
    let mut trend = stored.cloned().unwrap_or_default();
    let mut changed = false;
    let (mut seen, mut bought) = (Vec::new(), Vec::new());
    for one in delivered {
        if trend.marks.covers(&one.position) {
            continue;
        }
        changed = true;
        let is_known = match one.signal.kind {
            SignalKind::Next => trend.recent_nexts.insert(one.signal.id.half()),
            _ => trend.recent.insert(one.signal.id),
        };
        if is_known {
            trend.totals.repeated += 1;
        } else {
            trend.count(&one.signal);
            let pairs = if one.signal.kind == SignalKind::Purchase { &mut bought } else { &mut seen };
            pairs.extend(one.signal.others.iter().map(|other| pair(&one.signal, other)));
        }
        trend.marks.advance(&one.position, one.arrived_at);
    }
    trend.neighbours.fold(seen, NEIGHBOUR_COUNT_MAX);
    trend.together.fold(bought, TOGETHER_COUNT_MAX);
    changed.then_some(trend)
}

/// What a signal tells its product of another one.
fn pair(signal: &Signal, other: &Other) -> Pair {
    let points = PAIR_POINTS / u64::from(other.distance.max(1));
    Pair {
        product: other.product.clone(),
        category: other.category.clone(),
        price_band: other.price_band,
        at: signal.at,
        points: if signal.kind == SignalKind::View { points / BACKWARD_DIVISOR } else { points },
    }
}

impl Trend {
    fn count(&mut self, signal: &Signal) {
        let own = Horizon::of(signal.at, POPULARITY_HALF_LIFE);
        let periods = own.periods_after(self.horizon, POPULARITY_HALF_LIFE);
        if periods > 0 {
            self.horizon = own;
            [&mut self.views, &mut self.carts, &mut self.purchases].into_iter().for_each(|w| w.age(periods));
        }
        let (total, weights, points) = match signal.kind {
            SignalKind::View => (&mut self.totals.views, &mut self.views, VIEW_POINTS),
            SignalKind::Cart => (&mut self.totals.carts, &mut self.carts, CART_POINTS),
            SignalKind::Purchase => (&mut self.totals.purchases, &mut self.purchases, PURCHASE_POINTS),
            SignalKind::Next => {
                self.totals.nexts += 1;
                return;
            }
        };
        *total += 1;
        weights.add(1, signal.at, self.horizon, POPULARITY_HALF_LIFE);
        self.rise(points, signal.at);
        if signal.kind == SignalKind::Purchase {
            self.totals.units = self.totals.units.saturating_add(u64::from(signal.quantity));
        }
        self.latest_at = self.latest_at.max(signal.at);
        let told = signal.category.as_ref().map(|category| (signal.at, category.clone()));
        // Of two that were told at the same instant the larger, so that no order matters.
        self.category = self.category.take().max(told);
    }

    fn rise(&mut self, points: u64, at: Timestamp) {
        let own = Horizon::of(at, TRENDING_HALF_LIFE);
        let periods = own.periods_after(self.rising_horizon, TRENDING_HALF_LIFE);
        if periods > 0 {
            self.rising_horizon = own;
            self.rising.age(periods);
        }
        self.rising.add(points, at, self.rising_horizon, TRENDING_HALF_LIFE);
    }

    /// What is looked at together with it.
    #[must_use]
    pub const fn neighbours(&self) -> &Neighbours {
        &self.neighbours
    }

    /// The same, without the rest.
    #[must_use]
    pub fn into_neighbours(self) -> Neighbours {
        self.neighbours
    }

    /// The rest, without them.
    #[must_use]
    pub fn without_neighbours(self) -> Self {
        Self { neighbours: Neighbours::default(), together: Neighbours::default(), ..self }
    }

    /// What is bought together with it.
    #[must_use]
    pub const fn bought_together(&self) -> &Neighbours {
        &self.together
    }

    /// How many of those who look buy it.
    #[must_use]
    pub const fn funnel(&self) -> Funnel {
        Funnel::of(self.totals)
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
            SignalKind::Next => return 0,
        };
        weights.score(self.horizon, now, POPULARITY_HALF_LIFE)
    }

    /// Whether it was strong enough for a list of best sellers when its newest signal came. One that was once and is not any
    /// more stays in its list as it was, and fades there.
    #[must_use]
    pub fn is_offered(&self) -> bool {
        let (horizon, weights) = self.strength(Span::Weeks);
        weights.score(horizon, self.latest_at, POPULARITY_HALF_LIFE) >= BEST_SELLER_SCORE_MIN
    }

    /// Whether it rose when its newest signal came: what came within days is more than what came within weeks lets expect.
    #[must_use]
    pub fn is_rising(&self) -> bool {
        let score = |span: Span| {
            let (horizon, weights) = self.strength(span);
            weights.score(horizon, self.latest_at, span.half_life())
        };
        let (days, weeks) = (score(Span::Days), score(Span::Weeks));
        // Of what comes evenly, as much is remembered as the half-life is long.
        let evenly = POPULARITY_HALF_LIFE.as_ms() / TRENDING_HALF_LIFE.as_ms();
        days >= TRENDING_SCORE_MIN && days.saturating_mul(evenly) >= weeks.saturating_mul(TRENDING_FACTOR)
    }

    /// What it is ranked by: all three kinds, by their points, counted back from the horizon.
    pub(super) fn strength(&self, span: Span) -> (Horizon, Weights) {
        if span == Span::Days {
            return (self.rising_horizon, self.rising);
        }
        let mut strength = Weights::default();
        let parts =
            [(&self.views, VIEW_POINTS), (&self.carts, CART_POINTS), (&self.purchases, PURCHASE_POINTS)];
        parts.into_iter().for_each(|(weights, points)| strength.merge_times(weights, points));
        (self.horizon, strength)
    }
}
