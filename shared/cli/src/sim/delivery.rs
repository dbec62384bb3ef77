//! Between stream and profiler: the mapping's batches become invocations, and their answers are held against what was done.

use super::book::{EPOCH, Origin, Told, short};
use super::bugs::Bug;
use super::bus::SimBus;
use super::fault::{AGE_GUARDED, Fault};
use super::ground::Notes;
use super::hot::pace::Stream;
use super::ports::{SimFailed, SimStream, SimTables};
use super::shards::Shard;
use super::world::{Ended, Waiting, Work, World};
use aws_lambda_events::event::kinesis::{KinesisEvent, KinesisEventRecord};
use beckon_domain::mark::{SequenceNumber, ShardKey};
use beckon_domain::{DurationMs, ProfileKey, Timestamp};
use beckon_mapping::{Answer, Entry, InvocationId, Step};
use beckon_store::streams::memory::StreamRecord;
use profiler::Profiler;
use std::collections::BTreeMap;

type SimProfiler = Profiler<SimTables, SimStream, SimFailed, SimBus>;

/// How much before its arrival a record may seem to have arrived: `beckon_batch::Record` says why.
const READ_EARLY_MAX: DurationMs = DurationMs::from_ms(900);

impl World {
    /// Whether there is something in a shard that the mapping was not told and may be.
    pub(crate) fn has_unread(&self, shard: &Shard) -> bool {
        shard.has_unread() && self.mapping.is_readable(&shard.name)
    }

    /// The mapping of signals reads its shards, parents first.
    pub(crate) fn read_signals(&mut self) {
        let now = self.now();
        let mut ground = self.net.lock();
        let ground = &mut *ground;
        let mapping = &mut self.reader.mapping;
        for index in 0..ground.signals.shards.list().len() {
            let Some(shard) = ground.signals.shards.get_mut(index) else { continue };
            if shard.read == 0 {
                mapping.open_shard(&shard.name, shard.parents.iter().map(String::as_str));
            }
            if !shard.has_unread() || shard.read_at > now || !mapping.is_readable(&shard.name) {
                continue;
            }
            for place in &shard.log[shard.read..] {
                let logged = ground.signals.log.get(*place);
                if let Some(entry) = logged.and_then(|logged| entry(*place, &logged.record)) {
                    mapping.push(&shard.name, entry, now);
                }
            }
            shard.were_read(|name| mapping.close_shard(name));
            let soonest = if ground.pace.is_some() { 1_000 } else { 100 };
            shard.read_at = now + DurationMs::from_ms(ground.dice.between(soonest, 1_000));
        }
    }

    /// The mapping reads the shards that it may read, each about once a second.
    pub(crate) fn read(&mut self) {
        let now = self.now();
        let mut ground = self.net.lock();
        let ground = &mut *ground;
        for index in 0..ground.shards.list().len() {
            let Some(shard) = ground.shards.get_mut(index) else { continue };
            if !shard.parents.is_empty() && shard.read == 0 {
                // Parents first, unless this run reads children early. Opening a shard again changes nothing.
                let parents = if self.early { Vec::new() } else { shard.parents.clone() };
                self.mapping.open_shard(&shard.name, parents.iter().map(String::as_str));
            }
            if !shard.has_unread() || shard.read_at > now || !self.mapping.is_readable(&shard.name) {
                continue;
            }
            if self.early && shard.read == 0 && !shard.parents.is_empty() {
                ground.faults.add(Fault::EarlyChild);
            }
            for place in &shard.log[shard.read..] {
                if let Some(entry) =
                    ground.book.log.get(*place).and_then(|logged| entry(*place, &logged.record))
                {
                    self.mapping.push(&shard.name, entry, now);
                }
            }
            shard.were_read(|name| self.mapping.close_shard(name));
            // A shard that lags: its child is beside it for a while.
            let pause = if self.early && ground.dice.chance(200) { 30_000 } else { 1_000 };
            let soonest = if ground.pace.is_some() { 1_000 } else { 100 };
            shard.read_at = now + DurationMs::from_ms(ground.dice.between(soonest, pause));
        }
    }

