//! One item's or one category's part of a batch: fold, write once.

use crate::batch::{Part, failed};
use crate::error::ProcessError;
use crate::process::Trends;
use beckon_batch::panics;
use beckon_recommend::Trend;
use beckon_recommend::popularity::fold;
use beckon_store::objects::FailedEventStore;
use beckon_store::tables::{CatalogStore, ProductStore, Read, Save, TrendKey, Versioned};
use beckon_wire::failed::FailedReason;

/// Attempts to write one trend or list against others, or against answers that never came.
pub(crate) const ATTEMPTS_MAX: u32 = 6;

/// What became of a part.
pub(crate) struct Settled {
    /// The trend as it is stored now; `None` when nothing of the part could be counted.
    pub(crate) trend: Option<Trend>,
    /// Signals kept as failed.
    pub(crate) failed_count: u64,
}

impl<T: CatalogStore + ProductStore, F: FailedEventStore> Trends<T, F> {
    /// Settles a part.
    pub(crate) async fn settle(
        &self,
        part: &mut Part,
        mut stored: Option<Versioned<Trend>>,
    ) -> Result<Settled, ProcessError> {
        let (mut attempts, mut failed_count) = (0, 0);
        loop {
            let before = stored.as_ref().map(|s| &s.state);
            let Some(folded) = panics::caught(|| fold(before, &part.delivered)) else {
                let up_to = |last: usize| fold(before, &part.delivered[..=last]);
                let index = panics::first(part.delivered.len(), up_to);
                let one = part.delivered.remove(index);
                failed_count += self
                    .set_aside(
                        &part.key,
                        &[one],
                        FailedReason::Panicked,
                        "counting the signal panicked: a bug of Beckon",
                    )
                    .await?;
                continue;
            };
            // All of it was counted before. The lists may not know yet.
            let Some(trend) = folded else {
                return Ok(Settled { trend: stored.map(|s| s.state), failed_count });
            };
            match self.tables.save_trend(&part.key, &trend, stored.as_ref().map(|s| s.version)).await {
                Ok(Save::Saved) => return Ok(Settled { trend: Some(trend), failed_count }),
                Ok(Save::Conflict) => {}
                // It may have been written: read again; if it was, the fold finds nothing left to do.
                Err(error) if error.is_transient() && attempts + 1 < ATTEMPTS_MAX => {}
                Err(error) => return Err(error.into()),
            }
            attempts += 1;
            if attempts >= ATTEMPTS_MAX {
                return Err(ProcessError::Contended { attempts });
            }
            stored = self
                .tables
                .load_trends(std::slice::from_ref(&part.key), Read::Strong)
                .await?
                .remove(&part.key);
        }
    }

    /// Keeps signals as failed, and returns how many. A signal is kept for its item alone: a category that cannot count it
    /// says so in the log, because the signal itself is counted, and put again it would count twice.
    pub(crate) async fn set_aside(
        &self,
        key: &TrendKey,
        delivered: &[beckon_recommend::popularity::Delivered],
        reason: FailedReason,
        detail: &str,
    ) -> Result<u64, ProcessError> {
        if matches!(key, TrendKey::Category(_)) {
            tracing::error!(?key, signal.count = delivered.len(), reason = reason.code(), "not counted");
            return Ok(0);
        }
        let now_ms = self.clock.now().as_ms();
        for one in delivered {
            self.keep(&failed(one, reason, detail, now_ms)).await?;
        }
        Ok(delivered.len() as u64)
    }
}
