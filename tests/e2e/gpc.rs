//! Global Privacy Control: whoever sends `Sec-GPC: 1` is not personalized, and is answered all the same.

use axum::body::Body;
use axum::http::Request;
use beckon_store::tables::memory::MemoryTables;
use harness::World;
use serde_json::{Value, json};

/// Posts what a browser sends that has the control turned on.
async fn with_gpc(world: &World<MemoryTables>, path: &str, mut body: Value) -> Value {
    body["writeKey"] = json!("pk_local");
    let request = Request::post(path).header("sec-gpc", "1").body(Body::from(body.to_string())).unwrap();
    let answer = world.request(request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn view(by: &str, id: &str, consent: &Value) -> Value {
    json!({ "type": "track", "event": "Product Viewed", "anonymousId": by, "messageId": id,
        "properties": { "product_id": "tent-2p" }, "context": { "consent": consent } })
}

fn question() -> Value {
    json!({ "anonymousId": "anna", "slots": [{ "id": "pdp.related" }],
        "context": { "page": { "type": "PRODUCT", "productId": "mug" } } })
}

#[tokio::test]
async fn a_request_with_the_signal_is_answered_from_the_page_alone_and_the_next_without_it_as_before() {
    let mut world = World::memory().await;
    world.events("pk_local", &[view("anna", "1", &json!({}))]).await;
    let answer = with_gpc(&world, "/v1/decisions", question()).await;
    assert_eq!(answer["profile"], json!({ "state": "none" }), "{answer}");
    let decision = &answer["decisions"][0];
    assert_eq!(decision["reason"], json!({ "code": "CONSENT_DENIED" }), "{decision}");
    assert!(!decision["items"].as_array().unwrap().is_empty(), "a page is never left empty");

    let answer = world.post("/v1/decisions", "pk_local", &question()).await.json();
    assert_eq!(answer["decisions"][0]["reason"]["ruleId"], "tent-accessories", "{answer}");
    world.finish().await;
}

#[tokio::test]
async fn events_with_the_signal_deny_personalization_until_the_person_chooses_it() {
    let mut world = World::memory().await;
    let answer = with_gpc(&world, "/v1/batch", json!({ "batch": [view("anna", "1", &json!({}))] })).await;
    assert_eq!(answer["accepted"], 1, "{answer}");
    world.put_past_the_collector(1);
    world.drain().await;
    let reason = |answer: Value| answer["decisions"][0]["reason"].clone();
    let asked = world.post("/v1/decisions", "pk_local", &question()).await.json();
    assert_eq!(reason(asked), json!({ "code": "CONSENT_DENIED" }));

    world.pass(beckon_domain::DurationMs::from_secs(1));
    let chosen = view("anna", "2", &json!({ "personalization": true }));
    with_gpc(&world, "/v1/batch", json!({ "batch": [chosen] })).await;
    world.put_past_the_collector(1);
    world.drain().await;
    let asked = world.post("/v1/decisions", "pk_local", &question()).await.json();
    assert_eq!(reason(asked)["ruleId"], "tent-accessories");
    world.finish().await;
}
