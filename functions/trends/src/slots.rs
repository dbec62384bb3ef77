//! One slot's day of a batch: read, fold, write once, as an item's trend is settled.

use crate::error::ProcessError;
use crate::process::{CONCURRENCY, Outcome, Trends};
use crate::settle::ATTEMPTS_MAX;
use beckon_batch::lines::failed_line;
use beckon_batch::{TimeLeft, panics};
use beckon_domain::mark::SequenceNumber;
use beckon_recommend::engagement::{SlotDay, SlotSignal, fold};
use beckon_recommend::popularity::Delivered;
use beckon_store::ErrorKind;
use beckon_store::objects::FailedEventStore;
use beckon_store::tables::{EngagementStore, Read, Save};
use beckon_wire::failed::{FailedReason, StreamName};
use beckon_wire::slot_signal::{SlotLine, partition_key};
use futures_util::StreamExt;

/// What of a batch one slot gets of one day, in stream order.
#[derive(Clone, Debug)]
pub(crate) struct SlotPart {
    /// The slot and the day.
    pub(crate) of: SlotDay,
    /// Its signals.
    pub(crate) delivered: Vec<Delivered<SlotSignal>>,
}

impl SlotPart {
    fn first_sequence(&self) -> Option<SequenceNumber> {
        self.delivered.iter().map(|one| &one.position.sequence).min().cloned()
    }
}

impl<T: EngagementStore, F: FailedEventStore> Trends<T, F> {
    /// Settles every slot's part of a batch.
    pub(crate) async fn settle_slots(&self, parts: Vec<SlotPart>, time: TimeLeft, outcome: &mut Outcome) {
        let settling = parts.into_iter().map(|part| {
            // Boxed: the nested futures of the AWS client would otherwise exceed what the compiler lays out.
            Box::pin(async move {
                let first = part.first_sequence();
                if time.is_over(self.clock.now()) {
                    return (first, Err(ProcessError::OutOfTime));
                }
                (first, self.settle_slot(part).await)
            })
        });
        let mut settled = futures_util::stream::iter(settling).buffer_unordered(CONCURRENCY);
        while let Some((first, result)) = settled.next().await {
            outcome.failed_count += outcome.is_done(result, || first).unwrap_or_default();
        }
    }

    /// Settles one part. Returns how many signals are kept as failed.
    async fn settle_slot(&self, mut part: SlotPart) -> Result<u64, ProcessError> {
        let (mut attempts, mut failed_count) = (0, 0);
        loop {
            // Strongly: the batch before has just written it.
            let stored = match self.tables.load_slot_day(&part.of, Read::Strong).await {
                Ok(stored) => stored,
                Err(error) if error.kind == ErrorKind::Corrupt => {
                    tracing::error!(error = ?error, slot = %part.of.slot, "a slot's day cannot be read");
                    let detail = "the stored numbers of the slot's day cannot be read";
                    let why = (FailedReason::CorruptTrend, detail);
                    return Ok(failed_count + self.set_slot_aside(&part.delivered, why).await?);
                }
                Err(error) => return Err(error.into()),
            };
            let before = stored.as_ref().map(|stored| &stored.state);
            let Some(folded) = panics::caught(|| fold(before, &part.delivered)) else {
                let up_to = |last: usize| fold(before, &part.delivered[..=last]);
                let one = part.delivered.remove(panics::first(part.delivered.len(), up_to));
                let why = (FailedReason::Panicked, "counting the signal panicked: a bug of Beckon");
                failed_count += self.set_slot_aside(&[one], why).await?;
                continue;
            };
            let Some(row) = folded else { return Ok(failed_count) };
            match self.tables.save_slot_day(&part.of, &row, stored.map(|stored| stored.version)).await {
                Ok(Save::Saved) => return Ok(failed_count),
                Ok(Save::Conflict) => {}
                // It may have been written: read again; if it was, the fold finds nothing left to do.
                Err(error) if error.is_transient() && attempts + 1 < ATTEMPTS_MAX => {}
                Err(error) => return Err(error.into()),
            }
            attempts += 1;
            if attempts >= ATTEMPTS_MAX {
                return Err(ProcessError::Contended { attempts });
            }
        }
    }

    async fn set_slot_aside(
        &self,
        delivered: &[Delivered<SlotSignal>],
        why: (FailedReason, &str),
    ) -> Result<u64, ProcessError> {
        let now_ms = self.clock.now().as_ms();
        for one in delivered {
            let payload = serde_json::to_vec(&SlotLine::from(&one.signal))?;
            let key = partition_key(&one.signal.slot);
            let at = (StreamName::Signals, now_ms);
            self.keep(&failed_line(&one.position, &key, &payload, why, at)).await?;
        }
        Ok(delivered.len() as u64)
    }
}
