//! Rulesets, experiments and the content of mails, by version, in memory.

use super::MemoryTables;
use crate::error::StoreError;
use crate::tables::rulesets::pack_body;
use crate::tables::{
    ActiveDocuments, ConfigStore, DocumentKind, Keep, LiveMail, LiveModel, LiveRuleset, MailChange,
    MailContentStore, MailDocument, ModelKind, ModelStore, NotKept, RulesetChange, RulesetDocument,
    RulesetStore, Save,
};
use beckon_domain::Timestamp;
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct Versions {
    live: Option<LiveRuleset>,
    versions: BTreeMap<String, String>,
    /// Oldest first.
    changes: Vec<RulesetChange>,
}

impl Versions {
    fn change(&mut self, document: &RulesetDocument, change: &RulesetChange) -> Save {
        if self.live.as_ref().map_or(0, |live| live.number) + 1 != change.number {
            return Save::Conflict;
        }
        self.live = Some(LiveRuleset {
            number: change.number,
            from: change.from.clone(),
            document: document.clone(),
        });
        self.changes.push(change.clone());
        Save::Saved
    }

    fn changes(&self, before: Option<u64>, limit: u32) -> Vec<RulesetChange> {
        let earlier = self.changes.iter().rev();
        let earlier = earlier.filter(|change| before.is_none_or(|before| change.number < before));
        earlier.take(limit as usize).cloned().collect()
    }
}

impl MailContentStore for MemoryTables {
    async fn live_mail_content(&self) -> Result<Option<LiveMail>, StoreError> {
        Ok(self.lock().mail_content.live.clone())
    }

    async fn change_mail_content(
        &self,
        document: &MailDocument,
        change: &MailChange,
    ) -> Result<Save, StoreError> {
        let mut tables = self.lock();
        let saved = tables.mail_content.change(document, change);
        if saved == Save::Saved {
            tables.mail_content.versions.insert(document.version.clone(), document.body.clone());
        }
        Ok(saved)
    }

    async fn mail_content_changes(&self, limit: u32) -> Result<Vec<MailChange>, StoreError> {
        Ok(self.lock().mail_content.changes(None, limit))
    }
}

impl ConfigStore for MemoryTables {
    async fn active_documents(&self) -> Result<ActiveDocuments, StoreError> {
        let tables = self.lock();
        let live = |kind| Some(tables.documents.get(&kind)?.live.as_ref()?.document.clone());
        let (ruleset, experiments) = (live(DocumentKind::Ruleset), live(DocumentKind::Experiments));
        Ok(ActiveDocuments { ruleset, experiments })
    }

    async fn live_model(&self, kind: ModelKind) -> Result<Option<LiveModel>, StoreError> {
        Ok(self.model_standing(kind).await?.live)
    }

    async fn active_mail_content(&self) -> Result<Option<MailDocument>, StoreError> {
        Ok(self.lock().mail_content.live.as_ref().map(|live| live.document.clone()))
    }

    async fn mail_content(&self, version: &str) -> Result<Option<MailDocument>, StoreError> {
        let body = self.lock().mail_content.versions.get(version).cloned();
        Ok(body.map(|body| MailDocument { version: version.to_owned(), body }))
    }
}

impl RulesetStore for MemoryTables {
    async fn live_document(&self, kind: DocumentKind) -> Result<Option<LiveRuleset>, StoreError> {
        Ok(self.lock().documents.get(&kind).and_then(|kept| kept.live.clone()))
    }

    async fn put_document(
        &self,
        kind: DocumentKind,
        document: &RulesetDocument,
        _now: Timestamp,
    ) -> Result<Keep, StoreError> {
        if let Err(refused) = pack_body(&document.body) {
            return Ok(Keep::Not(refused));
        }
        let mut tables = self.lock();
        let versions = &mut tables.documents.entry(kind).or_default().versions;
        let kept = versions.entry(document.version.clone());
        let is_same = *kept.or_insert_with(|| document.body.clone()) == document.body;
        Ok(if is_same { Keep::Kept } else { Keep::Not(NotKept::Taken) })
    }

    async fn document(
        &self,
        kind: DocumentKind,
        version: &str,
    ) -> Result<Option<RulesetDocument>, StoreError> {
        let tables = self.lock();
        let body = tables.documents.get(&kind).and_then(|kept| kept.versions.get(version)).cloned();
        Ok(body.map(|body| RulesetDocument { version: version.to_owned(), body }))
    }

    async fn change_document(
        &self,
        kind: DocumentKind,
        document: &RulesetDocument,
        change: &RulesetChange,
    ) -> Result<Save, StoreError> {
        Ok(self.lock().documents.entry(kind).or_default().change(document, change))
    }

    async fn document_changes(
        &self,
        kind: DocumentKind,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<RulesetChange>, StoreError> {
        let tables = self.lock();
        Ok(tables.documents.get(&kind).map_or_else(Vec::new, |kept| kept.changes(before, limit)))
    }
}
