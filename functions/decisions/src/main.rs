//! Lambda entry point of the decisions function: wiring, nothing else.

use anyhow::Context;
use beckon_runtime::aws::{self, Patience};
use beckon_runtime::env::Env;
use beckon_runtime::{Clock, MadeKeys, Metrics, Secrets, Timer, logs};
use beckon_store::models::s3::S3Models;
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::streams::kinesis::KinesisStream;
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use beckon_store::tables::key_reader;
use decisions::{Config, Decider, DecisionLog, Exposures, LiveCatalog, LiveSessionIndex, router};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    logs::start();
    let config = Config::from_env(Env::process())?;
    let start = aws::config(Patience::BATCH);
    let page = aws::with_patience(&start, Patience::PAGE);
    let names = TableNames {
        profile: config.profile_table,
        config: config.config_table,
        catalog: config.catalog_table,
        decision: config.decision_table,
        ..TableNames::default()
    };
    let secrets =
        Secrets::load(&start, &config.secret_arn).await.context("the secrets are needed to start")?;
    let tables = DynamoTables::from_config(&page, names.clone());
    let made = MadeKeys::reading(key_reader(tables.clone()));
    let log = DecisionLog::keeping(tables.clone()).with(config.log_percent, config.log_retention);
    let mut decider = Decider::new(
        tables,
        ActiveRuleset::with_consent_default(config.consent_default),
        secrets.with_made_keys(made),
        Clock::system(),
    )
    .with_log(log)
    .with_budget(config.budget, Timer::system());
    decider.metrics = Metrics::from_env();
    decider.exposures = Exposures::putting(KinesisStream::from_config(&page, config.event_stream));
    // In init there is time: the ruleset is compiled and the connection warmed before the first page waits.
    let patient = DynamoTables::from_config(&start, names);
    let objects = S3Models::from_config(&start, config.model_bucket);
    decider.catalog = LiveCatalog::reading(patient.clone(), objects.clone());
    if config.session_index {
        decider.session_index = LiveSessionIndex::reading(patient.clone(), objects);
    }
    Box::pin(decider.warm(&patient)).await;
    let app = router(Arc::new(decider), &config.allowed_origins);
    lambda_http::run(app).await.map_err(|error| anyhow::anyhow!("the Lambda runtime stopped: {error}"))
}
