//! `beckon privacy erase`.

use super::{PersonArgs, lines};
use crate::cloud::confirm;
use crate::error::CliError;
use crate::rules::place::PlaceArgs;
use clap::Args;
use serde_json::{Value, json};
use std::io::IsTerminal;

/// Arguments of `beckon privacy erase`.
#[derive(Args, Debug)]
pub(super) struct EraseArgs {
    #[command(flatten)]
    person: PersonArgs,
    /// Only say how much would go
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Let the person back at once: what is gone stays gone, what is new is kept
    #[arg(long)]
    allow_return: bool,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Erases a person.
pub(super) async fn run(args: EraseArgs) -> Result<(), CliError> {
    let mut body = args.person.body()?;
    let admin = args.place.open().await?;
    if args.dry_run || !args.yes {
        body["dryRun"] = json!(true);
        let found = admin.post("/privacy/erase", &[], body.to_string()).await?.done(None)?;
        if args.dry_run && args.json {
            crate::say(format_args!("{found:#}"));
            return Ok(());
        }
        let what = would_go(&found);
        if args.dry_run {
            crate::say(what);
            crate::say("nothing was changed");
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            return Err(CliError::usage(
                "there is no terminal to ask on: say --yes if the person may be erased",
            ));
        }
        eprintln!("{what}");
        if !confirm::ask("Erase this person? It cannot be undone.")? {
            crate::say("nothing was changed");
            return Ok(());
        }
    }
    body["dryRun"] = json!(false);
    body["allowReturn"] = json!(args.allow_return);
    let body = body.to_string().into_bytes();
    let answer = admin.post_whole("/privacy/erase", &[], "application/json", body).await?;
    if args.json {
        crate::say(format_args!("{answer:#}"));
        return Ok(());
    }
    lines(&answer["erasure"]).into_iter().for_each(crate::say);
    Ok(())
}

/// What an erasure would remove, in words.
pub(super) fn would_go(answer: &Value) -> String {
    let count = |name: &str| answer["found"][name].as_u64().unwrap_or_default();
    format!(
        "found now: {} profiles with their carts, and {} mails, orders and codes; then contacts, archived lines and failed \
         events. The address stays suppressed, as a hash.",
        count("profiles"),
        count("outreach")
    )
}
