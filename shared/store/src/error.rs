//! What can go wrong with a store, and whether trying again can help.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// The kind of failure, which decides what the caller does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// Too much at once: wait and try again. Nothing was done.
    Throttled,
    /// No answer, or a 5xx: it may or may not have been done. Read again before deciding.
    Ambiguous,
    /// The stored value cannot be read.
    Corrupt,
    /// The request was refused: wrong permissions, a missing table, an invalid value. Trying again changes nothing.
    Refused,
}

/// A failed operation on a store.
#[derive(Debug, thiserror::Error)]
#[error("failed to {operation} ({kind:?})")]
pub struct StoreError {
    /// What was attempted, such as `save a profile`.
    pub operation: &'static str,
    /// What kind of failure it was.
    pub kind: ErrorKind,
    /// The cause.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl StoreError {
    /// An error with its cause.
    pub fn new(
        operation: &'static str,
        kind: ErrorKind,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { operation, kind, source: source.into() }
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.kind, ErrorKind::Throttled | ErrorKind::Ambiguous)
    }

    /// From an error of an AWS client.
    pub fn from_sdk<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let kind = kind_of(&error);
        Self::new(operation, kind, error)
    }
}

fn kind_of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> ErrorKind {
    match error {
        SdkError::ServiceError(service) => {
            match kind_of_code(service.err().code().unwrap_or_default()) {
                // Whatever a server calls its own failure, it may have done what was asked.
                ErrorKind::Refused if service.raw().status().is_server_error() => ErrorKind::Ambiguous,
                kind => kind,
            }
        }
        SdkError::ConstructionFailure(_) => ErrorKind::Refused,
        _ => ErrorKind::Ambiguous,
    }
}

/// The kind of a failure by AWS's code for it.
pub(crate) fn kind_of_code(code: &str) -> ErrorKind {
    match code {
        "ProvisionedThroughputExceededException"
        | "ThrottlingException"
        | "RequestLimitExceeded"
        | "LimitExceededException"
        | "SlowDown"
        | "KMSThrottlingException"
        | "TransactionConflictException"
        | "TransactionInProgressException" => ErrorKind::Throttled,
        "InternalServerError" | "InternalFailure" | "InternalError" | "ServiceUnavailable" | "" => {
            ErrorKind::Ambiguous
        }
        _ => ErrorKind::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_later_is_transient() {
        let error = |code| StoreError::new("save a profile", kind_of_code(code), code.to_owned());
        assert!(error("ThrottlingException").is_transient());
        assert!(error("InternalServerError").is_transient());
        assert!(!error("ResourceNotFoundException").is_transient());
        assert!(!error("AccessDeniedException").is_transient());
        assert_eq!(error("SlowDown").to_string(), "failed to save a profile (Throttled)");
    }
}
