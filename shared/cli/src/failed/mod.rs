//! `beckon failed`: looking at failed events, and putting them into the stream again.
//!
//! `document` reads what is kept, `redrive` plans and carries out, `place` is where: this machine's folder or a
//! deployed stack's bucket.

pub mod document;
mod list;
pub(crate) mod place;
pub mod redrive;
mod show;
#[cfg(test)]
mod tests;

use crate::cloud::confirm;
use crate::error::CliError;
use clap::{Args, Subcommand};
use document::Item;
pub(crate) use list::aligned;
use place::{Place, PlaceArgs};
use redrive::{Redriven, Request};
use std::io::IsTerminal;

/// Events that are put again without asking.
const UNASKED_MAX: usize = 10;

/// Arguments of `beckon failed`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon failed list                                   what `beckon serve` could not apply
  beckon failed list --stack-name beckon-dev           what the stack on AWS could not apply
  beckon failed show 18f2a:shardId-000000000000-4954-0
  beckon failed redrive --reason expired --stack-name beckon-dev

An event that is put again keeps its id: put twice within 24 hours it counts once.

On AWS this needs cloudformation:DescribeStacks and cloudformation:ListStackResources, and on the
failed-event bucket s3:ListBucket and s3:GetObject; `redrive` also kinesis:PutRecords on the stream,
and s3:PutObject on redriven/* of the bucket, where it notes what it has put.")]
pub struct FailedArgs {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(subcommand)]
    command: FailedCommand,
}

#[derive(Subcommand, Debug)]
enum FailedCommand {
    /// List failed events, and batches that Lambda's mapping gave up on
    List(list::ListArgs),
    /// Print one of them whole, its payload decoded
    Show(show::ShowArgs),
    /// Put them into the stream again
    Redrive(RedriveArgs),
}

/// Arguments of `beckon failed redrive`.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["ids", "reason", "all"]))]
struct RedriveArgs {
    /// Ids, as `list` shows them
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Everything that failed for this reason
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,
    /// Everything that can succeed now
    #[arg(long)]
    all: bool,
    /// Also batches that the mapping gave up on: whether they were applied is not certain
    #[arg(long)]
    uncertain: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Runs `beckon failed`.
///
/// # Errors
/// When the place cannot be read, or an event must not or could not be put again.
pub async fn run(args: FailedArgs) -> Result<(), CliError> {
    let place = Place::of(args.place).await?;
    let items = place.items().await?;
    match args.command {
        FailedCommand::List(args) => list::run(&args, &items, &place.to_string()),
        FailedCommand::Show(args) => show::run(&args, &items, &place),
        FailedCommand::Redrive(args) => Box::pin(run_redrive(args, &items, &place)).await,
    }
}

async fn run_redrive(args: RedriveArgs, items: &[Item], place: &Place) -> Result<(), CliError> {
    let RedriveArgs { ids, reason, all: _, uncertain, yes } = args;
    let plan = redrive::plan(items, &Request { ids, reason, uncertain })?;
    for passed_over in &plan.passed_over {
        crate::say(passed_over);
    }
    if plan.items.is_empty() {
        crate::say(format_args!("nothing to put again in {place}"));
        return Ok(());
    }
    let what = redrive::counted(&plan.items);
    if plan.items.len() > UNASKED_MAX && !yes && !is_agreed(&what, place, std::io::stdin().is_terminal())? {
        crate::say("nothing was put");
        return Ok(());
    }
    let Redriven { line_count, internal_count, .. } = place.carry_out(&plan.items).await?;
    crate::say(format_args!(
        "put {what} into the stream of {place} again; lines: {}",
        line_count + internal_count
    ));
    if place.is_delivered() {
        let open = |items: &[Item]| items.iter().filter(|item| !item.is_redriven).count();
        let failed_again = (open(&place.items().await?) + plan.items.len()).saturating_sub(open(items));
        if failed_again > 0 {
            return Err(CliError::failed(format!(
                "{failed_again} failed again, for the reason that `beckon failed list` shows"
            )));
        }
    }
    Ok(())
}

/// Asks on the terminal. Without one nobody can be asked.
fn is_agreed(what: &str, place: &Place, has_terminal: bool) -> Result<bool, CliError> {
    if !has_terminal {
        return Err(CliError::usage(format!(
            "there is no terminal to ask on before {what} are put into the stream of {place} again: say --yes if they may be"
        )));
    }
    confirm::ask(&format!("Put {what} into the stream of {place} again?"))
}
