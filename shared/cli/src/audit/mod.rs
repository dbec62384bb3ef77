//! `beckon audit`: what was asked of the admin API, and whether the record of it is whole.

#[cfg(test)]
mod tests;

use crate::error::CliError;
use crate::rules::admin::Admin;
use crate::rules::place::PlaceArgs;
use beckon_wire::audit::{AuditAnswer, AuditEntry, Chain, RecordAnswer, Stage};
use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Records of other changes that may stand between those of the latest ones.
const AT_ONCE: usize = 20;
/// Entries that are listed unless told.
const LISTED: usize = 20;

/// Arguments of `beckon audit`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon audit list                                   the latest changes: when, who, what, what came of it
  beckon audit export target/audit.jsonl              every record, byte for byte, a line each
  beckon audit verify                                 nothing altered, taken out or put in; prints the head to write down
  beckon audit verify --head 128:9f0c…                and what was the head then is there still
  beckon audit verify --file target/audit.jsonl       an export, without asking anybody
  beckon audit verify --stack-name beckon-dev         of a deployed stack

Each record has the hash of the one before it. Whoever could rewrite all of them, or cut off the latest, could hide that: so
write the head down elsewhere, now and then, and verify with it. Exit code 1: the record is not whole.")]
pub struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Subcommand, Debug)]
enum AuditCommand {
    /// List the latest changes
    List {
        /// Changes at most
        #[arg(long, value_name = "N", default_value_t = LISTED)]
        limit: usize,
        /// Print one JSON document instead of lines
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Write every record into a file
    Export {
        /// Where to, a record a line
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Say whether the record is whole
    Verify {
        /// An export, instead of what is kept
        #[arg(long, value_name = "FILE", conflicts_with_all = ["endpoint", "stack_name"])]
        file: Option<PathBuf>,
        /// What was the head at an earlier time: its number and the beginning of its hash
        #[arg(long, value_name = "NUMBER:HASH", value_parser = head)]
        head: Option<Head>,
        /// Print one JSON document instead of lines
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: PlaceArgs,
    },
}

/// A record that was the latest once.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Head {
    number: u64,
    hash: String,
}

/// Hash digits that a head is told with at least.
const HEAD_DIGITS_MIN: usize = 8;

fn head(text: &str) -> Result<Head, String> {
    let parts = text.split_once(':').and_then(|(number, hash)| Some((number.parse().ok()?, hash)));
    match parts {
        Some((number, hash)) if hash.len() >= HEAD_DIGITS_MIN => {
            Ok(Head { number, hash: hash.to_ascii_lowercase() })
        }
        _ => Err(format!(
            "expected a number, a colon and {HEAD_DIGITS_MIN} or more digits of a hash: 128:9f0c41aa"
        )),
    }
}

/// Runs `beckon audit`.
///
/// # Errors
/// When the record cannot be read or written, or is not whole.
pub async fn run(args: AuditArgs) -> Result<(), CliError> {
    match args.command {
        AuditCommand::List { limit, json, place } => {
            // A change has two records; some are of changes that others make at the same time.
            let last = limit.saturating_mul(2).saturating_add(AT_ONCE).to_string();
            list(&read(&place.open().await?, ("last", last)).await?, limit, json)
        }
        AuditCommand::Export { file, place } => export(&read(&place.open().await?, whole()).await?, &file),
        AuditCommand::Verify { file: Some(file), head, json, .. } => {
            verify(&of_file(&file)?, head.as_ref(), json)
        }
        AuditCommand::Verify { file: None, head, json, place } => {
            verify(&read(&place.open().await?, whole()).await?, head.as_ref(), json)
        }
    }
}

/// From the first record on.
fn whole() -> (&'static str, String) {
    ("after", "0".to_owned())
}

/// All records from there on, page by page.
async fn read(admin: &Admin, mut from: (&'static str, String)) -> Result<Vec<RecordAnswer>, CliError> {
    let mut records = Vec::new();
    let bar = ProgressBar::new_spinner();
    loop {
        let page = admin.get("/audit", std::slice::from_ref(&from)).await?.done(None)?;
        let page: AuditAnswer = serde_json::from_value(page)
            .map_err(|e| CliError::caused("the record is not as this command knows it", &e))?;
        records.extend(page.records);
        bar.set_message(format!("{} records", records.len()));
        bar.tick();
        let Some(next) = page.next else { break };
        from = ("after", next.to_string());
    }
    bar.finish_and_clear();
    Ok(records)
}

fn of_file(path: &Path) -> Result<Vec<RecordAnswer>, CliError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| {
        CliError::usage(format!("{shown} cannot be read: {e}; name a file of `beckon audit export`"))
    })?;
    let record = |(number, line): (usize, &str)| {
        serde_json::from_str(line)
            .map_err(|e| CliError::usage(format!("{shown}:{}: no record of an audit chain: {e}", number + 1)))
    };
    text.lines().enumerate().map(record).collect()
}

