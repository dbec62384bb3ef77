//! Rulesets, passed on and counted as requests on ConfigTable and AuditTable.

use super::Metered;
use super::models::model_bytes;
use super::size::{ItemSize, write_units};
use crate::error::StoreError;
use crate::tables::{
    ActiveDocuments, ConfigStore, DocumentKind, Keep, LiveMail, LiveModel, LiveRuleset, MailChange,
    MailContentStore, MailDocument, ModelKind, RulesetChange, RulesetDocument, RulesetStore, Save,
};
use beckon_domain::Timestamp;

/// A write in a transaction is billed twice.
pub(super) const TRANSACTION_FACTOR: u64 = 2;

/// Bytes of an item with a ruleset, at most: what compressing the text saves is left out, because to find it out at each
/// read would take longer than the read.
fn ruleset_bytes(document: &RulesetDocument) -> u32 {
    ItemSize::default().text("version", &document.version).text("z", &document.body).bytes()
}

fn change_bytes(change: &RulesetChange) -> u32 {
    let texts =
        [Some(&change.to), change.from.as_ref(), Some(&change.who), change.by.as_ref(), change.note.as_ref()];
    texts.into_iter().flatten().fold(ItemSize::default(), |item, text| item.text("text", text)).bytes()
}

impl<T> Metered<T> {
    pub(super) fn config_read(&self, bytes: u32, is_strong: bool) {
        let mut counted = self.meter.lock();
        counted.usage.config.read_requests += 1;
        counted.usage.config.read(bytes, is_strong);
    }

    pub(super) fn config_write(&self, units: u64) {
        let mut counted = self.meter.lock();
        counted.usage.config.write_requests += 1;
        counted.usage.config.write_units += units;
    }
}

impl<T: ConfigStore> ConfigStore for Metered<T> {
    async fn active_documents(&self) -> Result<ActiveDocuments, StoreError> {
        let active = self.tables.active_documents().await?;
        // One request; each item of it is rounded up by itself.
        self.config_read(active.ruleset.as_ref().map_or(0, ruleset_bytes), false);
        if let Some(experiments) = &active.experiments {
            self.meter.lock().usage.config.read(ruleset_bytes(experiments), false);
        }
        Ok(active)
    }

    async fn live_model(&self, kind: ModelKind) -> Result<Option<LiveModel>, StoreError> {
        let live = self.tables.live_model(kind).await?;
        self.config_read(live.as_ref().map_or(0, model_bytes), false);
        Ok(live)
    }

    async fn active_mail_content(&self) -> Result<Option<MailDocument>, StoreError> {
        let document = self.tables.active_mail_content().await?;
        self.config_read(document.as_ref().map_or(0, ruleset_bytes), false);
        Ok(document)
    }

    async fn mail_content(&self, version: &str) -> Result<Option<MailDocument>, StoreError> {
        let document = self.tables.mail_content(version).await?;
        self.config_read(document.as_ref().map_or(0, ruleset_bytes), false);
        Ok(document)
    }
}

impl<T: MailContentStore> MailContentStore for Metered<T> {
    async fn live_mail_content(&self) -> Result<Option<LiveMail>, StoreError> {
        let live = self.tables.live_mail_content().await?;
        self.config_read(live.as_ref().map_or(0, |live| ruleset_bytes(&live.document)), true);
        Ok(live)
    }

    async fn change_mail_content(
        &self,
        document: &MailDocument,
        change: &MailChange,
    ) -> Result<Save, StoreError> {
        let save = self.tables.change_mail_content(document, change).await?;
        let bytes = [ruleset_bytes(document), ruleset_bytes(document), change_bytes(change)];
        let units: u64 = bytes.into_iter().map(|bytes| write_units(None, Some(bytes))).sum();
        self.config_write(TRANSACTION_FACTOR * units);
        Ok(save)
    }

    async fn mail_content_changes(&self, limit: u32) -> Result<Vec<MailChange>, StoreError> {
        let changes = self.tables.mail_content_changes(limit).await?;
        self.config_read(changes.iter().map(change_bytes).sum(), true);
        Ok(changes)
    }
}

impl<T: RulesetStore> RulesetStore for Metered<T> {
    async fn live_document(&self, kind: DocumentKind) -> Result<Option<LiveRuleset>, StoreError> {
        let live = self.tables.live_document(kind).await?;
        self.config_read(live.as_ref().map_or(0, |live| ruleset_bytes(&live.document)), true);
        Ok(live)
    }

    async fn put_document(
        &self,
        kind: DocumentKind,
        document: &RulesetDocument,
        now: Timestamp,
    ) -> Result<Keep, StoreError> {
        let keep = self.tables.put_document(kind, document, now).await?;
        self.config_write(write_units(None, Some(ruleset_bytes(document))));
        Ok(keep)
    }

    async fn document(
        &self,
        kind: DocumentKind,
        version: &str,
    ) -> Result<Option<RulesetDocument>, StoreError> {
        let document = self.tables.document(kind, version).await?;
        self.config_read(document.as_ref().map_or(0, ruleset_bytes), true);
        Ok(document)
    }

    async fn change_document(
        &self,
        kind: DocumentKind,
        document: &RulesetDocument,
        change: &RulesetChange,
    ) -> Result<Save, StoreError> {
        let save = self.tables.change_document(kind, document, change).await?;
        let bytes = [ruleset_bytes(document), change_bytes(change)];
        let units: u64 = bytes.into_iter().map(|bytes| write_units(None, Some(bytes))).sum();
        self.config_write(TRANSACTION_FACTOR * units);
        Ok(save)
    }

    async fn document_changes(
        &self,
        kind: DocumentKind,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<RulesetChange>, StoreError> {
        let changes = self.tables.document_changes(kind, before, limit).await?;
        self.config_read(changes.iter().map(change_bytes).sum(), true);
        Ok(changes)
    }
}
