//! The loop closes: what people do with decisions is reported, learned from, and decides what the next one is shown.

use axum::body::Body;
use axum::http::{Request, header};
use beckon_domain::DurationMs;
use beckon_domain::consent::ConsentDefault;
use beckon_rules::SAMPLE;
use beckon_store::archive::memory::MemoryArchive;
use beckon_store::models::memory::MemoryModels;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{ModelKind, ModelStore};
use data_encoding::BASE64;
use harness::World;
use serde_json::{Value, json};
use trainer::{Limits, Period, Task, Trainer};

type Shop = World<MemoryTables>;

/// The sample, with a slot that learns.
async fn shop(learns: bool) -> Shop {
    let own = "  - id: pdp.related # on the product page, under the product\n";
    assert!(SAMPLE.contains(own));
    let ruleset = SAMPLE.replace(own, &format!("{own}    learn: {learns}\n"));
    Shop::on(MemoryTables::default(), &ruleset).await
}

async fn report(shop: &Shop, key: &str, query: &str) -> (u16, Value) {
    let credentials = BASE64.encode(format!("{key}:").as_bytes());
    let request = Request::get(format!("/admin/v1/reports/engagement{query}"))
        .header(header::AUTHORIZATION, format!("Basic {credentials}"))
        .body(Body::empty())
        .unwrap();
    let answer = shop.request(request).await;
    (answer.status, answer.json())
}

/// What the tent's page shows below the tent: each product's source, and the factors that an explanation tells.
async fn shown(shop: &mut Shop) -> (Vec<String>, Value) {
    let view = json!({ "type": "track", "event": "Product Viewed", "anonymousId": "reader",
        "properties": { "product_id": "tent-2p" } });
    shop.events("pk_local", &[view]).await;
    let ask = json!({ "anonymousId": "reader", "options": { "explain": true }, "slots": [{ "id": "pdp.related" }],
        "context": { "page": { "type": "PRODUCT", "productId": "tent-2p" } } });
    let answer = shop.post("/v1/decisions", "sk_local", &ask).await.json();
    let decision = &answer["decisions"][0];
    assert_eq!(decision["reason"]["ruleId"], "tent-accessories", "{answer}");
    let sources = decision["items"].as_array().unwrap().iter();
    let sources = sources.map(|item| item["source"].as_str().unwrap().to_owned());
    (sources.collect(), decision["learned"].clone())
}

/// Eight visitors see the decision a hundred times each; every second one is clicked, and what is clicked is related to the tent
/// and no accessory.
async fn visit(shop: &mut Shop) {
    for visitor in 0..8 {
        let mut events = Vec::new();
        for n in 0..100 {
            let mut tell = |name: &str, source: &str| {
                events.push(json!({ "type": "track", "event": name, "anonymousId": format!("v{visitor}"),
                    "properties": { "decision_id": format!("d-{visitor}-{n}"), "slot_id": "pdp.related",
                        "rule_id": "tent-accessories", "source": source } }));
            };
            tell("Decision Viewed", "accessory,related");
            if n % 2 == 0 {
                tell("Decision Clicked", "related");
            }
        }
        shop.events("pk_local", &events).await;
    }
    let order = json!({ "type": "track", "event": "Order Completed", "anonymousId": "v0", "properties": {
        "order_id": "o-1", "total": 349, "currency": "EUR", "decision_id": "d-0-98",
        "products": [{ "product_id": "tent-4p", "quantity": 1 }] } });
    shop.events("pk_local", &[order]).await;
}

/// The trainer's next run.
async fn train(shop: &Shop) -> trainer::Report {
    let trainer = Trainer {
        tables: shop.stack.tables.clone(),
        archive: MemoryArchive::default(),
        objects: MemoryModels::default(),
        clock: shop.stack.clock.clone(),
        limits: Limits::default(),
        policy: beckon_domain::Policy::default(),
        consent_default: ConsentDefault::default(),
    };
    let task = Task { period: Period::All, until: None, who: "trainer".to_owned() };
    trainer.train_worth(&task).await.unwrap()
}

