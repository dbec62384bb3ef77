//! Suppression, reputation and the switch of sending, in memory.

use super::MemoryTables;
use crate::error::StoreError;
use crate::tables::{
    LimitsStore, MailFact, ReputationStore, Save, Sending, SendingSwitch, Suppression, SuppressionReason,
    SuppressionStore, SwitchChange, SwitchStore,
};
use beckon_domain::reputation::{Figures, hour_of};
use beckon_domain::send_limits::SendLimits;
use beckon_domain::{ContactHash, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct Mail {
    pub(super) suppressed: BTreeMap<ContactHash, Suppression>,
    facts: BTreeSet<String>,
    /// By hour and by the counting that they belong to.
    figures: BTreeMap<(Timestamp, Timestamp), Figures>,
    /// Oldest first.
    turns: Vec<SwitchChange>,
    limits: Option<(SendLimits, Timestamp)>,
}

impl SuppressionStore for MemoryTables {
    async fn suppress(&self, contact: &ContactHash, suppression: Suppression) -> Result<(), StoreError> {
        let mut tables = self.lock();
        let before = tables.mail.suppressed.get(contact);
        if before.is_none_or(|before| suppression.replaces(*before)) {
            tables.mail.suppressed.insert(contact.clone(), suppression);
        }
        Ok(())
    }

    async fn suppression(&self, contact: &ContactHash) -> Result<Option<Suppression>, StoreError> {
        Ok(self.lock().mail.suppressed.get(contact).copied())
    }

    async fn resubscribe(
        &self,
        contact: &ContactHash,
        unsubscribed_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let meant = Suppression { reason: SuppressionReason::Unsubscribed, at: unsubscribed_at };
        let is_there = tables.mail.suppressed.get(contact) == Some(&meant);
        if is_there {
            tables.mail.suppressed.remove(contact);
        }
        Ok(is_there)
    }
}

impl ReputationStore for MemoryTables {
    async fn count_fact(&self, fact: &MailFact, _now: Timestamp) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let is_new = tables.mail.facts.insert(fact.id.clone());
        if is_new {
            let figures = tables.mail.figures.entry((hour_of(fact.at), fact.counting_since)).or_default();
            *figures = figures.with(fact.outcome);
        }
        Ok(is_new)
    }

    async fn figures(&self, first_hour: Timestamp, counting_since: Timestamp) -> Result<Figures, StoreError> {
        let tables = self.lock();
        let hours = tables.mail.figures.range((hour_of(first_hour), Timestamp::EPOCH)..);
        let counted = hours.filter(|((_, since), _)| *since == counting_since);
        Ok(counted.fold(Figures::default(), |sum, (_, figures)| sum.plus(*figures)))
    }
}

impl SendingSwitch for MemoryTables {
    async fn sending(&self) -> Result<Sending, StoreError> {
        Ok(Sending { latest: self.lock().mail.turns.last().cloned() })
    }
}

impl SwitchStore for MemoryTables {
    async fn change_sending(&self, change: &SwitchChange) -> Result<Save, StoreError> {
        let mut tables = self.lock();
        if tables.mail.turns.last().map_or(0, |latest| latest.number) + 1 != change.number {
            return Ok(Save::Conflict);
        }
        tables.mail.turns.push(change.clone());
        Ok(Save::Saved)
    }

    async fn sending_changes(&self, limit: u32) -> Result<Vec<SwitchChange>, StoreError> {
        Ok(self.lock().mail.turns.iter().rev().take(limit as usize).cloned().collect())
    }
}

impl LimitsStore for MemoryTables {
    async fn record_limits(&self, limits: &SendLimits, now: Timestamp) -> Result<(), StoreError> {
        self.lock().mail.limits = Some((*limits, now));
        Ok(())
    }

    async fn limits(&self) -> Result<Option<(SendLimits, Timestamp)>, StoreError> {
        Ok(self.lock().mail.limits)
    }
}
