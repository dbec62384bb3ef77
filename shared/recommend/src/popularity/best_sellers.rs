//! The best sellers of one category, or of the whole store, and what is trending there: a bounded list that keeps its
//! order while time passes.

use super::span::Span;
use super::trend::Trend;
use crate::policy::BEST_SELLER_COUNT_MAX;
use beckon_domain::decay::{Horizon, Weights};
use beckon_domain::{Category, ProductId, Timestamp};
use serde::{Deserialize, Serialize};

/// A product of the list, as its trend was when it was offered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BestSeller {
    product: ProductId,
    category: Option<Category>,
    as_of: Timestamp,
    /// Signals behind it: of two tellings with one time, the one that counted more is the newer.
    counted: u64,
    weights: Weights,
}

impl BestSeller {
    /// Which product.
    #[must_use]
    pub const fn product(&self) -> &ProductId {
        &self.product
    }

    /// Its category, if any event named one.
    #[must_use]
    pub const fn category(&self) -> Option<&Category> {
        self.category.as_ref()
    }

    /// Its newest signal when it was offered.
    #[must_use]
    pub const fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// How many signals of it were counted by then.
    #[must_use]
    pub const fn counted(&self) -> u64 {
        self.counted
    }
}

/// The products with the highest scores, best first; of equal ones the first id.
///
/// A score only grows while it is counted back from one horizon, so a product that had no place does not get one before
/// it is offered again: offers may come in any order and again, and the list is the same (of what is older than 48
/// half-lives nothing is left, and no order of it is promised).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct BestSellers {
    span: Span,
    horizon: Horizon,
    sellers: Vec<BestSeller>,
}

impl BestSellers {
    /// An empty list.
    #[must_use]
    pub fn of(span: Span) -> Self {
        Self { span, ..Self::default() }
    }

    /// Takes in how a product stands now, unless something newer is known of it.
    pub fn offer(&mut self, product: &ProductId, trend: &Trend) {
        let (own, mut weights) = trend.strength(self.span);
        let half_life = self.span.half_life();
        let periods = own.periods_after(self.horizon, half_life);
        if periods > 0 {
            self.horizon = own;
            self.sellers.iter_mut().for_each(|seller| seller.weights.age(periods));
        }
        weights.age(self.horizon.periods_after(own, half_life));
        let seller = BestSeller {
            product: product.clone(),
            category: trend.category().cloned(),
            as_of: trend.latest_at(),
            counted: trend.totals().counted(),
            weights,
        };
        match self.sellers.iter_mut().find(|known| known.product == *product) {
            Some(known) if (known.as_of, known.counted) >= (seller.as_of, seller.counted) => {}
            Some(known) => *known = seller,
            None => self.sellers.push(seller),
        }
        self.sellers.retain(|seller| !seller.weights.is_empty());
        self.sellers.sort_by(|a, b| {
            let by_strength = b.weights.at_horizon().cmp(&a.weights.at_horizon());
            by_strength.then_with(|| a.product.cmp(&b.product))
        });
        self.sellers.truncate(BEST_SELLER_COUNT_MAX);
    }

    /// The best sellers, best first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &BestSeller> {
        self.sellers.iter()
    }

    /// The score of one of them at `now`, in millionths of a point.
    #[must_use]
    pub fn score(&self, seller: &BestSeller, now: Timestamp) -> u64 {
        seller.weights.score(self.horizon, now, self.span.half_life())
    }

    /// The newest signal that the list knows of: how fresh it is.
    #[must_use]
    pub fn as_of(&self) -> Option<Timestamp> {
        self.sellers.iter().map(|seller| seller.as_of).max()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sellers.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sellers.is_empty()
    }
}
