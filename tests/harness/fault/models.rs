//! Faults between functions and what they ask of ConfigTable, and between the trainer and its tables.

use super::{Faulty, store_error};
use beckon_store::StoreError;
use beckon_store::tables::{
    ActiveDocuments, ConfigStore, LiveModel, MailDocument, ModelKind, ModelStanding, ModelStore, Save,
    TrainingRecord,
};

impl<T: ConfigStore> ConfigStore for Faulty<T> {
    async fn active_documents(&self) -> Result<ActiveDocuments, StoreError> {
        self.faults.around("active_ruleset", self.inner.active_documents(), store_error).await
    }

    async fn live_model(&self, kind: ModelKind) -> Result<Option<LiveModel>, StoreError> {
        self.faults.around("live_model", self.inner.live_model(kind), store_error).await
    }

    async fn active_mail_content(&self) -> Result<Option<MailDocument>, StoreError> {
        self.faults.around("active_mail_content", self.inner.active_mail_content(), store_error).await
    }

    async fn mail_content(&self, version: &str) -> Result<Option<MailDocument>, StoreError> {
        self.faults.around("mail_content", self.inner.mail_content(version), store_error).await
    }
}

impl<T: ModelStore> ModelStore for Faulty<T> {
    async fn model_standing(&self, kind: ModelKind) -> Result<ModelStanding, StoreError> {
        self.faults.around("model_standing", self.inner.model_standing(kind), store_error).await
    }

    async fn record_training(
        &self,
        kind: ModelKind,
        live: Option<&LiveModel>,
        record: &TrainingRecord,
    ) -> Result<Save, StoreError> {
        let call = self.inner.record_training(kind, live, record);
        self.faults.around("record_training", call, store_error).await
    }

    async fn trainings(
        &self,
        kind: ModelKind,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<TrainingRecord>, StoreError> {
        self.faults.around("trainings", self.inner.trainings(kind, before, limit), store_error).await
    }
}
