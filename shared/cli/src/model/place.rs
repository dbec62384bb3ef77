//! Whose models: those of `beckon serve` on this machine, or those of a deployed stack.

use crate::cloud::resources::Deployed;
use crate::cloud::target::Target;
use crate::cloud::{self, TargetArgs};
use crate::error::CliError;
use crate::laptop;
use aws_config::SdkConfig;
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use clap::Args;
use std::path::PathBuf;

/// Where `beckon serve` keeps its state.
const SERVE_FOLDER: &str = "target/beckon";

/// Whose models are meant.
#[derive(Args, Debug, Default)]
pub(crate) struct PlaceArgs {
    /// Folder in which `beckon serve` keeps its state [default: target/beckon]
    #[arg(long, value_name = "FOLDER", global = true, conflicts_with_all = ["stack", "stack_name", "endpoint_url"])]
    pub(crate) folder: Option<PathBuf>,
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

/// Where models are.
pub(crate) enum Place {
    /// Beside the state of `beckon serve`.
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Its tables.
        tables: Box<DynamoTables>,
    },
    /// In a stack.
    Stack(Box<Remote>),
}

/// A stack.
pub(crate) struct Remote {
    pub(crate) sdk: SdkConfig,
    pub(crate) deployed: Deployed,
    tables: DynamoTables,
    target: Target,
}

impl PlaceArgs {
    /// What the arguments mean.
    pub(crate) async fn open(self) -> Result<Place, CliError> {
        let Self { folder, stack, stack_name, endpoint_url, region } = self;
        if !stack && stack_name.is_none() && endpoint_url.is_none() {
            let folder = folder.unwrap_or_else(|| PathBuf::from(SERVE_FOLDER));
            let file = folder.join("dynamodb.sqlite");
            if !file.exists() {
                return Err(CliError::usage(format!(
                    "no state of `beckon serve` in {}: run it first, or name its folder with --folder",
                    folder.display()
                )));
            }
            return Ok(Place::Folder { tables: Box::new(laptop::tables(Some(&file)).await?), folder });
        }
        let args = TargetArgs { endpoint_url, stack_name, region, port: None };
        let mut target = cloud::meant(args)?;
        target.settle().await?;
        let sdk = target.sdk().await;
        let deployed = cloud::deployed(&target, &sdk).await?;
        let names = TableNames {
            config: deployed.physical("ConfigTable")?.to_owned(),
            audit: deployed.physical("AuditTable")?.to_owned(),
            ..TableNames::default()
        };
        let tables = DynamoTables::from_config(&sdk, names);
        Ok(Place::Stack(Box::new(Remote { sdk, deployed, tables, target })))
    }
}

impl Place {
    /// The tables of models and trainings.
    pub(crate) fn tables(&self) -> &DynamoTables {
        match self {
            Self::Folder { tables, .. } => tables,
            Self::Stack(remote) => &remote.tables,
        }
    }

    /// The place, for people.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Folder { folder, .. } => folder.display().to_string(),
            Self::Stack(remote) => remote.target.place(),
        }
    }
}
