//! Experiments become live beside the ruleset, are switched and taken back, and are reported on.

use axum::body::Body;
use axum::http::{Method, Request, header};
use beckon_domain::DurationMs;
use beckon_rules::SAMPLE;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{DocumentKind, RulesetStore};
use data_encoding::BASE64;
use harness::{Answer, Teller, World, world::START};
use serde_json::{Value, json};

const EXPERIMENTS: &str = "/admin/v1/experiments";

const DOCUMENT: &str = "version: 1
holdout: 0%
experiments:
  # Two mugs or three.
  - id: hero
    status: running
    variants:
      - { id: a, weight: 50% }
      - { id: b, weight: 50%, changes: [{ slot: home.hero, count: 2 }] }
";

async fn ask(world: &World<MemoryTables>, method: Method, path: &str, key: &str, body: &str) -> Answer {
    let credentials = format!("Basic {}", BASE64.encode(format!("{key}:").as_bytes()));
    let request = Request::builder().method(method).uri(path).header(header::AUTHORIZATION, credentials);
    world.request(request.body(Body::from(body.to_owned())).unwrap()).await
}

async fn put(world: &World<MemoryTables>, body: &str) -> Answer {
    ask(world, Method::PUT, EXPERIMENTS, "sk_local", body).await
}

async fn post(world: &World<MemoryTables>, path: &str, body: &Value) -> Answer {
    ask(world, Method::POST, &format!("{EXPERIMENTS}{path}"), "sk_local", &body.to_string()).await
}

