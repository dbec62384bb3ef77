//! What the catalog says that products cost, held for a while.

use beckon_domain::catalog::FactsSource;
use beckon_domain::{DurationMs, Money, ProductFacts, ProductId, Timestamp};
use beckon_wire::stream::{Line, ProductLine};
use lru::LruCache;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

/// Products that are read at once: what one request to DynamoDB takes.
pub(super) const READ_COUNT: usize = 100;
/// Products that are remembered, those used last.
const PRICE_COUNT_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9_999);
/// For how long a price is not read again; so much later a new one counts.
const PRICE_AGE_MAX: DurationMs = DurationMs::from_minutes(5);

/// What is known of a product's price.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// `None` when the shop told the catalog none.
    price: Option<Money>,
    read_at: Timestamp,
}

/// Prices of the catalog, by the product's id.
#[derive(Debug)]
pub(super) struct Prices {
    known: LruCache<ProductId, Known>,
}

impl Default for Prices {
    fn default() -> Self {
        Self { known: LruCache::new(PRICE_COUNT_MAX) }
    }
}

impl Prices {
    fn fresh(&mut self, product: &ProductId, now: Timestamp) -> Option<Known> {
        self.known.get(product).copied().filter(|known| now.since(known.read_at) < PRICE_AGE_MAX)
    }

    /// Those of these products that must be read, each once.
    pub(super) fn wanted<'a>(
        &mut self,
        products: impl Iterator<Item = &'a str>,
        now: Timestamp,
    ) -> Vec<ProductId> {
        let products: BTreeSet<&str> = products.collect();
        let products = products.into_iter().filter_map(|id| ProductId::new(id).ok());
        products.filter(|id| self.fresh(id, now).is_none()).collect()
    }

    /// Keeps what was read. Facts that an event told are no better than what the next event tells.
    pub(super) fn keep(
        &mut self,
        ids: &[ProductId],
        found: &BTreeMap<ProductId, ProductFacts>,
        now: Timestamp,
    ) {
        for id in ids {
            let facts = found.get(id).filter(|facts| facts.source == FactsSource::Feed);
            let price = facts.and_then(|facts| facts.price_at(now));
            self.known.put(id.clone(), Known { price, read_at: now });
        }
    }

    /// Corrects the prices of an event. A price in another currency than the catalog's stays: the shop sells in several.
    pub(super) fn correct(&mut self, line: &mut Line, now: Timestamp) {
        let properties = &mut line.properties;
        let of_list = properties.products.iter_mut().flatten();
        let told: Vec<&mut ProductLine> = properties.product.iter_mut().chain(of_list).collect();
        for product in told {
            let known = ProductId::new(&product.id).ok().and_then(|id| self.fresh(&id, now));
            let price = known.and_then(|known| known.price);
            if let Some(price) =
                price.filter(|price| properties.currency.as_deref() == Some(price.currency.as_str()))
            {
                product.price_minor = Some(price.minor);
            }
        }
    }
}
