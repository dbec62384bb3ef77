//! `beckon stack down`: ends what `up` started, and nothing else.

use super::folder::Folder;
use super::phases::Phases;
use super::state::State;
use super::target::{Kind, Target};
use super::{deploy, driver, ministack, resources, tools};
use crate::error::CliError;
use clap::Args;

/// Arguments of `beckon stack down`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon stack down                                 end MiniStack and the driver; its data goes, tools and build stay
  beckon stack down --endpoint-url http://127.0.0.1:4566
                                                    delete the stack from an emulator; the emulator runs on
  beckon stack down --stack-name beckon-dev         delete a stack on AWS; asks first
")]
pub struct DownArgs {
    /// On AWS: do not ask
    #[arg(long)]
    pub yes: bool,
}

/// Ends the stack.
pub(crate) async fn run(args: &DownArgs, target: &Target) -> Result<(), CliError> {
    let folder = Folder::find()?;
    let mut state = State::load(&folder)?;
    match target.kind {
        Kind::MiniStack => end_ministack(&folder, &mut state).await,
        Kind::Emulator | Kind::Aws => {
            if state.driver.as_ref().is_some_and(|d| d.is_for(target))
                && driver::end(&folder, &mut state).await?
            {
                state.save(&folder)?;
                crate::say("ended the mapping driver");
            }
            if resources::describe(target, &target.sdk().await).await?.is_none() {
                crate::say(format_args!("no stack named {}: nothing to delete", target.stack_name));
                return Ok(());
            }
            let mut phases = Phases::new();
            let bin = tools::DEPLOY.ensure(&folder, &mut phases)?;
            deploy::delete(&folder, target, &bin, args.yes, &mut phases)
        }
    }
}

async fn end_ministack(folder: &Folder, state: &mut State) -> Result<(), CliError> {
    let mut ended = Vec::new();
    if state.driver.as_ref().is_some_and(|d| d.on_ministack) && driver::end(folder, state).await? {
        ended.push("the mapping driver");
    }
    if let Some(ministack) = state.ministack.take()
        && ministack.process.end().await
    {
        ended.push("MiniStack");
    }
    state.save(folder)?;
    ministack::forget(folder)?;
    crate::say(if ended.is_empty() {
        "nothing was running".to_owned()
    } else {
        format!("ended {}", ended.join(" and "))
    });
    Ok(())
}
