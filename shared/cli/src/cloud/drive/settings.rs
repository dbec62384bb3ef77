//! What the deployed mapping says: the template's own options, not a copy of them.
//!
//! Read as plain JSON: MiniStack tells parameters of the template as texts (`"ParallelizationFactor": "2"`), which the
//! SDK refuses to read.

use crate::cloud::target::Target;
use crate::error::CliError;
use beckon_domain::DurationMs;
use beckon_mapping::Options;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::time::Duration;

/// Longest time that the emulator may think about an answer.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// Pause before a failed batch is tried again: Lambda's own is not documented; without one a broken function spins.
const BACKOFF: DurationMs = DurationMs::from_ms(500);

/// A mapping as it is deployed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Settings {
    pub(super) uuid: String,
    pub(super) function_arn: String,
    pub(super) stream_arn: String,
    pub(super) starts_latest: bool,
    /// Bucket that discarded batches go to.
    pub(super) failure_bucket: Option<String>,
    pub(super) options: Options,
    /// Whether somebody else drives it.
    pub(super) is_enabled: bool,
}

impl Settings {
    /// Prints a line that names the function: shards of two streams have the same names.
    pub(super) fn say(&self, text: impl std::fmt::Display) {
        // What comes seventh in an ARN; an alias may follow.
        let function = self.function_arn.split(':').nth(6).unwrap_or(&self.function_arn);
        crate::say(format_args!("{function}: {text}"));
    }

    /// Reads Lambda's answer.
    fn of(mapping: &Value) -> Result<Self, CliError> {
        let text = |name: &str| {
            mapping[name].as_str().map(str::to_owned).ok_or_else(|| {
                CliError::usage(format!("the event source mapping has no {name}: deploy the stack again"))
            })
        };
        // -1 is AWS's way to say: for ever.
        let limit = |name: &str| number(&mapping[name]).and_then(|v| u32::try_from(v).ok());
        let count = |name: &str, default: usize| {
            number(&mapping[name]).and_then(|v| usize::try_from(v).ok()).unwrap_or(default)
        };
        let defaults = Options::default();
        let types = mapping["FunctionResponseTypes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let options = Options {
            batch_size: count("BatchSize", defaults.batch_size),
            maximum_batching_window_in_seconds: limit("MaximumBatchingWindowInSeconds").unwrap_or(0),
            parallelization_factor: count("ParallelizationFactor", defaults.parallelization_factor),
            maximum_retry_attempts: limit("MaximumRetryAttempts"),
            maximum_record_age_in_seconds: limit("MaximumRecordAgeInSeconds"),
            bisect_batch_on_function_error: is_true(&mapping["BisectBatchOnFunctionError"]),
            report_batch_item_failures: types.iter().any(|t| t == "ReportBatchItemFailures"),
            backoff: BACKOFF,
            ..defaults
        };
        let destination = mapping["DestinationConfig"]["OnFailure"]["Destination"].as_str();
        Ok(Self {
            uuid: text("UUID")?,
            function_arn: text("FunctionArn")?,
            stream_arn: text("EventSourceArn")?,
            starts_latest: mapping["StartingPosition"] == "LATEST",
            failure_bucket: destination.map(bucket).transpose()?,
            options,
            is_enabled: !matches!(mapping["State"].as_str(), Some("Disabled" | "Disabling")),
        })
    }
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn is_true(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true")))
}

/// Lambda's API of mappings, at an emulator.
#[derive(Clone)]
pub(super) struct MappingApi {
    client: Client,
    url: String,
    authorization: String,
}

impl MappingApi {
    /// The API for one mapping.
    pub(super) fn new(target: &Target, uuid: &str) -> Result<Self, CliError> {
        let client = Client::builder().no_proxy().timeout(ANSWER_MAX).build();
        let endpoint = target.endpoint_url.as_deref().unwrap_or_default();
        let region = target.region.as_deref().unwrap_or("us-east-1");
        Ok(Self {
            client: client.map_err(|e| CliError::caused("no HTTP client could be made", &e))?,
            url: format!("{endpoint}/2015-03-31/event-source-mappings/{uuid}"),
            // Emulators read service, region and account from it, and check nothing.
            authorization: format!(
                "AWS4-HMAC-SHA256 Credential=test/20250101/{region}/lambda/aws4_request, SignedHeaders=host, Signature=0"
            ),
        })
    }

