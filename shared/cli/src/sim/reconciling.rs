//! Reconciliation at the end of a run: whatever failed, was repeated, forwarded, merged, set aside or erased, the archive's lines
//! came to their end.

use super::script::START;
use super::world::World;
use futures_util::FutureExt;
use trainer::{HourStatus, Hours, Reconciler};

impl World {
    /// An hour that does not balance. Asked before the last sweep takes lines out.
    pub(crate) fn reconcile_violation(&self) -> Option<String> {
        let reconciler = Reconciler {
            tables: self.tables.inner.clone(),
            archive: self.archive.clone(),
            failed: self.failed.clone(),
            clock: self.profiler.clock.clone(),
        };
        let hours = Hours::between(START, self.now())?;
        let Some(Ok(reports)) = reconciler.run(hours, None).now_or_never() else {
            return Some("the hours could not be reconciled".to_owned());
        };
        let wrong =
            reports.iter().find(|report| matches!(report.status, HourStatus::Gap | HourStatus::Cut))?;
        Some(format!("reconciliation: {wrong:?}"))
    }
}
