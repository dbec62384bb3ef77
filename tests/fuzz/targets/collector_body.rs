//! Any bytes as the body of a request to the collector: never a panic, bounded memory, and what is taken can be read again.
//!
//! A body that begins with `c` is one event, copied until a batch is full: so a small text finds what grows. With `t`, `i`,
//! `p`, `s`, `a` or `g` it is the body of a single event, as gzip begins it is decompressed, and else it is a batch.
#![no_main]

mod memory;

use beckon_domain::{Currency, ProfileKey, SourceId, Timestamp};
use beckon_wire::capture::landing;
use beckon_wire::capture::{
    Body, Captured, EventType, Received, Verdict, capture, decoded, parse_batch, parse_single, parts,
};
use beckon_wire::limits::{BODY_BYTES_MAX, EVENT_BYTES_MAX, EVENT_COUNT_MAX};
use beckon_wire::problem::Problem;
use beckon_wire::stream::{Line, join, read, write};
use libfuzzer_sys::fuzz_target;
use std::borrow::Cow;

/// A key as the collector makes them.
const KEY: &str = "a1_0123456789abcdefghijklmnopqrstuvwxyzABCDEFA";

/// Beside twice the body, what it may cost to find that a body is refused.
const REFUSED_BYTES: usize = 64 * 1024;
/// Beside twice the body, or twice what it becomes where that is more, what it may cost to take one: a part of its events as
/// JSON values and lines, a context for all of them, and the verdicts.
const TAKEN_BYTES: usize = 1536 * 1024;

fuzz_target!(|bytes: &[u8]| {
    let is_gzip = bytes.starts_with(&[0x1f, 0x8b]);
    let (event_type, bytes) = match bytes.split_first() {
        Some((b't', rest)) => (Some(EventType::Track), Cow::Borrowed(rest)),
        Some((b'i', rest)) => (Some(EventType::Identify), Cow::Borrowed(rest)),
        Some((b'p', rest)) => (Some(EventType::Page), Cow::Borrowed(rest)),
        Some((b's', rest)) => (Some(EventType::Screen), Cow::Borrowed(rest)),
        Some((b'a', rest)) => (Some(EventType::Alias), Cow::Borrowed(rest)),
        Some((b'g', rest)) => (Some(EventType::Group), Cow::Borrowed(rest)),
        Some((b'c', rest)) => (None, Cow::Owned(copies(rest))),
        _ => (None, Cow::Borrowed(bytes)),
    };
    let encoding = if is_gzip { "gzip" } else { "" };
    let (body, unpacked) = memory::peak(|| decoded(encoding, &bytes));
    assert!(unpacked <= 2 * BODY_BYTES_MAX + 64 * 1024, "{unpacked} bytes to decompress {}", bytes.len());
    let Ok(body) = body else { return };
    let (records, peak) = memory::peak(|| collect(&body, event_type));
    let written = records.iter().flatten().map(Vec::len).sum::<usize>();
    let beside = if records.is_err() { REFUSED_BYTES } else { TAKEN_BYTES };
    let most = 2 * body.len().max(written) + beside;
    assert!(peak <= most, "{peak} bytes for a body of {} that becomes {written}", body.len());
    for line in records.iter().flatten().flat_map(|record| record.split(|byte| *byte == b'\n')) {
        let text = std::str::from_utf8(line).expect("a line is text");
        assert!(read(text, KEY).is_ok(), "taken and not read again: {text}");
    }
});

/// A batch of as many copies of an event as one request may have.
fn copies(event: &[u8]) -> Vec<u8> {
    let count = (BODY_BYTES_MAX - 20) / (event.len() + 1);
    let mut body = b"{\"batch\":[".to_vec();
    for number in 0..count.min(EVENT_COUNT_MAX) {
        body.extend(if number > 0 { b"," } else { &b""[..] });
        body.extend_from_slice(event);
    }
    body.extend_from_slice(b"]}");
    body
}

/// What the collector does with a body between its key and the stream: the data of records.
fn collect(bytes: &[u8], event_type: Option<EventType>) -> Result<Vec<Vec<u8>>, Problem> {
    let body = if event_type.is_some() { parse_single(bytes)? } else { parse_batch(bytes)? };
    let source = SourceId::new("web").expect("an id");
    let received = received(&body, &source, event_type);
    let mut room = EVENT_COUNT_MAX.saturating_sub(body.events.len());
    let (mut texts, mut verdicts, mut contacts) = (Vec::new(), Vec::new(), Vec::new());
    for part in parts(&body.events) {
        let mut lines = Vec::new();
        for (index, event) in body.events.iter().enumerate().skip(part.start).take(part.len()) {
            let has_token = |event: &&&str| event.len() <= EVENT_BYTES_MAX;
            let _ = Some(event).filter(has_token).map(|event| beckon_wire::token::of_body(event.as_bytes()));
            match capture(event, &Received { room, ..received.clone() }) {
                Ok(captured) => {
                    room -= captured.more.len();
                    verdicts.extend(
                        captured.warnings.iter().map(|fault| Verdict::new(index, event, fault.clone())),
                    );
                    contacts.extend(captured.contact.clone());
                    lines.extend(put_down(captured));
                }
                Err(fault) => verdicts.push(Verdict::new(index, event, fault)),
            }
        }
        write(&lines, &mut texts).expect("a line is JSON");
    }
    Ok(join(texts))
}

fn received<'a>(body: &'a Body<'_>, source: &'a SourceId, event_type: Option<EventType>) -> Received<'a> {
    Received {
        at: Timestamp::from_ms(1_763_800_000_000),
        sent_at: body.sent_at.as_ref().and_then(beckon_wire::parse_time),
        source,
        currency: Currency::new("EUR").expect("a currency"),
        context: &body.context,
        event_type,
        is_bot: false,
        gpc: false,
        room: EVENT_COUNT_MAX,
        fresh_id: &|| "fresh".to_owned(),
    }
}

/// The lines of an event, under a profile's key.
fn put_down(captured: Captured) -> Vec<Line> {
    assert!(ProfileKey::parse(KEY).is_ok(), "the key of this target is none any more");
    let mut lines = vec![captured.line];
    lines.extend(captured.more);
    let click = captured.landing.map(|id| landing::click(&lines[0], id));
    lines.extend(click);
    lines.iter_mut().for_each(|line| KEY.clone_into(&mut line.key));
    lines
}
