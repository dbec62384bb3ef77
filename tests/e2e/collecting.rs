//! The collector's word: what it acknowledged is in the stream, and what it refused may be sent again.

use axum::body::Body;
use axum::http::Request;
use beckon_store::tables::ContactStore;
use beckon_store::tables::memory::MemoryTables;
use data_encoding::BASE64;
use harness::{Answer, Fault, Faults, Faulty, World};
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

fn batch() -> Value {
    json!({ "batch": [
        { "type": "identify", "anonymousId": "anna", "userId": "u-1", "messageId": "login",
          "traits": { "email": "anna@mail.example" }, "context": { "consent": { "marketing_email": true } } },
        { "type": "track", "event": "Product Added", "anonymousId": "anna", "messageId": "add",
          "properties": { "product_id": "mug" } },
        { "type": "track", "event": "Product Viewed", "anonymousId": "ben", "messageId": "view",
          "properties": { "product_id": "mug" } },
    ]})
}

async fn email(world: &World<MemoryTables>, user: &str) -> Option<String> {
    let contact = world.stack.tables.contact(&world.customer(user), world.stack.clock.now()).await;
    contact.unwrap().and_then(|contact| contact.email)
}

#[tokio::test]
async fn a_stream_that_refuses_makes_503_with_retry_after_and_no_contact_is_written_before_the_acknowledgement()
 {
    let mut world = World::memory().await;
    world.stack.stream.refuse_next(1);
    let refused = world.capture("/v1/batch", "sk_local", &batch()).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, "1"), "{}", refused.text());
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(world.stack.stream.lines_put(), 0);
    assert_eq!(email(&world, "u-1").await, None, "an address was kept of a request that was refused");

    let answer = world.capture("/v1/batch", "sk_local", &batch()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(email(&world, "u-1").await.as_deref(), Some("anna@mail.example"));
    let balance = world.finish().await;
    assert_eq!((balance.applied, balance.duplicate), (3, 0));
}

/// Posts to a collector with faults before its stream and its table.
async fn post(world: &World<MemoryTables>, faults: &Faults) -> Answer {
    let stream = Faulty::new(world.stack.stream.clone(), faults);
    let contacts = Faulty::new(world.stack.tables.clone(), faults);
    let collector = Arc::new(world.collector_on(stream, contacts));
    let request = Request::post("/v1/batch")
        .header("authorization", format!("Basic {}", BASE64.encode(b"sk_local:")))
        .body(Body::from(batch().to_string()))
        .unwrap();
    Answer::read(collector::router(collector, &[]).oneshot(request).await.unwrap()).await
}

#[tokio::test]
async fn whichever_call_of_the_collector_fails_the_client_is_told_and_its_retry_counts_once() {
    for fault in [Fault::Lost, Fault::AnswerLost] {
        for n in 1.. {
            let mut world = World::memory().await;
            let faults = Faults::at(n, fault);
            let first = post(&world, &faults).await;
            if !faults.struck() {
                assert_eq!(first.status, 200);
                assert!(n > 2, "the collector puts to the stream and to the table");
                break;
            }
            assert_eq!((first.status, first.header("retry-after")), (503, "1"), "{fault:?} at {n}");
            let second = post(&world, &Faults::default()).await;
            assert_eq!(second.status, 200, "{fault:?} at {n}: {}", second.text());
            assert_eq!(email(&world, "u-1").await.as_deref(), Some("anna@mail.example"));
            // What is in the stream twice was accepted twice, whatever the first answer said.
            world.put_past_the_collector(world.stack.stream.lines_put());
            let balance = world.finish().await;
            assert_eq!(balance.applied, 3, "{fault:?} at {n}: {balance}");
            assert_eq!(balance.applied + balance.duplicate, balance.collected.accepted, "{balance}");
        }
    }
}

#[tokio::test]
async fn an_older_address_that_arrives_later_does_not_replace_a_newer_one() {
    let mut world = World::memory().await;
    let identify = |id: &str, email: &str, minute: u32| {
        json!({ "type": "identify", "userId": "u-1", "messageId": id, "traits": { "email": email },
                "timestamp": format!("2025-11-22T08:{minute:02}:00Z"), "context": { "consent": { "marketing_email": true } } })
    };
    world.events("sk_local", &[identify("new", "new@mail.example", 20)]).await;
    world.events("sk_local", &[identify("old", "old@mail.example", 10)]).await;
    assert_eq!(email(&world, "u-1").await.as_deref(), Some("new@mail.example"));
    world.finish().await;
}
