//! A decision as the page is told it, with what the catalog and the ruleset know of its products.

use crate::knowledge::Knowledge;
use beckon_domain::id::SlotId;
use beckon_rules::{Content, Decision, Recommended, Ruleset};
use beckon_wire::decisions::{DecisionAnswer, FallbackAnswer, ItemAnswer, OfferAnswer, ReasonAnswer};

/// Tells a decision.
pub fn answer(
    (ruleset, live): (&Ruleset, &Knowledge),
    slot: &SlotId,
    decision: Decision,
    decision_id: String,
) -> DecisionAnswer {
    let (kind, items, offer) = match decision.content {
        Content::Products(products) => {
            ("recommendations", Some(products.iter().map(|p| item(ruleset, live, p)).collect()), None)
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
    let fallback = FallbackAnswer {
        used: decision.fallback.used,
        filled: decision.fallback.filled,
        reason: decision.fallback.used.then_some(match decision.reason.rule {
            Some(_) => "INSUFFICIENT_CANDIDATES",
            None => "NO_RULE",
        }),
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
        fallback,
        ttl_seconds: decision.ttl.as_ms() / 1_000,
        experiment: None,
        learned: None,
        explanation: None,
    }
}

/// A product with what is known of it: by the catalog's feed, else by the ruleset.
fn item(ruleset: &Ruleset, live: &Knowledge, recommended: &Recommended) -> ItemAnswer {
    let id = recommended.product.as_str();
    let (own, fed) = (ruleset.product(id), live.entry(id));
    let text = |fed: Option<&str>, own: Option<&String>| fed.map(str::to_owned).or_else(|| own.cloned());
    ItemAnswer {
        product_id: id.to_owned(),
        source: recommended.source.code(),
        name: text(fed.and_then(|fed| fed.title()), own.map(|own| &own.name)),
        price: fed
            .and_then(|fed| fed.price_at(live.now))
            .or_else(|| own.and_then(|own| own.price))
            .map(|price| price.to_string()),
        url: text(fed.and_then(|fed| fed.link()), own.and_then(|own| own.url.as_ref())),
        image_url: text(fed.and_then(|fed| fed.image_link()), own.and_then(|own| own.image_url.as_ref())),
    }
}
