//! `beckon experiments publish` and `rollback`.

use super::text;
use crate::error::CliError;
use crate::rules::place::PlaceArgs;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Arguments of `beckon experiments publish`.
#[derive(Args, Debug)]
pub(super) struct PublishArgs {
    /// The document
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Who, for the history; the key's source is noted in any case
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Check it, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Publish it only if this version is live
    #[arg(long, value_name = "VERSION")]
    expect: Option<String>,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Arguments of `beckon experiments rollback`.
#[derive(Args, Debug)]
pub(super) struct RollbackArgs {
    /// The version, as `history` shows it [default: what was live before]
    #[arg(value_name = "VERSION")]
    version: Option<String>,
    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Who, for the history; the key's source is noted in any case
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Publishes.
pub(super) async fn run(args: PublishArgs) -> Result<(), CliError> {
    let (file, body) = (args.file.display().to_string(), text(&args.file)?);
    let mut query = Vec::new();
    for (name, value) in [("note", args.note), ("by", args.by), ("expect", args.expect)] {
        query.extend(value.map(|value| (name, value)));
    }
    query.extend(args.dry_run.then(|| ("dry_run", "true".to_owned())));
    let answer = args.place.open().await?.put("/experiments", &query, body).await?.done(Some(&file))?;
    tell(&answer, args.json);
    Ok(())
}

/// Rolls back.
pub(super) async fn roll_back(args: RollbackArgs) -> Result<(), CliError> {
    let body = json!({ "to": args.version, "note": args.note, "by": args.by });
    let admin = args.place.open().await?;
    let answer = admin.post("/experiments/rollback", &[], body.to_string()).await?.done(None)?;
    tell(&answer, args.json);
    Ok(())
}

/// Says what became of a change.
pub(super) fn tell(answer: &Value, as_json: bool) {
    if as_json {
        crate::say(format_args!("{answer:#}"));
    } else {
        crate::say(line(answer));
    }
}

pub(super) fn line(answer: &Value) -> String {
    let text = |name: &str| answer[name].as_str().unwrap_or("nothing");
    let (to, from) = (text("version"), text("from"));
    match (answer["dryRun"] == true, answer["changed"] == true) {
        (true, true) => format!("{to} would be live, after {from}; nothing was changed"),
        (false, true) => format!("{to} is live, after {from}; functions have it within 30 seconds"),
        (_, false) => format!("{to} is live already; nothing was changed"),
    }
}
