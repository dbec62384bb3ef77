//! The schemas of events against the parser: what one of them takes the other takes, for events of every kind whose fields
//! are right, wrong, empty and missing.
#![allow(clippy::unwrap_used)]

use beckon_contract::events::{CALLS, call, commerce_event, commerce_events};
use beckon_domain::{Currency, SourceId, Timestamp};
use beckon_wire::capture::{Received, capture};
use jsonschema::Validator;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What JSON Schema cannot say: sizes in bytes, and dates that no calendar has. (Nor that a whole number is written with a
/// point, which no id may be: none of the values is.)
const CANNOT_BE_SAID: [&str; 3] = ["event.too_large", "event.nesting", "schema.timestamp"];

fn read(event: &Value) -> Result<(), (String, &'static str)> {
    let source = SourceId::new("web").unwrap();
    let received = Received {
        at: Timestamp::from_ms(1_763_800_000_000),
        sent_at: None,
        source: &source,
        currency: Currency::new("EUR").unwrap(),
        context: &Map::new(),
        event_type: None,
        is_bot: false,
        gpc: false,
        room: beckon_wire::limits::EVENT_COUNT_MAX,
        fresh_id: &|| "fresh".to_owned(),
    };
    capture(&event.to_string(), &received).map(|_| ()).map_err(|fault| (fault.pointer, fault.code))
}

fn compiled(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).unwrap_or_else(|error| panic!("{error}: {schema}"))
}

/// A value that is right, or wrong in one of the ways in which clients are wrong.
fn value() -> impl Strategy<Value = Value> {
    let texts = [
        "p-1",
        "",
        "  ",
        " padded ",
        "null",
        "Guest",
        "{{ user.id }}",
        "a@b.example",
        "a%40b.example",
        "two\nlines",
        "EUR",
        "usd",
        "EURO",
        "12.50",
        "2025-11-22T08:00:00Z",
        "2025-11-22 08:00:00.5+01:00",
        "yesterday",
        "2025-11-22",
        "0000-00",
        "(not set)",
        "\u{a0}wide\u{a0}",
        "\u{85}",
        "tail\u{7}",
        "https://s.example/c?t=1",
    ];
    prop_oneof![
        6 => select(texts.to_vec()).prop_map(Value::from),
        1 => (98..104_usize).prop_map(|n| Value::from("x".repeat(n))),
        1 => (126..131_usize).prop_map(|n| Value::from("x".repeat(n))),
        1 => (198..203_usize).prop_map(|n| Value::from("x".repeat(n))),
        3 => select(vec![json!(0), json!(-1), json!(1), json!(7), json!(u64::MAX), json!(i64::MIN)]),
        2 => select(vec![json!(12.5), json!(-0.5), json!(1_000_000_000), json!(1_000_000_000.5), json!(1e300)]),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => select(vec![json!({}), json!([]), json!({ "a": 1 }), json!(["p"])]),
    ]
}

