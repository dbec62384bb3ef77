//! The ruleset of a deployed stack: checked before anything is started, live when the stack is.

use super::resources::Deployed;
use crate::error::CliError;
use admin::{Checked, Outcome as Rollout, Proposal, RolloutError, make_live, run_tests};
use aws_config::SdkConfig;
use beckon_rules::SAMPLE;
use beckon_runtime::{Clock, fresh_id};
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use beckon_store::tables::{ChangeKind, DocumentKind, RulesetStore};
use std::path::Path;

/// In whose name `beckon stack` publishes.
const WHO: &str = "beckon stack";

/// A ruleset that is valid.
pub(crate) struct Chosen {
    checked: Checked,
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

/// Reads and checks the ruleset, its own tests included: the file, or the sample.
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
    let checked = admin::check(&body, run_tests).map_err(|e| CliError::ruleset(&name, &e))?;
    if checked.tests.failed > 0 {
        let failures = checked.tests.failures.join("\nbeckon: ");
        return Err(CliError::usage(format!(
            "tests of {name} fail; nothing was changed\nbeckon: {failures}"
        )));
    }
    Ok(Chosen { checked, is_named: file.is_some() })
}

/// Makes the ruleset live, unless nobody named one and another is live already.
pub(crate) async fn publish(
    chosen: &Chosen,
    deployed: &Deployed,
    sdk: &SdkConfig,
) -> Result<Outcome, CliError> {
    let config = deployed.physical("ConfigTable")?.to_owned();
    let audit = deployed.physical("AuditTable")?.to_owned();
    let client = aws_sdk_dynamodb::Client::new(sdk);
    let tables = DynamoTables::new(client, TableNames { config, audit, ..TableNames::default() });
    if !chosen.is_named {
        let live = tables.live_ruleset().await;
        let live = live.map_err(|e| CliError::caused("the live ruleset could not be read", &e))?;
        if let Some(live) = live.map(|live| live.document) {
            return Ok(Outcome::Left(live.version));
        }
    }
    let proposal = Proposal {
        of: DocumentKind::Ruleset,
        id: fresh_id(),
        kind: ChangeKind::Publish,
        document: chosen.checked.document.clone(),
        who: WHO.to_owned(),
        by: None,
        note: None,
        tests: chosen.checked.tests.count(),
        expect: None,
    };
    let version = chosen.checked.document.version.clone();
    match make_live(&tables, proposal, Clock::system().now()).await {
        Ok(Rollout::Changed(_) | Rollout::Unchanged) => Ok(Outcome::Published(version)),
        Err(RolloutError::Conflict { live }) => Err(CliError::usage(format!(
            "{} became live in between: look with `beckon rules history`, and publish again if yours is to follow",
            live.as_deref().unwrap_or("another ruleset")
        ))),
        Err(RolloutError::NotKept(refused)) => {
            Err(CliError::usage(format!("the ruleset cannot be kept: {refused}")))
        }
        Err(RolloutError::DoesNotFit(error)) => Err(CliError::usage(format!(
            "the live experiments do not fit this ruleset, change or stop them first: {error}"
        ))),
        Err(error @ RolloutError::Store(_)) => {
            Err(CliError::caused("the ruleset could not be published", &error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_chosen_where_no_file_is_named_and_a_bad_file_is_told_by_line() {
        let sample = choose(None).unwrap();
        assert!(!sample.is_named && sample.checked.document.body == SAMPLE);
        let missing = choose(Some(Path::new("no-such.yaml"))).err().unwrap().to_string();
        assert!(missing.starts_with("cannot read the ruleset no-such.yaml: "), "{missing}");
        let file = std::env::temp_dir().join(format!("beckon-bad-ruleset-{}.yaml", std::process::id()));
        std::fs::write(&file, "name: Shop\nrulez: []\n").unwrap();
        let bad = choose(Some(&file)).err().unwrap().to_string();
        std::fs::remove_file(&file).unwrap();
        assert!(bad.contains(".yaml:"), "{bad}");
    }
}