    /// What the mapping decides is done.
    pub(crate) fn invoke(&mut self) {
        let now = self.now();
        while let Some(step) = self.mapping.next(now) {
            let invocation = match step {
                Step::Invoke(invocation) => invocation,
                Step::Discard(discarded) => {
                    discarded.entries.iter().for_each(|entry| self.discarded(entry.record));
                    continue;
                }
            };
            let records = invocation.batch.records;
            if self.net.lock().strikes(Fault::NotInvoked) {
                self.mapping.complete(invocation.id, &Answer::NotInvoked, now);
                continue;
            }
            if self.net.lock().strikes(Fault::DoubleDelivery) {
                self.deliver(None, records.clone(), None);
            }
            if !self.delivered.is_empty() && self.net.lock().strikes(Fault::OldDelivery) {
                self.deliver_old();
            }
            let doomed = self.ends_its_function(&records);
            self.deliver(Some(invocation.id), records, doomed);
        }
    }

    /// A batch with a record that ends its function: after so many turns.
    fn ends_its_function(&self, records: &[usize]) -> Option<u64> {
        let mut ground = self.net.lock();
        let ends = |place: &usize| ground.book.log.get(*place).is_some_and(|r| r.origin == Origin::Killer);
        let is_doomed = records.iter().any(ends);
        // Before it can write: what was applied by a function that ends then would be applied and given up.
        is_doomed.then(|| if ground.dice.chance(900) { 0 } else { ground.dice.below(3) })
    }

    /// Records that are done come again: some of them, in any order, at any time.
    fn deliver_old(&mut self) {
        let mut ground = self.net.lock();
        let mut records = ground.dice.pick(&self.delivered).cloned().unwrap_or_default();
        for left in (1..records.len()).rev() {
            let other = ground.dice.index(left + 1);
            records.swap(left, other);
        }
        let count = ground.dice.index(records.len()) + 1;
        drop(ground);
        records.truncate(count);
        self.deliver(None, records, None);
    }

    /// Invokes the profiler.
    pub(crate) fn deliver(
        &mut self,
        invocation: Option<InvocationId>,
        records: Vec<usize>,
        doomed: Option<u64>,
    ) {
        let doomed = doomed.or_else(|| self.ends_its_function(&records));
        let ground = self.net.lock();
        let given: Vec<StreamRecord> = records
            .iter()
            .filter_map(|place| ground.book.log.get(*place))
            .map(|r| r.record.clone())
            .collect();
        let given = given.into_iter().map(|mut record| {
            record.shard = ground.book.shard_name(&record.shard).to_owned();
            record
        });
        let mut given: Vec<StreamRecord> = given.collect();
        let again = records.iter().filter_map(|place| ground.book.log.get(*place));
        let again = again.filter(|logged| logged.origin == Origin::Redriven);
        let again = again.filter_map(|logged| ProfileKey::parse(&logged.record.partition_key).ok()).collect();
        drop(ground);
        if self.bug == Bug::MergeTwice {
            let fresh = self.net.lock().call_count;
            given.iter_mut().for_each(|record| rename_merges(record, fresh));
        }
        let shard = given.first().map(|record| ShardKey::new(EPOCH, &record.shard));
        let (profiler, bug) = (self.profiler.clone(), self.bug);
        let hurry = self.net.lock().strikes(Fault::Deadline);
        let given_ms = self.net.lock().dice.between(20, 4_000);
        let deadline = hurry.then(|| self.now() + DurationMs::from_ms(given_ms));
        let net = self.net.clone();
        let call = async move {
            net.compute(|pace, _| pace.reading(line_count(&given))).await;
            let failures = Box::pin(invocation_of(&profiler, given, deadline, bug)).await;
            net.compute(|pace, notes| pace.calling(notes.calls)).await;
            Ended::Answered(failures)
        };
        self.start(Work::Batch { invocation, records }, doomed, Box::pin(call));
        if let Some(task) = self.tasks.last_mut() {
            task.notes.basis.shard = shard;
            task.notes.redriven = again;
            // Whom the deadline leaves is nobody's fault.
            task.notes.shared = hurry;
        }
    }

