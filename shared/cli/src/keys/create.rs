//! `beckon keys create`.

use super::line;
use crate::error::CliError;
use crate::rules::place::PlaceArgs;
use clap::{Args, ValueEnum};
use serde_json::json;

/// What a key is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Kind {
    /// For pages and apps (pk_): anyone may see it
    Publishable,
    /// For servers (sk_): it may say who somebody is, and change what is live
    Secret,
    /// To sign who a visitor is (ts_): held by servers
    Token,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Publishable => "publishable",
            Self::Secret => "secret",
            Self::Token => "token",
        }
    }
}

/// Arguments of `beckon keys create`.
#[derive(Args, Debug)]
pub(super) struct CreateArgs {
    /// The source that it names; a token holds beside write keys of the same source
    #[arg(long, value_name = "NAME")]
    source: String,
    /// What it is for
    #[arg(long, value_enum, default_value_t = Kind::Publishable)]
    kind: Kind,
    /// An origin of pages that may use it, such as https://shop.example; may be given again [default: any]
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// From when on it opens nothing, such as 2027-01-31T00:00:00Z
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// What it is for, in words
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Who, for the record; the key's source is noted in any case
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Makes a key.
pub(super) async fn run(args: CreateArgs) -> Result<(), CliError> {
    let body = json!({ "kind": args.kind.name(), "source": args.source, "origins": args.origins,
        "expires_at": args.expires, "label": args.label, "note": args.note, "by": args.by });
    let answer = args.place.open().await?.post("/keys", &[], body.to_string()).await?.done(None)?;
    if args.json {
        crate::say(format_args!("{answer:#}"));
        return Ok(());
    }
    crate::say(answer["secret"].as_str().unwrap_or_default());
    crate::say(line(&answer["key"]));
    crate::say("it is shown this once: keep it where your secrets are");
    Ok(())
}
