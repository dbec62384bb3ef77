//! `beckon catalog`: what a shop sells, from a feed to decisions, through the admin API of `beckon serve` or of a stack.

mod export;
mod import;
mod parts;
mod show;
mod status;
#[cfg(test)]
mod tests;

use crate::error::CliError;
use clap::{Args, Subcommand};

/// Arguments of `beckon catalog`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon catalog import products.csv                          into `beckon serve` on this machine, and published
  beckon catalog import products.jsonl.gz --dry-run           only says which rows cannot be taken
  beckon catalog import products.csv --delete-missing         what the feed does not have is deleted
  beckon catalog import products.csv --stack-name beckon-dev  into a deployed stack
  beckon catalog export my-shop.yaml > products.jsonl         the products of a ruleset, as a feed
  beckon catalog show tent-2p                                 what is known of a product
  beckon catalog status                                       the latest import, and what decisions have

A feed is JSON Lines or CSV with the field names of Google's product data: id, title, link, image_link, price (15.00 EUR),
availability (in_stock, out_of_stock, preorder, backorder), product_type (Outdoor > Tents), brand, item_group_id, sale_price.
Other fields are kept as attributes. An import may be begun again at any time: nothing counts twice.")]
pub struct CatalogArgs {
    #[command(subcommand)]
    command: CatalogCommand,
}

#[derive(Subcommand, Debug)]
enum CatalogCommand {
    /// Take a product feed over, row by row, and publish it
    Import(Box<import::ImportArgs>),
    /// Print the products of a ruleset as a feed
    Export(export::ExportArgs),
    /// Print what is known of a product
    Show(show::ShowArgs),
    /// Say how the catalog stands
    Status(status::StatusArgs),
}

/// Runs `beckon catalog`.
///
/// # Errors
/// When a feed or an argument is to be mended, rows could not be taken, or the admin API does not do what was asked.
pub async fn run(args: CatalogArgs) -> Result<(), CliError> {
    match args.command {
        CatalogCommand::Import(args) => Box::pin(import::run(*args)).await,
        CatalogCommand::Export(args) => export::run(&args),
        CatalogCommand::Show(args) => Box::pin(show::run(args)).await,
        CatalogCommand::Status(args) => Box::pin(status::run(args)).await,
    }
}
