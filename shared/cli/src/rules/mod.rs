//! `beckon rules`: a ruleset on its way from a file to being live, and back.
//!
//! `publish`, `rollback` and `history` ask the admin API, which `admin` speaks: that of `beckon serve`, or that of a
//! deployed stack. `check`, `test`, `diff` and `backtest` need nothing but files.

mod admin;
mod backtest;
mod check;
mod diff;
mod file;
mod history;
mod junit;
mod place;
mod publish;
mod rollback;
mod table;
mod test;

use crate::error::CliError;
use clap::{Args, Subcommand};

/// Arguments of `beckon rules`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon rules check my-shop.yaml                                 every mistake, with its line and what to write instead
  beckon rules test my-shop.yaml --junit tests.xml                the tests that it carries
  beckon rules diff live.yaml my-shop.yaml                        what is different, by what it means
  beckon rules backtest --from live.yaml --to my-shop.yaml --events target/beckon/archive
  beckon rules table my-shop.yaml --table matrix > matrix.csv     a decision table, for a spreadsheet
  beckon rules publish my-shop.yaml --note \"winter sale\"          live in `beckon serve` on this machine
  beckon rules publish my-shop.yaml --dry-run                     only says what publishing would do
  beckon rules history --stack-name beckon-dev                    who made what live, newest first
  beckon rules rollback --stack-name beckon-dev                   what was live before is live again

Functions have what is live after 30 seconds at most, without a deployment.")]
pub struct RulesArgs {
    #[command(subcommand)]
    command: RulesCommand,
}

#[derive(Subcommand, Debug)]
enum RulesCommand {
    /// Say everything that is wrong with rulesets
    Check(check::CheckArgs),
    /// Run the tests that a ruleset carries
    Test(test::TestArgs),
    /// Say what is different between two rulesets
    Diff(diff::DiffArgs),
    /// Run history through two rulesets, and say what would have been different
    Backtest(backtest::BacktestArgs),
    /// Print a decision table as CSV, or a ruleset with the rows of a CSV in it
    Table(table::TableArgs),
    /// Make a ruleset live, if it is valid and its tests pass
    Publish(publish::PublishArgs),
    /// Make an earlier version live again
    Rollback(rollback::RollbackArgs),
    /// List what was live, and who made it so, newest first
    History(history::HistoryArgs),
}

/// Runs `beckon rules`.
///
/// # Errors
/// When a ruleset or an argument is to be mended, or the admin API does not do what was asked.
pub async fn run(args: RulesArgs) -> Result<(), CliError> {
    match args.command {
        RulesCommand::Check(args) => check::run(&args),
        RulesCommand::Test(args) => test::run(&args),
        RulesCommand::Diff(args) => diff::run(&args),
        RulesCommand::Backtest(args) => Box::pin(backtest::run(args)).await,
        RulesCommand::Table(args) => table::run(&args),
        RulesCommand::Publish(args) => Box::pin(publish::run(args)).await,
        RulesCommand::Rollback(args) => Box::pin(rollback::run(args)).await,
        RulesCommand::History(args) => Box::pin(history::run(args)).await,
    }
}
