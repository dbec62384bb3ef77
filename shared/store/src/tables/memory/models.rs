//! Models in memory.

use super::MemoryTables;
use crate::error::StoreError;
use crate::tables::{LiveModel, ModelKind, ModelStanding, ModelStore, Save, TrainingRecord};
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct Models(BTreeMap<ModelKind, Kind>);

#[derive(Default)]
struct Kind {
    live: Option<LiveModel>,
    /// Oldest first.
    trainings: Vec<TrainingRecord>,
}

impl ModelStore for MemoryTables {
    async fn model_standing(&self, kind: ModelKind) -> Result<ModelStanding, StoreError> {
        let tables = self.lock();
        let Some(known) = tables.models.0.get(&kind) else { return Ok(ModelStanding::default()) };
        Ok(ModelStanding { number: known.trainings.len() as u64, live: known.live.clone() })
    }

    async fn record_training(
        &self,
        kind: ModelKind,
        live: Option<&LiveModel>,
        record: &TrainingRecord,
    ) -> Result<Save, StoreError> {
        let mut tables = self.lock();
        let known = tables.models.0.entry(kind).or_default();
        if known.trainings.len() as u64 + 1 != record.number {
            return Ok(Save::Conflict);
        }
        known.live = live.map(|live| LiveModel { judged_at: record.at, ..live.clone() });
        known.trainings.push(record.clone());
        Ok(Save::Saved)
    }

    async fn trainings(
        &self,
        kind: ModelKind,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<TrainingRecord>, StoreError> {
        let tables = self.lock();
        let all = tables.models.0.get(&kind).map(|known| known.trainings.as_slice()).unwrap_or_default();
        let earlier = all.iter().rev().filter(|record| before.is_none_or(|before| record.number < before));
        Ok(earlier.take(limit as usize).cloned().collect())
    }
}
