//! `beckon codes delete`.

use super::standing;
use crate::error::CliError;
use crate::rules::admin::encoded;
use crate::rules::place::PlaceArgs;
use clap::Args;
use serde_json::{Value, json};

/// Arguments of `beckon codes delete`.
#[derive(Args, Debug)]
pub(super) struct DeleteArgs {
    /// The pool
    #[arg(value_name = "POOL")]
    pool: String,
    /// Yes, delete them: they cannot be had back
    #[arg(long)]
    yes: bool,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Who, for the record
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Deletes codes that nobody has.
pub(super) async fn run(args: DeleteArgs) -> Result<(), CliError> {
    let admin = args.place.open().await?;
    let path = format!("/codes/{}", encoded(&args.pool));
    if !args.yes {
        let pool = admin.get(&path, &[]).await?.done(None)?;
        return Err(CliError::usage(format!("{}. To delete the free ones give --yes", standing(&pool))));
    }
    let told = [("note", args.note), ("by", args.by)].into_iter();
    let query: Vec<_> = told.filter_map(|(name, value)| Some((name, value?))).collect();
    let mut deleted = 0;
    loop {
        let answer: Value = admin.delete(&path, &query).await?.done(None)?;
        let gone = answer["deleted"].as_u64().unwrap_or_default();
        deleted += gone;
        if gone > 0 && answer["more"] == true {
            continue;
        }
        if args.json {
            crate::say(format_args!("{:#}", json!({ "deleted": deleted, "pool": answer["pool"] })));
        } else {
            crate::say(format_args!("{deleted} codes were deleted"));
            crate::say(standing(&answer["pool"]));
        }
        return Ok(());
    }
}
