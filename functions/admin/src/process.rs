//! The use cases: publish, roll back, and look.

use crate::answer;
use crate::change::{Change, Noted};
use crate::check::{Checked, RunTests, check};
use crate::error::{AdminError, faults};
use crate::rollout::{Outcome, Proposal, make_live_after};
use beckon_domain::key::WriteKeyKind;
use beckon_domain::{DurationMs, SourceId};
use beckon_runtime::{Clock, Secrets};
use beckon_store::tables::{ChangeKind, DocumentKind, LiveRuleset, RulesetDocument, RulesetStore};
use beckon_wire::admin::{
    ActiveAnswer, ChangedAnswer, CheckAnswer, HistoryAnswer, HistoryAsk, PublishAsk, RollbackAsk,
};
use beckon_wire::problem::{Fault, Problem};

/// Characters of a version at most, so that nothing else is looked up.
const VERSION_CHARS_MAX: usize = 64;

/// Everything that admin needs.
#[derive(Clone, Debug)]
pub struct Admin<T, O> {
    /// ConfigTable, AuditTable and CatalogTable.
    pub tables: T,
    /// Where snapshots of the catalog lie.
    pub objects: O,
    /// The write keys.
    pub secrets: Secrets,
    /// The time.
    pub clock: Clock,
    /// What runs a ruleset's own tests.
    pub run_tests: RunTests,
    /// How long a tombstone stands: longer than the stream keeps a record, and a failed event may be put again.
    pub tombstone: DurationMs,
}

/// Who asks, and under which id it is logged.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The source of the secret key.
    pub source: &'a SourceId,
    /// The id of the request.
    pub request_id: &'a str,
}

impl<T, O> Admin<T, O> {
    /// The source of a secret key, for a request about rulesets.
    ///
    /// # Errors
    /// 401 without a live key, 403 with one that pages may know, 503 when nobody can say.
    pub async fn source(&self, presented: Option<&str>) -> Result<SourceId, AdminError> {
        let refusal = "a publishable key changes and shows no rules: send a secret key (sk_)";
        self.source_for(presented, refusal).await
    }

    /// The source of a secret key; `refusal` is what somebody with a publishable key is told.
    pub(crate) async fn source_for(
        &self,
        presented: Option<&str>,
        refusal: &'static str,
    ) -> Result<SourceId, AdminError> {
        let key = self.secrets.find_key(presented, self.clock.now()).await?;
        let key = key.ok_or_else(Problem::unauthorized)?;
        match key.kind {
            WriteKeyKind::Secret => Ok(key.source),
            WriteKeyKind::Publishable => Err(Problem::forbidden(refusal).into()),
        }
    }
}

impl<T: RulesetStore, O> Admin<T, O> {
    /// Says what is wrong with a ruleset.
    pub fn check(&self, text: &str, request_id: &str) -> CheckAnswer {
        let request_id = request_id.to_owned();
        match check(text, self.run_tests) {
            Ok(checked) => CheckAnswer {
                request_id,
                valid: checked.tests.failed == 0,
                version: Some(checked.document.version),
                name: Some(checked.name),
                tests: Some(answer::tests(checked.tests)),
                problems: Vec::new(),
            },
            Err(error) => CheckAnswer {
                request_id,
                valid: false,
                version: None,
                name: None,
                tests: None,
                problems: faults(&error),
            },
        }
    }

    /// Makes a ruleset live, if it is valid and its tests pass.
    ///
    /// # Errors
    /// When it must not become live, another became so in between, or a table fails.
    pub async fn publish(
        &self,
        text: &str,
        ask: PublishAsk,
        caller: Caller<'_>,
    ) -> Result<Noted<ChangedAnswer>, AdminError> {
        let checked = check(text, self.run_tests)?;
        if checked.tests.failed > 0 && !ask.force {
            return Err(tests_failed(&checked).into());
        }
        let live = self.tables.live_ruleset().await?;
        if ask.dry_run {
            let is_live = live.as_ref().is_some_and(|l| l.document.version == checked.document.version);
            let changed = ChangedAnswer { changed: !is_live, dry_run: true, ..told(checked, &live, caller) };
            let version = changed.from.as_deref();
            let change = Change::of_value("version", version, version);
            return Ok(Noted { change, answer: changed });
        }
        let proposal = Proposal {
            of: DocumentKind::Ruleset,
            id: caller.request_id.to_owned(),
            kind: ChangeKind::Publish,
            document: checked.document.clone(),
            who: caller.source.as_str().to_owned(),
            by: ask.by,
            note: ask.note,
            tests: checked.tests.count(),
            expect: ask.expect,
        };
        self.carry_out(proposal, checked, live, caller).await
    }

