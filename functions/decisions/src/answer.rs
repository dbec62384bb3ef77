//! A decision as the page is told it, with the facts that the ruleset has of its products.

use beckon_domain::id::SlotId;
use beckon_rules::{Content, Decision, Recommended, Ruleset};
use beckon_wire::decisions::{DecisionAnswer, FallbackAnswer, ItemAnswer, OfferAnswer, ReasonAnswer};

/// Tells a decision.
pub fn answer(ruleset: &Ruleset, slot: &SlotId, decision: Decision, decision_id: String) -> DecisionAnswer {
    let (kind, items, offer) = match decision.content {
        Content::Products(products) => {
            ("recommendations", Some(products.iter().map(|p| item(ruleset, p)).collect()), None)
        }
        Content::Offer(offer) => {
            let offer = OfferAnswer {
                id: offer.id.as_str().to_owned(),
                title: offer.title.clone(),
                text: Some(&offer.text).filter(|t| !t.is_empty()).cloned(),
                url: Some(&offer.url).filter(|u| !u.is_empty()).cloned(),
            };
            ("offer", None, Some(offer))
        }
    };
    DecisionAnswer {
        decision_id,
        slot_id: slot.as_str().to_owned(),
        kind,
        items,
        offer,
        reason: ReasonAnswer {
            code: decision.reason.code.code(),
            rule_id: decision.reason.rule.map(|id| id.as_str().to_owned()),
            row: decision.reason.row,
        },
        fallback: FallbackAnswer { used: decision.fallback.used, filled: decision.fallback.filled },
        ttl_seconds: decision.ttl.as_ms() / 1_000,
        explanation: None,
    }
}

fn item(ruleset: &Ruleset, recommended: &Recommended) -> ItemAnswer {
    let facts = ruleset.product(recommended.product.as_str());
    ItemAnswer {
        product_id: recommended.product.as_str().to_owned(),
        source: recommended.source.code(),
        name: facts.map(|f| f.name.clone()),
        price: facts.and_then(|f| f.price).map(|price| price.to_string()),
        url: facts.and_then(|f| f.url.clone()),
        image_url: facts.and_then(|f| f.image_url.clone()),
    }
}
