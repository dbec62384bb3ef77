//! `beckon rules backtest`: history through two rulesets, without tables and HTTP, and what is different.
//!
//! **What is asked, and when.** After each event of a person every slot of either ruleset is asked, at the moment of the
//! event: that is when a page is loaded, and so when the live slot would be asked. The page is the one that the event tells
//! of: a product event's product and category, the cart for a cart's snapshot, else a page of no type (or of the type that
//! `--page` names). Best sellers are not counted, every person can be reached, and time passes for reminders until the
//! last event and the longer one of both delays.
//!
//! Reading order: [`source`] (what happened), `person` (one person under both rulesets), `worker` (people by the hash of
//! their id, so that any number of threads comes to the same), `tally` (what is counted), `journey` (the samples),
//! [`report`] and `text` (what is said).

mod journey;
mod person;
pub(super) mod report;
pub(crate) mod source;
mod tally;
mod text;
mod worker;

use super::file;
use crate::error::CliError;
use crate::replay::format::{Format, Reader};
use crate::replay::{self, ReplayOptions, archive::Archive};
use beckon_domain::{DurationMs, Timestamp};
use beckon_rules::{PageKind, Ruleset};
use clap::Args;
use indicatif::ProgressBar;
use report::{Report, Side};
use source::Step;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use worker::{Setup, Workers};

/// Rows between two looks at the progress bar.
const PROGRESS_ROWS: u64 = 500;
/// Bad rows that are told; more are only counted.
const BAD_ROWS_TOLD_MAX: usize = 10;

/// Arguments of `beckon rules backtest`.
#[derive(Args, Debug)]
pub(super) struct BacktestArgs {
    /// The ruleset before
    #[arg(long, value_name = "OLD")]
    from: PathBuf,
    /// The ruleset after
    #[arg(long, value_name = "NEW")]
    to: PathBuf,
    /// What happened: a file (.gz is read as it is), or an archive (a folder, one object, s3://BUCKET/PREFIX)
    #[arg(long, value_name = "FILE")]
    events: PathBuf,
    /// What the file holds
    #[arg(long, value_enum, default_value_t = Format::Archive)]
    format: Format,
    /// How many of a hundred codes are redeemed, for the estimate of what discounts cost
    #[arg(long, value_name = "PERCENT", default_value = "10%", value_parser = percent)]
    redeem: u32,
    /// Ask as if every page were of this type: product, home, category, cart or other
    #[arg(long, value_name = "TYPE", value_parser = super::page_kind)]
    page: Option<PageKind>,
    /// Threads that decide; the result is the same with any number
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: u16,
    /// Region of the archive's bucket
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// An AWS emulator in which the archive's bucket is
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
}

fn percent(text: &str) -> Result<u32, String> {
    let number = text.trim().trim_end_matches('%').trim().parse::<u32>().ok().filter(|n| *n <= 100);
    number.ok_or_else(|| "expected a whole number from 0 to 100, such as 10%".to_owned())
}

/// Runs the history through both, and says what is different.
pub(super) async fn run(args: BacktestArgs) -> Result<(), CliError> {
    let began = Instant::now();
    let report = backtest(&args).await?;
    if args.json {
        let json = serde_json::to_string_pretty(&report).map_err(|e| CliError::caused("the report", &e))?;
        crate::say(json);
    } else {
        let seconds = began.elapsed().as_secs_f64();
        crate::say(text::text(&report, args.redeem, seconds).trim_end());
    }
    Ok(())
}

