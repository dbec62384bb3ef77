//! One product's neighbours: a bounded list of products by how much they have to do with it.

use super::stored::StoredNeighbours;
use crate::policy::NEIGHBOUR_HALF_LIFE;
use beckon_domain::decay::{Horizon, Weights};
use beckon_domain::{Category, DurationMs, PriceBand, ProductId, Timestamp};
use serde::{Deserialize, Serialize};

/// The day from which days are counted in what is stored: 1 January 2020, so that two bytes do.
const FIRST_DAY: Timestamp = Timestamp::from_ms(1_577_836_800_000);

/// One product told of another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pair {
    /// The other product.
    pub product: ProductId,
    /// Its category, if it was told.
    pub category: Option<Category>,
    /// Its price band, if a price was told.
    pub price_band: Option<PriceBand>,
    /// When (event time).
    pub at: Timestamp,
    /// What the pair counts, in points of [`crate::policy::PAIR_POINTS`].
    pub points: u64,
}

/// A product of the list, with what is needed to leave it out: no second read is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Neighbour {
    pub(super) product: ProductId,
    pub(super) category: Option<Category>,
    pub(super) price_band: Option<PriceBand>,
    /// The day on which category and price band were told, counted from [`FIRST_DAY`].
    pub(super) told_on: u16,
    pub(super) weights: Weights,
}

impl Neighbour {
    /// Which product.
    #[must_use]
    pub const fn product(&self) -> &ProductId {
        &self.product
    }

    /// Its category, as it was told last.
    #[must_use]
    pub const fn category(&self) -> Option<&Category> {
        self.category.as_ref()
    }

    /// Its price band, as it was told last.
    #[must_use]
    pub const fn price_band(&self) -> Option<PriceBand> {
        self.price_band
    }

    /// The newer telling wins, of two on one day the larger: so that no order matters.
    fn tell(&mut self, pair: &Pair) {
        let day = day(pair.at);
        if pair.category.is_none() && pair.price_band.is_none() {
            return;
        }
        if (day, &pair.category, pair.price_band) > (self.told_on, &self.category, self.price_band) {
            self.told_on = day;
            self.category.clone_from(&pair.category);
            self.price_band = pair.price_band;
        }
    }
}

fn day(at: Timestamp) -> u16 {
    u16::try_from(at.since(FIRST_DAY).as_ms() / DurationMs::from_days(1).as_ms()).unwrap_or(u16::MAX)
}

/// The products that have most to do with one product, strongest first; of equal ones the first id.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "StoredNeighbours", into = "StoredNeighbours")]
pub struct Neighbours {
    pub(super) horizon: Horizon,
    /// All pairs ever told, those with products that have no place too.
    pub(super) total: Weights,
    pub(super) entries: Vec<Neighbour>,
}

impl Neighbours {
    /// Takes in all pairs of a batch, in whatever order, and keeps the strongest `capacity` products.
    pub fn fold(&mut self, mut pairs: Vec<Pair>, capacity: usize) {
        let Some(newest) = pairs.iter().map(|pair| pair.at).max() else { return };
        self.reach(newest);
        pairs.sort_by(|a, b| a.product.cmp(&b.product));
        let known = self.entries.len();
        for of_one in pairs.chunk_by(|a, b| a.product == b.product) {
            let product = &of_one[0].product;
            let place = self.entries[..known].iter().position(|entry| entry.product == *product);
            let place = place.unwrap_or_else(|| {
                self.entries.push(Neighbour::new(product));
                self.entries.len() - 1
            });
            for pair in of_one {
                self.total.add(pair.points, pair.at, self.horizon, NEIGHBOUR_HALF_LIFE);
                let entry = &mut self.entries[place];
                entry.weights.add(pair.points, pair.at, self.horizon, NEIGHBOUR_HALF_LIFE);
                entry.tell(pair);
            }
        }
        self.entries.retain(|entry| !entry.weights.is_empty());
        self.entries.sort_by(|a, b| {
            let by_weight = b.weights.at_horizon().cmp(&a.weights.at_horizon());
            by_weight.then_with(|| a.product.cmp(&b.product))
        });
        self.entries.truncate(capacity);
    }

    /// Lets the newest period be at least the one of this instant.
    fn reach(&mut self, at: Timestamp) {
        let own = Horizon::of(at, NEIGHBOUR_HALF_LIFE);
        let periods = own.periods_after(self.horizon, NEIGHBOUR_HALF_LIFE);
        if periods > 0 {
            self.horizon = own;
            self.total.age(periods);
            self.entries.iter_mut().for_each(|entry| entry.weights.age(periods));
        }
    }

    /// The neighbours, strongest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Neighbour> {
        self.entries.iter()
    }

    /// The weight of one of them at `now`, in millionths of a point.
    #[must_use]
    pub fn weight(&self, neighbour: &Neighbour, now: Timestamp) -> u64 {
        neighbour.weights.score(self.horizon, now, NEIGHBOUR_HALF_LIFE)
    }

    /// The share of one of them in all that was told: between 0 and 1.
    #[must_use]
    pub fn share(&self, neighbour: &Neighbour) -> f64 {
        let total = self.total.ratio();
        if total > 0.0 { neighbour.weights.ratio() / total } else { 0.0 }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Neighbour {
    fn new(product: &ProductId) -> Self {
        Self {
            product: product.clone(),
            category: None,
            price_band: None,
            told_on: 0,
            weights: Weights::default(),
        }
    }
}
