//! `beckon stack drive`: Lambda's Kinesis mapping, run against an emulator.
//!
//! Emulators ignore partial answers, retry limits, bisecting and failure destinations, and lose records by it. So the
//! stack is deployed there with its mapping disabled, and this drives the function instead, by the options of that very
//! mapping and the same model as everywhere ([`beckon_mapping::Mapping`]). `up` starts it in the background.

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
use session::{Ended, Session};
use std::time::Duration;

/// Pause before a mapping that was changed, or an emulator that is away, is looked at again.
const PAUSE: Duration = Duration::from_secs(1);
/// How often an emulator is looked for before this ends.
const LOOKS_MAX: u32 = 600;

/// Drives the mapping until the stack is gone, or a signal ends it.
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

/// Drives one life of the mapping after the other.
async fn drive(target: &Target, folder: &Folder) -> Result<(), CliError> {
    let sdk = target.sdk().await;
    let mut said = String::new();
    let (mut looks, mut has_driven) = (0, false);
    loop {
        let why = match resources::describe(target, &sdk).await {
            Ok(None) if has_driven => {
                crate::say(format_args!("the stack {} is gone: nothing left to drive", target.stack_name));
                return Ok(());
            }
            Ok(None) => {
                return Err(CliError::usage(format!(
                    "there is no stack {}: deploy it with beckon stack up",
                    target.stack_name
                )));
            }
            // Without a first answer a person waits for this; later it is an emulator that is being restarted.
            Err(error) if !has_driven || looks >= LOOKS_MAX => return Err(error),
            Err(error) => error.to_string(),
            Ok(Some(deployed)) => match Session::begin(target, &sdk, &deployed, folder).await {
                Ok(None) => return Err(is_enabled()),
                Ok(Some(mut session)) => {
                    (looks, has_driven) = (0, true);
                    match Box::pin(session.run()).await? {
                        Ended::Away(why) => why,
                        Ended::Changed => "the mapping was changed".to_owned(),
                    }
                }
                Err(error) if !has_driven || looks >= LOOKS_MAX => return Err(error),
                Err(error) => error.to_string(),
            },
        };
        looks += 1;
        if said != why {
            crate::say(format_args!("{why}; looking again"));
            said = why;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn is_enabled() -> CliError {
    CliError::usage(
        "the event source mapping is enabled and cannot be switched off, so each record would be delivered twice: deploy \
         with StreamProcessing=DISABLED",
    )
}
