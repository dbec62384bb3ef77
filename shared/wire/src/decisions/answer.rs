//! What a page is told.

use super::experiment::ExperimentAnswer;
use crate::problem::Fault;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the page is told.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DecisionsResponse {
    /// The id under which the request is logged.
    pub request_id: String,
    /// Name and version of the ruleset that decided.
    pub config_version: String,
    /// What was known of the person.
    pub profile: ProfileInfo,
    /// One decision for each slot that the ruleset knows, in the order asked for.
    pub decisions: Vec<DecisionAnswer>,
    /// The segments, and why the person is in them or is not; only where that was asked for, with a secret key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<Value>,
    /// Rules that act by themselves, and what they find of the person; where the segments are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acting: Option<Value>,
    /// How likely the person is to buy; only where that was asked for, with a secret key, and a model and the person are
    /// known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propensity: Option<PropensityAnswer>,
    /// What was not there in time, so that the answer is less than it could be: `profile`, `ruleset`, `best_sellers`,
    /// `items`, `propensity`, `catalog`, `session_index`. What was in memory of it, however old, was used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub degraded: Vec<&'static str>,
    /// True where somebody else, or another time, was asked about: nothing of it is counted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub preview: bool,
    /// Slots that the ruleset does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// What was ignored of the request: a token that proves nothing, a secret key from a page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Fault>,
}

/// How likely the person is to buy.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PropensityAnswer {
    /// Between 0 and 1.
    pub score: f64,
    /// The version of the model that says so.
    pub model_version: String,
}

/// What was known of the person: how much, never what.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProfileInfo {
    /// `known` (a customer), `anonymous`, or `none`.
    pub state: &'static str,
    /// Time of the latest event in it (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
}

/// The decision for one slot.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DecisionAnswer {
    /// Unique id, the request's and the number of the slot in it: send it with later events (`decision_id`) to attribute
    /// them, and ask with it why (`GET /v1/decisions/{decisionId}/explain`).
    pub decision_id: String,
    /// The slot.
    pub slot_id: String,
    /// `recommendations` or `offer`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Products, best first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<ItemAnswer>>,
    /// Content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferAnswer>,
    /// Why.
    pub reason: ReasonAnswer,
    /// The experiment that changed what the slot shows, or could have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub experiment: Option<ExperimentAnswer>,
    /// Whether and how far the fallback was used.
    pub fallback: FallbackAnswer,
    /// How long the decision may be shown.
    pub ttl_seconds: u64,
    /// Of a slot that learns, by how much the weight of each of the decision's sources was multiplied. Only where an explanation
    /// was asked for, and something was learned of the slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learned: Option<BTreeMap<&'static str, f64>>,
    /// Every rule of the slot: `id`, `priority`, `verdict`, `condition` (as written, whether it `holds`, what was `read`, its
    /// `parts`), `near_miss`. Only where that was asked for, with a secret key: it tells what is known of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Value>,
}

/// One product of a decision, with what the catalog or the ruleset knows of it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ItemAnswer {
    /// The product.
    pub product_id: String,
    /// Where it comes from: `pinned`; learned from events `similar`, `for_you`, `also_bought`, `cart_complement`,
    /// `trending`, `recently_viewed`, `category_best_seller`, `store_best_seller`; by the ruleset `related`, `accessory`,
    /// `category_affinity`, `listed`, `best_seller`; `catalog` where there was nothing better.
    pub source: &'static str,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its price (`49.00 EUR`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// Where it is sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What it looks like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
}

/// Content of a decision.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OfferAnswer {
    /// The offer's id in the ruleset.
    pub id: String,
    /// Headline.
    pub title: String,
    /// Text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Where it leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Why a decision is what it is.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReasonAnswer {
    /// `RULE_MATCH`, `DEFAULT`, `NO_PROFILE`, `CONSENT_DENIED`, `HOLDOUT` or `ERROR_FALLBACK`.
    pub code: &'static str,
    /// The rule or the decision table that matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_id: Option<String>,
    /// The row of the decision table, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
}

/// Whether and how far the fallback was used.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct FallbackAnswer {
    /// Whether any of it was.
    pub used: bool,
    /// Items that came from it.
    pub filled: usize,
    /// Why: `INSUFFICIENT_CANDIDATES` (a rule matched and had too few products), `NO_RULE` (none matched), `LATE` (what is
    /// known of the person did not come in time), `THROTTLED`, `CORRUPT`, `UNAVAILABLE` (it could not be read).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}
