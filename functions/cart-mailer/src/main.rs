//! Lambda entry point of the cart mailer: wiring, nothing else.

#![recursion_limit = "256"] // the nested futures of the AWS clients

use anyhow::Context;
use beckon_runtime::aws::{self, Patience};
use beckon_runtime::env::Env;
use beckon_runtime::{Clock, Metrics, Secrets, WebClient, logs};
use beckon_store::propensity::ActivePropensity;
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::streams::kinesis::KinesisStream;
use beckon_store::tables::dynamodb::DynamoTables;
use cart_mailer::canary::HttpsApi;
use cart_mailer::send::account::SesAccount;
use cart_mailer::send::ses::SesSender;
use cart_mailer::{CANARY, Canary, Config, Mailer, handle};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    logs::start();
    let config = Config::from_env(Env::process())?;
    let web = WebClient::default();
    let sdk = aws::config_over(web.clone(), Patience::BATCH);
    let send = aws::with_patience(&sdk, Patience::SEND);
    let mailer = Mailer {
        tables: DynamoTables::from_config(&sdk, config.tables()),
        stream: KinesisStream::from_config(&sdk, config.event_stream),
        sender: SesSender::from_config(&send, config.configuration_set),
        account: SesAccount::from_config(&sdk),
        is_paced: true,
        content: cart_mailer::mail::ActiveMailContent::default(),
        propensity: ActivePropensity::default(),
        rulesets: ActiveRuleset::with_consent_default(config.consent_default),
        secrets: Secrets::load(&sdk, &config.secret_arn).await.context("the secrets are needed to start")?,
        clock: Clock::system(),
        from: config.sender,
        public_url: config.public_url,
        metrics: Metrics::from_env(),
    };
    let canary = Canary {
        api: HttpsApi::new(mailer.public_url.clone(), web),
        secrets: mailer.secrets.clone(),
        clock: Clock::system(),
    };
    let (mailer, canary) = (&mailer, &canary);
    let serve = service_fn(|event: LambdaEvent<Value>| async move {
        match event.payload["schedule"] == CANARY {
            true => Ok(serde_json::to_value(canary.run().await)?),
            false => handle(mailer, event.payload).await,
        }
    });
    lambda_runtime::run(serve).await.map_err(|error| anyhow::anyhow!("the Lambda runtime stopped: {error}"))
}
