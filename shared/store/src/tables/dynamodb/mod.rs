//! The tables in DynamoDB. The same adapter talks to AWS, to an emulator, and to the engine embedded in `beckon serve`.
//!
//! Attribute names are short because DynamoDB bills them with every item. Times are numbers (milliseconds) except
//! `x`, the TTL, which DynamoDB wants in seconds; expired rows are filtered on read, because deletion may take days.

mod audit;
mod catalog;
mod changes;
mod codes;
mod config;
mod contacts;
mod conversions;
mod decisions;
mod engagement;
mod erasing;
mod experiments;
#[cfg(test)]
#[path = "fixtures/tests.rs"]
mod fixtures;
mod imports;
mod keys;
mod ledger_rows;
mod mail_content;
mod models;
mod outreach;
mod products;
mod profiles;
mod reputation;
mod rulesets;
pub mod schema;
mod states;
mod suppression;
mod switch;

use crate::error::{ErrorKind, StoreError};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::Timestamp;
use std::collections::HashMap;

/// The tables' names.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TableNames {
    /// ProfileTable.
    pub profile: String,
    /// ContactTable.
    pub contact: String,
    /// OutreachTable.
    pub outreach: String,
    /// ConfigTable.
    pub config: String,
    /// CatalogTable.
    pub catalog: String,
    /// AuditTable.
    pub audit: String,
    /// ExperimentTable.
    pub experiment: String,
    /// DecisionTable.
    pub decision: String,
}

/// All tables behind one client. A function that lacks a table's name never asks it.
#[derive(Clone, Debug)]
pub struct DynamoTables {
    client: Client,
    names: TableNames,
}

impl DynamoTables {
    /// Tables of these names, by a function's AWS configuration.
    #[must_use]
    pub fn from_config(config: &aws_config::SdkConfig, names: TableNames) -> Self {
        Self::new(Client::new(config), names)
    }

    /// Tables of these names, behind a client.
    #[must_use]
    pub fn new(client: Client, names: TableNames) -> Self {
        Self { client, names }
    }
}

/// Whether the condition of a write held. A condition that did not hold is an answer, not an error.
fn condition_held<T, E>(
    operation: &'static str,
    result: Result<T, SdkError<E, HttpResponse>>,
) -> Result<bool, StoreError>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match result {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(false),
        Err(error) => Err(StoreError::from_sdk(operation, error)),
    }
}

type Item = HashMap<String, AttributeValue>;

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn time(at: Timestamp) -> AttributeValue {
    number(at.as_ms())
}

/// A TTL attribute: whole seconds since 1970.
fn ttl(at: Timestamp) -> AttributeValue {
    number(at.as_ms() / 1_000)
}

fn get_text(item: &Item, name: &str) -> Option<String> {
    item.get(name)?.as_s().ok().cloned()
}

fn get_number(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

fn get_time(item: &Item, name: &str) -> Option<Timestamp> {
    get_number(item, name).map(Timestamp::from_ms)
}

fn corrupt(operation: &'static str, what: &'static str) -> StoreError {
    StoreError::new(operation, ErrorKind::Corrupt, format!("the item has no valid {what}"))
}
