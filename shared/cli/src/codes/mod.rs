//! `beckon codes`: discount codes, from a file or from chance to a till, through the admin API of `beckon serve` or of a
//! stack.

mod check;
mod delete;
mod generate;
mod list;
mod show;
#[cfg(test)]
mod tests;
mod upload;

use crate::error::CliError;
use clap::{Args, Subcommand};
use serde_json::Value;

/// Arguments of `beckon codes`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon codes upload winter codes.csv --percent 10        your shop's codes, into `beckon serve` on this machine
  beckon codes upload winter codes.csv --dry-run           only says which rows cannot be taken
  beckon codes generate cart 5000 --prefix CART- --valid-for 72h --percent 10
  beckon codes list                                        every pool: free, held, redeemed; which are low
  beckon codes show cart --csv > cart.csv                  every code of a pool, for your shop's system
  beckon codes check CART-4J7Q0Z1M8XKP                     what a till may do with it; exit code 1 unless it is valid
  beckon codes delete winter --yes                         codes that nobody has
  beckon codes list --stack-name beckon-dev                of a deployed stack

A file has a code on each line, and after a comma when it ends, if it does: SAVE-1A2B,2026-12-31T23:59:59+01:00. All codes of
a pool are worth the same. A code is in one pool only, and one reminder gets it: an upload may be begun again at any time.")]
pub struct CodesArgs {
    #[command(subcommand)]
    command: CodesCommand,
}

#[derive(Subcommand, Debug)]
enum CodesCommand {
    /// Put codes of a file into a pool
    Upload(Box<upload::UploadArgs>),
    /// Make codes that a till can check, and put them into a pool
    Generate(Box<generate::GenerateArgs>),
    /// Say how every pool stands
    List(list::ListArgs),
    /// Say how a pool stands, or print its codes
    Show(show::ShowArgs),
    /// Say what a till may do with a code
    Check(check::CheckArgs),
    /// Delete the codes of a pool that nobody has
    Delete(delete::DeleteArgs),
}

/// Runs `beckon codes`.
///
/// # Errors
/// When a file or an argument is to be mended, rows could not be taken, a code is not valid, or the admin API does not do
/// what was asked.
pub async fn run(args: CodesArgs) -> Result<(), CliError> {
    match args.command {
        CodesCommand::Upload(args) => Box::pin(upload::run(*args)).await,
        CodesCommand::Generate(args) => Box::pin(generate::run(*args)).await,
        CodesCommand::List(args) => Box::pin(list::run(args)).await,
        CodesCommand::Show(args) => Box::pin(show::run(args)).await,
        CodesCommand::Check(args) => Box::pin(check::run(args)).await,
        CodesCommand::Delete(args) => Box::pin(delete::run(args)).await,
    }
}

/// What codes are worth, and who says so.
#[derive(Args, Debug)]
struct SaidArgs {
    /// Per cent that each code takes off (needed by a pool's first codes, as is --label)
    #[arg(long, value_name = "N", conflicts_with = "label")]
    percent: Option<u64>,
    /// What each code is worth otherwise, such as "5 EUR off"
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Who, for the record; the key's source is noted in any case
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl SaidArgs {
    fn into_query(self) -> Vec<(&'static str, String)> {
        let percent = self.percent.map(|percent| percent.to_string());
        let told =
            [("percent", percent), ("label", self.label), ("note", self.note), ("by", self.by)].into_iter();
        told.filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// How a pool stands, in one line.
fn standing(pool: &Value) -> String {
    let expired = match pool["expired"].as_u64() {
        None | Some(0) => String::new(),
        Some(expired) => format!(", {expired} expired"),
    };
    let low = if pool["low"] == true { "; low: new codes are needed soon" } else { "" };
    format!(
        "{}: {} free, {} held, {} redeemed{expired}; {} each{low}",
        pool["pool"].as_str().unwrap_or_default(),
        pool["free"],
        pool["held"],
        pool["redeemed"],
        pool["worth"].as_str().unwrap_or_default()
    )
}
