//! Which stack a command means, and how to talk to it.

use crate::error::CliError;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, ProvideCredentials};
use clap::Args;

/// Port of the emulator that `up` starts.
const MINISTACK_PORT: u16 = 4588;
/// Name of the stack where none is given.
const STACK_NAME: &str = "beckon";
/// Region of an emulator, unless told.
const EMULATOR_REGION: &str = "us-east-1";

/// Which stack is meant.
#[derive(Args, Clone, Debug, Default)]
pub struct TargetArgs {
    /// An AWS emulator that runs already, such as LocalStack [default: MiniStack, which `up` starts]
    #[arg(long, value_name = "URL", global = true)]
    pub endpoint_url: Option<String>,
    /// Name of the stack; without --endpoint-url it is one on AWS, reached with your credentials
    #[arg(long, value_name = "NAME", global = true)]
    pub stack_name: Option<String>,
    /// Region [default: that of your AWS configuration; us-east-1 on an emulator]
    #[arg(long, value_name = "REGION", global = true)]
    pub region: Option<String>,
    /// Port of MiniStack on 127.0.0.1 [default: the one that it runs on, or 4588]
    #[arg(long, value_name = "PORT", global = true)]
    pub port: Option<u16>,
}

/// Where the stack is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// The emulator that `up` starts by itself, on a loopback port.
    MiniStack,
    /// An emulator that somebody else started.
    Emulator,
    /// AWS.
    Aws,
}

/// A stack, and how to talk to it.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) kind: Kind,
    /// Where an emulator listens.
    pub(crate) endpoint_url: Option<String>,
    pub(crate) stack_name: String,
    pub(crate) region: Option<String>,
}

impl Target {
    /// What the arguments mean.
    pub(crate) fn of(args: &TargetArgs) -> Result<Self, CliError> {
        let stack_name = args.stack_name.clone().unwrap_or_else(|| STACK_NAME.to_owned());
        let (kind, endpoint_url) = match (&args.endpoint_url, &args.stack_name) {
            (Some(url), _) => {
                if !url.starts_with("http://") && !url.starts_with("https://") {
                    return Err(CliError::usage(format!(
                        "--endpoint-url {url} is no URL: write http://127.0.0.1:4566"
                    )));
                }
                (Kind::Emulator, Some(url.trim_end_matches('/').to_owned()))
            }
            (None, Some(_)) => (Kind::Aws, None),
            (None, None) => {
                (Kind::MiniStack, Some(format!("http://127.0.0.1:{}", args.port.unwrap_or(MINISTACK_PORT))))
            }
        };
        let region = args.region.clone().or((kind != Kind::Aws).then(|| EMULATOR_REGION.to_owned()));
        Ok(Self { kind, endpoint_url, stack_name, region })
    }

    /// The port of an emulator on this machine.
    pub(crate) fn port(&self) -> Option<u16> {
        self.endpoint_url.as_ref()?.rsplit(':').next()?.parse().ok()
    }

    /// Configuration of AWS clients: on an emulator with credentials that open nothing elsewhere.
    pub(crate) async fn sdk(&self) -> SdkConfig {
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(url) = &self.endpoint_url {
            loader = loader
                .endpoint_url(url)
                .credentials_provider(Credentials::new("test", "test", None, None, "emulator"));
        }
        loader.load().await
    }

    /// Says at once what would fail after minutes: on AWS there must be a region and credentials.
    pub(crate) async fn check(&self) -> Result<(), CliError> {
        if self.kind != Kind::Aws {
            return Ok(());
        }
        let sdk = self.sdk().await;
        if sdk.region().is_none() {
            return Err(CliError::usage(format!(
                "{} is a stack on AWS, and no region is set: give --region, or set AWS_REGION or AWS_PROFILE",
                self.stack_name
            )));
        }
        let found = match sdk.credentials_provider() {
            Some(provider) => provider.provide_credentials().await.is_ok(),
            None => false,
        };
        if found {
            return Ok(());
        }
        Err(CliError::usage(format!(
            "{} is a stack on AWS, and no credentials were found: set AWS_PROFILE, and sign in if it wants that \
             (aws sso login)",
            self.stack_name
        )))
    }

    /// Where the HTTP API answers. Emulators do not serve the host name that the stack's output shows.
    pub(crate) fn api_url(&self, api_id: &str, output_url: &str) -> String {
        match &self.endpoint_url {
            Some(url) => format!("{url}/_aws/execute-api/{api_id}/$default"),
            None => output_url.trim_end_matches('/').to_owned(),
        }
    }
}
