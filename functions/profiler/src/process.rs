//! The use case: a batch becomes new states, records for others, failed events, and the number to go on from.

use crate::batch::{Batch, Part, split};
use crate::error::ProcessError;
use crate::tally::{Tally, WEIGHED_COUNT};
use beckon_batch::{Record, TimeLeft, lower, lowest};
use beckon_domain::fold::{Folded, Item};
use beckon_domain::mark::SequenceNumber;
use beckon_domain::reaction::{NoRules, Reaction};
use beckon_domain::{DurationMs, Policy, Profile, ProfileKey, Timestamp};
use beckon_rules::Ruleset;
use beckon_runtime::{Clock, Metrics};
use beckon_store::ErrorKind;
use beckon_store::bus::EventBus;
use beckon_store::objects::FailedEventStore;
use beckon_store::ruleset::{ActiveRuleset, RulesetUnavailable};
use beckon_store::streams::EventStream;
use beckon_store::tables::{ConfigStore, ExperimentStore, ProfileStore, Stored, load_each};
use beckon_wire::failed::FailedEvent;
use futures_util::StreamExt;
use std::sync::Arc;

/// Profiles settled at the same time.
pub(crate) const CONCURRENCY: usize = 16;

/// What a profile's part of a batch becomes: [`beckon_domain::fold::fold`].
pub type FoldFn = fn(Option<&Profile>, &ProfileKey, &[Item], &Policy, &dyn Reaction) -> Folded;

/// Everything the profiler needs.
#[derive(Clone)]
pub struct Profiler<T, S, F, B> {
    /// ProfileTable, ConfigTable and ExperimentTable.
    pub tables: T,
    /// Where merge records, forwarded events and changes of segments go.
    pub stream: S,
    /// Where what events say about products goes.
    pub signals: S,
    /// Where events go that can never be applied.
    pub failed: F,
    /// Where others hear of what happened by the rules.
    pub bus: B,
    /// The live ruleset.
    pub rulesets: ActiveRuleset,
    /// The time.
    pub clock: Clock,
    /// The life of the stream.
    pub epoch: String,
    /// The age at which the mapping discards a record; `None` when it never does.
    pub record_age_max: Option<DurationMs>,
    /// The fold. Another one only where a test wants to see what a bug in it does.
    pub fold: FoldFn,
    /// Where it is told what a batch came to.
    pub metrics: Metrics,
}

/// What a batch is folded by.
pub(crate) struct LiveRules {
    /// Delays and limits.
    pub(crate) policy: Policy,
    /// The ruleset that they are of; `None` when there never was a valid one.
    ruleset: Option<Arc<Ruleset>>,
}

impl LiveRules {
    /// What looks at a profile after each event.
    pub(crate) fn reaction(&self) -> &dyn Reaction {
        self.ruleset.as_deref().map_or(&NoRules, |ruleset| ruleset)
    }
}

/// What became of a batch.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// The lowest sequence number that is not done: everything from there on comes again.
    pub failed_from: Option<SequenceNumber>,
    /// Lines in the batch.
    pub line_count: u64,
    /// Profiles in the batch.
    pub profile_count: usize,
    /// What became of each line.
    pub tally: Tally,
    /// Profiles that nobody began, because the invocation neared its end.
    pub left_count: usize,
}

