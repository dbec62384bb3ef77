//! `beckon keys`: keys of pages, of servers, and to sign visitors with, through the admin API of `beckon serve` or of a stack.

mod create;
mod list;
mod revoke;
#[cfg(test)]
mod tests;

use crate::error::CliError;
use clap::{Args, Subcommand};
use serde_json::Value;

/// Arguments of `beckon keys`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon keys create --source web --origin https://shop.example     a key for pages of that origin, and of no other
  beckon keys create --source web --kind token                      a key with which your server signs who a visitor is
  beckon keys create --source shop --kind secret --expires 2027-01-31T00:00:00Z --label \"till\"
  beckon keys list                                                  which there are, and who made or revoked them
  beckon keys revoke key_5k2mz3u7xq4nabcd --note \"was in a log\"    it opens nothing any more, within a minute
  beckon keys list --stack-name beckon-dev --json                   of a deployed stack

To change a key without a gap: create the second one, give it to whoever uses the first, then revoke the first. A key is
shown once. The keys that a stack began with are in its secret: beckon stack keys.")]
pub struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Subcommand, Debug)]
enum KeysCommand {
    /// Make a key; it is shown this once
    Create(Box<create::CreateArgs>),
    /// Say which keys there are
    List(list::ListArgs),
    /// Take a key back
    Revoke(revoke::RevokeArgs),
}

/// Runs `beckon keys`.
///
/// # Errors
/// When an argument is to be mended, or the admin API does not do what was asked.
pub async fn run(args: KeysArgs) -> Result<(), CliError> {
    match args.command {
        KeysCommand::Create(args) => Box::pin(create::run(*args)).await,
        KeysCommand::List(args) => Box::pin(list::run(args)).await,
        KeysCommand::Revoke(args) => Box::pin(revoke::run(args)).await,
    }
}

/// A key in one line.
fn line(key: &Value) -> String {
    let text = |name: &str| key[name].as_str().unwrap_or_default();
    let origins: Vec<&str> =
        key["origins"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let origins = if origins.is_empty() { String::new() } else { format!(", from {}", origins.join(" ")) };
    let end = match (text("revokedAt"), text("expiresAt")) {
        ("", "") => String::new(),
        ("", end) if text("state") == "expired" => format!(" since {end}"),
        ("", end) => format!(" until {end}"),
        (revoked, _) => format!(" since {revoked}"),
    };
    let label = key["label"].as_str().map_or_else(String::new, |label| format!(": {label}"));
    let (id, kind, source, state) = (text("id"), text("kind"), text("source"), text("state"));
    format!("{id}  {kind} key of {source}{label}{origins}; {state}{end}")
}
