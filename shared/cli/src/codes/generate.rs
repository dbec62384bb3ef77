//! `beckon codes generate`: in requests of ten thousand, each of which may be sent again.

use super::{SaidArgs, standing};
use crate::error::CliError;
use crate::rules::admin::encoded;
use crate::rules::place::PlaceArgs;
use beckon_runtime::fresh_id;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};

/// Codes that one request makes: few enough to be done in seconds.
const REQUEST_COUNT: u64 = 5_000;
/// Codes of one command at most.
const COUNT_MAX: u64 = 1_000_000;

/// Arguments of `beckon codes generate`.
#[derive(Args, Debug)]
#[command(
    after_help = "A code is the prefix, eleven characters of chance (55 bits) and one by which a till finds typing mistakes. The recipe:
  each character stands for its place in 0123456789ABCDEFGHJKMNPQRSTVWXYZ (O is read as 0, I and L as 1).
  c = 0; for each of the eleven: double c, if it is 32 or more XOR it with 37; then XOR it with the character's number.
  Double c once more in the same way: that is the number of the twelfth character.
Your shop's system needs the codes (beckon codes show POOL --csv), or asks: beckon codes check CODE."
)]
pub(super) struct GenerateArgs {
    /// The pool; made when there is none
    #[arg(value_name = "POOL")]
    pool: String,
    /// How many codes
    #[arg(value_name = "COUNT")]
    count: u64,
    /// What they begin with: letters, digits and -
    #[arg(long, value_name = "TEXT", default_value = "")]
    prefix: String,
    /// For how long each holds, from when somebody is given it, such as 72h
    #[arg(long, value_name = "TIME")]
    valid_for: String,
    #[command(flatten)]
    said: SaidArgs,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Makes codes.
pub(super) async fn run(args: GenerateArgs) -> Result<(), CliError> {
    if !(1..=COUNT_MAX).contains(&args.count) {
        return Err(CliError::usage(format!("the count is a number from 1 to {COUNT_MAX}")));
    }
    let mut body: Map<String, Value> = args
        .said
        .into_query()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect();
    if let Some(percent) = body.get("percent").and_then(|p| p.as_str()?.parse::<u64>().ok()) {
        body.insert("percent".to_owned(), json!(percent));
    }
    body.insert("prefix".to_owned(), json!(args.prefix));
    body.insert("valid_for".to_owned(), json!(args.valid_for));
    let admin = args.place.open().await?;
    let bar = ProgressBar::new(args.count);
    if let Ok(style) =
        ProgressStyle::with_template("making [{bar:40}] {percent:>3} %  {pos} codes  {eta} left")
    {
        bar.set_style(style.progress_chars("=> "));
    }
    let path = format!("/codes/{}/generate", encoded(&args.pool));
    let (mut added, mut pool, import) = (0, Value::Null, fresh_id());
    for number in 0..args.count.div_ceil(REQUEST_COUNT) {
        body.insert("count".to_owned(), json!((args.count - number * REQUEST_COUNT).min(REQUEST_COUNT)));
        body.insert("import".to_owned(), json!(format!("{import}-{number}")));
        let body = Value::Object(body.clone()).to_string().into_bytes();
        let mut answer = admin.post_whole(&path, &[], "application/json", body).await?;
        added += answer["added"].as_u64().unwrap_or_default();
        pool = answer["pool"].take();
        bar.set_position(added);
    }
    bar.finish_and_clear();
    if args.json {
        crate::say(format_args!("{:#}", json!({ "added": added, "pool": pool })));
    } else {
        crate::say(format_args!("{added} codes were made"));
        crate::say(standing(&pool));
    }
    Ok(())
}
