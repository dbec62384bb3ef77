//! The sample payloads: what Lambda hands over is generated from the readable records, and really works.
//!
//! `UPDATE_GOLDEN=1 cargo test -p e2e --test tidy` writes them anew.

use crate::tree::{files, read, root, stack};
use axum::body::to_bytes;
use beckon_cli::ses_events::{Happened, SesMail};
use beckon_domain::{DurationMs, Timestamp};
use beckon_mapping::payload::{RecordView, kinesis_event};
use beckon_runtime::Clock;
use beckon_store::bus::memory::MemoryBus;
use beckon_store::objects::memory::MemoryFailedEvents;
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::streams::memory::MemoryStream;
use beckon_store::tables::ProfileScan;
use beckon_store::tables::memory::MemoryTables;
use data_encoding::BASE64;
use profiler::Profiler;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use tower::ServiceExt;

#[derive(Deserialize)]
struct Records {
    shard: String,
    first_sequence: u64,
    partition_key: String,
    lines: Vec<Value>,
}

#[derive(Deserialize)]
struct Requests {
    requests: Vec<ApiRequest>,
}

#[derive(Deserialize)]
struct ApiRequest {
    name: String,
    path: String,
    key: String,
    body: Value,
}

/// A mail, and what SES tells of it.
#[derive(Deserialize)]
struct Mail {
    message_id: String,
    to: String,
    sent_at: Value,
    tags: BTreeMap<String, String>,
    events: Vec<MailEvent>,
}

#[derive(Deserialize)]
struct MailEvent {
    name: String,
    happened: Happened,
    seconds: u64,
}

/// A time that the records speak of.
const NOW: Timestamp = Timestamp::from_ms(1_763_800_060_000);

fn check(path: &str, generated: &Value) {
    let text = format!("{generated:#}\n");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(root().join(path).parent().unwrap()).unwrap();
        fs::write(root().join(path), &text).unwrap();
    }
    let hint = "run UPDATE_GOLDEN=1 cargo test -p e2e --test tidy";
    assert_eq!(
        fs::read_to_string(root().join(path)).unwrap_or_default(),
        text,
        "{path} is out of step: {hint}"
    );
}

fn kinesis(records: &Records) -> Value {
    let datas: Vec<String> = records.lines.iter().map(ToString::to_string).collect();
    let sequences: Vec<String> = (0..datas.len() as u64)
        .map(|n| format!("495451152434909850182800677149731445821800625{:011}", records.first_sequence + n))
        .collect();
    kinesis_event(datas.iter().zip(&sequences).map(|(data, sequence)| RecordView {
        shard: &records.shard,
        sequence,
        partition_key: &records.partition_key,
        data: data.as_bytes(),
        arrived_at_ms: NOW.as_ms(),
    }))
}

/// The request as an HTTP API hands it over (payload format 2.0).
fn api(request: &ApiRequest) -> Value {
    json!({
        "version": "2.0",
        "routeKey": format!("POST {}", request.path),
        "rawPath": request.path,
        "rawQueryString": "",
        "headers": {
            "authorization": format!("Basic {}", BASE64.encode(format!("{}:", request.key).as_bytes())),
            "content-type": "application/json",
            "host": "api.example",
        },
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "sample",
            "domainName": "api.example",
            "domainPrefix": "api",
            "http": {
                "method": "POST", "path": request.path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                "userAgent": "sample",
            },
            "requestId": "sample", "routeKey": format!("POST {}", request.path), "stage": "$default",
            "time": "22/Nov/2025:08:27:40 +0000", "timeEpoch": NOW.as_ms(),
        },
        "body": request.body.to_string(),
        "isBase64Encoded": false,
    })
}

/// Each event of a mail as EventBridge delivers it, and all of them as SNS does.
fn check_mail(mail: &Mail) {
    let tags: Vec<(String, String)> = mail.tags.clone().into_iter().collect();
    let sent_at = beckon_wire::parse_time(&mail.sent_at).expect("a time");
    let ses = SesMail { message_id: &mail.message_id, to: &mail.to, sent_at, tags: &tags };
    let mut records = Vec::new();
    for MailEvent { name, happened, seconds } in &mail.events {
        let event = ses.event(*happened, sent_at + DurationMs::from_secs(*seconds));
        let message = event["detail"].to_string();
        records
            .push(json!({ "EventSource": "aws:sns", "EventVersion": "1.0", "Sns": { "Message": message } }));
        check(&format!("events/mail/{name}.json"), &event);
    }
    check("events/mail/all-by-sns.json", &json!({ "Records": records }));
}

