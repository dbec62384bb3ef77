//! `beckon rules explain`: why somebody is shown what they are shown: every rule of a slot with what was compared and read,
//! `MISSING` for what is not known, and what was one step short.
//!
//! Of a person who is known to a running Beckon the decisions API says it, asked with a secret key (`options.explain`). Of
//! one in a file or an archive the same is worked out here, as it would have been at that time.

mod replayed;
#[cfg(test)]
mod tests;
mod text;

use super::place::PlaceArgs;
use crate::error::CliError;
use crate::replay::format::Format;
use beckon_domain::Timestamp;
use beckon_rules::PageKind;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Arguments of `beckon rules explain`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon rules explain --slot home.hero --visitor 7f3a…              a visitor of `beckon serve`, by the browser's id
  beckon rules explain --slot pdp.related --customer u-17 --page product --product tent-2p --stack-name beckon-dev
  beckon rules explain --slot home.hero --rules my-shop.yaml --events shop.csv --format rees46 --person 512475445
  beckon rules explain --slot home.hero --rules my-shop.yaml --events target/beckon/archive --person a1_…
                                                                     as of the last event; --at 2026-11-20T18:00:00Z")]
pub(super) struct ExplainArgs {
    /// The slot; may be given several times
    #[arg(long = "slot", value_name = "ID", required = true)]
    slots: Vec<String>,
    /// The visitor, by the anonymous id that the browser has
    #[arg(long, value_name = "ID", conflicts_with = "events")]
    visitor: Option<String>,
    /// The customer, by the shop's id
    #[arg(long, value_name = "ID", conflicts_with = "events")]
    customer: Option<String>,
    /// The type of the page: product, home, category, cart or other
    #[arg(long, value_name = "TYPE", value_parser = super::page_kind)]
    page: Option<PageKind>,
    /// The product of the page
    #[arg(long, value_name = "ID")]
    product: Option<String>,
    /// The category of the page
    #[arg(long, value_name = "ID")]
    category: Option<String>,
    /// What happened: a file or an archive; the person is one of it
    #[arg(long, value_name = "FILE", requires_all = ["rules", "person"])]
    events: Option<PathBuf>,
    /// What the file holds
    #[arg(long, value_enum, default_value_t = Format::Archive, requires = "events")]
    format: Format,
    /// The ruleset to explain by, with --events
    #[arg(long, value_name = "FILE", requires = "events")]
    rules: Option<PathBuf>,
    /// The person of the file, by the id that it has there; of an archive the profile key
    #[arg(long, value_name = "ID", requires = "events")]
    person: Option<String>,
    /// As of this time (RFC 3339) [default: the person's last event]
    #[arg(long, value_name = "TIME", requires = "events", value_parser = super::instant)]
    at: Option<Timestamp>,
    /// Region of the archive's bucket, or of the stack: see --stack-name
    #[command(flatten)]
    place: PlaceArgs,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
}

/// Explains.
pub(super) async fn run(args: ExplainArgs) -> Result<(), CliError> {
    let is_json = args.json;
    let explained = match &args.events {
        Some(_) => replayed::explain(&args).await?,
        None => live(args).await?,
    };
    if is_json {
        crate::say(format_args!("{explained:#}"));
    } else {
        crate::say(text::text(&explained).trim_end());
    }
    Ok(())
}

/// Asks a running Beckon.
async fn live(args: ExplainArgs) -> Result<Value, CliError> {
    if args.visitor.is_none() && args.customer.is_none() {
        return Err(CliError::usage(
            "nobody is named: give --visitor or --customer, or --events with --person for somebody in a file",
        ));
    }
    let page = json!({
        "type": args.page.map(|kind| kind.code().to_ascii_uppercase()),
        "productId": args.product,
        "category": args.category,
    });
    let slots: Vec<Value> = args.slots.iter().map(|slot| json!({ "id": slot })).collect();
    let body = json!({
        "anonymousId": args.visitor,
        "userId": args.customer,
        "context": { "page": page },
        "slots": slots,
        "options": { "explain": true },
    });
    let admin = args.place.open().await?;
    let answer = admin.decide(body.to_string()).await?.done(None)?;
    if let Some(error) = answer["errors"].as_array().and_then(|errors| errors.first()) {
        let detail = error["detail"].as_str().unwrap_or("a slot is not known");
        return Err(CliError::usage(detail));
    }
    Ok(answer)
}
