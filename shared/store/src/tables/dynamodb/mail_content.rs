//! ConfigTable: the live content of mails (`mail` / `active`) and every version (`mail` / `version#…`); AuditTable: each
//! change (`mail` / the number).

use super::config::{ACTIVE, AT, PACKED_BODY, VERSION_NAME, live_of, packed, version_key};
use super::rulesets::{change_of, saved};
use super::schema::{PK, SK};
use super::{DynamoTables, text, time};
use crate::error::{ErrorKind, StoreError};
use crate::tables::{LiveMail, MailChange, MailContentStore, MailDocument, Save};
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};

/// Partition of everything about the content of mails.
pub(super) const MAIL_CONTENT: &str = "mail";
pub(super) const READ: &str = "read the content of mails";
const CHANGE: &str = "change the content of mails";
const LIST: &str = "list changes of the content of mails";

impl DynamoTables {
    /// A version by the hash of its text: the same again changes nothing.
    fn put_mail_version(&self, document: &MailDocument, change: &MailChange) -> Result<Put, StoreError> {
        let refused = |error| StoreError::new(CHANGE, ErrorKind::Refused, error);
        let body = packed(&document.body).map_err(|e| StoreError::new(CHANGE, ErrorKind::Refused, e))?;
        Put::builder()
            .table_name(&self.names.config)
            .item(PK, text(MAIL_CONTENT))
            .item(SK, text(version_key(&document.version)))
            .item(VERSION_NAME, text(&document.version))
            .item(PACKED_BODY, body)
            .item(AT, time(change.at))
            .build()
            .map_err(refused)
    }
}

impl MailContentStore for DynamoTables {
    async fn live_mail_content(&self) -> Result<Option<LiveMail>, StoreError> {
        let item = self.item_of_config(READ, MAIL_CONTENT, ACTIVE, true).await?;
        item.as_ref().map(live_of).transpose()
    }

    async fn change_mail_content(
        &self,
        document: &MailDocument,
        change: &MailChange,
    ) -> Result<Save, StoreError> {
        let puts = [
            self.put_mail_version(document, change)?,
            self.put_live(MAIL_CONTENT, document, change)?,
            self.put_change(MAIL_CONTENT, change)?,
        ];
        let items = puts.into_iter().map(|put| TransactWriteItem::builder().put(put).build());
        let write = self.client.transact_write_items().set_transact_items(Some(items.collect()));
        saved(CHANGE, write.send().await)
    }

    async fn mail_content_changes(&self, limit: u32) -> Result<Vec<MailChange>, StoreError> {
        let items = self.records_before(LIST, MAIL_CONTENT, None, limit).await?;
        items.iter().map(change_of).collect()
    }
}
