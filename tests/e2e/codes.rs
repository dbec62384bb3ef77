//! A shop brings its discount codes, one reminder gets each, and a till asks.

use axum::body::Body;
use axum::http::{Method, Request, header};
use beckon_domain::code::PoolName;
use beckon_domain::id::{EventId, SourceId, UserId};
use beckon_domain::{DiscountCode, DurationMs, EpisodeId, OrderId, Pepper};
use beckon_store::tables::ReminderId;
use beckon_store::tables::codes::{CodeStore, Holder};
use data_encoding::BASE64;
use harness::{Answer, World};
use serde_json::{Value, json};

const CODES: &str = "/admin/v1/codes";

fn request(method: Method, path: &str, key: &str, kind: &str, body: impl Into<Body>) -> Request<Body> {
    let credentials = BASE64.encode(format!("{key}:").as_bytes());
    let request = Request::builder().method(method).uri(format!("{CODES}{path}"));
    let request = request.header(header::AUTHORIZATION, format!("Basic {credentials}"));
    request.header(header::CONTENT_TYPE, kind).body(body.into()).unwrap()
}

async fn upload<T: beckon_cli::stack::Tables>(world: &World<T>, path: &str, csv: &str) -> Answer {
    world.request(request(Method::POST, path, "sk_local", "text/csv; charset=utf-8", csv.to_owned())).await
}

async fn asked<T: beckon_cli::stack::Tables>(world: &World<T>, method: Method, path: &str) -> Answer {
    world.request(request(method, path, "sk_local", "", "")).await
}

