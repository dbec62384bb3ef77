//! The audit chain around the admin API: what cannot be written down is not done, whoever asks at the same time, and
//! strangers leave nothing.

use admin::{Admin, router, run_tests};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, header};
use beckon_rules::SAMPLE;
use beckon_store::models::memory::MemoryModels;
use beckon_store::tables::dynamodb::DynamoTables;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{AuditLog, SendingSwitch};
use beckon_wire::audit::{AuditEntry, Chain, Stage};
use data_encoding::BASE64;
use futures_util::future::join_all;
use harness::{Answer, Faults, Faulty, World};
use std::sync::Arc;
use tower::ServiceExt;

fn request(method: Method, path: &str, key: &str, body: &str) -> Request<Body> {
    let credentials = BASE64.encode(format!("{key}:").as_bytes());
    let request = Request::builder().method(method).uri(path);
    request
        .header(header::AUTHORIZATION, format!("Basic {credentials}"))
        .body(body.to_owned().into())
        .unwrap()
}

fn pause(key: &str) -> Request<Body> {
    request(Method::POST, "/admin/v1/mail/pause", key, r#"{"reason": "wrong prices"}"#)
}

/// The admin API of a world, with faults between it and the tables.
fn admin(world: &World<MemoryTables>, faults: &Faults) -> Router {
    let stack = &world.stack;
    router(Arc::new(Admin {
        tables: Faulty::new(stack.tables.clone(), faults),
        objects: MemoryModels::default(),
        secrets: stack.secrets.clone(),
        clock: stack.clock.clone(),
        run_tests,
        tombstone: beckon_domain::DurationMs::from_days(90),
    }))
}

async fn asked(router: &Router, request: Request<Body>) -> Answer {
    Answer::read(router.clone().oneshot(request).await.unwrap()).await
}

/// All entries, of a chain that is whole.
async fn entries(world: &World<MemoryTables>) -> Vec<AuditEntry> {
    let records = world.stack.tables.audit_page(0, 1_000).await.unwrap();
    let mut chain = Chain::default();
    records.iter().map(|record| chain.take(record.number, &record.text, &record.hash).unwrap()).collect()
}

#[tokio::test]
async fn a_change_is_written_down_before_it_is_made_and_with_what_came_of_it() {
    let world = World::memory().await;
    let admin = admin(&world, &Faults::default());
    assert_eq!(asked(&admin, pause("sk_local")).await.status, 200);
    let told = entries(&world).await;
    let stages: Vec<Stage> = told.iter().map(|entry| entry.stage).collect();
    assert_eq!(stages, [Stage::Asked, Stage::Done]);
    assert_eq!(told[0].request_id, told[1].request_id);
    assert_eq!((told[1].who.as_str(), told[1].status), ("server", Some(200)));
    assert_eq!(told[1].action, "POST /admin/v1/mail/pause");
    assert_eq!(told[1].result["paused"], true, "{:?}", told[1].result);
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_done() {
    for call in ["put_audit", "audit_head"] {
        let world = World::memory().await;
        let admin = admin(&world, &Faults::never(call));
        let answer = asked(&admin, pause("sk_local")).await;
        assert_eq!(answer.status, 503, "{call}: {}", answer.text());
        assert!(!world.stack.tables.sending().await.unwrap().is_paused(), "{call}");
    }
}

#[tokio::test]
async fn who_asks_at_the_same_time_is_written_down_one_after_the_other() {
    let world = World::memory().await;
    let admin = admin(&world, &Faults::default());
    let answers = join_all((0..8).map(|_| asked(&admin, pause("sk_local")))).await;
    assert!(answers.iter().all(|answer| [200, 409].contains(&answer.status)));
    let told = entries(&world).await;
    assert_eq!(told.len(), 16);
    for entry in told.iter().filter(|entry| entry.stage == Stage::Done) {
        let of_request = told.iter().filter(|other| other.request_id == entry.request_id);
        assert_eq!(of_request.count(), 2);
    }
}

/// How many ask at once.
const CROWD: usize = 60;

#[tokio::test]
async fn of_many_who_ask_at_once_nobody_is_sent_away() {
    let world = Box::pin(World::<DynamoTables>::dynamodb(SAMPLE)).await;
    let router = world.stack.router();
    let answers = join_all((0..CROWD).map(|_| asked(&router, pause("sk_local")))).await;
    let refused: Vec<u16> =
        answers.iter().map(|answer| answer.status).filter(|status| ![200, 409].contains(status)).collect();
    assert!(refused.is_empty(), "{} of {CROWD}: {refused:?}", refused.len());
    let records = world.stack.tables.audit_page(0, 1_000).await.unwrap();
    let mut chain = Chain::default();
    for record in &records {
        chain.take(record.number, &record.text, &record.hash).unwrap();
    }
    assert_eq!(records.len(), 2 * CROWD);
}

#[tokio::test]
async fn the_latest_records_are_read_without_the_others() {
    let world = World::memory().await;
    let admin = admin(&world, &Faults::default());
    for _ in 0..3 {
        assert_eq!(asked(&admin, pause("sk_local")).await.status, 200);
    }
    let all = vec![1, 2, 3, 4, 5, 6];
    for (query, expected) in [
        ("last=0", vec![]),
        ("last=2", vec![5, 6]),
        ("last=90", all.clone()),
        ("after=4", vec![5, 6]),
        ("after=5&last=4", vec![6]),
        ("after=0&last=18446744073709551614", all),
    ] {
        let page = request(Method::GET, &format!("/admin/v1/audit?{query}"), "sk_local", "");
        let page = asked(&admin, page).await.json();
        let numbers: Vec<u64> = page["records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|record| record["number"].as_u64().unwrap())
            .collect();
        assert_eq!(numbers, expected, "{query}");
    }
    for query in ["last=-1", "last", "first=1"] {
        let page = request(Method::GET, &format!("/admin/v1/audit?{query}"), "sk_local", "");
        assert_eq!(asked(&admin, page).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn strangers_and_readers_leave_no_entry_and_secrets_stay_out() {
    let world = World::memory().await;
    let admin = admin(&world, &Faults::default());
    for (key, status) in [("pk_local", 403), ("sk_guessed", 401), ("", 401)] {
        assert_eq!(asked(&admin, pause(key)).await.status, status);
        let page = request(Method::GET, "/admin/v1/audit", key, "");
        assert_eq!(asked(&admin, page).await.status, status);
    }
    let looked = request(Method::GET, "/admin/v1/mail/status", "sk_local", "");
    assert_eq!(asked(&admin, looked).await.status, 200);
    assert!(entries(&world).await.is_empty());
    for (query, status) in [
        ("", 200),
        ("?after=0", 200),
        ("?last=1", 200),
        ("?last=-1", 400),
        ("?after=x", 400),
        ("?limit=3", 400),
    ] {
        let page = request(Method::GET, &format!("/admin/v1/audit{query}"), "sk_local", "");
        assert_eq!(asked(&admin, page).await.status, status, "{query}");
    }
    assert_eq!(asked(&admin, pause("sk_local")).await.status, 200);
    for record in world.stack.tables.audit_page(0, 10).await.unwrap() {
        assert!(!record.text.contains("sk_local"), "{}", record.text);
    }
}
