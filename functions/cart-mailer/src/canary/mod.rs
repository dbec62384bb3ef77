//! The canary: a visitor that nobody is views a product through the collector, and asks for decisions until one shows it.
//!
//! It takes the way that pages take (the public address, a publishable key), and knows what is right: its decisions are made by
//! rules of its own ([`beckon_rules::canary`]). Its events change its profile as anybody's do and are counted nowhere
//! ([`beckon_domain::SourceId::is_canary`]). It has eight profiles in all, bounded as every profile is, which are forgotten as
//! every profile is once it stops.

mod api;

pub use api::{Api, HttpsApi};

use beckon_domain::{DurationMs, Timestamp};
use beckon_rules::canary::{RULE, SLOT, visit};
use beckon_runtime::{Clock, Secrets, WebError, fresh_id};
use serde::Serialize;
use serde_json::{Value, json};

/// What the schedule of the canary sends: `{"schedule": "canary"}`.
pub const CANARY: &str = "canary";
/// How often it runs: which visitor it is follows from the time.
const EACH: DurationMs = DurationMs::from_minutes(5);
/// Questions until a decision must show the event.
const ASK_COUNT_MAX: u32 = 60;
/// How long after the event's acknowledgement a decision must show it.
const LATE_AFTER: DurationMs = DurationMs::from_secs(20);

/// Everything that the canary needs.
#[derive(Clone, Debug)]
pub struct Canary<A> {
    /// The stack's API.
    pub api: A,
    /// The canary's key follows from them.
    pub secrets: Secrets,
    /// The time.
    pub clock: Clock,
}

/// What is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CanaryFault {
    /// The API does not answer.
    Unreachable,
    /// The collector did not take the event.
    NotAccepted,
    /// Decisions did not answer as they must.
    NotDecided,
    /// Decisions are made without the live ruleset.
    NoRuleset,
    /// No decision showed the event in time.
    Late,
    /// The event was known to a decision, which was another one than it must be.
    Wrong,
}

impl CanaryFault {
    /// The stable word.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::NotAccepted => "not_accepted",
            Self::NotDecided => "not_decided",
            Self::NoRuleset => "no_ruleset",
            Self::Late => "late",
            Self::Wrong => "wrong",
        }
    }
}

/// What a run found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CanaryReport {
    /// What is wrong, if anything.
    pub fault: Option<CanaryFault>,
    /// Of what that was seen: a status, or what was decided.
    pub detail: String,
    /// Milliseconds from the collector's answer until a decision showed the event.
    pub freshness_ms: Option<u64>,
}

/// A fault and what was seen of it.
type Wrong = (CanaryFault, String);

/// A decision for the canary.
struct Shown {
    /// When the newest event of the profile happened, as decisions know it.
    as_of: Option<String>,
    /// The rule, the product and its source.
    decision: String,
}

impl<A: Api> Canary<A> {
    /// Runs once, says in the log what came of it, and returns that.
    pub async fn run(&self) -> CanaryReport {
        match self.look().await {
            Ok(freshness) => {
                let freshness_ms = freshness.as_ms();
                // An alarm misses this line: it is told at every level of the log.
                tracing::info!(freshness_ms, "canary passed");
                CanaryReport { fault: None, detail: String::new(), freshness_ms: Some(freshness_ms) }
            }
            Err((fault, detail)) => {
                tracing::error!(canary.fault = fault.code(), detail, "canary failed");
                CanaryReport { fault: Some(fault), detail, freshness_ms: None }
            }
        }
    }

    async fn look(&self) -> Result<DurationMs, Wrong> {
        let key = self.secrets.canary_key().map_err(|e| (CanaryFault::NotAccepted, e.to_string()))?;
        let run = self.clock.now().since(Timestamp::EPOCH).as_ms() / EACH.as_ms();
        let (visitor, product) = visit(run);
        let before = self.ask(&key, &visitor).await?;
        self.tell(&key, &visitor, product).await?;
        let accepted_at = self.clock.now();
        let right = format!("{RULE} {product} recently_viewed");
        let mut last = before.decision;
        for _ in 0..ASK_COUNT_MAX {
            let shown = self.ask(&key, &visitor).await?;
            let waited = self.clock.now().since(accepted_at);
            if shown.decision == right {
                return Ok(waited);
            }
            if shown.as_of != before.as_of {
                return Err((CanaryFault::Wrong, format!("{}, expected {right}", shown.decision)));
            }
            if waited >= LATE_AFTER {
                break;
            }
            last = shown.decision;
            self.api.wait().await;
        }
        Err((CanaryFault::Late, format!("{last}, expected {right}")))
    }

    async fn tell(&self, key: &str, visitor: &str, product: &str) -> Result<(), Wrong> {
        let event = json!({
            "type": "track", "event": "Product Viewed", "anonymousId": visitor, "messageId": fresh_id(),
            "properties": { "product_id": product },
            "context": { "consent": { "analytics": true, "personalization": true, "marketing_email": false } },
        });
        let body = json!({ "writeKey": key, "batch": [event] });
        let (status, answer) = self.api.post("/v1/batch", &body).await.map_err(unreachable)?;
        if status == 200 && answer["accepted"] == 1 {
            return Ok(());
        }
        let code = answer["rejected"][0]["code"].as_str().unwrap_or_default();
        Err((CanaryFault::NotAccepted, format!("{status} {code}")))
    }

    async fn ask(&self, key: &str, visitor: &str) -> Result<Shown, Wrong> {
        let body = json!({ "writeKey": key, "anonymousId": visitor, "slots": [{ "id": SLOT }] });
        let (status, answer) = self.api.post("/v1/decisions", &body).await.map_err(unreachable)?;
        let decision = &answer["decisions"][0];
        if status != 200 || decision.is_null() {
            return Err((CanaryFault::NotDecided, status.to_string()));
        }
        if answer["degraded"].as_array().into_iter().flatten().any(|part| part == "ruleset") {
            return Err((CanaryFault::NoRuleset, "decisions cannot read the live ruleset".to_owned()));
        }
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let item = &decision["items"][0];
        let parts = [&decision["reason"]["ruleId"], &item["productId"], &item["source"]].map(text);
        Ok(Shown {
            as_of: answer["profile"]["asOf"].as_str().map(ToOwned::to_owned),
            decision: parts.join(" "),
        })
    }
}

fn unreachable(error: WebError) -> Wrong {
    (CanaryFault::Unreachable, error.to_string())
}
