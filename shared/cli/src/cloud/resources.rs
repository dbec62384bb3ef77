//! What a deployed stack consists of: its outputs, its resources and its write keys, as CloudFormation and Secrets
//! Manager tell them.

use super::target::{Kind, Target};
use crate::error::CliError;
use aws_config::SdkConfig;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::types::{Stack, StackStatus};
use beckon_runtime::secrets::Document;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

/// CloudFormation's name of what SAM makes of a function's Kinesis event.
const MAPPING: &str = "AWS::Lambda::EventSourceMapping";

/// A stack that is deployed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deployed {
    /// Outputs by name.
    pub(crate) outputs: BTreeMap<String, String>,
    /// Physical ids by logical id.
    pub(crate) resources: BTreeMap<String, String>,
    /// Logical ids of the event source mappings.
    pub(crate) mappings: BTreeSet<String>,
}

impl Deployed {
    /// Where the HTTP API answers.
    pub(crate) fn api_url(&self, target: &Target) -> Result<String, CliError> {
        Ok(target.api_url(self.physical("HttpApi")?, self.output("ApiUrl")?))
    }

    /// The physical id of a resource.
    pub(crate) fn physical(&self, logical_id: &str) -> Result<&str, CliError> {
        self.resources.get(logical_id).map(String::as_str).ok_or_else(|| {
            CliError::usage(format!(
                "the stack has no resource {logical_id}: it is not one of Beckon's, or of another release; deploy it again"
            ))
        })
    }

    /// The value of an output.
    pub(crate) fn output(&self, name: &str) -> Result<&str, CliError> {
        self.outputs.get(name).map(String::as_str).ok_or_else(|| {
            CliError::usage(format!(
                "the stack has no output {name}: it is not one of Beckon's, or of another release; deploy it again"
            ))
        })
    }
}

/// A write key of a stack.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct WriteKeyText {
    /// The key as it is sent.
    pub(crate) key: String,
    /// The source that it stands for.
    pub(crate) source: String,
}

/// A key is a secret: it is not shown.
impl std::fmt::Debug for WriteKeyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WriteKeyText(of {})", self.source)
    }
}

/// Describes the stack; `None` when there is none of that name, or only a plan for one.
pub(crate) async fn describe(target: &Target, sdk: &SdkConfig) -> Result<Option<Deployed>, CliError> {
    let client = Client::new(sdk);
    let answer = match client.describe_stacks().stack_name(&target.stack_name).send().await {
        Ok(answer) => answer,
        Err(error) if says_missing(&error) => return Ok(None),
        Err(error) => return Err(unreachable(target, "the stack could not be described", &error)),
    };
    let stack = answer.stacks().iter().find(|stack| is_there(stack));
    let Some(stack) = stack else { return Ok(None) };
    let mut deployed = Deployed { outputs: outputs(stack), ..Deployed::default() };
    let mut token: Option<String> = None;
    loop {
        let request = client.list_stack_resources().stack_name(&target.stack_name).set_next_token(token);
        let page = match request.send().await {
            Ok(page) => page,
            Err(error) if says_missing(&error) => return Ok(None),
            Err(error) => {
                return Err(unreachable(target, "the stack's resources could not be listed", &error));
            }
        };
        for resource in page.stack_resource_summaries() {
            if let (Some(logical), Some(physical)) =
                (resource.logical_resource_id(), resource.physical_resource_id())
            {
                deployed.resources.insert(logical.to_owned(), physical.to_owned());
                if resource.resource_type() == Some(MAPPING) {
                    deployed.mappings.insert(logical.to_owned());
                }
            }
        }
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            return Ok(Some(deployed));
        }
    }
}

/// A change set for a new stack makes an empty one, which stays when nobody agrees to the changes.
fn is_there(stack: &Stack) -> bool {
    !matches!(stack.stack_status(), Some(StackStatus::DeleteComplete | StackStatus::ReviewInProgress))
}

fn outputs(stack: &Stack) -> BTreeMap<String, String> {
    let pairs = stack.outputs().iter().filter_map(|o| Some((o.output_key()?, o.output_value()?)));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// CloudFormation has no error of its own for a stack that does not exist.
fn says_missing<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.meta().code() == Some("ValidationError")
        && error.meta().message().is_some_and(|m| m.contains("does not exist"))
}

/// What to say when a call to a stack's services failed.
pub(crate) fn unreachable<E, R>(target: &Target, what: &str, error: &SdkError<E, R>) -> CliError
where
    E: Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug + 'static,
{
    if let (SdkError::DispatchFailure(_) | SdkError::TimeoutError(_), Some(url)) =
        (error, &target.endpoint_url)
    {
        let mend =
            if target.kind == Kind::MiniStack { "start it with beckon stack up" } else { "start it first" };
        return CliError::usage(format!("nothing answers at {url}: {mend}"));
    }
    CliError::caused(what, error)
}

/// The write keys of a stack.
pub(crate) async fn write_keys(deployed: &Deployed, sdk: &SdkConfig) -> Result<Vec<WriteKeyText>, CliError> {
    keys_of(&secret(deployed, sdk).await?)
}

/// The write keys in a secret document.
pub(crate) fn keys_of(document: &str) -> Result<Vec<WriteKeyText>, CliError> {
    let document =
        Document::parse(document).map_err(|e| CliError::caused("the stack's secret cannot be used", &e))?;
    let texts = document.write_keys().into_iter();
    Ok(texts.map(|(key, source)| WriteKeyText { key, source: source.as_str().to_owned() }).collect())
}

/// The secret document of a stack.
pub(crate) async fn secret(deployed: &Deployed, sdk: &SdkConfig) -> Result<String, CliError> {
    let arn = deployed.physical("Secret")?;
    let client = aws_sdk_secretsmanager::Client::new(sdk);
    let answer = client.get_secret_value().secret_id(arn).send().await;
    let answer = answer.map_err(|e| CliError::caused("the stack's secret could not be read", &e))?;
    Ok(answer.secret_string().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_that_was_only_planned_or_is_deleted_is_not_there() {
        let stack = |status: StackStatus| Stack::builder().stack_status(status).build();
        assert!(!is_there(&stack(StackStatus::ReviewInProgress)));
        assert!(!is_there(&stack(StackStatus::DeleteComplete)));
        for status in [StackStatus::CreateComplete, StackStatus::RollbackComplete, StackStatus::DeleteFailed]
        {
            assert!(is_there(&stack(status.clone())), "{status}");
        }
    }
}
