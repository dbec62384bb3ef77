//! `beckon bench metrics`: what it costs the profiler to tell its metrics, beside applying a batch.
//!
//! Two profilers on tables in memory take the same batches in turn; one tells lines of the embedded metric format to nobody.

use super::log::{self, LogLine};
use crate::error::CliError;
use beckon_batch::Record;
use beckon_domain::Timestamp;
use beckon_runtime::Clock;
use beckon_runtime::metrics::{Metrics, lines};
use beckon_store::bus::memory::MemoryBus;
use beckon_store::objects::memory::MemoryFailedEvents;
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::streams::memory::MemoryStream;
use beckon_store::tables::memory::MemoryTables;
use clap::Args;
use profiler::Profiler;
use std::hint::black_box;
use std::time::Instant;

/// Events of a batch: one alone, and the template's `BatchSize`.
const BATCH_SIZES: [usize; 2] = [1, 250];
/// Milliseconds that a batch waits for its tables and streams: a read and a write of 4 and a put of 10, which is what
/// `beckon cost` assumes.
const WAITING_MS: f64 = 18.0;
/// When the log's last event has come.
const NOW: Timestamp = Timestamp::from_ms(1_763_900_000_000);

type Memory = Profiler<MemoryTables, MemoryStream, MemoryFailedEvents, MemoryBus>;

/// Arguments of `beckon bench metrics`.
#[derive(Args, Debug)]
#[command(after_help = "Build it as it runs on Lambda, and keep the machine quiet:
  cargo run --release --package beckon-cli --bin beckon -- bench metrics")]
pub struct MetricsArgs {
    /// Events of a round
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1_000..=1_000_000))]
    pub events: u64,
    /// Rounds; both profilers run once in each, and the median counts
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=101))]
    pub rounds: u32,
}

/// Measures, and prints what was measured.
///
/// # Errors
/// When the log cannot be made, or an event was not applied.
pub(super) async fn run(args: &MetricsArgs) -> Result<(), CliError> {
    let log = log::make(args.events, 1)?;
    let sequences: Vec<String> = (1..=log.len()).map(|number| number.to_string()).collect();
    crate::say(
        "a batch of events, microseconds of the processor   silent    telling      more  of the handler",
    );
    for size in BATCH_SIZES {
        let (mut silent, mut telling) = (Vec::new(), Vec::new());
        for _ in 0..args.rounds {
            silent.push(round(&log, &sequences, size, Metrics::default()).await?);
            telling.push(round(&log, &sequences, size, told_to_nobody()).await?);
        }
        let (silent, telling) = (median(silent), median(telling));
        let more = telling - silent;
        let share = more / (telling + WAITING_MS * 1_000.0) * 100.0;
        crate::say(format_args!("{size:>17}{silent:>40.1}{telling:>11.1}{more:>10.1}{share:>14.2} %"));
    }
    crate::say(format_args!(
        "the handler: the processor's time, and {WAITING_MS} ms of waiting for tables and streams"
    ));
    crate::say("goal: less than 2 % of the handler's time");
    Ok(())
}

fn told_to_nobody() -> Metrics {
    Metrics::to(|measures, at| _ = black_box(lines(measures, "Beckon/bench", at)))
}

/// Applies the log batch by batch, with nothing known before. Returns microseconds of a batch.
async fn round(
    log: &[LogLine],
    sequences: &[String],
    size: usize,
    metrics: Metrics,
) -> Result<f64, CliError> {
    let profiler = profiler(metrics);
    let mut records = log.iter().zip(sequences).map(|(line, sequence)| Record {
        shard: "shardId-000000000000",
        sequence,
        partition_key: &line.key,
        data: line.text.as_bytes(),
        arrived_at: Some(NOW),
    });
    let (mut batch_count, began) = (0_u32, Instant::now());
    loop {
        let batch: Vec<Record<'_>> = records.by_ref().take(size).collect();
        if batch.is_empty() {
            break;
        }
        let outcome = profiler.process(&batch, None).await;
        if outcome.tally.applied != batch.len() as u64 {
            return Err(CliError::failed(format!("not every event was applied: {:?}", outcome.failed_from)));
        }
        // What was put would fill the memory.
        drop((profiler.signals.take(), profiler.stream.take()));
        batch_count += 1;
    }
    Ok(began.elapsed().as_secs_f64() * 1e6 / f64::from(batch_count.max(1)))
}

fn profiler(metrics: Metrics) -> Memory {
    let stream = || MemoryStream::new(1, || NOW, || ());
    Profiler {
        tables: MemoryTables::default(),
        stream: stream(),
        signals: stream(),
        failed: MemoryFailedEvents::default(),
        bus: MemoryBus::default(),
        rulesets: ActiveRuleset::default(),
        clock: Clock::manual(NOW).0,
        epoch: "bench".to_owned(),
        record_age_max: None,
        fold: beckon_domain::fold::fold,
        metrics,
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}
