//! Every case of `tests/cases/http`: one request, and what must come back. Another entry is another case.

use axum::body::Body;
use axum::http::Request;
use beckon_store::tables::memory::MemoryTables;
use data_encoding::BASE64;
use harness::body::BodySpec;
use harness::{Answer, World, misfit};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    method: Option<String>,
    path: String,
    /// The user of Basic auth.
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: BodySpec,
    expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    status: u16,
    /// Headers and their values; an empty value stands for a header that is not there.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// What the answer must have, at least.
    #[serde(default)]
    answer: Option<Value>,
    /// Lines in the stream afterwards.
    in_stream: u64,
}

fn cases() -> Vec<(String, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/http");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let found: Vec<Case> =
            serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        cases.extend(found.into_iter().map(|case| (format!("{name}: {}", case.name), case)));
    }
    cases
}

impl Case {
    fn request(&self) -> Request<Body> {
        let mut request = Request::builder().method(self.method.as_deref().unwrap_or("POST")).uri(&self.path);
        if let Some(key) = &self.key {
            let credentials = BASE64.encode(format!("{key}:").as_bytes());
            request = request.header("authorization", format!("Basic {credentials}"));
        }
        if self.body.gzip && !self.headers.contains_key("content-encoding") {
            request = request.header("content-encoding", "gzip");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Body::from(self.body.bytes())).unwrap()
    }

    fn check(&self, answer: &Answer, in_stream: u64) -> Result<(), String> {
        let Expect { status, headers, answer: body, in_stream: lines } = &self.expect;
        if answer.status != *status {
            return Err(format!("expected status {status}, got {}: {}", answer.status, answer.text()));
        }
        for (name, expected) in headers {
            let got = answer.header(name);
            if got != expected {
                return Err(format!("header {name}: expected `{expected}`, got `{got}`"));
            }
        }
        if let Some(error) = body.as_ref().and_then(|body| misfit(body, &answer.json())) {
            return Err(format!("{error} in {}", answer.text()));
        }
        if in_stream != *lines {
            return Err(format!("expected {lines} lines in the stream, got {in_stream}"));
        }
        Ok(())
    }
}

/// What holds for every answer, whatever was asked.
fn always(case: &Case, answer: &Answer, in_stream: u64) -> Result<(), String> {
    let json = answer.json();
    if answer.status >= 500 {
        return Err(format!("answered {}: a bad request is never a failure of ours", answer.status));
    }
    if answer.status >= 400 {
        let complete = ["type", "title"].iter().all(|field| json[field].is_string());
        let is_problem = answer.header("content-type") == "application/problem+json";
        if !is_problem || !complete || json["status"] != answer.status || in_stream != 0 {
            return Err(format!("not a problem document, or it left lines in the stream: {}", answer.text()));
        }
    } else if json["accepted"].is_u64() && json["accepted"] != in_stream {
        return Err(format!("said to have accepted {}, but put {in_stream} lines", json["accepted"]));
    }
    // Settings say the same to everyone who loads a page; anything else is somebody's own.
    let is_settings = case.path.ends_with("/settings") && answer.status == 200;
    if !json.is_null() && !is_settings && !answer.header("cache-control").contains("no-store") {
        return Err("the answer may be cached".to_owned());
    }
    for verdict in json["rejected"].as_array().into_iter().flatten() {
        if !verdict["pointer"].is_string() || !verdict["code"].is_string() || !verdict["index"].is_u64() {
            return Err(format!("a verdict without pointer, code or index: {verdict}"));
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_case_is_answered_as_promised_and_what_was_accepted_is_applied() {
    let cases = cases();
    let mut failures = Vec::new();
    for (name, case) in &cases {
        let mut world = World::on(MemoryTables::default(), beckon_rules::SAMPLE).await;
        let answer = world.request(case.request()).await;
        let in_stream = world.stack.stream.lines_put();
        let checked = always(case, &answer, in_stream).and_then(|()| case.check(&answer, in_stream));
        // Whatever a stranger sends, the profiler takes what the collector let in.
        world.put_past_the_collector(in_stream);
        let balance = world.try_finish().await;
        let finished = balance.and_then(|balance| match balance.failed {
            0 => Ok(()),
            failed => Err(format!("{failed} accepted events could not be applied")),
        });
        for error in [checked.err(), finished.err()].into_iter().flatten() {
            failures.push(format!("{name}: {error}"));
        }
    }
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    let count = failures.len();
    assert!(failures.is_empty(), "{count} of {} cases fail:\n{}", cases.len(), failures.join("\n"));
}
