//! `beckon replay`: recorded behaviour through collector, mapping, profiler and mailer, in the file's own time, at full
//! speed.

pub(crate) mod archive;
mod cost;
mod disorder;
pub(crate) mod drive;
pub mod flush;
pub mod format;
mod journal;
mod options;
mod pad;
mod report;
pub(crate) mod state_hash;
mod sweep;
mod trends;

use crate::error::CliError;
use crate::laptop;
use crate::laptop::LocalModels;
use crate::stack::{NO_EXPERIMENTS, Parts, Stack, Tables};
use archive::Archive;
use beckon_domain::Timestamp;
use beckon_domain::consent::ConsentDefault;
use beckon_rules::Ruleset;
use beckon_runtime::Clock;
use beckon_store::metered::{Meter, Metered};
use beckon_store::objects::memory::MemoryFailedEvents;
use beckon_store::tables::memory::MemoryTables;
use clap::{Args, ValueEnum};
pub use cost::Cost;
use disorder::Disturbance;
use drive::{Drive, Setup};
use format::{Format, Reader};
use indicatif::{ProgressBar, ProgressStyle};
use journal::Journal;
pub(crate) use options::delay;
pub use options::{ReplayCommand, ReplayOptions};
pub use report::{ArchiveCounts, Report};
pub use state_hash::state_hash;
use std::path::PathBuf;
pub use trends::Trends;

/// What to replay, and on what.
#[derive(Args, Clone, Debug)]
pub struct ReplayArgs {
    /// File to replay (.gz is read as it is), or an archive: a folder, one object, or s3://BUCKET/PREFIX
    pub file: PathBuf,
    /// What it holds
    #[arg(long, value_enum, default_value_t = Format::Archive)]
    pub format: Format,
    /// Ruleset to replay by [default: the sample shop]; of an archive as it came, the one that it came by
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

/// Replays a file, or several times over, and prints what it has to say.
///
/// # Errors
/// When the file or the ruleset cannot be read, or an event is not accounted for.
pub async fn run(command: ReplayCommand) -> Result<(), CliError> {
    let ReplayCommand { args, options } = command;
    if options.flush_curve {
        return flush::run(&args, &options.plot);
    }
    if !options.batch_sizes.is_empty() {
        return sweep::run(&args, &options).await;
    }
    let report = Box::pin(replay_with(&args, &options, None)).await?;
    if args.json {
        let json = serde_json::to_string_pretty(&report).map_err(|e| CliError::caused("the report", &e))?;
        crate::say(json);
    } else {
        crate::say(report.to_string().trim_end());
    }
    balanced(&report)
}

fn balanced(report: &Report) -> Result<(), CliError> {
    if report.conservation.holds() && report.trends.conservation.holds() {
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
    Box::pin(replay_with(args, &ReplayOptions::default(), None)).await
}

/// Replays a file with options; `batch_rows`: deliver after so many rows instead of before a reminder could be due.
///
/// # Errors
/// When the file or the ruleset cannot be read, or the episodes cannot be written.
pub async fn replay_with(
    args: &ReplayArgs,
    options: &ReplayOptions,
    batch_rows: Option<u64>,
) -> Result<Report, CliError> {
    match args.store {
        Store::Memory => Box::pin(replay_on(args, options, batch_rows, MemoryTables::default())).await,
        Store::Dynamodb => Box::pin(replay_on(args, options, batch_rows, laptop::tables(None).await?)).await,
    }
}

async fn replay_on<T: Tables>(
    args: &ReplayArgs,
    options: &ReplayOptions,
    batch_rows: Option<u64>,
    tables: T,
) -> Result<Report, CliError> {
    let input = Input::open(args, options).await?;
    let (ruleset, from) = options::ruleset_of(args, options)?;
    let compiled = Ruleset::parse(&ruleset).map_err(|e| CliError::ruleset(from, &e))?;
    let (idle, has_timers) = (compiled.policy().cart_idle(), compiled.has_timers());
    let mut disturbance = Disturbance::new(options.disorder());
    let (clock, hand) = Clock::manual(Timestamp::EPOCH);
    let meter = Meter::with_slacks(&Cost::slacks());
    let stack = Stack::new(Parts {
        tables: Metered::new(tables.clone(), meter.clone()),
        failed: MemoryFailedEvents::default(),
        models: LocalModels::default(),
        ruleset,
        experiments: Some(NO_EXPERIMENTS.to_owned()),
        clock,
        shard_count: 4,
        batch_size: disturbance.batch_size(batch_rows.map_or(args.batch_size, batch_size)) as usize,
        epoch: "replay".to_owned(),
        public_url: "https://replay.shop.example".to_owned(),
        consent_default: ConsentDefault::default(),
        feed: None,
    })
    .await?;
    let journal = match (&options.episodes, stack.secrets.keys.find("sk_local"), idle) {
        (None, ..) => None,
        (Some(_), Some(key), Some(_)) => Some(Journal::new(key.source.clone())),
        (Some(_), ..) => {
            return Err(CliError::usage(
                "the ruleset sends no reminder, so no cart is ever left: give --delay",
            ));
        }
    };
    let bar = progress(input.bytes_total());
    let id_bytes = options.id_bytes;
    let setup =
        Setup { stack, tables, meter, hand, idle, has_timers, batch_rows, id_bytes, disturbance, journal };
    let drive = Drive::new(setup);
    let (report, journal) = match input {
        Input::Rows(reader) => drive.run(*reader, &bar).await?,
        Input::Archive(archive) => {
            let how = (args.file.as_path(), options.anew, u64::from(args.batch_size));
            (Box::pin(drive.run_archive(*archive, how, &bar)).await?, None)
        }
    };
    bar.finish_and_clear();
    if let (Some(path), Some(text)) = (&options.episodes, journal) {
        journal::write(path, &text)?;
    }
    Ok(report)
}

/// What is replayed.
enum Input {
    Rows(Box<Reader>),
    Archive(Box<Archive>),
}

impl Input {
    async fn open(args: &ReplayArgs, options: &ReplayOptions) -> Result<Self, CliError> {
        if args.format == Format::Archive {
            let archive = Archive::open(&args.file, options).await?;
            return Ok(Self::Archive(Box::new(archive)));
        }
        options.refuse_of_archives()?;
        let reader = Reader::open(&args.file, args.format).map_err(CliError::usage)?;
        Ok(Self::Rows(Box::new(reader)))
    }

    fn bytes_total(&self) -> u64 {
        match self {
            Self::Rows(reader) => reader.bytes_total(),
            Self::Archive(archive) => archive.bytes_total(),
        }
    }
}

/// Records of a batch that holds a flush of so many rows: a record has at least one of them.
fn batch_size(rows: u64) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}

/// A bar by bytes of the file; hidden when nobody watches a terminal.
pub(crate) fn progress(bytes_total: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes_total);
    if let Ok(style) = ProgressStyle::with_template("replaying [{bar:40}] {percent:>3} %  {msg}  {eta} left")
    {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}