/// An object with some of these fields.
fn fields(names: &'static [&'static str]) -> impl Strategy<Value = Map<String, Value>> {
    vec((select(names.to_vec()), value()), 0..5)
        .prop_map(|pairs| pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

const PRODUCT: &[&str] = &["product_id", "sku", "price", "quantity", "position", "category", "name", "brand"];
const PROPERTIES: &[&str] = &[
    "product_id",
    "sku",
    "price",
    "quantity",
    "position",
    "category",
    "currency",
    "order_id",
    "cart_id",
    "cart_url",
    "total",
    "revenue",
    "value",
    "tax",
    "engaged_ms",
    "products",
    "decision_id",
    "slot_id",
    "rule_id",
    "offer_id",
    "experiment_id",
    "variation_id",
];
const CALL: &[&str] = &[
    "anonymousId",
    "userId",
    "previousId",
    "messageId",
    "timestamp",
    "originalTimestamp",
    "event",
    "traits",
    "context",
];

/// Properties: mostly with a product, sometimes with a list of them.
fn properties() -> impl Strategy<Value = Value> {
    let product = fields(PRODUCT).prop_map(|mut product| {
        product.entry("product_id").or_insert(json!("p-1"));
        Value::Object(product)
    });
    let products = vec(prop_oneof![9 => product, 1 => value()], 0..3);
    let whole = (fields(PROPERTIES), any::<bool>(), proptest::option::of(products));
    let told = whole.prop_map(|(mut told, has_product, products)| {
        if has_product {
            told.entry("product_id").or_insert(json!("p-1"));
            told.entry("engaged_ms").or_insert(json!(31_000));
            told.entry("decision_id").or_insert(json!("d-1"));
        }
        told.extend(products.map(|products| ("products".to_owned(), Value::Array(products))));
        Value::Object(told)
    });
    prop_oneof![12 => told, 1 => value()]
}

fn context() -> impl Strategy<Value = Value> {
    let choices = || fields(&["analytics", "personalization", "marketing_email"]);
    let consent = (choices(), proptest::option::of(choices())).prop_map(|(mut consent, preferences)| {
        let preferences = preferences.map(|all| ("categoryPreferences".to_owned(), Value::Object(all)));
        consent.extend(preferences);
        json!({ "consent": consent, "timezone": 7 })
    });
    prop_oneof![3 => Just(json!({ "locale": "de-DE" })), 2 => consent, 1 => value()]
}

fn event() -> impl Strategy<Value = Value> {
    let names: Vec<&'static str> = commerce_events().into_iter().chain(["Song Played"]).collect();
    let parts = (select(CALLS.to_vec()), select(names), properties(), context(), fields(CALL), any::<u8>());
    parts.prop_map(|(kind, name, properties, context, own, whim)| {
        let mut event = json!({ "type": kind, "properties": properties, "context": context });
        if whim % 8 != 0 {
            event["anonymousId"] = json!("visitor-1");
        }
        if kind == "track" && whim % 9 != 0 {
            event["event"] = json!(name);
        }
        // Three of four events have nothing else that may be wrong.
        if whim % 4 == 0 {
            event.as_object_mut().unwrap().extend(own);
        }
        event
    })
}

/// The schema of an event: that of its name, if it has one of its own.
fn schema_of<'a>(all: &'a BTreeMap<String, Validator>, event: &Value) -> &'a Validator {
    let kind = event["type"].as_str().unwrap();
    let named = event["event"].as_str().filter(|_| kind == "track").and_then(|name| all.get(name.trim()));
    named.unwrap_or_else(|| &all[kind])
}

fn schemas() -> BTreeMap<String, Validator> {
    let calls = CALLS.iter().map(|kind| ((*kind).to_owned(), compiled(&call(kind))));
    let events =
        commerce_events().into_iter().map(|event| (event.to_owned(), compiled(&commerce_event(event))));
    calls.chain(events).collect()
}

#[test]
fn an_event_is_accepted_when_and_only_when_its_schema_takes_it() {
    let schemas = schemas();
    let (accepted, refused) = (std::cell::Cell::new(0_u32), std::cell::Cell::new(0_u32));
    let config = ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() };
    let run = proptest::test_runner::TestRunner::new(config).run(&event(), |event| {
        let (read, schema) = (read(&event), schema_of(&schemas, &event));
        match read {
            Ok(()) => {
                accepted.set(accepted.get() + 1);
                let wrong: Vec<String> =
                    schema.iter_errors(&event).map(|e| format!("{}: {e}", e.instance_path())).collect();
                prop_assert!(wrong.is_empty(), "accepted, and the schema refuses it: {wrong:?}\n{event}");
            }
            Err((pointer, code)) => {
                refused.set(refused.get() + 1);
                let is_sayable = !CANNOT_BE_SAID.contains(&code);
                prop_assert!(
                    !is_sayable || !schema.is_valid(&event),
                    "refused with {code} at {pointer}, and the schema takes it:\n{event}"
                );
            }
        }
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    assert!(accepted.get() > 2_000 && refused.get() > 2_000, "{} and {}", accepted.get(), refused.get());
}
