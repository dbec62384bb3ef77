//! What erasing a person asks of the tables, and the requests themselves.

use super::{CodeRecord, Contact, ConversionRow, Save, Stored, Versioned};
use crate::error::StoreError;
use beckon_domain::experiment::{RunId, RunRow};
use beckon_domain::{ContactHash, Erasure, ErasureId, Profile, ProfileKey, Reminder, ReminderId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::future::Future;

/// A row of ContactTable: how to reach a person, or that the person was erased, or that and how to reach whoever came back.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ContactRow {
    /// How to reach them.
    pub contact: Option<Contact>,
    /// That they were erased.
    pub erasure: Option<Erasure>,
}

impl ContactRow {
    /// What the row holds after a telling, as [`Contact::told`] says; `None` when it changes nothing. A tombstone takes
    /// nothing, and nothing from before it even when the person was let back.
    #[must_use]
    pub fn told(before: Option<&Self>, new: &Contact) -> Option<Self> {
        let erasure = before.and_then(|row| row.erasure.clone());
        if erasure.as_ref().is_some_and(|erasure| erasure.keeps_out(new.at, new.at)) {
            return None;
        }
        let told = Contact::told(before.and_then(|row| row.contact.as_ref()), new)?;
        Some(Self { contact: Some(told), erasure })
    }

    /// The row after an erasure; `None` when it says so already.
    #[must_use]
    pub fn erased(before: Option<&Self>, erasure: &Erasure) -> Option<Self> {
        let known = before.filter(|row| row.contact.is_none()).and_then(|row| row.erasure.as_ref());
        let is_known = known.is_some_and(|known| known.covers(erasure));
        (!is_known).then(|| Self { contact: None, erasure: Some(erasure.clone()) })
    }

    /// The row of a person who is let back; `None` when no tombstone stands.
    #[must_use]
    pub fn released(&self, at: Timestamp) -> Option<Self> {
        let erasure = self.erasure.clone().filter(|erasure| erasure.released_at.is_none())?;
        Some(Self { erasure: Some(Erasure { released_at: Some(at), ..erasure }), ..self.clone() })
    }
}

/// Something that OutreachTable or ExperimentTable holds of a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trace {
    /// A reminder.
    Reminder(ReminderId, Box<Reminder>),
    /// An order that followed one.
    Order(Box<ConversionRow>),
    /// A code that the person has, had or used.
    Code(Box<CodeRecord>),
    /// The same code in a list of its pool.
    Listed {
        /// The part of the list.
        part: String,
        /// The code.
        code: String,
    },
    /// What is kept of the person in a run of an experiment.
    Run(RunId, Box<RunRow>),
}

impl Trace {
    /// When it came about; `None` of what only repeats another.
    #[must_use]
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Reminder(_, row) => Some(row.at),
            Self::Order(row) => Some(row.conversion.purchase.at),
            Self::Code(record) => record.state.holding().map(|holding| holding.holder.at),
            Self::Listed { .. } => None,
            Self::Run(_, row) => row.at(),
        }
    }

    /// The code that it is of.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        match self {
            Self::Reminder(..) | Self::Order(_) | Self::Run(..) => None,
            Self::Code(record) => Some(record.code.to_string()),
            Self::Listed { code, .. } => Some(code.clone()),
        }
    }
}

/// Some of what OutreachTable and ExperimentTable hold of a person.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TracePage {
    /// What was found, in no order. There may be nothing although it is not the last page.
    pub traces: Vec<Trace>,
    /// What to name for the next page; `None` after the last one.
    pub next: Option<String>,
}

/// Some profiles, in no order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ProfilePage {
    /// The profiles. One that cannot be read is left out.
    pub profiles: Vec<(ProfileKey, Stored)>,
    /// What to name for the next page; `None` after the last one.
    pub next: Option<String>,
}

