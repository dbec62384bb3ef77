//! `beckon sim`: the real functions against a world that fails in bursts, a seed at a time, held against an oracle.
//!
//! A seed decides a script (who does what, and when), the weather (which calls fail), and the schedule (who goes on next).
//! There is no thread, no clock and no socket in a run, so a seed is one run for ever. `world` is the scheduler, `ports`
//! the stores and the stream, `book` the laws that hold after every write, `oracle` what must have come of it, and
//! `bugs` the variants that must be noticed.

mod archive;
mod asking;
mod book;
mod bugs;
mod bus;
mod catalog;
mod codes;
mod delivery;
mod engagement;
mod erasing;
mod experiments;
mod fault;
mod feedback;
mod finish;
mod ground;
mod happen;
pub mod hot;
mod mail_book;
mod mail_bugs;
mod measuring;
mod meddling;
mod oracle;
mod outreach;
mod pairs;
mod pool;
mod ports;
mod post;
mod reconciling;
mod report;
mod returning;
mod rulesets;
mod script;
mod setup;
mod shards;
mod shrink;
mod signals;
mod world;

use crate::error::CliError;
use bugs::{Bug, VARIANTS};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use report::{Caught, Report};
use script::Script;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use world::{Outcome, World};

pub use report::Summary;

/// Arguments of `beckon sim`.
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  beckon sim --seeds 1000      a thousand runs, and how often each fault was injected
  beckon sim --seed 42         one run, twice; if it fails, what of its script it needs
  beckon sim --bugs            known-bad variants, each of which must be noticed
  beckon sim hot               a visitor of 1,000 events a second, and a product with half of all looks

A seed decides everything that happens in its run, on every machine."
)]
pub struct SimArgs {
    /// Something else than seeds
    #[command(subcommand)]
    pub mode: Option<Mode>,
    /// How many seeds to run, from --seed on
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: u64,
    /// The first seed
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Run known-bad variants instead, each until it is noticed
    #[arg(long)]
    pub bugs: bool,
    /// Threads; each runs seeds of its own
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=64))]
    pub threads: u64,
    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,
}

/// Other simulations than seeds.
#[derive(Subcommand, Debug)]
pub enum Mode {
    /// One visitor, or one product, that much of everything comes to: how full its shard and its item become, and who waits
    Hot(hot::HotArgs),
}

/// Runs the simulation.
///
/// # Errors
/// When a law is broken, or a known-bad variant is not noticed.
pub fn run(args: &SimArgs) -> Result<(), CliError> {
    if let Some(Mode::Hot(hot)) = &args.mode {
        return hot::run(hot);
    }
    if args.bugs {
        let caught = find_bugs(args.seed, BUG_SEEDS_MAX)?;
        report::print_bugs(&caught, args.json);
        let missed = caught.iter().filter(|c| !c.was_noticed()).count();
        let total = caught.len();
        return if missed == 0 {
            Ok(())
        } else {
            Err(CliError::failed(format!("{missed} of {total} known-bad variants were not noticed")))
        };
    }
    let bar = progress(args.seeds);
    let summary = simulate_with(args.seed, args.seeds, args.threads, &bar)?;
    bar.finish_and_clear();
    report::print(&summary, args.json);
    match summary.failures.first() {
        None => Ok(()),
        Some(failure) => Err(CliError::failed(format!(
            "{} of {} seeds broke a law; run `beckon sim --seed {}` to see the first again",
            summary.failures.len(),
            summary.seeds,
            failure.seed
        ))),
    }
}

/// Seeds after which a known-bad variant must have been noticed.
pub const BUG_SEEDS_MAX: u64 = 50;

/// Runs seeds on some threads. The first failures are shrunk to what they need.
///
/// # Errors
/// When a run cannot be set up.
pub fn simulate(first: u64, count: u64, threads: u64) -> Result<Summary, CliError> {
    simulate_with(first, count, threads, &ProgressBar::hidden())
}

/// A bar on a terminal; nothing elsewhere.
fn progress(seeds: u64) -> ProgressBar {
    let bar = ProgressBar::new(seeds);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} seeds, {per_sec}, {eta} left") {
        bar.set_style(style);
    }
    bar
}

fn simulate_with(first: u64, count: u64, threads: u64, bar: &ProgressBar) -> Result<Summary, CliError> {
    let began = std::time::Instant::now();
    let next = AtomicU64::new(first);
    let report = Mutex::new(Report::default());
    let end = first.saturating_add(count);
    let work = || -> Result<(), CliError> {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return Ok(());
            }
            let outcome = one(seed, seed.is_multiple_of(TWICE_EVERY) || count == 1)?;
            report.lock().unwrap_or_else(PoisonError::into_inner).add(seed, &outcome);
            bar.inc(1);
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let ended = |worker: std::thread::ScopedJoinHandle<'_, Result<(), CliError>>| {
            worker.join().unwrap_or_else(|_| Err(CliError::failed("a run of the simulation panicked: a bug")))
        };
        workers.into_iter().map(ended).collect::<Result<Vec<()>, CliError>>()
    })?;
    let report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(report.finish(began.elapsed().as_secs_f64()))
}

/// Every so many seeds, one is run twice: it must be the same run.
const TWICE_EVERY: u64 = 16;

/// One seed, and if asked for a second time, to see that it is the same run.
fn one(seed: u64, twice: bool) -> Result<Outcome, CliError> {
    let mut outcome = seed_outcome(seed, script::write(seed), Bug::None)?;
    if twice && outcome.violation.is_none() {
        let again = seed_outcome(seed, script::write(seed), Bug::None)?;
        if again.trace != outcome.trace {
            outcome.violation = Some("two runs of the seed were not the same run".to_owned());
        }
    }
    Ok(outcome)
}

/// One run.
pub(crate) fn seed_outcome(seed: u64, script: Script, bug: Bug) -> Result<Outcome, CliError> {
    Ok(World::new(seed, script, bug)?.run())
}

/// Runs each known-bad variant until it is noticed, in a seed in which nothing is to be noticed without it.
///
/// # Errors
/// When a run cannot be set up.
pub fn find_bugs(first: u64, seeds_max: u64) -> Result<Vec<Caught>, CliError> {
    let mut caught = Vec::new();
    for variant in &VARIANTS {
        let mut found = None;
        for seed in first..first.saturating_add(seeds_max) {
            let violation_with =
                |bug| Ok::<_, CliError>(seed_outcome(seed, script::write(seed), bug)?.violation);
            let Some(violation) = violation_with(variant.bug)? else { continue };
            if violation_with(variant.bug.control())?.is_none() {
                found = Some((seed - first + 1, violation));
                break;
            }
        }
        caught.push(Caught::new(variant, found));
    }
    Ok(caught)
}
