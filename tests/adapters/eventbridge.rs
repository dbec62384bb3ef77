//! EventBridge: PutEvents as it goes over the wire, and what becomes of events that the bus refuses.

use crate::clients;
use crate::server::{Reply, Request, Server};
use beckon_domain::Timestamp;
use beckon_runtime::aws::Patience;
use beckon_store::ErrorKind;
use beckon_store::bus::eventbridge::EventBridgeBus;
use beckon_store::bus::{BusEvent, EventBus};
use serde_json::{Value, json};

/// AWS's limit for one PutEvents.
const AWS_BYTES_MAX: usize = 256 * 1024;

fn event(detail: &Value) -> BusEvent {
    let at = Timestamp::from_ms(1_763_800_000_500);
    BusEvent { detail_type: "beckon.rule-matched", at, detail: detail.to_string() }
}

fn events(ids: std::ops::Range<usize>) -> Vec<BusEvent> {
    ids.map(|id| event(&json!({ "id": id }))).collect()
}

fn bus(server: &Server) -> EventBridgeBus {
    EventBridgeBus::new(clients::eventbridge(&server.endpoint, clients::ONCE), "shop-bus")
}

/// The ids in the details of a request.
fn asked(request: &Request) -> Vec<u64> {
    let entries = request.body["Entries"].as_array().unwrap();
    let detail = |entry: &Value| serde_json::from_str::<Value>(entry["Detail"].as_str().unwrap()).unwrap();
    entries.iter().map(|entry| detail(entry)["id"].as_u64().unwrap()).collect()
}

fn all_asked(server: &Server) -> Vec<Vec<u64>> {
    server.requests().iter().map(asked).collect()
}

/// An answer to events: taken, or refused for this reason.
fn answer(results: &[Option<&str>]) -> Reply {
    let entry = |result: &Option<&str>| match result {
        None => json!({ "EventId": "e" }),
        Some(code) => json!({ "ErrorCode": code, "ErrorMessage": "played" }),
    };
    let entries: Vec<Value> = results.iter().map(entry).collect();
    Reply::ok(&json!({ "FailedEntryCount": 0, "Entries": entries }))
}

#[tokio::test]
async fn an_event_is_put_with_its_kind_time_and_detail() {
    let server = Server::playing([answer(&[None])]).await;
    bus(&server).put(vec![event(&json!({ "id": 7, "rule": "r-ü" }))]).await.unwrap();
    let request = server.only_request();
    assert_eq!(request.header("x-amz-target"), "AWSEvents.PutEvents");
    let entry = json!({
        "Source": "beckon", "DetailType": "beckon.rule-matched", "EventBusName": "shop-bus",
        "Time": 1_763_800_000.5, "Detail": r#"{"id":7,"rule":"r-ü"}"#,
    });
    assert_eq!(request.body["Entries"], json!([entry]));
}

#[tokio::test]
async fn nothing_to_put_is_no_request() {
    let server = Server::playing([]).await;
    bus(&server).put(Vec::new()).await.unwrap();
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn ten_go_in_one_request_and_no_more_bytes_than_a_request_may_have() {
    let taken = |request: &Request| answer(&vec![None; asked(request).len()]);
    let server = Server::asking(taken).await;
    bus(&server).put(events(0..23)).await.unwrap();
    assert_eq!(all_asked(&server).iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 3]);
    let server = Server::asking(taken).await;
    let large: Vec<BusEvent> =
        (0..7).map(|id| event(&json!({ "id": id, "text": "x".repeat(80_000) }))).collect();
    bus(&server).put(large).await.unwrap();
    assert_eq!(all_asked(&server), [vec![0, 1, 2], vec![3, 4, 5], vec![6]]);
    assert!(server.requests().iter().all(|request| request.body.to_string().len() < AWS_BYTES_MAX));
}

#[tokio::test]
async fn only_what_was_refused_is_put_again_and_in_its_order() {
    let slow = Some("ThrottlingException");
    let replies =
        [answer(&[None, slow, None, Some("InternalFailure")]), answer(&[slow, None]), answer(&[None])];
    let server = Server::playing(replies).await;
    bus(&server).put(events(0..4)).await.unwrap();
    assert_eq!(all_asked(&server), [vec![0, 1, 2, 3], vec![1, 3], vec![1]]);
}

#[tokio::test]
async fn what_is_refused_again_and_again_may_be_put_later() {
    let server = Server::playing(vec![answer(&[Some("ThrottlingException")]); 4]).await;
    let error = bus(&server).put(events(0..1)).await.unwrap_err();
    assert!(error.is_transient() && server.requests().len() == 4, "{error}");
}

#[tokio::test]
async fn what_is_refused_for_good_is_said_at_once() {
    let server =
        Server::playing([answer(&[Some("ThrottlingException"), Some("NotAuthorizedForSourceException")])]);
    let server = server.await;
    let error = bus(&server).put(events(0..2)).await.unwrap_err();
    assert_eq!((error.kind, server.requests().len()), (ErrorKind::Refused, 1));
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("NotAuthorizedForSourceException"), "{cause}");
    for code in ["ResourceNotFoundException", "AccessDeniedException"] {
        let server = Server::playing([Reply::json_error(400, code)]).await;
        assert_eq!(bus(&server).put(events(0..1)).await.unwrap_err().kind, ErrorKind::Refused, "{code}");
    }
}

#[tokio::test]
async fn only_an_acknowledged_event_counts_as_put() {
    for body in [
        json!({}),
        json!({ "FailedEntryCount": 0, "Entries": [] }),
        json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": "e" }] }),
        json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": "e" }, {}] }),
    ] {
        let server = Server::asking(move |_| Reply::ok(&body)).await;
        assert!(bus(&server).put(events(0..2)).await.unwrap_err().is_transient());
    }
    for reply in [Reply::json_error(500, "InternalException"), Reply::foreign(503), Reply::HangUp] {
        let server = Server::playing([reply.clone()]).await;
        assert!(bus(&server).put(events(0..1)).await.unwrap_err().is_transient(), "{reply:?}");
    }
}

#[tokio::test]
async fn the_client_tries_a_failed_request_again() {
    let server = Server::playing([Reply::json_error(500, "InternalException"), answer(&[None])]).await;
    let client = clients::eventbridge(&server.endpoint, clients::unhurried(Patience::REQUEST));
    EventBridgeBus::new(client, "shop-bus").put(events(0..1)).await.unwrap();
    assert_eq!(all_asked(&server), [[0], [0]], "the same event: its id makes that harmless");
}
