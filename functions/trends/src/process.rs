//! The use case: a batch of signals becomes new trends, new best sellers, failed events, and the number to go on from.

use crate::batch::{Batch, Part, split};
use crate::error::ProcessError;
use crate::gaps::{self, SeenProducts};
use crate::lists::{Offer, Offers, by_list};
use crate::settle::Settled;
use beckon_batch::{Record, TimeLeft, lower, lowest};
use beckon_domain::Timestamp;
use beckon_domain::mark::SequenceNumber;
use beckon_recommend::Trend;
use beckon_runtime::metrics::{Function, Measures, Metric};
use beckon_runtime::{Clock, Metrics};
use beckon_store::ErrorKind;
use beckon_store::objects::FailedEventStore;
use beckon_store::tables::{CatalogStore, EngagementStore, ProductStore, TrendKey, Versioned, load_each};
use beckon_wire::failed::{FailedEvent, FailedReason};
use futures_util::StreamExt;
use std::sync::Arc;

/// Items and categories settled at the same time, and lists.
pub(crate) const CONCURRENCY: usize = 16;

/// Everything the trends need.
///
/// Marks are right only while each shard has one reader, so its mapping has a ParallelizationFactor of 1: an item stays
/// with one reader in any case, but a category gets signals of all keys of a shard, and a mark of one reader would hide
/// what another has yet to count.
#[derive(Clone)]
pub struct Trends<T, F> {
    /// CatalogTable and ExperimentTable.
    pub tables: T,
    /// Where signals go that can never be counted.
    pub failed: F,
    /// The time.
    pub clock: Clock,
    /// The life of the stream of signals.
    pub epoch: String,
    /// Products whose facts are known to be told.
    pub seen: SeenProducts,
    /// Where it is told what a batch came to.
    pub metrics: Metrics,
}

/// What became of a batch.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// The lowest sequence number that is not done: everything from there on comes again.
    pub failed_from: Option<SequenceNumber>,
    /// Lines in the batch.
    pub line_count: u64,
    /// Items and categories in the batch.
    pub trend_count: usize,
    /// Signals kept as failed.
    pub failed_count: u64,
    /// Trends and lists that nobody began, because the invocation neared its end.
    pub left_count: usize,
}

impl<T: CatalogStore + ProductStore + EngagementStore, F: FailedEventStore> Trends<T, F> {
    /// Counts a batch, and begins nothing new when `deadline` nears. Whatever happens, a sequence number below
    /// [`Outcome::failed_from`] is done: counted, a known repetition, or kept as failed; and the lists know of it.
    pub async fn process(&self, records: &[Record<'_>], deadline: Option<Timestamp>) -> Outcome {
        let now = self.clock.now();
        let time = TimeLeft::of(deadline, now);
        let mut batch = split(records, &self.epoch, now.as_ms());
        let mut outcome =
            Outcome { line_count: batch.line_count, trend_count: batch.parts.len(), ..Outcome::default() };
        self.keep_failed(&batch, records, time, &mut outcome).await;
        self.settle_slots(std::mem::take(&mut batch.slots), time, &mut outcome).await;
        let called = gaps::called(&batch.parts);
        let loaded = self.load(std::mem::take(&mut batch.parts), time, &mut outcome).await;
        let offers = self.settle_all(loaded, time, &mut outcome).await;
        self.update_lists(&offers, time, &mut outcome).await;
        if !time.is_over(self.clock.now()) {
            self.fill_gaps(called).await;
        }
        tracing::info!(
            batch.record_count = records.len(),
            batch.line_count = outcome.line_count,
            batch.trend_count = outcome.trend_count,
            batch.left_count = outcome.left_count,
            event.failed_count = outcome.failed_count,
            batch.complete = outcome.failed_from.is_none(),
            "batch of signals counted"
        );
        let now = self.clock.now();
        self.metrics.tell(&outcome.measures(records, now), now);
        outcome
    }

    async fn keep_failed(
        &self,
        batch: &Batch,
        records: &[Record<'_>],
        time: TimeLeft,
        outcome: &mut Outcome,
    ) {
        for (sequence, failed) in &batch.failed {
            let is_over = time.is_over(self.clock.now());
            let kept = if is_over { Err(ProcessError::OutOfTime) } else { self.keep(failed).await };
            // One without a number can only come again with the whole batch.
            let from = || sequence.clone().or_else(|| lowest(records));
            outcome.failed_count += u64::from(outcome.is_done(kept, from).is_some());
        }
    }

    /// Loads all trends of the batch in one go. One that cannot be read must not take the others with it: then each is
    /// loaded by itself.
    async fn load(
        &self,
        parts: Vec<Part>,
        time: TimeLeft,
        outcome: &mut Outcome,
    ) -> Vec<(Part, Option<Versioned<Trend>>)> {
        if time.is_over(self.clock.now()) {
            parts.iter().for_each(|part| outcome.left(part));
            return Vec::new();
        }
        let keys = parts.iter().map(|part| part.key.clone()).collect();
        let load = |keys: Vec<TrendKey>, read| async move { self.tables.load_trends(&keys, read).await };
        let mut found = match load_each(keys, load, || !time.is_over(self.clock.now())).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(error = ?error, "trends not loaded");
                parts.iter().for_each(|part| outcome.fail_from(part.first_sequence()));
                return Vec::new();
            }
        };
        let mut loaded = Vec::with_capacity(parts.len());
        for part in parts {
            let result = match found.remove(&part.key) {
                Some(Ok(before)) => {
                    loaded.push((part, before));
                    continue;
                }
                Some(Err(error)) if error.kind == ErrorKind::Corrupt => {
                    tracing::error!(error = ?error, trend = ?part.key, "trend cannot be read");
                    let detail = "the stored trend cannot be read";
                    self.set_aside(&part.key, &part.delivered, FailedReason::CorruptTrend, detail).await
                }
                Some(Err(error)) => Err(error.into()),
                None => Err(ProcessError::OutOfTime),
            };
            let failed_count = outcome.is_done(result, || part.first_sequence());
            outcome.failed_count += failed_count.unwrap_or_default();
        }
        loaded
    }

