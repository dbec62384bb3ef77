//! `beckon stack down`: ends what `up` started, and nothing else.

use super::deploy::Deployment;
use super::folder::Folder;
use super::lock::Lock;
use super::phases::Phases;
use super::state::State;
use super::target::{Kind, Target};
use super::{confirm, deploy, driver, ministack, resources, tools};
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
    let _lock = Lock::take(&folder)?;
    let mut state = State::load(&folder)?;
    match target.kind {
        Kind::MiniStack => end_ministack(&folder, &mut state).await,
        Kind::Emulator | Kind::Aws => delete(args, target, &folder, &mut state).await,
    }
}

/// Deletes a stack; on AWS the person is asked first.
async fn delete(
    args: &DownArgs,
    target: &Target,
    folder: &Folder,
    state: &mut State,
) -> Result<(), CliError> {
    let asks = confirm::is_needed(target, args.yes)?;
    if state.driver.as_ref().is_some_and(|d| d.is_for(target)) {
        let ended = driver::end(folder, state).await?;
        state.save(folder)?;
        if ended {
            crate::say("ended the mapping driver");
        }
    }
    let sdk = target.sdk().await;
    if resources::describe(target, &sdk).await?.is_none() {
        return missing(target);
    }
    if asks && !confirm::ask(&format!("Delete the stack {}?", target.place()))? {
        return Err(deploy::declined(target, "deleted", "run it again and answer y"));
    }
    let mut phases = Phases::new();
    let bin = tools::DEPLOY.ensure(folder, &mut phases)?;
    Deployment { folder, target, bin: &bin, sdk: &sdk }.delete(&mut phases).await
}

/// On an emulator a stack that is gone is what was wanted; on AWS it is probably in another region, and goes on costing.
fn missing(target: &Target) -> Result<(), CliError> {
    if target.kind == Kind::Aws {
        return Err(CliError::usage(format!(
            "no stack {}: name the region that it is in with --region",
            target.place()
        )));
    }
    crate::say(format_args!("no stack {}: nothing to delete", target.place()));
    Ok(())
}

async fn end_ministack(folder: &Folder, state: &mut State) -> Result<(), CliError> {
    let mut ended = Vec::new();
    if state.driver.as_ref().is_some_and(|d| d.on_ministack) && driver::end(folder, state).await? {
        ended.push("the mapping driver");
    }
    if let Some(ministack) = state.ministack.take() {
        if ministack.process.end().await {
            ended.push("MiniStack");
        }
        ministack::forget(folder, ministack.port)?;
    }
    state.save(folder)?;
    crate::say(if ended.is_empty() {
        "nothing was running".to_owned()
    } else {
        format!("ended {}", ended.join(" and "))
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::folder::remove;
    use super::super::process::ProcessId;
    use super::super::state::{MiniStack, checkpoints_folder};
    use super::*;

    #[test]
    fn a_stack_that_is_not_there_is_told_with_its_region_on_aws_only() {
        let target = |kind| Target {
            kind,
            endpoint_url: (kind != Kind::Aws).then(|| "http://127.0.0.1:4566".to_owned()),
            stack_name: "beckon-dev".to_owned(),
            region: Some("eu-west-1".to_owned()),
        };
        let message = missing(&target(Kind::Aws)).unwrap_err().to_string();
        assert!(message.starts_with("no stack beckon-dev in eu-west-1: "), "{message}");
        missing(&target(Kind::Emulator)).unwrap();
    }

    #[tokio::test]
    async fn with_nothing_running_nothing_is_removed_and_a_dead_ministack_is_forgotten() {
        let root = std::env::temp_dir().join(format!("beckon-down-{}", std::process::id()));
        let folder = Folder::at(root.clone());
        folder.make("").unwrap();
        let file = checkpoints_folder(&folder, "http://127.0.0.1:4588");
        std::fs::write(&file, "{}").unwrap();
        end_ministack(&folder, &mut State::default()).await.unwrap();
        assert!(file.exists(), "it may be of an emulator that somebody else started");
        let process =
            ProcessId { pid: 2, started: "before".to_owned(), system: "before the restart".to_owned() };
        let mut state = State { ministack: Some(MiniStack { process, port: 4588 }), driver: None };
        end_ministack(&folder, &mut state).await.unwrap();
        assert!(!file.exists() && state == State::default());
        remove(&root).unwrap();
    }
}
