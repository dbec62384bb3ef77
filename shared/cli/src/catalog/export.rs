//! `beckon catalog export`: the products that a ruleset carries, as a feed.

use crate::error::CliError;
use beckon_domain::catalog::FactsSource;
use beckon_domain::{ProductFacts, Timestamp};
use beckon_rules::Ruleset;
use beckon_wire::catalog::feed::FeedProduct;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `beckon catalog export`.
#[derive(Args, Debug)]
pub(super) struct ExportArgs {
    /// The ruleset [default: the sample]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Prints the products, a JSON object on each line.
pub(super) fn run(args: &ExportArgs) -> Result<(), CliError> {
    let text = match &args.file {
        None => beckon_rules::SAMPLE.to_owned(),
        Some(file) => std::fs::read_to_string(file)
            .map_err(|e| CliError::usage(format!("cannot read the ruleset {}: {e}", file.display())))?,
    };
    for line in lines(&text)? {
        crate::say(line);
    }
    Ok(())
}

/// The products of a ruleset, as lines of a feed.
pub(super) fn lines(text: &str) -> Result<Vec<String>, CliError> {
    let ruleset = Ruleset::parse(text).map_err(|e| CliError::ruleset("ruleset", &e))?;
    let line = |product: &beckon_rules::Product| {
        let facts = ProductFacts {
            link: product.url.clone(),
            image_link: product.image_url.clone(),
            price: product.price,
            path: vec![product.category.clone()],
            ..ProductFacts::new(product.id.clone(), &product.name, Timestamp::EPOCH, FactsSource::Feed)
        };
        serde_json::to_string(&FeedProduct::from(&facts))
            .map_err(|e| CliError::caused(&format!("the product {} is no JSON", product.id), &e))
    };
    ruleset.products().iter().map(line).collect()
}
