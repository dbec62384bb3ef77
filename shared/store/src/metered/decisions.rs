//! Decisions that are written down, passed on and not counted: no report asks what they cost.

use super::Metered;
use crate::error::StoreError;
use crate::tables::{DecisionStore, StoredDecision};
use beckon_domain::Timestamp;

impl<T: DecisionStore> DecisionStore for Metered<T> {
    async fn put_decision(&self, decision: &StoredDecision) -> Result<(), StoreError> {
        self.tables.put_decision(decision).await
    }

    async fn decision(&self, request: &str, now: Timestamp) -> Result<Option<StoredDecision>, StoreError> {
        self.tables.decision(request, now).await
    }
}
