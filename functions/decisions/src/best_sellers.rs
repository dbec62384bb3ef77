//! What sells best lately, as CatalogTable has it, held in memory for a bounded time.

use beckon_domain::{Category, DurationMs, ProductId, Timestamp};
use beckon_recommend::BestSellers;
use beckon_recommend::policy::BEST_SELLER_SCORE_MIN;
use beckon_rules::LiveLists;
use beckon_store::tables::Read;
use beckon_store::tables::catalog::{CatalogStore, ListKey};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How old a list in memory may be before the table is asked again.
pub const LIST_AGE_MAX: DurationMs = DurationMs::from_secs(60);
/// How long the table is not asked again after it failed: pages must not wait for it one after the other.
const RETRY_PAUSE: DurationMs = DurationMs::from_secs(5);
/// Lists in memory at most, because pages may name any category. The one that was read longest ago goes first.
const LIST_COUNT_MAX: usize = 500;
type Products = Arc<[ProductId]>;

struct Held {
    products: Products,
    /// When the table is to be asked again.
    ask_at: Timestamp,
}

/// The lists behind CatalogTable. A table that cannot be read costs their freshness, never an answer.
#[derive(Clone, Default)]
pub struct BestSellerLists {
    held: Arc<Mutex<BTreeMap<ListKey, Held>>>,
}

/// The lists for one page.
#[derive(Clone, Debug, Default)]
pub struct Selling {
    category: Products,
    store: Products,
}

impl Selling {
    /// As rules take them.
    pub fn lists(&self) -> LiveLists<'_> {
        LiveLists { category: &self.category, store: &self.store }
    }
}

impl BestSellerLists {
    /// The lists for a page of this category, if it has one: those in memory, or newer ones when the table was not asked
    /// for a while. At most one read.
    pub async fn get<C: CatalogStore>(
        &self,
        table: &C,
        category: Option<&Category>,
        now: Timestamp,
    ) -> Selling {
        let category = category.cloned().map(ListKey::Category);
        let wanted: Vec<ListKey> = std::iter::once(ListKey::Store).chain(category.clone()).collect();
        let asked = self.outdated(wanted, now);
        if !asked.is_empty() {
            match table.best_sellers(&asked, Read::Eventual).await {
                Ok(mut found) => {
                    for key in asked {
                        let list = found.remove(&key).map(|stored| stored.state).unwrap_or_default();
                        self.hold(key, Some(worth_showing(&list, now)), now + LIST_AGE_MAX);
                    }
                }
                Err(error) => {
                    tracing::warn!(error = ?error, "best sellers could not be read");
                    asked.into_iter().for_each(|key| self.hold(key, None, now + RETRY_PAUSE));
                }
            }
        }
        let category = category.map(|key| self.products(&key)).unwrap_or_default();
        Selling { category, store: self.products(&ListKey::Store) }
    }

    /// Those of the lists for which the table is to be asked.
    fn outdated(&self, mut keys: Vec<ListKey>, now: Timestamp) -> Vec<ListKey> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|key| held.get(key).is_none_or(|list| list.ask_at <= now));
        keys
    }

    fn products(&self, key: &ListKey) -> Products {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(key).map(|list| Arc::clone(&list.products)).unwrap_or_default()
    }

    /// Holds a list until it is to be asked for again; without a new one the last one stays.
    fn hold(&self, key: ListKey, products: Option<Products>, ask_at: Timestamp) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if !held.contains_key(&key) && held.len() >= LIST_COUNT_MAX {
            let oldest = held.iter().min_by_key(|(_, list)| list.ask_at).map(|(key, _)| key.clone());
            oldest.and_then(|key| held.remove(&key));
        }
        let list = held.entry(key).or_insert_with(|| Held { products: Products::default(), ask_at });
        list.ask_at = ask_at;
        if let Some(products) = products {
            list.products = products;
        }
    }
}

fn worth_showing(list: &BestSellers, now: Timestamp) -> Products {
    let strong = list.iter().filter(|seller| list.score(seller, now) >= BEST_SELLER_SCORE_MIN);
    strong.map(|seller| seller.product().clone()).collect()
}
