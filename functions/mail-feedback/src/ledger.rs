//! The ledger of reminders, as feedback sees it: what SES says of a mail, told to the row of its reminder.

use beckon_domain::Timestamp;
use beckon_store::StoreError;
use beckon_store::tables::{OutreachStore, ReminderId};
use beckon_wire::ses::SesEventKind;
use std::future::Future;

/// The ledger.
pub trait Ledger: Send + Sync {
    /// Tells the ledger what became of a reminder. Told again, or in another order, it comes to the same.
    fn tell(
        &self,
        id: &ReminderId,
        kind: SesEventKind,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl<T: OutreachStore> Ledger for T {
    async fn tell(&self, _id: &ReminderId, _kind: SesEventKind, _now: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }
}
