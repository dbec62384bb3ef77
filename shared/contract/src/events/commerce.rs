//! Events of the e-commerce spec: what their properties must be.

use super::calls::call;
use crate::schema::{count, id, label, number, object, or_null, price, text, told};
use beckon_domain::id::{DecisionId, ExperimentId, OfferId, RuleId, SlotId, VariantId};
use beckon_domain::{CartId, OrderId, ProductId};
use beckon_wire::capture::{AMOUNTS, COMMERCE, DECISION_EVENTS, SPEC_EVENTS};
use beckon_wire::limits::PRODUCT_COUNT_MAX;
use serde_json::{Map, Value, json};

/// The events that Beckon reads the properties of, sorted.
#[must_use]
pub fn commerce_events() -> Vec<&'static str> {
    let mut all: Vec<&str> = COMMERCE.iter().chain(&SPEC_EVENTS).chain(&DECISION_EVENTS).copied().collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A product: its id is needed, or its `sku` where there is none.
fn product() -> Value {
    let needed = |name: &str| json!({ "required": [name], "properties": { name: id(ProductId::BYTES_MAX) } });
    let without = json!({ "properties": { "product_id": { "type": "null" } } });
    let mut schema = object(json!({
        "product_id": told(or_null(id(ProductId::BYTES_MAX)), "The product, of at most 100 bytes; `sku` is read where it is missing."),
        "category": told(label(), "The category."),
        "name": told(label(), "The name."),
        "brand": told(label(), "The brand."),
        "price": told(or_null(price()), "The price of one, in major units: `12.34`."),
        "quantity": told(or_null(count()), "How many; 1 when left out, all of a removal."),
        "position": told(number(), "Its place in a list."),
    }));
    schema["anyOf"] = json!([needed("product_id"), { "allOf": [without, needed("sku")] }]);
    schema
}

/// The products of an event.
fn products(item: Value) -> Value {
    let words = format!("At most {PRODUCT_COUNT_MAX}.");
    told(json!({ "type": "array", "items": item, "maxItems": PRODUCT_COUNT_MAX }), &words)
}

/// A product of the spec: types are checked, and nothing is needed.
fn loose_product() -> Value {
    object(json!({
        "product_id": or_null(id(ProductId::BYTES_MAX)), "sku": or_null(id(ProductId::BYTES_MAX)),
        "price": number(), "quantity": number(), "position": number(),
    }))
}

/// Properties of every event of the spec.
fn of_spec() -> Map<String, Value> {
    let mut all: Map<String, Value> =
        AMOUNTS.iter().map(|name| ((*name).to_owned(), told(number(), "In major units: `12.34`."))).collect();
    all.insert(
        "order_id".to_owned(),
        told(or_null(id(OrderId::BYTES_MAX)), "The order, of at most 100 bytes."),
    );
    all.insert("cart_id".to_owned(), told(or_null(id(CartId::BYTES_MAX)), "The cart, of at most 100 bytes."));
    all.insert("products".to_owned(), or_null(products(loose_product())));
    all
}

/// What a page tells of a decision.
fn of_decision() -> Value {
    let kept = |bytes_max: usize, description: &str| told(or_null(id(bytes_max)), description);
    let mut schema = object(json!({
        "decision_id": told(id(DecisionId::BYTES_MAX), "`decisionId` of the answer, of at most 128 bytes."),
        "slot_id": kept(SlotId::BYTES_MAX, "The slot."),
        "rule_id": kept(RuleId::BYTES_MAX, "The rule that decided."),
        "offer_id": kept(OfferId::BYTES_MAX, "The offer that was shown."),
        "experiment_id": kept(ExperimentId::BYTES_MAX, "The experiment that the decision belongs to."),
        "variation_id": kept(VariantId::BYTES_MAX, "The variant that was shown."),
        "product_id": kept(ProductId::BYTES_MAX, "The product that was clicked."),
        "products": or_null(products(loose_product())),
    }));
    schema["required"] = json!(["decision_id"]);
    schema
}

/// The first of these amounts that is there is what the order cost: it is from 0 to 10⁹.
fn total() -> Value {
    let there = |name: &str| json!({ "required": [name], "properties": { name: { "type": "number" } } });
    let priced = |name: &str| json!({ "properties": { name: or_null(price()) } });
    let revenue = json!({ "allOf": [priced("revenue"), { "anyOf": [there("revenue"), priced("value")] }] });
    json!({ "allOf": [priced("total"), { "anyOf": [there("total"), revenue] }] })
}

fn properties(event: &str) -> Value {
    let spec = SPEC_EVENTS.contains(&event);
    let mut schema = match event {
        "Product Viewed" | "Product Clicked" | "Product Added" | "Product Removed" | "Product Dwelled" => {
            product()
        }
        "Decision Clicked" | "Decision Viewed" => of_decision(),
        _ => object(json!({})),
    };
    if spec {
        schema["properties"] = Value::Object(of_spec());
    }
    match event {
        "Product Dwelled" => {
            schema["required"] = json!(["engaged_ms"]);
            schema["properties"]["engaged_ms"] =
                told(count(), "How long the product had attention, in milliseconds.");
        }
        "Cart Updated" => {
            schema["required"] = json!(["products"]);
            schema["properties"]["products"] = products(product());
        }
        "Order Completed" => {
            let strict = json!({ "properties": { "products": or_null(products(product())) } });
            schema["allOf"] = json!([total(), strict]);
        }
        _ => {}
    }
    if ["Product Added", "Product Removed", "Cart Updated"].contains(&event) {
        let cart = "The cart, of at most 100 bytes. Adds and removals with one are of one cart.";
        schema["properties"]["cart_id"] = told(or_null(id(CartId::BYTES_MAX)), cart);
        schema["properties"]["cart_url"] =
            told(text(), "Where the cart can be opened again; kept without its query.");
    }
    schema["properties"]["currency"] =
        call("track")["properties"]["properties"]["properties"]["currency"].clone();
    schema
}

/// The schema of a track call with this event, without its head.
#[must_use]
pub fn commerce_event(event: &str) -> Value {
    let mut schema = call("track");
    schema["properties"]["event"] = json!({ "const": event });
    let said = properties(event);
    let is_needed = said.get("anyOf").is_some() || said.get("required").is_some();
    if is_needed {
        schema["required"] = json!(["event", "properties"]);
    }
    schema["properties"]["properties"] = if is_needed { said } else { or_null(said) };
    schema
}
