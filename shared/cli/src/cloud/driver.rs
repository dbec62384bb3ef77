//! The mapping driver as a background process: this same program, as `beckon stack drive`.

use super::external::{self, tail};
use super::folder::{Folder, remove};
use super::process;
use super::state::{Driver, State, ready_file};
use super::target::{Kind, Target};
use crate::error::CliError;
use std::process::Command;
use std::time::Duration;

/// How long the driver may take until it polls.
const START_MAX: Duration = Duration::from_secs(60);
/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

const LOG: &str = "drive.log";

/// Starts the driver, after ending the one that ran before: this program may be a newer one.
pub(crate) async fn restart(folder: &Folder, state: &mut State, target: &Target) -> Result<(), CliError> {
    let Some(endpoint_url) = &target.endpoint_url else { return Ok(()) };
    end(folder, state).await?;
    let program = std::env::current_exe().map_err(|e| {
        CliError::failed(format!("the driver cannot be started: this program has no path: {e}"))
    })?;
    let mut command = Command::new(program);
    command.current_dir(folder.root()).args(["stack", "drive"]).args(arguments(target, endpoint_url));
    // It is given its credentials, and must not find others.
    external::forget_aws(&mut command);
    let process = process::spawn(&mut command, &folder.stack(LOG), "the mapping driver")?;
    state.driver = Some(Driver {
        process: process.clone(),
        on_ministack: target.kind == Kind::MiniStack,
        endpoint_url: endpoint_url.clone(),
        stack_name: target.stack_name.clone(),
    });
    state.save(folder)?;
    let log = folder.show(&folder.stack(LOG));
    for _ in 0..START_MAX.as_millis() / LOOK_EVERY.as_millis() {
        if !process.is_alive() {
            eprintln!("{}", tail(&folder.stack(LOG), 15));
            return Err(CliError::failed(format!("the mapping driver ended while starting: see {log}")));
        }
        let ready = std::fs::read_to_string(ready_file(folder)).unwrap_or_default();
        if ready.trim() == process.pid.to_string() {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Err(CliError::failed(format!(
        "the mapping driver did not begin within {} s: see {log}, then `beckon stack up` again",
        START_MAX.as_secs()
    )))
}

/// Ends the driver. Returns whether one ran.
pub(crate) async fn end(folder: &Folder, state: &mut State) -> Result<bool, CliError> {
    let ended = match state.driver.take() {
        Some(driver) => driver.process.end().await,
        None => false,
    };
    remove(&ready_file(folder))?;
    Ok(ended)
}

/// The arguments that mean this target.
fn arguments(target: &Target, endpoint_url: &str) -> Vec<String> {
    let mut arguments = match target.kind {
        // A stack name alone would mean AWS, and an end point alone somebody else's emulator.
        Kind::MiniStack => {
            let port = endpoint_url.rsplit(':').next().unwrap_or_default();
            vec!["--port".to_owned(), port.to_owned()]
        }
        _ => vec![
            "--endpoint-url".to_owned(),
            endpoint_url.to_owned(),
            "--stack-name".to_owned(),
            target.stack_name.clone(),
        ],
    };
    if let Some(region) = &target.region {
        arguments.extend(["--region".to_owned(), region.clone()]);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::super::StackArgs;
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        stack: StackArgs,
    }

    #[test]
    fn the_driver_is_told_the_target_that_was_meant() {
        for line in [
            vec!["up"],
            vec!["up", "--port", "5001"],
            vec![
                "up",
                "--endpoint-url",
                "http://127.0.0.1:4566",
                "--stack-name",
                "b",
                "--region",
                "eu-west-1",
            ],
        ] {
            let parse = |line: &[String]| {
                let words = std::iter::once("beckon").chain(line.iter().map(String::as_str));
                Target::of(&Program::try_parse_from(words).unwrap().stack.target).unwrap()
            };
            let meant = parse(&line.iter().map(ToString::to_string).collect::<Vec<_>>());
            let mut told = vec!["drive".to_owned()];
            told.extend(arguments(&meant, meant.endpoint_url.as_ref().unwrap()));
            assert_eq!(format!("{:?}", parse(&told)), format!("{meant:?}"));
        }
    }
}
