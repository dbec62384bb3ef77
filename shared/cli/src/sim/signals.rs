//! The stream of signals and the trends behind it: the same faults, and laws of its own.
//!
//! Nothing is lost: each product event that a profile applied is counted for its product and its category. Nothing is
//! counted twice but what the bound allows: a signal that comes again after more than 64 others of its product. And the
//! best sellers are those that the trends say. What goes with what is in [`super::pairs`].

use super::fault::Fault;
use super::ground::{Basis, Ground};
use super::hot::pace::Stream;
use super::oracle::Oracle;
use super::pairs;
use super::ports::{SimFailed, SimTables};
use super::shards::Shards;
use super::world::{Ended, Work, World};
use crate::CliError;
use beckon_domain::DurationMs;
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_mapping::{Answer, InvocationId, Mapping, Options, Step};
use beckon_recommend::policy::RECENT_COUNT_MAX;
use beckon_recommend::{BestSellers, Signal, SignalId, SignalKind, Trend};
use beckon_store::streams::NewRecord;
use beckon_store::streams::memory::StreamRecord;
use beckon_store::tables::{CatalogScan, CatalogStore, ListKey, Read, TrendKey};
use beckon_wire::signal::SignalLine;
use futures_util::FutureExt;
use std::collections::BTreeMap;
use std::sync::Arc;
use trends::Trends;

/// The life of the stream of signals.
pub(crate) const EPOCH: &str = "signals";

/// A record of the stream of signals, and what it says.
pub(crate) struct LoggedSignals {
    pub(crate) record: StreamRecord,
    pub(super) lines: Vec<(Position, Signal)>,
    /// What it was folded from.
    pub(super) basis: Arc<Basis>,
}

/// The stream of signals.
pub(crate) struct SignalStream {
    pub(crate) shards: Shards,
    pub(crate) log: Vec<LoggedSignals>,
}

/// Who reads it.
pub(crate) struct Reader {
    pub(crate) trends: Trends<SimTables, SimFailed>,
    pub(crate) mapping: Mapping<usize>,
    /// Batches that are done: what may come again.
    pub(crate) delivered: Vec<Vec<usize>>,
}

/// Records enter the stream of signals.
pub(crate) fn land(ground: &mut Ground, records: Vec<NewRecord>, basis: &Basis) {
    let (now, basis) = (ground.clock.now(), Arc::new(basis.clone()));
    for record in records {
        let placed = ground.signals.shards.place(record, super::book::Origin::Beckon, now);
        let (record, index) = (placed.record, ground.signals.log.len());
        let text = String::from_utf8_lossy(&record.data).into_owned();
        let mut lines = Vec::new();
        for (offset, text) in (0_u32..).zip(text.split('\n')) {
            let sequence = SequenceNumber::parse(&record.sequence);
            match (SignalLine::parse(text, &record.partition_key), sequence) {
                (Ok(signal), Some(sequence)) => {
                    let shard = ShardKey::new(EPOCH, &record.shard);
                    lines.push((Position { shard, sequence, offset }, signal));
                }
                _ => ground.book.violated(|| "a signal was put that cannot be read".to_owned()),
            }
        }
        ground.signals.log.push(LoggedSignals { record, lines, basis: basis.clone() });
        ground.trace.mix(0x6000 + placed.shard as u64);
        if let Some(shard) = ground.signals.shards.get_mut(placed.shard) {
            shard.log.push(index);
        }
    }
}

impl Reader {
    /// A reader of a stream from its beginning.
    pub(crate) fn new(trends: Trends<SimTables, SimFailed>) -> Result<Self, CliError> {
        let options = Options {
            maximum_batching_window_in_seconds: 30,
            report_batch_item_failures: true,
            bisect_batch_on_function_error: true,
            backoff: DurationMs::from_secs(1),
            ..Options::default()
        };
        let mapping =
            Mapping::new(options).map_err(|e| CliError::caused("the simulation's mapping of signals", &e))?;
        Ok(Self { trends, mapping, delivered: Vec::new() })
    }
}

impl World {
    /// What the mapping of signals decides is done.
    pub(crate) fn invoke_trends(&mut self) {
        let now = self.now();
        while let Some(step) = self.reader.mapping.next(now) {
            let invocation = match step {
                Step::Invoke(invocation) => invocation,
                Step::Discard(_) => {
                    return self.net.lock().book.violated(|| "signals were given up".to_owned());
                }
            };
            let records = invocation.batch.records;
            if self.net.lock().strikes(Fault::NotInvoked) {
                self.reader.mapping.complete(invocation.id, &Answer::NotInvoked, now);
                continue;
            }
            if self.net.lock().strikes(Fault::DoubleDelivery) {
                self.count_signals(None, records.clone());
            }
            let mut ground = self.net.lock();
            if !self.reader.delivered.is_empty() && ground.strikes(Fault::OldDelivery) {
                let old = ground.dice.pick(&self.reader.delivered).cloned().unwrap_or_default();
                drop(ground);
                self.count_signals(None, old);
            } else {
                drop(ground);
            }
            self.count_signals(Some(invocation.id), records);
        }
    }

