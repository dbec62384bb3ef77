//! ProfileTable: one packed state per person, a version for compare-and-set, and the sparse due index.

use super::schema::{DUE_AT, DUE_INDEX, DUE_SHARD, PK, STATE, TTL, VERSION};
use super::{
    DynamoTables, Item, condition_held, corrupt, get_number, get_text, get_time, number, text, time, ttl,
};
use crate::error::{ErrorKind, StoreError};
use crate::tables::{DUE_SHARD_COUNT, Due, ProfileScan, ProfileStore, Read, Save, Stored};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use beckon_domain::policy::PROFILE_RETENTION;
use beckon_domain::{Profile, ProfileKey, Timestamp, packed};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Keys of one BatchGetItem at most (AWS's limit).
const BATCH_GET_KEYS_MAX: usize = 100;
/// Rounds for keys that DynamoDB left unprocessed.
const UNPROCESSED_ROUNDS_MAX: u32 = 5;
const LOAD: &str = "load profiles";
const SAVE: &str = "save a profile";
const DUE: &str = "query the due index";

impl DynamoTables {
    async fn load_chunk(
        &self,
        keys: &[&ProfileKey],
        read: Read,
        found: &mut BTreeMap<ProfileKey, Stored>,
    ) -> Result<(), StoreError> {
        let mut wanted: Vec<Item> =
            keys.iter().map(|key| Item::from([(PK.to_owned(), text(key.as_str()))])).collect();
        for round in 0..UNPROCESSED_ROUNDS_MAX {
            if round > 0 {
                tokio::time::sleep(Duration::from_millis(20 << round)).await;
            }
            let request = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut wanted)))
                .consistent_read(read == Read::Strong)
                .projection_expression("#k, #s, #v")
                .expression_attribute_names("#k", PK)
                .expression_attribute_names("#s", STATE)
                .expression_attribute_names("#v", VERSION)
                .build()
                .map_err(|e| StoreError::new(LOAD, ErrorKind::Refused, e))?;
            let answer = self
                .client
                .batch_get_item()
                .request_items(&self.names.profile, request)
                .send()
                .await
                .map_err(|e| StoreError::from_sdk(LOAD, e))?;
            for item in answer.responses.unwrap_or_default().remove(&self.names.profile).unwrap_or_default() {
                let (key, stored) = from_item(&item)?;
                found.insert(key, stored);
            }
            let unprocessed = answer.unprocessed_keys.unwrap_or_default().remove(&self.names.profile);
            wanted = unprocessed.map(|rest| rest.keys).unwrap_or_default();
            if wanted.is_empty() {
                return Ok(());
            }
        }
        let detail = format!("{} keys stayed unprocessed", wanted.len());
        Err(StoreError::new(LOAD, ErrorKind::Throttled, detail))
    }
}

fn from_item(item: &Item) -> Result<(ProfileKey, Stored), StoreError> {
    let key =
        get_text(item, PK).and_then(|k| ProfileKey::parse(&k).ok()).ok_or_else(|| corrupt(LOAD, "key"))?;
    let version = get_number(item, VERSION).and_then(|v| u64::try_from(v).ok());
    let version = version.ok_or_else(|| corrupt(LOAD, "version"))?;
    let state = item.get(STATE).and_then(|s| s.as_b().ok()).ok_or_else(|| corrupt(LOAD, "state"))?;
    let profile = packed::unpack(state.as_ref()).map_err(|e| StoreError::new(LOAD, ErrorKind::Corrupt, e))?;
    Ok((key, Stored { profile, version }))
}

impl ProfileStore for DynamoTables {
    async fn load(
        &self,
        keys: &[ProfileKey],
        read: Read,
    ) -> Result<BTreeMap<ProfileKey, Stored>, StoreError> {
        let mut found = BTreeMap::new();
        // DynamoDB refuses a request that names a key twice.
        let keys: Vec<&ProfileKey> = keys.iter().collect::<BTreeSet<_>>().into_iter().collect();
        for chunk in keys.chunks(BATCH_GET_KEYS_MAX) {
            self.load_chunk(chunk, read, &mut found).await?;
        }
        Ok(found)
    }

    async fn save(
        &self,
        key: &ProfileKey,
        profile: &Profile,
        read_version: Option<u64>,
        due_at: Option<Timestamp>,
    ) -> Result<Save, StoreError> {
        let state = packed::pack(profile).map_err(|e| StoreError::new(SAVE, ErrorKind::Refused, e))?;
        let mut put = self
            .client
            .put_item()
            .table_name(&self.names.profile)
            .item(PK, text(key.as_str()))
            .item(STATE, AttributeValue::B(Blob::new(state)))
            .item(VERSION, number(read_version.unwrap_or_default() + 1))
            .item(TTL, ttl(profile.last_received_at + PROFILE_RETENTION));
        if let Some(due_at) = due_at {
            let shard = key.shard(DUE_SHARD_COUNT);
            put = put.item(DUE_SHARD, text(shard.to_string())).item(DUE_AT, time(due_at));
        }
        let put = match read_version {
            None => put.condition_expression("attribute_not_exists(#k)").expression_attribute_names("#k", PK),
            Some(version) => put
                .condition_expression("#v = :v")
                .expression_attribute_names("#v", VERSION)
                .expression_attribute_values(":v", number(version)),
        };
        let held = condition_held(SAVE, put.send().await)?;
        Ok(if held { Save::Saved } else { Save::Conflict })
    }

    async fn due(
        &self,
        shard: u32,
        until: Timestamp,
        after: Option<&Due>,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError> {
        let start = after.map(|due| {
            Item::from([
                (PK.to_owned(), text(due.key.as_str())),
                (DUE_SHARD.to_owned(), text(shard.to_string())),
                (DUE_AT.to_owned(), time(due.at)),
            ])
        });
        let answer = self
            .client
            .query()
            .table_name(&self.names.profile)
            .index_name(DUE_INDEX)
            .key_condition_expression("#d = :d AND #t <= :t")
            .expression_attribute_names("#d", DUE_SHARD)
            .expression_attribute_names("#t", DUE_AT)
            .expression_attribute_values(":d", text(shard.to_string()))
            .expression_attribute_values(":t", time(until))
            .set_exclusive_start_key(start)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|e| StoreError::from_sdk(DUE, e))?;
        answer
            .items
            .unwrap_or_default()
            .iter()
            .map(|item| {
                let key = get_text(item, PK).and_then(|k| ProfileKey::parse(&k).ok());
                let at = get_time(item, DUE_AT);
                key.zip(at).map(|(key, at)| Due { key, at }).ok_or_else(|| corrupt(DUE, "key or due time"))
            })
            .collect()
    }
}

impl ProfileScan for DynamoTables {
    async fn scan_profiles(&self) -> Result<Vec<(ProfileKey, Profile)>, StoreError> {
        let mut found = BTreeMap::new();
        let mut start: Option<Item> = None;
        loop {
            let scan = self.client.scan().table_name(&self.names.profile).set_exclusive_start_key(start);
            let page = scan.send().await.map_err(|e| StoreError::from_sdk("list profiles", e))?;
            for item in page.items.unwrap_or_default() {
                let (key, stored) = from_item(&item)?;
                found.insert(key, stored.profile);
            }
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(found.into_iter().collect());
            }
        }
    }
}
