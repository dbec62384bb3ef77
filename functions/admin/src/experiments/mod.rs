//! Experiments: one document beside the ruleset, which becomes live as a ruleset does; quick switches of it; what came of them.

mod report;
mod routes;

pub(crate) use report::report;
pub(crate) use routes::{check, history, kill, kill_all, live, publish, ramp, roll_back, stop, version};

use crate::answer;
use crate::change::{Change, Noted, Values};
use crate::error::{AdminError, faults};
use crate::process::{Admin, Caller};
use crate::rollout::{Outcome, Proposal, make_live_after};
use beckon_domain::Timestamp;
use beckon_domain::experiment::{Experiment, Status};
use beckon_rules::experiments::Experiments;
use beckon_rules::switch::{Switch, SwitchError, switched};
use beckon_rules::{Ruleset, RulesetError};
use beckon_store::tables::{
    ChangeKind, DocumentKind, ExperimentsDocument, LiveRuleset, RulesetStore, TestCount,
};
use beckon_wire::admin::{HistoryAnswer, HistoryAsk, PublishAsk, RollbackAsk};
use beckon_wire::experiments::{
    ExperimentAnswer, ExperimentsAnswer, ExperimentsChangedAnswer, ExperimentsCheckAnswer, VariantAnswer,
};
use beckon_wire::problem::Problem;
use serde_json::Value;

/// A change of the live document, and in whose name.
pub(crate) struct Switched {
    /// Which experiment; all of them where none is named.
    pub(crate) experiment: Option<String>,
    /// What is switched.
    pub(crate) switch: Switch,
    /// Why.
    pub(crate) note: Option<String>,
    /// Who, in the caller's words.
    pub(crate) by: Option<String>,
    /// Only if this version is live.
    pub(crate) expect: Option<String>,
}

fn refused(error: &RulesetError) -> AdminError {
    let problem = Problem::experiments_refused("the experiments are not valid; what is live stays");
    faults(error).into_iter().fold(problem, Problem::with).into()
}

impl<T: RulesetStore, O> Admin<T, O> {
    /// The live ruleset, which experiments are compiled against.
    async fn ruleset_below(&self) -> Result<Ruleset, AdminError> {
        let live = self.tables.live_ruleset().await?;
        let live = live.ok_or_else(|| Problem::conflict("no ruleset is live: publish one first"))?;
        Ok(Ruleset::parse(&live.document.body)?)
    }

    /// Says what is wrong with a document.
    pub(crate) async fn check_experiments(
        &self,
        text: &str,
        request_id: &str,
    ) -> Result<ExperimentsCheckAnswer, AdminError> {
        let ruleset = self.ruleset_below().await?;
        let loaded = Experiments::load(text, &ruleset);
        let problems = loaded.as_ref().err().map(faults).unwrap_or_default();
        let loaded = loaded.ok();
        Ok(ExperimentsCheckAnswer {
            request_id: request_id.to_owned(),
            valid: loaded.is_some(),
            version: loaded.as_ref().map(|loaded| loaded.version().to_owned()),
            experiments: loaded.iter().flat_map(|loaded| told(loaded, self.clock.now())).collect(),
            problems,
        })
    }

    /// Makes a document live, if it is valid beside the live ruleset.
    pub(crate) async fn publish_experiments(
        &self,
        text: &str,
        ask: PublishAsk,
        caller: Caller<'_>,
    ) -> Result<Noted<ExperimentsChangedAnswer>, AdminError> {
        let live = self.tables.live_document(DocumentKind::Experiments).await?;
        let is_dry = ask.dry_run;
        let proposal = Proposal { by: ask.by, note: ask.note, expect: ask.expect, ..proposed(text, caller) };
        self.carry_out_experiments(proposal, live, is_dry, caller).await
    }

    /// Makes an earlier version live again.
    pub(crate) async fn roll_experiments_back(
        &self,
        ask: RollbackAsk,
        caller: Caller<'_>,
    ) -> Result<Noted<ExperimentsChangedAnswer>, AdminError> {
        let live = self.tables.live_document(DocumentKind::Experiments).await?;
        let before = live.as_ref().and_then(|live| live.from.clone());
        let to = ask.to.or(before).ok_or_else(|| {
            Problem::conflict("nothing was live before: name a version, as the history shows it")
        })?;
        let document = self.kept_version(DocumentKind::Experiments, &to).await?;
        let proposal = Proposal {
            kind: ChangeKind::Rollback,
            by: ask.by,
            note: ask.note,
            expect: ask.expect,
            ..proposed(&document.body, caller)
        };
        self.carry_out_experiments(proposal, live, false, caller).await
    }

    /// Switches an experiment: the live text with some fields set becomes live.
    pub(crate) async fn switch_experiment(
        &self,
        ask: Switched,
        caller: Caller<'_>,
    ) -> Result<Noted<ExperimentsChangedAnswer>, AdminError> {
        let live = self.tables.live_document(DocumentKind::Experiments).await?;
        let missing = || Problem::not_found("no experiments were published yet");
        let text = &live.as_ref().ok_or_else(missing)?.document.body;
        let text = switched(text, ask.experiment.as_deref(), &ask.switch).map_err(|error| match error {
            SwitchError::Unknown(_) => Problem::not_found(error.to_string()),
            SwitchError::Braces(_) | SwitchError::Unreadable(_) => Problem::conflict(error.to_string()),
        })?;
        let proposal = Proposal { by: ask.by, note: ask.note, expect: ask.expect, ..proposed(&text, caller) };
        self.carry_out_experiments(proposal, live, false, caller).await
    }

