//! `beckon rules rollback`.

use super::place::PlaceArgs;
use super::publish::tell;
use crate::error::CliError;
use clap::Args;
use serde_json::json;

/// Arguments of `beckon rules rollback`.
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

/// Rolls back.
pub(super) async fn run(args: RollbackArgs) -> Result<(), CliError> {
    let admin = args.place.open().await?;
    let body = json!({ "to": args.version, "note": args.note, "by": args.by });
    let answer = admin.post("/rulesets/rollback", &[], body.to_string()).await?.done(None)?;
    tell(&answer, args.json);
    Ok(())
}
