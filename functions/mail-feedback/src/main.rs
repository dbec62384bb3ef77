//! Lambda entry point of mail feedback: wiring, nothing else.

#![recursion_limit = "256"] // the nested futures of the AWS clients

use anyhow::Context;
use beckon_runtime::aws::{self, Patience};
use beckon_runtime::env::Env;
use beckon_runtime::{Clock, Metrics, Secrets, logs};
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use lambda_runtime::{LambdaEvent, service_fn};
use mail_feedback::{Config, Feedback, handle};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    logs::start();
    let config = Config::from_env(Env::process())?;
    let sdk = aws::config(Patience::BATCH);
    let names =
        TableNames { outreach: config.outreach_table, audit: config.audit_table, ..TableNames::default() };
    let feedback = Feedback {
        tables: DynamoTables::from_config(&sdk, names),
        secrets: Secrets::load(&sdk, &config.secret_arn).await.context("the secrets are needed to start")?,
        clock: Clock::system(),
        metrics: Metrics::from_env(),
    };
    let feedback = &feedback;
    let serve = service_fn(|event: LambdaEvent<Value>| handle(feedback, event.payload));
    lambda_runtime::run(serve).await.map_err(|error| anyhow::anyhow!("the Lambda runtime stopped: {error}"))
}
