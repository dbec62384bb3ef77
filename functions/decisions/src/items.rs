//! What was learned of products, as CatalogTable has it, held in memory for a bounded time.

use crate::aged::Aged;
use crate::knowledge::ItemLists;
use beckon_domain::{DurationMs, ProductId, Timestamp};
use beckon_store::StoreError;
use beckon_store::tables::Read;
use beckon_store::tables::catalog::{CatalogStore, TrendKey};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How old what is held of a product may be before the table is asked again.
pub const ITEM_AGE_MAX: DurationMs = DurationMs::from_secs(60);
/// Products held at most: about 20 MB of full lists.
const ITEM_COUNT_MAX: usize = 2_000;

/// The lists of products behind CatalogTable. A table that cannot be read costs their freshness, never an answer.
#[derive(Clone)]
pub struct Items {
    held: Aged<ProductId, Arc<ItemLists>>,
}

impl Default for Items {
    fn default() -> Self {
        Self { held: Aged::new(ITEM_AGE_MAX, ITEM_COUNT_MAX) }
    }
}

impl Items {
    /// Reads those of these products that are not in memory, or were read long ago: at most one read.
    pub async fn refresh<C: CatalogStore>(&self, table: &C, products: Vec<ProductId>, now: Timestamp) {
        let read = |products: Vec<ProductId>| async move {
            let keys: Vec<TrendKey> = products.into_iter().map(TrendKey::Item).collect();
            let found = table.load_trends(&keys, Read::Eventual).await?;
            let lists = found.into_iter().filter_map(|(key, stored)| match key {
                TrendKey::Item(product) => {
                    let bought_together = stored.state.bought_together().clone();
                    let neighbours = stored.state.into_neighbours();
                    Some((product, Arc::new(ItemLists { neighbours, bought_together })))
                }
                TrendKey::Category(_) => None,
            });
            Ok::<_, StoreError>(lists.collect())
        };
        self.held.refresh(products, now, read).await;
    }

    /// Whether the table did not say what was learned of one of these.
    pub fn is_behind(&self, products: &[ProductId]) -> bool {
        self.held.is_behind(products)
    }

    /// What is in memory of these products, however old it is.
    pub fn held(&self, products: &[ProductId]) -> BTreeMap<ProductId, Arc<ItemLists>> {
        products.iter().map(|product| (product.clone(), self.held.held(product))).collect()
    }
}
