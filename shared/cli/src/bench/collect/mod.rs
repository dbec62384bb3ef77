//! `beckon bench collect`: how much the collector of `serve` takes on this machine, and what slow and hostile clients cost it.
//!
//! `serve` is a process of its own and all talk is on 127.0.0.1. Every event has an id, and at the end the tallies of all
//! visitors say whether each event that was acknowledged changed its visitor's profile exactly once.

mod client;
mod hostile;
mod load;
mod report;
pub(super) mod served;

use crate::error::CliError;
use clap::Args;
use client::Client;
use indicatif::{ProgressBar, ProgressStyle};
use load::{Load, Slot};
use report::CollectReport;
use served::Served;
use std::time::Duration;

/// Events in one request, as the rounds take turns with them.
const SIZES: [usize; 3] = [1, 10, 100];
/// Connections of `--quick`, of either kind.
const QUICK: (u32, f64, u32, u32) = (1, 0.3, 8, 300);

/// Arguments of `beckon bench collect`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  cargo run --release --package beckon-cli --bin beckon -- bench collect
  beckon bench collect --quick                      a few seconds, to see that it works
  beckon bench collect --seconds 10 --connections 64

It starts `beckon serve --memory --unlimited` and ends it. Server and clients share this machine's cores, and all
functions of `serve` share one thread: these are no figures of AWS. Keep the machine quiet.
Exit code 1: an acknowledged event did not count exactly once, or a client that behaves was not answered.")]
pub struct CollectArgs {
    /// Seconds of load for each size of request and round
    #[arg(long, value_name = "N", default_value_t = 2.0, value_parser = seconds)]
    pub seconds: f64,
    /// Rounds; each size is measured once in each, and the median counts
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=101))]
    pub rounds: u32,
    /// Connections that are kept open and send, each as soon as it is answered
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub connections: u32,
    /// Connections of clients that never finish a request
    #[arg(long, value_name = "N", default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(0..=20_000))]
    pub hostile: u32,
    /// One short round and few hostile clients
    #[arg(long, conflicts_with_all = ["seconds", "rounds", "connections", "hostile"])]
    pub quick: bool,
    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.1..=600.0).contains(&seconds) => Ok(seconds),
        _ => Err("expected a number from 0.1 to 600".to_owned()),
    }
}

/// Measures, and prints what was measured.
///
/// # Errors
/// When `serve` does not start or does not answer, or an acknowledged event did not count exactly once.
pub(super) async fn run(mut args: CollectArgs) -> Result<(), CliError> {
    if args.quick {
        (args.rounds, args.seconds, args.connections, args.hostile) = QUICK;
    }
    // Each connection is a file, here and in `serve`, which inherits the limit.
    let hostile = args.hostile.min(served::raise_file_limit());
    let served = Served::start().await?;
    let bar = progress(u64::from(args.rounds) * SIZES.len() as u64 + 2);
    let report = measure(&args, hostile, &served, &bar).await;
    bar.finish_and_clear();
    let undone = served.end()?;
    let report = CollectReport { records_left_undone: undone, ..report? };
    super::tell(&report, args.json)?;
    report.verdict()
}

async fn measure(
    args: &CollectArgs,
    hostile: u32,
    served: &Served,
    bar: &ProgressBar,
) -> Result<CollectReport, CliError> {
    let mut load = Load::new(served.address(), args.connections).await?;
    let memory_at_first = served.memory();
    let mut slots: Vec<Slot> = Vec::new();
    let time = Duration::from_secs_f64(args.seconds);
    for round in 1..=args.rounds {
        for size in SIZES {
            bar.set_message(format!("round {round}, {size} events a request"));
            slots.push(load.slot(size, time).await?);
            bar.inc(1);
        }
    }
    let memory_after_load = served.memory();
    bar.set_message(format!("{hostile} clients that never finish a request"));
    let hostile = hostile::run(served, &mut load, hostile).await?;
    bar.inc(1);
    bar.set_message("counting");
    let mut client = Client::connect(served.address()).await?;
    let counted = load.counted(&mut client).await?;
    bar.inc(1);
    let memory = [memory_at_first, memory_after_load, served.memory()];
    Ok(CollectReport::new(args, &slots, memory, hostile, counted))
}

/// A bar over the rounds; hidden when nobody watches a terminal.
fn progress(steps: u64) -> ProgressBar {
    let bar = ProgressBar::new(steps);
    if let Ok(style) = ProgressStyle::with_template("{msg}  [{bar:30}] {percent:>3} %  {elapsed}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.tick();
    bar
}

#[cfg(test)]
mod tests;
