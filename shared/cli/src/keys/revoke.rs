//! `beckon keys revoke`.

use super::line;
use crate::error::CliError;
use crate::rules::admin::encoded;
use crate::rules::place::PlaceArgs;
use clap::Args;

/// Arguments of `beckon keys revoke`.
#[derive(Args, Debug)]
pub(super) struct RevokeArgs {
    /// The key's id, as the list shows it; never the key itself
    #[arg(value_name = "ID")]
    id: String,
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

/// Takes a key back.
pub(super) async fn run(args: RevokeArgs) -> Result<(), CliError> {
    if !args.id.starts_with("key_") {
        return Err(CliError::usage("name the key by its id (key_…), as beckon keys list shows it"));
    }
    let told = [("note", args.note), ("by", args.by)].into_iter();
    let query: Vec<_> = told.filter_map(|(name, value)| Some((name, value?))).collect();
    let path = format!("/keys/{}", encoded(&args.id));
    let answer = args.place.open().await?.delete(&path, &query).await?.done(None)?;
    if args.json {
        crate::say(format_args!("{answer:#}"));
        return Ok(());
    }
    crate::say(line(&answer["key"]));
    crate::say(match answer["changed"] == true {
        true => "it opens nothing any more, everywhere within a minute",
        false => "it was revoked before",
    });
    Ok(())
}
