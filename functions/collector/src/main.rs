//! Lambda entry point of the collector: wiring, nothing else.

use anyhow::Context;
use beckon_runtime::aws::{self, Patience};
use beckon_runtime::env::Env;
use beckon_runtime::{Clock, MadeKeys, Metrics, Secrets, logs};
use beckon_store::streams::kinesis::KinesisStream;
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use beckon_store::tables::key_reader;
use collector::{Collector, Config, Guard, router};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    logs::start();
    let config = Config::from_env(Env::process())?;
    let sdk = aws::config(Patience::REQUEST);
    let names = TableNames {
        contact: config.contact_table,
        config: config.config_table,
        catalog: config.catalog_table,
        ..TableNames::default()
    };
    let tables = DynamoTables::from_config(&sdk, names);
    let secrets = Secrets::load(&sdk, &config.secret_arn).await.context("the secrets are needed to start")?;
    let (clock, made) = (Clock::system(), MadeKeys::reading(key_reader(tables.clone())));
    made.warm(clock.now()).await;
    let collector = Collector {
        stream: KinesisStream::from_config(&sdk, config.event_stream),
        tables,
        secrets: secrets.with_made_keys(made),
        clock,
        currency: config.currency,
        public_url: config.public_url,
        guard: Guard::new(config.rates, config.page_purchases),
        metrics: Metrics::from_env(),
    };
    let app = router(Arc::new(collector), &config.allowed_origins);
    lambda_http::run(app).await.map_err(|error| anyhow::anyhow!("the Lambda runtime stopped: {error}"))
}
