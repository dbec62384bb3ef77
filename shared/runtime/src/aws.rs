//! AWS clients: the SDK has no timeouts of its own, so every function states them.

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use std::time::Duration;

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

/// The configuration of AWS clients: region and credentials from the environment, patience from the function.
pub async fn config(patience: Patience) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(patience.attempt)
        .operation_timeout(patience.operation)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(patience.attempts)
        .with_initial_backoff(Duration::from_millis(10));
    aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(timeouts)
        .retry_config(retries)
        .load()
        .await
}
