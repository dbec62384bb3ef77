//! Why a profile's part of a batch was not applied.

use beckon_domain::packed::PackError;
use beckon_store::StoreError;
use beckon_store::ruleset::RulesetUnavailable;
use beckon_store::streams::StreamError;

/// A part of a batch that was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// A table, the failed-event store or the event bus did not answer as it should.
    #[error("a store failed")]
    Store(#[from] StoreError),
    /// A stream did not take a merge record, forwarded events, changes of segments or signals.
    #[error("a stream failed")]
    Stream(#[from] StreamError),
    /// The ruleset cannot be read.
    #[error("the ruleset is not available")]
    Ruleset(#[source] RulesetUnavailable),
    /// Another writer was faster, again and again.
    #[error("the profile was written by another {attempts} times in a row")]
    Contended {
        /// Attempts made.
        attempts: u32,
    },
    /// The invocation nears its end.
    #[error("the invocation nears its end")]
    OutOfTime,
    /// An event has reached the age at which it is set aside instead of applied.
    #[error("an event nears the mapping's age limit, and is set aside at its next delivery")]
    Expiring,
    /// A state or a record could not be encoded.
    #[error("a record could not be encoded")]
    Pack(#[from] PackError),
    /// A line or a failed event could not be written as JSON.
    #[error("a line could not be encoded")]
    Encode(#[from] serde_json::Error),
}

impl ProcessError {
    /// Whether the same records may be applied later. The mapping delivers them again in any case; what is not transient
    /// deserves an alarm.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Stream(error) => error.is_transient(),
            Self::Ruleset(RulesetUnavailable::Store(error)) => error.is_transient(),
            Self::Contended { .. } | Self::OutOfTime | Self::Expiring => true,
            Self::Ruleset(_) | Self::Pack(_) | Self::Encode(_) => false,
        }
    }
}
