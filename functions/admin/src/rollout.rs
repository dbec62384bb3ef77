//! How a ruleset, or the experiments, become live: kept as a version first, then live together with the record of who did it, against the
//! change that was read. Of two who do it at the same time one is told.

use beckon_domain::Timestamp;
use beckon_rules::experiments::Experiments;
use beckon_rules::{Ruleset, RulesetError};
use beckon_store::tables::{
    ChangeKind, DocumentKind, Keep, LiveRuleset, NotKept, RulesetChange, RulesetDocument, RulesetStore, Save,
    TestCount,
};
use beckon_store::{ErrorKind, StoreError};

/// What is to become live, and in whose name.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Unique id of the request: by it a change whose answer got lost is known again.
    pub id: String,
    /// What it is.
    pub of: DocumentKind,
    /// How.
    pub kind: ChangeKind,
    /// The text, checked.
    pub document: RulesetDocument,
    /// Who: the source of the key, or the command.
    pub who: String,
    /// Who, in the caller's words.
    pub by: Option<String>,
    /// Why.
    pub note: Option<String>,
    /// How its tests ended.
    pub tests: TestCount,
    /// Only if this version is live.
    pub expect: Option<String>,
}

/// What became of a proposal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It is live, by this change.
    Changed(RulesetChange),
    /// It was live already: nothing was written.
    Unchanged,
}

/// Why a proposal did not become live.
#[derive(Debug, thiserror::Error)]
pub enum RolloutError {
    /// Another version is live than the caller knows of.
    #[error("another version is live by now")]
    Conflict {
        /// What is live.
        live: Option<String>,
    },
    /// The live experiments change something that the ruleset does not have.
    #[error("the live experiments do not fit this ruleset")]
    DoesNotFit(#[source] RulesetError),
    /// It cannot be kept.
    #[error("the text cannot be kept")]
    NotKept(#[source] NotKept),
    /// A table did not do what was asked.
    #[error("a table did not do what was asked")]
    Store(#[from] StoreError),
}

impl RolloutError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }
}

/// Makes a text live.
///
/// # Errors
/// When something else became live in between, or a table fails.
pub async fn make_live<T: RulesetStore>(
    tables: &T,
    proposal: Proposal,
    now: Timestamp,
) -> Result<Outcome, RolloutError> {
    let live = tables.live_document(proposal.of).await?;
    make_live_after(tables, proposal, live, now).await
}

/// The same, after what was read as live.
///
/// # Errors
/// The same.
pub async fn make_live_after<T: RulesetStore>(
    tables: &T,
    proposal: Proposal,
    live: Option<LiveRuleset>,
    now: Timestamp,
) -> Result<Outcome, RolloutError> {
    let version = live.as_ref().map(|live| live.document.version.clone());
    if proposal.expect.is_some() && proposal.expect != version {
        return Err(RolloutError::Conflict { live: version });
    }
    if version.as_ref() == Some(&proposal.document.version) {
        return Ok(Outcome::Unchanged);
    }
    if proposal.of == DocumentKind::Ruleset {
        experiments_fit(tables, &proposal.document).await?;
    }
    let number = live.as_ref().map_or(0, |live| live.number) + 1;
    if let Some(live) = live.filter(|live| live.number == 0) {
        // It became live before versions were kept: without this nobody could go back to it.
        keep(tables, proposal.of, &live.document, now).await?;
    }
    keep(tables, proposal.of, &proposal.document, now).await?;
    let change = RulesetChange {
        number,
        id: proposal.id,
        at: now,
        kind: proposal.kind,
        from: version,
        to: proposal.document.version.clone(),
        who: proposal.who,
        by: proposal.by,
        note: proposal.note,
        tests: proposal.tests,
        forced: proposal.tests.failed > 0,
    };
    let error = match tables.change_document(proposal.of, &proposal.document, &change).await {
        Ok(Save::Saved) => return Ok(Outcome::Changed(change)),
        Ok(Save::Conflict) => None,
        Err(error) if error.kind == ErrorKind::Ambiguous => Some(error),
        Err(error) => return Err(error.into()),
    };
    // Was it we, after an answer that got lost, or somebody else?
    let latest = tables.document_changes(proposal.of, Some(number + 1), 1).await?.into_iter().next();
    match (latest.filter(|latest| latest.number == number), error) {
        (Some(latest), _) if latest.id == change.id => Ok(Outcome::Changed(latest)),
        (Some(latest), _) => Err(RolloutError::Conflict { live: Some(latest.to) }),
        (None, Some(error)) => Err(error.into()),
        (None, None) => Err(RolloutError::Conflict { live: change.from }),
    }
}

/// The experiments that are live must go on under a new ruleset: one that they do not fit is refused.
async fn experiments_fit<T: RulesetStore>(tables: &T, ruleset: &RulesetDocument) -> Result<(), RolloutError> {
    let Some(experiments) = tables.live_document(DocumentKind::Experiments).await? else { return Ok(()) };
    // One that does not compile has been refused before, or is published by a test that wants to see what becomes of it.
    let Ok(ruleset) = Ruleset::parse(&ruleset.body) else { return Ok(()) };
    let loaded = Experiments::load(&experiments.document.body, &ruleset);
    loaded.map(|_| ()).map_err(RolloutError::DoesNotFit)
}

async fn keep<T: RulesetStore>(
    tables: &T,
    of: DocumentKind,
    document: &RulesetDocument,
    now: Timestamp,
) -> Result<(), RolloutError> {
    match tables.put_document(of, document, now).await? {
        Keep::Kept => Ok(()),
        Keep::Not(refused) => Err(RolloutError::NotKept(refused)),
    }
}
