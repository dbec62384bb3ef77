//! A record is taken apart: its lines with their positions, and what can never be read, aside.

use crate::record::Record;
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_wire::failed::{FailedEvent, FailedReason, StreamName};
use beckon_wire::stream::LineError;
use data_encoding::BASE64;

/// Which life of which stream is read, and when: what a failed line is kept with.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The life of the stream.
    pub epoch: &'a str,
    /// The stream.
    pub stream: StreamName,
    /// Now, milliseconds since 1970.
    pub at_ms: i64,
}

/// A record taken apart.
#[derive(Clone, Debug)]
pub struct Lines<L> {
    /// What could be read, in order.
    pub read: Vec<(Position, L)>,
    /// What can never be.
    pub failed: Vec<FailedEvent>,
    /// The record's number, when it has one.
    pub sequence: Option<SequenceNumber>,
    /// All lines.
    pub count: u64,
}

/// Takes a record apart. `parse` is given a line and the record's partition key.
pub fn read_lines<L>(
    record: &Record<'_>,
    reading: Reading<'_>,
    parse: impl Fn(&str, &str) -> Result<L, LineError>,
) -> Lines<L> {
    let sequence = SequenceNumber::parse(record.sequence);
    let whole = |reason: FailedReason, detail: &str| Lines {
        read: Vec::new(),
        failed: vec![record.failed(reading, 0, reason, detail, record.data)],
        sequence: sequence.clone(),
        count: 1,
    };
    let (Some(number), false) = (&sequence, record.shard.is_empty()) else {
        return whole(FailedReason::NoPosition, "the record has no shard or no sequence number");
    };
    let Ok(text) = std::str::from_utf8(record.data) else {
        return whole(FailedReason::NotUtf8, "the record is not UTF-8");
    };
    let mut lines = Lines { read: Vec::new(), failed: Vec::new(), sequence: sequence.clone(), count: 0 };
    let shard = ShardKey::new(reading.epoch, record.shard);
    for (offset, text) in (0_u32..).zip(text.split('\n')) {
        lines.count += 1;
        match parse(text, record.partition_key) {
            Ok(line) => {
                lines.read.push((Position { shard: shard.clone(), sequence: number.clone(), offset }, line));
            }
            Err(error) => {
                let failed = record.failed(reading, offset, error.reason, &error.detail, text.as_bytes());
                lines.failed.push(failed);
            }
        }
    }
    lines
}

impl Record<'_> {
    /// The failed event that one of its lines becomes.
    #[must_use]
    pub fn failed(
        &self,
        reading: Reading<'_>,
        offset: u32,
        reason: FailedReason,
        detail: &str,
        payload: &[u8],
    ) -> FailedEvent {
        let shard = ShardKey::new(reading.epoch, self.shard);
        FailedEvent {
            id: id(&shard, self.sequence, offset),
            reason,
            detail: detail.to_owned(),
            partition_key: self.partition_key.to_owned(),
            payload_base64: BASE64.encode(payload),
            failed_at: reading.at_ms,
            stream: reading.stream,
        }
    }
}

/// The failed event that a valid line becomes when it cannot be applied for a reason of ours.
#[must_use]
pub fn failed_line(
    position: &Position,
    partition_key: &str,
    payload: &[u8],
    (reason, detail): (FailedReason, &str),
    (stream, at_ms): (StreamName, i64),
) -> FailedEvent {
    FailedEvent {
        id: id(&position.shard, position.sequence.as_str(), position.offset),
        reason,
        detail: detail.to_owned(),
        partition_key: partition_key.to_owned(),
        payload_base64: BASE64.encode(payload),
        failed_at: at_ms,
        stream,
    }
}

fn id(shard: &ShardKey, sequence: &str, offset: u32) -> String {
    format!("{}-{sequence}-{offset}", shard.as_str())
}
