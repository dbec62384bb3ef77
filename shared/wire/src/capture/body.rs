//! The body of a request: who sends, when, and the events as raw text, so that one bad event cannot spoil the rest.

use crate::fields::truncate;
use crate::limits::{
    BODY_BYTES_MAX, CONTEXT_BYTES_MAX, EVENT_BYTES_MAX, EVENT_COUNT_MAX, OBJECT_COUNT_MAX, shape,
};
use crate::problem::{Fault, Problem};
use serde::de::{Error, IgnoredAny, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::fmt;
use std::ops::Range;

/// Bytes of the longest text that is looked at for a time.
const TIME_BYTES_MAX: usize = 100;
/// Bytes of what is said of JSON that cannot be read: serde's words may repeat what was sent.
const DETAIL_BYTES_MAX: usize = 200;
/// Brackets that may be left open before a body is not read at all: a reader remembers each.
const OPEN_COUNT_MAX: usize = 10_000;

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
    #[serde(default, rename = "sentAt", borrow)]
    sent_at: Option<&'a RawValue>,
    #[serde(default, borrow)]
    context: Option<&'a RawValue>,
    #[serde(borrow)]
    batch: Events<'a>,
}

/// The first events of a batch, and how many there are: what is beyond the most that are taken is counted, not kept.
struct Events<'a> {
    first: Vec<&'a str>,
    count: usize,
}

impl<'de: 'a, 'a> Deserialize<'de> for Events<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EventsVisitor)
    }
}

struct EventsVisitor;

impl<'de> Visitor<'de> for EventsVisitor {
    type Value = Events<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a sequence")
    }

    /// Without the text itself, which may be as long as the body.
    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Err(E::invalid_type(Unexpected::Other("string"), &self))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut first = Vec::new();
        while first.len() < EVENT_COUNT_MAX {
            let Some(event) = list.next_element::<&RawValue>()? else {
                return Ok(Events { count: first.len(), first });
            };
            first.push(event.get());
        }
        let mut count = first.len();
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Events { first, count })
    }
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
    let got = match text.trim_start().as_bytes().first() {
        Some(b'[') => "array",
        Some(b'"') => "string",
        _ => return Ok(text),
    };
    let fault = Fault::new("", "schema.type", format!("expected an object, got {got}"));
    Err(Problem::bad_request("the body must be a JSON object").with(fault))
}

/// The text of a body, unless to read it would take more memory than the body itself.
fn text(bytes: &[u8]) -> Result<&str, Problem> {
    if bytes.len() > BODY_BYTES_MAX {
        return Err(Problem::too_large(format!(
            "the body has {} bytes; at most {BODY_BYTES_MAX} are taken: send smaller batches",
            bytes.len()
        )));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::bad_request("the body is not UTF-8"))?;
    let shape = shape(text);
    if shape.outer_text > EVENT_BYTES_MAX {
        return Err(Problem::too_large(format!(
            "a text of {} bytes stands in the body; at most {EVENT_BYTES_MAX} are taken",
            shape.outer_text
        )));
    }
    if !shape.is_closed && shape.nesting > OPEN_COUNT_MAX {
        let fault = Fault::new("", "schema.json", "not valid JSON: brackets are not closed");
        return Err(Problem::bad_request("the body must be a JSON object").with(fault));
    }
    Ok(text)
}

fn not_json(error: &serde_json::Error) -> Problem {
    let place = format!("line {}, column {}", error.line(), error.column());
    let (code, detail) = match error.classify() {
        serde_json::error::Category::Data => {
            ("schema.type", truncate(&error.to_string(), DETAIL_BYTES_MAX).to_owned())
        }
        _ => ("schema.json", format!("not valid JSON at {place}")),
    };
    Problem::bad_request("the body must be a JSON object with the events to take")
        .with(Fault::new("", code, detail))
}