#[test]
fn payloads_are_in_step_with_their_records() {
    for path in files("events/records", ".json") {
        let name = path.rsplit('/').next().unwrap().to_owned();
        if name == "requests.json" {
            let requests: Requests = serde_json::from_str(&read(&path)).unwrap();
            for request in &requests.requests {
                check(&format!("events/api/{}.json", request.name), &api(request));
            }
        } else if name == "mail.json" {
            check_mail(&serde_json::from_str(&read(&path)).unwrap());
        } else {
            let records: Records =
                serde_json::from_str(&read(&path)).unwrap_or_else(|e| panic!("{path}: {e}"));
            check(&format!("events/kinesis/{name}"), &kinesis(&records));
        }
    }
    check("events/schedule/cart-mailer.json", &json!({ "schedule": "cart-mailer" }));
    check("events/schedule/canary.json", &json!({ "schedule": "canary" }));
    check("events/schedule/reconcile.json", &json!({ "schedule": "reconcile" }));
}

#[tokio::test]
async fn the_profiler_applies_every_sample_batch() {
    for path in files("events/kinesis", ".json") {
        let (tables, failed) = (MemoryTables::default(), MemoryFailedEvents::default());
        let (clock, _) = Clock::manual(NOW);
        let profiler = Profiler {
            tables: tables.clone(),
            stream: MemoryStream::new(1, || NOW, || {}),
            signals: MemoryStream::new(1, || NOW, || {}),
            failed: failed.clone(),
            bus: MemoryBus::default(),
            rulesets: ActiveRuleset::default(),
            clock,
            epoch: "1".to_owned(),
            record_age_max: None,
            fold: beckon_domain::fold::fold,
            metrics: beckon_runtime::Metrics::default(),
        };
        let event = serde_json::from_str(&read(&path)).unwrap();
        let response = profiler::handle(&profiler, event, None).await;
        assert!(response.batch_item_failures.is_empty(), "{path}");
        let applied: u64 = tables.scan_profiles().await.unwrap().iter().map(|(_, p)| p.tallies.applied).sum();
        let poisoned = failed.documents().len() as u64;
        let expected: Value = serde_json::from_str(&read(&path)).unwrap();
        assert_eq!(applied + poisoned, expected["Records"].as_array().unwrap().len() as u64, "{path}");
        assert_eq!(poisoned > 0, path.contains("poison"), "{path}");
    }
}

#[tokio::test]
async fn mail_feedback_takes_over_every_sample_of_what_ses_tells() {
    let paths = files("events/mail", ".json");
    assert!(paths.len() > 5, "{paths:?}");
    for path in paths {
        let stack = stack(NOW).await;
        let payload: Value = serde_json::from_str(&read(&path)).unwrap();
        let told = payload["Records"].as_array().map_or(1, Vec::len);
        let report = stack.mail_event(payload).await.unwrap_or_else(|e| panic!("{path}: {e}"));
        assert_eq!((&report["events"], &report["ignored"]), (&json!(told), &json!(0)), "{path}");
        let suppresses =
            path.contains("complained") || path.ends_with("bounced.json") || path.contains("sns");
        assert_eq!(report["suppressed"].as_u64() > Some(0), suppresses, "{path}");
    }
}

#[tokio::test]
async fn sample_requests_pass_from_the_gateways_form_through_the_router() {
    let stack = stack(NOW).await;
    for path in files("events/api", ".json") {
        let request = lambda_http::request::from_str(&read(&path)).unwrap();
        let response = stack.router().oneshot(request.map(axum::body::Body::new)).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let answer: Value = serde_json::from_slice(&body).unwrap();
        assert!(answer["requestId"].is_string(), "{path}");
    }
}
