//! ExperimentTable: `engagement` / `<day, six digits>#<slot>`, one packed row each, with a version for compare-and-set.

use super::schema::{PK, SK, STATE, TTL, VERSION};
use super::{DynamoTables, Item, corrupt, get_number, get_text, number, text, ttl};
use crate::error::{ErrorKind, StoreError};
use crate::tables::{EngagementStore, Read, Save, Versioned};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::Day;
use beckon_domain::id::SlotId;
use beckon_recommend::engagement::{SlotDay, SlotDayRow, pack_slot_day, unpack_slot_day};

const LOAD: &str = "load a slot's day";
const SAVE: &str = "save a slot's day";
const LIST: &str = "list slots' days";
/// The partition of all rows. No run of an experiment has it, because theirs have a `#`.
const PARTITION: &str = "engagement";

fn day_text(day: Day) -> String {
    format!("{:06}", day.number())
}

fn sort_key(of: &SlotDay) -> String {
    format!("{}#{}", day_text(of.day), of.slot)
}

fn key_of(item: &Item) -> Option<SlotDay> {
    let key = get_text(item, SK)?;
    let (day, slot) = key.split_once('#')?;
    Some(SlotDay { day: Day::from_number(day.parse().ok()?), slot: SlotId::new(slot).ok()? })
}

fn row_of(operation: &'static str, item: &Item) -> Result<Versioned<SlotDayRow>, StoreError> {
    let version = get_number(item, VERSION).and_then(|v| u64::try_from(v).ok());
    let version = version.ok_or_else(|| corrupt(operation, "version"))?;
    let packed = item.get(STATE).and_then(|s| s.as_b().ok()).ok_or_else(|| corrupt(operation, "state"))?;
    let state =
        unpack_slot_day(packed.as_ref()).map_err(|e| StoreError::new(operation, ErrorKind::Corrupt, e))?;
    Ok(Versioned { state, version })
}

impl EngagementStore for DynamoTables {
    async fn load_slot_day(
        &self,
        of: &SlotDay,
        read: Read,
    ) -> Result<Option<Versioned<SlotDayRow>>, StoreError> {
        let get = self.client.get_item().table_name(&self.names.experiment);
        let get = get.key(PK, text(PARTITION)).key(SK, text(sort_key(of)));
        let found = get.consistent_read(read == Read::Strong).send().await;
        let found = found.map_err(|e| StoreError::from_sdk(LOAD, e))?;
        found.item.as_ref().map(|item| row_of(LOAD, item)).transpose()
    }

    async fn save_slot_day(
        &self,
        of: &SlotDay,
        row: &SlotDayRow,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        let packed = pack_slot_day(row).map_err(|e| StoreError::new(SAVE, ErrorKind::Refused, e))?;
        let put = self
            .client
            .put_item()
            .table_name(&self.names.experiment)
            .item(PK, text(PARTITION))
            .item(SK, text(sort_key(of)))
            .item(STATE, AttributeValue::B(Blob::new(packed)))
            .item(VERSION, number(read_version.unwrap_or_default() + 1))
            .item(TTL, ttl(of.expires_at()));
        self.put_if_version(SAVE, put, read_version).await
    }

    async fn slot_days(&self, from: Day, until: Day) -> Result<Vec<(SlotDay, SlotDayRow)>, StoreError> {
        let (mut found, mut start) = (Vec::new(), None);
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.names.experiment)
                .key_condition_expression("#k = :all AND #r BETWEEN :from AND :until")
                .expression_attribute_names("#k", PK)
                .expression_attribute_names("#r", SK)
                .expression_attribute_values(":all", text(PARTITION))
                .expression_attribute_values(":from", text(day_text(from)))
                // Every slot's key of the last day is before it.
                .expression_attribute_values(":until", text(day_text(until.after(1))))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|e| StoreError::from_sdk(LIST, e))?;
            for item in page.items.unwrap_or_default() {
                let of = key_of(&item).ok_or_else(|| corrupt(LIST, "key"))?;
                found.push((of, row_of(LIST, &item)?.state));
            }
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(found);
            }
        }
    }
}
