//! AWS clients: the SDK has no timeouts of its own, so every function states them.
//!
//! What a function on Lambda needs stands in its environment. The SDK's default chain would look for it in files, at a web
//! identity and at the instance as well, which costs each function some hundred kilobytes and each start some time.

use crate::web::WebClient;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_types::origin::Origin;
use aws_types::sdk_config::SharedCredentialsProvider;
use std::time::Duration;

/// How long a connection may take to come about.
pub(crate) const CONNECT: Duration = Duration::from_secs(1);

/// How long a call may take and how often it is tried.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// One attempt.
    pub attempt: Duration,
    /// All attempts together.
    pub operation: Duration,
    /// Attempts, the first included.
    pub attempts: u32,
}

impl Patience {
    /// For the decisions API: a page waits, and a fallback is at hand.
    pub const PAGE: Self =
        Self { attempt: Duration::from_millis(20), operation: Duration::from_millis(45), attempts: 2 };
    /// For the collector: an SDK waits, and tries again by itself.
    pub const REQUEST: Self =
        Self { attempt: Duration::from_secs(2), operation: Duration::from_secs(5), attempts: 2 };
    /// For streams and schedules: what fails comes again.
    pub const BATCH: Self =
        Self { attempt: Duration::from_secs(1), operation: Duration::from_secs(5), attempts: 4 };
    /// For SES: never twice, because it has no idempotency token and a retry could mail twice.
    pub const SEND: Self =
        Self { attempt: Duration::from_secs(10), operation: Duration::from_secs(10), attempts: 1 };
}

/// The configuration of a function's AWS clients: region, credentials and endpoint as Lambda tells them in the environment,
/// patience from the function. All clients of it, and of what [`with_patience`] makes of it, share one HTTPS client.
#[must_use]
pub fn config(patience: Patience) -> SdkConfig {
    config_over(WebClient::default(), patience)
}

/// The same, over an HTTPS client that is there already: a client of its own costs another look at the root certificates.
#[must_use]
pub fn config_over(web: WebClient, patience: Patience) -> SdkConfig {
    config_of(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()), web, patience)
}

fn config_of(variable: impl Fn(&str) -> Option<String>, web: WebClient, patience: Patience) -> SdkConfig {
    let is_on = |name| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
    let mut builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(credentials)
        .identity_cache(IdentityCache::lazy().build())
        .http_client(web)
        .use_fips(is_on("AWS_USE_FIPS_ENDPOINT"))
        .use_dual_stack(is_on("AWS_USE_DUALSTACK_ENDPOINT"));
    builder.set_region(variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).map(Region::new));
    builder.set_endpoint_url(variable("AWS_ENDPOINT_URL"));
    with_patience(&builder.build(), patience)
}

/// The same clients, with another patience.
#[must_use]
pub fn with_patience(config: &SdkConfig, patience: Patience) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(patience.attempt)
        .operation_timeout(patience.operation)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(patience.attempts)
        .with_initial_backoff(Duration::from_millis(10));
    let mut builder = config.to_builder().timeout_config(timeouts).retry_config(retries);
    // Without it a client takes the attempts for a guess of the environment's, which it may replace by its own number.
    builder.insert_origin("retry_config", Origin::shared_config());
    builder.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> SdkConfig {
        let variable = |name: &str| Some(variables.iter().find(|(key, _)| *key == name)?.1.to_owned());
        config_of(variable, WebClient::default(), Patience::SEND)
    }

    #[test]
    fn what_lambda_tells_is_what_the_clients_know() {
        let config = of(&[("AWS_REGION", "eu-west-1"), ("AWS_USE_FIPS_ENDPOINT", "true")]);
        assert_eq!(config.region().map(Region::as_ref), Some("eu-west-1"));
        assert_eq!((config.use_fips(), config.use_dual_stack()), (Some(true), Some(false)));
        assert_eq!(config.endpoint_url(), None);
        let emulated = of(&[("AWS_DEFAULT_REGION", "us-east-1"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:1")]);
        assert_eq!(emulated.region().map(Region::as_ref), Some("us-east-1"));
        assert_eq!(emulated.endpoint_url(), Some("http://127.0.0.1:1"));
    }

    #[test]
    fn a_client_tries_as_often_as_its_function_says_and_a_mail_once() {
        let once = of(&[]);
        for (config, attempts) in [(with_patience(&once, Patience::BATCH), 4), (once, 1)] {
            let client = aws_sdk_secretsmanager::Client::new(&config);
            assert_eq!(client.config().retry_config().map(RetryConfig::max_attempts), Some(attempts));
            let timeouts = client.config().timeout_config().unwrap();
            assert_eq!(timeouts.connect_timeout(), Some(CONNECT));
            assert!(timeouts.operation_attempt_timeout().is_some());
        }
    }
}
