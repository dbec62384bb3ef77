//! What somebody else would be shown, or at another time: for whoever may ask, and without any trace.

use beckon_domain::DurationMs;
use beckon_rules::SAMPLE;
use beckon_store::tables::memory::MemoryTables;
use harness::{Answer, World};
use serde_json::{Value, json};

type Shop = World<MemoryTables>;

/// The sample shop, with a segment of people who have bought lately.
async fn shop() -> Shop {
    let rule = "rules:\n  - { id: vip-hero, slot: home.hero, priority: 9999, when: { segment: vip }, then: { offer: members-delivery } }\n";
    let segments = "segments:\n  - { id: vip, when: { event: Order Completed, within: 30d } }\n";
    let rules = SAMPLE.replacen("\nrules:\n", &format!("\n{segments}{rule}"), 1);
    World::on(MemoryTables::default(), &rules).await
}

async fn ask(shop: &Shop, key: &str, slot: &str, preview: &Value) -> Answer {
    let body = json!({ "anonymousId": "anna", "slots": [{ "id": slot }],
        "context": { "page": { "type": "PRODUCT", "productId": "mug" } }, "options": { "preview": preview } });
    shop.post("/v1/decisions", key, &body).await
}

fn viewer() -> Value {
    let view =
        json!({ "event": "Product Viewed", "secondsAgo": 60, "properties": { "product_id": "tent-2p" } });
    json!({ "persona": { "events": [view] } })
}

#[tokio::test]
async fn a_persona_is_shown_what_who_did_the_same_is_shown() {
    let shop = World::memory().await;
    let answer = ask(&shop, "sk_local", "pdp.related", &viewer()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    assert_eq!(
        (&answer["preview"], &answer["decisions"][0]["reason"]["ruleId"]),
        (&json!(true), &json!("tent-accessories"))
    );

    // Six minutes later they looked at the tent too long ago; who is logged in is a member.
    let now = shop.stack.clock.now() + DurationMs::from_minutes(6);
    let mut later = viewer();
    later["at"] = json!(now.as_ms());
    later["persona"]["events"][0]["secondsAgo"] = json!(6 * 60);
    let answer = ask(&shop, "sk_local", "pdp.related", &later).await.json();
    assert_ne!(answer["decisions"][0]["reason"]["ruleId"], "tent-accessories", "{answer}");
    let member = json!({ "persona": { "loggedIn": true, "traits": { "tier": "gold" } } });
    let answer = ask(&shop, "sk_local", "home.hero", &member).await.json();
    assert_eq!(answer["profile"]["state"], "known", "{answer}");
    assert_eq!(answer["decisions"][0]["reason"]["ruleId"], "members-only", "{answer}");
}

#[tokio::test]
async fn a_page_needs_a_token_that_is_made_with_a_secret_key_and_not_too_old() {
    let shop = World::memory().await;
    let refused = ask(&shop, "pk_local", "pdp.related", &viewer()).await;
    assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (403, &json!("preview.secret")));
    let mint = json!({ "preview": viewer(), "ttlSeconds": 60 });
    assert_eq!(shop.post("/v1/previews", "pk_local", &mint).await.status, 403);
    let minted = shop.post("/v1/previews", "sk_local", &mint).await;
    assert_eq!(minted.status, 200, "{}", minted.text());
    let token = minted.json()["token"].clone();
    let answer = ask(&shop, "pk_local", "pdp.related", &token).await.json();
    assert_eq!(answer["decisions"][0]["reason"]["ruleId"], "tent-accessories", "{answer}");
    for bad in [json!("nonsense"), json!(format!("{}x", token.as_str().unwrap()))] {
        let refused = ask(&shop, "pk_local", "pdp.related", &bad).await;
        assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (403, &json!("preview.invalid")));
    }
    shop.pass(DurationMs::from_minutes(1));
    assert_eq!(ask(&shop, "pk_local", "pdp.related", &token).await.status, 403, "its time is over");
}

#[tokio::test]
async fn a_persona_is_in_the_segments_that_are_told_and_in_no_others() {
    let shop = shop().await;
    let rule = async |persona: Value| {
        let answer = ask(&shop, "sk_local", "home.hero", &json!({ "persona": persona })).await.json();
        answer["decisions"][0]["reason"]["ruleId"].clone()
    };
    let order =
        json!([{ "event": "Order Completed", "properties": { "products": [{ "product_id": "mug" }] } }]);
    assert_eq!(rule(json!({ "events": order })).await, "vip-hero", "by what they did");
    assert_eq!(rule(json!({ "segments": ["vip"] })).await, "vip-hero", "as it is told");
    assert_ne!(rule(json!({ "segments": [], "events": order })).await, "vip-hero", "as it is told");
}

#[tokio::test]
async fn somebody_who_exists_is_shown_as_they_are_and_nothing_of_it_is_kept() {
    let mut shop = shop().await;
    let view = json!({ "type": "track", "event": "Product Viewed", "anonymousId": "ben",
        "properties": { "product_id": "tent-2p" } });
    shop.events("pk_local", &[view]).await;
    let preview = json!({ "profile": shop.visitor("ben").as_str() });
    let answer = ask(&shop, "sk_local", "pdp.related", &preview).await.json();
    assert_eq!(answer["decisions"][0]["reason"]["ruleId"], "tent-accessories", "{answer}");
    assert_eq!(shop.stack.tables.decisions(), [], "a preview is not written down");
    shop.finish().await;
}
