//! The real AWS clients, pointed at loopback, with a function's patience as `beckon_runtime::aws::config` sets it (which
//! itself would read the environment and ask the instance for credentials).

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use beckon_runtime::aws::Patience;
use std::time::Duration;

/// One attempt and all the time it may need on a busy machine.
pub const ONCE: Patience =
    Patience { attempt: Duration::from_secs(30), operation: Duration::from_secs(30), attempts: 1 };

/// One attempt that soon gives up: for a server that never answers.
pub const BRIEF: Patience =
    Patience { attempt: Duration::from_millis(300), operation: Duration::from_millis(300), attempts: 1 };

/// As many attempts as `patience` has, and all the time they may need on a busy machine.
pub const fn unhurried(patience: Patience) -> Patience {
    Patience { attempts: patience.attempts, ..ONCE }
}

fn retries(patience: Patience) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(patience.attempts)
        .with_initial_backoff(Duration::from_millis(10))
}

fn timeouts(patience: Patience) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(patience.attempt)
        .operation_timeout(patience.operation)
        .build()
}

macro_rules! client {
    ($(#[$doc:meta])* $name:ident, $sdk:ident) => {
        $(#[$doc])*
        pub fn $name(endpoint: &str, patience: Patience) -> $sdk::Client {
            let config = $sdk::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("us-east-1"))
                .credentials_provider(Credentials::new("test", "test", None, None, "test"))
                .endpoint_url(endpoint)
                .retry_config(retries(patience))
                .timeout_config(timeouts(patience))
                .build();
            $sdk::Client::from_conf(config)
        }
    };
}

client!(
    /// DynamoDB's client.
    dynamodb, aws_sdk_dynamodb
);
client!(
    /// EventBridge's client.
    eventbridge, aws_sdk_eventbridge
);
client!(
    /// Kinesis's client.
    kinesis, aws_sdk_kinesis
);
client!(
    /// SES's client.
    ses, aws_sdk_sesv2
);
