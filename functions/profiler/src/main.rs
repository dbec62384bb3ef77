//! Lambda entry point of the profiler: wiring, nothing else.

#![recursion_limit = "256"] // the nested futures of the AWS clients

use aws_lambda_events::event::kinesis::KinesisEvent;
use beckon_domain::Timestamp;
use beckon_runtime::aws::{self, Patience};
use beckon_runtime::env::Env;
use beckon_runtime::{Clock, Metrics, logs};
use beckon_store::bus::eventbridge::EventBridgeBus;
use beckon_store::objects::s3::S3FailedEvents;
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::streams::kinesis::KinesisStream;
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use lambda_runtime::{LambdaEvent, service_fn};
use profiler::{Config, Profiler, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    logs::start();
    let config = Config::from_env(Env::process())?;
    let sdk = aws::config(Patience::BATCH);
    let names = TableNames {
        profile: config.profile_table,
        config: config.config_table,
        experiment: config.experiment_table,
        ..TableNames::default()
    };
    let profiler = Profiler {
        tables: DynamoTables::from_config(&sdk, names),
        stream: KinesisStream::from_config(&sdk, config.event_stream),
        signals: KinesisStream::from_config(&sdk, config.signal_stream),
        failed: S3FailedEvents::from_config(&sdk, config.failed_bucket),
        bus: EventBridgeBus::from_config(&sdk, config.event_bus),
        rulesets: ActiveRuleset::default(),
        clock: Clock::system(),
        epoch: config.stream_epoch,
        fold: beckon_domain::fold::fold,
        metrics: Metrics::from_env(),
        record_age_max: Some(config.record_age_max),
    };
    let profiler = &profiler;
    let serve = service_fn(|event: LambdaEvent<KinesisEvent>| async move {
        let deadline = Timestamp::from_ms(i64::try_from(event.context.deadline).unwrap_or(i64::MAX));
        Ok::<_, std::convert::Infallible>(handle(profiler, event.payload, Some(deadline)).await)
    });
    lambda_runtime::run(serve).await.map_err(|error| anyhow::anyhow!("the Lambda runtime stopped: {error}"))
}
