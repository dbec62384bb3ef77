//! Lambda entry point of the collector: wiring, nothing else.

use anyhow::Context;
use beckon_runtime::aws::{self, Patience};
use beckon_runtime::env::Env;
use beckon_runtime::{Clock, Secrets, logs};
use beckon_store::streams::kinesis::KinesisStream;
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use collector::{Collector, Config, router};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    logs::start();
    let config = Config::from_env(Env::process())?;
    let sdk = aws::config(Patience::REQUEST).await;
    let names = TableNames { contact: config.contact_table, ..TableNames::default() };
    let collector = Collector {
        stream: KinesisStream::from_config(&sdk, config.event_stream),
        contacts: DynamoTables::from_config(&sdk, names),
        secrets: Secrets::load(&sdk, &config.secret_arn).await.context("the secrets are needed to start")?,
        clock: Clock::system(),
        currency: config.currency,
        public_url: config.public_url,
    };
    let app = router(Arc::new(collector), &config.allowed_origins);
    lambda_http::run(app).await.map_err(|error| anyhow::anyhow!("the Lambda runtime stopped: {error}"))
}
