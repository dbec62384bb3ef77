//! ConfigTable and AuditTable: which model of each kind is live, and how every training ended.

use super::Save;
use crate::error::StoreError;
use beckon_domain::Timestamp;
use std::future::Future;

/// Bytes that a model may have to be kept in its item; a larger one is an object ([`crate::models`]).
pub const MODEL_INLINE_BYTES_MAX: usize = 256 * 1024;
/// Bytes that a model card may have, as JSON.
pub const MODEL_CARD_BYTES_MAX: usize = 64 * 1024;

/// What a model is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ModelKind {
    /// How likely a person is to buy.
    Propensity,
    /// Sessions of many people, to recommend by those that are like one's own.
    SessionIndex,
    /// How much each strategy is worth in each slot.
    Worth,
    /// What the shop sells: made by an import, not learned, and kept in the same way.
    Catalog,
}

impl ModelKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Propensity, Self::SessionIndex, Self::Worth, Self::Catalog];

    /// The stable name of the kind.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Propensity => "propensity",
            Self::SessionIndex => "session-index",
            Self::Worth => "worth",
            Self::Catalog => "catalog",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Where the bytes of a model are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ModelPlace {
    /// Here: at most [`MODEL_INLINE_BYTES_MAX`].
    Inline(Vec<u8>),
    /// In an object.
    Object {
        /// Its key.
        key: String,
        /// SHA-256 of its bytes, in lower-case hexadecimal digits.
        sha256: String,
        /// Its size.
        bytes: u64,
    },
}

/// A model that is live.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LiveModel {
    /// Version: the first 12 hexadecimal digits of the SHA-256 of its bytes.
    pub version: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// When a training last ended and it was, or stayed, live: whatever is written, the time of that training is read.
    pub judged_at: Timestamp,
    /// Its model card, a JSON document: what it was made of, how good it is.
    pub card: String,
    /// Where its bytes are.
    pub place: ModelPlace,
}

/// How a training ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TrainingEnd {
    /// What it made is live.
    Published,
    /// What it made, if anything, is not good enough; what was live stays.
    Refused,
}

impl TrainingEnd {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Refused => "refused",
        }
    }

    /// The end of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Published, Self::Refused].into_iter().find(|end| end.name() == name)
    }
}

/// One training: written once, with the change that it made, and never altered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrainingRecord {
    /// Its number among those of its kind: 1 for the first, without gaps.
    pub number: u64,
    /// Unique id: tells one's own write, whose answer got lost, from somebody else's.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// How it ended.
    pub end: TrainingEnd,
    /// The version that was live before.
    pub from: Option<String>,
    /// The version that it made; `None` when there was not enough to learn from.
    pub made: Option<String>,
    /// Who: the function, or a command.
    pub who: String,
    /// Why it ended so, in words.
    pub reason: String,
    /// The card of what it made, a JSON document; empty when it made nothing.
    pub card: String,
}

/// What is live, and since which training.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ModelStanding {
    /// Number of the latest training, whatever its end; 0 before the first.
    pub number: u64,
    /// What is live.
    pub live: Option<LiveModel>,
}

/// ConfigTable and AuditTable as whoever trains models sees them. The data path asks
/// [`super::ConfigStore::live_model`].
pub trait ModelStore: Send + Sync {
    /// What is live, and how many trainings there were. A strong read.
    fn model_standing(
        &self,
        kind: ModelKind,
    ) -> impl Future<Output = Result<ModelStanding, StoreError>> + Send;

    /// Writes down how a training ended and makes `live` what is live, both or neither, if `record.number` follows the
    /// latest. After a training that was refused, `live` is what the caller read as live before.
    fn record_training(
        &self,
        kind: ModelKind,
        live: Option<&LiveModel>,
        record: &TrainingRecord,
    ) -> impl Future<Output = Result<Save, StoreError>> + Send;

    /// Trainings of a kind, newest first, with numbers below `before`, at most `limit`. A strong read.
    fn trainings(
        &self,
        kind: ModelKind,
        before: Option<u64>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<TrainingRecord>, StoreError>> + Send;
}
