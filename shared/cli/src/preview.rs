//! `beckon preview`: a token with which a page shows what somebody else would be shown, or at another time.

use crate::error::CliError;
use crate::rules::place::PlaceArgs;
use clap::Args;
use serde_json::{Map, Value, json};

/// Arguments of `beckon preview`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon preview --known --trait tier=gold                a member with a gold card
  beckon preview --viewed tent-2p --at 2026-12-24T18:00:00Z
  beckon preview --variant hero-copy=b                    variant b of an experiment, whoever looks
  beckon preview --profile c1_...                         somebody who exists, by the key of their profile

Put the token into options.preview of POST /v1/decisions. Nothing of a preview is counted or kept.")]
pub struct PreviewArgs {
    /// Somebody who is logged in
    #[arg(long)]
    known: bool,
    /// What is known of them; may be given again
    #[arg(long = "trait", value_name = "NAME=VALUE", value_parser = pair)]
    traits: Vec<(String, String)>,
    /// A segment that they are in; may be given again; they are in no other then
    #[arg(long = "segment", value_name = "ID")]
    segments: Vec<String>,
    /// A product that they have just looked at; may be given again, the last one last
    #[arg(long = "viewed", value_name = "ID")]
    viewed: Vec<String>,
    /// Somebody who exists, by the key of their profile
    #[arg(long, value_name = "KEY", conflicts_with_all = ["known", "traits", "segments", "viewed"])]
    profile: Option<String>,
    /// The variant to show of an experiment; may be given again
    #[arg(long = "variant", value_name = "EXPERIMENT=VARIANT", value_parser = pair)]
    variants: Vec<(String, String)>,
    /// The time at which it is decided, such as 2026-12-24T18:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// How long the token is taken, in minutes
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1_440))]
    minutes: u32,
    /// Print one JSON document instead of the token alone
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// What the arguments say, as the API takes it.
fn body(args: &PreviewArgs) -> Value {
    let map = |pairs: &[(String, String)]| {
        let pairs = pairs.iter().map(|(name, value)| (name.clone(), json!(value)));
        Value::Object(pairs.collect::<Map<_, _>>())
    };
    let mut preview = json!({ "profile": args.profile, "at": args.at, "variants": map(&args.variants) });
    let has_segments = !args.segments.is_empty();
    if args.known || has_segments || !args.traits.is_empty() || !args.viewed.is_empty() {
        let view = |id: &String| json!({ "event": "Product Viewed", "properties": { "product_id": id } });
        let events: Vec<Value> = args.viewed.iter().map(view).collect();
        preview["persona"] = json!({ "loggedIn": args.known, "traits": map(&args.traits), "events": events,
            "segments": has_segments.then_some(&args.segments) });
    }
    json!({ "preview": preview, "ttlSeconds": u64::from(args.minutes) * 60 })
}

/// Has a token made.
///
/// # Errors
/// When an argument is to be mended, or the API does not make it.
pub async fn run(args: PreviewArgs) -> Result<(), CliError> {
    let body = body(&args).to_string();
    let answer = args.place.open().await?.preview(body).await?.done(None)?;
    if args.json {
        crate::say(format_args!("{answer:#}"));
    } else {
        crate::say(answer["token"].as_str().unwrap_or_default());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: PreviewArgs,
    }

    #[test]
    fn what_is_asked_for_is_what_the_api_reads() {
        let words = [
            "p",
            "--known",
            "--trait",
            "tier=gold",
            "--segment",
            "vip",
            "--viewed",
            "mug",
            "--variant",
            "hero=b",
        ];
        let body = body(&Cli::parse_from(words).args).to_string();
        let ask = beckon_wire::decisions::MintAsk::parse(body.as_bytes()).unwrap();
        let persona = &ask.preview["persona"];
        assert_eq!((&persona["loggedIn"], &persona["traits"]["tier"]), (&json!(true), &json!("gold")));
        assert_eq!((&persona["segments"], &ask.preview["variants"]["hero"]), (&json!(["vip"]), &json!("b")));
        assert!(Cli::try_parse_from(["p", "--profile", "c1_x", "--known"]).is_err());
    }
}
