//! ConfigTable: the live ruleset (`ruleset` / `active`) and every version (`ruleset` / `version#…`); the experiments likewise
//! (`experiments`).

use super::changes::NUMBER;
use super::mail_content::{MAIL_CONTENT, READ as READ_MAIL};
use super::schema::{PK, SK};
use super::{DynamoTables, Item, corrupt, get_number, get_text};
use super::{condition_held, text, time};
use crate::error::{ErrorKind, StoreError};
use crate::tables::rulesets::{pack_body, unpack_body};
use crate::tables::{
    ActiveDocuments, ConfigStore, DocumentKind, Keep, LiveModel, LiveRuleset, MailDocument, ModelKind,
    NotKept, RulesetDocument,
};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use beckon_domain::Timestamp;

/// Sort key of what is live.
pub(super) const ACTIVE: &str = "active";
/// The version (S).
pub(super) const VERSION_NAME: &str = "version";
/// The text, compressed (B).
pub(super) const PACKED_BODY: &str = "z";
/// Number of the latest change (N).
/// The version that was live before (S).
pub(super) const FROM: &str = "from";
/// Since when, or when it was kept (N).
pub(super) const AT: &str = "at";
/// The text as the first releases wrote it (S).
const PLAIN_BODY: &str = "body";
pub(super) const READ: &str = "read a ruleset";
const KEEP: &str = "keep a ruleset";
/// Rounds for items that DynamoDB left unprocessed.
const UNPROCESSED_ROUNDS_MAX: u32 = 3;

/// A compressed text as an attribute.
pub(super) fn packed(body: &str) -> Result<AttributeValue, NotKept> {
    Ok(AttributeValue::B(Blob::new(pack_body(body)?)))
}

/// What is live, of the item that says so.
pub(super) fn live_of(item: &Item) -> Result<LiveRuleset, StoreError> {
    // Without a number it was written before changes were numbered.
    let number = get_number(item, NUMBER).and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
    Ok(LiveRuleset { number, from: get_text(item, FROM), document: document_of(item)? })
}

fn document_of(item: &Item) -> Result<RulesetDocument, StoreError> {
    let version = get_text(item, VERSION_NAME).ok_or_else(|| corrupt(READ, "version"))?;
    let body = match item.get(PACKED_BODY).and_then(|value| value.as_b().ok()) {
        Some(packed) => unpack_body(READ, packed.as_ref())?,
        None => get_text(item, PLAIN_BODY).ok_or_else(|| corrupt(READ, "body"))?,
    };
    Ok(RulesetDocument { version, body })
}

pub(super) fn version_key(version: &str) -> String {
    format!("version#{version}")
}

impl DynamoTables {
    /// An item of ConfigTable.
    pub(super) async fn item_of_config(
        &self,
        operation: &'static str,
        pk: &str,
        sk: &str,
        is_strong: bool,
    ) -> Result<Option<Item>, StoreError> {
        let get = self.client.get_item().table_name(&self.names.config);
        let get = get.key(PK, text(pk)).key(SK, text(sk)).consistent_read(is_strong);
        Ok(get.send().await.map_err(|e| StoreError::from_sdk(operation, e))?.item)
    }

    /// What is live of each kind, in one request.
    async fn active_items(&self) -> Result<Vec<Item>, StoreError> {
        let mut wanted: Vec<Item> = [DocumentKind::Ruleset, DocumentKind::Experiments]
            .map(|kind| Item::from([(PK.to_owned(), text(kind.name())), (SK.to_owned(), text(ACTIVE))]))
            .into();
        let mut found = Vec::new();
        for _ in 0..UNPROCESSED_ROUNDS_MAX {
            let keys = KeysAndAttributes::builder().set_keys(Some(std::mem::take(&mut wanted))).build();
            let keys = keys.map_err(|e| StoreError::new(READ, ErrorKind::Refused, e))?;
            let get = self.client.batch_get_item().request_items(&self.names.config, keys);
            let answer = get.send().await.map_err(|e| StoreError::from_sdk(READ, e))?;
            found.extend(answer.responses.unwrap_or_default().remove(&self.names.config).unwrap_or_default());
            // Two large items may be more than one answer holds.
            let rest = answer.unprocessed_keys.unwrap_or_default().remove(&self.names.config);
            wanted = rest.map(|rest| rest.keys).unwrap_or_default();
            if wanted.is_empty() {
                return Ok(found);
            }
        }
        Err(StoreError::new(READ, ErrorKind::Throttled, "an item stayed unprocessed"))
    }

    /// Keeps a version, unless it is there.
    pub(super) async fn keep_version(
        &self,
        kind: DocumentKind,
        document: &RulesetDocument,
        now: Timestamp,
    ) -> Result<Keep, StoreError> {
        let body = match packed(&document.body) {
            Ok(body) => body,
            Err(refused) => return Ok(Keep::Not(refused)),
        };
        let put = self
            .client
            .put_item()
            .table_name(&self.names.config)
            .item(PK, text(kind.name()))
            .item(SK, text(version_key(&document.version)))
            .item(VERSION_NAME, text(&document.version))
            .item(PACKED_BODY, body)
            .item(AT, time(now))
            .condition_expression("attribute_not_exists(#k)")
            .expression_attribute_names("#k", PK);
        if condition_held(KEEP, put.send().await)? {
            return Ok(Keep::Kept);
        }
        match self.version(kind, &document.version).await? {
            Some(kept) if kept == *document => Ok(Keep::Kept),
            _ => Ok(Keep::Not(NotKept::Taken)),
        }
    }

    /// A version that was kept.
    pub(super) async fn version(
        &self,
        kind: DocumentKind,
        version: &str,
    ) -> Result<Option<RulesetDocument>, StoreError> {
        let item = self.item_of_config(READ, kind.name(), &version_key(version), true).await?;
        item.as_ref().map(document_of).transpose()
    }
}

impl ConfigStore for DynamoTables {
    async fn active_documents(&self) -> Result<ActiveDocuments, StoreError> {
        let items = self.active_items().await?;
        let of = |kind: DocumentKind| {
            let item = items.iter().find(|item| get_text(item, PK).is_some_and(|pk| pk == kind.name()));
            item.map(document_of).transpose()
        };
        Ok(ActiveDocuments {
            ruleset: of(DocumentKind::Ruleset)?,
            experiments: of(DocumentKind::Experiments)?,
        })
    }

    async fn live_model(&self, kind: ModelKind) -> Result<Option<LiveModel>, StoreError> {
        Ok(self.standing(kind, false).await?.live)
    }

    async fn active_mail_content(&self) -> Result<Option<MailDocument>, StoreError> {
        let item = self.item_of_config(READ_MAIL, MAIL_CONTENT, ACTIVE, false).await?;
        item.as_ref().map(document_of).transpose()
    }

    async fn mail_content(&self, version: &str) -> Result<Option<MailDocument>, StoreError> {
        let item = self.item_of_config(READ_MAIL, MAIL_CONTENT, &version_key(version), false).await?;
        item.as_ref().map(document_of).transpose()
    }
}
