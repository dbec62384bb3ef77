//! What became of a batch's lines: each has one end. Metrics are told from it.

use crate::batch::Work;
use crate::process::Outcome;
use beckon_batch::Record;
use beckon_domain::fold::Folded;
use beckon_domain::{Profile, Timestamp, packed};
use beckon_runtime::metrics::{Function, Measures, Metric};
use beckon_wire::failed::FailedReason;
use std::collections::BTreeMap;

/// Profiles of a batch whose size is measured: it takes packing them once more.
pub(crate) const WEIGHED_COUNT: usize = 10;

/// The ends of lines, and what was measured on the way. One of a part that is not settled counts what is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Folded into a profile and committed.
    pub applied: u64,
    /// Their id was known.
    pub duplicate: u64,
    /// Below the profile's mark.
    pub redelivered: u64,
    /// Put under the customer's key.
    pub forwarded: u64,
    /// Of a person who was erased.
    pub kept_out: u64,
    /// The canary's. No metric tells them.
    pub canary: u64,
    /// Kept as failed, by reason.
    pub failed: BTreeMap<FailedReason, u64>,
    /// Coming again.
    pub left: u64,
    conflicts: u64,
    latencies_ms: Vec<u64>,
    ages_ms: Vec<u64>,
    profile_bytes: Vec<u64>,
    /// Whether the size of its profile is measured.
    weighs: bool,
}

impl Tally {
    /// An empty one, which measures its profile's size or does not.
    pub(crate) fn weighing(weighs: bool) -> Self {
        Self { weighs, ..Self::default() }
    }

    /// A line was kept as failed.
    pub(crate) fn fail(&mut self, reason: FailedReason) {
        *self.failed.entry(reason).or_default() += 1;
    }

    /// A write met another version than was read.
    pub(crate) const fn conflict(&mut self) {
        self.conflicts += 1;
    }

    /// What a fold proposed is committed now, or there was nothing to commit.
    pub(crate) fn settle(&mut self, folded: &Folded, work: &[Work], now: Timestamp) {
        self.applied += folded.applied.len() as u64;
        self.forwarded += folded.forwards.len() as u64;
        self.duplicate += folded.passed.duplicate;
        self.redelivered += folded.passed.redelivered;
        self.kept_out += folded.passed.kept_out;
        self.canary += folded.passed.canary;
        for applied in &folded.applied {
            let Some(Work { item, .. }) = work.get(applied.index) else { continue };
            self.latencies_ms.push(now.since(item.event.received_at).as_ms());
            self.ages_ms.push(now.since(item.event.occurred_at).as_ms());
        }
        if folded.changed && self.weighs {
            self.weigh(&folded.profile);
        }
    }

    fn weigh(&mut self, profile: &Profile) {
        self.weighs = false;
        // It was written, so it can be packed.
        self.profile_bytes.extend(packed::pack(profile).map(|bytes| bytes.len() as u64));
    }

    /// Lines kept as failed.
    #[must_use]
    pub fn failed_count(&self) -> u64 {
        self.failed.values().sum()
    }

    /// Lines that have come to an end, and those that come again.
    #[must_use]
    pub fn line_count(&self) -> u64 {
        let passed = self.duplicate + self.redelivered + self.kept_out + self.canary;
        self.applied + self.forwarded + passed + self.failed_count() + self.left
    }

    /// Takes over a part's.
    pub(crate) fn add(&mut self, mut part: Self) {
        self.applied += part.applied;
        self.duplicate += part.duplicate;
        self.redelivered += part.redelivered;
        self.forwarded += part.forwarded;
        self.kept_out += part.kept_out;
        self.canary += part.canary;
        for (reason, count) in part.failed {
            *self.failed.entry(reason).or_default() += count;
        }
        self.left += part.left;
        self.conflicts += part.conflicts;
        self.latencies_ms.append(&mut part.latencies_ms);
        self.ages_ms.append(&mut part.ages_ms);
        self.profile_bytes.append(&mut part.profile_bytes);
    }
}

impl Outcome {
    /// The metrics of a batch that ended now.
    pub(crate) fn measures(&self, records: &[Record<'_>], now: Timestamp) -> Measures {
        let (tally, mut measures) = (&self.tally, Measures::of(Function::Profiler));
        for (metric, count) in [
            (Metric::BatchLines, self.line_count),
            (Metric::EventsApplied, tally.applied),
            (Metric::EventsDuplicate, tally.duplicate),
            (Metric::EventsRedelivered, tally.redelivered),
            (Metric::EventsForwarded, tally.forwarded),
            (Metric::EventsKeptOut, tally.kept_out),
            (Metric::EventsLeft, tally.left),
            (Metric::BatchGap, self.line_count.abs_diff(tally.line_count())),
            (Metric::WriteConflicts, tally.conflicts),
        ] {
            measures.add(metric, count);
        }
        for (reason, count) in &tally.failed {
            measures.add_by(Metric::EventsFailed, reason.code(), *count);
        }
        for (metric, values) in [
            (Metric::EventLatency, &tally.latencies_ms),
            (Metric::EventAge, &tally.ages_ms),
            (Metric::ProfileBytes, &tally.profile_bytes),
        ] {
            values.iter().for_each(|value| measures.value(metric, *value));
        }
        if let Some(oldest) = records.iter().filter_map(|record| record.arrived_at).min() {
            measures.set(Metric::RecordAge, now.since(oldest).as_ms());
        }
        measures
    }
}
