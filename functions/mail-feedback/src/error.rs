//! Why an event was not taken over. Lambda delivers it again, and then keeps it in the queue of those that were given up.

use beckon_store::StoreError;
use beckon_wire::ses::SesError;

/// An event, or a delivery of several, that was not taken over.
#[derive(Debug, thiserror::Error)]
pub enum FeedbackError {
    /// It is no event of SES.
    #[error("an event cannot be read: {0}")]
    Event(#[from] SesError),
    /// A table did not answer as it should.
    #[error("a table failed")]
    Store(#[from] StoreError),
}

impl FeedbackError {
    /// Whether the same event may be taken over later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Event(error) => error.is_transient(),
            Self::Store(error) => error.is_transient(),
        }
    }
}

impl From<FeedbackError> for lambda_runtime::Diagnostic {
    fn from(error: FeedbackError) -> Self {
        let error_type = if error.is_transient() { "Retryable" } else { "NonRetryable" };
        Self { error_type: error_type.to_owned(), error_message: error.to_string() }
    }
}
