//! `beckon stack keys`: the write keys of a stack, from its secret.

use super::resources;
use super::target::Target;
use crate::error::CliError;
use clap::Args;
use serde_json::json;

/// Arguments of `beckon stack keys`.
#[derive(Args, Debug)]
#[command(
    after_help = "Pages use the publishable key (pk_), servers the secret one (sk_): do not put that into a page.
On AWS this reads the secret, which needs secretsmanager:GetSecretValue."
)]
pub struct KeysArgs {
    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,
}

/// Prints the write keys.
pub(crate) async fn run(args: &KeysArgs, target: &Target) -> Result<(), CliError> {
    let sdk = target.sdk().await;
    let deployed = super::deployed(target, &sdk).await?;
    let keys = resources::write_keys(&deployed, &sdk).await?;
    if args.json {
        let keys: Vec<_> = keys.iter().map(|k| json!({ "key": k.key, "source": k.source })).collect();
        crate::say(format_args!("{:#}", json!({ "writeKeys": keys })));
    } else {
        for key in keys {
            crate::say(format_args!("{}  {}", key.key, key.source));
        }
    }
    Ok(())
}
