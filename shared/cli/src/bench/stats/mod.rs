//! `beckon bench stats`: experiments in shops whose truth is known, looked at again and again, and how often what
//! `beckon-statistics` says of them was wrong.

mod report;

use crate::dice::Dice;
use crate::error::CliError;
use beckon_statistics::Level;
use beckon_statistics::simulate::{self, Plan, Shop, Story};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use report::StatsReport;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

/// Days that each experiment runs for.
const DAYS: u64 = 60;
/// Users of both variants on each day.
const USERS_PER_DAY: u64 = 1_000;
/// Users after whom it is looked at, beside the end of each day.
const LOOK_EVERY: u64 = 100;
/// Shops without a difference, then shops with one: share of users who convert, uplift, spread of what they pay, and
/// share of users who are assigned the variant.
const SHOPS: &[(f64, f64, f64, f64)] = &[
    (0.005, 0.0, 1.0, 0.5),
    (0.02, 0.0, 1.0, 0.5),
    (0.2, 0.0, 1.0, 0.5),
    (0.02, 0.0, 1.5, 0.5),
    (0.005, 0.0, 1.0, 0.1),
    (0.02, 0.0, 1.0, 0.9),
    (0.2, 0.0, 1.5, 0.1),
    (0.005, 0.5, 1.0, 0.5),
    (0.02, 0.2, 1.0, 0.5),
    (0.02, 0.4, 1.0, 0.5),
    (0.2, 0.05, 1.0, 0.5),
    (0.2, 0.1, 1.0, 0.5),
    (0.02, 0.4, 1.0, 0.1),
];

/// Arguments of `beckon bench stats`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon bench stats                  10,000 experiments in each of 13 shops: a few minutes in a release build
  beckon bench stats --runs 200       a quick look
  beckon bench stats --json           for a script

An experiment runs for 60 days of 1,000 users. In an A/A test both variants are the same, so whoever declares a winner is
wrong. A seed decides every experiment, on every machine and however many threads there are.")]
pub struct StatsArgs {
    /// Experiments in each shop
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(100..=1_000_000))]
    pub runs: u64,
    /// What decides the experiments
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Threads; each runs experiments of its own
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=64))]
    pub threads: u64,
    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,
}

/// Runs the experiments, and prints what came of them.
///
/// # Errors
/// When an experiment without a difference had a winner, or the truth was left out, more often than promised.
pub(super) fn run(args: &StatsArgs) -> Result<(), CliError> {
    let bar = ProgressBar::new(args.runs.saturating_mul(SHOPS.len() as u64));
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} experiments, {per_sec}, {eta} left")
    {
        bar.set_style(style);
    }
    let report = measure(args, &bar)?;
    bar.finish_and_clear();
    super::tell(&report, args.json)?;
    if report.met { Ok(()) } else { Err(CliError::failed("a promise is not kept: see NOT MET above")) }
}

fn measure(args: &StatsArgs, bar: &ProgressBar) -> Result<StatsReport, CliError> {
    let mut report = StatsReport::new(args.runs, args.seed);
    for (at, &(rate, uplift, spread, share)) in SHOPS.iter().enumerate() {
        let shop = Shop { rate, uplift, spread, share };
        report.add(&shop, &stories(&shop, at as u64, args, bar)?);
    }
    Ok(report)
}

/// The experiments of one shop, in whatever order they ended.
fn stories(shop: &Shop, salt: u64, args: &StatsArgs, bar: &ProgressBar) -> Result<Vec<Story>, CliError> {
    let plan =
        Plan { users_per_day: USERS_PER_DAY, days: DAYS, look_every: LOOK_EVERY, level: Level::default() };
    let next = AtomicU64::new(0);
    let all = Mutex::new(Vec::new());
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= args.runs {
                return;
            }
            // Runs of one seed are far from those of the next.
            let mut dice = Dice::new(Dice::new(args.seed, salt).next().wrapping_add(at), at);
            let story = simulate::run(shop, &plan, &mut || dice.next());
            all.lock().unwrap_or_else(PoisonError::into_inner).push(story);
            bar.inc(1);
        }
    };
    let is_whole = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..args.threads.max(1)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().all(|worker| worker.join().is_ok())
    });
    if is_whole {
        Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner))
    } else {
        Err(CliError::failed("an experiment panicked: a bug"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(seed: u64, threads: u64) -> StatsReport {
        let args = StatsArgs { runs: 4, seed, threads, json: false };
        measure(&args, &ProgressBar::hidden()).unwrap()
    }

    #[test]
    fn a_seed_decides_the_table_however_many_threads_there_are() {
        let [one, three, other] = [report(1, 1), report(1, 3), report(2, 1)].map(|r| r.to_string());
        assert_eq!(one, three);
        assert_ne!(one, other);
        assert!(one.contains("A/A") && one.contains("+40 %"), "{one}");
    }
}
