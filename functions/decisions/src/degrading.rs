//! What an answer did without, and why somebody is shown what everybody is.

use beckon_store::{ErrorKind, StoreError};

/// A part of what decisions read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Part {
    /// What is known of the person.
    Profile,
    /// The live ruleset.
    Ruleset,
    /// Best sellers, and what is trending.
    BestSellers,
    /// What was learned of products.
    Items,
    /// The propensity model.
    Propensity,
    /// What the shop sells.
    Catalog,
    /// Recent sessions.
    SessionIndex,
    /// What strategies are worth.
    Worth,
}

impl Part {
    /// The stable word of answers, records and logs.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Ruleset => "ruleset",
            Self::BestSellers => "best_sellers",
            Self::Items => "items",
            Self::Propensity => "propensity",
            Self::Catalog => "catalog",
            Self::SessionIndex => "session_index",
            Self::Worth => "worth",
        }
    }
}

/// Why what is known of a person was not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cause {
    /// It did not come in time.
    Late,
    /// The table had too much to do.
    Throttled,
    /// It cannot be read.
    Corrupt,
    /// The table did not answer, or refused.
    Unavailable,
}

impl Cause {
    /// The cause of a store's failure.
    pub(crate) fn of(error: &StoreError) -> Self {
        match error.kind {
            ErrorKind::Throttled => Self::Throttled,
            ErrorKind::Corrupt => Self::Corrupt,
            ErrorKind::Ambiguous | ErrorKind::Refused => Self::Unavailable,
        }
    }

    /// The stable word of answers, as `fallback.reason`.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Late => "LATE",
            Self::Throttled => "THROTTLED",
            Self::Corrupt => "CORRUPT",
            Self::Unavailable => "UNAVAILABLE",
        }
    }
}
