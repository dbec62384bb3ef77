//! The ledger in memory.

use super::MemoryTables;
use crate::error::StoreError;
use crate::tables::{OutreachStore, Reminder, ReminderId, ReminderStatus};
use beckon_domain::abandonment::SkipReason;
use beckon_domain::{ContactHash, ProfileKey, Timestamp};

impl OutreachStore for MemoryTables {
    async fn claim(
        &self,
        id: &ReminderId,
        profile: &ProfileKey,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        if tables.reminders.get(id).is_some_and(|row| !row.status.may_be_claimed(now)) {
            return Ok(false);
        }
        let status = ReminderStatus::Claimed { owner: owner.to_owned(), lease_until };
        tables.reminders.insert(*id, Reminder { profile: profile.clone(), status, at: now });
        Ok(true)
    }

    async fn advance(
        &self,
        id: &ReminderId,
        owner: &str,
        status: ReminderStatus,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let Some(row) = tables.reminders.get_mut(id) else { return Ok(false) };
        let is_owner = match &row.status {
            ReminderStatus::Claimed { owner: o, .. } | ReminderStatus::Sending { owner: o } => o == owner,
            _ => false,
        };
        if is_owner {
            row.status = status;
            row.at = now;
        }
        Ok(is_owner)
    }

    async fn give_up_sending(
        &self,
        id: &ReminderId,
        began_until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let Some(row) = tables.reminders.get_mut(id) else { return Ok(false) };
        let stale = matches!(row.status, ReminderStatus::Sending { .. }) && row.at <= began_until;
        if stale {
            row.status = ReminderStatus::Unknown { reason: super::super::NO_ANSWER.to_owned() };
            row.at = now;
        }
        Ok(stale)
    }

    async fn record_skip(
        &self,
        id: &ReminderId,
        profile: &ProfileKey,
        reason: SkipReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tables = self.lock();
        if tables.reminders.get(id).is_none_or(|row| row.status.may_be_claimed(now)) {
            let status = ReminderStatus::Suppressed { reason: reason.code().to_owned() };
            tables.reminders.insert(*id, Reminder { profile: profile.clone(), status, at: now });
        }
        Ok(())
    }

    async fn reminder(&self, id: &ReminderId) -> Result<Option<Reminder>, StoreError> {
        Ok(self.lock().reminders.get(id).cloned())
    }

    async fn is_suppressed(&self, contact: &ContactHash) -> Result<bool, StoreError> {
        Ok(self.lock().mail.suppressed.contains_key(contact))
    }
}
