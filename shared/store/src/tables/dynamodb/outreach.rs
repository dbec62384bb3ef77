//! OutreachTable: the ledger of reminders (`episode#…` / `reminder#n`) and what each address was sent (`recipient#…` / `-`).

use super::ledger_rows::{from_item, history_item, history_of, reminder_attributes};
use super::rulesets::saved;
use super::schema::{PK, SK, TTL, VERSION};
use super::{DynamoTables, Item, condition_held, corrupt, get_number, get_text, number, text, ttl};
use crate::error::{ErrorKind, StoreError};
use crate::tables::{LedgerChange, OutreachStore, Save, Versioned};
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use beckon_domain::outreach::History;
use beckon_domain::{ContactHash, DurationMs, Reminder, ReminderId, Timestamp};

/// How long the ledger is kept.
pub(super) const RETENTION: DurationMs = DurationMs::from_days(365);
const SAVE: &str = "save a reminder";
const GET: &str = "get a reminder";
const HISTORY: &str = "get the history of an address";
pub(super) const EPISODE_PREFIX: &str = "episode#";
pub(super) const REMINDER_PREFIX: &str = "reminder#";

pub(super) fn keys(id: &ReminderId) -> (String, String) {
    (format!("{EPISODE_PREFIX}{}", id.episode), format!("{REMINDER_PREFIX}{}", id.step))
}

pub(super) fn recipient_key(recipient: &ContactHash) -> String {
    format!("recipient#{}", recipient.as_str())
}

fn version_of(operation: &'static str, item: &Item) -> Result<u64, StoreError> {
    let version = get_number(item, VERSION).and_then(|version| u64::try_from(version).ok());
    version.ok_or_else(|| corrupt(operation, "version"))
}

impl DynamoTables {
    async fn outreach_item(
        &self,
        operation: &'static str,
        pk: String,
        sk: String,
    ) -> Result<Option<Item>, StoreError> {
        let get = self.client.get_item().table_name(&self.names.outreach).consistent_read(true);
        let answer = get.key(PK, text(pk)).key(SK, text(sk)).send().await;
        Ok(answer.map_err(|e| StoreError::from_sdk(operation, e))?.item)
    }

    /// A put of a row that names the version it follows.
    fn versioned_put(
        &self,
        (pk, sk): (String, String),
        attributes: Vec<(&'static str, AttributeValue)>,
        read_version: Option<u64>,
        now: Timestamp,
    ) -> Result<Put, StoreError> {
        let mut put = Put::builder()
            .table_name(&self.names.outreach)
            .item(PK, text(pk))
            .item(SK, text(sk))
            .item(VERSION, number(read_version.unwrap_or(0) + 1))
            .item(TTL, ttl(now + RETENTION));
        for (name, value) in attributes {
            put = put.item(name, value);
        }
        let put = match read_version {
            None => put.condition_expression("attribute_not_exists(#k)").expression_attribute_names("#k", PK),
            Some(version) => put
                .condition_expression("#v = :v")
                .expression_attribute_names("#v", VERSION)
                .expression_attribute_values(":v", number(version)),
        };
        put.build().map_err(|e| StoreError::new(SAVE, ErrorKind::Refused, e))
    }

    async fn put_one(&self, put: Put) -> Result<Save, StoreError> {
        let write = self
            .client
            .put_item()
            .table_name(&self.names.outreach)
            .set_item(Some(put.item))
            .set_condition_expression(put.condition_expression)
            .set_expression_attribute_names(put.expression_attribute_names)
            .set_expression_attribute_values(put.expression_attribute_values);
        let held = condition_held(SAVE, write.send().await)?;
        Ok(if held { Save::Saved } else { Save::Conflict })
    }
}

impl OutreachStore for DynamoTables {
    async fn reminder(&self, id: &ReminderId) -> Result<Option<Versioned<Reminder>>, StoreError> {
        let (pk, sk) = keys(id);
        let item = self.outreach_item(GET, pk, sk).await?;
        let row = |item: Item| Ok(Versioned { state: from_item(&item)?, version: version_of(GET, &item)? });
        item.map(row).transpose()
    }

    async fn history(&self, recipient: &ContactHash) -> Result<Option<Versioned<History>>, StoreError> {
        let item = self.outreach_item(HISTORY, recipient_key(recipient), "-".to_owned()).await?;
        let row =
            |item: Item| Ok(Versioned { state: history_of(&item)?, version: version_of(HISTORY, &item)? });
        item.map(row).transpose()
    }

    async fn save_reminder(&self, change: &LedgerChange, now: Timestamp) -> Result<Save, StoreError> {
        let attributes = reminder_attributes(&change.row);
        let row = self.versioned_put(keys(&change.id), attributes, change.read_version, now)?;
        if change.history.is_none() && change.code.is_none() {
            return self.put_one(row).await;
        }
        let mut puts = vec![row];
        if let Some(history) = &change.history {
            let key = (recipient_key(&history.recipient), "-".to_owned());
            puts.push(self.versioned_put(key, history_item(&history.history), history.read_version, now)?);
        }
        let puts = puts.into_iter().map(|put| TransactWriteItem::builder().put(put).build());
        let code = match &change.code {
            Some(code) => self.take_code(code, &change.holder())?,
            None => Vec::new(),
        };
        let items = puts.chain(code).collect();
        saved(SAVE, self.client.transact_write_items().set_transact_items(Some(items)).send().await)
    }

    async fn is_suppressed(&self, contact: &ContactHash) -> Result<bool, StoreError> {
        let key = format!("suppression#{}", contact.as_str());
        Ok(self.outreach_item("look up a suppression", key, "-".to_owned()).await?.is_some())
    }
}

pub(super) fn reminder_id(item: &Item) -> Option<ReminderId> {
    let (pk, sk) = (get_text(item, PK)?, get_text(item, SK)?);
    let (episode, step) = (pk.strip_prefix(EPISODE_PREFIX)?, sk.strip_prefix(REMINDER_PREFIX)?);
    ReminderId::of_decision_id(&format!("mail.{episode}.{step}"))
}
