//! The schemas of events against the HTTP cases: what a case's verdict refuses no schema takes, as far as JSON Schema can say
//! it, and what is taken without a word every schema takes.

use beckon_contract::events::{CALLS, call, commerce_event, commerce_events};
use serde_json::Value;
use std::path::Path;

/// Codes of verdicts on what JSON Schema cannot say: sizes in bytes, who sends it, and which key it came with.
const CANNOT_BE_SAID: [&str; 6] = [
    "event.too_large",
    "event.nesting",
    "schema.json",
    "identity.unproven",
    "bot.user_agent",
    "schema.timestamp",
];

/// Events of a case's body, as JSON; none where it is not of that form.
fn events(case: &Value) -> Vec<Value> {
    let raw = case["body"]["raw"].as_str().and_then(|raw| serde_json::from_str::<Value>(raw).ok());
    let body = raw.unwrap_or_else(|| case["body"]["json"].clone());
    body["batch"].as_array().cloned().unwrap_or_default()
}

/// The schema of an event, if it says of which kind it is.
fn schema(event: &Value) -> Option<Value> {
    let kind = event["type"].as_str()?;
    let name = event["event"].as_str().unwrap_or_default().trim();
    match commerce_events().into_iter().find(|one| kind == "track" && *one == name) {
        Some(name) => Some(commerce_event(name)),
        None => CALLS.contains(&kind).then(|| call(kind)),
    }
}

/// GA4's events are read under Segment's names, and have no schemas of their own.
fn is_ga4(event: &Value) -> bool {
    let name = event["event"].as_str().unwrap_or_default();
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[test]
fn what_the_cases_verdicts_refuse_no_schema_takes_and_what_they_take_every_schema_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/http");
    let (mut refused, mut taken, mut wrong) = (0, 0, Vec::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let cases: Vec<Value> = serde_saphyr::from_str(&text).unwrap();
        for case in cases.iter().filter(|case| case["expect"]["status"] == 200) {
            let verdicts = case["expect"]["answer"]["rejected"].as_array().cloned().unwrap_or_default();
            let warned = !case["expect"]["answer"]["warnings"].is_null();
            for (index, event) in events(case).iter().enumerate().filter(|(_, event)| !is_ga4(event)) {
                let verdict = verdicts
                    .iter()
                    .find(|verdict| verdict["index"].as_u64().unwrap_or_default() == index as u64);
                let schema = schema(event);
                let is_valid = schema.as_ref().is_some_and(|s| jsonschema::draft202012::is_valid(s, event));
                match verdict {
                    Some(verdict) => {
                        let code = verdict["code"].as_str().unwrap_or_default();
                        refused += 1;
                        if is_valid && !CANNOT_BE_SAID.contains(&code) {
                            wrong.push(format!("{}: refused with {code}: {event}", case["name"]));
                        }
                    }
                    // A case that tells no verdicts may not care for them.
                    None if verdicts.is_empty() || warned => {}
                    None => {
                        taken += 1;
                        if !is_valid {
                            wrong.push(format!("{}: taken: {event}", case["name"]));
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(refused > 40 && taken > 30, "{refused} and {taken}: the cases were not found");
}
