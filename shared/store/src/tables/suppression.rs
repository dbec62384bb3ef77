//! Who must not be mailed, and why.

use crate::error::StoreError;
use beckon_domain::{ContactHash, Timestamp};
use std::future::Future;

/// Why an address must not be mailed. A later one of these is the stronger one: it replaces those before it, whichever
/// came first, so that what is stored does not depend on the order in which it was told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SuppressionReason {
    /// The person asked for it, and may take it back.
    Unsubscribed,
    /// The address does not exist.
    Bounced,
    /// The person called a mail spam.
    Complained,
    /// The person had their data erased.
    Erased,
}

impl SuppressionReason {
    /// Every reason, weakest first.
    pub const ALL: [Self; 4] = [Self::Unsubscribed, Self::Bounced, Self::Complained, Self::Erased];

    /// The stable name of the reason.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unsubscribed => "unsubscribed",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::Erased => "erased",
        }
    }

    /// The reason of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// That an address must not be mailed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Suppression {
    /// Why.
    pub reason: SuppressionReason,
    /// Since when.
    pub at: Timestamp,
}

impl Suppression {
    /// Whether this one replaces what is there: it is stronger, or the same and older.
    #[must_use]
    pub fn replaces(self, before: Self) -> bool {
        self.reason > before.reason || (self.reason == before.reason && self.at < before.at)
    }
}

/// OutreachTable: who must not be mailed (`suppression#<contact hash>` / `-`). The mailer looks before each send, so a
/// suppression ends a series at once.
pub trait SuppressionStore: Send + Sync {
    /// Never mail this address again. Told again, or in another order, it comes to the same ([`Suppression::replaces`]).
    fn suppress(
        &self,
        contact: &ContactHash,
        suppression: Suppression,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Whether and why this address must not be mailed. A strong read.
    fn suppression(
        &self,
        contact: &ContactHash,
    ) -> impl Future<Output = Result<Option<Suppression>, StoreError>> + Send;

    /// Takes back the unsubscription of exactly this instant, and nothing else. Returns whether there was one.
    fn resubscribe(
        &self,
        contact: &ContactHash,
        unsubscribed_at: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}
