//! CatalogTable: one packed state per item, category and list, with a version for compare-and-set.

use super::schema::{PK, STATE, TTL, VERSION};
use super::{DynamoTables, Item, corrupt, get_number, get_text, number, text, ttl};
use crate::error::{ErrorKind, StoreError};
use crate::tables::catalog::{CatalogScan, CatalogStore, ListKey, TextKey, TrendKey, Versioned};
use crate::tables::{Read, Save};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::packed::PackError;
use beckon_recommend::popularity::packed::{
    pack_best_sellers, pack_trend, unpack_best_sellers, unpack_trend,
};
use beckon_recommend::{BestSellers, Trend};
use std::collections::{BTreeMap, BTreeSet};

const LOAD_TRENDS: &str = "load trends";
const SAVE_TREND: &str = "save a trend";
const LOAD_LISTS: &str = "load best sellers";
const SAVE_LIST: &str = "save best sellers";

fn from_item<K: TextKey, S>(
    operation: &'static str,
    item: &Item,
    unpack: impl Fn(&[u8]) -> Result<S, PackError>,
) -> Result<(K, Versioned<S>), StoreError> {
    let key = get_text(item, PK).and_then(|k| K::of_text(&k)).ok_or_else(|| corrupt(operation, "key"))?;
    let version = get_number(item, VERSION).and_then(|v| u64::try_from(v).ok());
    let version = version.ok_or_else(|| corrupt(operation, "version"))?;
    let packed = item.get(STATE).and_then(|s| s.as_b().ok()).ok_or_else(|| corrupt(operation, "state"))?;
    let state = unpack(packed.as_ref()).map_err(|e| StoreError::new(operation, ErrorKind::Corrupt, e))?;
    Ok((key, Versioned { state, version }))
}

impl DynamoTables {
    async fn load_catalog<K: TextKey, S>(
        &self,
        operation: &'static str,
        keys: &[K],
        read: Read,
        unpack: impl Fn(&[u8]) -> Result<S, PackError>,
    ) -> Result<BTreeMap<K, Versioned<S>>, StoreError> {
        let keys: BTreeSet<String> = keys.iter().map(TextKey::to_text).collect();
        let keys: Vec<String> = keys.into_iter().collect();
        let items = self.get_states(operation, &self.names.catalog, &keys, read).await?;
        items.iter().map(|item| from_item(operation, item, &unpack)).collect()
    }
}

impl CatalogStore for DynamoTables {
    async fn load_trends(
        &self,
        keys: &[TrendKey],
        read: Read,
    ) -> Result<BTreeMap<TrendKey, Versioned<Trend>>, StoreError> {
        self.load_catalog(LOAD_TRENDS, keys, read, unpack_trend).await
    }

    async fn save_trend(
        &self,
        key: &TrendKey,
        trend: &Trend,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        let packed = pack_trend(trend).map_err(|e| StoreError::new(SAVE_TREND, ErrorKind::Refused, e))?;
        let put = self
            .client
            .put_item()
            .table_name(&self.names.catalog)
            .item(PK, text(key.to_text()))
            .item(STATE, AttributeValue::B(Blob::new(packed)))
            .item(VERSION, number(read_version.unwrap_or_default() + 1))
            .item(TTL, ttl(trend.expires_at()));
        self.put_if_version(SAVE_TREND, put, read_version).await
    }

    async fn best_sellers(
        &self,
        keys: &[ListKey],
        read: Read,
    ) -> Result<BTreeMap<ListKey, Versioned<BestSellers>>, StoreError> {
        self.load_catalog(LOAD_LISTS, keys, read, unpack_best_sellers).await
    }

    async fn save_best_sellers(
        &self,
        key: &ListKey,
        list: &BestSellers,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        let packed =
            pack_best_sellers(list).map_err(|e| StoreError::new(SAVE_LIST, ErrorKind::Refused, e))?;
        let put = self
            .client
            .put_item()
            .table_name(&self.names.catalog)
            .item(PK, text(key.to_text()))
            .item(STATE, AttributeValue::B(Blob::new(packed)))
            .item(VERSION, number(read_version.unwrap_or_default() + 1));
        self.put_if_version(SAVE_LIST, put, read_version).await
    }
}

impl CatalogScan for DynamoTables {
    async fn scan_trends(&self) -> Result<Vec<(TrendKey, Trend)>, StoreError> {
        const OPERATION: &str = "list trends";
        let items = self.scan_items(OPERATION, &self.names.catalog).await?;
        let is_trend = |item: &&Item| get_text(item, PK).is_some_and(|key| TrendKey::of_text(&key).is_some());
        let found = items.iter().filter(is_trend).map(|item| {
            let (key, stored) = from_item(OPERATION, item, unpack_trend)?;
            Ok((key, stored.state))
        });
        Ok(found.collect::<Result<BTreeMap<_, _>, StoreError>>()?.into_iter().collect())
    }
}
