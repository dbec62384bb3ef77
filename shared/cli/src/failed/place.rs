//! Where failed events are: the folder of `beckon serve` on this machine, or the bucket of a deployed stack.

use super::document::{Item, read_all};
use super::redrive::{Redriven, carry_out};
use crate::cloud::resources::Deployed;
use crate::cloud::target::Target;
use crate::cloud::{self, TargetArgs};
use crate::error::CliError;
use crate::laptop;
use crate::laptop::LocalModels;
use crate::stack::{Parts, Stack, epoch};
use aws_config::SdkConfig;
use beckon_domain::consent::ConsentDefault;
use beckon_rules::SAMPLE;
use beckon_runtime::Clock;
use beckon_store::objects::folder::FolderFailedEvents;
use beckon_store::objects::s3::S3FailedEvents;
use beckon_store::streams::kinesis::KinesisStream;
use beckon_store::streams::{EventStream, NewRecord, StreamError};
use beckon_store::tables::ConfigStore;
use beckon_store::tables::dynamodb::DynamoTables;
use clap::Args;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where `beckon serve` keeps its state.
const SERVE_FOLDER: &str = "target/beckon";

/// Which failed events are meant.
#[derive(Args, Debug, Default)]
pub(super) struct PlaceArgs {
    /// Folder in which `beckon serve` keeps its state [default: target/beckon]
    #[arg(long, value_name = "FOLDER", global = true, conflicts_with_all = ["stack", "stack_name", "endpoint_url"])]
    folder: Option<PathBuf>,
    /// Those of the stack that `beckon stack up` started on this machine
    #[arg(long, global = true, conflicts_with_all = ["stack_name", "endpoint_url"])]
    stack: bool,
    /// Those of this stack; without --endpoint-url it is one on AWS, reached with your credentials
    #[arg(long, value_name = "NAME", global = true)]
    stack_name: Option<String>,
    /// Those of a stack in an AWS emulator that runs already
    #[arg(long, value_name = "URL", global = true)]
    endpoint_url: Option<String>,
    /// Region of the stack [default: that of your AWS configuration; us-east-1 on an emulator]
    #[arg(long, value_name = "REGION", global = true)]
    region: Option<String>,
}

/// Where failed events are.
pub(super) enum Place {
    /// In a folder.
    Folder(PathBuf),
    /// In the bucket of a stack.
    Stack(Box<Bucket>),
}

/// The bucket of a stack.
pub(super) struct Bucket {
    target: Target,
    sdk: SdkConfig,
    deployed: Deployed,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Stack(bucket) => f.write_str(&bucket.target.place()),
        }
    }
}

impl Place {
    /// What the arguments mean.
    pub(super) async fn of(args: PlaceArgs) -> Result<Self, CliError> {
        let PlaceArgs { folder, stack, stack_name, endpoint_url, region } = args;
        if !stack && stack_name.is_none() && endpoint_url.is_none() {
            return Ok(Self::Folder(folder.unwrap_or_else(|| PathBuf::from(SERVE_FOLDER))));
        }
        let args = TargetArgs { endpoint_url, stack_name, region, port: None };
        let mut target = cloud::meant(args)?;
        target.settle().await?;
        let sdk = target.sdk().await;
        let deployed = cloud::deployed(&target, &sdk).await?;
        Ok(Self::Stack(Box::new(Bucket { target, sdk, deployed })))
    }

    /// Whether what was put again is applied by now.
    pub(super) fn is_delivered(&self) -> bool {
        matches!(self, Self::Folder(_))
    }

    /// Everything that is kept there.
    pub(super) async fn items(&self) -> Result<Vec<Item>, CliError> {
        match self {
            Self::Folder(folder) => read_all(&FolderFailedEvents::new(folder)).await,
            Self::Stack(bucket) => read_all(&bucket.archive()?).await,
        }
    }

    /// Puts documents into the stream of the place again.
    pub(super) async fn carry_out(&self, items: &[Item]) -> Result<Redriven, CliError> {
        let now = Clock::system().now();
        match self {
            Self::Folder(folder) => {
                let stream = LocalStream::open(folder).await?;
                carry_out(&FolderFailedEvents::new(folder), &stream, items, now).await
            }
            Self::Stack(bucket) => {
                let stream =
                    KinesisStream::from_config(&bucket.sdk, bucket.deployed.physical("EventStream")?);
                carry_out(&bucket.archive()?, &stream, items, now).await
            }
        }
    }
}

impl Bucket {
    fn archive(&self) -> Result<S3FailedEvents, CliError> {
        Ok(S3FailedEvents::new(s3_client(&self.sdk), self.deployed.physical("FailedEventBucket")?))
    }
}

/// S3 of a stack. Emulators are reached by an address without a bucket's name in it.
pub(crate) fn s3_client(sdk: &SdkConfig) -> aws_sdk_s3::Client {
    let is_emulated = sdk.endpoint_url().is_some();
    let config = aws_sdk_s3::config::Builder::from(sdk).force_path_style(is_emulated).build();
    aws_sdk_s3::Client::from_conf(config)
}

/// The stream of this machine lives in a process and ends with it. So this one has a profiler of its own on the same
/// tables, and acknowledges what is applied or kept as failed once more.
struct LocalStream {
    stack: Stack<DynamoTables, FolderFailedEvents>,
}

impl LocalStream {
    async fn open(folder: &Path) -> Result<Self, CliError> {
        let file = folder.join("dynamodb.sqlite");
        if !file.exists() {
            return Err(CliError::usage(format!("no state of `beckon serve` in {}", folder.display())));
        }
        let tables = laptop::tables(Some(&file)).await?;
        let active = tables.active_documents().await;
        let active = active.map_err(|e| CliError::caused("the ruleset cannot be read", &e))?.ruleset;
        let clock = Clock::system();
        let stack = Stack::new(Parts {
            tables,
            failed: FolderFailedEvents::new(folder),
            models: LocalModels::default(),
            ruleset: active.map_or_else(|| SAMPLE.to_owned(), |document| document.body),
            experiments: None,
            epoch: epoch(clock.now()),
            clock,
            shard_count: 1,
            batch_size: 100,
            public_url: String::new(),
            consent_default: ConsentDefault::default(),
            feed: None,
        });
        Ok(Self { stack: stack.await? })
    }
}

impl EventStream for LocalStream {
    async fn put(&self, records: Vec<NewRecord>) -> Result<(), StreamError> {
        self.stack.stream.put(records).await?;
        let drained = self.stack.drain().await.map_err(|e| StreamError::Unavailable(e.into()))?;
        match drained.stuck_count {
            0 => Ok(()),
            stuck => Err(StreamError::Unavailable(format!("{stuck} records were not applied").into())),
        }
    }
}
