//! Which stack a command means, and how to talk to it.

use super::ministack;
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
                (Kind::MiniStack, Some(ministack::endpoint_url(args.port.unwrap_or(MINISTACK_PORT))))
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

    /// Settles the region on AWS, once for every tool that follows: each reads the person's configuration in a way of its
    /// own. And says at once what would fail after minutes: there must be a region and credentials.
    pub(crate) async fn settle(&mut self) -> Result<(), CliError> {
        if self.kind != Kind::Aws {
            return Ok(());
        }
        let sdk = self.sdk().await;
        self.settle_with(&sdk).await
    }

    async fn settle_with(&mut self, sdk: &SdkConfig) -> Result<(), CliError> {
        self.region = sdk.region().map(ToString::to_string);
        if self.region.is_none() {
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

    /// The stack and where it is, for people.
    pub(crate) fn place(&self) -> String {
        match (&self.endpoint_url, &self.region) {
            (Some(url), _) => format!("{} at {url}", self.stack_name),
            (None, Some(region)) => format!("{} in {region}", self.stack_name),
            (None, None) => self.stack_name.clone(),
        }
    }

    /// The arguments that name this stack, each behind a space; none for MiniStack, which is found by itself.
    pub(crate) fn arguments(&self) -> String {
        if self.kind == Kind::MiniStack {
            return String::new();
        }
        let url = self.endpoint_url.as_ref().map(|url| format!(" --endpoint-url {url}")).unwrap_or_default();
        let is_told = |region: &&String| self.kind == Kind::Aws || region.as_str() != EMULATOR_REGION;
        let region = self.region.as_ref().filter(is_told).map(|r| format!(" --region {r}"));
        format!("{url} --stack-name {}{}", self.stack_name, region.unwrap_or_default())
    }

    /// Where the HTTP API answers. Emulators do not serve the host name that the stack's output shows.
    pub(crate) fn api_url(&self, api_id: &str, output_url: &str) -> String {
        match &self.endpoint_url {
            Some(url) => format!("{url}/_aws/execute-api/{api_id}/$default"),
            None => output_url.trim_end_matches('/').to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_aws(region: Option<&str>) -> Target {
        let args = TargetArgs {
            stack_name: Some("beckon-dev".to_owned()),
            region: region.map(ToOwned::to_owned),
            ..TargetArgs::default()
        };
        Target::of(&args).unwrap()
    }

    fn configuration(region: Option<&'static str>) -> SdkConfig {
        let credentials = Credentials::new("test", "test", None, None, "test");
        SdkConfig::builder()
            .region(region.map(Region::new))
            .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(credentials))
            .build()
    }

    #[tokio::test]
    async fn the_region_on_aws_is_the_configurations_and_is_told_from_then_on() {
        let mut target = on_aws(None);
        target.settle_with(&configuration(Some("eu-central-1"))).await.unwrap();
        assert_eq!(target.region.as_deref(), Some("eu-central-1"));
        assert_eq!(target.arguments(), " --stack-name beckon-dev --region eu-central-1");
        assert_eq!(target.place(), "beckon-dev in eu-central-1");
        let message = on_aws(None).settle_with(&configuration(None)).await.unwrap_err().to_string();
        assert!(message.contains("give --region"), "{message}");
    }
}
