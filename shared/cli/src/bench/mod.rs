//! `beckon bench core`: how long the core takes for one event, part by part, against two yardsticks of the same run;
//! `beckon bench rules`: how long rules take, against the engines that people would use instead; `beckon bench
//! recommend`: how long recommendations take, layer by layer; `beckon bench collect`: how much the collector takes, and what
//! hostile clients cost it; `beckon bench stats`: how often the statistics of experiments are wrong; `beckon
//! bench decide`: what a decision costs, and how long a page waits for it; `beckon bench metrics`: what it costs to tell them;
//! `beckon bench cold`: how long the functions take to start, and how much memory they have.

mod cold;
mod collect;
mod core;
mod decide;
mod log;
mod metrics;
mod peer;
mod recommend;
mod report;
mod rules;
mod stats;
mod timing;

use self::core::{Core, counts_hash};
use crate::error::CliError;
use clap::{Args, Subcommand};
use report::CoreReport;
use serde::Serialize;
use std::any::Any;
use std::path::PathBuf;
use std::time::Instant;
use timing::Timing;

/// Arguments of `beckon bench`.
#[derive(Args, Debug)]
pub struct BenchArgs {
    #[command(subcommand)]
    what: Bench,
}

#[derive(Subcommand, Debug)]
enum Bench {
    /// Reading a line, folding events into a profile, deciding: nanoseconds an event
    Core(CoreArgs),
    /// A rule of four conditions against other engines, and 1,000 rules at once
    Rules(rules::RulesArgs),
    /// A request of eight slots: nanoseconds of the processor, and what a page waits for while the store misbehaves
    Decide(decide::DecideArgs),
    /// A ranking of each layer of recommendations, and how good it is: microseconds
    Recommend(recommend::RecommendArgs),
    /// Requests a second and latency of the collector on this machine, and what slow and hostile clients cost
    Collect(collect::CollectArgs),
    /// From exec to the first request for an invocation, and the memory after it, beside a function that does nothing
    Cold(cold::ColdArgs),
    /// A batch of the profiler with and without its metrics: microseconds
    Metrics(metrics::MetricsArgs),
    /// Experiments whose truth is known, looked at each day: how often a wrong winner is declared
    Stats(stats::StatsArgs),
}

/// Arguments of `beckon bench core`.
#[derive(Args, Debug)]
#[command(after_help = "Build it as it runs on Lambda, and keep the machine quiet:
  cargo run --release --package beckon-cli --bin beckon -- bench core

Times of different runs must not be compared, ratios of one run may be.")]
pub struct CoreArgs {
    /// Events of the synthetic log
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1_000..=2_000_000))]
    pub events: u64,
    /// Rounds; every part is measured once in each, and the median counts
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=101))]
    pub rounds: u32,
    /// What decides the log
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// The same logic in Python, run once a round if it and python3 are there
    #[arg(long, value_name = "FILE", default_value = "tests/peers/core.py")]
    pub python: PathBuf,
    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,
}

/// Measures, and prints what was measured.
///
/// # Errors
/// When the log cannot be made, Python counts something else, the other engines cannot be built and run, an event that the
/// collector acknowledged did not count exactly once, or a function did not start.
pub async fn run(args: BenchArgs) -> Result<(), CliError> {
    match args.what {
        Bench::Core(args) => core(&args),
        Bench::Rules(args) => rules::run(&args),
        Bench::Decide(args) => decide::run(&args),
        Bench::Recommend(args) => recommend::run(&args),
        Bench::Collect(args) => Box::pin(collect::run(args)).await,
        Bench::Cold(args) => Box::pin(cold::run(&args)).await,
        Bench::Metrics(args) => Box::pin(metrics::run(&args)).await,
        Bench::Stats(args) => stats::run(&args),
    }
}

/// Prints what was measured: lines, or one JSON document.
fn tell(report: &(impl Serialize + ToString), as_json: bool) -> Result<(), CliError> {
    if as_json {
        let json = serde_json::to_string_pretty(report);
        crate::say(json.map_err(|e| CliError::caused("the report", &e))?);
    } else {
        crate::say(report.to_string().trim_end());
    }
    Ok(())
}

fn core(args: &CoreArgs) -> Result<(), CliError> {
    let report = measure(args)?;
    tell(&report, args.json)?;
    match &report.python_hash {
        Some(hash) if *hash != report.hash => Err(CliError::failed(
            "Python counted something else: see the hashes above; times cannot be compared",
        )),
        _ => Ok(()),
    }
}

/// What a part has made, to be dropped when it is measured: an interpreter's program is not asked to clean up either.
type Made = Box<dyn Any>;

/// A part that makes nothing which lasts.
fn passing<'a>(work: impl Fn() + 'a) -> Box<dyn Fn() -> Made + 'a> {
    Box::new(move || {
        work();
        Box::new(())
    })
}

fn nanoseconds(event_count: u64, work: impl FnOnce() -> Made) -> f64 {
    let began = Instant::now();
    let made = std::hint::black_box(work());
    let elapsed = began.elapsed();
    drop(made);
    elapsed.as_nanos() as f64 / event_count as f64
}

fn measure(args: &CoreArgs) -> Result<CoreReport, CliError> {
    let core = Core::new(log::make(args.events, args.seed)?)?;
    let (profiles, decided) = core.whole()?;
    let hash = counts_hash(&profiles, &decided);
    let line_bytes = core.log().iter().map(|line| line.text.len()).sum::<usize>() as f64 / args.events as f64;
    type Part<'a> = (&'static str, Box<dyn Fn() -> Made + 'a>);
    let parts: [Part<'_>; 6] = [
        ("serde_json::Value", passing(|| core.value())),
        ("parse", passing(|| core.parse())),
        ("state", Box::new(|| Box::new(core.state()))),
        ("rules", Box::new(|| Box::new(core.rules()))),
        ("whole", Box::new(|| Box::new(core.whole().ok()))),
        ("pack and unpack", passing(|| core.pack())),
    ];
    let mut measured = vec![Vec::new(); parts.len()];
    let program = peer::Program::new(&args.python, core.log())?;
    let mut peers = Vec::new();
    for _ in 0..args.rounds {
        peers.extend(program.as_ref().map(peer::Program::run).transpose()?.flatten());
        for (times, (_, work)) in measured.iter_mut().zip(&parts) {
            times.push(nanoseconds(args.events, work));
        }
    }
    let timings = parts.iter().zip(measured).map(|((name, _), times)| Timing::of(name, times)).collect();
    Ok(CoreReport::new(args, profiles.len(), line_bytes, hash, timings, &peers))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(seed: u64) -> (String, usize) {
        let core = Core::new(log::make(3_000, seed).unwrap()).unwrap();
        let (profiles, decided) = core.whole().unwrap();
        assert_eq!(profiles, core.state(), "parsing before or meanwhile comes to the same");
        assert_eq!(decided.values().sum::<u64>(), 3_000);
        assert!(decided.values().all(|count| *count > 0), "every rule decides something: {decided:?}");
        assert_eq!(profiles.values().map(|p| p.tallies.applied).sum::<u64>(), 3_000);
        (counts_hash(&profiles, &decided), profiles.len())
    }

    #[test]
    fn a_seed_decides_the_log_and_every_event_is_applied() {
        let (hash, profiles) = counted(1);
        assert!((400..800).contains(&profiles), "{profiles}");
        assert_eq!(hash, counted(1).0);
        assert_ne!(hash, counted(2).0);
    }
}
