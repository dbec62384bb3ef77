//! A batch is taken apart: records into lines, lines into events of profiles, and what can never be applied aside.

use beckon_batch::lines::{Reading, failed_line};
use beckon_batch::{Record, read_lines};
use beckon_domain::fold::Item;
use beckon_domain::mark::{Position, SequenceNumber};
use beckon_domain::{ProfileKey, Timestamp};
use beckon_wire::failed::{FailedEvent, FailedReason, StreamName};
use beckon_wire::stream::{LineError, Said, read};

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
    let reading = Reading { epoch, stream: StreamName::Events, at_ms: failed_at };
    records.iter().for_each(|record| batch.split_record(record, reading));
    batch
}

impl Batch {
    fn split_record(&mut self, record: &Record<'_>, reading: Reading<'_>) {
        let with_text = |text: &str, key: &str| -> Result<(Box<str>, Said), LineError> {
            Ok((text.into(), read(text, key)?))
        };
        let lines = read_lines(record, reading, with_text);
        self.line_count += lines.count;
        let mut failed = lines.failed;
        let work = |(position, (line, Said { internal, event })): (Position, (Box<str>, Said))| {
            let item = Item { position, internal, event };
            Work { item, line, arrived_at: record.arrived_at }
        };
        let works: Vec<Work> = lines.read.into_iter().map(work).collect();
        match ProfileKey::parse(record.partition_key) {
            Ok(key) => self.add(key, works),
            Err(error) => failed.extend(works.iter().map(|work| {
                let (offset, reason) = (work.item.position.offset, FailedReason::WrongKey);
                record.failed(reading, offset, reason, &error.to_string(), work.line.as_bytes())
            })),
        }
        self.failed.extend(failed.into_iter().map(|failed| (lines.sequence.clone(), failed)));
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
    let stream = (StreamName::Events, failed_at);
    failed_line(&work.item.position, key.as_str(), work.line.as_bytes(), (reason, detail), stream)
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

    fn reminder() -> beckon_domain::ReminderId {
        beckon_domain::ReminderId::of_decision_id("mail.00112233445566778899aabbccddeeff.1").unwrap()
    }

    #[test]
    fn a_bad_line_is_set_aside_and_its_neighbours_keep_their_places() {
        let key = key("c");
        let good = Line::timer(&key, reminder(), 1, TimerOutcome::Done, Timestamp::from_ms(1));
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
        let line = Line::timer(&key, reminder(), 1, TimerOutcome::Done, Timestamp::from_ms(1));
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
    fn records_that_stand_nowhere_are_kept_apart_by_their_bytes() {
        let ids = |data: [&'static str; 2]| {
            let records = data.map(|data| Record { shard: "", ..record("1", "k", data.as_bytes()) });
            let failed = split(&records, "1", 0).failed;
            failed.into_iter().map(|(_, failed)| failed.id).collect::<Vec<_>>()
        };
        let (different, same) = (ids(["a", "b"]), ids(["a", "a"]));
        assert_ne!(different[0], different[1]);
        assert_eq!(same[0], same[1], "delivered again it is kept once");
    }

    #[test]
    fn a_profile_keeps_the_order_of_its_records() {
        let (a, b) = (key("a"), key("b"));
        let data = |key: &ProfileKey| {
            encode(&[Line::timer(key, reminder(), 1, TimerOutcome::Done, Timestamp::from_ms(1))]).unwrap()
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
