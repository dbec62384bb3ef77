//! The decisions function's configuration.

use beckon_domain::DurationMs;
use beckon_domain::consent::ConsentDefault;
use beckon_runtime::env::{Env, EnvError};
use std::time::Duration;

/// What the environment tells the decisions function.
#[derive(Clone, Debug)]
pub struct Config {
    /// `PROFILE_TABLE`: name of the table.
    pub profile_table: String,
    /// `CONFIG_TABLE`: name of the table with the ruleset.
    pub config_table: String,
    /// `CATALOG_TABLE`: name of the table with the best sellers.
    pub catalog_table: String,
    /// `EVENT_STREAM`: name of the stream that hears who is shown which variant.
    pub event_stream: String,
    /// `DECISION_TABLE`: name of the table with what was decided.
    pub decision_table: String,
    /// `DECISION_LOG_PERCENT`: of how many requests of a hundred that is written down; 0: of none.
    pub log_percent: u8,
    /// `DECISION_LOG_DAYS`: how long it is kept.
    pub log_retention: DurationMs,
    /// `DECISION_BUDGET_MS`: how long a page waits at most.
    pub budget: Duration,
    /// `MODEL_BUCKET`: bucket of the snapshots of the catalog, and of the session index.
    pub model_bucket: String,
    /// Whether the session index is used: `SESSION_INDEX` is `ENABLED`.
    pub session_index: bool,
    /// `SECRET_ARN`: pepper and write keys.
    pub secret_arn: String,
    /// `ALLOWED_ORIGINS`: origins of pages that may call, comma-separated, `*` for any.
    pub allowed_origins: Vec<String>,
    /// `CONSENT_DEFAULT`: purposes granted where a person chose nothing, comma-separated, or `none`.
    pub consent_default: ConsentDefault,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// Everything that is missing, at once.
    pub fn from_env(mut env: Env) -> Result<Self, EnvError> {
        let config = Self {
            profile_table: env.required("PROFILE_TABLE"),
            config_table: env.required("CONFIG_TABLE"),
            catalog_table: env.required("CATALOG_TABLE"),
            event_stream: env.required("EVENT_STREAM"),
            decision_table: env.required("DECISION_TABLE"),
            log_percent: env.required_parsed("DECISION_LOG_PERCENT").unwrap_or_default(),
            log_retention: DurationMs::from_days(
                env.required_parsed("DECISION_LOG_DAYS").unwrap_or_default(),
            ),
            budget: Duration::from_millis(env.required_parsed("DECISION_BUDGET_MS").unwrap_or_default()),
            model_bucket: env.required("MODEL_BUCKET"),
            session_index: env.required("SESSION_INDEX") == "ENABLED",
            secret_arn: env.required("SECRET_ARN"),
            allowed_origins: beckon_runtime::http::origins(&env.required("ALLOWED_ORIGINS")),
            consent_default: env.required_parsed("CONSENT_DEFAULT").unwrap_or_default(),
        };
        env.finish()?;
        Ok(config)
    }
}
