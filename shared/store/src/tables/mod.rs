//! The tables: what each is asked, and the adapters that answer.

use crate::error::{ErrorKind, StoreError};
use beckon_domain::{Profile, ProfileKey, Timestamp};
pub use beckon_domain::{Reminder, ReminderId, ReminderStatus};
use std::collections::BTreeMap;
use std::future::Future;

pub mod audit;
pub mod catalog;
pub mod codes;
pub mod conversions;
pub mod decisions;
pub mod dynamodb;
pub mod engagement;
pub mod erasing;
pub mod experiments;
pub mod keys;
pub mod mail_content;
pub mod memory;
pub mod models;
pub mod outreach;
pub mod products;
pub mod reputation;
pub mod rulesets;
pub mod suppression;
pub mod switch;

pub use audit::{AuditLog, AuditRecord};
pub use catalog::{CatalogScan, CatalogStore, ListKey, TrendKey, Versioned};
pub use codes::{CodeLog, CodeRecord, CodeStore, FreeCode, HeldCode, Holder, PoolCounts, Redeemed};
pub use conversions::{ConversionRow, ConversionStore};
pub use decisions::{DECISION_BYTES_MAX, DecisionStore, StoredDecision};
pub use engagement::EngagementStore;
pub use erasing::{
    ContactRow, ErasureRequest, ErasureStore, PersonStore, ProfilePage, Removed, Swept, Trace, TracePage,
};
pub use experiments::{ExperimentStore, RunPage};
pub use keys::{KeyAction, KeyChange, KeySet, KeyStore, key_reader};
pub use mail_content::{LiveMail, MailChange, MailContentStore, MailDocument};
pub use models::{LiveModel, ModelKind, ModelPlace, ModelStanding, ModelStore, TrainingEnd, TrainingRecord};
pub use outreach::{HistoryChange, LedgerChange, LedgerPage, LedgerRow, LedgerScan, OutreachStore, observe};
pub use products::{ImportCounts, ImportLog, ImportPart, ImportRecord, ProductPage, ProductStore, Told};
pub use reputation::{MailFact, ReputationStore};
pub use rulesets::{
    ActiveDocuments, ChangeKind, ConfigStore, DocumentKind, ExperimentsDocument, Keep, LiveRuleset, NotKept,
    RulesetChange, RulesetDocument, RulesetStore, TestCount,
};
pub use suppression::{Suppression, SuppressionReason, SuppressionStore};
pub use switch::{LimitsStore, Sending, SendingSwitch, SwitchAction, SwitchChange, SwitchStore};

/// Parts of the due index: one key would be hot, so profiles are spread over these.
pub const DUE_SHARD_COUNT: u32 = 8;

/// How fresh a read must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Read {
    /// Half the price; may be a moment old. A conditional write notices.
    Eventual,
    /// The latest committed state.
    Strong,
}

/// A profile as it is stored, with the version that a write must name.
#[derive(Clone, PartialEq, Debug)]
pub struct Stored {
    /// The state.
    pub profile: Profile,
    /// Its version: 1 after the first write.
    pub version: u64,
}

/// Loads all keys in one go. A row that cannot be read must not take the others with it: then each is loaded by itself,
/// strongly, as long as it `may_begin`. A key that is left out of the answer was not begun.
///
/// # Errors
/// When the table does not answer, for whatever reason but a row that cannot be read.
pub async fn load_each<K: Clone + Ord, S, L>(
    keys: Vec<K>,
    load: impl Fn(Vec<K>, Read) -> L,
    may_begin: impl Fn() -> bool,
) -> Result<BTreeMap<K, Result<Option<S>, StoreError>>, StoreError>
where
    L: Future<Output = Result<BTreeMap<K, S>, StoreError>>,
{
    match load(keys.clone(), Read::Eventual).await {
        Ok(mut found) => {
            let with_found = |key| {
                let state = found.remove(&key);
                (key, Ok(state))
            };
            return Ok(keys.into_iter().map(with_found).collect());
        }
        Err(error) if error.kind != ErrorKind::Corrupt => return Err(error),
        Err(_) => {}
    }
    let mut each = BTreeMap::new();
    for key in keys {
        if !may_begin() {
            break;
        }
        let found = load(vec![key.clone()], Read::Strong).await;
        each.insert(key.clone(), found.map(|mut found| found.remove(&key)));
    }
    Ok(each)
}

