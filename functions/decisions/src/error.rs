//! Why a request is not answered with 200: it is not valid, its key cannot be checked, or there never was a ruleset.

use beckon_runtime::KeysUnavailable;
use beckon_store::StoreError;
use beckon_store::ruleset::RulesetUnavailable;
use beckon_wire::problem::Problem;

/// Seconds after which a page may try again.
const RETRY_AFTER_SECS: u32 = 5;

/// A request that cannot be answered with 200.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// The request itself is at fault.
    #[error("the request was refused with {}", .0.status())]
    Refused(Problem),
    /// Nobody can say whether the key is live.
    #[error("the key could not be checked")]
    Keys(#[from] KeysUnavailable),
    /// What was written down of decisions cannot be read.
    #[error("the decision could not be read")]
    Log(#[source] StoreError),
    /// There is no ruleset, and never was one since this process started.
    #[error("there is nothing to decide by")]
    NoRuleset(#[source] RulesetUnavailable),
}

impl From<Problem> for DecideError {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl DecideError {
    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::NoRuleset(_) | Self::Keys(_) | Self::Log(_))
    }

    /// The answer to the client.
    #[must_use]
    pub fn into_problem(self) -> Problem {
        match self {
            Self::Refused(problem) => problem,
            Self::Keys(_) => Problem::keys_unavailable(RETRY_AFTER_SECS),
            Self::Log(_) => Problem::unavailable(RETRY_AFTER_SECS),
            Self::NoRuleset(_) => Problem::no_ruleset(RETRY_AFTER_SECS),
        }
    }
}
