//! A batch is taken apart: records into lines, lines into events of profiles, and what can never be applied aside.

use beckon_domain::fold::Item;
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_domain::{ProfileKey, Timestamp};
use beckon_wire::failed::{FailedEvent, FailedReason};
use beckon_wire::stream::{Said, read};
use data_encoding::BASE64;

/// A record as the mapping hands it over.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// Its shard.
    pub shard: &'a str,
    /// Its number there.
    pub sequence: &'a str,
    /// Partition key.
    pub partition_key: &'a str,
    /// Data.
    pub data: &'a [u8],
    /// When the stream took it, about; `None` when the record does not say.
    pub arrived_at: Option<Timestamp>,
}

/// One event with the line it came as.
#[derive(Clone, Debug)]
pub struct Work {
    /// The event and where it stands.
    pub item: Item,
    /// Its line as it came, for forwarding and for keeping it when it fails.
    pub line: Box<str>,
    /// When the stream took its record.
    pub arrived_at: Option<Timestamp>,
}

impl Work {
    /// Whether its record arrived at `until` or before.
    #[must_use]
    pub fn expires(&self, until: Timestamp) -> bool {
        self.arrived_at.is_some_and(|at| at <= until)
    }
}

/// What of a batch belongs to one profile, in stream order.
#[derive(Clone, Debug)]
pub struct Part {
    /// The profile.
    pub key: ProfileKey,
    /// Its events.
    pub work: Vec<Work>,
}

impl Part {
    /// Whether a record of it arrived at `until` or before.
    #[must_use]
    pub fn expires(&self, until: Timestamp) -> bool {
        self.work.iter().any(|work| work.expires(until))
    }
}

/// A batch taken apart.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Per profile, in order of first appearance.
    pub parts: Vec<Part>,
    /// What can never be applied, with the sequence number it stands at, when it has one.
    pub failed: Vec<(Option<SequenceNumber>, FailedEvent)>,
    /// Lines in all records.
    pub line_count: u64,
}