impl<T, S, F, B> Profiler<T, S, F, B>
where
    T: ProfileStore + ConfigStore + ExperimentStore,
    S: EventStream,
    F: FailedEventStore,
    B: EventBus,
{
    /// Applies a batch, and begins nothing new when `deadline` nears. Whatever happens, a sequence number below
    /// [`Outcome::failed_from`] is done: applied, a known repetition, or kept as failed.
    pub async fn process(&self, records: &[Record<'_>], deadline: Option<Timestamp>) -> Outcome {
        let now = self.clock.now();
        let time = TimeLeft::of(deadline, now);
        let mut batch = split(records, &self.epoch, now.as_ms());
        let mut outcome =
            Outcome { line_count: batch.line_count, profile_count: batch.parts.len(), ..Outcome::default() };
        self.keep_failed(&batch, records, time, &mut outcome).await;
        let rules = self.live_rules().await;
        let parts = std::mem::take(&mut batch.parts);
        let policy = rules.as_ref().ok().map(|rules| &rules.policy);
        let (mut loaded, parts) = self.set_aside_expiring(parts, policy, time, &mut outcome).await;
        match &rules {
            Ok(rules) => {
                loaded.extend(self.load(parts, time, &mut outcome).await);
                self.settle_all(loaded, rules, time, &mut outcome).await;
            }
            Err(error) => {
                tracing::error!(error = ?error, "batch not applied");
                loaded.iter().map(|(part, _)| part).chain(&parts).for_each(|part| outcome.leave(part));
            }
        }
        tracing::info!(
            batch.record_count = records.len(),
            batch.line_count = outcome.line_count,
            batch.profile_count = outcome.profile_count,
            batch.left_count = outcome.left_count,
            event.failed_count = outcome.tally.failed_count(),
            batch.complete = outcome.failed_from.is_none(),
            "batch applied"
        );
        if self.metrics.is_told() {
            let now = self.clock.now();
            self.metrics.tell(&outcome.measures(records, now), now);
        }
        outcome
    }

    /// The live rules. Without any valid ones, behaviour is still counted; only carts are not due, and nothing reacts.
    async fn live_rules(&self) -> Result<LiveRules, ProcessError> {
        match self.rulesets.get(&self.tables, self.clock.now()).await {
            Ok(ruleset) => Ok(LiveRules { policy: ruleset.policy().clone(), ruleset: Some(ruleset) }),
            Err(error @ RulesetUnavailable::Store(_)) => Err(ProcessError::Ruleset(error)),
            Err(error) => {
                tracing::warn!(error = ?error, "no valid ruleset: profiles are kept by the default policy");
                Ok(LiveRules { policy: Policy::default(), ruleset: None })
            }
        }
    }

    async fn keep_failed(
        &self,
        batch: &Batch,
        records: &[Record<'_>],
        time: TimeLeft,
        outcome: &mut Outcome,
    ) {
        for (sequence, failed) in &batch.failed {
            let is_over = time.is_over(self.clock.now());
            let kept = if is_over { Err(ProcessError::OutOfTime) } else { self.keep(failed).await };
            match kept {
                Ok(()) => outcome.tally.fail(failed.reason),
                Err(error) => {
                    tracing::error!(error = ?error, failed.id = failed.id, "failed event not kept");
                    outcome.tally.left += 1;
                    // One without a number can only come again with the whole batch.
                    outcome.fail_from(sequence.clone().or_else(|| lowest(records)));
                }
            }
        }
    }

    pub(crate) async fn keep(&self, failed: &FailedEvent) -> Result<(), ProcessError> {
        // An alarm counts this line, at whatever level is logged.
        tracing::error!(failed.id = failed.id, failed.reason = failed.reason.code(), "event failed");
        let document = serde_json::to_vec_pretty(failed)?;
        self.failed.keep(&failed.id, failed.reason.code(), document).await?;
        Ok(())
    }

    /// Loads all profiles of the batch in one go. One that cannot be read must not take the others with it: then each is
    /// loaded by itself.
    async fn load(
        &self,
        parts: Vec<Part>,
        time: TimeLeft,
        outcome: &mut Outcome,
    ) -> Vec<(Part, Option<Stored>)> {
        if time.is_over(self.clock.now()) {
            for part in &parts {
                outcome.settled(PartEnd::of(part), Tally::default(), Err(ProcessError::OutOfTime));
            }
            return Vec::new();
        }
        let keys = parts.iter().map(|part| part.key.clone()).collect();
        let load = |keys: Vec<ProfileKey>, read| async move { self.tables.load(&keys, read).await };
        let mut found = match load_each(keys, load, || !time.is_over(self.clock.now())).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(error = ?error, "profiles not loaded");
                parts.iter().for_each(|part| outcome.leave(part));
                return Vec::new();
            }
        };
        let mut loaded = Vec::with_capacity(parts.len());
        for part in parts {
            let mut tally = Tally::default();
            let result = match found.remove(&part.key) {
                Some(Ok(before)) => {
                    loaded.push((part, before));
                    continue;
                }
                Some(Err(error)) if error.kind == ErrorKind::Corrupt => {
                    tracing::error!(error = ?error, profile = ?part.key, "profile cannot be read");
                    self.set_aside(&part, &mut tally).await
                }
                Some(Err(error)) => Err(error.into()),
                None => Err(ProcessError::OutOfTime),
            };
            outcome.settled(PartEnd::of(&part), tally, result);
        }
        loaded
    }

    async fn settle_all(
        &self,
        loaded: Vec<(Part, Option<Stored>)>,
        rules: &LiveRules,
        time: TimeLeft,
        outcome: &mut Outcome,
    ) {
        let is_told = self.metrics.is_told();
        let settling = loaded.into_iter().enumerate().map(|(index, (part, before))| {
            let (end, mut tally) = (PartEnd::of(&part), Tally::weighing(is_told && index < WEIGHED_COUNT));
            // Boxed: the nested futures of the AWS client would otherwise exceed what the compiler lays out.
            Box::pin(async move {
                if time.is_over(self.clock.now()) {
                    return (end, tally, Err(ProcessError::OutOfTime));
                }
                let result = self.settle(part, before, rules, &mut tally).await;
                (end, tally, result)
            })
        });
        let mut settled = futures_util::stream::iter(settling).buffer_unordered(CONCURRENCY);
        while let Some((end, tally, result)) = settled.next().await {
            outcome.settled(end, tally, result);
        }
    }
}

/// What a batch's books need of a part when it ends.
pub(crate) struct PartEnd {
    first: Option<SequenceNumber>,
    line_count: u64,
}

impl PartEnd {
    pub(crate) fn of(part: &Part) -> Self {
        let first = part.work.first().map(|work| work.item.position.sequence.clone());
        Self { first, line_count: part.work.len() as u64 }
    }
}

impl Outcome {
    pub(crate) fn settled(&mut self, end: PartEnd, tally: Tally, result: Result<(), ProcessError>) {
        let rest = end.line_count.saturating_sub(tally.line_count());
        self.tally.add(tally);
        let Err(error) = result else { return };
        // Said once, with the batch.
        if matches!(error, ProcessError::OutOfTime) {
            self.left_count += 1;
        } else {
            tracing::warn!(error = ?error, error.transient = error.is_transient(), "profile not applied");
        }
        self.tally.left += rest;
        self.fail_from(end.first);
    }

    /// A part that comes again as it is, for a reason that was told.
    fn leave(&mut self, part: &Part) {
        let end = PartEnd::of(part);
        self.tally.left += end.line_count;
        self.fail_from(end.first);
    }

    fn fail_from(&mut self, sequence: Option<SequenceNumber>) {
        self.failed_from = lower(self.failed_from.take(), sequence);
    }
}
