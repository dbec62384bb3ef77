//! `beckon catalog import`: a feed, part by part. What was taken is taken, so an import that ended halfway is begun again.

use super::parts::{self, Part};
use crate::error::CliError;
use crate::replay::format::input::Input;
use crate::rules::admin::Admin;
use crate::rules::place::PlaceArgs;
use beckon_runtime::fresh_id;
use beckon_wire::catalog::feed::FeedFormat;
use beckon_wire::limits::DELETE_COUNT_MAX;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

/// Rows that are told one by one; `--errors` has all.
const ERROR_COUNT_SHOWN: usize = 20;
/// Per cent of the products that feeds told that may be deleted without being asked.
const DELETE_PERCENT_MAX: u64 = 20;

/// How the file is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// An object on each line
    Jsonl,
    /// A row of names, then rows of values
    Csv,
}

/// Arguments of `beckon catalog import`.
#[derive(Args, Debug)]
pub(super) struct ImportArgs {
    /// The feed (.gz is read as it is)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How it is written [default: as its name says: .jsonl, .ndjson, .csv, .tsv]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Delete products that feeds told before and that this one does not have
    #[arg(long)]
    delete_missing: bool,
    /// With --delete-missing: even more than 20 % of them
    #[arg(long, requires = "delete_missing")]
    yes: bool,
    /// Only say what is wrong with the feed
    #[arg(long)]
    dry_run: bool,
    /// Do not publish: decisions keep what they have
    #[arg(long)]
    no_publish: bool,
    /// Write every row that cannot be taken into this file, a JSON object on each line
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
    /// Why, for the record of the import
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Who, for the record of the import; the key's source is noted in any case
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// An import on its way.
struct Run {
    admin: Admin,
    query: Vec<(&'static str, String)>,
    bar: ProgressBar,
    /// The products of the feed, with the number of the row that says each last.
    seen: BTreeMap<String, u64>,
    report: Report,
    errors: Option<std::fs::File>,
}

/// What became of an import.
#[derive(Default)]
struct Report {
    rows: u64,
    written: u64,
    older: u64,
    refused: u64,
    nameless: u64,
    deleted: u64,
    shown: Vec<String>,
    notes: Vec<String>,
    note_count: u64,
    published: Option<Value>,
}

/// Imports a feed.
pub(super) async fn run(args: ImportArgs) -> Result<(), CliError> {
    let file = args.file.display().to_string();
    let named = FeedFormat::of_file_name(&file);
    let told = args.format.map(|format| match format {
        Format::Jsonl => FeedFormat::JsonLines,
        Format::Csv => FeedFormat::Csv,
    });
    let format = told.or(named).ok_or_else(|| {
        CliError::usage(format!(
            "{file} does not say by its name how it is written: give --format jsonl or csv"
        ))
    })?;
    let (input, source) = Input::open(&args.file)
        .map_err(|e| CliError::usage(format!("cannot read the feed {file}: {}", e.to_string().trim())))?;
    let errors = args.errors.as_ref().map(std::fs::File::create).transpose();
    let errors = errors.map_err(|e| CliError::usage(format!("cannot write the errors: {e}")))?;
    let admin = args.place.open().await?;
    let standing = admin.get("/catalog", &[]).await?.done(None)?;
    let mut query = vec![("import", fresh_id())];
    query.extend(standing["now"].as_str().map(|now| ("as_of", now.to_owned())));
    query.extend(args.dry_run.then(|| ("dry_run", "true".to_owned())));
    for (name, value) in [("note", args.note), ("by", args.by)] {
        query.extend(value.map(|value| (name, value)));
    }
    let bar = progress(input.bytes_total());
    let mut run = Run { admin, query, bar, seen: BTreeMap::new(), report: Report::default(), errors };
    for part in parts::of(format, source)? {
        run.send(format, part?).await?;
        run.bar.set_position(input.bytes_read());
        run.bar.set_message(format!("{} rows, {} refused", run.report.rows, run.report.refused));
    }
    if args.delete_missing {
        run.delete_missing(args.yes, args.dry_run).await?;
    }
    if !args.dry_run && !args.no_publish {
        run.bar.set_message("publishing");
        let published = run.admin.post("/catalog/publish", &[], String::new()).await?;
        run.report.published = Some(published.done(None)?);
    }
    run.bar.finish_and_clear();
    run.report.tell(&file, args.dry_run, args.json);
    match run.report.refused {
        0 => Ok(()),
        1 => Err(CliError::failed(format!(
            "1 row of {file} was not taken: mend it, and import the file again"
        ))),
        refused => Err(CliError::failed(format!(
            "{refused} rows of {file} were not taken: mend them, and import the file again"
        ))),
    }
}

/// A bar by bytes of the file; hidden when nobody watches a terminal.
fn progress(bytes_total: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes_total);
    if let Ok(style) = ProgressStyle::with_template("importing [{bar:40}] {percent:>3} %  {msg}  {eta} left")
    {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

impl Run {
    async fn send(&mut self, format: FeedFormat, part: Part) -> Result<(), CliError> {
        let mut query = self.query.clone();
        query.push(("first_row", part.first_row.to_string()));
        let answer =
            self.admin.post_whole("/catalog/products", &query, format.content_type(), part.bytes).await?;
        for (row, id) in part.ids {
            if let Some(before) = self.seen.insert(id.clone(), row)
                && before < part.first_row
            {
                self.report.note(format!("row {before}: row {row} says {id} again: this row does not count"));
            }
        }
        self.report.nameless += part.nameless;
        self.report.take(&answer);
        if let Some(file) = &mut self.errors {
            for error in answer["errors"].as_array().into_iter().flatten() {
                writeln!(file, "{error}")
                    .map_err(|e| CliError::usage(format!("cannot write the errors: {e}")))?;
            }
        }
        Ok(())
    }

    /// Deletes what feeds told before and this one does not have.
    async fn delete_missing(&mut self, yes: bool, dry_run: bool) -> Result<(), CliError> {
        let (mut missing, mut known_count, mut after) = (Vec::new(), 0_u64, None);
        loop {
            let query: Vec<_> = after.iter().map(|after: &String| ("after", after.clone())).collect();
            let page = self.admin.get("/catalog/products", &query).await?.done(None)?;
            let told = page["products"].as_array().into_iter().flatten().filter(|p| p["source"] == "feed");
            for id in told.filter_map(|product| product["id"].as_str()) {
                known_count += 1;
                if !self.seen.contains_key(id) {
                    missing.push(id.to_owned());
                }
            }
            after = page["next"].as_str().map(ToOwned::to_owned);
            if after.is_none() {
                break;
            }
        }
        let taken = "the feed's products were taken, and nothing was deleted";
        if !yes && !missing.is_empty() && self.report.nameless > 0 {
            let (rows, missing) = (self.report.nameless, missing.len());
            return Err(CliError::usage(format!(
                "{rows} rows have no id that can be read, so nobody knows which of {missing} products are missing; {taken}: mend the rows, or give --yes"
            )));
        }
        if !yes && missing.len() as u64 * 100 > known_count * DELETE_PERCENT_MAX {
            return Err(CliError::usage(format!(
                "{} of {known_count} products are not in the feed, more than {DELETE_PERCENT_MAX} %; {taken}: look whether the feed is whole, then give --yes",
                missing.len()
            )));
        }
        missing.sort_unstable();
        for (index, ids) in missing.chunks(DELETE_COUNT_MAX).enumerate() {
            self.bar.set_message(format!("{} of {} deleted", self.report.deleted, missing.len()));
            if dry_run {
                self.report.deleted += ids.len() as u64;
                continue;
            }
            let mut query = self.query.clone();
            query.push(("first_row", (index * DELETE_COUNT_MAX).to_string()));
            let body = json!({ "ids": ids }).to_string().into_bytes();
            let answer =
                self.admin.post_whole("/catalog/deletions", &query, "application/json", body).await?;
            self.report.deleted += answer["deleted"].as_u64().unwrap_or_default();
        }
        Ok(())
    }
}

impl Report {
    fn take(&mut self, answer: &Value) {
        let count = |name: &str| answer[name].as_u64().unwrap_or_default();
        self.rows += count("rows");
        self.written += count("written");
        self.older += count("older");
        let list = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
        for error in list("errors") {
            self.refused += 1;
            if self.shown.len() < ERROR_COUNT_SHOWN {
                let id = error["id"].as_str().map(|id| format!(" ({id})")).unwrap_or_default();
                self.shown.push(format!(
                    "row {}{id}: {}",
                    error["row"],
                    error["detail"].as_str().unwrap_or_default()
                ));
            }
        }
        for note in list("notes") {
            self.note(format!("row {}: {}", note["row"], note["detail"].as_str().unwrap_or_default()));
        }
    }

    fn note(&mut self, line: String) {
        self.note_count += 1;
        if self.notes.len() < ERROR_COUNT_SHOWN {
            self.notes.push(line);
        }
    }

    fn tell(&self, file: &str, dry_run: bool, as_json: bool) {
        if as_json {
            let document = json!({
                "file": file, "dryRun": dry_run, "rows": self.rows, "written": self.written, "older": self.older,
                "refused": self.refused, "deleted": self.deleted, "errors": self.shown, "notes": self.notes,
                "snapshot": self.published,
            });
            crate::say(format_args!("{document:#}"));
            return;
        }
        for (lines, count, what) in
            [(&self.shown, self.refused, "refused"), (&self.notes, self.note_count, "noted")]
        {
            lines.iter().for_each(|line| eprintln!("{file}: {line}"));
            if count > lines.len() as u64 {
                let more = count - lines.len() as u64;
                eprintln!("{file}: and {more} more rows {what}");
            }
        }
        let would = if dry_run { "would be " } else { "" };
        crate::say(format_args!(
            "{} rows: {} products {would}written, {} older than what is known, {} refused, {} {would}deleted",
            self.rows, self.written, self.older, self.refused, self.deleted
        ));
        if let Some(published) = &self.published {
            let version = published["version"].as_str().unwrap_or_default();
            crate::say(format_args!(
                "{} products are published as {version}; decisions have them within about a minute",
                published["products"]
            ));
        }
    }
}
