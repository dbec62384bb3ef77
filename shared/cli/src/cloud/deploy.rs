//! Deploying: `sam deploy`, and why it failed; `sam delete`.

use super::external;
use super::folder::Folder;
use super::phases::Phases;
use super::sam::{self, CAPABILITIES, Parameter};
use super::target::{Kind, Target};
use crate::error::CliError;
use aws_config::SdkConfig;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::StackEvent;
use std::path::Path;

/// Events that are shown when a deployment fails.
const EVENTS_MAX: usize = 10;
const LOG: &str = "deploy.log";

/// Deploys what was built. Returns whether anything changed.
pub(crate) async fn deploy(
    folder: &Folder,
    target: &Target,
    bin: &Path,
    parameters: &[Parameter],
    yes: bool,
    sdk: &SdkConfig,
    phases: &mut Phases,
) -> Result<bool, CliError> {
    phases.begin("deploying the stack");
    let mut command = sam::command("sam", bin, folder, target)?;
    command.args(["deploy", "-t", ".aws-sam/build/template.yaml", "--resolve-s3"]);
    command.args(["--no-progressbar", "--no-fail-on-empty-changeset", "--capabilities"]).args(CAPABILITIES);
    sam::name_stack(&mut command, folder, target)?;
    let asks = target.kind == Kind::Aws && !yes;
    command.arg(if asks { "--confirm-changeset" } else { "--no-confirm-changeset" });
    if !parameters.is_empty() {
        command.arg("--parameter-overrides").args(parameters.iter().map(ToString::to_string));
    }
    let began_at = jiff::Timestamp::now();
    let log = folder.make("")?.join(LOG);
    let hint = "the reason stands above";
    let result = if asks {
        external::run_interactively(phases, &mut command, hint)
    } else {
        external::run(phases, &mut command, &log, hint)
    };
    if let Err(error) = result {
        for line in reasons(target, sdk, began_at).await {
            phases.say(&line);
        }
        return Err(error);
    }
    let unchanged = !asks && external::tail(&log, usize::MAX).contains("No changes to deploy");
    phases.end();
    if unchanged {
        phases.say("the stack was up to date: nothing had changed");
    }
    Ok(!unchanged)
}

/// Deletes a stack; on AWS the person is asked first, unless they said yes.
pub(crate) fn delete(
    folder: &Folder,
    target: &Target,
    bin: &Path,
    yes: bool,
    phases: &mut Phases,
) -> Result<(), CliError> {
    phases.begin("deleting the stack");
    let mut command = sam::command("sam", bin, folder, target)?;
    command.arg("delete");
    sam::name_stack(&mut command, folder, target)?;
    let hint = "the reason stands above";
    if target.kind == Kind::Aws && !yes {
        external::run_interactively(phases, &mut command, hint)?;
    } else {
        command.arg("--no-prompts");
        external::run(phases, &mut command, &folder.make("")?.join(LOG), hint)?;
    }
    phases.end();
    Ok(())
}

/// Why the deployment failed, as CloudFormation tells it; nothing when it does not answer.
async fn reasons(target: &Target, sdk: &SdkConfig, since: jiff::Timestamp) -> Vec<String> {
    let client = Client::new(sdk);
    let answer = client.describe_stack_events().stack_name(&target.stack_name).send().await;
    let events = answer.map(|a| a.stack_events.unwrap_or_default()).unwrap_or_default();
    // Both clocks may differ a little.
    let since = since.as_second() - 5;
    let recent: Vec<_> =
        events.into_iter().filter(|e| e.timestamp().is_none_or(|t| t.secs() >= since)).collect();
    format_failures(&recent)
}

/// The events that tell of a failure, oldest first. CloudFormation tells the newest first.
fn format_failures(events: &[StackEvent]) -> Vec<String> {
    let failure = |event: &StackEvent| {
        let status = event.resource_status()?.as_str();
        let reason = event.resource_status_reason()?;
        // Only what follows from another failure.
        let is_consequence =
            reason.contains("cancelled") || reason.starts_with("The following resource(s) failed");
        let line = || format!("  {} {status}: {reason}", event.logical_resource_id().unwrap_or("?"));
        (status.contains("FAILED") && !is_consequence).then(line)
    };
    events.iter().rev().filter_map(failure).take(EVENTS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudformation::types::ResourceStatus;

    fn event(id: &str, status: ResourceStatus, reason: Option<&str>) -> StackEvent {
        StackEvent::builder()
            .logical_resource_id(id)
            .resource_status(status)
            .set_resource_status_reason(reason.map(ToOwned::to_owned))
            .build()
    }

    #[test]
    fn failures_are_told_oldest_first_without_what_follows_from_them() {
        let events = [
            event("beckon", ResourceStatus::RollbackComplete, Some("done")),
            event(
                "beckon",
                ResourceStatus::CreateFailed,
                Some("The following resource(s) failed to create: [A]"),
            ),
            event("Secret", ResourceStatus::CreateFailed, Some("Resource creation cancelled")),
            event("Late", ResourceStatus::CreateFailed, Some("no such role")),
            event("HttpApi", ResourceStatus::CreateComplete, None),
            event("EventStream", ResourceStatus::CreateFailed, Some("limit of shards")),
        ];
        assert_eq!(
            format_failures(&events),
            ["  EventStream CREATE_FAILED: limit of shards", "  Late CREATE_FAILED: no such role"]
        );
        let many: Vec<_> =
            (0..30).map(|n| event(&n.to_string(), ResourceStatus::CreateFailed, Some("x"))).collect();
        assert_eq!(format_failures(&many).len(), EVENTS_MAX);
    }
}
