//! What sells best lately, as CatalogTable has it, held in memory for a bounded time.

use crate::aged::Aged;
use beckon_domain::{Category, DurationMs, ProductId, Timestamp};
use beckon_recommend::BestSellers;
use beckon_recommend::policy::BEST_SELLER_SCORE_MIN;
use beckon_rules::LiveLists;
use beckon_store::StoreError;
use beckon_store::tables::Read;
use beckon_store::tables::catalog::{CatalogStore, ListKey};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How old a list in memory may be before the table is asked again.
pub const LIST_AGE_MAX: DurationMs = DurationMs::from_secs(60);
/// Lists in memory at most.
const LIST_COUNT_MAX: usize = 500;
type Products = Arc<[ProductId]>;

/// The lists behind CatalogTable.
#[derive(Clone)]
pub struct BestSellerLists {
    held: Aged<ListKey, Products>,
}

impl Default for BestSellerLists {
    fn default() -> Self {
        Self { held: Aged::new(LIST_AGE_MAX, LIST_COUNT_MAX) }
    }
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
        let read = |keys: Vec<ListKey>| async move {
            let found = table.best_sellers(&keys, Read::Eventual).await?;
            let shown = found.into_iter().map(|(key, stored)| (key, worth_showing(&stored.state, now)));
            Ok::<BTreeMap<_, _>, StoreError>(shown.collect())
        };
        self.held.refresh(wanted, now, read).await;
        let category = category.map(|key| self.held.held(&key)).unwrap_or_default();
        Selling { category, store: self.held.held(&ListKey::Store) }
    }
}

fn worth_showing(list: &BestSellers, now: Timestamp) -> Products {
    let strong = list.iter().filter(|seller| list.score(seller, now) >= BEST_SELLER_SCORE_MIN);
    strong.map(|seller| seller.product().clone()).collect()
}