    /// Invokes the trends.
    fn count_signals(&mut self, invocation: Option<InvocationId>, records: Vec<usize>) {
        let ground = self.net.lock();
        let given = records.iter().filter_map(|place| ground.signals.log.get(*place));
        let given: Vec<StreamRecord> = given.map(|logged| logged.record.clone()).collect();
        drop(ground);
        let (trends, net) = (self.reader.trends.clone(), self.net.clone());
        let call = async move {
            net.compute(|pace, _| pace.reading(super::delivery::line_count(&given))).await;
            let response = trends::handle(&trends, super::delivery::event(&given), None).await;
            net.compute(|pace, notes| pace.calling(notes.calls)).await;
            let failures = response.batch_item_failures.into_iter();
            Ended::Answered(failures.map(|failure| failure.item_identifier).collect())
        };
        self.start(Work::Signals { invocation, records }, None, Box::pin(call));
    }

    /// An invocation of the trends has ended.
    pub(crate) fn signals_counted(
        &mut self,
        invocation: Option<InvocationId>,
        records: &[usize],
        ended: Ended,
    ) {
        let Some(id) = invocation else { return };
        let answer = match ended {
            Ended::Answered(failures) => Answer::Returned(failures),
            _ => Answer::FunctionError,
        };
        let now = self.now();
        let completed = self.reader.mapping.complete(id, &answer, now);
        self.net.lock().note_invoked(Stream::Signals, records, &completed, now);
        if completed.done_count > 0 {
            self.reader.delivered.push(records[..completed.done_count].to_vec());
        }
        if completed.discarded.is_some() {
            self.net.lock().book.violated(|| "signals were given up".to_owned());
        }
    }

    /// Where the trends are not what the stream of signals and the profiles say.
    pub(crate) fn trends_violation(&self, oracle: &Oracle) -> Option<String> {
        let undone = self.reader.mapping.undone().count();
        if undone > 0 {
            return Some(format!("at the end {undone} records of signals wait"));
        }
        let scanned = self.tables.inner.scan_trends().now_or_never().and_then(Result::ok);
        let trends: BTreeMap<TrendKey, Trend> = scanned.unwrap_or_default().into_iter().collect();
        let ground = self.net.lock();
        let log = &ground.signals.log;
        if let Some(violation) = pairs::untold(oracle, &ground.book, log) {
            return Some(violation);
        }
        let mut lines: BTreeMap<TrendKey, Vec<&(Position, Signal)>> = BTreeMap::new();
        for line in log.iter().flat_map(|logged| &logged.lines) {
            lines.entry(TrendKey::Item(line.1.product.clone())).or_default().push(line);
            if let Some(category) = line.1.category.clone().filter(|_| line.1.kind != SignalKind::Next) {
                lines.entry(TrendKey::Category(category)).or_default().push(line);
            }
        }
        lines.iter().find_map(|(key, lines)| misfit(key, lines, trends.get(key))).or_else(|| {
            let list = self.tables.inner.best_sellers(&[ListKey::Store], Read::Strong).now_or_never();
            let list = list.and_then(Result::ok).and_then(|mut lists| lists.remove(&ListKey::Store));
            let list = list.map(|list| list.state).unwrap_or_default();
            let mut expected = BestSellers::default();
            for (key, trend) in trends.iter().filter(|(_, trend)| trend.is_offered()) {
                if let TrendKey::Item(product) = key {
                    expected.offer(product, trend);
                }
            }
            // What was strong once fades where it stands.
            let told = |list: &BestSellers| {
                let strong =
                    list.iter().filter(|seller| expected.iter().any(|e| e.product() == seller.product()));
                strong.map(|s| (s.product().clone(), s.as_of(), s.counted())).collect::<Vec<_>>()
            };
            (told(&list) != told(&expected))
                .then(|| "the best sellers are not those that the trends say".to_owned())
        })
    }
}

/// Where a trend is not what its lines say: each is covered by a mark, each signal is counted, and none twice that came
/// again soon.
fn misfit(key: &TrendKey, lines: &[&(Position, Signal)], trend: Option<&Trend>) -> Option<String> {
    let Some(trend) = trend else { return Some(format!("{key:?} has no trend")) };
    if let Some((position, _)) = lines.iter().find(|(position, _)| !trend.is_counted(position)) {
        return Some(format!("{key:?}: {} is not counted", position.sequence));
    }
    let mut last_seen: BTreeMap<SignalId, usize> = BTreeMap::new();
    let (mut excess, mut places) = (0, [0; 2]);
    // Shards are read beside each other, so only part of the memory is what can be relied on here: a product has one shard at
    // a time, a category has all.
    let relied = RECENT_COUNT_MAX / if matches!(key, TrendKey::Item(_)) { 2 } else { 8 };
    for (_, signal) in lines {
        // What was looked at next is remembered apart.
        let place = &mut places[usize::from(signal.kind == SignalKind::Next)];
        *place += 1;
        let before = last_seen.insert(signal.id, *place);
        excess += u64::from(before.is_some_and(|before| *place - before > relied));
    }
    let (counted, distinct) = (trend.totals().all(), last_seen.len() as u64);
    if excess == 0
        && let Some(violation) = pairs::misfit(key, lines, trend)
    {
        return Some(violation);
    }
    let is_right = (distinct..=distinct + excess).contains(&counted);
    (!is_right).then(|| format!("{key:?}: {counted} counted, {distinct} told, {excess} of them late again"))
}
