//! Suppression, reputation and the switch of sending, passed on and counted.

use super::Metered;
use super::rulesets::TRANSACTION_FACTOR;
use crate::error::StoreError;
use crate::tables::{
    LimitsStore, MailFact, ReputationStore, Save, Sending, SendingSwitch, Suppression, SuppressionStore,
    SwitchChange, SwitchStore,
};
use beckon_domain::reputation::Figures;
use beckon_domain::send_limits::SendLimits;
use beckon_domain::{ContactHash, Timestamp};

impl<T: SuppressionStore> SuppressionStore for Metered<T> {
    async fn suppress(&self, contact: &ContactHash, suppression: Suppression) -> Result<(), StoreError> {
        self.tables.suppress(contact, suppression).await?;
        self.outreach_write(true);
        Ok(())
    }

    async fn suppression(&self, contact: &ContactHash) -> Result<Option<Suppression>, StoreError> {
        self.outreach_read();
        self.tables.suppression(contact).await
    }

    async fn resubscribe(
        &self,
        contact: &ContactHash,
        unsubscribed_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let held = self.tables.resubscribe(contact, unsubscribed_at).await?;
        self.outreach_write(held);
        Ok(held)
    }
}

impl<T: ReputationStore> ReputationStore for Metered<T> {
    async fn count_fact(&self, fact: &MailFact, now: Timestamp) -> Result<bool, StoreError> {
        let is_new = self.tables.count_fact(fact, now).await?;
        let mut counted = self.meter.lock();
        let usage = &mut counted.usage.outreach;
        usage.write_requests += 1;
        // Two small items.
        usage.write_units += 2 * TRANSACTION_FACTOR;
        usage.failed_conditions += u64::from(!is_new);
        Ok(is_new)
    }

    async fn figures(&self, first_hour: Timestamp, counting_since: Timestamp) -> Result<Figures, StoreError> {
        self.outreach_read();
        self.tables.figures(first_hour, counting_since).await
    }
}

impl<T: SendingSwitch> SendingSwitch for Metered<T> {
    async fn sending(&self) -> Result<Sending, StoreError> {
        self.outreach_read();
        self.tables.sending().await
    }
}

impl<T: SwitchStore> SwitchStore for Metered<T> {
    async fn change_sending(&self, change: &SwitchChange) -> Result<Save, StoreError> {
        // A person, or the brake, turns it now and then: not counted.
        self.tables.change_sending(change).await
    }

    async fn sending_changes(&self, limit: u32) -> Result<Vec<SwitchChange>, StoreError> {
        self.tables.sending_changes(limit).await
    }
}

impl<T: LimitsStore> LimitsStore for Metered<T> {
    async fn record_limits(&self, limits: &SendLimits, now: Timestamp) -> Result<(), StoreError> {
        self.tables.record_limits(limits, now).await?;
        self.outreach_write(true);
        Ok(())
    }

    async fn limits(&self) -> Result<Option<(SendLimits, Timestamp)>, StoreError> {
        self.outreach_read();
        self.tables.limits().await
    }
}
