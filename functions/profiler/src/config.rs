//! The profiler's configuration.

use beckon_domain::DurationMs;
use beckon_domain::mark::epoch_of;
use beckon_runtime::env::{Env, EnvError};

/// What the environment tells the profiler.
#[derive(Clone, Debug)]
pub struct Config {
    /// `EVENT_STREAM`: name of the stream, for merge records, forwarded events and changes of segments.
    pub event_stream: String,
    /// `SIGNAL_STREAM`: name of the stream of signals.
    pub signal_stream: String,
    /// `STREAM_EPOCH`: names this life of the stream; another when the stream is made anew, because shard ids start again.
    /// Kept as [`epoch_of`] it.
    pub stream_epoch: String,
    /// `PROFILE_TABLE`: name of the table.
    pub profile_table: String,
    /// `CONFIG_TABLE`: name of the table with the ruleset.
    pub config_table: String,
    /// `EXPERIMENT_TABLE`: name of the table with what was found of people in experiments.
    pub experiment_table: String,
    /// `FAILED_BUCKET`: bucket of failed events.
    pub failed_bucket: String,
    /// `EVENT_BUS`: name of the bus on which others hear of segments and rules.
    pub event_bus: String,
    /// `RECORD_AGE_MAX_SECONDS`: the mapping's `MaximumRecordAgeInSeconds`, at which it would discard a record.
    pub record_age_max: DurationMs,
}

/// The least age that AWS lets a mapping have (60), so that a number without a meaning is found.
const RECORD_AGE_SECONDS_MIN: u64 = 60;

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// Everything that is missing, at once.
    pub fn from_env(mut env: Env) -> Result<Self, EnvError> {
        let age_secs: u64 = env.required_parsed("RECORD_AGE_MAX_SECONDS").unwrap_or(RECORD_AGE_SECONDS_MIN);
        if age_secs < RECORD_AGE_SECONDS_MIN {
            env.fault("RECORD_AGE_MAX_SECONDS", format_args!("must be {RECORD_AGE_SECONDS_MIN} or more"));
        }
        let config = Self {
            event_stream: env.required("EVENT_STREAM"),
            signal_stream: env.required("SIGNAL_STREAM"),
            stream_epoch: epoch_of(&env.required("STREAM_EPOCH")),
            profile_table: env.required("PROFILE_TABLE"),
            config_table: env.required("CONFIG_TABLE"),
            experiment_table: env.required("EXPERIMENT_TABLE"),
            failed_bucket: env.required("FAILED_BUCKET"),
            event_bus: env.required("EVENT_BUS"),
            record_age_max: DurationMs::from_secs(age_secs),
        };
        env.finish()?;
        Ok(config)
    }
}
