//! The stub as a function meets it, what is refused, and what is made of starts. No process and no time.

use super::report::Row;
use super::start::Started;
use super::stub::{Seen, Stub, Watched};
use super::{ColdArgs, Starts, measure};
use crate::bench::collect::served::Memory;
use serde_json::{Value, json};
use std::path::PathBuf;

#[tokio::test]
async fn the_stub_hands_out_one_invocation_and_answers_for_aws() {
    let stub = Stub::start().await.unwrap();
    let Watched { mut seen, invoke } = stub.begin();
    let url = |path: &str| format!("http://{}{path}", stub.address());
    let client = reqwest::Client::new();
    invoke.send("{\"a\":1}").unwrap();
    let next = client.get(url("/2018-06-01/runtime/invocation/next")).send().await.unwrap();
    assert!(next.headers().contains_key("lambda-runtime-aws-request-id"));
    assert_eq!(next.json::<Value>().await.unwrap(), json!({ "a": 1 }));
    client.post(url("/2018-06-01/runtime/invocation/x/response")).send().await.unwrap();
    client.post(url("/2018-06-01/runtime/invocation/x/error")).send().await.unwrap();
    assert!(matches!(seen.recv().await, Some(Seen::Next(_))));
    assert_eq!(seen.recv().await, Some(Seen::Answered(true)));
    assert_eq!(seen.recv().await, Some(Seen::Answered(false)));
    let put = json!({ "Records": [{}, {}] });
    let put = client.post(url("/")).header("x-amz-target", "Kinesis_20131202.PutRecords").json(&put);
    let put: Value = put.send().await.unwrap().json().await.unwrap();
    assert_eq!(put["Records"].as_array().map(Vec::len), Some(2));
    assert_eq!(client.get(url("/model/live")).send().await.unwrap().status(), 404);
    let listed = client.get(url("/archive?list-type=2")).send().await.unwrap();
    assert!(listed.text().await.unwrap().starts_with("<ListBucketResult>"));
}

#[tokio::test]
async fn a_function_that_is_not_built_is_told_with_the_command_that_builds_it() {
    let folder = PathBuf::from("no-such-folder");
    let args = ColdArgs { starts: 1, folder, functions: vec!["trends".to_owned()], quick: true, json: false };
    let error = measure(&args).await.unwrap_err();
    assert!(error.to_string().starts_with("trends is not in no-such-folder; "), "{error}");
    assert!(error.to_string().ends_with("cargo build --release --locked --bins --examples"), "{error}");
}

fn starts(ms: &[f64], most_bytes: u64) -> Vec<Started> {
    let memory = Some(Memory { now_bytes: 9_000_000, most_bytes });
    ms.iter().map(|ms| Started { ms: *ms, ready: memory, invoked: memory, is_answered: true }).collect()
}

#[test]
fn root_certificates_are_told_apart_and_both_goals_must_be_met() {
    let row = |more: f64, bytes: u64| {
        let empty = starts(&[3.0, 1.0, 2.0], 5_000_000);
        let with_one = starts(&[2.0 + more; 3], bytes);
        Row::new("trends", &Starts { empty, with_roots: starts(&[6.0 + more; 3], bytes), with_one })
    };
    let good = row(8.0, 25_000_000);
    assert_eq!((good.more_ms, good.roots_ms, good.answered), (8.0, Some(4.0), 3));
    assert_eq!((good.ready_bytes, good.invoked_bytes), (Some(9_000_000), Some(25_000_000)));
    assert_eq!(good.empty_ms.map(|spread| (spread.median, spread.min, spread.max)), Some((2.0, 1.0, 3.0)));
    assert!(good.is_met && !row(8.5, 25_000_000).is_met && !row(8.0, 25_000_001).is_met);
    let blind = Starts { empty: starts(&[1.0], 1), with_roots: starts(&[9.5], 1), ..Starts::default() };
    let blind = Row::new("trends", &blind);
    assert_eq!(
        (blind.more_ms, blind.roots_ms, blind.is_met),
        (8.5, None, false),
        "nothing is taken off unseen"
    );
}
