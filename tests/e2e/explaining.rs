//! Why somebody is shown what they are shown: for the shop's own server, and for nobody else.

use beckon_rules::SAMPLE;
use beckon_store::tables::memory::MemoryTables;
use harness::World;
use serde_json::{Value, json};

type Shop = World<MemoryTables>;

fn asked(by: &Value) -> Value {
    let mut body = json!({
        "context": { "page": { "type": "PRODUCT", "productId": "mug" } },
        "slots": [{ "id": "pdp.related" }, { "id": "nowhere" }],
        "options": { "explain": true },
    });
    for (name, id) in by.as_object().unwrap() {
        body[name] = id.clone();
    }
    body
}

#[tokio::test]
async fn a_server_is_told_what_was_compared_and_what_is_missing() {
    let mut shop = Shop::on(MemoryTables::default(), SAMPLE).await;
    let view = json!({ "type": "track", "event": "Product Viewed", "anonymousId": "anna",
        "properties": { "product_id": "tent-2p" } });
    shop.events("pk_local", &[view]).await;
    let answer = shop.post("/v1/decisions", "sk_local", &asked(&json!({ "anonymousId": "anna" }))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let rules = answer["decisions"][0]["explanation"].as_array().unwrap();
    assert_eq!(rules.len(), 2, "every rule of the slot");
    assert_eq!((&rules[0]["id"], &rules[0]["verdict"]), (&json!("tent-accessories"), &json!("won")));
    assert_eq!(rules[0]["condition"]["condition"], "viewed: {product: tent-2p, within: 5m}");
    assert_eq!(
        (&rules[1]["verdict"], &rules[1]["condition"]["holds"]),
        (&json!("does_not_hold"), &json!(false))
    );
    assert!(rules[1]["near_miss"].as_str().unwrap().ends_with("more"), "{}", rules[1]);
    assert_eq!((&answer["segments"], &answer["acting"]), (&json!([]), &json!([])));
    assert_eq!(answer["errors"][0]["code"], "slot.unknown");

    let answer = shop.post("/v1/decisions", "sk_local", &asked(&json!({ "anonymousId": "nobody" }))).await;
    let rules = answer.json()["decisions"][0]["explanation"].clone();
    assert_eq!(rules[0]["verdict"], "not_asked");
    assert_eq!(rules[0]["condition"]["read"], "MISSING");
}

#[tokio::test]
async fn a_page_is_told_nothing_of_it() {
    let shop = Shop::on(MemoryTables::default(), SAMPLE).await;
    let answer = shop.post("/v1/decisions", "pk_local", &asked(&json!({ "anonymousId": "anna" }))).await;
    assert_eq!((answer.status, &answer.json()["errors"][0]["code"]), (403, &json!("explain.secret")));
    let body = json!({ "anonymousId": "anna", "slots": [{ "id": "home.hero" }] });
    let answer = shop.post("/v1/decisions", "sk_local", &body).await.json();
    assert!(
        answer["decisions"][0].get("explanation").is_none() && answer.get("segments").is_none(),
        "{answer}"
    );
}
