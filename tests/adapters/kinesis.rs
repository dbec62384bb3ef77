//! Kinesis: PutRecords as it goes over the wire, and what becomes of records that the stream refuses.

use crate::clients;
use crate::server::{Refusing, Reply, Request, Server};
use beckon_runtime::aws::Patience;
use beckon_store::streams::kinesis::KinesisStream;
use beckon_store::streams::{EventStream, NewRecord, StreamError};
use data_encoding::BASE64;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// AWS's limit for one PutRecords.
const AWS_BYTES_MAX: usize = 5 * 1024 * 1024;

fn record(key: &str, data: impl Into<Vec<u8>>) -> NewRecord {
    NewRecord { partition_key: key.to_owned(), data: data.into() }
}

/// A record per name, each of its own visitor.
fn records(names: &[&str]) -> Vec<NewRecord> {
    names.iter().map(|name| record(&format!("key-{name}"), *name)).collect()
}

/// The records of a request, decoded.
fn asked(request: &Request) -> Vec<NewRecord> {
    let entries = request.body["Records"].as_array().unwrap();
    let decode = |entry: &Value| NewRecord {
        partition_key: entry["PartitionKey"].as_str().unwrap().to_owned(),
        data: BASE64.decode(entry["Data"].as_str().unwrap().as_bytes()).unwrap(),
    };
    entries.iter().map(decode).collect()
}

/// The data of each request as text.
fn asked_names(server: &Server) -> Vec<Vec<String>> {
    let name = |record: NewRecord| String::from_utf8(record.data).unwrap();
    server.requests().iter().map(|request| asked(request).into_iter().map(name).collect()).collect()
}

/// A stream that refuses a record as often as `refusals` says for its data, and keeps what it took, in order.
struct Shard {
    server: Server,
    taken: Arc<Mutex<Vec<NewRecord>>>,
}

impl Shard {
    async fn refusing(refusals: &[(&str, u32)]) -> Self {
        let mut left: HashMap<Vec<u8>, u32> =
            refusals.iter().map(|(name, count)| (name.as_bytes().to_vec(), *count)).collect();
        let taken: Arc<Mutex<Vec<NewRecord>>> = Arc::default();
        let kept = Arc::clone(&taken);
        let server = Server::asking(move |request| {
            let mut failed = 0;
            let mut kept = kept.lock().unwrap();
            let mut answer = |record: NewRecord| match left.get_mut(&record.data).filter(|count| **count > 0)
            {
                Some(count) => {
                    *count -= 1;
                    failed += 1;
                    json!({ "ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow down" })
                }
                None => {
                    kept.push(record);
                    json!({ "SequenceNumber": format!("{:056}", kept.len()), "ShardId": "shardId-000000000000" })
                }
            };
            let entries: Vec<Value> = asked(request).into_iter().map(&mut answer).collect();
            Reply::ok(&json!({ "FailedRecordCount": failed, "Records": entries }))
        });
        Self { server: server.await, taken }
    }

    fn stream(&self) -> KinesisStream {
        stream(&self.server.endpoint)
    }

    fn taken(&self) -> Vec<NewRecord> {
        self.taken.lock().unwrap().clone()
    }
}

fn stream(endpoint: &str) -> KinesisStream {
    KinesisStream::new(clients::kinesis(endpoint, clients::ONCE), "events")
}

#[tokio::test]
async fn records_arrive_byte_for_byte_in_one_request() {
    let shard = Shard::refusing(&[]).await;
    let every_byte: Vec<u8> = (0..=255).collect();
    let put = vec![
        record("c1-a", every_byte),
        record("v1-ü", "{\"n\":1}\n{\"n\":\"é\"}"),
        record("c1-b", [0]),
        record("c1-c", " {} \r\n\n"),
    ];
    shard.stream().put(put.clone()).await.unwrap();
    assert_eq!(shard.taken(), put);
    let request = shard.server.only_request();
    assert_eq!(request.header("x-amz-target"), "Kinesis_20131202.PutRecords");
    assert_eq!(request.header("content-type"), "application/x-amz-json-1.1");
    assert_eq!(request.body["StreamName"], "events");
}

#[tokio::test]
async fn nothing_to_put_is_no_request() {
    let shard = Shard::refusing(&[]).await;
    shard.stream().put(Vec::new()).await.unwrap();
    assert!(shard.server.requests().is_empty());
}

#[tokio::test]
async fn only_what_was_refused_is_put_again_and_in_its_order() {
    let shard = Shard::refusing(&[("b", 1), ("d", 2), ("e", 1)]).await;
    shard.stream().put(records(&["a", "b", "c", "d", "e", "f"])).await.unwrap();
    let expected = [vec!["a", "b", "c", "d", "e", "f"], vec!["b", "d", "e"], vec!["d"]];
    assert_eq!(asked_names(&shard.server), expected);
    assert_eq!(shard.taken(), records(&["a", "c", "f", "b", "e", "d"]), "each once");
}

#[tokio::test]
async fn a_key_keeps_its_order_when_its_first_record_is_refused() {
    let shard = Shard::refusing(&[("a1", 2), ("b2", 1)]).await;
    let put: Vec<_> = ["a1", "b1", "a2", "c1", "b2", "a3", "b3"].map(|n| record(&n[..1], n)).into();
    shard.stream().put(put.clone()).await.unwrap();
    let of = |records: &[NewRecord], key: &str| -> Vec<NewRecord> {
        records.iter().filter(|r| r.partition_key == key).cloned().collect()
    };
    for key in ["a", "b", "c"] {
        assert_eq!(of(&shard.taken(), key), of(&put, key), "the order of {key}");
    }
}

