//! The format segment-jsonl: one Segment event per line.

use super::input::Source;
use super::lines::{LINE_BYTES_MAX, Lines, Text};
use super::table::short;
use super::{Failed, Row, RowError, instant, person};
use beckon_domain::Timestamp;
use serde_json::{Map, Value};

/// Times, newest knowledge first; the event keeps none of them, because the replay sets its own.
const TIME_FIELDS: [&str; 4] = ["timestamp", "originalTimestamp", "receivedAt", "sentAt"];

/// A file of events being read.
pub(super) struct SegmentLines {
    lines: Lines,
    number: u64,
}

impl std::fmt::Debug for SegmentLines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SegmentLines")
            .field("number", &self.number)
            .field("line", &self.lines.line())
            .finish_non_exhaustive()
    }
}

impl SegmentLines {
    pub fn new(source: Source) -> Self {
        Self { lines: Lines::new(source), number: 0 }
    }

    /// The last row's number and line.
    pub fn position(&self) -> (u64, u64) {
        (self.number, self.lines.line())
    }

    /// The next row; empty lines are none.
    pub fn next(&mut self) -> Option<Result<Row, Failed>> {
        let number = self.number + 1;
        let row = match self.lines.next() {
            Ok(None) => return None,
            Err(error) => return Some(Err(Failed::File(error))),
            Ok(Some(Text { is_too_long: true, .. })) => {
                Err(format!("the line has more than {LINE_BYTES_MAX} bytes; write one event on each line"))
            }
            Ok(Some(text)) => parse(text.bytes, number),
        };
        self.number = number;
        let line = self.lines.line();
        Some(row.map_err(|reason| Failed::Row(RowError { number, line, reason })))
    }
}

fn parse(text: &[u8], number: u64) -> Result<Row, String> {
    let value: Value = serde_json::from_slice(text).map_err(|error| {
        format!("not JSON at column {}; write one whole Segment event on each line", error.column())
    })?;
    let Value::Object(mut event) = value else {
        return Err("not a JSON object; write one whole Segment event on each line".to_owned());
    };
    if !event.get("type").is_some_and(Value::is_string) {
        return Err("no type; expected track, identify, page, screen, alias or group".to_owned());
    }
    let at = time(&event)?;
    for field in TIME_FIELDS {
        event.remove(field);
    }
    event.remove("writeKey");
    let (user, anonymous) = if let Some(user) = take_id(&mut event, "userId")? {
        (user, false)
    } else if let Some(anonymous) = take_id(&mut event, "anonymousId")? {
        (anonymous, true)
    } else {
        return Err("neither userId nor anonymousId; one of them must say who it was".to_owned());
    };
    Ok(Row { number, at, user, body: Value::Object(event), anonymous })
}

/// Takes an id out of the event. Absent, null and empty are the same: SDKs write all three.
fn take_id(event: &mut Map<String, Value>, field: &str) -> Result<Option<String>, String> {
    match event.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => person(&text, field).map(Some),
        // Exports of warehouses write numbers.
        Some(Value::Number(number)) => person(&number.to_string(), field).map(Some),
        Some(_) => Err(format!("{field} is neither text nor a number; write it as text")),
    }
}

/// The event's time: RFC 3339, or milliseconds since 1970 as the collector also takes them.
fn time(event: &Map<String, Value>) -> Result<Timestamp, String> {
    let value_of = |field| event.get(field).filter(|value| !value.is_null());
    let Some((field, value)) = TIME_FIELDS.iter().find_map(|&field| Some((field, value_of(field)?))) else {
        return Err("no timestamp; expected RFC 3339 such as 2026-11-22T05:00:01.000Z".to_owned());
    };
    let ms = match value {
        Value::String(text) => text.trim().parse::<jiff::Timestamp>().ok().map(|at| at.as_millisecond()),
        Value::Number(ms) => ms.as_i64(),
        _ => None,
    };
    let Some(ms) = ms else {
        let text = value.as_str().map_or_else(|| short(&value.to_string()), short);
        return Err(format!("{field} is `{text}`; expected RFC 3339 such as 2026-11-22T05:00:01.000Z"));
    };
    instant(ms, field)
}
