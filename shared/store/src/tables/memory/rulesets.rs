//! Rulesets in memory.

use super::MemoryTables;
use crate::error::StoreError;
use crate::tables::rulesets::pack_body;
use crate::tables::{
    ConfigStore, Keep, LiveModel, LiveRuleset, ModelKind, ModelStore, NotKept, RulesetChange,
    RulesetDocument, RulesetStore, Save,
};
use beckon_domain::Timestamp;
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct Rulesets {
    live: Option<LiveRuleset>,
    versions: BTreeMap<String, String>,
    /// Oldest first.
    changes: Vec<RulesetChange>,
}

impl ConfigStore for MemoryTables {
    async fn active_ruleset(&self) -> Result<Option<RulesetDocument>, StoreError> {
        Ok(self.lock().rulesets.live.as_ref().map(|live| live.document.clone()))
    }

    async fn live_model(&self, kind: ModelKind) -> Result<Option<LiveModel>, StoreError> {
        Ok(self.model_standing(kind).await?.live)
    }
}

impl RulesetStore for MemoryTables {
    async fn live_ruleset(&self) -> Result<Option<LiveRuleset>, StoreError> {
        Ok(self.lock().rulesets.live.clone())
    }

    async fn put_ruleset(&self, document: &RulesetDocument, _now: Timestamp) -> Result<Keep, StoreError> {
        if let Err(refused) = pack_body(&document.body) {
            return Ok(Keep::Not(refused));
        }
        let mut tables = self.lock();
        let kept = tables.rulesets.versions.entry(document.version.clone());
        let is_same = *kept.or_insert_with(|| document.body.clone()) == document.body;
        Ok(if is_same { Keep::Kept } else { Keep::Not(NotKept::Taken) })
    }

    async fn ruleset(&self, version: &str) -> Result<Option<RulesetDocument>, StoreError> {
        let body = self.lock().rulesets.versions.get(version).cloned();
        Ok(body.map(|body| RulesetDocument { version: version.to_owned(), body }))
    }

    async fn change_ruleset(
        &self,
        document: &RulesetDocument,
        change: &RulesetChange,
    ) -> Result<Save, StoreError> {
        let mut tables = self.lock();
        let rulesets = &mut tables.rulesets;
        if rulesets.live.as_ref().map_or(0, |live| live.number) + 1 != change.number {
            return Ok(Save::Conflict);
        }
        rulesets.live = Some(LiveRuleset {
            number: change.number,
            from: change.from.clone(),
            document: document.clone(),
        });
        rulesets.changes.push(change.clone());
        Ok(Save::Saved)
    }

    async fn ruleset_changes(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<RulesetChange>, StoreError> {
        let tables = self.lock();
        let earlier = tables.rulesets.changes.iter().rev();
        let earlier = earlier.filter(|change| before.is_none_or(|before| change.number < before));
        Ok(earlier.take(limit as usize).cloned().collect())
    }
}
