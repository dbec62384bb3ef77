//! `beckon privacy release`.

use super::{PersonArgs, lines};
use crate::error::CliError;
use crate::rules::place::PlaceArgs;
use clap::Args;

/// Arguments of `beckon privacy release`.
#[derive(Args, Debug)]
pub(super) struct ReleaseArgs {
    #[command(flatten)]
    person: PersonArgs,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Lets an erased person back.
pub(super) async fn run(args: ReleaseArgs) -> Result<(), CliError> {
    let body = args.person.body()?.to_string().into_bytes();
    let admin = args.place.open().await?;
    let answer = admin.post_whole("/privacy/release", &[], "application/json", body).await?;
    if args.json {
        crate::say(format_args!("{answer:#}"));
        return Ok(());
    }
    lines(&answer["erasure"]).into_iter().for_each(crate::say);
    crate::say("mail to the address stays suppressed");
    Ok(())
}