    /// An invocation has ended.
    pub(crate) fn delivered(
        &mut self,
        invocation: Option<InvocationId>,
        records: Vec<usize>,
        notes: &Notes,
        ended: Ended,
    ) {
        let answer = match ended {
            Ended::Answered(failures) => Answer::Returned(failures),
            _ => {
                // The next invocation begins cold.
                self.profiler.rulesets = beckon_store::ruleset::ActiveRuleset::default();
                Answer::FunctionError
            }
        };
        if let Answer::Returned(failures) = &answer {
            self.check_progress(&records, notes);
            if invocation.is_some() {
                self.check_done(&records, failures);
            }
        }
        let Some(id) = invocation else { return };
        let now = self.now();
        let completed = self.mapping.complete(id, &answer, now);
        self.net.lock().note_invoked(Stream::Events, &records, &completed, now);
        if completed.done_count > 0 {
            self.delivered.push(records[..completed.done_count].to_vec());
        }
        for entry in completed.discarded.into_iter().flat_map(|discarded| discarded.entries) {
            self.discarded(entry.record);
        }
    }

    /// The mapping has given a record up.
    fn discarded(&mut self, place: usize) {
        let mut ground = self.net.lock();
        let now = self.now();
        let Some(logged) = ground.book.log.get_mut(place) else { return };
        if logged.origin != Origin::Killer {
            let age_ms = now.since(logged.record.arrived_at).as_ms();
            let what = || format!("record {place} was given up {age_ms} ms old, and it ends no function");
            return ground.book.violated(what);
        }
        logged.failed = 1;
        self.keep_discarded(&logged.record);
        ground.count(Fault::Killer);
        let at = ground.clock.now() + DurationMs::from_ms(ground.dice.between(1_000, 600_000));
        if ground.dice.chance(700) {
            drop(ground);
            self.wait(at, Waiting::Redrive(place));
        }
    }

    /// What is not reported is done.
    fn check_done(&self, records: &[usize], failures: &[Option<String>]) {
        let mut ground = self.net.lock();
        let number = |place: &usize| ground.book.log.get(*place).map(|r| r.record.sequence.as_str());
        let reported = |place: &usize| failures.iter().any(|f| f.as_deref() == number(place));
        let done = records.iter().take_while(|place| !reported(place));
        let undone = done.into_iter().find(|place| !ground.book.is_done(**place)).copied();
        if let Some(place) = undone {
            ground.book.violated(|| format!("record {place} was answered as done and is not"));
        }
    }

    /// A profile that nothing struck is settled, whatever became of others.
    fn check_progress(&self, records: &[usize], notes: &Notes) {
        if notes.shared {
            return;
        }
        let now = self.now();
        let mut ground = self.net.lock();
        let book = &mut ground.book;
        let nears_its_end = |key: &str| {
            let of_key = records.iter().filter_map(|place| book.log.get(*place));
            let mut of_key = of_key.filter(|logged| logged.record.partition_key == key);
            self.profiler.record_age_max.is_some()
                && of_key.any(|logged| now.since(logged.record.arrived_at - READ_EARLY_MAX) >= AGE_GUARDED)
        };
        let lags = records.iter().find_map(|place| {
            let logged = book.log.get(*place)?;
            // What reaches that age between its read and its write is left for the next delivery.
            if nears_its_end(&logged.record.partition_key) {
                return None;
            }
            let key = ProfileKey::parse(&logged.record.partition_key).ok()?;
            let is_struck = |key: &ProfileKey| {
                notes.struck.contains(key) || notes.conflicts.get(key).is_some_and(|n| *n >= 5)
            };
            // A merge record that comes to a tombstone takes its visitor along, whose write may be struck.
            let of_key = records.iter().filter_map(|place| book.log.get(*place));
            let of_key = of_key.filter(|other| other.record.partition_key == logged.record.partition_key);
            let mut visitors = of_key.flat_map(|logged| &logged.told).filter_map(Told::merged);
            let excused = is_struck(&key) || visitors.any(is_struck);
            (!excused && !book.is_done(*place)).then_some(key)
        });
        if let Some(key) = lags {
            book.violated(|| format!("{}: nothing struck it, and its events were left", short(&key)));
        }
    }
}