#[tokio::test]
async fn a_record_that_is_refused_for_ever_is_an_error_with_its_count() {
    let shard = Shard::refusing(&[("b", u32::MAX), ("c", 1)]).await;
    let error = shard.stream().put(records(&["a", "b", "c"])).await.unwrap_err();
    assert!(matches!(error, StreamError::Refused { refused: 1, total: 3, attempts: 4 }), "{error}");
    assert!(error.is_transient());
    assert_eq!(asked_names(&shard.server), [vec!["a", "b", "c"], vec!["b", "c"], vec!["b"], vec!["b"]]);
    assert_eq!(shard.taken(), records(&["a", "c"]));
}

#[tokio::test]
async fn a_refusal_in_a_later_request_is_counted_against_all_that_were_put() {
    let names: Vec<String> = (0..501).map(|n| format!("n{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let shard = Shard::refusing(&[("n500", u32::MAX)]).await;
    let error = shard.stream().put(records(&names)).await.unwrap_err();
    assert!(matches!(error, StreamError::Refused { refused: 1, total: 501, attempts: 4 }), "{error}");
}

#[tokio::test]
async fn many_records_are_split_at_500_and_a_refusal_is_settled_before_the_next_request() {
    let names: Vec<String> = (0..1_200).map(|n| format!("n{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let shard = Shard::refusing(&[("n7", 1)]).await;
    shard.stream().put(records(&names)).await.unwrap();
    let sizes: Vec<usize> = asked_names(&shard.server).iter().map(Vec::len).collect();
    assert_eq!(sizes, [500, 1, 500, 200]);
    let mut expected = names.clone();
    expected.remove(7);
    expected.insert(499, "n7");
    assert_eq!(shard.taken(), records(&expected));
}

#[tokio::test]
async fn large_records_are_split_below_the_limit_of_a_request() {
    let shard = Shard::refusing(&[]).await;
    let large = |n: u8| record(&format!("key-{n}"), vec![n; 1_000_000]);
    let put: Vec<_> = (0..10).map(large).collect();
    shard.stream().put(put.clone()).await.unwrap();
    let sizes: Vec<usize> = shard.server.requests().iter().map(|r| asked(r).len()).collect();
    assert_eq!(sizes, [4, 4, 2]);
    for request in shard.server.requests() {
        let bytes: usize = asked(&request).iter().map(|r| r.data.len() + r.partition_key.len()).sum();
        assert!(bytes <= AWS_BYTES_MAX, "{bytes} bytes in one request");
    }
    assert!(shard.taken() == put, "all of it, in order");
}

async fn is_unavailable(reply: Reply) {
    let server = Server::playing([reply.clone()]).await;
    let error = stream(&server.endpoint).put(records(&["a"])).await.expect_err("nothing was acknowledged");
    assert!(matches!(error, StreamError::Unavailable(_)), "{reply:?}: {error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_request_that_is_refused_as_a_whole_is_unavailable() {
    is_unavailable(Reply::json_error(400, "ResourceNotFoundException")).await;
    is_unavailable(Reply::json_error(400, "ProvisionedThroughputExceededException")).await;
    is_unavailable(Reply::json_error(500, "InternalFailure")).await;
    is_unavailable(Reply::foreign(503)).await;
    is_unavailable(Reply::HangUp).await;
}

#[tokio::test]
async fn a_stream_that_cannot_be_reached_is_unavailable() {
    let nobody = Refusing::new();
    let error = stream(&nobody.endpoint).put(records(&["a"])).await.unwrap_err();
    assert!(matches!(error, StreamError::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn only_an_acknowledged_record_counts_as_put() {
    let entry = json!({ "SequenceNumber": "1", "ShardId": "shardId-000000000000" });
    // Two records are put; these answers are 200 and do not speak for both of them.
    for answer in [
        json!({}),
        json!({ "FailedRecordCount": 0, "Records": [] }),
        json!({ "FailedRecordCount": 0, "Records": [entry] }),
        json!({ "FailedRecordCount": 0, "Records": [entry, {}] }),
        json!({ "FailedRecordCount": 0, "Records": [entry, entry, entry] }),
    ] {
        let replies = vec![Reply::ok(&answer); 4];
        let server = Server::playing(replies).await;
        let result = stream(&server.endpoint).put(records(&["a", "b"])).await;
        assert!(result.is_err(), "taken for an acknowledgement: {answer}");
    }
}

#[tokio::test]
async fn the_client_tries_a_failed_request_again_as_often_as_its_patience_says() {
    let patience = clients::unhurried(Patience::REQUEST);
    let ok =
        Reply::ok(&json!({ "FailedRecordCount": 0, "Records": [{ "SequenceNumber": "1", "ShardId": "s" }] }));
    let failure = Reply::json_error(500, "InternalFailure");
    let server = Server::playing([failure.clone(), ok]).await;
    let stream = |server: &Server| KinesisStream::new(clients::kinesis(&server.endpoint, patience), "events");
    stream(&server).put(records(&["a"])).await.unwrap();
    assert_eq!(asked_names(&server), [["a"], ["a"]], "the same record: event ids make that harmless");
    let server = Server::playing(vec![failure; 9]).await;
    assert!(stream(&server).put(records(&["a"])).await.is_err());
    assert_eq!(server.requests().len(), Patience::REQUEST.attempts as usize);
}
