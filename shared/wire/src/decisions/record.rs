//! What was decided and why, kept for a while: one record for all slots of a request, and what is told of one of them.
//!
//! A record names nobody but by a profile's key, and has no value that was read of a person.

use serde::{Deserialize, Serialize};

/// The id of a decision: the request's, a point, and the number of the slot in it, from 0.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecisionId {
    /// The request: a UUID.
    pub request: String,
    /// The slot.
    pub slot: usize,
}

impl DecisionId {
    /// The id of a slot of a request, as it is told.
    #[must_use]
    pub fn text(request: &str, slot: usize) -> String {
        format!("{request}.{slot}")
    }

    /// Reads an id; `None` when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (request, slot) = text.split_once('.')?;
        let is_number = slot.len() <= 2 && slot.bytes().all(|byte| byte.is_ascii_digit());
        let slot = slot.parse().ok().filter(|_| is_number)?;
        is_uuid(request).then(|| Self { request: request.to_owned(), slot })
    }
}

/// The form of the ids that requests have.
fn is_uuid(text: &str) -> bool {
    let is_dash = |index| matches!(index, 8 | 13 | 18 | 23);
    let fits =
        |(index, byte): (usize, u8)| if is_dash(index) { byte == b'-' } else { byte.is_ascii_hexdigit() };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

/// What was decided in one request.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionRecord {
    /// When (RFC 3339).
    pub at: String,
    /// Name and version of the ruleset.
    pub config_version: String,
    /// `known`, `anonymous` or `none`.
    pub state: String,
    /// What the request said of its page.
    pub page: PageRecord,
    /// What was not there in time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub degraded: Vec<String>,
    /// Each slot, by its number in the request.
    pub slots: Vec<SlotRecord>,
}

/// What a request said of its page.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PageRecord {
    /// `home`, `category`, `product`, `cart` or `other`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The product that it showed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    /// Its category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
}

/// What was decided for one slot.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SlotRecord {
    /// The number of the slot in the request.
    pub number: usize,
    /// The slot.
    pub slot_id: String,
    /// The reason's code.
    pub reason: String,
    /// The rule or the table that matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_id: Option<String>,
    /// The row of the table, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    /// Why the fallback was used, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// The offer that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer_id: Option<String>,
    /// The products that were shown, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<RecordedItem>,
    /// The first rules of the slot, highest priority first, down to what won.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RecordedRule>,
}

/// A product that was shown.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RecordedItem {
    /// The product.
    pub product_id: String,
    /// Where it came from.
    pub source: String,
}

/// What became of a rule.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RecordedRule {
    /// The rule.
    pub id: String,
    /// `won`, `outranked`, `empty`, `does_not_hold`, `not_active` or `not_asked`.
    pub verdict: String,
    /// What was missing, when it was one step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near_miss: Option<String>,
}

/// What was decided for a slot, and why (`GET /v1/decisions/{decisionId}/explain`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExplainedDecision {
    /// The decision.
    pub decision_id: String,
    /// When it was made (RFC 3339).
    pub at: String,
    /// Name and version of the ruleset that decided.
    pub config_version: String,
    /// `known`, `anonymous` or `none`: what was known of the person.
    pub state: String,
    /// Whose profile it was, where one was known: a key, never an id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// What the request said of its page.
    pub page: PageRecord,
    /// What was not there in time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub degraded: Vec<String>,
    /// What was decided, and why.
    pub decision: SlotRecord,
    /// Until when this is kept (RFC 3339).
    pub kept_until: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_a_decision_is_read_back_and_nothing_else_is_one() {
        let request = "01a20266-8bf4-7399-8c43-1b130cabfccd";
        let id = DecisionId::parse(&DecisionId::text(request, 19)).unwrap();
        assert_eq!((id.request.as_str(), id.slot), (request, 19));
        for bad in
            ["", request, "a.1", &format!("{request}."), &format!("{request}.-1"), &format!("{request}.100")]
        {
            assert_eq!(DecisionId::parse(bad), None, "{bad}");
        }
    }
}
