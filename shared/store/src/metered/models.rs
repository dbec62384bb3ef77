//! Models, passed on and counted as requests on ConfigTable and AuditTable.

use super::Metered;
use super::rulesets::TRANSACTION_FACTOR;
use super::size::{ItemSize, write_units};
use crate::error::StoreError;
use crate::tables::{LiveModel, ModelKind, ModelPlace, ModelStanding, ModelStore, Save, TrainingRecord};

/// Bytes of an item with a model, at most: what compressing the card saves is left out.
pub(super) fn model_bytes(live: &LiveModel) -> u32 {
    let item = ItemSize::default().text("version", &live.version).text("z", &live.card);
    match &live.place {
        ModelPlace::Inline(bytes) => item.bytes_attribute("model", bytes.len()).bytes(),
        ModelPlace::Object { key, sha256, .. } => item.text("key", key).text("sha256", sha256).bytes(),
    }
}

fn record_bytes(record: &TrainingRecord) -> u32 {
    let texts = [Some(&record.card), Some(&record.reason), record.from.as_ref(), record.made.as_ref()];
    texts.into_iter().flatten().fold(ItemSize::default(), |item, text| item.text("text", text)).bytes()
}

impl<T: ModelStore> ModelStore for Metered<T> {
    async fn model_standing(&self, kind: ModelKind) -> Result<ModelStanding, StoreError> {
        let standing = self.tables.model_standing(kind).await?;
        self.config_read(standing.live.as_ref().map_or(0, model_bytes), true);
        Ok(standing)
    }

    async fn record_training(
        &self,
        kind: ModelKind,
        live: Option<&LiveModel>,
        record: &TrainingRecord,
    ) -> Result<Save, StoreError> {
        let save = self.tables.record_training(kind, live, record).await?;
        let bytes = [live.map_or(1, model_bytes), record_bytes(record)];
        let units: u64 = bytes.into_iter().map(|bytes| write_units(None, Some(bytes))).sum();
        self.config_write(TRANSACTION_FACTOR * units);
        Ok(save)
    }

    async fn trainings(
        &self,
        kind: ModelKind,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<TrainingRecord>, StoreError> {
        let records = self.tables.trainings(kind, before, limit).await?;
        self.config_read(records.iter().map(record_bytes).sum(), true);
        Ok(records)
    }
}
