//! How what is live changes: the item in ConfigTable and the record in AuditTable (`ruleset` or `experiments` / the number),
//! together.

use super::changes::{NUMBER, change_key, following};
use super::config::{ACTIVE, AT, FROM, PACKED_BODY, READ, VERSION_NAME, live_of, packed};
use super::schema::{PK, SK};
use super::{DynamoTables, Item, corrupt, get_number, get_text, get_time, number, text, time};
use crate::error::{ErrorKind, StoreError};
use crate::tables::{
    ChangeKind, DocumentKind, Keep, LiveRuleset, RulesetChange, RulesetDocument, RulesetStore, Save,
    TestCount,
};
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsOutput};
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use beckon_domain::Timestamp;

const ID: &str = "id";
const KIND: &str = "kind";
const TO: &str = "to";
const WHO: &str = "who";
const BY: &str = "by";
const NOTE: &str = "note";
const PASSED: &str = "passed";
const FAILED: &str = "failed";
const FORCED: &str = "forced";
const CHANGE: &str = "change the live ruleset";
const LIST: &str = "list changes of the ruleset";

impl DynamoTables {
    /// What is live, if the change before is the latest.
    pub(super) fn put_live(
        &self,
        pk: &str,
        document: &RulesetDocument,
        change: &RulesetChange,
    ) -> Result<Put, StoreError> {
        let body = packed(&document.body);
        let body = body.map_err(|e| StoreError::new(CHANGE, ErrorKind::Refused, e))?;
        let mut put = Put::builder()
            .table_name(&self.names.config)
            .item(PK, text(pk))
            .item(SK, text(ACTIVE))
            .item(VERSION_NAME, text(&document.version))
            .item(PACKED_BODY, body)
            .item(AT, time(change.at));
        if let Some(from) = &change.from {
            put = put.item(FROM, text(from));
        }
        following(put, change.number).build().map_err(|e| StoreError::new(CHANGE, ErrorKind::Refused, e))
    }

    /// Records of AuditTable about one thing, newest first, with numbers below `before`.
    pub(super) async fn records_before(
        &self,
        operation: &'static str,
        pk: &str,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Item>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.names.audit)
            .key_condition_expression("#k = :about AND #n < :before")
            .expression_attribute_names("#k", PK)
            .expression_attribute_names("#n", SK)
            .expression_attribute_values(":about", text(pk))
            // Every number comes before the letter.
            .expression_attribute_values(":before", text(before.map_or_else(|| "a".to_owned(), change_key)))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let answer = query.send().await.map_err(|e| StoreError::from_sdk(operation, e))?;
        Ok(answer.items.unwrap_or_default())
    }

    /// The record of a change, if there is none of its number.
    pub(super) fn put_change(&self, pk: &str, change: &RulesetChange) -> Result<Put, StoreError> {
        let mut put = self
            .change_record(pk, change.number)
            .item(ID, text(&change.id))
            .item(AT, time(change.at))
            .item(KIND, text(change.kind.name()))
            .item(TO, text(&change.to))
            .item(WHO, text(&change.who))
            .item(PASSED, number(change.tests.passed))
            .item(FAILED, number(change.tests.failed))
            .item(FORCED, AttributeValue::Bool(change.forced));
        for (name, value) in [(FROM, &change.from), (BY, &change.by), (NOTE, &change.note)] {
            if let Some(value) = value {
                put = put.item(name, text(value));
            }
        }
        put.build().map_err(|e| StoreError::new(CHANGE, ErrorKind::Refused, e))
    }
}

/// What became of a transaction. A condition that did not hold is an answer, not an error; so is a transaction that met
/// another on the same items, because that one may have won.
pub(super) fn saved(
    operation: &'static str,
    result: Result<TransactWriteItemsOutput, SdkError<TransactWriteItemsError, HttpResponse>>,
) -> Result<Save, StoreError> {
    let error = match result {
        Ok(_) => return Ok(Save::Saved),
        Err(error) => error,
    };
    let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error()
    else {
        return Err(StoreError::from_sdk(operation, error));
    };
    let codes: Vec<&str> = canceled.cancellation_reasons().iter().filter_map(|r| r.code()).collect();
    if codes.contains(&"ConditionalCheckFailed") {
        return Ok(Save::Conflict);
    }
    let may_pass = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]
        .iter()
        .any(|c| codes.contains(c));
    let kind = if may_pass { ErrorKind::Throttled } else { ErrorKind::Refused };
    Err(StoreError::new(operation, kind, error))
}

impl RulesetStore for DynamoTables {
    async fn live_document(&self, kind: DocumentKind) -> Result<Option<LiveRuleset>, StoreError> {
        let item = self.item_of_config(READ, kind.name(), ACTIVE, true).await?;
        item.as_ref().map(live_of).transpose()
    }

    async fn put_document(
        &self,
        kind: DocumentKind,
        document: &RulesetDocument,
        now: Timestamp,
    ) -> Result<Keep, StoreError> {
        self.keep_version(kind, document, now).await
    }

    async fn document(
        &self,
        kind: DocumentKind,
        version: &str,
    ) -> Result<Option<RulesetDocument>, StoreError> {
        self.version(kind, version).await
    }

    async fn change_document(
        &self,
        kind: DocumentKind,
        document: &RulesetDocument,
        change: &RulesetChange,
    ) -> Result<Save, StoreError> {
        let live = TransactWriteItem::builder().put(self.put_live(kind.name(), document, change)?).build();
        let record = TransactWriteItem::builder().put(self.put_change(kind.name(), change)?).build();
        let write = self.client.transact_write_items().transact_items(live).transact_items(record);
        saved(CHANGE, write.send().await)
    }

    async fn document_changes(
        &self,
        kind: DocumentKind,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<RulesetChange>, StoreError> {
        let items = self.records_before(LIST, kind.name(), before, limit).await?;
        items.iter().map(change_of).collect()
    }
}

pub(super) fn change_of(item: &Item) -> Result<RulesetChange, StoreError> {
    let missing = |what: &'static str| corrupt(LIST, what);
    let count = |name: &str| get_number(item, name).and_then(|n| u32::try_from(n).ok()).unwrap_or_default();
    let kind = get_text(item, KIND).and_then(|kind| ChangeKind::parse(&kind));
    let number = get_number(item, NUMBER).and_then(|n| u64::try_from(n).ok());
    Ok(RulesetChange {
        number: number.ok_or_else(|| missing("number"))?,
        id: get_text(item, ID).unwrap_or_default(),
        at: get_time(item, AT).ok_or_else(|| missing("time"))?,
        kind: kind.ok_or_else(|| missing("kind"))?,
        from: get_text(item, FROM),
        to: get_text(item, TO).ok_or_else(|| missing("version"))?,
        who: get_text(item, WHO).unwrap_or_default(),
        by: get_text(item, BY),
        note: get_text(item, NOTE),
        tests: TestCount { passed: count(PASSED), failed: count(FAILED) },
        forced: item.get(FORCED).and_then(|v| v.as_bool().ok().copied()).unwrap_or(false),
    })
}