fn export(records: &[RecordAnswer], file: &Path) -> Result<(), CliError> {
    let mut lines = String::new();
    for record in records {
        let _ = writeln!(lines, "{}", json!(record));
    }
    std::fs::write(file, lines)
        .map_err(|e| CliError::usage(format!("{} cannot be written: {e}", file.display())))?;
    crate::say(format_args!("{} records in {}", records.len(), file.display()));
    Ok(())
}

fn verify(records: &[RecordAnswer], head: Option<&Head>, json: bool) -> Result<(), CliError> {
    let mut chain = Chain::default();
    for record in records {
        chain
            .take(record.number, &record.text, &record.hash)
            .map_err(|fault| CliError::failed(format!("the record is not whole: {fault}")))?;
    }
    if let Some(head) = head {
        let was = records.iter().find(|record| record.number == head.number);
        if !was.is_some_and(|record| record.hash.starts_with(&head.hash)) {
            let why = if was.is_some() { "is another one now" } else { "is not there any more" };
            return Err(CliError::failed(format!("the record is not whole: entry {} {why}", head.number)));
        }
    }
    if json {
        crate::say(format_args!(
            "{:#}",
            json!({ "whole": true, "records": chain.number, "head": chain.hash })
        ));
    } else {
        crate::say(format_args!("whole: {} records; head {}:{}", chain.number, chain.number, chain.hash));
    }
    Ok(())
}

fn list(records: &[RecordAnswer], limit: usize, json: bool) -> Result<(), CliError> {
    let changes = changes(records)?;
    let latest = &changes[changes.len().saturating_sub(limit)..];
    if json {
        let told = latest.iter().map(|(asked, done)| json!({ "asked": asked, "done": done }));
        crate::say(format_args!("{:#}", json!({ "changes": told.collect::<Vec<_>>() })));
        return Ok(());
    }
    if latest.is_empty() {
        crate::say("nothing was asked of the admin API yet");
    }
    latest.iter().map(line).for_each(crate::say);
    Ok(())
}

/// What was asked, each with what came of it.
type Change = (AuditEntry, Option<AuditEntry>);

fn changes(records: &[RecordAnswer]) -> Result<Vec<Change>, CliError> {
    let mut changes: Vec<Change> = Vec::new();
    for record in records {
        let entry: AuditEntry = serde_json::from_str(&record.text).map_err(|e| {
            CliError::caused(
                &format!("entry {} cannot be read: `beckon audit verify` says more", record.number),
                &e,
            )
        })?;
        match entry.stage {
            Stage::Asked => changes.push((entry, None)),
            Stage::Done => {
                let asked = changes.iter_mut().rev().find(|(asked, _)| asked.request_id == entry.request_id);
                if let Some((_, done)) = asked {
                    *done = Some(entry);
                }
            }
        }
    }
    Ok(changes)
}

/// What a change made of what: every value that is another one, and those that came and went.
fn changed(done: &AuditEntry) -> String {
    let (Some(before), Some(after)) = (&done.before, &done.after) else { return String::new() };
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let word = |value: Option<&Value>| match value {
        None => "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    let changes = names.filter(|name| before.get(*name) != after.get(*name));
    changes.map(|name| format!("  {name}: {} -> {}", word(before.get(name)), word(after.get(name)))).collect()
}

fn line((asked, done): &Change) -> String {
    let mut line = format!("{:>6}  {}  {}  {}", asked.number, asked.at, asked.who, asked.action);
    if asked.action.rsplit(' ').next() != Some(asked.subject.as_str()) {
        let _ = write!(line, "  {}", asked.subject);
    }
    match done {
        None => line.push_str("  no answer was written down"),
        Some(done) => {
            let _ = write!(line, "  {}", done.status.unwrap_or_default());
            for (name, value) in &done.result {
                let _ = write!(
                    line,
                    " {name}={}",
                    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
                );
            }
            line.push_str(&changed(done));
        }
    }
    line
}
