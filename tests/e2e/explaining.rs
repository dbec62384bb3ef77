//! Why somebody is shown what they are shown: for the shop's own server, and for nobody else.

use axum::body::Body;
use axum::http::{Request, header};
use beckon_domain::DurationMs;
use beckon_rules::SAMPLE;
use beckon_store::tables::memory::MemoryTables;
use data_encoding::BASE64;
use harness::{Answer, World};
use serde_json::{Value, json};

type Shop = World<MemoryTables>;

async fn explained(shop: &Shop, key: &str, id: &str) -> Answer {
    let credentials = BASE64.encode(format!("{key}:").as_bytes());
    let request = Request::get(format!("/v1/decisions/{id}/explain"))
        .header(header::AUTHORIZATION, format!("Basic {credentials}"))
        .body(Body::empty())
        .unwrap();
    shop.request(request).await
}

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
async fn what_was_decided_is_kept_for_a_week_with_what_was_one_step_short_and_no_value_of_the_person() {
    let mut shop = Shop::on(MemoryTables::default(), SAMPLE).await;
    let view = json!({ "type": "track", "event": "Product Viewed", "anonymousId": "anna",
        "properties": { "product_id": "tent-2p" } });
    shop.events("pk_local", &[view]).await;
    let body = json!({ "anonymousId": "anna", "context": { "page": { "type": "PRODUCT", "productId": "mug" } },
        "slots": [{ "id": "home.hero" }, { "id": "nowhere" }, { "id": "pdp.related" }] });
    let answer = shop.post("/v1/decisions", "pk_local", &body).await.json();
    // What happens afterwards changes nothing of what was decided then.
    shop.pass(DurationMs::from_hours(1));
    let id = answer["decisions"][1]["decisionId"].as_str().unwrap();
    assert!(id.ends_with(".2"), "the third slot asked for: {id}");
    let told = explained(&shop, "sk_local", id).await;
    assert_eq!(told.status, 200, "{}", told.text());
    assert_eq!(told.header("cache-control"), "private, no-store");
    let told = told.json();
    assert_eq!(
        (&told["state"], &told["decision"]["ruleId"]),
        (&json!("anonymous"), &json!("tent-accessories"))
    );
    assert_eq!(told["decision"]["items"].as_array().unwrap().len(), 4);
    assert_eq!(told["decision"]["rules"], json!([{ "id": "tent-accessories", "verdict": "won" }]));
    assert_eq!(told["profile"], shop.visitor("anna").as_str());
    let first = answer["decisions"][0]["decisionId"].as_str().unwrap();
    let rules = explained(&shop, "sk_local", first).await.json()["decision"]["rules"].clone();
    let near = rules.as_array().unwrap().iter().filter(|rule| rule["nearMiss"].is_string()).count();
    assert!(near > 0, "{rules}");

    for (key, id, status) in [
        ("pk_local", id, 403),
        ("sk_local", "nothing", 404),
        ("sk_none", id, 401),
        ("sk_local", &id[..36], 404),
    ] {
        assert_eq!(explained(&shop, key, id).await.status, status, "{key} {id}");
    }
    shop.pass(DurationMs::from_days(7));
    assert_eq!(explained(&shop, "sk_local", id).await.status, 404, "forgotten");
}

#[tokio::test]
async fn a_record_of_who_denies_personalization_names_nobody() {
    let mut shop = Shop::on(MemoryTables::default(), SAMPLE).await;
    let denied = json!({ "type": "track", "event": "Product Viewed", "anonymousId": "anna",
        "properties": { "product_id": "tent-2p" }, "context": { "consent": { "personalization": false } } });
    shop.events("pk_local", &[denied]).await;
    let body = json!({ "anonymousId": "anna", "slots": [{ "id": "home.hero" }] });
    let answer = shop.post("/v1/decisions", "pk_local", &body).await.json();
    assert_eq!(answer["decisions"][0]["reason"]["code"], "CONSENT_DENIED");
    assert_eq!(shop.stack.tables.decisions()[0].profile, None);
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
