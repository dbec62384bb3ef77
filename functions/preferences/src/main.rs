//! Lambda entry point of preferences: wiring, nothing else.

use anyhow::Context;
use beckon_runtime::aws::{self, Patience};
use beckon_runtime::env::Env;
use beckon_runtime::{Clock, Secrets, logs};
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use preferences::{Config, Preferences, router};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    logs::start();
    let config = Config::from_env(Env::process())?;
    let sdk = aws::config(Patience::REQUEST);
    let names = TableNames { outreach: config.outreach_table, ..TableNames::default() };
    let preferences = Preferences {
        tables: DynamoTables::from_config(&sdk, names),
        secrets: Secrets::load(&sdk, &config.secret_arn).await.context("the secrets are needed to start")?,
        clock: Clock::system(),
    };
    let app = router(Arc::new(preferences));
    lambda_http::run(app).await.map_err(|error| anyhow::anyhow!("the Lambda runtime stopped: {error}"))
}
