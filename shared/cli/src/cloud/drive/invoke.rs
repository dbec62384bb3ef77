//! One invocation of the function, what its end means, and what is kept of discarded records.

use super::reader::Record;
use super::settings::Settings;
use crate::error::CliError;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_lambda::error::SdkError;
use aws_sdk_lambda::operation::invoke::{InvokeError, InvokeOutput};
use aws_sdk_lambda::primitives::Blob;
use beckon_domain::Timestamp;
use beckon_mapping::failure::{FailureView, ResponseView, failure_record, object_key};
use beckon_mapping::payload::{RecordView, StreamSource, kinesis_event_from, parse_answer_bytes};
use beckon_mapping::{Answer, Batch, Discarded};
use std::sync::Arc;
use std::time::Duration;

/// Longest time that an invocation may take: longer than the function's own limit.
const INVOKE_MAX: Duration = Duration::from_secs(120);
/// Characters of a function's error that are worth a line.
const NOTE_CHARS: usize = 160;

/// How an invocation ended.
pub(super) struct Outcome {
    pub(super) answer: Answer,
    /// What to say about it; empty when all went well.
    pub(super) note: String,
    response: Option<Response>,
    request_id: String,
}

struct Response {
    status_code: u16,
    executed_version: String,
    function_error: Option<String>,
}

/// The function, and where its discarded records go.
#[derive(Clone)]
pub(super) struct Function {
    lambda: aws_sdk_lambda::Client,
    s3: aws_sdk_s3::Client,
    settings: Arc<Settings>,
    source: Arc<StreamSource>,
}

impl Function {
    pub(super) fn new(sdk: &SdkConfig, settings: Arc<Settings>) -> Self {
        // A second invocation after a lost answer is the mapping's decision, not the client's.
        let patience =
            TimeoutConfig::builder().operation_timeout(INVOKE_MAX).read_timeout(INVOKE_MAX).build();
        let lambda = aws_sdk_lambda::config::Builder::from(sdk)
            .retry_config(RetryConfig::disabled())
            .timeout_config(patience)
            .build();
        let s3 = aws_sdk_s3::config::Builder::from(sdk).force_path_style(true).build();
        let region = sdk.region().map_or_else(|| "us-east-1".to_owned(), ToString::to_string);
        let source =
            StreamSource { stream_arn: settings.stream_arn.clone(), region, ..StreamSource::default() };
        Self {
            lambda: aws_sdk_lambda::Client::from_conf(lambda),
            s3: aws_sdk_s3::Client::from_conf(s3),
            settings,
            source: Arc::new(source),
        }
    }

    /// Invokes the function with a batch, and waits for its end.
    pub(super) async fn invoke(&self, batch: &Batch<Arc<Record>>) -> Outcome {
        let event = kinesis_event_from(&self.source, batch.records.iter().map(|r| r.view(&batch.shard)));
        let request = self.lambda.invoke().function_name(&self.settings.function_arn);
        match request.payload(Blob::new(event.to_string())).send().await {
            Ok(output) => returned(&output),
            Err(error) => not_returned(&error),
        }
    }

    /// Keeps discarded records in the failure destination. Returns where.
    pub(super) async fn keep(
        &self,
        discarded: &Discarded<Arc<Record>>,
        outcome: Option<&Outcome>,
        now: Timestamp,
    ) -> Result<String, CliError> {
        let Some(bucket) = &self.settings.failure_bucket else {
            return Err(CliError::failed("the mapping has no failure destination"));
        };
        let records: Vec<RecordView<'_>> =
            discarded.entries.iter().map(|entry| entry.record.view(&discarded.shard)).collect();
        let fresh = beckon_runtime::fresh_id();
        let response = outcome.and_then(|o| o.response.as_ref()).map(|r| ResponseView {
            status_code: r.status_code,
            executed_version: &r.executed_version,
            function_error: r.function_error.as_deref(),
        });
        let document = failure_record(&FailureView {
            request_id: outcome.map_or(fresh.as_str(), |o| o.request_id.as_str()),
            function_arn: &self.settings.function_arn,
            reason: discarded.reason,
            invoke_count: discarded.invoke_count,
            response,
            discarded_at: now,
            source: &self.source,
            records: &records,
        });
        let key = object_key(&self.settings.uuid, &discarded.shard, now, &fresh);
        let body = document.to_string().into_bytes();
        let put = self.s3.put_object().bucket(bucket).key(&key).content_type("application/json");
        let put = put.body(body.into()).send().await;
        put.map_err(|e| CliError::caused("the failure destination did not take it", &e))?;
        Ok(format!("s3://{bucket}/{key}"))
    }
}

fn returned(output: &InvokeOutput) -> Outcome {
    use aws_sdk_lambda::operation::RequestId;
    let payload = output.payload().map(AsRef::as_ref).unwrap_or_default();
    let function_error = output.function_error().map(str::to_owned);
    let (answer, note) = match &function_error {
        Some(kind) => (Answer::FunctionError, format!("the function failed ({kind}): {}", message(payload))),
        None => (parse_answer_bytes(payload), String::new()),
    };
    let response = Response {
        status_code: u16::try_from(output.status_code()).unwrap_or(200),
        executed_version: output.executed_version().unwrap_or("$LATEST").to_owned(),
        function_error,
    };
    let request_id = output.request_id().map_or_else(beckon_runtime::fresh_id, str::to_owned);
    Outcome { answer, note, response: Some(response), request_id }
}

fn not_returned(error: &SdkError<InvokeError>) -> Outcome {
    let status = error.raw_response().map(|response| response.status().as_u16());
    // 413: the same batch will never be taken, so it counts as an attempt, and is split.
    let answer = match (error, status) {
        (SdkError::TimeoutError(_), _) | (_, Some(413)) => Answer::FunctionError,
        _ => Answer::NotInvoked,
    };
    let note = CliError::caused("the function was not invoked", error).to_string();
    Outcome { answer, note: short(&note), response: None, request_id: beckon_runtime::fresh_id() }
}

/// What a function's error says: its message, on one line.
fn message(payload: &[u8]) -> String {
    let body: serde_json::Value = serde_json::from_slice(payload).unwrap_or_default();
    short(body["errorMessage"].as_str().unwrap_or("without a message"))
}

fn short(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(NOTE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(error: Option<&str>, payload: &str) -> InvokeOutput {
        let builder = InvokeOutput::builder().status_code(200).set_function_error(error.map(str::to_owned));
        builder.payload(Blob::new(payload)).build()
    }

    #[test]
    fn an_answer_is_what_the_function_returned_unless_it_failed() {
        let body = r#"{"batchItemFailures":[{"itemIdentifier":"17"}]}"#;
        let outcome = returned(&output(None, body));
        assert_eq!(outcome.answer, Answer::Returned(vec![Some("17".to_owned())]));
        let outcome = returned(&output(Some("Unhandled"), r#"{"errorMessage":"out\nof memory"}"#));
        assert_eq!(outcome.answer, Answer::FunctionError);
        assert_eq!(outcome.note, "the function failed (Unhandled): out of memory");
    }

    #[test]
    fn a_function_that_took_too_long_was_invoked() {
        let outcome = not_returned(&SdkError::timeout_error("120 s"));
        assert_eq!(outcome.answer, Answer::FunctionError, "it may have run, so it counts");
    }
}
