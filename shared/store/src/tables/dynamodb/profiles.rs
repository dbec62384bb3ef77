//! ProfileTable: one packed state per person, a version for compare-and-set, and the sparse due index.

use super::schema::{DUE_AT, DUE_INDEX, DUE_SHARD, PK, STATE, TTL, VERSION};
use super::{DynamoTables, Item, corrupt, get_number, get_text, get_time, number, text, time, ttl};
use crate::error::{ErrorKind, StoreError};
use crate::tables::{DUE_SHARD_COUNT, Due, ProfileScan, ProfileStore, Read, Save, Stored};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::{Profile, ProfileKey, Timestamp, packed};
use std::collections::{BTreeMap, BTreeSet};

const LOAD: &str = "load profiles";
const SAVE: &str = "save a profile";
const DUE: &str = "query the due index";

pub(super) fn from_item(item: &Item) -> Result<(ProfileKey, Stored), StoreError> {
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
        let keys: BTreeSet<&ProfileKey> = keys.iter().collect();
        let keys: Vec<&str> = keys.into_iter().map(ProfileKey::as_str).collect();
        let items = self.get_states(LOAD, &self.names.profile, &keys, read).await?;
        items.iter().map(from_item).collect()
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
            .item(TTL, ttl(profile.expires_at()));
        if let Some(due_at) = due_at {
            let shard = key.shard(DUE_SHARD_COUNT);
            put = put.item(DUE_SHARD, text(shard.to_string())).item(DUE_AT, time(due_at));
        }
        self.put_if_version(SAVE, put, read_version).await
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
        let items = self.scan_items("list profiles", &self.names.profile).await?;
        let found = items.iter().map(|item| from_item(item).map(|(key, stored)| (key, stored.profile)));
        Ok(found.collect::<Result<BTreeMap<_, _>, StoreError>>()?.into_iter().collect())
    }
}
