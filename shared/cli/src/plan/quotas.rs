//! What AWS allows an account that never asked for more.

use crate::cost::one_line;
use crate::error::CliError;
use serde::{Deserialize, Serialize};

const BUILT_IN: &str = include_str!("quotas.toml");

/// One quota.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// How much.
    pub value: f64,
    /// Whether it is raised on request.
    pub adjustable: bool,
    /// What it is of.
    pub of: String,
    /// The page of AWS that states it.
    pub page: String,
    /// The day on which it was looked up, `YYYY-MM-DD`.
    pub looked_up: String,
    /// Where it was read.
    pub read_in: String,
}

/// All of them; `of` of each in quotas.toml says what it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quotas {
    pub kinesis_shards: Quota,
    pub kinesis_shard_records: Quota,
    pub lambda_concurrency: Quota,
    pub api_requests: Quota,
    pub dynamodb_table_write_units: Quota,
    pub dynamodb_new_table_write_units: Quota,
    pub dynamodb_partition_write_units: Quota,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    region: String,
    quota: Quotas,
}

impl Quotas {
    /// The region, and the quotas that come with the command.
    ///
    /// # Errors
    /// When they cannot be read, which would be a mistake of this command.
    pub fn load() -> Result<(String, Self), CliError> {
        let file: File = toml::from_str(BUILT_IN)
            .map_err(|e| CliError::failed(format!("the built-in quotas: {}", one_line(e.message()))))?;
        Ok((file.region, file.quota))
    }
}
