//! The configuration of preferences.

use beckon_runtime::env::{Env, EnvError};

/// What the environment tells preferences.
#[derive(Clone, Debug)]
pub struct Config {
    /// `OUTREACH_TABLE`: name of the table with suppression.
    pub outreach_table: String,
    /// `SECRET_ARN`: pepper, which signs the tokens.
    pub secret_arn: String,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// Everything that is missing, at once.
    pub fn from_env(mut env: Env) -> Result<Self, EnvError> {
        let config =
            Self { outreach_table: env.required("OUTREACH_TABLE"), secret_arn: env.required("SECRET_ARN") };
        env.finish()?;
        Ok(config)
    }
}
