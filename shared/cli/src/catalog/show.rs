//! `beckon catalog show`.

use crate::error::CliError;
use crate::rules::admin::encoded;
use crate::rules::place::PlaceArgs;
use clap::Args;
use serde_json::Value;

/// Arguments of `beckon catalog show`.
#[derive(Args, Debug)]
pub(super) struct ShowArgs {
    /// The product
    #[arg(value_name = "ID")]
    id: String,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Prints what is known of a product.
pub(super) async fn run(args: ShowArgs) -> Result<(), CliError> {
    let admin = args.place.open().await?;
    let path = format!("/catalog/products/{}", encoded(&args.id));
    let answer = admin.get(&path, &[]).await?.done(None)?;
    if args.json {
        crate::say(format_args!("{answer:#}"));
        return Ok(());
    }
    for line in lines(&answer) {
        crate::say(line);
    }
    Ok(())
}

pub(super) fn lines(answer: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let facts = answer["product"].as_object().into_iter().flatten();
    let mut rows: Vec<Vec<String>> = facts.map(|(name, value)| vec![name.clone(), text(value)]).collect();
    // What it is comes first, the rest in the order of the alphabet.
    rows.sort_by_key(|row| (row[0] != "id", row[0] != "title"));
    rows.push(vec!["told by".to_owned(), format!("{}, {}", text(&answer["source"]), text(&answer["asOf"]))]);
    crate::failed::aligned(&rows)
}
