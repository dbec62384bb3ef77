//! `beckon rules`: a ruleset on its way from a file to being live, and back.
//!
//! `publish`, `rollback` and `history` ask the admin API, which `admin` speaks: that of `beckon serve`, or that of a
//! deployed stack. `explain` asks the decisions API there, or a file. `check`, `test`, `diff` and `backtest` need nothing but
//! files.

pub(crate) mod admin;
pub(crate) mod backtest;
pub(crate) mod change;
mod check;
pub(crate) mod diff;
mod explain;
mod file;
pub(crate) mod history;
mod junit;
pub(crate) mod place;
mod publish;
mod rollback;
mod schema;
mod table;
mod test;
#[cfg(test)]
mod tests;

pub(crate) use backtest::source::{Step, Teller};

use crate::error::CliError;
use beckon_domain::Timestamp;
use beckon_rules::PageKind;
use clap::{Args, Subcommand};

/// Arguments of `beckon rules`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon rules check my-shop.yaml                                 every mistake, with its line and what to write instead
  beckon rules test my-shop.yaml --junit tests.xml                the tests that it carries
  beckon rules diff live.yaml my-shop.yaml                        what is different, by what it means
  beckon rules backtest --from live.yaml --to my-shop.yaml --events target/beckon/archive
  beckon rules explain --slot home.hero --visitor 7f3a…           why, for somebody whom `beckon serve` knows
  beckon rules schema > ruleset.schema.json                       an editor completes fields with it
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
    /// Say why somebody is shown what they are shown, and what is one step short
    Explain(Box<explain::ExplainArgs>),
    /// Print the JSON Schema of a ruleset, for an editor
    Schema,
    /// Print a decision table as CSV, or a ruleset with the rows of a CSV in it
    Table(table::TableArgs),
    /// Make a ruleset live, if it is valid and its tests pass
    Publish(publish::PublishArgs),
    /// Make an earlier version live again
    Rollback(rollback::RollbackArgs),
    /// List what was live, and who made it so, newest first
    History(history::HistoryArgs),
}

/// The type of a page.
fn page_kind(word: &str) -> Result<PageKind, String> {
    PageKind::parse(word)
        .ok_or_else(|| format!("expected one of {}", PageKind::ALL.map(PageKind::code).join(", ")))
}

/// An instant, RFC 3339.
fn instant(text: &str) -> Result<Timestamp, String> {
    let parsed = beckon_wire::parse_time(&serde_json::Value::from(text));
    parsed.ok_or_else(|| "expected a time such as 2026-11-20T18:00:00Z".to_owned())
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
        RulesCommand::Explain(args) => Box::pin(explain::run(*args)).await,
        RulesCommand::Schema => {
            schema::run();
            Ok(())
        }
        RulesCommand::Table(args) => table::run(&args),
        RulesCommand::Publish(args) => Box::pin(publish::run(args)).await,
        RulesCommand::Rollback(args) => Box::pin(rollback::run(args)).await,
        RulesCommand::History(args) => Box::pin(history::run(args)).await,
    }
}
