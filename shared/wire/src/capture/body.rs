//! The body of a request: who sends, when, and the events as raw text, so that one bad event cannot spoil the rest.

use crate::limits::{BODY_BYTES_MAX, EVENT_COUNT_MAX};
use crate::problem::{Fault, Problem};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A request's body, split into events.
#[derive(Debug)]
pub struct Body<'a> {
    /// The write key, when it is in the body.
    pub write_key: Option<String>,
    /// `sentAt`, as it stands there.
    pub sent_at: Option<Value>,
    /// Context that holds for all events unless they have their own.
    pub context: Map<String, Value>,
    /// The events, each as its JSON text.
    pub events: Vec<&'a str>,
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(default, rename = "writeKey")]
    write_key: Option<String>,
    #[serde(default, rename = "sentAt")]
    sent_at: Option<Value>,
    #[serde(default, borrow)]
    context: Option<&'a RawValue>,
    #[serde(borrow)]
    batch: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Single<'a> {
    #[serde(default, rename = "writeKey")]
    write_key: Option<String>,
    #[serde(default, rename = "sentAt", borrow)]
    sent_at: Option<&'a RawValue>,
}

/// The text of a body that is a JSON object. serde would take a list for the fields in their order.
pub(super) fn object_text(bytes: &[u8]) -> Result<&str, Problem> {
    let text = text(bytes)?;
    if text.trim_start().starts_with('[') {
        return Err(Problem::bad_request("the body must be a JSON object").with(Fault::new(
            "",
            "schema.type",
            "expected an object, got array",
        )));
    }
    Ok(text)
}

fn text(bytes: &[u8]) -> Result<&str, Problem> {
    if bytes.len() > BODY_BYTES_MAX {
        return Err(Problem::too_large(format!(
            "the body has {} bytes; at most {BODY_BYTES_MAX} are taken: send smaller batches",
            bytes.len()
        )));
    }
    std::str::from_utf8(bytes).map_err(|_| Problem::bad_request("the body is not UTF-8"))
}

fn not_json(error: &serde_json::Error) -> Problem {
    let place = format!("line {}, column {}", error.line(), error.column());
    let (code, detail) = match error.classify() {
        serde_json::error::Category::Data => ("schema.type", format!("{error}")),
        _ => ("schema.json", format!("not valid JSON at {place}")),
    };
    Problem::bad_request("the body must be a JSON object with the events to take")
        .with(Fault::new("", code, detail))
}

/// Splits the body of `POST /v1/batch`.
///
/// # Errors
/// 400 when it is not JSON of the batch's form, 413 when it is too large or has too many events.
pub fn parse_batch(bytes: &[u8]) -> Result<Body<'_>, Problem> {
    let batch: Batch<'_> = serde_json::from_str(object_text(bytes)?).map_err(|e| not_json(&e))?;
    if batch.batch.len() > EVENT_COUNT_MAX {
        return Err(Problem::too_large(format!(
            "the batch has {} events; at most {EVENT_COUNT_MAX} are taken: send smaller batches",
            batch.batch.len()
        )));
    }
    let context = batch.context.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    Ok(Body {
        write_key: batch.write_key,
        sent_at: batch.sent_at,
        context,
        events: batch.batch.into_iter().map(RawValue::get).collect(),
    })
}

/// Reads the body of `POST /v1/track` and the like: one event, with `writeKey` and `sentAt` beside its fields.
///
/// # Errors
/// 400 when it is not a JSON object, 413 when it is too large.
pub fn parse_single(bytes: &[u8]) -> Result<Body<'_>, Problem> {
    let text = object_text(bytes)?;
    let single: Single<'_> = serde_json::from_str(text).map_err(|e| not_json(&e))?;
    Ok(Body {
        write_key: single.write_key,
        sent_at: single.sent_at.and_then(|raw| serde_json::from_str(raw.get()).ok()),
        context: Map::new(),
        events: vec![text],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_splits_into_events_even_when_one_is_absurd() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let body = format!(r#"{{"writeKey":"pk_a","batch":[{{"a":1}},{deep},{{"b":2}}]}}"#);
        let body = parse_batch(body.as_bytes()).unwrap();
        assert_eq!((body.events.len(), body.events[2]), (3, r#"{"b":2}"#));
    }

    #[test]
    fn what_is_no_batch_is_refused_with_a_status_that_says_why() {
        let too_many = format!(r#"{{"batch":[{}1]}}"#, "1,".repeat(512));
        let cases = [
            ("", 400),
            ("[]", 400),
            ("[null,null,null,[]]", 400),
            ("{\"batch\":{}}", 400),
            ("{\"batch\":[NaN]}", 400),
            ("{\"writeKey\":7,\"batch\":[]}", 400),
            (&too_many, 413),
            (&" ".repeat(BODY_BYTES_MAX + 1), 413),
        ];
        for (body, status) in cases {
            let problem = parse_batch(body.as_bytes()).unwrap_err();
            assert_eq!(problem.status(), status, "{}", &body[..body.len().min(40)]);
        }
        assert_eq!(parse_batch(&[0xff, 0xfe]).unwrap_err().status(), 400);
    }
}
