//! What sells best lately and what is trending, as CatalogTable has it, held in memory for a bounded time.

use crate::aged::Aged;
use crate::knowledge::PageLists;
use beckon_domain::{Category, DurationMs, ProductId, Timestamp};
use beckon_recommend::BestSellers;
use beckon_recommend::policy::BEST_SELLER_SCORE_MIN;
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

impl BestSellerLists {
    /// The lists for a page of this category, if it has one: those in memory, or newer ones when the table was not asked
    /// for a while. At most one read. What is trending is read where it is asked for.
    pub async fn get<C: CatalogStore>(
        &self,
        table: &C,
        category: Option<&Category>,
        with_trending: bool,
        now: Timestamp,
    ) -> PageLists {
        let own = category.cloned().map(ListKey::Category);
        let rising = category.cloned().map(ListKey::TrendingIn).into_iter().chain([ListKey::Trending]);
        let rising: Vec<ListKey> = rising.filter(|_| with_trending).collect();
        let wanted = std::iter::once(ListKey::Store).chain(own.clone()).chain(rising.clone());
        let read = |keys: Vec<ListKey>| async move {
            let found = table.best_sellers(&keys, Read::Eventual).await?;
            let shown = found.into_iter().map(|(key, stored)| (key, worth_showing(&stored.state, now)));
            Ok::<BTreeMap<_, _>, StoreError>(shown.collect())
        };
        self.held.refresh(wanted.collect(), now, read).await;
        PageLists {
            category: own.map(|key| self.held.held(&key)).unwrap_or_default(),
            store: self.held.held(&ListKey::Store),
            trending: rising.iter().flat_map(|key| self.held.held(key).to_vec()).collect(),
        }
    }
}

fn worth_showing(list: &BestSellers, now: Timestamp) -> Products {
    let strong = list.iter().filter(|seller| list.score(seller, now) >= BEST_SELLER_SCORE_MIN);
    strong.map(|seller| seller.product().clone()).collect()
}
