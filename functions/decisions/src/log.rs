//! What was decided and why, written down beside each answer and found again by a decision's id.

use crate::person::Known;
use beckon_domain::id::SlotId;
use beckon_domain::{DurationMs, ProfileKey, Timestamp};
use beckon_rules::explain::Verdict;
use beckon_rules::{Decision, Overlay, Person, ReasonCode, Ruleset};
use beckon_runtime::Deadline;
use beckon_store::StoreError;
use beckon_store::tables::{DecisionStore, StoredDecision};
use beckon_wire::decisions::{
    DecisionAnswer, DecisionRecord, ItemAnswer, RecordedItem, RecordedRule, SlotRecord,
};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Rules of a slot that are written down at most: a record must stay small, and so must the time to make it.
const RULE_COUNT_MAX: usize = 16;
/// How long records are kept, unless the deployment says otherwise.
const RETENTION_DEFAULT: DurationMs = DurationMs::from_days(7);

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Where records are.
trait Keep: Send + Sync {
    fn put(&self, decision: StoredDecision) -> Answer<'_, ()>;
    fn find<'a>(&'a self, request: &'a str, now: Timestamp) -> Answer<'a, Option<StoredDecision>>;
}

struct Stored<T>(T);

impl<T: DecisionStore> Keep for Stored<T> {
    fn put(&self, decision: StoredDecision) -> Answer<'_, ()> {
        Box::pin(async move { self.0.put_decision(&decision).await })
    }

    fn find<'a>(&'a self, request: &'a str, now: Timestamp) -> Answer<'a, Option<StoredDecision>> {
        Box::pin(self.0.decision(request, now))
    }
}

/// Which decisions are written down, where, and for how long. None are, by default.
#[derive(Clone)]
pub struct DecisionLog {
    keep: Option<Arc<dyn Keep>>,
    percent: u8,
    retention: DurationMs,
}

impl Default for DecisionLog {
    fn default() -> Self {
        Self { keep: None, percent: 0, retention: RETENTION_DEFAULT }
    }
}

impl DecisionLog {
    /// A log of all decisions.
    #[must_use]
    pub fn keeping<T: DecisionStore + 'static>(tables: T) -> Self {
        Self { keep: Some(Arc::new(Stored(tables))), percent: 100, retention: RETENTION_DEFAULT }
    }

    /// The same for so many requests of a hundred, each record for so long.
    #[must_use]
    pub fn with(self, percent: u8, retention: DurationMs) -> Self {
        Self { percent, retention, ..self }
    }

    /// Whether what is decided in a request is written down: drawn by its id, whose end is random.
    pub(crate) fn is_kept(&self, request_id: &str) -> bool {
        let end = request_id.get(request_id.len().saturating_sub(8)..).unwrap_or_default();
        let drawn = u32::from_str_radix(end, 16).unwrap_or_default() % 100;
        self.keep.is_some() && drawn < u32::from(self.percent)
    }

    /// Writes a record down, if that is done in time. What is lost is told in the log, where a metric counts it.
    pub(crate) async fn put(
        &self,
        request_id: &str,
        profile: Option<ProfileKey>,
        record: &DecisionRecord,
        now: Timestamp,
        until: &Deadline,
    ) {
        let (Some(keep), Ok(body)) = (&self.keep, serde_json::to_string(record)) else { return };
        let request = request_id.to_owned();
        let stored = StoredDecision { request, profile, body, expires_at: now + self.retention };
        match until.within(keep.put(stored)).await {
            Some(Ok(())) => {}
            Some(Err(error)) => {
                tracing::error!(request.id = request_id, error = ?error, "decision not kept");
            }
            None => tracing::error!(request.id = request_id, error = "no time left", "decision not kept"),
        }
    }

    /// What was decided in a request, if it was written down and is not forgotten.
    ///
    /// # Errors
    /// When the table fails.
    pub(crate) async fn find(
        &self,
        request: &str,
        now: Timestamp,
    ) -> Result<Option<StoredDecision>, StoreError> {
        match &self.keep {
            Some(keep) => keep.find(request, now).await,
            None => Ok(None),
        }
    }
}

/// Whose profile a record names: nobody's who denies personalization.
pub(crate) fn subject(
    known: Option<&Known>,
    asked: Option<ProfileKey>,
    slots: &[SlotRecord],
) -> Option<ProfileKey> {
    let denied = slots.iter().any(|slot| slot.reason == ReasonCode::ConsentDenied.code());
    known.map(|known| known.key.clone()).unwrap_or(asked).filter(|_| !denied)
}

/// What became of the first rules of a slot, down to what won.
pub(crate) fn first_rules(
    (ruleset, overlay): (&Ruleset, &Overlay<'_>),
    slot: &SlotId,
    person: &Person<'_>,
    decision: &Decision,
    now: Timestamp,
) -> Vec<RecordedRule> {
    let (mut recorded, explained) =
        (Vec::new(), ruleset.explain_decided(overlay, slot, person, decision, now));
    for rule in explained.into_iter().flatten().take(RULE_COUNT_MAX) {
        let is_won = rule.verdict == Verdict::Won;
        let verdict = rule.verdict.code().to_owned();
        recorded.push(RecordedRule { id: rule.id, verdict, near_miss: rule.near_miss });
        if is_won {
            break;
        }
    }
    recorded
}

/// What is written down of a slot.
pub(crate) fn slot_record(number: usize, answer: &DecisionAnswer, rules: Vec<RecordedRule>) -> SlotRecord {
    let item = |item: &ItemAnswer| RecordedItem {
        product_id: item.product_id.clone(),
        source: item.source.to_owned(),
    };
    SlotRecord {
        number,
        slot_id: answer.slot_id.clone(),
        reason: answer.reason.code.to_owned(),
        rule_id: answer.reason.rule_id.clone(),
        row: answer.reason.row,
        fallback: answer.fallback.reason.map(ToOwned::to_owned),
        offer_id: answer.offer.as_ref().map(|offer| offer.id.clone()),
        items: answer.items.iter().flatten().map(item).collect(),
        rules,
    }
}
