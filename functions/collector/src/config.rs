//! The collector's configuration.

use crate::guard::{PagePurchases, Rates};
use beckon_domain::Currency;
use beckon_runtime::env::{Env, EnvError};

/// What the environment tells the collector.
#[derive(Clone, Debug)]
pub struct Config {
    /// `EVENT_STREAM`: name of the stream.
    pub event_stream: String,
    /// `CONTACT_TABLE`: name of the table.
    pub contact_table: String,
    /// `CONFIG_TABLE`: name of the table with the keys that people made.
    pub config_table: String,
    /// `CATALOG_TABLE`: name of the table with products.
    pub catalog_table: String,
    /// `SECRET_ARN`: pepper and write keys.
    pub secret_arn: String,
    /// `CURRENCY`: of prices that name none (ISO 4217).
    pub currency: Currency,
    /// `ALLOWED_ORIGINS`: origins of pages that may call, comma-separated, `*` for any.
    pub allowed_origins: Vec<String>,
    /// `PUBLIC_URL`: address under which the API is reached; the settings of analytics.js name it.
    pub public_url: String,
    /// `PAGE_PURCHASES`: whether a page's purchase is `counted` or stays `unconfirmed` until a server tells of it.
    pub page_purchases: PagePurchases,
    /// `KEY_EVENTS_PER_SECOND` and `VISITOR_EVENTS_PER_SECOND`: what one process takes of them in the long run, 0 for any.
    pub rates: Rates,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// Everything that is missing or wrong, at once.
    pub fn from_env(mut env: Env) -> Result<Self, EnvError> {
        let config = Self {
            event_stream: env.required("EVENT_STREAM"),
            contact_table: env.required("CONTACT_TABLE"),
            config_table: env.required("CONFIG_TABLE"),
            catalog_table: env.required("CATALOG_TABLE"),
            secret_arn: env.required("SECRET_ARN"),
            allowed_origins: beckon_runtime::http::origins(&env.required("ALLOWED_ORIGINS")),
            public_url: env.required("PUBLIC_URL"),
            currency: env.required_parsed("CURRENCY").unwrap_or_default(),
            page_purchases: env.required_parsed("PAGE_PURCHASES").unwrap_or_default(),
            rates: Rates {
                key_per_second: env.required_parsed("KEY_EVENTS_PER_SECOND").unwrap_or_default(),
                visitor_per_second: env.required_parsed("VISITOR_EVENTS_PER_SECOND").unwrap_or_default(),
            },
        };
        env.finish()?;
        Ok(config)
    }
}
