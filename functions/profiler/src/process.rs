//! The use case: a batch becomes new states, records for others, failed events, and the number to go on from.

use crate::batch::{Batch, Part, Record, split};
use crate::error::ProcessError;
use beckon_domain::mark::SequenceNumber;
use beckon_domain::{Policy, ProfileKey};
use beckon_runtime::Clock;
use beckon_store::ErrorKind;
use beckon_store::objects::FailedEventStore;
use beckon_store::ruleset::{ActiveRuleset, RulesetUnavailable};
use beckon_store::streams::EventStream;
use beckon_store::tables::{ConfigStore, ProfileStore, Read, Stored};
use beckon_wire::failed::FailedEvent;
use futures_util::StreamExt;

/// Profiles settled at the same time.
const CONCURRENCY: usize = 16;

/// Everything the profiler needs.
#[derive(Clone)]
pub struct Profiler<T, S, F> {
    /// ProfileTable and ConfigTable.
    pub tables: T,
    /// Where merge records and forwarded events go.
    pub stream: S,
    /// Where events go that can never be applied.
    pub failed: F,
    /// The live ruleset.
    pub rulesets: ActiveRuleset,
    /// The time.
    pub clock: Clock,
    /// The life of the stream.
    pub epoch: String,
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
    /// Events kept as failed.
    pub failed_count: u64,
}

impl<T, S, F> Profiler<T, S, F>
where
    T: ProfileStore + ConfigStore,
    S: EventStream,
    F: FailedEventStore,
{
    /// Applies a batch. Whatever happens, a sequence number below [`Outcome::failed_from`] is done: applied, a known
    /// repetition, or kept as failed.
    pub async fn process(&self, records: &[Record<'_>]) -> Outcome {
        let now = self.clock.now();
        let batch = split(records, &self.epoch, now.as_ms());
        let mut outcome =
            Outcome { line_count: batch.line_count, profile_count: batch.parts.len(), ..Outcome::default() };
        let policy = match self.policy().await {
            Ok(policy) => policy,
            Err(error) => {
                tracing::error!(error = ?error, "batch not applied");
                outcome.failed_from = lowest(records);
                return outcome;
            }
        };
        self.keep_failed(&batch, records, &mut outcome).await;
        self.settle_all(batch.parts, &policy, &mut outcome).await;
        tracing::info!(
            batch.record_count = records.len(),
            batch.line_count = outcome.line_count,
            batch.profile_count = outcome.profile_count,
            event.failed_count = outcome.failed_count,
            batch.complete = outcome.failed_from.is_none(),
            "batch applied"
        );
        outcome
    }

    /// The policy of the live ruleset. Without any valid one, behaviour is still counted; only carts are not due.
    async fn policy(&self) -> Result<Policy, ProcessError> {
        match self.rulesets.get(&self.tables, self.clock.now()).await {
            Ok(ruleset) => Ok(ruleset.policy().clone()),
            Err(error @ RulesetUnavailable::Store(_)) => Err(ProcessError::Ruleset(error)),
            Err(error) => {
                tracing::warn!(error = ?error, "no valid ruleset: profiles are kept by the default policy");
                Ok(Policy::default())
            }
        }
    }

    async fn keep_failed(&self, batch: &Batch, records: &[Record<'_>], outcome: &mut Outcome) {
        for (sequence, failed) in &batch.failed {
            match self.keep(failed).await {
                Ok(()) => outcome.failed_count += 1,
                Err(error) => {
                    tracing::error!(error = ?error, failed.id = failed.id, "failed event not kept");
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
    async fn load(&self, parts: Vec<Part>, outcome: &mut Outcome) -> Vec<(Part, Option<Stored>)> {
        let keys: Vec<ProfileKey> = parts.iter().map(|part| part.key.clone()).collect();
        match self.tables.load(&keys, Read::Eventual).await {
            Ok(mut stored) => {
                let with_stored = |part: Part| {
                    let before = stored.remove(&part.key);
                    (part, before)
                };
                return parts.into_iter().map(with_stored).collect();
            }
            Err(error) if error.kind != ErrorKind::Corrupt => {
                tracing::warn!(error = ?error, "profiles not loaded");
                parts.iter().for_each(|part| outcome.fail_from(first_sequence(part)));
                return Vec::new();
            }
            Err(_) => {}
        }
        let mut loaded = Vec::with_capacity(parts.len());
        for part in parts {
            let result = match self.tables.load(std::slice::from_ref(&part.key), Read::Strong).await {
                Ok(mut stored) => {
                    let before = stored.remove(&part.key);
                    loaded.push((part, before));
                    continue;
                }
                Err(error) if error.kind == ErrorKind::Corrupt => {
                    tracing::error!(error = ?error, profile = ?part.key, "profile cannot be read");
                    self.set_aside(&part).await
                }
                Err(error) => Err(error.into()),
            };
            outcome.settled(first_sequence(&part), result);
        }
        loaded
    }

    async fn settle_all(&self, parts: Vec<Part>, policy: &Policy, outcome: &mut Outcome) {
        let loaded = self.load(parts, outcome).await;
        let settling = loaded.into_iter().map(|(part, before)| {
            let first = first_sequence(&part);
            // Boxed: the nested futures of the AWS client would otherwise exceed what the compiler lays out.
            Box::pin(async move { (first, self.settle(part, before, policy).await) })
        });
        let mut settled = futures_util::stream::iter(settling).buffer_unordered(CONCURRENCY);
        while let Some((first, result)) = settled.next().await {
            outcome.settled(first, result);
        }
    }
}

fn first_sequence(part: &Part) -> Option<SequenceNumber> {
    part.work.first().map(|work| work.item.position.sequence.clone())
}

fn lowest(records: &[Record<'_>]) -> Option<SequenceNumber> {
    records.iter().filter_map(|record| SequenceNumber::parse(record.sequence)).min()
}

impl Outcome {
    fn settled(&mut self, first: Option<SequenceNumber>, result: Result<u64, ProcessError>) {
        match result {
            Ok(failed_count) => self.failed_count += failed_count,
            Err(error) => {
                tracing::warn!(error = ?error, error.transient = error.is_transient(), "profile not applied");
                self.fail_from(first);
            }
        }
    }

    fn fail_from(&mut self, sequence: Option<SequenceNumber>) {
        self.failed_from = match (self.failed_from.take(), sequence) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
}
