//! `beckon privacy`: the rights of a person, through the admin API of `beckon serve` or of a stack.

mod erase;
mod export;
mod objects;
mod release;
mod status;
#[cfg(test)]
mod tests;

use crate::error::CliError;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// Arguments of `beckon privacy`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon privacy export --user-id u1 --output u1.json      what is held on a person, as one document
  beckon privacy erase --user-id u1 --dry-run              how much would go
  beckon privacy erase --user-id u1                        asks, then erases; what comes late is kept out
  beckon privacy status --user-id u1                       what is done and what remains; exit code 1 until it is complete
  beckon privacy release --user-id u1                      lets the person back; what was erased stays gone
  beckon privacy erase --anonymous-id a1 --yes --stack-name beckon-dev --json

Profiles, carts, contacts and mails go at once; archive and failed events within 24 hours. The address stays suppressed, as a
hash. Both kinds of request are in the audit log, which names nobody: beckon audit list.")]
pub struct PrivacyArgs {
    #[command(subcommand)]
    command: PrivacyCommand,
}

#[derive(Subcommand, Debug)]
enum PrivacyCommand {
    /// Write what is held on a person as one JSON document
    Export(export::ExportArgs),
    /// Erase a person, and keep out what comes late
    Erase(erase::EraseArgs),
    /// Say how far erasures have come
    Status(status::StatusArgs),
    /// Let an erased person back
    Release(release::ReleaseArgs),
}

/// Runs `beckon privacy`.
///
/// # Errors
/// When an argument is to be mended, the admin API does not do what was asked, or an erasure is not complete.
pub async fn run(args: PrivacyArgs) -> Result<(), CliError> {
    match args.command {
        PrivacyCommand::Export(args) => Box::pin(export::run(args)).await,
        PrivacyCommand::Erase(args) => Box::pin(erase::run(args)).await,
        PrivacyCommand::Status(args) => Box::pin(status::run(args)).await,
        PrivacyCommand::Release(args) => Box::pin(release::run(args)).await,
    }
}

/// Who is meant.
#[derive(Args, Debug, Default)]
pub(crate) struct PersonArgs {
    /// The customer, by the shop's own id
    #[arg(long, value_name = "ID")]
    user_id: Option<String>,
    /// The visitor, by the id that their browser made
    #[arg(long, value_name = "ID")]
    anonymous_id: Option<String>,
}

impl PersonArgs {
    /// The body that names the person.
    fn body(&self) -> Result<Value, CliError> {
        if self.user_id.is_none() && self.anonymous_id.is_none() {
            return Err(CliError::usage(
                "name the person: --user-id or --anonymous-id (nothing is indexed by addresses)",
            ));
        }
        Ok(self.any())
    }

    /// The same, where nobody need be named.
    fn any(&self) -> Value {
        let mut body = json!({});
        for (name, id) in [("userId", &self.user_id), ("anonymousId", &self.anonymous_id)] {
            if let Some(id) = id {
                body[name] = json!(id);
            }
        }
        body
    }
}

/// An erasure in lines.
fn lines(erasure: &Value) -> Vec<String> {
    let text = |name: &str| erasure[name].as_str().unwrap_or_default();
    let count = |name: &str| erasure["removed"][name].as_u64().unwrap_or_default();
    let state = match text("state") {
        "released" => format!("released at {}: what is new is kept again", text("releasedAt")),
        "complete" => "complete: every store was looked through since".to_owned(),
        "erased" => format!("erased: archive and failed events are looked through by {}", text("completeBy")),
        _ => "begun and not finished: ask for it again".to_owned(),
    };
    let scan = |name: &str| erasure["scans"][name].as_str().unwrap_or("not yet").to_owned();
    vec![
        format!("{}  asked for at {}", text("id"), text("at")),
        format!("  {state}"),
        format!(
            "  removed: {} profiles, {} mails, orders and codes, {} archived lines, {} failed events",
            count("profiles"),
            count("outreach"),
            count("archiveLines"),
            count("failedEvents")
        ),
        format!(
            "  looked through: tables {}, archive {}, failed events {}",
            scan("tables"),
            scan("archive"),
            scan("failedEvents")
        ),
        format!("  what comes late is kept out until {}", text("until")),
    ]
}
