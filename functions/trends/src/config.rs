//! The trends' configuration.

use beckon_domain::mark::epoch_of;
use beckon_runtime::env::{Env, EnvError};

/// What the environment tells the trends.
#[derive(Clone, Debug)]
pub struct Config {
    /// `STREAM_EPOCH`: names this life of the stream of signals; another when the stream is made anew, because shard ids
    /// start again. Kept as [`epoch_of`] it.
    pub stream_epoch: String,
    /// `CATALOG_TABLE`: name of the table.
    pub catalog_table: String,
    /// `EXPERIMENT_TABLE`: name of the table with what became of decisions.
    pub experiment_table: String,
    /// `FAILED_BUCKET`: bucket of failed events.
    pub failed_bucket: String,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// Everything that is missing, at once.
    pub fn from_env(mut env: Env) -> Result<Self, EnvError> {
        let config = Self {
            stream_epoch: epoch_of(&env.required("STREAM_EPOCH")),
            catalog_table: env.required("CATALOG_TABLE"),
            experiment_table: env.required("EXPERIMENT_TABLE"),
            failed_bucket: env.required("FAILED_BUCKET"),
        };
        env.finish()?;
        Ok(config)
    }
}