    /// Settles every part. Returns how the items stand that are settled.
    async fn settle_all(
        &self,
        loaded: Vec<(Part, Option<Versioned<Trend>>)>,
        time: TimeLeft,
        outcome: &mut Outcome,
    ) -> Offers {
        let settling = loaded.into_iter().map(|(mut part, before)| {
            // Boxed: the nested futures of the AWS client would otherwise exceed what the compiler lays out.
            Box::pin(async move {
                let (first, product) = (part.first_sequence(), part.offered());
                if time.is_over(self.clock.now()) {
                    return (product, first, Err(ProcessError::OutOfTime));
                }
                let settled = self.settle(&mut part, before).await;
                (product, first, settled)
            })
        });
        let mut settled = futures_util::stream::iter(settling).buffer_unordered(CONCURRENCY);
        let mut offers = Vec::new();
        while let Some((product, first, result)) = settled.next().await {
            let Some(Settled { trend, failed_count }) = outcome.is_done(result, || first.clone()) else {
                continue;
            };
            outcome.failed_count += failed_count;
            let strong = trend.filter(|trend| trend.is_offered() || trend.is_rising());
            if let (Some(product), Some(trend)) = (product, strong) {
                offers.push(Arc::new(Offer { product, trend, first }));
            }
        }
        offers
    }

    async fn update_lists(&self, offers: &[Arc<Offer>], time: TimeLeft, outcome: &mut Outcome) {
        if offers.is_empty() {
            return;
        }
        let all_from = || offers.iter().filter_map(|offer| offer.first.clone()).min();
        let loaded = if time.is_over(self.clock.now()) {
            Err(ProcessError::OutOfTime)
        } else {
            self.load_lists(by_list(offers)).await
        };
        let Some(loaded) = outcome.is_done(loaded, all_from) else { return };
        let updating = loaded.into_iter().map(|(key, offers, before)| {
            Box::pin(async move {
                let first = offers.iter().filter_map(|offer| offer.first.clone()).min();
                if time.is_over(self.clock.now()) {
                    return (first, Err(ProcessError::OutOfTime));
                }
                (first, self.update_list(&key, &offers, before).await)
            })
        });
        let mut updated = futures_util::stream::iter(updating).buffer_unordered(CONCURRENCY);
        while let Some((first, result)) = updated.next().await {
            outcome.is_done(result, || first);
        }
    }
}

impl<T, F: FailedEventStore> Trends<T, F> {
    pub(crate) async fn keep(&self, failed: &FailedEvent) -> Result<(), ProcessError> {
        // An alarm counts this line, at whatever level is logged.
        tracing::error!(failed.id = failed.id, failed.reason = failed.reason.code(), "event failed");
        let document = serde_json::to_vec_pretty(failed)?;
        self.failed.keep(&failed.id, failed.reason.code(), document).await?;
        Ok(())
    }
}

impl Outcome {
    /// The metrics of a batch that ended now.
    fn measures(&self, records: &[Record<'_>], now: Timestamp) -> Measures {
        let mut measures = Measures::of(Function::Trends);
        measures.add(Metric::SignalLines, self.line_count);
        measures.add(Metric::SignalsFailed, self.failed_count);
        measures.add(Metric::TrendsLeft, self.left_count as u64);
        if let Some(oldest) = records.iter().filter_map(|record| record.arrived_at).min() {
            measures.set(Metric::SignalRecordAge, now.since(oldest).as_ms());
        }
        measures
    }

    /// What a step gave; `None` when it is not done and comes again.
    pub(crate) fn is_done<R>(
        &mut self,
        result: Result<R, ProcessError>,
        from: impl FnOnce() -> Option<SequenceNumber>,
    ) -> Option<R> {
        match result {
            Ok(value) => return Some(value),
            // Said once, with the batch.
            Err(ProcessError::OutOfTime) => self.left_count += 1,
            Err(error) => {
                tracing::warn!(error = ?error, error.transient = error.is_transient(), "signals not counted");
            }
        }
        self.fail_from(from());
        None
    }

    fn left(&mut self, part: &Part) {
        self.left_count += 1;
        self.fail_from(part.first_sequence());
    }

    fn fail_from(&mut self, sequence: Option<SequenceNumber>) {
        self.failed_from = lower(self.failed_from.take(), sequence);
    }
}
