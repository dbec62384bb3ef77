//! `beckon experiments diff`: what is different between two documents, by what it means.

use super::text;
use crate::error::CliError;
use crate::rules::diff::document;
use crate::rules::place::PlaceArgs;
use beckon_rules::diff::{Side, diff_experiments};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Arguments of `beckon experiments diff`.
#[derive(Args, Debug)]
pub(super) struct DiffArgs {
    /// The document before; or the one after, if it is the only one: then what is live is the one before
    #[arg(value_name = "FILE")]
    first: PathBuf,
    /// The document after
    #[arg(value_name = "NEW")]
    second: Option<PathBuf>,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Compares.
pub(super) async fn run(args: DiffArgs) -> Result<(), CliError> {
    let (old, new, names) = match &args.second {
        Some(second) => {
            let names = [args.first.display().to_string(), second.display().to_string()];
            (text(&args.first)?, text(second)?, names)
        }
        None => {
            let live = args.place.open().await?.get("/experiments", &[]).await?.done(None)?;
            let live = live["text"].as_str().unwrap_or("version: 1\n").to_owned();
            (live, text(&args.first)?, ["what is live".to_owned(), args.first.display().to_string()])
        }
    };
    let [old_name, new_name] = names;
    let changes = diff_experiments(&old, &new).map_err(|(side, error)| {
        CliError::ruleset(if side == Side::Old { old_name } else { new_name }, &error)
    })?;
    if args.json {
        let changes: Vec<Value> = changes.iter().map(document).collect();
        crate::say(format_args!("{:#}", json!({ "changes": changes })));
    } else if changes.is_empty() {
        crate::say("the same experiments: nothing that decides anything is different");
    } else {
        changes.iter().for_each(crate::say);
    }
    Ok(())
}
