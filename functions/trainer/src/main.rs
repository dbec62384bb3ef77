//! Lambda entry point of the trainer: wiring, nothing else.

#![recursion_limit = "256"] // the nested futures of the AWS clients

use beckon_domain::{Policy, Timestamp};
use beckon_runtime::aws::{self, Patience};
use beckon_runtime::env::Env;
use beckon_runtime::{Clock, Metrics, logs};
use beckon_store::archive::s3::S3Archive;
use beckon_store::models::s3::S3Models;
use beckon_store::objects::s3::S3FailedEvents;
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use trainer::{Config, Limits, RECONCILE, SWEEP, Sweeper, Trainer, handle, reconcile, sweep};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    logs::start();
    let config = Config::from_env(Env::process())?;
    let sdk = aws::config(Patience::BATCH);
    let names = TableNames {
        config: config.config_table,
        audit: config.audit_table,
        profile: config.profile_table,
        contact: config.contact_table,
        outreach: config.outreach_table,
        experiment: config.experiment_table,
        ..TableNames::default()
    };
    let tables = DynamoTables::from_config(&sdk, names);
    let archive = S3Archive::from_config(&sdk, config.archive_bucket);
    let sweeper = Sweeper {
        tables: tables.clone(),
        archive: archive.clone(),
        failed: S3FailedEvents::from_config(&sdk, config.failed_bucket),
        clock: Clock::system(),
    };
    let trainer = Trainer {
        tables,
        archive,
        objects: S3Models::from_config(&sdk, config.model_bucket),
        clock: Clock::system(),
        limits: Limits::default(),
        policy: Policy::default(),
        consent_default: config.consent_default,
    };
    let (trainer, reconciler, days) = (&trainer, &sweeper.reconciler(), config.training_days);
    let (sweeper, metrics) = (&sweeper, &Metrics::from_env());
    let serve = service_fn(|event: LambdaEvent<Value>| async move {
        let deadline = Timestamp::from_ms(i64::try_from(event.context.deadline).unwrap_or(i64::MAX));
        match event.payload["schedule"].as_str() {
            Some(SWEEP) => sweep(sweeper, metrics, Some(deadline)).await,
            Some(RECONCILE) => reconcile(reconciler, &event.payload, Some(deadline)).await,
            _ => handle(trainer, event.payload, days, Some(deadline)).await,
        }
    });
    lambda_runtime::run(serve).await.map_err(|error| anyhow::anyhow!("the Lambda runtime stopped: {error}"))
}
