//! Why a part of a batch of signals was not counted.

use beckon_store::StoreError;

/// A part of a batch that was not counted, or a list that was not brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The table or the failed-event store did not answer as it should.
    #[error("a store failed")]
    Store(#[from] StoreError),
    /// Another writer was faster, again and again.
    #[error("the item was written by another {attempts} times in a row")]
    Contended {
        /// Attempts made.
        attempts: u32,
    },
    /// The invocation nears its end.
    #[error("the invocation nears its end")]
    OutOfTime,
    /// A failed event could not be written as JSON.
    #[error("a failed event could not be encoded")]
    Encode(#[from] serde_json::Error),
}

impl ProcessError {
    /// Whether the same records may be counted later. The mapping delivers them again in any case; what is not transient
    /// deserves an alarm.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Contended { .. } | Self::OutOfTime => true,
            Self::Encode(_) => false,
        }
    }
}
