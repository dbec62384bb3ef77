//! What a page tells of a decision: that it was seen, and that somebody clicked in it. `beckon.js` sends both.

use super::spec;
use crate::fields::Fields;
use crate::problem::Fault;
use beckon_domain::ProductId;
use beckon_domain::id::{DecisionId, ExperimentId, OfferId, RuleId, SlotId, VariantId};

/// The events, sorted.
pub const DECISION_EVENTS: [&str; 2] = ["Decision Clicked", "Decision Viewed"];

/// Checks the properties of an event, if it is one of a decision: the decision is needed, and ids have the types that they
/// have in its answer. The properties stay as they are.
pub fn check(event: &str, fields: &Fields<'_>) -> Result<(), Fault> {
    if !DECISION_EVENTS.contains(&event) {
        return Ok(());
    }
    let decision = fields.id("decision_id", DecisionId::new)?;
    decision.ok_or_else(|| fields.missing("decision_id", "the decision that was shown"))?;
    fields.id("slot_id", SlotId::new)?;
    fields.id("rule_id", RuleId::new)?;
    fields.id("offer_id", OfferId::new)?;
    fields.id("experiment_id", ExperimentId::new)?;
    fields.id("variation_id", VariantId::new)?;
    fields.id("product_id", ProductId::new)?;
    spec::check_products(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(event: &str, json: &str) -> Option<(String, &'static str)> {
        let object = serde_json::from_str(json).unwrap();
        check(event, &Fields::new(&object, "/properties")).err().map(|fault| (fault.pointer, fault.code))
    }

    #[test]
    fn an_event_about_a_decision_names_it_and_has_ids_that_can_be_ids() {
        for (json, pointer, code) in [
            ("{}", "/properties/decision_id", "schema.missing"),
            (r#"{"decision_id":""}"#, "/properties/decision_id", "schema.value"),
            (r#"{"decision_id":{}}"#, "/properties/decision_id", "schema.type"),
            (r#"{"decision_id":"d","slot_id":["home.hero"]}"#, "/properties/slot_id", "schema.type"),
            (
                r#"{"decision_id":"d","product_id":"a@b.example"}"#,
                "/properties/product_id",
                "privacy.personal_data",
            ),
            (r#"{"decision_id":"d","products":"mug"}"#, "/properties/products", "schema.type"),
            (
                r#"{"decision_id":"d","products":[{"product_id":true}]}"#,
                "/properties/products/0/product_id",
                "schema.type",
            ),
        ] {
            for event in DECISION_EVENTS {
                assert_eq!(fault(event, json), Some((pointer.to_owned(), code)), "{json}");
            }
            assert_eq!(fault("Quote Asked", json), None, "{json}");
        }
        let whole = r#"{"decision_id":"d","slot_id":"home.hero","rule_id":"r","offer_id":7,"experiment_id":"hero-copy",
            "variation_id":"b","source":"similar","products":[{"product_id":"mug"}]}"#;
        assert_eq!(fault("Decision Viewed", whole), None);
    }
}