    /// Makes an earlier version live again. Its tests are run and told, and do not stop it: whoever goes back is in need.
    ///
    /// # Errors
    /// When there is nothing to go back to, it is not valid any more, another became live in between, or a table fails.
    pub async fn roll_back(
        &self,
        ask: RollbackAsk,
        caller: Caller<'_>,
    ) -> Result<Noted<ChangedAnswer>, AdminError> {
        let live = self.tables.live_ruleset().await?;
        let before = live.as_ref().and_then(|live| live.from.clone());
        let to = ask.to.or(before).ok_or_else(|| {
            Problem::conflict("nothing was live before: name a version, as the history shows it")
        })?;
        let document = self.version(&to).await?;
        let checked = check(&document.body, self.run_tests)?;
        let proposal = Proposal {
            of: DocumentKind::Ruleset,
            id: caller.request_id.to_owned(),
            kind: ChangeKind::Rollback,
            document,
            who: caller.source.as_str().to_owned(),
            by: ask.by,
            note: ask.note,
            tests: checked.tests.count(),
            expect: ask.expect,
        };
        self.carry_out(proposal, checked, live, caller).await
    }

    async fn carry_out(
        &self,
        proposal: Proposal,
        checked: Checked,
        live: Option<LiveRuleset>,
        caller: Caller<'_>,
    ) -> Result<Noted<ChangedAnswer>, AdminError> {
        let (kind, version) = (proposal.kind, proposal.document.version.clone());
        let told = told(checked, &live, caller);
        let outcome = make_live_after(&self.tables, proposal, live, self.clock.now()).await?;
        let noted = Change::of_value("version", told.from.as_deref(), Some(&told.version));
        let Outcome::Changed(change) = outcome else { return Ok(Noted { answer: told, change: noted }) };
        tracing::info!(
            request.id = caller.request_id,
            source = caller.source.as_str(),
            ruleset.version = version,
            ruleset.change = change.number,
            ruleset.action = kind.name(),
            ruleset.forced = change.forced,
            "ruleset is live"
        );
        let answer =
            ChangedAnswer { changed: true, number: Some(change.number), forced: change.forced, ..told };
        Ok(Noted { answer, change: noted })
    }

    /// The text of a version.
    ///
    /// # Errors
    /// 404 when it was never kept.
    pub async fn version(&self, version: &str) -> Result<RulesetDocument, AdminError> {
        self.kept_version(DocumentKind::Ruleset, version).await
    }

    /// The text of a version of a kind.
    pub(crate) async fn kept_version(
        &self,
        kind: DocumentKind,
        version: &str,
    ) -> Result<RulesetDocument, AdminError> {
        let missing = || Problem::not_found("no such version was kept: the history shows which were");
        if version.is_empty()
            || version.len() > VERSION_CHARS_MAX
            || !version.bytes().all(|b| b.is_ascii_alphanumeric())
        {
            return Err(missing().into());
        }
        Ok(self.tables.document(kind, version).await?.ok_or_else(missing)?)
    }

    /// What is live, and how it became so.
    ///
    /// # Errors
    /// 404 when nothing is.
    pub async fn active(&self, request_id: &str) -> Result<ActiveAnswer, AdminError> {
        let live = self.tables.live_ruleset().await?;
        let live = live.ok_or_else(|| Problem::not_found("nothing was published yet"))?;
        let latest = self.tables.ruleset_changes(Some(live.number + 1), 1).await?.into_iter().next();
        Ok(ActiveAnswer {
            request_id: request_id.to_owned(),
            version: live.document.version,
            from: live.from,
            change: latest.filter(|change| change.number == live.number).map(answer::change),
        })
    }

    /// A page of the history.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn history(&self, ask: HistoryAsk, request_id: &str) -> Result<HistoryAnswer, AdminError> {
        let changes = self.tables.ruleset_changes(ask.before, ask.limit).await?;
        Ok(answer::history(changes, request_id))
    }
}

/// What is told of a proposal that changes nothing.
fn told(checked: Checked, live: &Option<LiveRuleset>, caller: Caller<'_>) -> ChangedAnswer {
    ChangedAnswer {
        request_id: caller.request_id.to_owned(),
        version: checked.document.version,
        name: checked.name,
        from: live.as_ref().map(|live| live.document.version.clone()),
        changed: false,
        dry_run: false,
        number: None,
        forced: false,
        tests: answer::tests(checked.tests),
    }
}

fn tests_failed(checked: &Checked) -> Problem {
    let (passed, failed) = (checked.tests.passed, checked.tests.failed);
    let detail = format!(
        "{failed} of {} tests of the ruleset fail; what is live stays (force=true publishes all the same)",
        passed + failed
    );
    let faults = checked.tests.failures.iter().map(|failure| Fault::new("", "ruleset.test", failure));
    faults.fold(Problem::ruleset_refused(detail), Problem::with)
}
