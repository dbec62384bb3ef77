//! `beckon codes list`.

use super::standing;
use crate::error::CliError;
use crate::rules::place::PlaceArgs;
use clap::Args;

/// Arguments of `beckon codes list`.
#[derive(Args, Debug)]
pub(super) struct ListArgs {
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Says how every pool stands.
pub(super) async fn run(args: ListArgs) -> Result<(), CliError> {
    let answer = args.place.open().await?.get("/codes", &[]).await?.done(None)?;
    if args.json {
        crate::say(format_args!("{answer:#}"));
        return Ok(());
    }
    let pools = answer["pools"].as_array().cloned().unwrap_or_default();
    if pools.is_empty() {
        crate::say(
            "there are no pools yet: beckon codes upload POOL FILE, or beckon codes generate POOL COUNT",
        );
    }
    pools.iter().for_each(|pool| crate::say(standing(pool)));
    Ok(())
}
