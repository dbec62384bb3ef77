//! Keys through the admin API: made, used, revoked, and on record; who may use one from where.

use admin::{Admin, run_tests};
use axum::body::Body;
use axum::http::Request;
use beckon_cli::laptop::LocalModels;
use beckon_domain::DurationMs;
use beckon_store::tables::KeyStore;
use beckon_store::tables::memory::MemoryTables;
use data_encoding::BASE64;
use harness::{Answer, Fault, Faults, Faulty, World};
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

const KEYS: &str = "/admin/v1/keys";

fn request(method: &str, path: &str, key: &str, origin: Option<&str>, body: &Value) -> Request<Body> {
    let credentials = BASE64.encode(format!("{key}:").as_bytes());
    let mut request = Request::builder().method(method).uri(path);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    request.header("authorization", format!("Basic {credentials}")).body(body).unwrap()
}

async fn create(shop: &World<MemoryTables>, ask: Value) -> Value {
    let made = shop.post(KEYS, "sk_local", &ask).await;
    assert_eq!(made.status, 200, "{}", made.text());
    made.json()
}

async fn revoke(shop: &World<MemoryTables>, id: &str) -> Answer {
    let path = format!("{KEYS}/{id}?note=was%20in%20a%20log&by=the%20night%20shift");
    shop.request(request("DELETE", &path, "sk_local", None, &Value::Null)).await
}

fn viewed(n: u32) -> Value {
    json!({ "batch": [{ "type": "track", "event": "Product Viewed", "anonymousId": "v", "messageId": n.to_string(),
        "properties": { "product_id": "tent-2p" } }] })
}

/// Status of a capture with a key.
async fn captured(shop: &mut World<MemoryTables>, key: &str, n: u32) -> u16 {
    shop.capture("/v1/batch", key, &viewed(n)).await.status
}

#[tokio::test]
async fn two_keys_of_a_source_live_beside_each_other_until_one_is_revoked() {
    let mut shop = World::memory().await;
    let web = json!({ "kind": "publishable", "source": "browser", "label": "old" });
    let (old, new) = (create(&shop, web.clone()).await, create(&shop, web).await);
    let text = |made: &Value| made["secret"].as_str().unwrap().to_owned();
    let id = old["key"]["id"].as_str().unwrap().to_owned();
    assert!(text(&old).starts_with("pk_") && text(&old) != text(&new), "{old}");
    assert_eq!(captured(&mut shop, &text(&old), 1).await, 200);
    assert_eq!(captured(&mut shop, &text(&new), 2).await, 200);
    assert_eq!(captured(&mut shop, "pk_local", 3).await, 200, "the keys of the secret stay valid");
    let revoked = revoke(&shop, &id).await;
    assert_eq!((revoked.status, &revoked.json()["changed"]), (200, &json!(true)), "{}", revoked.text());
    assert_eq!(revoke(&shop, &id).await.json()["changed"], false, "asked again, it is the same");
    shop.pass(DurationMs::from_secs(60));
    assert_eq!(captured(&mut shop, &text(&old), 4).await, 401);
    assert_eq!(captured(&mut shop, &text(&new), 5).await, 200);
    let told = shop.request(request("GET", KEYS, "sk_local", None, &Value::Null)).await.json();
    let states: Vec<&Value> = told["keys"].as_array().unwrap().iter().map(|key| &key["state"]).collect();
    assert_eq!(states, ["revoked", "live"]);
    let change = &told["changes"][0];
    assert_eq!(
        (&change["action"], &change["who"], &change["key"]),
        (&json!("revoke"), &json!("server"), &json!(id))
    );
    assert_eq!((&change["by"], &change["note"]), (&json!("the night shift"), &json!("was in a log")));
    for key in [text(&old), text(&new)] {
        assert!(!told.to_string().contains(&key[3..]), "a key is shown once");
        let kept =
            format!("{:?}{:?}", shop.stack.tables.made_keys().await, shop.stack.tables.key_changes(9).await);
        assert!(!kept.contains(&key), "a key is kept nowhere");
    }
    shop.drain().await;
    shop.finish().await;
}

