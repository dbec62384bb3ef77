//! ConfigTable: the live ruleset (`ruleset` / `active`).

use super::schema::{PK, SK};
use super::{DynamoTables, corrupt, get_text, text, time};
use crate::error::{ErrorKind, StoreError};
use crate::tables::{ConfigStore, RulesetDocument};
use beckon_domain::Timestamp;

/// An item holds at most 400 KB with its names (AWS's limit).
const BODY_BYTES_MAX: usize = 380 * 1024;
const ACTIVATE: &str = "activate a ruleset";

impl ConfigStore for DynamoTables {
    async fn active_ruleset(&self) -> Result<Option<RulesetDocument>, StoreError> {
        const OPERATION: &str = "read the active ruleset";
        let answer = self
            .client
            .get_item()
            .table_name(&self.names.config)
            .key(PK, text("ruleset"))
            .key(SK, text("active"))
            .send()
            .await
            .map_err(|e| StoreError::from_sdk(OPERATION, e))?;
        let Some(item) = answer.item else { return Ok(None) };
        let document = get_text(&item, "version").zip(get_text(&item, "body"));
        let (version, body) = document.ok_or_else(|| corrupt(OPERATION, "version or body"))?;
        Ok(Some(RulesetDocument { version, body }))
    }

    async fn activate_ruleset(&self, document: &RulesetDocument, now: Timestamp) -> Result<(), StoreError> {
        if document.body.len() > BODY_BYTES_MAX {
            let detail = format!("it has {} bytes; at most {BODY_BYTES_MAX} fit", document.body.len());
            return Err(StoreError::new(ACTIVATE, ErrorKind::Refused, detail));
        }
        self.client
            .put_item()
            .table_name(&self.names.config)
            .item(PK, text("ruleset"))
            .item(SK, text("active"))
            .item("version", text(&document.version))
            .item("body", text(&document.body))
            .item("at", time(now))
            .send()
            .await
            .map_err(|e| StoreError::from_sdk(ACTIVATE, e))?;
        Ok(())
    }
}
