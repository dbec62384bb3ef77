//! Lambda entry point of the trainer: wiring, nothing else.

#![recursion_limit = "256"] // the nested futures of the AWS clients

use beckon_domain::{Policy, Timestamp};
use beckon_runtime::aws::{self, Patience};
use beckon_runtime::env::Env;
use beckon_runtime::{Clock, logs};
use beckon_store::archive::s3::S3Archive;
use beckon_store::models::s3::S3Models;
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use trainer::{Config, Limits, Trainer, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    logs::start();
    let config = Config::from_env(Env::process())?;
    let sdk = aws::config(Patience::BATCH).await;
    let names =
        TableNames { config: config.config_table, audit: config.audit_table, ..TableNames::default() };
    let trainer = Trainer {
        tables: DynamoTables::from_config(&sdk, names),
        archive: S3Archive::from_config(&sdk, config.archive_bucket),
        objects: S3Models::from_config(&sdk, config.model_bucket),
        clock: Clock::system(),
        limits: Limits::default(),
        policy: Policy::default(),
        consent_default: config.consent_default,
    };
    let (trainer, days) = (&trainer, config.training_days);
    let serve = service_fn(|event: LambdaEvent<Value>| {
        let deadline = Timestamp::from_ms(i64::try_from(event.context.deadline).unwrap_or(i64::MAX));
        handle(trainer, event.payload, days, Some(deadline))
    });
    lambda_runtime::run(serve).await.map_err(|error| anyhow::anyhow!("the Lambda runtime stopped: {error}"))
}
