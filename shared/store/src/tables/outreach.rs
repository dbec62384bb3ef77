//! OutreachTable's ledger of reminders, and what each address was sent.

use super::{ConversionRow, FreeCode, Holder, Save, Versioned};
use crate::error::{ErrorKind, StoreError};
use beckon_domain::outreach::{History, MailEvent};
use beckon_domain::{ContactHash, Reminder, ReminderId, Timestamp};
use std::future::Future;

/// How often an event is written against somebody who changes the same row.
const OBSERVE_ATTEMPTS: u32 = 8;

/// A change of the ledger: all of it is written, or nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LedgerChange {
    /// Which reminder.
    pub id: ReminderId,
    /// Its row as it is to be.
    pub row: Reminder,
    /// The version of the row that it follows; `None`: there must be none.
    pub read_version: Option<u64>,
    /// What the address was sent, where that changes too.
    pub history: Option<HistoryChange>,
    /// The code that the reminder takes: it must be free still.
    pub code: Option<FreeCode>,
}

impl LedgerChange {
    /// Who takes the code.
    #[must_use]
    pub fn holder(&self) -> Holder {
        Holder { reminder: self.id, profile: self.row.profile.clone(), at: self.row.at }
    }
}

/// A change of what an address was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistoryChange {
    /// The address, hashed.
    pub recipient: ContactHash,
    /// Its mails as they are to be.
    pub history: History,
    /// The version that they follow; `None`: there must be none.
    pub read_version: Option<u64>,
}

/// OutreachTable: the ledger of reminders. What a row may become is [`Reminder`]'s; here it is written by compare-and-set.
pub trait OutreachStore: Send + Sync {
    /// The row of a reminder. A strong read.
    fn reminder(
        &self,
        id: &ReminderId,
    ) -> impl Future<Output = Result<Option<Versioned<Reminder>>, StoreError>> + Send;

    /// What an address was sent. A strong read; `None` when it was never sent anything.
    fn history(
        &self,
        recipient: &ContactHash,
    ) -> impl Future<Output = Result<Option<Versioned<History>>, StoreError>> + Send;

    /// Writes a change if everything it follows is still what was read.
    fn save_reminder(
        &self,
        change: &LedgerChange,
        now: Timestamp,
    ) -> impl Future<Output = Result<Save, StoreError>> + Send;

    /// Whether this address must not be mailed. A strong read.
    fn is_suppressed(&self, contact: &ContactHash) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// Tells the row of a reminder what SES said. Told again, or in another order, it comes to the same. Returns whether it
/// changed; an event of a mail that the ledger does not know changes nothing.
///
/// # Errors
/// When the table fails, or others change the row each time: the same event again does it.
pub async fn observe<T: OutreachStore>(
    tables: &T,
    id: &ReminderId,
    event: &MailEvent,
    at: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    for _ in 0..OBSERVE_ATTEMPTS {
        let Some(Versioned { state, version }) = tables.reminder(id).await? else { return Ok(false) };
        let Some(row) = state.observe(event, at) else { return Ok(false) };
        let change = LedgerChange { id: *id, row, read_version: Some(version), history: None, code: None };
        if tables.save_reminder(&change, now).await? == Save::Saved {
            return Ok(true);
        }
    }
    Err(StoreError::new("write down what SES said", ErrorKind::Throttled, "the row changes all the time"))
}

/// A row of the ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LedgerRow {
    /// A reminder.
    Reminder(ReminderId, Box<Reminder>),
    /// An order that followed one.
    Conversion(Box<ConversionRow>),
}

/// A page of the ledger.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LedgerPage {
    /// Its rows, in no order. There may be none although it is not the last page.
    pub rows: Vec<LedgerRow>,
    /// What to name for the next page; `None` after the last one.
    pub next: Option<String>,
}

/// Reads the whole ledger, reminders and the orders that followed them: for reports, never in a function that people wait
/// for.
pub trait LedgerScan: Send + Sync {
    /// A page after this one.
    fn scan_ledger(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> impl Future<Output = Result<LedgerPage, StoreError>> + Send;
}
