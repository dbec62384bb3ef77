//! The ledger of reminders, as feedback sees it: what SES says of a mail, told to the row of its reminder.

use beckon_domain::Timestamp;
use beckon_store::StoreError;
use beckon_store::tables::{OutreachStore, ReminderId};
use beckon_wire::ses::SesEvent;
use std::future::Future;

/// The ledger.
pub trait Ledger: Send + Sync {
    /// Tells the ledger what became of a reminder, and when. Told again, or in another order, it comes to the same.
    fn tell(
        &self,
        id: &ReminderId,
        event: &SesEvent,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl<T: OutreachStore> Ledger for T {
    /// Nothing yet: the ledger of today has no place for it.
    async fn tell(&self, _id: &ReminderId, _event: &SesEvent, _at: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }
}