#[tokio::test]
async fn a_made_key_does_what_its_kind_may_and_ends_when_it_was_to_end() {
    let mut shop = World::memory().await;
    let ask = json!({ "kind": "secret", "source": "till", "expires_at": "2025-11-22T09:00:00Z" });
    let made = create(&shop, ask).await;
    let key = made["secret"].as_str().unwrap();
    let listed = shop.request(request("GET", KEYS, key, None, &Value::Null)).await;
    assert_eq!(listed.status, 200, "a secret key opens admin: {}", listed.text());
    let publishable = create(&shop, json!({ "kind": "publishable", "source": "browser" })).await;
    let publishable = publishable["secret"].as_str().unwrap();
    // A key that is not known yet has the table asked once in five seconds.
    shop.pass(DurationMs::from_secs(5));
    for (method, path) in [("GET", KEYS), ("POST", KEYS), ("DELETE", "/admin/v1/keys/key_x")] {
        let ask = json!({ "kind": "secret", "source": "x" });
        assert_eq!(
            shop.request(request(method, path, publishable, None, &ask)).await.status,
            403,
            "{method}"
        );
        assert_eq!(shop.request(request(method, path, "sk_guess", None, &ask)).await.status, 401, "{method}");
    }
    let token = create(&shop, json!({ "kind": "token", "source": "browser" })).await;
    let token = token["secret"].as_str().unwrap();
    assert_eq!(captured(&mut shop, token, 1).await, 401, "who signs does not write");
    assert_eq!(revoke(&shop, "key_unknown").await.status, 404);
    shop.pass(DurationMs::from_hours(24));
    assert_eq!(captured(&mut shop, key, 2).await, 401, "its time is over");
}

#[tokio::test]
async fn a_fault_at_any_call_leaves_a_key_and_its_record_or_neither() {
    for fault in Fault::ALL {
        for n in 1.. {
            let shop = World::memory().await;
            let tables = shop.stack.tables.clone();
            let faults = Faults::at(n, fault);
            let admin = Admin {
                tables: Faulty::new(tables.clone(), &faults),
                objects: LocalModels::default(),
                secrets: shop.stack.secrets.clone(),
                clock: shop.stack.clock.clone(),
                run_tests,
                tombstone: beckon_domain::DurationMs::from_days(90),
            };
            let ask = json!({ "kind": "publishable", "source": "browser" });
            let answer =
                admin::router(Arc::new(admin)).oneshot(request("POST", KEYS, "sk_local", None, &ask)).await;
            let answer = Answer::read(answer.unwrap()).await;
            let what = format!("{fault:?} at call {n} of {:?}: {}", faults.calls(), answer.text());
            let (set, records) = (tables.made_keys().await.unwrap(), tables.key_changes(9).await.unwrap());
            assert_eq!((set.number, set.keys.len()), (records.len() as u64, records.len()), "{what}");
            assert!(answer.status != 200 || set.keys.len() == 1, "shown and not kept: {what}");
            assert!([200, 503].contains(&answer.status), "{what}");
            if !faults.struck() {
                assert!(n > 2, "only {what}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_page_of_another_origin_is_refused_and_whoever_is_no_page_is_not() {
    let mut shop = World::memory().await;
    let ask = json!({ "kind": "publishable", "source": "browser", "origins": ["https://shop.example"] });
    let made = create(&shop, ask).await;
    let key = made["secret"].as_str().unwrap();
    let slots = json!({ "anonymousId": "v", "slots": [{ "id": "home.hero" }] });
    let cases = [
        (key, Some("https://shop.example"), 200),
        (key, None, 200),
        (key, Some("https://evil.example"), 403),
        (key, Some("https://shop.example.evil.example"), 403),
        (key, Some("http://shop.example"), 403),
        (key, Some("null"), 403),
        ("pk_local", Some("https://evil.example"), 200),
        ("sk_local", Some("https://evil.example"), 200),
    ];
    for (key, origin, status) in cases {
        for (path, body) in [("/v1/batch", viewed(1)), ("/v1/decisions", slots.clone())] {
            let answer = shop.request(request("POST", path, key, origin, &body)).await;
            let what = format!("{path} {key} {origin:?}: {}", answer.text());
            assert_eq!(answer.status, status, "{what}");
            if status == 403 {
                assert_eq!(answer.json()["errors"][0]["code"], "origin.not_allowed", "{what}");
            }
            let warned = answer.text().contains("key.secret_in_browser");
            assert_eq!(warned, key == "sk_local", "a secret key does not belong into a page: {what}");
        }
    }
    shop.put_past_the_collector(4);
    shop.finish().await;
}
