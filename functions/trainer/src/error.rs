//! Why a training did not get to its end. The next one begins anew.

use crate::propensity::FitError;
use beckon_store::StoreError;

/// A training that did not get to its end. What is live stays.
#[derive(Debug, thiserror::Error)]
pub enum TrainerError {
    /// The archive, a table or the place of the models did not answer as it should.
    #[error("a store failed")]
    Store(#[from] StoreError),
    /// No model could be fitted.
    #[error("no model could be fitted")]
    Fit(#[from] FitError),
    /// The model card could not be written as JSON.
    #[error("the model card could not be written")]
    Card(#[from] serde_json::Error),
    /// What was learned could not be packed.
    #[error("what was learned could not be packed")]
    Pack(#[from] beckon_domain::packed::PackError),
    /// The hours to reconcile are none.
    #[error("no hours to reconcile: `from` and `to` are two times in RFC 3339, at most 31 days apart")]
    Hours,
    /// Another training of the same kind ended in between, and what it made is live.
    #[error("another training ended in between; what it made stays")]
    Overtaken,
}

impl TrainerError {
    /// Whether another training may get further without anybody's help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Overtaken => true,
            Self::Fit(error) => error.is_transient(),
            Self::Card(_) | Self::Pack(_) | Self::Hours => false,
        }
    }
}

impl From<TrainerError> for lambda_runtime::Diagnostic {
    fn from(error: TrainerError) -> Self {
        let error_type = if error.is_transient() { "Retryable" } else { "NonRetryable" };
        Self { error_type: error_type.to_owned(), error_message: error.to_string() }
    }
}