async fn get(world: &World<MemoryTables>, path: &str) -> Value {
    let answer = ask(world, Method::GET, path, "sk_local", "").await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

async fn hero(world: &World<MemoryTables>) -> Value {
    let live = get(world, EXPERIMENTS).await;
    live["experiments"].as_array().unwrap().iter().find(|known| known["id"] == "hero").unwrap().clone()
}

#[tokio::test]
async fn a_document_is_published_switched_and_taken_back_and_each_change_is_on_record() {
    let world = World::memory().await;
    let published = put(&world, DOCUMENT).await;
    assert_eq!(published.status, 200, "{}", published.text());
    let first = published.json()["version"].as_str().unwrap().to_owned();
    assert_eq!(put(&world, DOCUMENT).await.json()["changed"], false, "it is live already");

    let ramped = post(&world, "/hero/ramp", &json!({ "percent": 25, "note": "careful" })).await;
    assert_eq!(ramped.status, 200, "{}", ramped.text());
    assert_eq!(hero(&world).await["percent"], 25.0);
    let stopped = post(&world, "/hero/stop", &json!({ "winner": "b", "by": "marketing" })).await;
    assert_eq!(stopped.status, 200, "{}", stopped.text());
    let stands = hero(&world).await;
    assert_eq!((&stands["status"], &stands["winner"]), (&json!("stopped"), &json!("b")));
    let text = get(&world, EXPERIMENTS).await["text"].as_str().unwrap().to_owned();
    assert!(text.contains("# Two mugs or three."), "what its author wrote stays: {text}");
    assert_eq!(post(&world, "/kill", &json!({})).await.status, 200);
    assert_eq!(hero(&world).await["killed"], true);

    let back = post(&world, "/rollback", &json!({ "to": first })).await;
    assert_eq!(back.json()["version"], first, "{}", back.text());
    assert_eq!(hero(&world).await["status"], "running");
    let history = get(&world, &format!("{EXPERIMENTS}/versions")).await;
    let told: Vec<(&str, Option<&str>)> = history["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (change["action"].as_str().unwrap(), change["note"].as_str().or(change["by"].as_str())))
        .collect();
    let expected = [
        ("rollback", None),
        ("publish", None),
        ("publish", Some("marketing")),
        ("publish", Some("careful")),
        ("publish", None),
    ];
    assert_eq!(told[..5], expected);
    let kept = ask(&world, Method::GET, &format!("{EXPERIMENTS}/versions/{first}"), "sk_local", "").await;
    assert_eq!(kept.text(), DOCUMENT);
}

#[tokio::test]
async fn what_is_wrong_or_for_nobody_changes_nothing() {
    let world = World::memory().await;
    assert_eq!(put(&world, DOCUMENT).await.status, 200);
    let live = get(&world, EXPERIMENTS).await["version"].clone();
    let wrong = put(&world, &DOCUMENT.replace("home.hero", "home.herro")).await;
    assert_eq!(wrong.status, 422, "{}", wrong.text());
    assert!(wrong.text().contains("home.hero") && wrong.json()["errors"][0]["line"] == 9, "{}", wrong.text());
    for (path, body, status) in [
        ("/hero/stop", json!({ "winner": "c" }), 422),
        ("/none/stop", json!({}), 404),
        ("/hero/ramp", json!({ "percent": 200 }), 400),
        ("/hero/kill", json!({ "expect": "another" }), 409),
        ("/rollback", json!({ "to": "nothing" }), 404),
    ] {
        let answer = post(&world, path, &body).await;
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.text());
    }
    for (key, status) in [("pk_local", 403), ("sk_guessed", 401)] {
        let answer = ask(&world, Method::PUT, EXPERIMENTS, key, DOCUMENT).await;
        assert_eq!(answer.status, status);
    }
    assert_eq!(get(&world, EXPERIMENTS).await["version"], live);
}

#[tokio::test]
async fn a_ruleset_that_the_live_experiments_do_not_fit_is_refused_and_the_last_pair_that_fits_is_followed() {
    let world = World::memory().await;
    assert_eq!(put(&world, DOCUMENT).await.status, 200);
    let without = SAMPLE.replace("home.hero", "home.other");
    let refused = ask(&world, Method::PUT, "/admin/v1/rulesets?force=true", "sk_local", &without).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert!(refused.text().contains("the live experiments do not fit"), "{}", refused.text());

    // Somebody writes past the check: what fitted goes on.
    let body = json!({ "slots": [{ "id": "home.hero" }], "anonymousId": "anna" });
    let before = world.post("/v1/decisions", "pk_local", &body).await.json();
    let tables = &world.stack.tables;
    let live = tables.live_document(DocumentKind::Experiments).await.unwrap().unwrap();
    let mut change = tables.document_changes(DocumentKind::Experiments, None, 1).await.unwrap().remove(0);
    change.number += 1;
    let mut bad = live.document;
    bad.version = "bad".to_owned();
    bad.body = bad.body.replace("home.hero", "home.herro");
    tables.change_document(DocumentKind::Experiments, &bad, &change).await.unwrap();
    world.pass(DurationMs::from_minutes(1));
    let after = world.post("/v1/decisions", "pk_local", &body).await.json();
    assert_eq!(after["decisions"][0]["experiment"], before["decisions"][0]["experiment"], "{after}");
    assert_eq!(after["configVersion"], before["configVersion"]);
}

#[tokio::test]
async fn a_report_counts_who_was_shown_what_and_what_they_did_then() {
    let mut world = World::memory().await;
    world.publish_experiments(DOCUMENT).await;
    let mut teller = Teller::new(START);
    let mut bought = 0;
    for n in 0..12 {
        let who = format!("visitor-{n}");
        let body = json!({ "anonymousId": who, "slots": [{ "id": "home.hero" }] });
        assert_eq!(world.post("/v1/decisions", "pk_local", &body).await.status, 200);
        if n % 3 == 0 {
            let told = json!({ "order_id": who, "total": 18, "currency": "EUR" });
            let order = json!({ "order": ["mug"], "by": who, "time": "2m", "with": told });
            world.pass(DurationMs::from_secs(30));
            let order = teller.event(&order);
            world.events("sk_local", &[order]).await;
            bought += 1;
        }
    }
    world.finish().await;
    let report = get(&world, "/admin/v1/reports/experiments/hero").await;
    let variants = report["variants"].as_array().unwrap();
    let sum = |name: &str| variants.iter().map(|variant| variant[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((report["people"].as_u64(), sum("people")), (Some(12), 12), "{report:#}");
    assert_eq!((sum("converted"), sum("conversions")), (bought, bought), "{report:#}");
    let paid: i64 = variants
        .iter()
        .flat_map(|v| v["revenue"].as_array().unwrap())
        .map(|r| r["total"].as_i64().unwrap())
        .sum();
    assert!(paid > 0 && report["complete"] == true, "{report:#}");
    assert_eq!(variants[1]["compared"]["verdict"], "too_few");
    for (path, status) in [("none", 404), ("hero?run=x", 400)] {
        let path = format!("/admin/v1/reports/experiments/{path}");
        assert_eq!(ask(&world, Method::GET, &path, "sk_local", "").await.status, status, "{path}");
    }
    assert_eq!(get(&world, "/admin/v1/reports/experiments/hero?run=2").await["people"], 0);
}