/// What erasing and exporting ask of ProfileTable, ContactTable, OutreachTable and ExperimentTable beside what others ask.
pub trait PersonStore: Send + Sync {
    /// Puts a tombstone in the place of a contact. Done again, it comes to the same.
    fn erase_contact(
        &self,
        key: &ProfileKey,
        erasure: &Erasure,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Lets new contacts of a person be told again.
    fn release_contact(
        &self,
        key: &ProfileKey,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// A page of all profiles, strongly read.
    fn profile_page(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> impl Future<Output = Result<ProfilePage, StoreError>> + Send;

    /// Replaces the state of a profile and leaves alone when it is due, if the stored version is still this one.
    fn replace_state(
        &self,
        key: &ProfileKey,
        profile: &Profile,
        read_version: u64,
    ) -> impl Future<Output = Result<Save, StoreError>> + Send;

    /// A page of what OutreachTable and ExperimentTable hold under these profiles' names, strongly read.
    fn trace_page(
        &self,
        of: &[ProfileKey],
        after: Option<&str>,
    ) -> impl Future<Output = Result<TracePage, StoreError>> + Send;

    /// Takes the person out: deletes a reminder, an order and a row of an experiment, and leaves of a code that it was given to somebody. What has
    /// become another's since is left alone.
    fn erase_trace(
        &self,
        trace: &Trace,
        of: &[ProfileKey],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Deletes what an address was sent.
    fn erase_history(&self, recipient: &ContactHash) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// How far an erasure has come in what only a scan finds. An instant is the beginning of the last scan that got to its end.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Swept {
    /// Of the tables: links and reminders that were under way.
    pub tables_at: Option<Timestamp>,
    /// Of the archive.
    pub archive_at: Option<Timestamp>,
    /// Of the failed events.
    pub failed_at: Option<Timestamp>,
    /// Of the archive's scan that is under way: when it began, and the last object that is done.
    pub archive_under_way: Option<(Timestamp, String)>,
}

/// What was removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Removed {
    /// Profiles that became tombstones.
    pub profiles: u64,
    /// Rows of reminders, orders, codes, histories and experiments.
    pub outreach: u64,
    /// Archived lines.
    pub archive_lines: u64,
    /// Failed events.
    pub failed_events: u64,
}

/// A request to erase a person, and how far it has come. Names nobody: keys and hashes are all that is needed to find what
/// comes late, and they go with the request when its time is over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ErasureRequest {
    /// Its id.
    pub id: ErasureId,
    /// When it was asked for.
    pub at: Timestamp,
    /// Until when the tombstones stand.
    pub until: Timestamp,
    /// The person's profiles.
    pub keys: BTreeSet<ProfileKey>,
    /// Their addresses, hashed.
    pub contacts: BTreeSet<ContactHash>,
    /// When all that is found by key was gone.
    pub erased_at: Option<Timestamp>,
    /// When the person was let back.
    pub released_at: Option<Timestamp>,
    /// How far the scans have come.
    pub swept: Swept,
    /// What was removed.
    pub removed: Removed,
}

impl ErasureRequest {
    /// What its tombstones say.
    #[must_use]
    pub fn erasure(&self) -> Erasure {
        Erasure { released_at: self.released_at, ..Erasure::new(self.id.clone(), self.at, self.until) }
    }

    /// Whether everything was looked through once since it was asked for.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let Swept { tables_at, archive_at, failed_at, .. } = &self.swept;
        let scans = [tables_at, archive_at, failed_at];
        self.erased_at.is_some() && scans.into_iter().all(Option::is_some)
    }
}

/// ConfigTable: requests to erase a person (`erasure` / the id).
pub trait ErasureStore: Send + Sync {
    /// Writes a request if the stored version is still `read_version` (`None`: if there is none).
    fn save_erasure(
        &self,
        request: &ErasureRequest,
        read_version: Option<u64>,
    ) -> impl Future<Output = Result<Save, StoreError>> + Send;

    /// Every request whose time is not over, oldest first. A strong read.
    fn erasures(&self) -> impl Future<Output = Result<Vec<Versioned<ErasureRequest>>, StoreError>> + Send;

    /// Deletes a request whose time is over.
    fn delete_erasure(&self, id: &ErasureId) -> impl Future<Output = Result<(), StoreError>> + Send;
}
