//! Why a request is not answered with 200.

use beckon_runtime::KeysUnavailable;
use beckon_store::StoreError;
use beckon_store::streams::StreamError;
use beckon_wire::problem::Problem;

/// Seconds after which a client may try again.
const RETRY_AFTER_SECS: u32 = 1;

/// A request that cannot be answered with 200.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The request itself is at fault.
    #[error("the request was refused with {}", .0.status())]
    Refused(Problem),
    /// Nobody can say whether the key is live.
    #[error("the key could not be checked")]
    Keys(#[from] KeysUnavailable),
    /// The stream did not take every event.
    #[error("the stream did not take every event")]
    Stream(#[source] StreamError),
    /// Contact data could not be stored after the events were.
    #[error("contact data could not be stored")]
    Contact(#[source] StoreError),
    /// A line could not be written as JSON.
    #[error("a line could not be encoded")]
    Encode(#[source] serde_json::Error),
}

impl From<Problem> for CollectError {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl CollectError {
    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Encode(_) => false,
            Self::Keys(error) => error.is_transient(),
            Self::Stream(error) => error.is_transient(),
            Self::Contact(error) => error.is_transient(),
        }
    }

    /// The answer to the client. Everything that is not the client's fault is 503: SDKs try again, and event ids make
    /// that harmless.
    #[must_use]
    pub fn into_problem(self) -> Problem {
        match self {
            Self::Refused(problem) => problem,
            Self::Keys(_) => Problem::keys_unavailable(RETRY_AFTER_SECS),
            _ => Problem::unavailable(RETRY_AFTER_SECS),
        }
    }
}
