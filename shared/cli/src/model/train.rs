//! `beckon model train`: the trainer, in this process or in a stack.

use super::place::{Place, Remote};
use crate::error::CliError;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::primitives::Blob;
use beckon_domain::Policy;
use beckon_domain::consent::ConsentDefault;
use beckon_runtime::Clock;
use beckon_store::archive::reader::FolderReader;
use beckon_store::models::folder::FolderModels;
use clap::Args;
use indicatif::ProgressBar;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;
use trainer::{Limits, Period, Task, Trainer};

/// Arguments of `beckon model train`.
#[derive(Args, Debug, Default)]
pub(super) struct TrainArgs {
    /// Archive to learn from [default: that of `beckon serve`]
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["stack", "stack_name", "endpoint_url"])]
    archive: Option<PathBuf>,
    /// Learn from the last so many days only, by this machine's clock [default: all that is there]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3_650))]
    #[arg(conflicts_with_all = ["stack", "stack_name", "endpoint_url"])]
    days: Option<u32>,
    /// Print one JSON document instead of a line for each kind of model
    #[arg(long)]
    json: bool,
}

/// Trains.
pub(super) async fn run(args: TrainArgs, place: &Place) -> Result<(), CliError> {
    let bar = ProgressBar::new_spinner().with_message(format!("learning from {}", place.name()));
    bar.enable_steady_tick(Duration::from_millis(120));
    let reports = match place {
        Place::Folder { folder, tables } => {
            let clock = Clock::system();
            let archive = args.archive.clone().unwrap_or_else(|| folder.join("archive"));
            let period = args.days.map_or(Period::All, |days| Period::Days(clock.now(), days));
            let trainer = Trainer {
                tables: tables.as_ref().clone(),
                archive: FolderReader::new(&archive),
                objects: FolderModels::new(folder),
                clock,
                limits: Limits::default(),
                policy: Policy::default(),
                consent_default: ConsentDefault::default(),
            };
            let task = Task { period, until: None, who: "beckon model train".to_owned() };
            let reports = trainer.run_all(&task).await;
            let what = format!("nothing was learned from {}", archive.display());
            serde_json::to_value(reports.map_err(|e| CliError::caused(&what, &e))?)
                .map_err(|e| CliError::caused("the reports", &e))?
        }
        Place::Stack(remote) => invoke(remote, r#"{"schedule":"trainer"}"#).await?,
    };
    bar.finish_and_clear();
    if args.json {
        crate::say(format_args!("{reports:#}"));
    } else {
        for report in reports.as_array().into_iter().flatten() {
            crate::say(told(report));
        }
    }
    Ok(())
}

/// A report in a line.
pub(super) fn told(report: &Value) -> String {
    let text = |name: &str| report[name].as_str().unwrap_or("-").to_owned();
    let (kind, reason) = (text("kind"), text("reason"));
    match (report["end"].as_str(), report["made"].as_str()) {
        (Some("published"), _) => format!("{kind} {} is live: {reason}", text("made")),
        (_, Some(made)) => format!("{kind} {made} was not published: {reason}; what is live stays"),
        _ => format!("no {kind} model was made: {reason}; what is live stays"),
    }
}

/// Lets the trainer of a stack do something now, and waits for its answer.
pub(crate) async fn invoke(remote: &Remote, payload: &str) -> Result<Value, CliError> {
    let function = remote.deployed.physical("TrainerFunction")?;
    // A training may take as long as a function may.
    let timeouts = aws_sdk_lambda::config::timeout::TimeoutConfig::builder()
        .read_timeout(Duration::from_secs(910))
        .operation_attempt_timeout(Duration::from_secs(910))
        .operation_timeout(Duration::from_secs(910))
        .build();
    let config = aws_sdk_lambda::config::Builder::from(&remote.sdk).timeout_config(timeouts).build();
    let client = aws_sdk_lambda::Client::from_conf(config);
    let payload = Blob::new(payload.as_bytes());
    let answer = match client.invoke().function_name(function).payload(payload).send().await {
        Ok(answer) => answer,
        Err(error) if error.code() == Some("TooManyRequestsException") => {
            return Err(CliError::failed("the trainer is busy: wait until it is done, and try again"));
        }
        Err(error) => return Err(CliError::caused("the trainer could not be invoked", &error)),
    };
    let body = answer.payload().map(AsRef::as_ref).unwrap_or_default();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    if answer.function_error().is_some() {
        let message = body["errorMessage"].as_str().unwrap_or("without a message");
        return Err(CliError::failed(format!(
            "the trainer failed: {message}; read `beckon stack logs trainer`"
        )));
    }
    Ok(body)
}
