//! Deploying: `sam deploy`, and why it failed; `sam delete`.

use super::confirm;
use super::external;
use super::folder::Folder;
use super::phases::Phases;
use super::sam::{self, CAPABILITIES, Parameter};
use super::target::Target;
use crate::error::CliError;
use aws_config::SdkConfig;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::StackEvent;
use std::path::Path;
use std::process::Command;

/// Events that are shown when a deployment fails.
const EVENTS_MAX: usize = 10;
const LOG: &str = "deploy.log";

/// What SAM says when a stack is as the template wants it.
const UNCHANGED: &str = "No changes to deploy";
/// The heading of the changes that SAM lists.
const CHANGES: &str = "CloudFormation stack changeset";
const HINT: &str = "the reason stands above";

/// What is deployed, and with what.
pub(crate) struct Deployment<'a> {
    pub(crate) folder: &'a Folder,
    pub(crate) target: &'a Target,
    /// The folder of the tools.
    pub(crate) bin: &'a Path,
    pub(crate) sdk: &'a SdkConfig,
}

impl Deployment<'_> {
    /// Deploys what was built. A person who is asked may decline: then nothing is changed, and that is an error.
    pub(crate) async fn deploy(
        &self,
        parameters: &[Parameter],
        asks: bool,
        phases: &mut Phases,
    ) -> Result<(), CliError> {
        let mut unchanged = false;
        if asks {
            phases.begin("finding the changes");
            // A change set of its own: SAM's own question ends in the same exit code for yes and for no.
            let said = self.sam_deploy("--no-execute-changeset", parameters, phases).await?;
            phases.end();
            unchanged = said.contains(UNCHANGED);
            if !unchanged {
                phases.say(changes(&said));
                if !confirm::ask("Make these changes?")? {
                    return Err(declined(self.target, "changed", "run it again and answer y"));
                }
            }
        }
        if !unchanged {
            phases.begin("deploying the stack");
            let said = self.sam_deploy("--no-confirm-changeset", parameters, phases).await?;
            phases.end();
            unchanged = said.contains(UNCHANGED);
        }
        if unchanged {
            phases.say("the stack was up to date: nothing had changed");
        }
        Ok(())
    }

    /// Runs `sam deploy`. Returns what it said.
    async fn sam_deploy(
        &self,
        how: &str,
        parameters: &[Parameter],
        phases: &Phases,
    ) -> Result<String, CliError> {
        let mut command = sam::command("sam", self.bin, self.folder, self.target)?;
        command.args(["deploy", "-t", ".aws-sam/build/template.yaml", "--resolve-s3"]);
        command
            .args(["--no-progressbar", "--no-fail-on-empty-changeset", how, "--capabilities"])
            .args(CAPABILITIES);
        sam::name_stack(&mut command, self.folder, self.target)?;
        if !parameters.is_empty() {
            command.arg("--parameter-overrides").args(parameters.iter().map(ToString::to_string));
        }
        self.run(&mut command, phases).await
    }

    /// Deletes the stack.
    pub(crate) async fn delete(&self, phases: &mut Phases) -> Result<(), CliError> {
        phases.begin("deleting the stack");
        let mut command = sam::command("sam", self.bin, self.folder, self.target)?;
        command.args(["delete", "--no-prompts"]);
        sam::name_stack(&mut command, self.folder, self.target)?;
        self.run(&mut command, phases).await?;
        phases.end();
        Ok(())
    }

    /// Runs a command that changes the stack; when it fails, says why. Returns what it said.
    async fn run(&self, command: &mut Command, phases: &Phases) -> Result<String, CliError> {
        let began_at = jiff::Timestamp::now();
        let log = self.folder.make("")?.join(LOG);
        if let Err(error) = external::run(phases, command, &log, HINT) {
            for line in reasons(self.target, self.sdk, began_at).await {
                phases.say(&line);
            }
            return Err(error);
        }
        std::fs::read(&log)
            .map(|text| String::from_utf8_lossy(&text).into_owned())
            .map_err(|e| CliError::usage(format!("cannot read {}: {e}", self.folder.show(&log))))
    }
}

/// What to say to somebody who was asked and did not agree.
pub(crate) fn declined(target: &Target, done: &str, mend: &str) -> CliError {
    CliError::failed(format!("nothing was {done} in {}: {mend}, if you meant it", target.place()))
}

/// The list of changes in what SAM said; all of it when there is no heading.
fn changes(said: &str) -> &str {
    said.find(CHANGES).map_or(said, |at| &said[at..]).trim_end()
}

/// Why a deployment or a deletion failed, as CloudFormation tells it; nothing when it does not answer.
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
    fn a_person_is_shown_the_changes_and_not_what_sam_says_before_them() {
        let said =
            "Uploading\n\nCloudFormation stack changeset\n----\nOperation  LogicalResourceId\n+ Add  A\n\n";
        assert_eq!(
            changes(said),
            "CloudFormation stack changeset\n----\nOperation  LogicalResourceId\n+ Add  A"
        );
        assert_eq!(changes("something else\n"), "something else");
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