/// The report; the same of the same files.
pub(super) async fn backtest(args: &BacktestArgs) -> Result<Report, CliError> {
    let (old, new) = (Arc::new(file::load(&args.from)?), Arc::new(file::load(&args.to)?));
    let side = |path: &PathBuf, ruleset: &Ruleset| Side {
        file: path.display().to_string(),
        ruleset: format!("{}@{}", ruleset.name(), ruleset.version()),
    };
    let sides = [side(&args.from, &old), side(&args.to, &new)];
    let idle = [&old, &new].into_iter().filter_map(|r| r.policy().cart_idle()).max();
    let mut feed = Feed {
        workers: Workers::spawn(&Setup { old, new, page: args.page }, usize::from(args.threads)),
        rows: 0,
        bad_rows: 0,
        bad_row_samples: Vec::new(),
        last_at: Timestamp::EPOCH,
        bar: ProgressBar::hidden(),
    };
    if args.format == Format::Archive {
        feed.archive(args).await?;
    } else {
        feed.file(args)?;
    }
    feed.bar.finish_and_clear();
    let tally = feed.workers.finish(feed.last_at + idle.unwrap_or(DurationMs::ZERO))?;
    let mut report = tally.report(sides, args.redeem);
    (report.rows, report.bad_rows, report.bad_row_samples) = (feed.rows, feed.bad_rows, feed.bad_row_samples);
    Ok(report)
}

/// What happened, on its way to those who decide.
struct Feed {
    workers: Workers,
    rows: u64,
    bad_rows: u64,
    bad_row_samples: Vec<String>,
    last_at: Timestamp,
    bar: ProgressBar,
}

impl Feed {
    fn count(&mut self, bytes_read: u64) {
        self.rows += 1;
        if self.rows.is_multiple_of(PROGRESS_ROWS) {
            self.bar.set_position(bytes_read);
            self.bar.set_message(format!("{} events", self.rows));
        }
    }

    fn bad_row(&mut self, reason: String) {
        self.bad_rows += 1;
        if self.bad_row_samples.len() < BAD_ROWS_TOLD_MAX {
            self.bad_row_samples.push(reason);
        }
    }

    fn file(&mut self, args: &BacktestArgs) -> Result<(), CliError> {
        if args.region.is_some() || args.endpoint_url.is_some() {
            return Err(CliError::usage("--region and --endpoint-url are for archives: leave them out"));
        }
        let mut reader = Reader::open(&args.events, args.format).map_err(CliError::usage)?;
        self.bar = replay::progress(reader.bytes_total());
        while let Some(row) = reader.next() {
            self.count(reader.bytes_read());
            match row {
                Err(error) => self.bad_row(error.to_string()),
                Ok(row) => {
                    // A file is in time order up to its clock's whims; time never goes back.
                    self.last_at = row.at.max(self.last_at);
                    self.workers.give(Step::Row(Box::new(row), self.last_at))?;
                }
            }
        }
        reader.failure().map_or(Ok(()), |error| Err(CliError::usage(error)))
    }

    async fn archive(&mut self, args: &BacktestArgs) -> Result<(), CliError> {
        let options = ReplayOptions {
            region: args.region.clone(),
            endpoint_url: args.endpoint_url.clone(),
            anew: true,
            ..ReplayOptions::default()
        };
        let mut archive = Archive::open(&args.events, &options).await?;
        self.bar = replay::progress(archive.bytes_total());
        let mut last_reason = String::new();
        while let Some(mut object) = archive.next().await? {
            while let Some(read) = object.next()? {
                self.count(archive.bytes_read());
                match read {
                    Err(reason) => {
                        self.bad_row(format!("{}: {reason}", object.position()));
                        archive.count(&object, false, &reason)?;
                        last_reason = reason;
                    }
                    // Nobody is shown anything.
                    Ok(archived) if archived.said.event.source.is_canary() => {
                        archive.count(&object, true, "")?;
                    }
                    Ok(archived) => {
                        archive.count(&object, true, "")?;
                        self.last_at = archived.said.event.received_at.max(self.last_at);
                        let (number, at) = (self.rows, self.last_at);
                        self.workers.give(Step::Line {
                            number,
                            at,
                            key: archived.key,
                            said: Box::new(archived.said),
                        })?;
                    }
                }
            }
        }
        archive.finish(&args.events, &last_reason)
    }
}

#[cfg(test)]
mod tests;
