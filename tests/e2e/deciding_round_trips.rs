//! How often a request waits for tables, with nothing in memory but the rules, or not even those: once, and twice at most.

use axum::body::Body;
use axum::http::{Request, header};
use beckon_domain::DurationMs;
use beckon_rules::SAMPLE;
use beckon_runtime::Timer;
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::tables::memory::MemoryTables;
use data_encoding::BASE64;
use decisions::{BUDGET_DEFAULT, Decider, DecisionLog};
use harness::{Faults, Faulty, World};
use serde_json::{Value, json};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tower::ServiceExt;

type Shop = World<MemoryTables>;

/// A kind of request: its key, its path, its body (none: a GET), the rounds of reads, and how many writes it makes.
type Kind = (&'static str, String, Option<Value>, usize, usize);

fn view(by: &str, product: &str) -> Value {
    json!({ "type": "track", "event": "Product Viewed", "anonymousId": by, "properties": { "product_id": product } })
}

async fn shop() -> Shop {
    let rules = SAMPLE.replace("recommend: accessories", "recommend: similar");
    let mut shop = World::on(MemoryTables::default(), &rules).await;
    shop.events("pk_local", &[view("anna", "tent-2p"), view("ben", "tent-4p")]).await;
    let login = json!({ "type": "identify", "anonymousId": "ben", "userId": "u-1" });
    shop.events("sk_local", &[login]).await;
    shop
}

fn kinds(shop: &Shop) -> Vec<Kind> {
    let page = json!({ "page": { "type": "PRODUCT", "productId": "mug" } });
    let decide = |key, who: Value, rounds| {
        let mut body = who;
        body["context"] = page.clone();
        body["slots"] = json!([{ "id": "pdp.related" }, { "id": "home.hero" }]);
        let writes = usize::from(body["options"].is_null());
        (key, "/v1/decisions".to_owned(), Some(body), rounds, writes)
    };
    let anna = shop.visitor("anna");
    let preview = |preview: Value| json!({ "options": { "preview": preview } });
    vec![
        // What the page's product goes with is asked for once the rules are there: with cold rules that is a round more.
        decide("pk_local", json!({}), 2),
        decide("pk_local", json!({ "anonymousId": "nobody" }), 2),
        decide("pk_local", json!({ "anonymousId": "anna" }), 2),
        decide("pk_local", json!({ "anonymousId": "anna", "userId": "u-1" }), 2),
        decide("pk_local", json!({ "anonymousId": "ben" }), 2),
        decide("sk_local", json!({ "anonymousId": "ben", "userId": "u-1" }), 2),
        decide("sk_local", json!({ "userId": "u-1" }), 2),
        decide("sk_local", preview(json!({ "persona": {} })), 2),
        decide("sk_local", preview(json!({ "profile": anna.as_str() })), 2),
        ("pk_local", "/v1/recommendations/home.hero?category=tents".to_owned(), None, 1, 0),
        ("sk_local", "/v1/decisions/01a20266-8bf4-7399-8c43-1b130cabfccd.0/explain".to_owned(), None, 1, 0),
        ("sk_local", "/v1/previews".to_owned(), Some(json!({ "preview": {} })), 0, 0),
    ]
}

/// What a request called, round by round: the calls that were made before anything came back.
async fn rounds(
    decider: &Decider<Faulty<MemoryTables>>,
    faults: &Faults,
    kind: &Kind,
) -> Vec<Vec<&'static str>> {
    let (key, path, body, ..) = kind;
    let credentials = BASE64.encode(format!("{key}:").as_bytes());
    let request = if body.is_some() { Request::post(path) } else { Request::get(path) };
    let request = request.header(header::AUTHORIZATION, format!("Basic {credentials}"));
    let body = body.as_ref().map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let app = decisions::router(Arc::new(decider.clone()), &["*".to_owned()]);
    let mut asked = pin!(app.oneshot(request.body(body).unwrap()));
    let mut rounds = Vec::new();
    loop {
        let before = faults.calls().len();
        let polled = asked.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let calls = faults.calls().split_off(before);
        if !calls.is_empty() {
            rounds.push(calls);
        }
        if let Poll::Ready(answer) = polled {
            let status = answer.unwrap().status().as_u16();
            assert!(status == 200 || path.ends_with("/explain"), "{path}: {status}");
            return rounds;
        }
    }
}

#[tokio::test]
async fn no_request_waits_for_tables_more_than_twice_and_most_once() {
    let shop = shop().await;
    for kind in kinds(&shop) {
        let (key, path, body, cold_rounds, writes) = &kind;
        let faults = Faults::default();
        let tables = Faulty::new(shop.stack.tables.clone(), &faults);
        let (secrets, clock) = (shop.stack.secrets.clone(), shop.stack.clock.clone());
        let decider = Decider::new(tables.clone(), ActiveRuleset::default(), secrets, clock)
            .with_log(DecisionLog::keeping(tables))
            .with_budget(BUDGET_DEFAULT, Timer::still());
        let what = format!("{key} {path} {body:?}");
        let read = |rounds: &[Vec<&'static str>]| {
            let is_read = |round: &&Vec<&str>| round.iter().any(|call| *call != "put_decision");
            rounds.iter().filter(is_read).count()
        };
        let cold = self::rounds(&decider, &faults, &kind).await;
        assert_eq!(read(&cold), *cold_rounds, "cold: {what}: {cold:?}");
        let written = cold.iter().flatten().filter(|call| **call == "put_decision").count();
        assert_eq!(written, *writes, "{what}: {cold:?}");
        // Another minute, with rules in memory that are to be read again: what they ask is known from the start.
        shop.pass(DurationMs::from_minutes(2));
        let again = self::rounds(&decider, &faults, &kind).await;
        assert!(read(&again) <= 2, "again: {what}: {again:?}");
        let at_once = self::rounds(&decider, &faults, &kind).await;
        assert!(
            at_once.iter().flatten().all(|call| matches!(*call, "load" | "put_decision" | "decision")),
            "{what}: {at_once:?}"
        );
    }
}
