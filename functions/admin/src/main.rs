//! Lambda entry point of admin: wiring, nothing else.

use admin::{Admin, Config, router, run_tests};
use anyhow::Context;
use beckon_domain::DurationMs;
use beckon_runtime::aws::{self, Patience};
use beckon_runtime::env::Env;
use beckon_runtime::{Clock, MadeKeys, Secrets, logs};
use beckon_store::models::s3::S3Models;
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use beckon_store::tables::key_reader;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    logs::start();
    let config = Config::from_env(Env::process())?;
    let sdk = aws::config(Patience::REQUEST);
    let names = TableNames {
        config: config.config_table,
        audit: config.audit_table,
        catalog: config.catalog_table,
        outreach: config.outreach_table,
        profile: config.profile_table,
        contact: config.contact_table,
        experiment: config.experiment_table,
        ..TableNames::default()
    };
    let tables = DynamoTables::from_config(&sdk, names);
    let secrets = Secrets::load(&sdk, &config.secret_arn).await.context("the secrets are needed to start")?;
    let admin = Admin {
        secrets: secrets.with_made_keys(MadeKeys::reading(key_reader(tables.clone()))),
        tables,
        objects: S3Models::from_config(&sdk, config.model_bucket),
        clock: Clock::system(),
        run_tests,
        tombstone: DurationMs::from_days(config.erasure_days.into()),
    };
    let app = router(Arc::new(admin));
    lambda_http::run(app).await.map_err(|error| anyhow::anyhow!("the Lambda runtime stopped: {error}"))
}
