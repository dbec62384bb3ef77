//! `beckon stack drive`: Lambda's Kinesis mapping, run against an emulator.
//!
//! Emulators ignore partial answers, retry limits, bisecting and failure destinations, and lose records by it. So the
//! stack is deployed there with its mappings disabled, and this drives their functions instead, each by the options of its
//! very mapping and the same model as everywhere ([`beckon_mapping::Mapping`]). `up` starts it in the background.

mod checkpoints;
mod invoke;
mod reader;
mod session;
mod settings;

use super::folder::{Folder, remove};
use super::resources;
use super::state::ready_file;
use super::target::{Kind, Target};
use crate::error::CliError;
use aws_config::SdkConfig;
use futures_util::future::try_join_all;
use session::{Ended, Session};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Pause before a mapping that was changed, or an emulator that is away, is looked at again.
const PAUSE: Duration = Duration::from_secs(1);
/// How often an emulator is looked for before this ends.
const LOOKS_MAX: u32 = 600;

/// Drives the mappings until the stack is gone, or a signal ends it.
///
/// # Errors
/// When there is nothing that may be driven.
pub(crate) async fn run(target: &Target) -> Result<(), CliError> {
    if target.kind == Kind::Aws {
        return Err(CliError::usage("AWS drives the mapping itself: there is nothing to drive here"));
    }
    let folder = Folder::find()?;
    let result = Box::pin(drive(target, &folder)).await;
    remove(&ready_file(&folder))?;
    result
}

/// The file that says that every mapping is polled.
#[derive(Clone)]
struct Ready {
    file: PathBuf,
    /// Mappings that have not begun.
    waiting: Arc<AtomicUsize>,
}

impl Ready {
    fn of(folder: &Folder, count: usize) -> Self {
        Self { file: ready_file(folder), waiting: Arc::new(AtomicUsize::new(count)) }
    }

    /// One more mapping has begun. The last one writes the file; one that begins anew changes nothing.
    fn begun(&self) -> Result<(), CliError> {
        let before = self.waiting.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        if before != Ok(1) {
            return Ok(());
        }
        std::fs::write(&self.file, std::process::id().to_string())
            .map_err(|e| CliError::usage(format!("cannot write {}: {e}", self.file.display())))
    }
}

/// Drives every mapping of the stack, each by itself: one that fails for good ends all, so that nobody overlooks it.
async fn drive(target: &Target, folder: &Folder) -> Result<(), CliError> {
    let sdk = target.sdk().await;
    let deployed = resources::describe(target, &sdk).await?.ok_or_else(|| no_stack(target))?;
    if deployed.mappings.is_empty() {
        return Err(CliError::usage(format!(
            "the stack {} has no event source mapping: it is not one of Beckon's; deploy it again",
            target.stack_name
        )));
    }
    let ready = Ready::of(folder, deployed.mappings.len());
    let drives = deployed.mappings.iter().map(|mapping| drive_one(target, &sdk, mapping, folder, &ready));
    try_join_all(drives.map(Box::pin)).await?;
    crate::say(format_args!("the stack {} is gone: nothing left to drive", target.stack_name));
    Ok(())
}

fn no_stack(target: &Target) -> CliError {
    CliError::usage(format!("there is no stack {}: deploy it with beckon stack up", target.stack_name))
}

/// Drives one life of a mapping after the other.
async fn drive_one(
    target: &Target,
    sdk: &SdkConfig,
    mapping: &str,
    folder: &Folder,
    ready: &Ready,
) -> Result<(), CliError> {
    let mut said = String::new();
    let (mut looks, mut has_driven) = (0, false);
    loop {
        let why = match resources::describe(target, sdk).await {
            Ok(None) if has_driven => return Ok(()),
            Ok(None) => return Err(no_stack(target)),
            // Without a first answer a person waits for this; later it is an emulator that is being restarted.
            Err(error) if !has_driven || looks >= LOOKS_MAX => return Err(error),
            Err(error) => error.to_string(),
            Ok(Some(deployed)) => {
                match Session::begin(target, sdk, &deployed, mapping, folder, ready).await {
                    Ok(None) => return Err(is_enabled(mapping)),
                    Ok(Some(mut session)) => {
                        (looks, has_driven) = (0, true);
                        match Box::pin(session.run()).await? {
                            Ended::Away(why) => why,
                            Ended::Changed => "the mapping was changed".to_owned(),
                        }
                    }
                    Err(error) if !has_driven || looks >= LOOKS_MAX => return Err(error),
                    Err(error) => error.to_string(),
                }
            }
        };
        looks += 1;
        if said != why {
            crate::say(format_args!("{mapping}: {why}; looking again"));
            said = why;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn is_enabled(mapping: &str) -> CliError {
    CliError::usage(format!(
        "the event source mapping {mapping} is enabled and cannot be switched off, so each record would be delivered \
         twice: deploy with StreamProcessing=DISABLED"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ready_when_every_mapping_has_begun_and_stays_so_when_one_begins_anew() {
        let root = std::env::temp_dir().join(format!("beckon-drive-ready-{}", std::process::id()));
        let folder = Folder::at(root.clone());
        folder.make("").unwrap();
        let ready = Ready::of(&folder, 2);
        ready.begun().unwrap();
        assert!(!ready_file(&folder).exists(), "one mapping is not polled yet");
        ready.clone().begun().unwrap();
        assert!(ready_file(&folder).exists());
        remove(&ready_file(&folder)).unwrap();
        ready.begun().unwrap();
        assert!(!ready_file(&folder).exists(), "it was said once");
        remove(&root).unwrap();
    }
}
