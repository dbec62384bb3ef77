//! The ruleset of a deployed stack: checked before anything is started, live when the stack is.

use super::resources::Deployed;
use crate::error::CliError;
use aws_config::SdkConfig;
use beckon_rules::{Ruleset, SAMPLE};
use beckon_runtime::Clock;
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use beckon_store::tables::{ConfigStore, RulesetDocument};
use std::path::Path;

/// A ruleset that is valid.
pub(crate) struct Chosen {
    document: RulesetDocument,
    /// Whether the person named it. The sample replaces nothing.
    is_named: bool,
}

impl Chosen {
    /// The same, meant to replace whatever is live.
    pub(crate) fn named(self) -> Self {
        Self { is_named: true, ..self }
    }
}

/// What became of the ruleset.
pub(crate) enum Outcome {
    /// It is live now.
    Published(String),
    /// Another one is live, and was left.
    Left(String),
}

impl Outcome {
    /// The version that is live.
    pub(crate) fn version(&self) -> &str {
        match self {
            Self::Published(version) | Self::Left(version) => version,
        }
    }
}

/// Reads and checks the ruleset: the file, or the sample.
pub(crate) fn choose(file: Option<&Path>) -> Result<Chosen, CliError> {
    let (name, body) = match file {
        None => ("the sample ruleset".to_owned(), SAMPLE.to_owned()),
        Some(file) => {
            let name = file.display().to_string();
            let body = std::fs::read_to_string(file)
                .map_err(|e| CliError::usage(format!("cannot read the ruleset {name}: {e}")))?;
            (name, body)
        }
    };
    let compiled = Ruleset::parse(&body).map_err(|e| CliError::ruleset(&name, &e))?;
    let document = RulesetDocument { version: compiled.version().to_owned(), body };
    Ok(Chosen { document, is_named: file.is_some() })
}

/// Makes the ruleset live, unless nobody named one and another is live already.
pub(crate) async fn publish(
    chosen: &Chosen,
    deployed: &Deployed,
    sdk: &SdkConfig,
) -> Result<Outcome, CliError> {
    let config = deployed.physical("ConfigTable")?.to_owned();
    let client = aws_sdk_dynamodb::Client::new(sdk);
    let tables = DynamoTables::new(client, TableNames { config, ..TableNames::default() });
    if !chosen.is_named {
        let live = tables.active_ruleset().await;
        let live = live.map_err(|e| CliError::caused("the live ruleset could not be read", &e))?;
        if let Some(live) = live {
            return Ok(Outcome::Left(live.version));
        }
    }
    let activated = tables.activate_ruleset(&chosen.document, Clock::system().now()).await;
    activated.map_err(|e| CliError::caused("the ruleset could not be stored", &e))?;
    Ok(Outcome::Published(chosen.document.version.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_chosen_where_no_file_is_named_and_a_bad_file_is_told_by_line() {
        let sample = choose(None).unwrap();
        assert!(!sample.is_named && sample.document.body == SAMPLE);
        let missing = choose(Some(Path::new("no-such.yaml"))).err().unwrap().to_string();
        assert!(missing.starts_with("cannot read the ruleset no-such.yaml: "), "{missing}");
        let file = std::env::temp_dir().join(format!("beckon-bad-ruleset-{}.yaml", std::process::id()));
        std::fs::write(&file, "name: Shop\nrulez: []\n").unwrap();
        let bad = choose(Some(&file)).err().unwrap().to_string();
        std::fs::remove_file(&file).unwrap();
        assert!(bad.contains(".yaml:"), "{bad}");
    }
}
