//! CatalogTable in memory: the packed bytes, as DynamoDB would hold them.

use super::MemoryTables;
use crate::error::{ErrorKind, StoreError};
use crate::tables::catalog::{CatalogScan, CatalogStore, ListKey, TextKey, TrendKey, Versioned};
use crate::tables::{Read, Save};
use beckon_domain::packed::PackError;
use beckon_recommend::popularity::packed::{
    pack_best_sellers, pack_trend, unpack_best_sellers, unpack_trend,
};
use beckon_recommend::{BestSellers, Trend};
use std::collections::BTreeMap;

/// A packed state and its version.
pub(super) struct Row {
    packed: Vec<u8>,
    version: u64,
}

fn corrupt(operation: &'static str) -> impl Fn(PackError) -> StoreError {
    move |error| StoreError::new(operation, ErrorKind::Corrupt, error)
}

impl MemoryTables {
    fn load_catalog<K: TextKey, S>(
        &self,
        operation: &'static str,
        keys: &[K],
        unpack: impl Fn(&[u8]) -> Result<S, PackError>,
    ) -> Result<BTreeMap<K, Versioned<S>>, StoreError> {
        let tables = self.lock();
        let found = keys.iter().filter_map(|key| Some((key, tables.catalog.get(&key.to_text())?)));
        let unpacked = found.map(|(key, row)| {
            let state = unpack(&row.packed).map_err(corrupt(operation))?;
            Ok((key.clone(), Versioned { state, version: row.version }))
        });
        unpacked.collect()
    }

    fn save_catalog<K: TextKey>(&self, key: &K, packed: Vec<u8>, read_version: Option<u64>) -> Save {
        let mut tables = self.lock();
        let key = key.to_text();
        if tables.catalog.get(&key).map(|row| row.version) != read_version {
            return Save::Conflict;
        }
        let version = read_version.unwrap_or_default() + 1;
        tables.catalog.insert(key, Row { packed, version });
        Save::Saved
    }
}

impl CatalogStore for MemoryTables {
    async fn load_trends(
        &self,
        keys: &[TrendKey],
        _read: Read,
    ) -> Result<BTreeMap<TrendKey, Versioned<Trend>>, StoreError> {
        self.load_catalog("load trends", keys, unpack_trend)
    }

    async fn save_trend(
        &self,
        key: &TrendKey,
        trend: &Trend,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        let refused = |e| StoreError::new("save a trend", ErrorKind::Refused, e);
        Ok(self.save_catalog(key, pack_trend(trend).map_err(refused)?, read_version))
    }

    async fn best_sellers(
        &self,
        keys: &[ListKey],
        _read: Read,
    ) -> Result<BTreeMap<ListKey, Versioned<BestSellers>>, StoreError> {
        self.load_catalog("load best sellers", keys, unpack_best_sellers)
    }

    async fn save_best_sellers(
        &self,
        key: &ListKey,
        list: &BestSellers,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        let refused = |e| StoreError::new("save best sellers", ErrorKind::Refused, e);
        Ok(self.save_catalog(key, pack_best_sellers(list).map_err(refused)?, read_version))
    }
}

impl CatalogScan for MemoryTables {
    async fn scan_trends(&self) -> Result<Vec<(TrendKey, Trend)>, StoreError> {
        let tables = self.lock();
        let trends = tables.catalog.iter().filter_map(|(key, row)| Some((TrendKey::of_text(key)?, row)));
        trends
            .map(|(key, row)| Ok((key, unpack_trend(&row.packed).map_err(corrupt("list trends"))?)))
            .collect()
    }
}
