//! What was decided, in memory.

use super::MemoryTables;
use crate::error::StoreError;
use crate::tables::{DecisionStore, StoredDecision};
use beckon_domain::Timestamp;
use std::collections::BTreeMap;

/// Decisions by their requests, which sort by time.
pub(super) type Decisions = BTreeMap<String, StoredDecision>;

impl DecisionStore for MemoryTables {
    async fn put_decision(&self, decision: &StoredDecision) -> Result<(), StoreError> {
        self.lock().decisions.insert(decision.request.clone(), decision.clone());
        Ok(())
    }

    async fn decision(&self, request: &str, now: Timestamp) -> Result<Option<StoredDecision>, StoreError> {
        let found = self.lock().decisions.get(request).cloned();
        Ok(found.filter(|decision| now < decision.expires_at))
    }
}

impl MemoryTables {
    /// Everything that was written down of decisions.
    #[must_use]
    pub fn decisions(&self) -> Vec<StoredDecision> {
        self.lock().decisions.values().cloned().collect()
    }
}
