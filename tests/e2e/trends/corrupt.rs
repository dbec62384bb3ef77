//! A stored trend that cannot be read: its own signals are kept, and its neighbours go on.

use super::{category, failed, item, list, signals_only};
use beckon_domain::{Day, ProductFacts, ProductId, Timestamp};
use beckon_recommend::engagement::{SlotDay, SlotDayRow};
use beckon_recommend::{BestSellers, Trend};
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{
    CatalogStore, EngagementStore, ListKey, ProductPage, ProductStore, Read, Save, Told, TrendKey, Versioned,
};
use beckon_store::{ErrorKind, StoreError};
use harness::delivery;
use std::collections::BTreeMap;

/// Tables in which one trend cannot be read.
struct Corrupt {
    inner: MemoryTables,
    key: TrendKey,
}

impl ProductStore for Corrupt {
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

impl EngagementStore for Corrupt {
    async fn load_slot_day(
        &self,
        of: &SlotDay,
        read: Read,
    ) -> Result<Option<Versioned<SlotDayRow>>, StoreError> {
        self.inner.load_slot_day(of, read).await
    }

    async fn save_slot_day(
        &self,
        of: &SlotDay,
        row: &SlotDayRow,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        self.inner.save_slot_day(of, row, read_version).await
    }

    async fn slot_days(&self, from: Day, until: Day) -> Result<Vec<(SlotDay, SlotDayRow)>, StoreError> {
        self.inner.slot_days(from, until).await
    }
}

impl CatalogStore for Corrupt {
    async fn load_trends(
        &self,
        keys: &[TrendKey],
        read: Read,
    ) -> Result<BTreeMap<TrendKey, Versioned<Trend>>, StoreError> {
        if keys.contains(&self.key) {
            return Err(StoreError::new("load trends", ErrorKind::Corrupt, "not a trend"));
        }
        self.inner.load_trends(keys, read).await
    }

    async fn save_trend(
        &self,
        key: &TrendKey,
        trend: &Trend,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        assert_ne!(*key, self.key, "a trend that cannot be read must not be overwritten");
        self.inner.save_trend(key, trend, read_version).await
    }

    async fn best_sellers(
        &self,
        keys: &[ListKey],
        read: Read,
    ) -> Result<BTreeMap<ListKey, Versioned<BestSellers>>, StoreError> {
        self.inner.best_sellers(keys, read).await
    }

    async fn save_best_sellers(
        &self,
        key: &ListKey,
        list: &BestSellers,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        self.inner.save_best_sellers(key, list, read_version).await
    }
}

#[tokio::test]
async fn a_trend_that_cannot_be_read_costs_its_own_signals_only_and_those_are_kept() {
    let tents = TrendKey::Category(category("tents"));
    for (key, kept_count) in [(item("mug"), 3), (tents, 0)] {
        let world = signals_only().await;
        let records = world.stack.signals.take();
        let tables = Corrupt { inner: world.stack.tables.clone(), key: key.clone() };
        let trends = world.trends_on(tables, world.stack.failed.clone());
        for delivery_count in 1..=2 {
            let named = delivery::once(&trends, &records).await;
            assert_eq!(named, Vec::<String>::new(), "delivery {delivery_count}: the shard goes on");
        }
        let kept = failed(&world).await;
        let corrupt = kept.iter().filter(|key| key.starts_with("failed/corrupt_trend/")).count();
        assert_eq!(corrupt, kept_count, "{key:?}: {kept:?}");
        let store = list(&world.stack.tables, ListKey::Store).await;
        assert_eq!(store.first().map(String::as_str), Some("tent-2p"), "the others go on");
        let signals = world.signal_conservation().await;
        assert_eq!(signals.put, signals.counted + signals.repeated + signals.failed, "{key:?}: {signals}");
    }
}
