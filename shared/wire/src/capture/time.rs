//! When an event happened: the sender's clock, corrected and held within reason.

use super::event::Received;
use crate::fields::Fields;
use crate::problem::Fault;
use beckon_domain::{DurationMs, Timestamp};

/// How far back an event may lie.
const PAST_MAX: DurationMs = DurationMs::from_hours(24);
/// How far ahead of our clock an event may lie.
const FUTURE_MAX: DurationMs = DurationMs::from_minutes(5);

/// Segment's correction of the sender's clock: `received_at − (sentAt − timestamp)`, held within a day back and five
/// minutes ahead. `originalTimestamp` is read where there is no `timestamp`; a `receivedAt` of the sender's is not: our
/// clock says when an event was received.
pub fn occurred_at(fields: &Fields<'_>, received: &Received<'_>) -> Result<(Timestamp, bool), Fault> {
    let name = if fields.get("timestamp").is_some() { "timestamp" } else { "originalTimestamp" };
    let Some(value) = fields.get(name) else { return Ok((received.at, false)) };
    let timestamp = crate::parse_time(value).ok_or_else(|| {
        let detail = "expected RFC 3339 with an offset, such as 2026-11-22T05:00:01.000Z";
        Fault::new(fields.at(name), "schema.timestamp", detail)
    })?;
    // Some libraries put `sentAt` into each event of a batch instead of beside them.
    let sent_at = received.sent_at.or_else(|| fields.get("sentAt").and_then(crate::parse_time));
    let corrected = match sent_at {
        Some(sent_at) if sent_at >= timestamp => received.at - sent_at.since(timestamp),
        Some(sent_at) => received.at + timestamp.since(sent_at),
        None => timestamp,
    };
    let clamped = corrected.max(received.at - PAST_MAX).min(received.at + FUTURE_MAX);
    Ok((clamped, clamped != corrected))
}