    /// The mapping as it is; `None` when there is none.
    pub(super) async fn get(&self) -> Result<Option<Settings>, CliError> {
        self.call(Method::GET, None).await
    }

    /// Switches the mapping off.
    pub(super) async fn disable(&self) -> Result<Option<Settings>, CliError> {
        self.call(Method::PUT, Some(json!({ "Enabled": false }))).await
    }

    async fn call(&self, method: Method, body: Option<Value>) -> Result<Option<Settings>, CliError> {
        let mut request = self.client.request(method, &self.url).header("authorization", &self.authorization);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let failed = |e: reqwest::Error| CliError::caused("the event source mapping could not be read", &e);
        let answer = request.send().await.map_err(failed)?;
        match answer.status().as_u16() {
            404 => Ok(None),
            200..=299 => Settings::of(&answer.json().await.map_err(failed)?).map(Some),
            status => {
                Err(CliError::failed(format!("the event source mapping could not be read: status {status}")))
            }
        }
    }
}

/// The bucket of a failure destination: the template has an S3 one, which alone keeps the payload.
fn bucket(arn: &str) -> Result<String, CliError> {
    let name = arn.split(":s3:::").nth(1).filter(|name| !name.is_empty());
    name.map(str::to_owned).ok_or_else(|| {
        CliError::usage(format!(
            "the failure destination {arn} is no S3 bucket: only buckets are driven here"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployed() -> Value {
        json!({
            "UUID": "u", "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:profiler",
            "EventSourceArn": "arn:aws:kinesis:us-east-1:000000000000:stream/events", "State": "Disabled",
            "StartingPosition": "TRIM_HORIZON", "BatchSize": 250, "MaximumBatchingWindowInSeconds": 0,
            "FunctionResponseTypes": ["ReportBatchItemFailures"], "ParallelizationFactor": "2",
            "MaximumRetryAttempts": "500", "MaximumRecordAgeInSeconds": 21600, "BisectBatchOnFunctionError": true,
            "DestinationConfig": { "OnFailure": { "Destination": "arn:aws:s3:::failed-events" } },
        })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut mapping = deployed();
        mapping[name] = value;
        mapping
    }

    #[test]
    fn every_option_of_the_deployed_mapping_is_driven_texts_included() {
        let settings = Settings::of(&deployed()).unwrap();
        let expected = Options {
            batch_size: 250,
            maximum_batching_window_in_seconds: 0,
            parallelization_factor: 2,
            maximum_retry_attempts: Some(500),
            maximum_record_age_in_seconds: Some(21_600),
            bisect_batch_on_function_error: true,
            report_batch_item_failures: true,
            backoff: BACKOFF,
            ..Options::default()
        };
        assert_eq!(settings.options, expected);
        assert_eq!(settings.failure_bucket.as_deref(), Some("failed-events"));
        assert!(!settings.starts_latest && !settings.is_enabled);
    }

    #[test]
    fn minus_one_is_for_ever_and_what_is_left_out_has_the_default_of_aws() {
        let mut mapping = with("MaximumRetryAttempts", json!(-1));
        for name in ["MaximumRecordAgeInSeconds", "BatchSize", "FunctionResponseTypes"] {
            mapping[name] = Value::Null;
        }
        let options = Settings::of(&mapping).unwrap().options;
        assert_eq!((options.maximum_retry_attempts, options.maximum_record_age_in_seconds), (None, None));
        assert_eq!((options.batch_size, options.report_batch_item_failures), (100, false));
    }

    #[test]
    fn a_mapping_that_is_on_or_has_another_destination_or_is_none_is_told() {
        assert!(Settings::of(&with("State", json!("Enabled"))).unwrap().is_enabled);
        assert!(Settings::of(&with("State", json!("Enabling"))).unwrap().is_enabled);
        let queue = json!({ "OnFailure": { "Destination": "arn:aws:sqs:us-east-1:000000000000:q" } });
        let message = Settings::of(&with("DestinationConfig", queue)).unwrap_err().to_string();
        assert!(message.contains("is no S3 bucket"), "{message}");
        let message = Settings::of(&with("EventSourceArn", Value::Null)).unwrap_err().to_string();
        assert!(message.contains("has no EventSourceArn"), "{message}");
    }
}
