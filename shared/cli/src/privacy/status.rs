//! `beckon privacy status`.

use super::{PersonArgs, lines};
use crate::error::CliError;
use crate::rules::place::PlaceArgs;
use clap::Args;

/// Arguments of `beckon privacy status`.
#[derive(Args, Debug)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    person: PersonArgs,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Says how far erasures have come: of a person, or all whose time is not over.
pub(super) async fn run(args: StatusArgs) -> Result<(), CliError> {
    let body = args.person.any();
    let answer = args.place.open().await?.post("/privacy/status", &[], body.to_string()).await?.done(None)?;
    let erasures = answer["erasures"].as_array().cloned().unwrap_or_default();
    if args.json {
        crate::say(format_args!("{answer:#}"));
    } else if erasures.is_empty() {
        crate::say("nobody was erased whose tombstones still stand");
    } else {
        erasures.iter().flat_map(lines).for_each(crate::say);
    }
    let is_open = |state: &str| !["complete", "released"].contains(&state);
    let open = erasures.iter().filter(|erasure| erasure["state"].as_str().is_some_and(is_open)).count();
    match open {
        0 => Ok(()),
        open => Err(CliError::failed(format!("{open} of {} erasures are not complete yet", erasures.len()))),
    }
}
