//! DecisionTable: what was decided and why, of each request, for a while.

use crate::error::StoreError;
use beckon_domain::{ProfileKey, Timestamp};
use std::future::Future;

/// Bytes of a record's text at most; a longer one is not kept.
pub const DECISION_BYTES_MAX: usize = 64 * 1024;

/// What was decided in one request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredDecision {
    /// The request's id.
    pub request: String,
    /// Whose profile it was, where one was asked for.
    pub profile: Option<ProfileKey>,
    /// What was decided, as JSON that only its writer reads.
    pub body: String,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

/// DecisionTable.
pub trait DecisionStore: Send + Sync {
    /// Writes down what was decided. The same request written again replaces it.
    fn put_decision(&self, decision: &StoredDecision) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// What was decided in a request; `None` when nothing was written down, or it is forgotten by `now`.
    fn decision(
        &self,
        request: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<StoredDecision>, StoreError>> + Send;
}
