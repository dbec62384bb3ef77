//! Best sellers, and what is trending: each item of a batch is offered to the store's list and to its category's, and a
//! list that changes is written.
//!
//! An offer says how the item stands, so offers may be made again and in any order. An item is offered even when its
//! part was counted before: the write of a list may have failed then.

use crate::error::ProcessError;
use crate::process::Trends;
use crate::settle::ATTEMPTS_MAX;
use beckon_domain::ProductId;
use beckon_domain::mark::SequenceNumber;
use beckon_recommend::{BestSellers, Trend};
use beckon_store::ErrorKind;
use beckon_store::objects::FailedEventStore;
use beckon_store::tables::{CatalogStore, ListKey, ProductStore, Read, Save, Versioned, load_each};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How an item stands after a batch.
pub(crate) struct Offer {
    pub(crate) product: ProductId,
    pub(crate) trend: Trend,
    /// The number from which on the batch comes again if the offer cannot be made.
    pub(crate) first: Option<SequenceNumber>,
}

/// The offers to one list.
pub(crate) type Offers = Vec<Arc<Offer>>;

/// The lists that the offers go to.
pub(crate) fn by_list(offers: &[Arc<Offer>]) -> BTreeMap<ListKey, Offers> {
    let mut lists: BTreeMap<ListKey, Offers> = BTreeMap::new();
    let mut offer_to = |key: ListKey, offer: &Arc<Offer>| {
        lists.entry(key).or_default().push(Arc::clone(offer));
    };
    for offer in offers {
        let category = offer.trend.category();
        if offer.trend.is_offered() {
            offer_to(ListKey::Store, offer);
            category.into_iter().for_each(|c| offer_to(ListKey::Category(c.clone()), offer));
        }
        if offer.trend.is_rising() {
            offer_to(ListKey::Trending, offer);
            category.into_iter().for_each(|c| offer_to(ListKey::TrendingIn(c.clone()), offer));
        }
    }
    lists
}

impl<T: CatalogStore + ProductStore, F: FailedEventStore> Trends<T, F> {
    /// Reads lists in one go. One that cannot be read must not take the others with it: then each is read by itself, and
    /// those that cannot be read are left out and logged. They block nothing: what they show is mended by hand.
    pub(crate) async fn load_lists(
        &self,
        lists: BTreeMap<ListKey, Offers>,
    ) -> Result<Vec<(ListKey, Offers, Option<Versioned<BestSellers>>)>, ProcessError> {
        let load = |keys: Vec<ListKey>, read| async move { self.tables.best_sellers(&keys, read).await };
        let mut found = load_each(lists.keys().cloned().collect(), load, || true).await?;
        let mut loaded = Vec::with_capacity(lists.len());
        for (key, offers) in lists {
            match found.remove(&key).transpose() {
                Ok(before) => loaded.push((key, offers, before.flatten())),
                Err(error) if error.kind == ErrorKind::Corrupt => {
                    tracing::error!(error = ?error, list = ?key, "best sellers cannot be read");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(loaded)
    }

    /// Brings one list up to date.
    pub(crate) async fn update_list(
        &self,
        key: &ListKey,
        offers: &[Arc<Offer>],
        mut stored: Option<Versioned<BestSellers>>,
    ) -> Result<(), ProcessError> {
        for attempts in 1.. {
            let mut list =
                stored.as_ref().map_or_else(|| BestSellers::of(key.span()), |stored| stored.state.clone());
            offers.iter().for_each(|offer| list.offer(&offer.product, &offer.trend));
            if stored.as_ref().map_or(list.is_empty(), |s| s.state == list) {
                break;
            }
            match self.tables.save_best_sellers(key, &list, stored.as_ref().map(|s| s.version)).await {
                Ok(Save::Saved) => break,
                Ok(Save::Conflict) if attempts >= ATTEMPTS_MAX => {
                    return Err(ProcessError::Contended { attempts });
                }
                Ok(Save::Conflict) => {}
                Err(error) if error.is_transient() && attempts < ATTEMPTS_MAX => {}
                Err(error) => return Err(error.into()),
            }
            stored = self.tables.best_sellers(std::slice::from_ref(key), Read::Strong).await?.remove(key);
        }
        Ok(())
    }
}
