//! OutreachTable's discount codes, and AuditTable's record of who put them there.
//!
//! A code is in one of four states, and the row of the code itself says which: free, held by a reminder, returned because
//! that reminder was certainly not sent (then it is free again), or redeemed. Lists by pool and state, spread over shards,
//! are changed in the transaction that changes the row; they are what free codes are found in, and what is counted.

mod counts;
mod log;

pub use counts::{LOW_COUNT, LOW_PERCENT, PoolCounts};
pub use log::{CodeAction, CodeChange, CodeLog};

use super::ReminderId;
use crate::error::StoreError;
use beckon_domain::code::{Expiry, PoolName, Worth};
use beckon_domain::{DiscountCode, EpisodeId, OrderId, ProfileKey, Timestamp};
use std::future::Future;

/// What was named as the place where a page of codes begins, no page before has told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("this page does not follow any other")]
pub struct NoSuchPage;

/// Parts of a pool: codes that are taken at the same time are rarely beside each other, and no part becomes hot.
pub const CODE_SHARD_COUNT: u32 = 8;
/// Where the codes of a pool come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PoolKind {
    /// The shop made them and uploads them.
    Uploaded,
    /// Beckon makes them, and the shop's till checks them.
    Generated,
}

impl PoolKind {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Generated => "generated",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Uploaded, Self::Generated].into_iter().find(|kind| kind.name() == word)
    }
}

/// A pool of codes that are all worth the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pool {
    /// Its name.
    pub name: PoolName,
    /// Where its codes come from.
    pub kind: PoolKind,
    /// What each is worth.
    pub worth: Worth,
    /// Since when it is there.
    pub created_at: Timestamp,
}

/// A code that a pool is to have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewCode {
    /// The code.
    pub code: DiscountCode,
    /// How long it holds.
    pub expiry: Expiry,
    /// The row of the import that says it; of a generated code its number.
    pub row: u64,
}

/// Where a code came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeOrigin {
    /// Its pool.
    pub pool: PoolName,
    /// The import that told it first.
    pub import: String,
    /// The row of that import.
    pub row: u64,
}

/// What became of a code that was to be added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Added {
    /// It is in the pool now.
    New,
    /// This very row was taken before, and its answer got lost.
    Again,
    /// The code is known: nothing was changed.
    Known(CodeOrigin),
}

/// A code that nobody has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FreeCode {
    /// The code.
    pub code: DiscountCode,
    /// Its pool.
    pub pool: PoolName,
    /// How long it holds.
    pub expiry: Expiry,
}

/// Who is to have a code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holder {
    /// The reminder that names it.
    pub reminder: ReminderId,
    /// Whose cart.
    pub profile: ProfileKey,
    /// When.
    pub at: Timestamp,
}

/// Who has a code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holding {
    /// Who, since when.
    pub holder: Holder,
    /// When the code ends: what the mail says, and what a till is told.
    pub expires_at: Option<Timestamp>,
}

/// A code that a reminder has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldCode {
    /// The code.
    pub code: DiscountCode,
    /// Its pool.
    pub pool: PoolName,
    /// How long it holds for whoever is given it.
    pub expiry: Expiry,
    /// Who has it.
    pub holding: Holding,
}

/// Where a code stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CodeState {
    /// Nobody ever had it.
    Free,
    /// A reminder has it.
    Held(Holding),
    /// A reminder had it that was certainly not sent. It is free again.
    Returned(Holding),
    /// It was used.
    Redeemed {
        /// Who had it; nobody, when it was used without having been handed out.
        holding: Option<Holding>,
        /// In which order, if the shop said so.
        order: Option<OrderId>,
        /// When.
        at: Timestamp,
    },
}

impl CodeState {
    /// The stable name of the state.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Free => "FREE",
            Self::Held(_) => "HELD",
            Self::Returned(_) => "RETURNED",
            Self::Redeemed { .. } => "REDEEMED",
        }
    }

    /// Who has it, had it, or used it.
    #[must_use]
    pub const fn holding(&self) -> Option<&Holding> {
        match self {
            Self::Free => None,
            Self::Held(holding) | Self::Returned(holding) => Some(holding),
            Self::Redeemed { holding, .. } => holding.as_ref(),
        }
    }
}

impl CodeState {
    /// The same without any of these people, if it is theirs: somebody has it, had it or used it, and nobody knows who.
    #[must_use]
    pub fn without(self, people: &[ProfileKey]) -> Self {
        if self.holding().is_none_or(|holding| !people.contains(&holding.holder.profile)) {
            return self;
        }
        let nobody = |holding: Holding| {
            let Holder { reminder, at, .. } = holding.holder;
            let reminder = ReminderId { episode: EpisodeId::NOBODY, ..reminder };
            Holding { holder: Holder { reminder, profile: ProfileKey::nobody(), at }, ..holding }
        };
        match self {
            Self::Free => Self::Free,
            Self::Held(holding) => Self::Held(nobody(holding)),
            Self::Returned(holding) => Self::Returned(nobody(holding)),
            Self::Redeemed { holding, at, .. } => {
                Self::Redeemed { holding: holding.map(nobody), order: None, at }
            }
        }
    }
}

