//! What tables of packed states have in common: states read by key, a put that names the version it replaces, a scan.

use super::schema::{PK, STATE, VERSION};
use super::{DynamoTables, Item, condition_held, number, text};
use crate::error::{ErrorKind, StoreError};
use crate::tables::{Read, Save};
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use std::time::Duration;

/// Keys of one BatchGetItem at most (AWS's limit).
const BATCH_GET_KEYS_MAX: usize = 100;
/// Rounds for keys that DynamoDB left unprocessed.
const UNPROCESSED_ROUNDS_MAX: u32 = 5;

impl DynamoTables {
    /// Key, state and version of each key's item; keys without one are left out. No key is named twice, because DynamoDB
    /// refuses such a request.
    pub(super) async fn get_states(
        &self,
        operation: &'static str,
        table: &str,
        keys: &[impl AsRef<str>],
        read: Read,
    ) -> Result<Vec<Item>, StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(BATCH_GET_KEYS_MAX) {
            let wanted = chunk.iter().map(|key| Item::from([(PK.to_owned(), text(key.as_ref()))]));
            self.get_chunk(operation, table, wanted.collect(), read, &mut found).await?;
        }
        Ok(found)
    }

    async fn get_chunk(
        &self,
        operation: &'static str,
        table: &str,
        mut wanted: Vec<Item>,
        read: Read,
        found: &mut Vec<Item>,
    ) -> Result<(), StoreError> {
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
                .map_err(|e| StoreError::new(operation, ErrorKind::Refused, e))?;
            let answer = self.client.batch_get_item().request_items(table, request).send().await;
            let answer = answer.map_err(|e| StoreError::from_sdk(operation, e))?;
            found.extend(answer.responses.unwrap_or_default().remove(table).unwrap_or_default());
            let unprocessed = answer.unprocessed_keys.unwrap_or_default().remove(table);
            wanted = unprocessed.map(|rest| rest.keys).unwrap_or_default();
            if wanted.is_empty() {
                return Ok(());
            }
        }
        let detail = format!("{} keys stayed unprocessed", wanted.len());
        Err(StoreError::new(operation, ErrorKind::Throttled, detail))
    }

    /// Puts an item if the stored version is still `read_version` (`None`: if there is none).
    pub(super) async fn put_if_version(
        &self,
        operation: &'static str,
        put: PutItemFluentBuilder,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        let put = match read_version {
            None => put.condition_expression("attribute_not_exists(#k)").expression_attribute_names("#k", PK),
            Some(version) => put
                .condition_expression("#v = :v")
                .expression_attribute_names("#v", VERSION)
                .expression_attribute_values(":v", number(version)),
        };
        let held = condition_held(operation, put.send().await)?;
        Ok(if held { Save::Saved } else { Save::Conflict })
    }

    /// Every item of a table.
    pub(super) async fn scan_items(
        &self,
        operation: &'static str,
        table: &str,
    ) -> Result<Vec<Item>, StoreError> {
        let mut found = Vec::new();
        let mut start: Option<Item> = None;
        loop {
            let scan = self.client.scan().table_name(table).set_exclusive_start_key(start);
            let page = scan.send().await.map_err(|e| StoreError::from_sdk(operation, e))?;
            found.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(found);
            }
        }
    }
}
