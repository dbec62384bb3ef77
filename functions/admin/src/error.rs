//! Why a request is not answered with 200.

use crate::rollout::RolloutError;
use beckon_rules::RulesetError;
use beckon_runtime::KeysUnavailable;
use beckon_store::StoreError;
use beckon_wire::problem::{Fault, Problem};

/// Seconds after which a caller may try again.
const RETRY_AFTER_SECS: u32 = 2;

/// A request that cannot be answered with 200.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The request itself is at fault.
    #[error("the request was refused with {}", .0.status())]
    Refused(Problem),
    /// Nobody can say whether the key is live.
    #[error("the key could not be checked")]
    Keys(#[from] KeysUnavailable),
    /// A table did not do what was asked.
    #[error("a table did not do what was asked")]
    Store(#[source] StoreError),
    /// A table took a part of it, or none; the same request again does the rest.
    #[error("a table did not take all of it")]
    Unfinished(#[source] StoreError),
}

impl From<Problem> for AdminError {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl From<RulesetError> for AdminError {
    fn from(error: RulesetError) -> Self {
        let problem = Problem::ruleset_refused("the ruleset is not valid; what is live stays");
        Self::Refused(faults(&error).into_iter().fold(problem, Problem::with))
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<RolloutError> for AdminError {
    fn from(error: RolloutError) -> Self {
        match error {
            RolloutError::Conflict { live } => {
                let live = live.as_deref().unwrap_or("nothing");
                let detail =
                    format!("{live} is live by now: look at the history, and ask again if it still holds");
                Self::Refused(Problem::conflict(detail))
            }
            RolloutError::DoesNotFit(error) => {
                let problem = Problem::ruleset_refused(
                    "the live experiments do not fit this ruleset: change or stop them first; their problems follow",
                );
                Self::Refused(faults(&error).into_iter().fold(problem, Problem::with))
            }
            RolloutError::NotKept(refused) => {
                Self::Refused(Problem::ruleset_refused(format!("the ruleset cannot be kept: {refused}")))
            }
            RolloutError::Store(error) => error.into(),
        }
    }
}

impl AdminError {
    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) | Self::Unfinished(error) => error.is_transient(),
            Self::Keys(error) => error.is_transient(),
            Self::Refused(_) => false,
        }
    }

    /// The answer to the caller.
    #[must_use]
    pub fn into_problem(self) -> Problem {
        match self {
            Self::Refused(problem) => problem,
            Self::Keys(_) => Problem::keys_unavailable(RETRY_AFTER_SECS),
            Self::Store(error) if error.is_transient() => Problem::uncertain(RETRY_AFTER_SECS),
            Self::Unfinished(_) => Problem::unfinished(RETRY_AFTER_SECS),
            Self::Store(_) => Problem::internal(),
        }
    }
}

/// What is wrong with a ruleset, each with its place.
pub fn faults(error: &RulesetError) -> Vec<Fault> {
    let fault =
        |p: &beckon_rules::Problem| Fault::new("", "ruleset.invalid", &p.message).at(p.line, p.column);
    let mut faults: Vec<Fault> = error.problems().iter().map(fault).collect();
    if error.omitted() > 0 {
        let detail = format!("and {} more", error.omitted());
        faults.push(Fault::new("", "ruleset.invalid", detail));
    }
    faults
}