#[tokio::test]
async fn what_people_click_moves_up_in_a_slot_that_learns() {
    let mut shop = shop(true).await;
    let before = shown(&mut shop).await;
    assert_eq!((before.0[0].as_str(), before.0[1].as_str()), ("accessory", "accessory"), "{before:?}");
    assert_eq!(before.1, Value::Null, "nothing was learned");
    visit(&mut shop).await;
    shop.finish().await;
    let early = train(&shop).await;
    assert_eq!((early.end, early.made), ("refused", None), "today is not over: {}", early.reason);
    assert_eq!(shown(&mut shop).await.0, before.0);

    shop.pass(DurationMs::from_days(1));
    let report = train(&shop).await;
    assert_eq!((report.end, report.number), ("published", 2), "{}", report.reason);
    let (sources, learned) = shown(&mut shop).await;
    assert_eq!(sources[0], "related", "{sources:?}, {learned}");
    assert!(learned["related"].as_f64().unwrap() > 1.3, "{learned}");
    assert!(learned["accessory"].as_f64().unwrap() < 0.7, "{learned}");
    let live = shop.stack.tables.model_standing(ModelKind::Worth).await.unwrap().live.unwrap();
    let card: trainer::worth::Card = serde_json::from_str(&live.card).unwrap();
    assert_eq!(card.slots[0].slot, "pdp.related");
    assert_eq!((card.slots[0].strategies[0].outcomes.views, card.from.len()), (800, 10));

    // A month later nobody knows any more how good it is.
    shop.pass(DurationMs::from_days(40));
    assert_eq!(train(&shop).await.end, "published", "nothing takes its place");
    shop.pass(DurationMs::from_minutes(2));
    let (sources, learned) = shown(&mut shop).await;
    assert_eq!((sources, learned), (before.0, Value::Null));
}

#[tokio::test]
async fn a_slot_that_does_not_learn_stays_as_it_is() {
    let mut shop = shop(false).await;
    let before = shown(&mut shop).await;
    visit(&mut shop).await;
    shop.finish().await;
    shop.pass(DurationMs::from_days(1));
    assert_eq!(train(&shop).await.end, "published");
    assert_eq!(shown(&mut shop).await, before);
}

#[tokio::test]
async fn a_report_says_what_became_of_decisions_and_whether_a_rule_stopped_paying() {
    let mut shop = shop(true).await;
    visit(&mut shop).await;
    shop.finish().await;
    let (status, told) = report(&shop, "sk_local", "").await;
    assert_eq!(status, 200, "{told}");
    let group = &told["groups"][0];
    assert_eq!(
        (&group["key"], &group["views"], &group["clicks"]),
        (&json!("tent-accessories"), &json!(800), &json!(400))
    );
    let rate = &group["clickRate"];
    assert!(rate["interval"]["low"].as_f64() < rate["rate"].as_f64(), "{rate}");
    for credit in group["credit"].as_array().unwrap() {
        let paid = (&credit["orders"], &credit["conversions"], &credit["revenue"][0]["total"]);
        assert_eq!(paid, (&json!(1), &json!(1), &json!(34_900)), "{credit}");
    }
    let stopped = &told["stoppedPaying"];
    assert_eq!((&stopped["asked"], &stopped["rules"]), (&json!(0), &json!([])), "nothing is said of one day");
    let (_, by) = report(&shop, "sk_local", "?by=source").await;
    let clicks: Vec<(&Value, &Value)> =
        by["groups"].as_array().unwrap().iter().map(|group| (&group["key"], &group["clicks"])).collect();
    assert_eq!(clicks, [(&json!("accessory"), &json!(0)), (&json!("related"), &json!(400))]);

    assert_eq!(report(&shop, "pk_local", "").await.0, 403);
    assert_eq!(report(&shop, "sk_local", "?by=person").await.0, 400);
    assert_eq!(report(&shop, "sk_local", "?from=2020-01-01&to=2025-11-22").await.0, 400);
    let (_, none) = report(&shop, "sk_local", "?to=2025-01-01").await;
    assert_eq!(none["groups"], json!([]));
}