fn entry(place: usize, record: &StreamRecord) -> Option<Entry<usize>> {
    Some(Entry {
        sequence: SequenceNumber::parse(&record.sequence)?,
        partition_key: record.partition_key.clone(),
        bytes: record.data.len(),
        arrived_at: record.arrived_at,
        record: place,
    })
}

/// Lines of these records.
pub(crate) fn line_count(records: &[StreamRecord]) -> usize {
    records.iter().map(|record| record.data.split(|byte| *byte == b'\n').count()).sum()
}

pub(crate) fn event(records: &[StreamRecord]) -> KinesisEvent {
    let mut event = KinesisEvent::default();
    for record in records {
        let mut entry = KinesisEventRecord::default();
        entry.event_id = Some(format!("{}:{}", record.shard, record.sequence));
        entry.kinesis.sequence_number.clone_from(&record.sequence);
        entry.kinesis.partition_key.clone_from(&record.partition_key);
        entry.kinesis.data.0.clone_from(&record.data);
        let seconds = serde_json::json!(record.arrived_at.as_ms() as f64 / 1_000.0);
        entry.kinesis.approximate_arrival_timestamp = serde_json::from_value(seconds).unwrap_or_default();
        event.records.push(entry);
    }
    event
}

async fn handle(
    profiler: &SimProfiler,
    records: &[StreamRecord],
    deadline: Option<Timestamp>,
) -> Vec<Option<String>> {
    let response = profiler::handle(profiler, event(records), deadline).await;
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

/// One invocation: Beckon's, or a known-bad variant of it.
async fn invocation_of(
    profiler: &SimProfiler,
    records: Vec<StreamRecord>,
    deadline: Option<Timestamp>,
    bug: Bug,
) -> Vec<Option<String>> {
    let pieces: Vec<Vec<StreamRecord>> = match bug {
        Bug::ContinuePastFailure => records.iter().map(|record| vec![record.clone()]).collect(),
        Bug::ReportHighest | Bug::StopAtFirst => by_key(&records),
        _ => return if_reported(handle(profiler, &records, deadline).await, bug),
    };
    let mut failures: Vec<SequenceNumber> = Vec::new();
    let mut stopped = false;
    for piece in &pieces {
        if stopped {
            failures.extend(piece.first().and_then(|record| SequenceNumber::parse(&record.sequence)));
            continue;
        }
        let failed = handle(profiler, piece, deadline).await;
        failures.extend(failed.into_iter().flatten().filter_map(|number| SequenceNumber::parse(&number)));
        stopped = bug == Bug::StopAtFirst && !failures.is_empty();
    }
    let reported = if bug == Bug::ReportHighest { failures.iter().max() } else { failures.iter().min() };
    reported.map(|number| Some(number.to_string())).into_iter().collect()
}

fn if_reported(failures: Vec<Option<String>>, bug: Bug) -> Vec<Option<String>> {
    if bug == Bug::ReportNone { Vec::new() } else { failures }
}

fn by_key(records: &[StreamRecord]) -> Vec<Vec<StreamRecord>> {
    let mut pieces: BTreeMap<&str, Vec<StreamRecord>> = BTreeMap::new();
    for record in records {
        pieces.entry(&record.partition_key).or_default().push(record.clone());
    }
    pieces.into_values().collect()
}

fn rename_merges(record: &mut StreamRecord, fresh: u64) {
    let text =
        String::from_utf8_lossy(&record.data).replace("\"id\":\"merge:", &format!("\"id\":\"merge-{fresh}:"));
    record.data = text.into_bytes();
}
