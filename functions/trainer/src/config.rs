//! The trainer's configuration.

use beckon_domain::consent::ConsentDefault;
use beckon_runtime::env::{Env, EnvError};

/// What the environment tells the trainer.
#[derive(Clone, Debug)]
pub struct Config {
    /// `CONFIG_TABLE`: name of the table with the models.
    pub config_table: String,
    /// `AUDIT_TABLE`: name of the table with the record of each training.
    pub audit_table: String,
    /// `PROFILE_TABLE`, `CONTACT_TABLE`, `OUTREACH_TABLE`: names of the tables that the sweep takes erased people out of.
    pub profile_table: String,
    /// See above.
    pub contact_table: String,
    /// See above.
    pub outreach_table: String,
    /// `EXPERIMENT_TABLE`: name of the table with what was found of people in experiments; the sweep takes them out of it too.
    pub experiment_table: String,
    /// `SWEPT_BUCKET`: bucket of failed events, which the sweep looks through.
    pub failed_bucket: String,
    /// `ARCHIVE_BUCKET`: bucket of the archive.
    pub archive_bucket: String,
    /// `MODEL_BUCKET`: bucket of models that are too large for an item.
    pub model_bucket: String,
    /// `CONSENT_DEFAULT`: purposes granted where a person chose nothing, comma-separated, or `none`.
    pub consent_default: ConsentDefault,
    /// `TRAINING_DAYS`: days of the archive that are learned from.
    pub training_days: u32,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// Everything that is missing or wrong, at once.
    pub fn from_env(mut env: Env) -> Result<Self, EnvError> {
        let config = Self {
            config_table: env.required("CONFIG_TABLE"),
            audit_table: env.required("AUDIT_TABLE"),
            profile_table: env.required("PROFILE_TABLE"),
            contact_table: env.required("CONTACT_TABLE"),
            outreach_table: env.required("OUTREACH_TABLE"),
            experiment_table: env.required("EXPERIMENT_TABLE"),
            failed_bucket: env.required("SWEPT_BUCKET"),
            archive_bucket: env.required("ARCHIVE_BUCKET"),
            model_bucket: env.required("MODEL_BUCKET"),
            consent_default: env.required_parsed("CONSENT_DEFAULT").unwrap_or_default(),
            training_days: env.required_parsed("TRAINING_DAYS").unwrap_or_default(),
        };
        env.finish()?;
        Ok(config)
    }
}
