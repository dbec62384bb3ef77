//! CatalogTable behind the network.

use super::ground::{Fate, LateWrite, Reach};
use super::ports::{SimTables, store_error};
use beckon_domain::{ProductFacts, ProductId, Timestamp};
use beckon_recommend::{BestSellers, Trend};
use beckon_store::StoreError;
use beckon_store::tables::{
    CatalogStore, ListKey, ProductPage, ProductStore, Read, Save, Told, TrendKey, Versioned,
};
use std::collections::BTreeMap;

impl CatalogStore for SimTables {
    async fn load_trends(
        &self,
        keys: &[TrendKey],
        read: Read,
    ) -> Result<BTreeMap<TrendKey, Versioned<Trend>>, StoreError> {
        const NAME: &str = "load trends";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => {
                let mut found = self.inner.load_trends(keys, read).await?;
                super::bugs::twist_trends(&self.net, &mut found);
                Ok(found)
            }
            fate => Err(store_error(NAME, fate)),
        }
    }

    async fn save_trend(
        &self,
        key: &TrendKey,
        trend: &Trend,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        const NAME: &str = "save a trend";
        let fate = self.net.arrive(NAME, Reach::All, true).await;
        match fate {
            Fate::Throttled | Fate::Lost => return Err(store_error(NAME, fate)),
            Fate::Late => {
                let (key, trend) = (key.clone(), Box::new(trend.clone()));
                self.net.lock().land_late(LateWrite::Trend { key, trend, read_version });
                return Err(store_error(NAME, fate));
            }
            Fate::Through | Fate::AnswerLost => {}
        }
        self.net.admit_trend(key, trend)?;
        let saved = self.inner.save_trend(key, trend, read_version).await?;
        self.net.lock().note_trend(key, saved);
        self.net.leave().await;
        if fate == Fate::AnswerLost { Err(store_error(NAME, fate)) } else { Ok(saved) }
    }

    async fn best_sellers(
        &self,
        keys: &[ListKey],
        read: Read,
    ) -> Result<BTreeMap<ListKey, Versioned<BestSellers>>, StoreError> {
        const NAME: &str = "load best sellers";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => self.inner.best_sellers(keys, read).await,
            fate => Err(store_error(NAME, fate)),
        }
    }

    async fn save_best_sellers(
        &self,
        key: &ListKey,
        list: &BestSellers,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        const NAME: &str = "save best sellers";
        let fate = self.net.arrive(NAME, Reach::All, true).await;
        match fate {
            Fate::Throttled | Fate::Lost => return Err(store_error(NAME, fate)),
            Fate::Late => {
                let (key, list) = (key.clone(), Box::new(list.clone()));
                self.net.lock().land_late(LateWrite::BestSellers { key, list, read_version });
                return Err(store_error(NAME, fate));
            }
            Fate::Through | Fate::AnswerLost => {}
        }
        self.net.admit_list(key, list)?;
        let saved = self.inner.save_best_sellers(key, list, read_version).await?;
        self.net.lock().note_list(key, saved);
        self.net.leave().await;
        if fate == Fate::AnswerLost { Err(store_error(NAME, fate)) } else { Ok(saved) }
    }
}

/// The facts of products get through: nobody's balance depends on them.
impl ProductStore for SimTables {
    async fn put_product(&self, facts: &ProductFacts) -> Result<Told, StoreError> {
        self.inner.put_product(facts).await
    }

    async fn delete_product(
        &self,
        id: &ProductId,
        told_at: Timestamp,
        forgotten_at: Timestamp,
    ) -> Result<Told, StoreError> {
        self.inner.delete_product(id, told_at, forgotten_at).await
    }

    async fn products(
        &self,
        ids: &[ProductId],
        read: Read,
    ) -> Result<BTreeMap<ProductId, ProductFacts>, StoreError> {
        self.inner.products(ids, read).await
    }

    async fn product_page(&self, after: Option<&str>) -> Result<ProductPage, StoreError> {
        self.inner.product_page(after).await
    }
}
