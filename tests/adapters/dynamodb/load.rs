//! Loading many: what DynamoDB leaves unprocessed is asked again, and what cannot be read is never an empty profile.

use super::{batch, item, key, profile, tables};
use crate::server::{Reply, Request, Server};
use beckon_domain::{ProfileKey, packed};
use beckon_store::ErrorKind;
use beckon_store::tables::{ProfileScan, ProfileStore, Read};
use data_encoding::BASE64;
use serde_json::{Value, json};

fn keys(count: usize) -> Vec<ProfileKey> {
    (0..count).map(|n| key(&format!("person-{n}"))).collect()
}

fn asked(request: &Request) -> Vec<Value> {
    request.body["RequestItems"]["beckon-profile"]["Keys"].as_array().unwrap().clone()
}

/// Answers the first `at_once` keys of a request and leaves the others unprocessed.
fn answering(at_once: usize) -> impl FnMut(&Request) -> Reply + Send + 'static {
    move |request| {
        let asked = asked(request);
        let (now, later) = asked.split_at(at_once.min(asked.len()));
        let find =
            |k: &Value| item(&ProfileKey::parse(k["pk"]["S"].as_str().unwrap()).unwrap(), &profile(1), 1);
        Reply::ok(&batch(&now.iter().map(find).collect::<Vec<_>>(), later))
    }
}

#[tokio::test]
async fn unprocessed_keys_are_asked_again_until_all_are_there() {
    let server = Server::asking(answering(2)).await;
    let keys = keys(5);
    let loaded = tables(&server).load(&keys, Read::Strong).await.unwrap();
    assert_eq!(loaded.len(), 5);
    assert!(keys.iter().all(|key| loaded[key].profile == profile(1)));
    let requests = server.requests();
    assert_eq!(requests.iter().map(|r| asked(r).len()).collect::<Vec<_>>(), [5, 3, 1], "only what was left");
    for request in requests {
        let asked = &request.body["RequestItems"]["beckon-profile"];
        assert_eq!(asked["ConsistentRead"], true, "as fresh as the first round");
        assert_eq!(asked["ProjectionExpression"], "#k, #s, #v");
    }
}

#[tokio::test]
async fn keys_that_stay_unprocessed_are_an_error_and_never_missing() {
    let server = Server::asking(answering(0)).await;
    let error = tables(&server).load(&keys(3), Read::Eventual).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Throttled);
    assert!(error.is_transient());
    assert_eq!(server.requests().len(), 5, "patient, but not for ever");
}

#[tokio::test]
async fn more_keys_than_a_request_holds_are_asked_for_in_several() {
    let server = Server::asking(answering(100)).await;
    let loaded = tables(&server).load(&keys(230), Read::Eventual).await.unwrap();
    assert_eq!(loaded.len(), 230);
    assert_eq!(server.requests().iter().map(|r| asked(r).len()).collect::<Vec<_>>(), [100, 100, 30]);
}

#[tokio::test]
async fn a_key_named_twice_is_asked_for_once() {
    let server = Server::asking(answering(100)).await;
    let (anna, bob) = (key("anna"), key("bob"));
    let loaded = tables(&server).load(&[anna.clone(), bob, anna], Read::Eventual).await.unwrap();
    assert_eq!(loaded.len(), 2);
    assert_eq!(asked(&server.only_request()).len(), 2, "DynamoDB refuses a request that names a key twice");
}

/// Items that no release has written, each wrong in one way.
fn corrupt_items() -> Vec<(&'static str, Value)> {
    let whole = packed::pack(&profile(3)).unwrap();
    let state = |bytes: &[u8]| json!({ "B": BASE64.encode(bytes) });
    let with = |name: &str, value: Value| {
        let mut item = item(&key("anna"), &profile(3), 7);
        item[name] = value;
        item
    };
    let without = |name: &str| {
        let mut item = item(&key("anna"), &profile(3), 7);
        item.as_object_mut().unwrap().remove(name);
        item
    };
    let mut newer = whole.clone();
    newer[0] = u8::MAX;
    vec![
        ("an empty state", with("s", state(b""))),
        ("a state cut short", with("s", state(&whole[..whole.len() - 1]))),
        ("a state of one byte", with("s", state(&whole[..1]))),
        ("a state of an unknown version", with("s", state(&newer))),
        ("a state that is text", with("s", json!({ "S": "profile" }))),
        ("no state", without("s")),
        ("no version", without("v")),
        ("a version that is no number", with("v", json!({ "S": "7" }))),
        ("a negative version", with("v", json!({ "N": "-1" }))),
        ("no key", without("pk")),
        ("a key of another kind", with("pk", json!({ "S": "anna" }))),
    ]
}

#[tokio::test]
async fn an_item_that_cannot_be_read_is_corrupt_and_never_an_empty_profile() {
    for (what, item) in corrupt_items() {
        let server = Server::playing([Reply::ok(&batch(&[item], &[]))]).await;
        let error = tables(&server).load(&[key("anna")], Read::Strong).await.expect_err(what);
        assert_eq!(error.kind, ErrorKind::Corrupt, "{what}");
        assert!(!error.is_transient(), "{what}: reading it again changes nothing");
    }
}

#[tokio::test]
async fn a_scan_goes_on_to_the_last_page_and_stops_at_a_corrupt_item() {
    let (anna, bob) = (key("anna"), key("bob"));
    let first = json!({
        "Items": [item(&anna, &profile(1), 1)], "LastEvaluatedKey": { "pk": { "S": anna.as_str() } },
    });
    let last = json!({ "Items": [item(&bob, &profile(2), 1)] });
    let server = Server::playing([Reply::ok(&first), Reply::ok(&last)]).await;
    let everybody = tables(&server).scan_profiles().await.unwrap();
    assert_eq!(everybody.len(), 2);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].body["ExclusiveStartKey"], json!({ "pk": { "S": anna.as_str() } }));
    for (what, item) in corrupt_items() {
        let server = Server::playing([Reply::ok(&json!({ "Items": [item] }))]).await;
        assert_eq!(tables(&server).scan_profiles().await.expect_err(what).kind, ErrorKind::Corrupt, "{what}");
    }
}