/// Takes a batch apart.
#[must_use]
pub fn split(records: &[Record<'_>], epoch: &str, failed_at: i64) -> Batch {
    let mut batch = Batch::default();
    for record in records {
        batch.split_record(record, epoch, failed_at);
    }
    batch
}

impl Batch {
    fn split_record(&mut self, record: &Record<'_>, epoch: &str, failed_at: i64) {
        let sequence = SequenceNumber::parse(record.sequence);
        let mut fail = |offset: u32, reason: FailedReason, detail: String, payload: &[u8]| {
            let id = format!("{epoch}:{}-{}-{offset}", record.shard, record.sequence);
            let failed = FailedEvent {
                id,
                reason,
                detail,
                partition_key: record.partition_key.to_owned(),
                payload_base64: BASE64.encode(payload),
                failed_at,
            };
            self.failed.push((sequence.clone(), failed));
        };
        let (Some(number), false) = (&sequence, record.shard.is_empty()) else {
            let detail = "the record has no shard or no sequence number".to_owned();
            fail(0, FailedReason::NoPosition, detail, record.data);
            self.line_count += 1;
            return;
        };
        let Ok(text) = std::str::from_utf8(record.data) else {
            fail(0, FailedReason::NotUtf8, "the record is not UTF-8".to_owned(), record.data);
            self.line_count += 1;
            return;
        };
        let shard = ShardKey::new(epoch, record.shard);
        let mut works = Vec::new();
        for (offset, text) in (0_u32..).zip(text.split('\n')) {
            self.line_count += 1;
            match read(text, record.partition_key) {
                Ok(Said { internal, event }) => {
                    let position = Position { shard: shard.clone(), sequence: number.clone(), offset };
                    let item = Item { position, internal, event };
                    works.push(Work { item, line: text.into(), arrived_at: record.arrived_at });
                }
                Err(error) => fail(offset, error.reason, error.detail, text.as_bytes()),
            }
        }
        match ProfileKey::parse(record.partition_key) {
            Ok(key) => self.add(key, works),
            Err(error) => {
                for work in works {
                    let payload = work.line.as_bytes();
                    fail(work.item.position.offset, FailedReason::WrongKey, error.to_string(), payload);
                }
            }
        }
    }

    fn add(&mut self, key: ProfileKey, mut works: Vec<Work>) {
        if works.is_empty() {
            return;
        }
        match self.parts.iter_mut().find(|part| part.key == key) {
            Some(part) => part.work.append(&mut works),
            None => self.parts.push(Part { key, work: works }),
        }
    }
}

/// The failed event that a valid line becomes when it cannot be applied for a reason of ours.
#[must_use]
pub fn failed(
    work: &Work,
    key: &ProfileKey,
    reason: FailedReason,
    detail: &str,
    failed_at: i64,
) -> FailedEvent {
    let position = &work.item.position;
    FailedEvent {
        id: format!("{}-{}-{}", position.shard.as_str(), position.sequence, position.offset),
        reason,
        detail: detail.to_owned(),
        partition_key: key.as_str().to_owned(),
        payload_base64: BASE64.encode(work.line.as_bytes()),
        failed_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_domain::Pepper;
    use beckon_domain::event::TimerOutcome;
    use beckon_domain::id::UserId;
    use beckon_wire::stream::{Line, encode};

    fn key(name: &str) -> ProfileKey {
        Pepper::new("1", b"0123456789abcdef").unwrap().customer(&UserId::new(name).unwrap())
    }

    fn record<'a>(sequence: &'a str, partition_key: &'a str, data: &'a [u8]) -> Record<'a> {
        Record { shard: "shardId-000000000000", sequence, partition_key, data, arrived_at: None }
    }

    #[test]
    fn a_bad_line_is_set_aside_and_its_neighbours_keep_their_places() {
        let key = key("c");
        let good = Line::timer(&key, "e", 1, TimerOutcome::Done, Timestamp::from_ms(1));
        let mut data = encode(std::slice::from_ref(&good)).unwrap().concat();
        data.extend_from_slice(b"\nnot json\n");
        data.extend_from_slice(&encode(&[good]).unwrap().concat());
        let batch = split(&[record("7", key.as_str(), &data)], "1", 0);
        let offsets: Vec<_> = batch.parts[0].work.iter().map(|w| w.item.position.offset).collect();
        assert_eq!(offsets, [0, 2]);
        assert_eq!(batch.failed.len(), 1);
        assert_eq!(batch.failed[0].1.id, "1:shardId-000000000000-7-1");
        assert_eq!(batch.line_count, 3);
    }

    #[test]
    fn every_kind_of_poison_becomes_one_failed_event_with_its_reason() {
        let key = key("c");
        let line = Line::timer(&key, "e", 1, TimerOutcome::Done, Timestamp::from_ms(1));
        let data = encode(&[line]).unwrap().concat();
        let deep = "[".repeat(1_000_000);
        let cases: [(Record<'_>, FailedReason); 6] = [
            (record("1", key.as_str(), &[0xff, 0xfe]), FailedReason::NotUtf8),
            (record("1", key.as_str(), b""), FailedReason::Undecodable),
            (record("1", key.as_str(), deep.as_bytes()), FailedReason::Undecodable),
            (record("1", key.as_str(), br#"{"v":2}"#), FailedReason::UnknownVersion),
            (record("1", "somebody", &data), FailedReason::WrongKey),
            (record("", key.as_str(), &data), FailedReason::NoPosition),
        ];
        for (record, reason) in cases {
            let batch = split(std::slice::from_ref(&record), "1", 0);
            assert_eq!((batch.parts.len(), batch.failed.len()), (0, 1), "{reason:?}");
            assert_eq!(batch.failed[0].1.reason, reason);
        }
    }

    #[test]
    fn a_profile_keeps_the_order_of_its_records() {
        let (a, b) = (key("a"), key("b"));
        let data = |key: &ProfileKey| {
            encode(&[Line::timer(key, "e", 1, TimerOutcome::Done, Timestamp::from_ms(1))]).unwrap()
        };
        let (data_a, data_b) = (data(&a).concat(), data(&b).concat());
        let records = [
            record("1", a.as_str(), &data_a),
            record("2", b.as_str(), &data_b),
            record("3", a.as_str(), &data_a),
        ];
        let batch = split(&records, "1", 0);
        assert_eq!(batch.parts.iter().map(|p| p.key.clone()).collect::<Vec<_>>(), [a, b]);
        let numbers: Vec<_> = batch.parts[0].work.iter().map(|w| w.item.position.sequence.as_str()).collect();
        assert_eq!(numbers, ["1", "3"]);
    }
}
