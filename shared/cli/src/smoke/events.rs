//! What both smoke tests say and read: events of a shop, and what a decision shows.

use serde_json::{Value, json};

/// The product that the sample ruleset has a rule for.
pub(crate) const TENT: &str = "tent-2p";

/// A visitor does something with a product.
pub(crate) fn event(anonymous: &str, name: &str, product: &str) -> Value {
    json!({
        "type": "track", "event": name, "anonymousId": anonymous, "messageId": format!("{anonymous}-{name}-{product}"),
        "properties": { "product_id": product, "name": "Two-person tent", "category": "tents", "price": 249.0,
                        "currency": "EUR", "cart_url": "https://shop.example/cart" },
    })
}

/// A shop's server says who a visitor is, and that they agreed to marketing e-mail.
pub(crate) fn login(anonymous: &str, user: &str, email: &str) -> Value {
    json!({
        "type": "identify", "anonymousId": anonymous, "userId": user, "messageId": format!("{anonymous}-login"),
        "traits": { "email": email, "plan": "gold" },
        "context": { "consent": { "marketing_email": true } },
    })
}

/// Asks what one slot shows to somebody, on the page of a product if there is one.
pub(crate) fn slot_request(who: &Value, product: Option<&str>, slot: &str) -> Value {
    let mut body = who.clone();
    body["slots"] = json!([{ "id": slot }]);
    if let Some(product) = product {
        body["context"] = json!({ "page": { "type": "PRODUCT", "productId": product } });
    }
    body
}

/// The products that a decision shows.
pub(crate) fn products(decision: &Value) -> Vec<&str> {
    let items = decision["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| item["productId"].as_str()).collect()
}

/// Why a decision shows what it shows, in one line.
pub(crate) fn why(decision: &Value) -> String {
    let rule = decision["reason"]["ruleId"].as_str().unwrap_or("-");
    format!("{} {rule} {:?}", decision["reason"]["code"].as_str().unwrap_or("?"), products(decision))
}
