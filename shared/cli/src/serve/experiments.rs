//! Which experiments `serve` begins with: those that were named, those that somebody published the last time, the sample's.

use super::ServeArgs;
use super::ruleset::Beginning;
use crate::error::CliError;
use crate::stack::WHO;
use beckon_rules::SHOP_EXPERIMENTS;
use beckon_store::tables::{DocumentKind, RulesetStore};

/// No experiment of one's own: the holdout alone, as without a document.
const NONE: &str = "version: 1\n";

/// The document to make live; `None` leaves what is live. Synthetic visitors in the sample shop take part in its
/// experiments, and in nothing that an earlier `serve` began.
pub(super) async fn begin<T: RulesetStore>(
    tables: &T,
    beginning: &Beginning,
    args: &ServeArgs,
) -> Result<Option<String>, CliError> {
    if let Some(file) = &args.experiments {
        let read = std::fs::read_to_string(file);
        return read
            .map(Some)
            .map_err(|e| CliError::usage(format!("the experiments {} cannot be read: {e}", file.display())));
    }
    let unreadable = |e| CliError::caused("the experiments that are live cannot be read", &e);
    let changes = tables.document_changes(DocumentKind::Experiments, None, 1).await.map_err(unreadable)?;
    let who = changes.first().map(|change| change.who.as_str());
    if who.is_some_and(|who| who != WHO) {
        return Ok(None);
    }
    if args.shop > 0 && beginning.is_sample {
        return Ok(Some(SHOP_EXPERIMENTS.to_owned()));
    }
    Ok(who.map(|_| NONE.to_owned()))
}
