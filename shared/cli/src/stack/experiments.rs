//! The experiments that a stack begins with.

use super::WHO;
use crate::error::CliError;
use admin::{Proposal, make_live};
use beckon_domain::Timestamp;
use beckon_rules::{Experiments, Ruleset};
use beckon_runtime::fresh_id;
use beckon_store::tables::{ChangeKind, DocumentKind, RulesetDocument, RulesetStore, TestCount};

/// No experiment, and nobody held out: what a story does not speak of must not happen in it.
pub const NO_EXPERIMENTS: &str = "version: 1\nholdout: 0%\n";

/// Makes a document of experiments live, unless it is.
///
/// # Errors
/// When it does not fit the ruleset, or the tables do not take it.
pub async fn publish_experiments<T: RulesetStore>(
    tables: &T,
    document: &str,
    ruleset: &Ruleset,
    now: Timestamp,
) -> Result<(), CliError> {
    let experiments =
        Experiments::load(document, ruleset).map_err(|e| CliError::ruleset("experiments", &e))?;
    let proposal = Proposal {
        of: DocumentKind::Experiments,
        id: fresh_id(),
        kind: ChangeKind::Publish,
        document: RulesetDocument { version: experiments.version().to_owned(), body: document.to_owned() },
        who: WHO.to_owned(),
        by: None,
        note: None,
        tests: TestCount::default(),
        expect: None,
    };
    let published = make_live(tables, proposal, now).await;
    published.map(|_| ()).map_err(|e| CliError::caused("the experiments could not be stored", &e))
}
