//! The configuration of mail feedback.

use beckon_runtime::env::{Env, EnvError};

/// What the environment tells mail feedback.
#[derive(Clone, Debug)]
pub struct Config {
    /// `OUTREACH_TABLE`: name of the table with the ledger, suppression, figures and the switch.
    pub outreach_table: String,
    /// `AUDIT_TABLE`: name of the table with the turns of the switch.
    pub audit_table: String,
    /// `SECRET_ARN`: pepper, under which addresses are hashed.
    pub secret_arn: String,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// Everything that is missing, at once.
    pub fn from_env(mut env: Env) -> Result<Self, EnvError> {
        let config = Self {
            outreach_table: env.required("OUTREACH_TABLE"),
            audit_table: env.required("AUDIT_TABLE"),
            secret_arn: env.required("SECRET_ARN"),
        };
        env.finish()?;
        Ok(config)
    }
}
