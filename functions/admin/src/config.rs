//! The configuration of admin.

use beckon_runtime::env::{Env, EnvError};

/// What the environment tells admin.
#[derive(Clone, Debug)]
pub struct Config {
    /// `CONFIG_TABLE`: name of the table with the rulesets.
    pub config_table: String,
    /// `AUDIT_TABLE`: name of the table with the changes.
    pub audit_table: String,
    /// `CATALOG_TABLE`: name of the table with the products.
    pub catalog_table: String,
    /// `OUTREACH_TABLE`: name of the table with the switch of sending, the figures of mails and the discount codes.
    pub outreach_table: String,
    /// `PROFILE_TABLE`: name of the table with the profiles.
    pub profile_table: String,
    /// `CONTACT_TABLE`: name of the table with the contacts.
    pub contact_table: String,
    /// `EXPERIMENT_TABLE`: name of the table with what was found of people in experiments.
    pub experiment_table: String,
    /// `ERASURE_DAYS`: days that a tombstone stands.
    pub erasure_days: u32,
    /// `MODEL_BUCKET`: bucket of the snapshots of the catalog.
    pub model_bucket: String,
    /// `SECRET_ARN`: the write keys.
    pub secret_arn: String,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// Everything that is missing, at once.
    pub fn from_env(mut env: Env) -> Result<Self, EnvError> {
        let config = Self {
            config_table: env.required("CONFIG_TABLE"),
            audit_table: env.required("AUDIT_TABLE"),
            catalog_table: env.required("CATALOG_TABLE"),
            outreach_table: env.required("OUTREACH_TABLE"),
            profile_table: env.required("PROFILE_TABLE"),
            contact_table: env.required("CONTACT_TABLE"),
            experiment_table: env.required("EXPERIMENT_TABLE"),
            erasure_days: env.required_parsed("ERASURE_DAYS").unwrap_or_default(),
            model_bucket: env.required("MODEL_BUCKET"),
            secret_arn: env.required("SECRET_ARN"),
        };
        env.finish()?;
        Ok(config)
    }
}