async fn checked<T: beckon_cli::stack::Tables>(world: &World<T>, code: &str) -> Value {
    let answer = asked(world, Method::GET, &format!("/check/{code}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut told = answer.json();
    let names: Vec<&String> = told.as_object().unwrap().keys().collect();
    let shape = ["code", "expiresAt", "order", "percent", "pool", "requestId", "status", "worth"];
    assert_eq!(names, shape, "a till finds every field, whatever became of the code");
    told["requestId"].take();
    told
}

fn holder(world: &World<impl beckon_cli::stack::Tables>) -> Holder {
    let pepper = Pepper::new("1", b"0123456789abcdef").unwrap();
    let (source, event) = (SourceId::new("web").unwrap(), EventId::new("e").unwrap());
    let reminder = ReminderId { episode: EpisodeId::derive("ada", &source, &event), step: 2 };
    let profile = pepper.customer(&UserId::new("ada").unwrap());
    Holder { reminder, profile, at: world.stack.clock.now() }
}

#[tokio::test]
async fn duplicates_are_refused_with_their_rows_and_the_rest_goes_in() {
    let world = Box::pin(World::dynamodb(beckon_rules::SAMPLE)).await;
    let refused = upload(&world, "/winter", "save-1\n").await;
    assert_eq!(refused.status, 400, "nobody said what they are worth: {}", refused.text());
    let file = "code,expires_at\nsave-1,\nsave-2,2027-12-31T23:00:00Z\nsave-1,\nno\nsave-3,yesterday\n";
    let query = "?percent=10&import=night-1&by=cron";
    let first = upload(&world, &format!("/winter{query}"), file).await.json();
    assert_eq!((&first["rows"], &first["added"]), (&json!(5), &json!(2)));
    let rows: Vec<_> =
        first["errors"].as_array().unwrap().iter().map(|e| e["row"].as_u64().unwrap()).collect();
    assert_eq!(rows, [4, 5, 6], "{first}");
    assert_eq!(first["errors"][0]["detail"], "row 2 has this code too");
    assert_eq!((&first["pool"]["free"], &first["pool"]["low"]), (&json!(2), &json!(true)));

    // The answer got lost and the part is sent again.
    let again = upload(&world, &format!("/winter{query}"), file).await.json();
    assert_eq!((&again["added"], &again["errors"]), (&first["added"], &first["errors"]));
    let later = upload(&world, "/winter", "save-2\nsave-4\n").await.json();
    assert_eq!(later["errors"][0]["detail"], "the pool has or had this code already");
    let elsewhere = upload(&world, "/spring?label=free%20shipping", "save-4\nsave-5\n").await.json();
    assert_eq!(elsewhere["errors"][0]["detail"], "the pool winter has or had this code already");
    assert_eq!((&elsewhere["added"], &elsewhere["pool"]["worth"]), (&json!(1), &json!("free shipping")));

    let other_worth = upload(&world, "/winter?percent=20", "save-9\n").await;
    assert_eq!(other_worth.status, 409, "{}", other_worth.text());
    let shown = asked(&world, Method::GET, "/winter").await.json();
    let expected = json!({ "pool": "winter", "kind": "uploaded", "worth": "10 %", "free": 3, "held": 0 });
    assert_eq!(harness::misfit(&expected, &shown), None, "{shown}");
    let changes = shown["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 2, "a part that was sent twice is one change: {shown}");
    assert!(changes.iter().any(|change| change["by"] == "cron" && change["codes"] == 2), "{shown}");
    let all = asked(&world, Method::GET, "").await.json();
    assert_eq!(all["pools"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_till_learns_what_became_of_a_code_and_nothing_of_one_that_nobody_was_given() {
    let world = World::memory().await;
    let body = json!({ "count": 300, "prefix": "cart-", "valid_for": "72h", "percent": 15, "import": "g" });
    let generate = |body: &Value| {
        request(Method::POST, "/cart/generate", "sk_local", "application/json", body.to_string())
    };
    let made = world.request(generate(&body)).await;
    assert_eq!((made.status, &made.json()["added"]), (200, &json!(300)), "{}", made.text());
    let again = world.request(generate(&body)).await.json();
    assert_eq!(again["pool"]["free"], 300, "the same request makes the same codes");
    let tables = &world.stack.tables;
    let free = tables.find_free(&PoolName::new("cart").unwrap(), world.stack.clock.now(), 9).await;
    let free = free.unwrap().unwrap();
    let unknown = checked(&world, free.code.as_str()).await;
    assert_eq!((&unknown["status"], &unknown["pool"]), (&json!("UNKNOWN"), &Value::Null), "nobody has it");
    assert_eq!(checked(&world, "%25%20x").await["status"], "UNKNOWN");

    assert!(tables.hold_code(&free, &holder(&world)).await.unwrap());
    let valid = checked(&world, &free.code.as_str().to_lowercase()).await;
    let expected = json!({ "requestId": null, "code": free.code.as_str(), "status": "VALID", "pool": "cart",
        "worth": "15 %", "percent": 15, "expiresAt": "2025-11-25T08:26:40.000Z", "order": null });
    assert_eq!(valid, expected);
    if free.code.as_str().contains('0') {
        let (prefix, typed) = free.code.as_str().split_at(5);
        let typed = format!("{prefix}{}", typed.replace('0', "o"));
        assert_eq!(checked(&world, &typed).await, expected, "whoever types O means 0");
    }
    world.pass(DurationMs::from_hours(72));
    assert_eq!(checked(&world, free.code.as_str()).await["status"], "EXPIRED");
    let order = OrderId::new("o-7").unwrap();
    tables.mark_redeemed(&free.code, Some(&order), world.stack.clock.now()).await.unwrap();
    let used = checked(&world, free.code.as_str()).await;
    assert_eq!((&used["status"], &used["order"]), (&json!("REDEEMED"), &json!("o-7")));

    let mut listed = 0;
    let mut after = String::new();
    loop {
        let page = asked(&world, Method::GET, &format!("/cart/codes{after}")).await.json();
        for code in page["codes"].as_array().unwrap() {
            let code = DiscountCode::new(code["code"].as_str().unwrap()).unwrap();
            assert!(code.is_checked());
            listed += 1;
        }
        let Some(next) = page["next"].as_str() else { break };
        after = format!("?after={next}");
    }
    assert_eq!(listed, 300);
    let deleted = asked(&world, Method::DELETE, "/cart").await.json();
    assert_eq!((&deleted["deleted"], &deleted["pool"]["redeemed"]), (&json!(299), &json!(1)));
}

#[tokio::test]
async fn codes_are_for_secret_keys_alone() {
    let world = World::memory().await;
    for (method, path) in [
        (Method::GET, ""),
        (Method::GET, "/winter"),
        (Method::POST, "/winter"),
        (Method::DELETE, "/winter"),
        (Method::POST, "/winter/generate"),
        (Method::GET, "/winter/codes"),
        (Method::GET, "/check/save-1"),
    ] {
        for (key, status) in [("pk_local", 403), ("sk_guessed", 401)] {
            let answer = world.request(request(method.clone(), path, key, "text/csv", "save-1")).await;
            assert_eq!(answer.status, status, "{method} {path} with {key}");
        }
    }
    let kind = world.request(request(Method::POST, "/winter", "sk_local", "image/png", "x")).await;
    assert_eq!(kind.status, 415);
    assert_eq!(asked(&world, Method::GET, "/winter").await.status, 404);
    assert_eq!(asked(&world, Method::GET, "/Winter").await.status, 400);
}

#[tokio::test]
async fn a_page_that_no_page_before_named_is_the_callers_mistake_and_no_failure() {
    let world = World::dynamodb(beckon_rules::SAMPLE).await;
    assert_eq!(upload(&world, "/cart?percent=10", "SAVE-1A2B\n").await.status, 200);
    for after in ["", "nowhere", "FREE:99:", "FREE"] {
        let answer = asked(&world, Method::GET, &format!("/cart/codes?after={after}")).await;
        assert_eq!(answer.status, 400, "{after}: {}", answer.text());
    }
    let first = asked(&world, Method::GET, "/cart/codes").await.json();
    let next =
        asked(&world, Method::GET, &format!("/cart/codes?after={}", first["next"].as_str().unwrap())).await;
    assert_eq!(next.status, 200, "{}", next.text());
}
