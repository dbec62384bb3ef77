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

/// The lists that a page of a category is shown: of the category, of the store, and what is trending.
struct Wanted {
    own: Option<ListKey>,
    rising: Vec<ListKey>,
}

impl Wanted {
    fn of(category: Option<&Category>, with_trending: bool) -> Self {
        let own = category.cloned().map(ListKey::Category);
        let rising = category.cloned().map(ListKey::TrendingIn).into_iter().chain([ListKey::Trending]);
        Self { own, rising: rising.filter(|_| with_trending).collect() }
    }

    fn keys(&self) -> Vec<ListKey> {
        let rising = self.rising.iter().cloned();
        std::iter::once(ListKey::Store).chain(self.own.clone()).chain(rising).collect()
    }
}

impl BestSellerLists {
    /// Reads the lists for a page of this category, if it has one, where the table was not asked for a while. At most one
    /// read. What is trending is read where it is asked for.
    pub async fn refresh<C: CatalogStore>(
        &self,
        table: &C,
        category: Option<&Category>,
        with_trending: bool,
        now: Timestamp,
    ) {
        let read = |keys: Vec<ListKey>| async move {
            let found = table.best_sellers(&keys, Read::Eventual).await?;
            let shown = found.into_iter().map(|(key, stored)| (key, worth_showing(&stored.state, now)));
            Ok::<BTreeMap<_, _>, StoreError>(shown.collect())
        };
        self.held.refresh(Wanted::of(category, with_trending).keys(), now, read).await;
    }

    /// The lists in memory for a page of this category, however old, and whether the table did not say what one of them is
    /// now.
    pub(crate) fn held(&self, category: Option<&Category>, with_trending: bool) -> (PageLists, bool) {
        let wanted = Wanted::of(category, with_trending);
        let is_behind = self.held.is_behind(&wanted.keys());
        let lists = PageLists {
            category: wanted.own.map(|key| self.held.held(&key)).unwrap_or_default(),
            store: self.held.held(&ListKey::Store),
            trending: wanted.rising.iter().flat_map(|key| self.held.held(key).to_vec()).collect(),
        };
        (lists, is_behind)
    }
}

fn worth_showing(list: &BestSellers, now: Timestamp) -> Products {
    let strong = list.iter().filter(|seller| list.score(seller, now) >= BEST_SELLER_SCORE_MIN);
    strong.map(|seller| seller.product().clone()).collect()
}
