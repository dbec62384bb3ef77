//! The cart mailer's configuration.

use beckon_domain::consent::ConsentDefault;
use beckon_runtime::env::{Env, EnvError};
use beckon_store::tables::dynamodb::TableNames;

/// What the environment tells the cart mailer.
#[derive(Clone, Debug)]
pub struct Config {
    /// `PROFILE_TABLE`: name of the table.
    pub profile_table: String,
    /// `CONTACT_TABLE`: name of the table.
    pub contact_table: String,
    /// `OUTREACH_TABLE`: name of the table with the ledger.
    pub outreach_table: String,
    /// `CATALOG_TABLE`: name of the table with products.
    pub catalog_table: String,
    /// `CONFIG_TABLE`: name of the table with the ruleset.
    pub config_table: String,
    /// `EVENT_STREAM`: name of the stream, for `Timer Due`.
    pub event_stream: String,
    /// `SECRET_ARN`: pepper and write keys.
    pub secret_arn: String,
    /// `SENDER`: the From address, with or without a name.
    pub sender: String,
    /// `CONFIGURATION_SET`: SES configuration set.
    pub configuration_set: String,
    /// `PUBLIC_URL`: https address under which unsubscribe links are served, without a slash at its end.
    pub public_url: String,
    /// `CONSENT_DEFAULT`: purposes granted where a person chose nothing, comma-separated, or `none`.
    pub consent_default: ConsentDefault,
}

impl Config {
    /// The tables that the mailer reads and writes.
    #[must_use]
    pub fn tables(&self) -> TableNames {
        TableNames {
            profile: self.profile_table.clone(),
            contact: self.contact_table.clone(),
            outreach: self.outreach_table.clone(),
            catalog: self.catalog_table.clone(),
            config: self.config_table.clone(),
            ..TableNames::default()
        }
    }

    /// Reads the environment.
    ///
    /// # Errors
    /// Everything that is missing or wrong, at once.
    pub fn from_env(mut env: Env) -> Result<Self, EnvError> {
        let mut config = Self {
            profile_table: env.required("PROFILE_TABLE"),
            contact_table: env.required("CONTACT_TABLE"),
            outreach_table: env.required("OUTREACH_TABLE"),
            catalog_table: env.required("CATALOG_TABLE"),
            config_table: env.required("CONFIG_TABLE"),
            event_stream: env.required("EVENT_STREAM"),
            secret_arn: env.required("SECRET_ARN"),
            sender: env.required("SENDER"),
            configuration_set: env.required("CONFIGURATION_SET"),
            public_url: env.required("PUBLIC_URL"),
            consent_default: env.required_parsed("CONSENT_DEFAULT").unwrap_or_default(),
        };
        if !config.public_url.is_empty() && !config.public_url.starts_with("https://") {
            env.fault("PUBLIC_URL", "must be https: RFC 8058 allows nothing else");
        }
        config.public_url.truncate(config.public_url.trim_end_matches('/').len());
        env.finish()?;
        Ok(config)
    }
}
