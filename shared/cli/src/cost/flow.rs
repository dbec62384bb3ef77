//! How often the functions run, and how long: a model of polls, batches and calls.
//!
//! A function's time is what it waits for (calls, as many at a time as it makes) and what it computes, on the share of a
//! core that its memory brings. Both are added up, although they overlap: that is too much rather than too little.

use super::measured::Measured;
use super::stack::{
    BATCH_SIZE, CONCURRENCY, CORE_MB, READ_ITEMS, SMALL_MB, STREAM_MB, TREND_BATCH_SIZE, TREND_WINDOW_SECONDS,
};
use beckon_store::tables::DUE_SHARD_COUNT;
use clap::ValueEnum;
use serde::Serialize;

/// How the profiler hears of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Freshness {
    /// Polls: once a second, half a second late on average. What the template deploys
    #[default]
    Standard,
    /// Enhanced fan-out: pushed, some 70 ms late. The template has no parameter for it
    FanOut,
}

impl Freshness {
    /// Seconds between two looks at a shard.
    #[must_use]
    pub const fn seconds(self) -> f64 {
        match self {
            Self::Standard => 1.0,
            Self::FanOut => 0.07,
        }
    }
}

/// Batches a second, and records of one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Batches {
    pub per_second: f64,
    pub records: f64,
}

/// How records that come at random, spread over lanes, become batches: each look at a lane takes what is there, so that
/// of looks as many find something as a Poisson process says; a batch is full at `size`.
pub(crate) fn batches(records_per_second: f64, lanes: f64, look_seconds: f64, size: f64) -> Batches {
    let expected = records_per_second / lanes * look_seconds;
    // `exp_m1` keeps its precision where next to nothing comes.
    let looks = lanes / look_seconds * -(-expected).exp_m1();
    let per_second = looks.max(records_per_second / size);
    let records = if per_second > 0.0 { (records_per_second / per_second).max(1.0) } else { 1.0 };
    Batches { per_second, records }
}

/// The model with its figures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow<'a> {
    pub measured: &'a Measured,
}

impl Flow<'_> {
    /// Milliseconds that computing takes in a function: microseconds of a whole core by what the function has of one.
    pub fn computing_ms(&self, core_us: f64, memory_mb: f64) -> f64 {
        let share = (memory_mb / CORE_MB).min(1.0) * self.measured.assumed.cloud_core.value;
        core_us / 1_000.0 / share
    }

    pub fn calls_us(&self, calls: f64) -> f64 {
        let assumed = &self.measured.assumed;
        assumed.invocation_us.value + calls * assumed.call_us.value
    }

    /// Milliseconds of the profiler for a batch, each record of somebody else: all are read, then each is written and
    /// its signals are put, some at a time.
    pub fn profiler_ms(&self, records: f64, events_per_record: f64) -> f64 {
        let (assumed, timed) = (&self.measured.assumed, &self.measured.timed);
        let reads = (records / READ_ITEMS).max(1.0);
        let rounds = (records / CONCURRENCY).max(1.0);
        let waiting =
            reads * assumed.table_ms.value + rounds * (assumed.table_ms.value + assumed.put_ms.value);
        let core_us = self.calls_us(reads + 2.0 * records) + records * events_per_record * timed.event_us;
        waiting + self.computing_ms(core_us, STREAM_MB)
    }

    /// Milliseconds of a function that settles the records of a batch one after the other.
    pub fn one_by_one_ms(&self, records: f64, calls_per_record: f64) -> f64 {
        let calls = records * calls_per_record;
        let core_us = self.calls_us(calls) + records * self.measured.timed.event_us;
        calls * self.measured.assumed.table_ms.value + self.computing_ms(core_us, STREAM_MB)
    }

    /// Milliseconds of trends for a batch of signals with so many writes.
    pub fn trends_ms(&self, writes: f64) -> f64 {
        let assumed = &self.measured.assumed;
        let reads = (writes / READ_ITEMS).max(1.0);
        let waiting = (reads + (writes / CONCURRENCY).max(1.0)) * assumed.table_ms.value;
        waiting + self.computing_ms(self.calls_us(reads + writes), STREAM_MB)
    }

    /// Milliseconds of the collector for a request.
    pub fn collector_ms(&self) -> f64 {
        self.measured.assumed.put_ms.value + self.computing_ms(self.calls_us(1.0), SMALL_MB)
    }

    /// Milliseconds of decisions for a request: one round of reads, and what was decided is written.
    pub fn decisions_ms(&self) -> f64 {
        2.0 * self.measured.assumed.table_ms.value + self.computing_ms(self.calls_us(2.0), STREAM_MB)
    }

    /// Milliseconds of a run of the cart mailer that finds nothing: each part of the due index is asked, and the rules.
    pub fn idle_mailer_ms(&self) -> f64 {
        let calls = f64::from(DUE_SHARD_COUNT) + 1.0;
        calls * self.measured.assumed.table_ms.value + self.computing_ms(self.calls_us(calls), SMALL_MB)
    }

    /// Milliseconds of what is done about one mail: profile, contact, ledger, suppression, SES.
    pub fn mail_ms(&self) -> f64 {
        let calls = 10.0;
        calls * self.measured.assumed.table_ms.value + self.computing_ms(calls * self.call_us(), SMALL_MB)
    }

    /// Milliseconds of mail feedback for what SES tells.
    pub fn feedback_ms(&self) -> f64 {
        2.0 * self.measured.assumed.table_ms.value + self.computing_ms(self.calls_us(2.0), SMALL_MB)
    }

    fn call_us(&self) -> f64 {
        self.measured.assumed.call_us.value
    }

    /// Records a second that one lane of the profiler can take, in full batches.
    pub fn lane_records_per_second(&self, events_per_record: f64) -> f64 {
        BATCH_SIZE / (self.profiler_ms(BATCH_SIZE, events_per_record) / 1_000.0)
    }

    /// Batches of trends when so many signals come in a second.
    pub fn trend_batches(signals_per_second: f64, shards: f64) -> Batches {
        batches(signals_per_second, shards, TREND_WINDOW_SECONDS, TREND_BATCH_SIZE)
    }
}

/// Records a second that a shard takes.
pub(crate) const SHARD_RECORDS: f64 = 1_000.0;
/// Bytes a second that a shard takes.
pub(crate) const SHARD_BYTES_IN: f64 = 1_048_576.0;
/// Bytes a second that those who poll a shard read of it together.
pub(crate) const SHARD_BYTES_OUT: f64 = 2.0 * SHARD_BYTES_IN;

/// Shards for so many records a second of so many bytes, read by so many who poll, when a share `fill` of each is used.
pub(crate) fn shards(records_per_second: f64, record_bytes: f64, readers: f64, fill: f64) -> f64 {
    let bytes = records_per_second * record_bytes;
    let full = (records_per_second / SHARD_RECORDS).max(bytes / SHARD_BYTES_IN);
    (full.max(bytes * readers / SHARD_BYTES_OUT) / fill).ceil().max(1.0)
}
