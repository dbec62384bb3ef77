//! CatalogTable, passed on and counted.

use super::Metered;
use super::ports::BATCH_GET_KEYS_MAX;
use super::size::{ItemSize, write_units};
use crate::error::StoreError;
use crate::tables::catalog::TextKey;
use crate::tables::{CatalogScan, CatalogStore, ListKey, Read, Save, TrendKey, Versioned};
use beckon_recommend::popularity::packed::{pack_best_sellers, pack_trend};
use beckon_recommend::{BestSellers, Trend};
use std::collections::{BTreeMap, BTreeSet};

impl<T> Metered<T> {
    pub(super) fn catalog_read<K: TextKey>(&self, keys: &[K], read: Read) {
        let distinct: BTreeSet<String> = keys.iter().map(TextKey::to_text).collect();
        let mut counted = self.meter.lock();
        // A request that reads several kinds is counted with the first.
        if let Some(first) = distinct.first() {
            let requests = distinct.len().div_ceil(BATCH_GET_KEYS_MAX) as u64;
            counted.usage.catalog.of_key(first).read_requests += requests;
        }
        for key in distinct {
            let bytes = counted.catalog.get(&key).copied().unwrap_or_default();
            counted.usage.catalog.of_key(&key).read(bytes, read == Read::Strong);
        }
    }

    pub(super) fn catalog_put(&self, key: String, item: ItemSize, saved: Save) {
        let bytes = item.text("pk", &key).bytes();
        let mut counted = self.meter.lock();
        let before = counted.catalog.get(&key).copied();
        let usage = counted.usage.catalog.of_key(&key);
        usage.write_requests += 1;
        if saved == Save::Conflict {
            usage.failed_conditions += 1;
            usage.write_units += write_units(before, None);
            return;
        }
        usage.write_units += write_units(before, Some(bytes));
        counted.catalog.insert(key, bytes);
    }
}

fn item(packed_bytes: usize, read_version: Option<u64>) -> ItemSize {
    ItemSize::default().bytes_attribute("s", packed_bytes).number("v", read_version.unwrap_or_default() + 1)
}

impl<T: CatalogStore> CatalogStore for Metered<T> {
    async fn load_trends(
        &self,
        keys: &[TrendKey],
        read: Read,
    ) -> Result<BTreeMap<TrendKey, Versioned<Trend>>, StoreError> {
        self.catalog_read(keys, read);
        self.tables.load_trends(keys, read).await
    }

    async fn save_trend(
        &self,
        key: &TrendKey,
        trend: &Trend,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        let saved = self.tables.save_trend(key, trend, read_version).await?;
        let packed_bytes = pack_trend(trend).map_or(0, |packed| packed.len());
        let expires_at_secs = trend.expires_at().as_ms().unsigned_abs() / 1_000;
        let item = item(packed_bytes, read_version).number("x", expires_at_secs);
        self.catalog_put(key.to_text(), item, saved);
        Ok(saved)
    }

    async fn best_sellers(
        &self,
        keys: &[ListKey],
        read: Read,
    ) -> Result<BTreeMap<ListKey, Versioned<BestSellers>>, StoreError> {
        self.catalog_read(keys, read);
        self.tables.best_sellers(keys, read).await
    }

    async fn save_best_sellers(
        &self,
        key: &ListKey,
        list: &BestSellers,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        let saved = self.tables.save_best_sellers(key, list, read_version).await?;
        let packed_bytes = pack_best_sellers(list).map_or(0, |packed| packed.len());
        self.catalog_put(key.to_text(), item(packed_bytes, read_version), saved);
        Ok(saved)
    }
}

impl<T: CatalogScan> CatalogScan for Metered<T> {
    async fn scan_trends(&self) -> Result<Vec<(TrendKey, Trend)>, StoreError> {
        // For reports, never in a function: not counted.
        self.tables.scan_trends().await
    }
}
