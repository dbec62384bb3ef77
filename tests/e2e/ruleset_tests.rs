//! What a ruleset's test says happened is what the collector would have made of the same JSON.

use beckon_domain::event::Event;
use beckon_domain::id::UserId;
use beckon_domain::{Currency, Pepper, SourceId, Timestamp};
use beckon_rules::Ruleset;
use beckon_wire::capture::{Received, capture};
use beckon_wire::stream::read_alone;
use serde_json::{Map, Value, json};

/// Events as a page sends them, without ids and times.
fn events() -> Vec<Value> {
    let track =
        |name: &str, properties: Value| json!({"type": "track", "event": name, "properties": properties});
    let item = json!({"product_id": "tent-2p", "category": "tents", "brand": "North", "name": "Tent", "price": 189.5,
        "quantity": 2, "variant": "green"});
    vec![
        track("Product Viewed", item.clone()),
        track(
            "Product Viewed",
            json!({"sku": 77, "price": 12, "currency": "USD", "position": 3, "on_sale": true}),
        ),
        track("Product Clicked", json!({"product_id": "mug", "list_id": "related"})),
        track("Product Added", json!({"product_id": "mug", "cart_id": "c-1", "coupon": "X"})),
        track("Product Removed", json!({"product_id": "mug"})),
        track("Product Removed", json!({"product_id": "mug", "quantity": 1})),
        track("Product Dwelled", json!({"product_id": "mug", "engaged_ms": 31_000})),
        track("Cart Updated", json!({"cart_id": 5, "products": [item, {"product_id": "mug"}]})),
        track("Cart Updated", json!({"products": []})),
        track(
            "Order Completed",
            json!({"order_id": "o-1", "total": 200, "revenue": 190, "products": [{"product_id": "mug",
            "price": 18}]}),
        ),
        track("Order Completed", json!({"revenue": 190.25, "tax": 7})),
        track("Order Completed", json!({})),
        track("Order Completed", json!({"coupon": "save-1", "order_id": "o-2"})),
        track(
            "Coupon Applied",
            json!({"coupon_id": "save-1", "discount": 2.5, "order_id": "o-2", "cart_id": 5}),
        ),
        track("Coupon Denied", json!({"coupon_id": 17, "reason": "over"})),
        track(
            "Promotion Viewed",
            json!({"promotion_id": "spring", "rule_id": "r-17", "name": "Jo", "category": "x",
            "value": 3, "nested": {"a": 1}}),
        ),
        track("Song Played", json!({"price": "free", "quantity": -1})),
        json!({"type": "identify", "traits": {"plan": "gold", "level": 3, "member": true}}),
        json!({"type": "identify", "context": {"consent": {"marketing_email": true, "analytics": false}}}),
        json!({"type": "page", "name": "Home", "category": "Start", "properties": {"path": "/start"}}),
        json!({"type": "screen", "name": "Basket"}),
        json!({"type": "page", "context": {"campaign": {"name": "spring", "source": "letter", "medium": "email"}}}),
    ]
}

/// The same as an event of a ruleset's test; JSON is YAML.
fn happening(event: &Value) -> Value {
    let mut given = json!({"at": "0s"});
    match event["type"].as_str().expect("a type") {
        "track" => {
            (given["event"], given["properties"]) = (event["event"].clone(), event["properties"].clone())
        }
        "identify" => given["identify"] = event.get("traits").cloned().unwrap_or_else(|| json!({})),
        page => {
            let mut told = Map::new();
            for name in ["name", "category"] {
                told.extend(event.get(name).map(|value| (name.to_owned(), value.clone())));
            }
            told.extend(event["properties"].get("path").map(|path| ("path".to_owned(), path.clone())));
            given[page] = Value::Object(told);
        }
    }
    for name in ["consent", "campaign"] {
        if let Some(value) = event["context"].get(name) {
            given[name] = value.clone();
        }
    }
    given
}

fn collected(event: &Value) -> Event {
    let (source, context) = (SourceId::new("web").expect("an id"), Map::new());
    let received = Received {
        at: Timestamp::from_ms(1_780_315_200_000),
        sent_at: None,
        source: &source,
        currency: Currency::new("EUR").expect("a currency"),
        context: &context,
        event_type: None,
        is_bot: false,
        gpc: false,
        room: beckon_wire::limits::EVENT_COUNT_MAX,
        fresh_id: &|| "m".to_owned(),
    };
    let mut sent = event.clone();
    sent["userId"] = json!("u-2077");
    let mut line = capture(&sent.to_string(), &received).expect("a good event").line;
    let pepper = Pepper::new("1", b"0123456789abcdef").expect("a pepper");
    line.key = pepper.customer(&UserId::new("u-2077").expect("an id")).to_string();
    read_alone(&serde_json::to_string(&line).expect("JSON")).expect("a good line").1.event
}

#[test]
fn a_test_means_by_an_event_what_the_collector_means() {
    for event in events() {
        let given = happening(&event);
        let text = format!(
            "version: 1\nname: X\ncurrency: EUR\ntests:\n  - name: t\n    given: [{given}]\n    expect: {{ mail: false }}\n"
        );
        let ruleset = Ruleset::parse(&text).unwrap_or_else(|error| panic!("{given}: {error}"));
        let told = ruleset.tests()[0].events().next().expect("an event").clone();
        let collected = collected(&event);
        assert_eq!(told.kind, collected.kind, "{event}");
        assert_eq!(told.details, collected.details, "{event}");
        assert_eq!(told.consent, collected.consent, "{event}");
    }
}

#[test]
fn what_the_collector_refuses_a_test_refuses_too() {
    let track =
        |name: &str, properties: Value| json!({"type": "track", "event": name, "properties": properties});
    for event in [
        track("Product Viewed", json!({})),
        track("Product Added", json!({"product_id": "p", "price": "12"})),
        track("Product Added", json!({"product_id": "p", "price": -1})),
        track("Product Added", json!({"product_id": "p", "quantity": 1.5})),
        track("Product Added", json!({"product_id": "p", "currency": "EURO"})),
        track("Cart Updated", json!({})),
        track("Cart Updated", json!({"products": [{"product_id": "p"}, {}]})),
        track("Order Completed", json!({"products": {}})),
        track("Product Dwelled", json!({"product_id": "p"})),
    ] {
        let given = happening(&event);
        let text = format!(
            "version: 1\nname: X\ncurrency: EUR\ntests: [{{name: t, given: [{given}], expect: {{mail: false}}}}]\n"
        );
        assert!(Ruleset::parse(&text).is_err(), "{event}");
    }
}
