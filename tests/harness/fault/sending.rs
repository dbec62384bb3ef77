//! Faults between feedback, preferences and the tables that they write.

use super::{Faulty, store_error};
use beckon_domain::reputation::Figures;
use beckon_domain::send_limits::SendLimits;
use beckon_domain::{ContactHash, Timestamp};
use beckon_store::StoreError;
use beckon_store::tables::{
    LimitsStore, MailFact, ReputationStore, Save, Sending, SendingSwitch, Suppression, SuppressionStore,
    SwitchChange, SwitchStore,
};

impl<T: SuppressionStore> SuppressionStore for Faulty<T> {
    async fn suppress(&self, contact: &ContactHash, suppression: Suppression) -> Result<(), StoreError> {
        self.faults.around("suppress", self.inner.suppress(contact, suppression), store_error).await
    }

    async fn suppression(&self, contact: &ContactHash) -> Result<Option<Suppression>, StoreError> {
        self.faults.around("suppression", self.inner.suppression(contact), store_error).await
    }

    async fn resubscribe(
        &self,
        contact: &ContactHash,
        unsubscribed_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let call = self.inner.resubscribe(contact, unsubscribed_at);
        self.faults.around("resubscribe", call, store_error).await
    }
}

impl<T: ReputationStore> ReputationStore for Faulty<T> {
    async fn count_fact(&self, fact: &MailFact, now: Timestamp) -> Result<bool, StoreError> {
        self.faults.around("count_fact", self.inner.count_fact(fact, now), store_error).await
    }

    async fn figures(&self, first_hour: Timestamp, counting_since: Timestamp) -> Result<Figures, StoreError> {
        self.faults.around("figures", self.inner.figures(first_hour, counting_since), store_error).await
    }
}

impl<T: SendingSwitch> SendingSwitch for Faulty<T> {
    async fn sending(&self) -> Result<Sending, StoreError> {
        self.faults.around("sending", self.inner.sending(), store_error).await
    }
}

impl<T: SwitchStore> SwitchStore for Faulty<T> {
    async fn change_sending(&self, change: &SwitchChange) -> Result<Save, StoreError> {
        self.faults.around("change_sending", self.inner.change_sending(change), store_error).await
    }

    async fn sending_changes(&self, limit: u32) -> Result<Vec<SwitchChange>, StoreError> {
        self.faults.around("sending_changes", self.inner.sending_changes(limit), store_error).await
    }
}

impl<T: LimitsStore> LimitsStore for Faulty<T> {
    async fn record_limits(&self, limits: &SendLimits, now: Timestamp) -> Result<(), StoreError> {
        self.faults.around("record_limits", self.inner.record_limits(limits, now), store_error).await
    }

    async fn limits(&self) -> Result<Option<(SendLimits, Timestamp)>, StoreError> {
        self.faults.around("limits", self.inner.limits(), store_error).await
    }
}