/// A code and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeRecord {
    /// The code.
    pub code: DiscountCode,
    /// Its pool.
    pub pool: PoolName,
    /// How long it holds for whoever is given it.
    pub expiry: Expiry,
    /// Where it stands.
    pub state: CodeState,
}

impl CodeRecord {
    /// The code as its holder has it; `None` when nobody holds it.
    #[must_use]
    pub fn into_held(self) -> Option<HeldCode> {
        let Self { code, pool, expiry, state } = self;
        match state {
            CodeState::Held(holding) => Some(HeldCode { code, pool, expiry, holding }),
            _ => None,
        }
    }
}

/// What became of a redemption.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Redeemed {
    /// No pool has such a code: it is the shop's own, or a mistake.
    Unknown,
    /// It counts. The record says who had it.
    New(CodeRecord),
    /// It was redeemed before, by the order that the record names; nothing was changed.
    Again(CodeRecord),
}

/// Some codes of a pool, and where the next ones begin.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CodePage {
    /// Free ones first, then held, then redeemed ones. A page may be empty and not be the last one.
    pub codes: Vec<CodeRecord>,
    /// What to name for the next page; `None` after the last one. It means nothing to anybody else.
    pub next: Option<String>,
}

/// Bytes of what the codes of one generation follow from.
pub type Seed = [u8; 32];

/// OutreachTable's pools and codes. Every read of a code is a strong one.
pub trait CodeStore: Send + Sync {
    /// Makes a pool unless there is one of its name. Returns the one that is there now.
    fn create_pool(&self, pool: &Pool) -> impl Future<Output = Result<Pool, StoreError>> + Send;

    /// A pool.
    fn pool(&self, name: &PoolName) -> impl Future<Output = Result<Option<Pool>, StoreError>> + Send;

    /// All pools, by name.
    fn pools(&self) -> impl Future<Output = Result<Vec<Pool>, StoreError>> + Send;

    /// Keeps the seed of a generation of codes unless one is kept; returns the one that is. So the same request again makes
    /// the same codes.
    fn keep_seed(
        &self,
        pool: &PoolName,
        import: &str,
        seed: Seed,
    ) -> impl Future<Output = Result<Seed, StoreError>> + Send;

    /// Adds codes to a pool, each unless any pool has or had it. Says what became of each, in their order. After an error
    /// some may be there: the same call again does the rest.
    fn add_codes(
        &self,
        pool: &PoolName,
        import: &str,
        codes: &[NewCode],
    ) -> impl Future<Output = Result<Vec<Added>, StoreError>> + Send;

    /// A free code of a pool whose time is not over. Callers that bring different numbers rarely get the same one; the
    /// transaction that takes it decides.
    fn find_free(
        &self,
        pool: &PoolName,
        now: Timestamp,
        spread: u64,
    ) -> impl Future<Output = Result<Option<FreeCode>, StoreError>> + Send;

    /// Takes a code by itself. Returns whether it was still free. (A claim takes one in its own transaction.)
    fn hold_code(
        &self,
        code: &FreeCode,
        holder: &Holder,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Gives a code back by itself. Returns whether that reminder still held it. Only for a mail that was certainly not
    /// sent, never for one of which nobody knows.
    fn return_held(&self, code: &HeldCode) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// A code, whatever its state.
    fn code(
        &self,
        code: &DiscountCode,
    ) -> impl Future<Output = Result<Option<CodeRecord>, StoreError>> + Send;

    /// A code that a reminder holds.
    fn held(&self, code: &DiscountCode) -> impl Future<Output = Result<Option<HeldCode>, StoreError>> + Send {
        let found = self.code(code);
        async move { Ok(found.await?.and_then(CodeRecord::into_held)) }
    }

    /// Notes that a code was used. Idempotent; the first order and time stay. A code that nobody was given is noted too,
    /// so that nobody is given it any more.
    fn mark_redeemed(
        &self,
        code: &DiscountCode,
        order: Option<&OrderId>,
        at: Timestamp,
    ) -> impl Future<Output = Result<Redeemed, StoreError>> + Send;

    /// Counts a pool's codes. Reads all its lists: about one read unit for each 40 codes.
    fn count_codes(
        &self,
        pool: &PoolName,
        now: Timestamp,
    ) -> impl Future<Output = Result<PoolCounts, StoreError>> + Send;

    /// A page of a pool's codes.
    fn code_page(
        &self,
        pool: &PoolName,
        after: Option<&str>,
    ) -> impl Future<Output = Result<CodePage, StoreError>> + Send;

    /// Deletes free codes, as many as this at most; afterwards they are unknown. Returns how many.
    fn delete_free(
        &self,
        pool: &PoolName,
        count_max: u32,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
}