    async fn carry_out_experiments(
        &self,
        mut proposal: Proposal,
        live: Option<LiveRuleset>,
        dry_run: bool,
        caller: Caller<'_>,
    ) -> Result<Noted<ExperimentsChangedAnswer>, AdminError> {
        let (ruleset, now) = (self.ruleset_below().await?, self.clock.now());
        let compiled =
            Experiments::load(&proposal.document.body, &ruleset).map_err(|error| refused(&error))?;
        compiled.version().clone_into(&mut proposal.document.version);
        let (kind, version) = (proposal.kind, proposal.document.version.clone());
        let from = live.as_ref().map(|live| live.document.version.clone());
        let before = live.as_ref().and_then(|live| Experiments::load(&live.document.body, &ruleset).ok());
        let before = stand(from.as_deref(), &before.unwrap_or_default(), now);
        let answer = ExperimentsChangedAnswer {
            request_id: caller.request_id.to_owned(),
            changed: from.as_ref() != Some(&version),
            version: version.clone(),
            from,
            dry_run,
            number: None,
        };
        if dry_run {
            return Ok(Noted { answer, change: Change::new(before.clone(), before) });
        }
        let change = Change::new(before, stand(Some(&version), &compiled, now));
        let outcome = make_live_after(&self.tables, proposal, live, now).await?;
        let Outcome::Changed(made) = outcome else { return Ok(Noted { answer, change }) };
        tracing::info!(
            request.id = caller.request_id,
            source = caller.source.as_str(),
            experiments.version = version,
            experiments.change = made.number,
            experiments.action = kind.name(),
            "experiments are live"
        );
        Ok(Noted { answer: ExperimentsChangedAnswer { number: Some(made.number), ..answer }, change })
    }

    /// What is live, and how it became so.
    pub(crate) async fn live_experiments(&self, request_id: &str) -> Result<ExperimentsAnswer, AdminError> {
        let live = self.tables.live_document(DocumentKind::Experiments).await?;
        let request_id = request_id.to_owned();
        let Some(live) = live else {
            let experiments = told(&Experiments::default(), self.clock.now());
            return Ok(ExperimentsAnswer {
                request_id,
                version: None,
                text: None,
                change: None,
                experiments,
            });
        };
        let loaded = Experiments::load(&live.document.body, &self.ruleset_below().await?);
        let experiments = loaded.map(|loaded| told(&loaded, self.clock.now())).unwrap_or_default();
        let latest =
            self.tables.document_changes(DocumentKind::Experiments, Some(live.number + 1), 1).await?;
        Ok(ExperimentsAnswer {
            request_id,
            version: Some(live.document.version),
            text: Some(live.document.body),
            change: latest.into_iter().next().map(answer::change),
            experiments,
        })
    }

    /// A page of the history.
    pub(crate) async fn experiments_history(
        &self,
        ask: HistoryAsk,
        request_id: &str,
    ) -> Result<HistoryAnswer, AdminError> {
        let changes = self.tables.document_changes(DocumentKind::Experiments, ask.before, ask.limit).await?;
        Ok(answer::history(changes, request_id))
    }
}

/// How experiments stand, for the audit chain: a kill or a ramp is seen without reading two documents.
fn stand(version: Option<&str>, experiments: &Experiments, now: Timestamp) -> Values {
    let of_one = |experiment: ExperimentAnswer| {
        let killed = if experiment.killed { ", killed" } else { "" };
        let winner = experiment.winner.map(|id| format!(", {id} won")).unwrap_or_default();
        let text = format!("{} at {}%{killed}{winner}", experiment.status, experiment.percent);
        (experiment.id, Value::String(text))
    };
    let all: Values = told(experiments, now).into_iter().map(of_one).collect();
    let version = version.map(|version| ("version".to_owned(), Value::from(version)));
    version.into_iter().chain([("experiments".to_owned(), Value::Object(all))]).collect()
}

/// A text, as a proposal that is not checked yet.
fn proposed(text: &str, caller: Caller<'_>) -> Proposal {
    Proposal {
        of: DocumentKind::Experiments,
        id: caller.request_id.to_owned(),
        kind: ChangeKind::Publish,
        document: ExperimentsDocument { version: String::new(), body: text.to_owned() },
        who: caller.source.as_str().to_owned(),
        by: None,
        note: None,
        tests: TestCount::default(),
        expect: None,
    }
}

fn told(experiments: &Experiments, now: Timestamp) -> Vec<ExperimentAnswer> {
    experiments.iter().map(|experiment| experiment_told(experiment, now)).collect()
}

fn experiment_told(experiment: &Experiment, now: Timestamp) -> ExperimentAnswer {
    let (status, winner) = match experiment.status {
        Status::Draft => ("draft", None),
        Status::Running => ("running", None),
        Status::Stopped { winner } => ("stopped", winner),
    };
    let variant = |variant: &beckon_domain::experiment::Variant| VariantAnswer {
        id: variant.id.to_string(),
        weight: variant.weight,
    };
    ExperimentAnswer {
        id: experiment.run.experiment.to_string(),
        run: experiment.run.number,
        status,
        winner: winner.and_then(|index| Some(experiment.variants.get(index)?.id.to_string())),
        killed: experiment.is_killed,
        percent: experiment.coverage.at(now) * 100.0,
        goal: experiment.goal.to_string(),
        window_secs: experiment.window.as_ms() / 1_000,
        variants: experiment.variants.iter().map(variant).collect(),
    }
}