/// Splits the body of `POST /v1/batch`.
///
/// # Errors
/// 400 when it is not JSON of the batch's form, 413 when it is too large, has too many events or too large a context.
pub fn parse_batch(bytes: &[u8]) -> Result<Body<'_>, Problem> {
    let batch: Batch<'_> = serde_json::from_str(object_text(bytes)?).map_err(|e| not_json(&e))?;
    let Events { first: events, count } = batch.batch;
    if count > EVENT_COUNT_MAX {
        return Err(Problem::too_large(format!(
            "the batch has {count} events; at most {EVENT_COUNT_MAX} are taken: send smaller batches"
        )));
    }
    let context = batch.context.map_or("", RawValue::get);
    let objects = shape(context).objects;
    if context.len() > CONTEXT_BYTES_MAX || objects > OBJECT_COUNT_MAX {
        return Err(Problem::too_large(format!(
            "the batch's context has {} bytes and {objects} objects; at most {CONTEXT_BYTES_MAX} and {OBJECT_COUNT_MAX} are \
             taken",
            context.len()
        )));
    }
    Ok(Body {
        write_key: batch.write_key,
        sent_at: sent_at(batch.sent_at),
        context: serde_json::from_str(context).unwrap_or_default(),
        events,
    })
}

/// Events that are worked on together, and bytes of them: read, an event takes up to sixteen times its text.
const PART_COUNT_MAX: usize = 64;
const PART_BYTES_MAX: usize = EVENT_BYTES_MAX;

/// Where the events of a request are parted, so that what they are read into never is there of all at once: each part has at
/// least one event, and no more than 64 or 32 KiB.
#[must_use]
pub fn parts(events: &[&str]) -> Vec<Range<usize>> {
    let (mut parts, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (index, event) in events.iter().enumerate() {
        bytes += event.len();
        if index > start && (index - start == PART_COUNT_MAX || bytes > PART_BYTES_MAX) {
            parts.push(start..index);
            (start, bytes) = (index, event.len());
        }
    }
    parts.push(start..events.len());
    parts
}

/// A time as it stands there; null for what is too long to be one.
fn sent_at(raw: Option<&RawValue>) -> Option<Value> {
    let text = raw?.get();
    let short = (text.len() <= TIME_BYTES_MAX).then_some(text);
    Some(short.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default())
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
        sent_at: sent_at(single.sent_at),
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
    fn what_is_too_long_to_be_a_time_is_none_and_costs_nothing() {
        let long = format!("[{}1]", "1,".repeat(1_000));
        for (body, sent_at) in [
            (format!(r#"{{"sentAt":{long},"batch":[]}}"#), Some(Value::Null)),
            (r#"{"sentAt":"2025","batch":[]}"#.to_owned(), Some(Value::from("2025"))),
            (r#"{"sentAt":null,"batch":[]}"#.to_owned(), None),
        ] {
            assert_eq!(parse_batch(body.as_bytes()).unwrap().sent_at, sent_at);
            assert_eq!(parse_single(body.as_bytes()).unwrap().sent_at, sent_at);
        }
    }

    #[test]
    fn events_are_parted_by_their_number_and_by_their_bytes() {
        let (small, large) = ("{}", "x".repeat(20 * 1024));
        assert_eq!(parts(&[small; 130]), [0..64, 64..128, 128..130]);
        assert_eq!(parts(&[small, &large, &large, small]), [0..2, 2..4]);
        assert_eq!(
            parts(&[large.repeat(9).as_str(), small]),
            [0..1, 1..2],
            "one that is too large is a part too"
        );
        assert!(parts(&[]).iter().eq(std::iter::once(&(0..0))));
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
            (" \"text\"", 400),
            (&format!(r#"{{"batch":"{}"}}"#, "x".repeat(20_000)), 400),
            (&format!(r#"{{"context":{{"a":"{}"}},"batch":[]}}"#, "x".repeat(CONTEXT_BYTES_MAX)), 413),
            (&format!(r#"{{"context":{{"a":[{}1]}},"batch":[]}}"#, "{},".repeat(OBJECT_COUNT_MAX)), 413),
            (&format!(r#"{{"{}":1,"batch":[]}}"#, "x".repeat(EVENT_BYTES_MAX + 1)), 413),
            (&"[".repeat(100_000), 400),
        ];
        for (body, status) in cases {
            let problem = parse_batch(body.as_bytes()).unwrap_err();
            assert_eq!(problem.status(), status, "{}", &body[..body.len().min(40)]);
            assert!(format!("{problem:?}").len() < 1_000, "nothing of a large body is repeated");
        }
        assert_eq!(parse_batch(&[0xff, 0xfe]).unwrap_err().status(), 400);
    }
}
