//! `beckon replay`: recorded behaviour through collector, mapping, profiler and mailer, in the file's own time, at full
//! speed.

mod drive;
pub mod format;
mod report;

use crate::error::CliError;
use crate::laptop;
use crate::stack::{Parts, Stack, Tables};
use beckon_domain::Timestamp;
use beckon_domain::consent::ConsentDefault;
use beckon_rules::{Ruleset, SAMPLE};
use beckon_runtime::Clock;
use beckon_store::objects::memory::MemoryFailedEvents;
use beckon_store::tables::memory::MemoryTables;
use clap::{Args, ValueEnum};
use drive::Drive;
use format::{Format, Reader};
use indicatif::{ProgressBar, ProgressStyle};
pub use report::Report;
use std::path::PathBuf;

/// Arguments of `beckon replay`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon replay day.csv.gz --format rees46
  beckon replay history.jsonl --format segment-jsonl --rules my-shop.yaml --json

Every user gets a consenting synthetic contact, row numbers are event ids, and time is the file's: a reminder is due when
the ruleset's delay has passed between two rows.")]
pub struct ReplayArgs {
    /// File to replay; .gz is read as it is
    pub file: PathBuf,
    /// What the file holds
    #[arg(long, value_enum)]
    pub format: Format,
    /// Ruleset to replay by [default: the sample shop]
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// Where state is kept meanwhile
    #[arg(long, value_enum, default_value_t = Store::Memory)]
    pub store: Store,
    /// Records of one batch of the mapping at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub batch_size: u32,
    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,
}

/// Where a replay keeps state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Store {
    /// In memory: fastest
    Memory,
    /// The embedded DynamoDB, through the SDK
    Dynamodb,
}

/// Replays a file and prints what it has to say.
///
/// # Errors
/// When the file or the ruleset cannot be read, or an event is not accounted for.
pub async fn run(args: ReplayArgs) -> Result<(), CliError> {
    let report = replay(&args).await?;
    if args.json {
        let json = serde_json::to_string_pretty(&report).map_err(|e| CliError::caused("the report", &e))?;
        crate::say(json);
    } else {
        crate::say(report.to_string().trim_end());
    }
    if report.conservation.holds() {
        Ok(())
    } else {
        Err(CliError::failed("events are not accounted for: see the balance above"))
    }
}

/// Replays a file.
///
/// # Errors
/// When the file or the ruleset cannot be read.
pub async fn replay(args: &ReplayArgs) -> Result<Report, CliError> {
    match args.store {
        Store::Memory => replay_on(args, MemoryTables::default()).await,
        Store::Dynamodb => replay_on(args, laptop::tables(None).await?).await,
    }
}

async fn replay_on<T: Tables>(args: &ReplayArgs, tables: T) -> Result<Report, CliError> {
    let reader = Reader::open(&args.file, args.format).map_err(CliError::usage)?;
    let (ruleset, from) = match &args.rules {
        None => (SAMPLE.to_owned(), "the sample".to_owned()),
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|e| {
                CliError::usage(format!("the ruleset {} cannot be read: {e}", file.display()))
            })?;
            (text, file.display().to_string())
        }
    };
    let compiled = Ruleset::parse(&ruleset).map_err(|e| CliError::ruleset(from, &e))?;
    let (clock, hand) = Clock::manual(Timestamp::EPOCH);
    let stack = Stack::new(Parts {
        tables,
        failed: MemoryFailedEvents::default(),
        ruleset,
        clock,
        shard_count: 4,
        batch_size: args.batch_size as usize,
        epoch: "replay".to_owned(),
        public_url: "https://replay.shop.example".to_owned(),
        consent_default: ConsentDefault::default(),
        feed: None,
    })
    .await?;
    let bar = progress(reader.bytes_total());
    let report = Drive::new(stack, hand, compiled.policy().cart_idle).run(reader, &bar).await?;
    bar.finish_and_clear();
    Ok(report)
}

/// A bar by bytes of the file; hidden when nobody watches a terminal.
fn progress(bytes_total: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes_total);
    if let Ok(style) = ProgressStyle::with_template("replaying [{bar:40}] {percent:>3} %  {msg}  {eta} left")
    {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}