/// What became of a conditional write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Save {
    /// Written.
    Saved,
    /// The stored version is another one: read again. It may be our own write that timed out.
    Conflict,
}

/// An entry of the due index.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Due {
    /// Whose cart.
    pub key: ProfileKey,
    /// Since when it is due.
    pub at: Timestamp,
}

/// ProfileTable.
pub trait ProfileStore: Send + Sync {
    /// Loads profiles; keys without one are left out. Every key given is answered.
    fn load(
        &self,
        keys: &[ProfileKey],
        read: Read,
    ) -> impl Future<Output = Result<BTreeMap<ProfileKey, Stored>, StoreError>> + Send;

    /// Writes a profile if the stored version is still `read_version` (`None`: if there is none), with its due time for
    /// the sparse index.
    fn save(
        &self,
        key: &ProfileKey,
        profile: &Profile,
        read_version: Option<u64>,
        due_at: Option<Timestamp>,
    ) -> impl Future<Output = Result<Save, StoreError>> + Send;

    /// Entries of one part of the due index up to `until`, earliest first, after `after`, at most `limit`. The index is
    /// a moment old: check each profile again.
    fn due(
        &self,
        shard: u32,
        until: Timestamp,
        after: Option<&Due>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Due>, StoreError>> + Send;
}

/// How to reach a person: the only place with an e-mail address.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Contact {
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Whether a secret key vouched for it. Mail goes to verified contacts only.
    pub verified: bool,
    /// When it was told (event time).
    pub at: Timestamp,
    /// When it is forgotten; `None` once marketing e-mail was agreed to.
    pub expires_at: Option<Timestamp>,
    /// What came with this telling on marketing e-mail. Not kept: it decides on [`Contact::expires_at`].
    pub consent: Option<bool>,
}

impl Contact {
    /// What a row holds after a telling; `None` when it changes nothing. Newer fields replace older ones. What a page says
    /// never replaces or completes what a server vouched for, and what a server says replaces all that a page said, so
    /// that no stranger's address is ever vouched for along with something else.
    #[must_use]
    pub fn told(before: Option<&Self>, new: &Self) -> Option<Self> {
        let mut told = Self { consent: None, ..new.clone() };
        if new.consent == Some(true) {
            told.expires_at = None;
        }
        let Some(before) = before else { return Some(told) };
        if before.verified != new.verified {
            return new.verified.then_some(told);
        }
        if before.at >= new.at {
            return None;
        }
        told.email = told.email.or_else(|| before.email.clone());
        told.phone = told.phone.or_else(|| before.phone.clone());
        told.first_name = told.first_name.or_else(|| before.first_name.clone());
        told.last_name = told.last_name.or_else(|| before.last_name.clone());
        if new.consent.is_none() && before.expires_at.is_none() {
            told.expires_at = None;
        }
        Some(told)
    }
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Contact(verified: {}, …)", self.verified)
    }
}

/// ContactTable.
pub trait ContactStore: Send + Sync {
    /// Takes a telling over as [`Contact::told`] says. Returns whether it changed the row.
    fn put_contact(
        &self,
        key: &ProfileKey,
        contact: &Contact,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The contact of a profile, if it has one that has not expired. A strong read.
    fn contact(
        &self,
        key: &ProfileKey,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Contact>, StoreError>> + Send;
}

/// Reads every profile: for reports and checks of a laptop, never in a function.
pub trait ProfileScan: Send + Sync {
    /// Every profile, in key order.
    fn scan_profiles(&self) -> impl Future<Output = Result<Vec<(ProfileKey, Profile)>, StoreError>> + Send;
}
