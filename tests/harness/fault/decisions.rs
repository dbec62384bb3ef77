//! Faults between decisions and the table that keeps them.

use super::{Faulty, store_error};
use beckon_domain::Timestamp;
use beckon_store::StoreError;
use beckon_store::tables::{DecisionStore, StoredDecision};

impl<T: DecisionStore> DecisionStore for Faulty<T> {
    async fn put_decision(&self, decision: &StoredDecision) -> Result<(), StoreError> {
        self.faults.around("put_decision", self.inner.put_decision(decision), store_error).await
    }

    async fn decision(&self, request: &str, now: Timestamp) -> Result<Option<StoredDecision>, StoreError> {
        self.faults.around("decision", self.inner.decision(request, now), store_error).await
    }
}
