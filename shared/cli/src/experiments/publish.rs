//! `beckon experiments publish` and `rollback`.

use super::text;
use crate::error::CliError;
use crate::rules::change::ChangeArgs;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Arguments of `beckon experiments publish`.
#[derive(Args, Debug)]
pub(super) struct PublishArgs {
    /// The document
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Check it, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Arguments of `beckon experiments rollback`.
#[derive(Args, Debug)]
pub(super) struct RollbackArgs {
    /// The version, as `history` shows it [default: what was live before]
    #[arg(value_name = "VERSION")]
    version: Option<String>,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Publishes.
pub(super) async fn run(args: PublishArgs) -> Result<(), CliError> {
    let (file, body) = (args.file.display().to_string(), text(&args.file)?);
    let query = args.change.query(&[("dry_run", args.dry_run)]);
    let answer =
        args.change.place.open().await?.put("/experiments", &query, body).await?.done(Some(&file))?;
    tell(&answer, args.change.json);
    Ok(())
}

/// Rolls back.
pub(super) async fn roll_back(args: RollbackArgs) -> Result<(), CliError> {
    let body = args.change.body(json!({ "to": args.version }));
    let admin = args.change.place.open().await?;
    let answer = admin.post("/experiments/rollback", &[], body).await?.done(None)?;
    tell(&answer, args.change.json);
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
