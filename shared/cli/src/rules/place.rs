//! Which admin API is meant: that of `beckon serve` on this machine, or that of a deployed stack.

use super::admin::Admin;
use crate::cloud::{self, TargetArgs, resources};
use crate::error::CliError;
use clap::Args;

/// Where `beckon serve` listens.
const SERVE_ENDPOINT: &str = "http://127.0.0.1:8787";
/// The secret key of `beckon serve`.
const SERVE_KEY: &str = "sk_local";
/// The variable that holds a secret key.
const KEY_VARIABLE: &str = "BECKON_SECRET_KEY";

/// Which admin API is meant.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PlaceArgs {
    /// Where Beckon's API answers [default: `beckon serve` at http://127.0.0.1:8787]
    #[arg(long, value_name = "URL", conflicts_with_all = ["stack", "stack_name", "endpoint_url"])]
    endpoint: Option<String>,
    /// Secret key [default: BECKON_SECRET_KEY; that of the stack; sk_local on this machine]
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// The stack that `beckon stack up` started on this machine
    #[arg(long, conflicts_with_all = ["stack_name", "endpoint_url"])]
    stack: bool,
    /// This stack; without --endpoint-url it is one on AWS, reached with your credentials
    #[arg(long, value_name = "NAME")]
    stack_name: Option<String>,
    /// A stack in an AWS emulator that runs already
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// Region of the stack [default: that of your AWS configuration; us-east-1 on an emulator]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
}

impl PlaceArgs {
    /// The stack that is meant, if it is one.
    pub(crate) fn stack_args(&self) -> Option<TargetArgs> {
        let is_stack = self.stack || self.stack_name.is_some() || self.endpoint_url.is_some();
        is_stack.then(|| TargetArgs {
            endpoint_url: self.endpoint_url.clone(),
            stack_name: self.stack_name.clone(),
            region: self.region.clone(),
            port: None,
        })
    }

    /// The admin API that the arguments mean, and the key to it.
    pub(crate) async fn open(self) -> Result<Admin, CliError> {
        let stack = self.stack_args();
        let told = self.key.or_else(|| std::env::var(KEY_VARIABLE).ok()).filter(|key| !key.is_empty());
        let Some(args) = stack else {
            let endpoint = self.endpoint.unwrap_or_else(|| SERVE_ENDPOINT.to_owned());
            let key = told.or_else(|| is_loopback(&endpoint).then(|| SERVE_KEY.to_owned()));
            let key = key.ok_or_else(|| {
                CliError::usage(format!("{endpoint} wants a secret key: set {KEY_VARIABLE}, or give --key"))
            })?;
            return Admin::new(&endpoint, key);
        };
        let mut target = cloud::meant(args)?;
        target.settle().await?;
        let sdk = target.sdk().await;
        let deployed = cloud::deployed(&target, &sdk).await?;
        let key = match told {
            Some(key) => key,
            None => {
                let keys = resources::write_keys(&deployed, &sdk).await?.into_iter();
                let secret = keys.map(|key| key.key).find(|key| key.starts_with("sk_"));
                secret.ok_or_else(|| {
                    CliError::usage(format!(
                        "{} has no secret key: set {KEY_VARIABLE}, or give --key",
                        target.place()
                    ))
                })?
            }
        };
        Admin::new(&deployed.api_url(&target)?, key)
    }
}

/// Whether an address is on this machine.
fn is_loopback(endpoint: &str) -> bool {
    let host = endpoint.split("//").nth(1).unwrap_or_default().split('/').next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_laptop_is_offered_to_this_machine_alone() {
        for here in ["http://127.0.0.1:8787", "http://localhost:9000/", "http://[::1]:1", "http://127.0.0.1"]
        {
            assert!(is_loopback(here), "{here}");
        }
        for there in
            ["https://shop.example", "http://127.0.0.1.shop.example", "http://x/127.0.0.1", "127.0.0.1"]
        {
            assert!(!is_loopback(there), "{there}");
        }
    }
}
