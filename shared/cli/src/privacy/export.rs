//! `beckon privacy export`.

use super::{PersonArgs, objects};
use crate::error::CliError;
use crate::rules::place::PlaceArgs;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// Arguments of `beckon privacy export`.
#[derive(Args, Debug)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    person: PersonArgs,
    /// Write the document to this file instead of printing it
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Leave out the archive and the failed events, which repeat the person's events line by line
    #[arg(long)]
    no_archive: bool,
    /// Folder in which `beckon serve` keeps its state, with its archive
    #[arg(long, value_name = "FOLDER", default_value = "target/beckon")]
    folder: PathBuf,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Writes what is held on a person.
pub(super) async fn run(args: ExportArgs) -> Result<(), CliError> {
    let mut body = args.person.body()?;
    let admin = args.place.clone().open().await?;
    let bar = spinner();
    let mut document = Value::Null;
    loop {
        let answer = admin.post("/privacy/export", &[], body.to_string()).await?.done(None)?;
        let next = answer["next"].clone();
        document = joined(document, answer);
        bar.tick();
        if next.is_null() {
            break;
        }
        body["after"] = next;
    }
    if !args.no_archive {
        let of_objects = archive_bar();
        objects::add(&mut document, &args.place, &args.folder, &of_objects).await?;
        of_objects.finish_and_clear();
    }
    bar.finish_and_clear();
    let text = format!("{document:#}\n");
    let Some(file) = args.output else {
        crate::say(text.trim_end());
        return Ok(());
    };
    std::fs::write(&file, text)
        .map_err(|e| CliError::usage(format!("{} cannot be written: {e}", file.display())))?;
    let count = |name: &str| document[name].as_array().map_or(0, Vec::len);
    crate::say(format_args!(
        "{}: {} profiles, {} contacts, {} mails, orders and codes, {} archived lines, {} failed events",
        file.display(),
        count("profiles"),
        count("contacts"),
        count("outreach"),
        count("archive"),
        count("failedEvents")
    ));
    Ok(())
}

/// One document of the pages of an export: the first one has everything but the rest of a long list.
pub(super) fn joined(document: Value, page: Value) -> Value {
    if document.is_null() {
        let mut first = page;
        if let Some(object) = first.as_object_mut() {
            object.remove("next");
        }
        return first;
    }
    let mut document = document;
    let rest = page["outreach"].as_array().cloned().unwrap_or_default();
    match document["outreach"].as_array_mut() {
        Some(outreach) => outreach.extend(rest),
        None => document["outreach"] = json!(rest),
    }
    document
}

/// Shown while an archive is read.
fn archive_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("archive {bar:40} {pos}/{len} objects, {eta}") {
        bar.set_style(style);
    }
    bar
}

/// Shown while a large table is looked through; nothing where nobody watches.
fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} looking through the mails, {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
