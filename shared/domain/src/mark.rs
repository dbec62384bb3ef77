//! What makes an effect happen once: how far each shard has been applied, and which event ids were seen.
//!
//! Marks recognise a redelivered record; the ring recognises a producer's repetition (a new record with a known
//! event id). Both live in the profile item and are written by the same conditional write as the state.

use crate::id::{EventId, SourceId};
use crate::policy::{MARK_COUNT_MAX, RING_AGE_MAX, RING_COUNT_MAX};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

/// A Kinesis sequence number: a decimal number of up to 128 digits (AWS documents no bound below that; its samples
/// have 56). Compared as a number, kept as text: it fits neither DynamoDB's 38 digits nor `u128`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct SequenceNumber(String);

impl SequenceNumber {
    /// Parses decimal digits; leading zeros do not count.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let valid = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        valid.then(|| {
            let digits = text.trim_start_matches('0');
            Self(if digits.is_empty() { "0".to_owned() } else { digits.to_owned() })
        })
    }

    /// The digits, without leading zeros.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Ord for SequenceNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for SequenceNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A shard of one life of a stream. A stream that is deleted and made again numbers its shards from zero; the epoch
/// tells the lives apart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ShardKey(String);

/// The epoch of a stream by what names it uniquely, such as a name that is never given twice: eight hex digits, because it
/// is kept in every profile.
#[must_use]
pub fn epoch_of(stream: &str) -> String {
    format!("{:08x}", xxhash_rust::xxh3::xxh3_64(stream.as_bytes()) >> 32)
}

impl ShardKey {
    /// A shard within an epoch.
    #[must_use]
    pub fn new(epoch: &str, shard: &str) -> Self {
        Self(format!("{epoch}:{shard}"))
    }

    /// Epoch and shard.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where an event stands in the stream: its record, and its place among the events of that record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Position {
    /// The record's shard.
    pub shard: ShardKey,
    /// The record's number there.
    pub sequence: SequenceNumber,
    /// The event's line in the record, from 0.
    pub offset: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Mark {
    shard: ShardKey,
    sequence: SequenceNumber,
    offset: u32,
    at: Timestamp,
}

/// Per shard the highest position applied: one mark for all shards would hide the records of a child shard
/// that is read beside its parent.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Marks(Vec<Mark>);

impl Marks {
    /// Whether the event was applied before.
    #[must_use]
    pub fn covers(&self, position: &Position) -> bool {
        self.0.iter().any(|m| {
            m.shard == position.shard && (&position.sequence, position.offset) <= (&m.sequence, m.offset)
        })
    }

    /// The event is applied with this write.
    pub fn advance(&mut self, position: &Position, received_at: Timestamp) {
        match self.0.iter_mut().find(|m| m.shard == position.shard) {
            Some(mark) => {
                mark.at = mark.at.max(received_at);
                if (&position.sequence, position.offset) > (&mark.sequence, mark.offset) {
                    mark.sequence = position.sequence.clone();
                    mark.offset = position.offset;
                }
            }
            None => self.0.push(Mark {
                shard: position.shard.clone(),
                sequence: position.sequence.clone(),
                offset: position.offset,
                at: received_at,
            }),
        }
        if self.0.len() > MARK_COUNT_MAX {
            let oldest = self.0.iter().enumerate().min_by_key(|(_, m)| (m.at, &m.shard)).map(|(i, _)| i);
            self.0.remove(oldest.unwrap_or(0));
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Seen {
    id: [u8; 8],
    at: Timestamp,
}

/// The event ids of the last 24 hours, at most 512, by their 64-bit hash.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Ring(Vec<Seen>);

impl Ring {
    fn hash(source: &SourceId, id: &EventId) -> [u8; 8] {
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        hasher.update(source.as_str().as_bytes());
        hasher.update(&[0]);
        hasher.update(id.as_str().as_bytes());
        hasher.digest().to_be_bytes()
    }

    /// Records an event id. Returns whether it was known already.
    pub fn insert(&mut self, source: &SourceId, id: &EventId, received_at: Timestamp) -> bool {
        let hash = Self::hash(source, id);
        if self.0.iter().any(|seen| seen.id == hash) {
            return true;
        }
        self.0.push(Seen { id: hash, at: received_at });
        let newest = self.0.iter().map(|s| s.at).max().unwrap_or(received_at);
        self.0.retain(|s| newest.since(s.at) <= RING_AGE_MAX);
        let excess = self.0.len().saturating_sub(RING_COUNT_MAX);
        self.0.drain(..excess);
        false
    }

    /// How many ids are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no id is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DurationMs;

    fn position(shard: &str, sequence: &str) -> Position {
        Position {
            shard: ShardKey::new("1", shard),
            sequence: SequenceNumber::parse(sequence).unwrap(),
            offset: 3,
        }
    }

    #[test]
    fn sequence_numbers_compare_as_numbers_beyond_u128() {
        let n = |t: &str| SequenceNumber::parse(t).unwrap();
        assert!(n("9") < n("10"));
        assert_eq!(n("000"), n("0"));
        let long = "49545115243490985018280067714973144582180062593244200961";
        assert!(n(long) > n(&"9".repeat(55)));
        for bad in ["", "-1", "1a", &"1".repeat(129)] {
            assert_eq!(SequenceNumber::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_epoch_is_short_and_another_for_another_stream() {
        let epoch = epoch_of("beckon-EventStream-1ABCDEF");
        assert_eq!(epoch.len(), 8);
        assert_ne!(epoch, epoch_of("beckon-EventStream-2ABCDEF"));
        // A change here would make every mark that is kept one of another stream: everything would be applied again.
        assert_eq!(epoch, "73a7a80d");
    }

    #[test]
    fn a_mark_covers_its_own_shard_only() {
        let mut marks = Marks::default();
        marks.advance(&position("parent", "10"), Timestamp::EPOCH);
        assert!(marks.covers(&position("parent", "9")));
        assert!(!marks.covers(&position("parent", "11")));
        assert!(
            !marks.covers(&Position { offset: 4, ..position("parent", "10") }),
            "a record may be half done"
        );
        assert!(!marks.covers(&position("child", "9")));
        let other_life = Position { shard: ShardKey::new("2", "parent"), ..position("parent", "9") };
        assert!(!marks.covers(&other_life));
    }

    #[test]
    fn the_ring_knows_a_whole_request_and_forgets_by_age_and_count() {
        let (source, mut ring) = (SourceId::new("web").unwrap(), Ring::default());
        let id = |n: usize| EventId::new(&format!("m{n}")).unwrap();
        for n in 0..RING_COUNT_MAX {
            assert!(!ring.insert(&source, &id(n), Timestamp::EPOCH));
        }
        for n in 0..RING_COUNT_MAX {
            assert!(ring.insert(&source, &id(n), Timestamp::EPOCH), "{n}");
        }
        assert!(
            !ring.insert(&SourceId::new("app").unwrap(), &id(1), Timestamp::EPOCH),
            "ids belong to a source"
        );
        let tomorrow = Timestamp::EPOCH + DurationMs::from_hours(25);
        assert!(!ring.insert(&source, &id(9_999), tomorrow));
        assert_eq!(ring.len(), 1);
    }

    #[test]
    fn marks_stay_bounded() {
        let mut marks = Marks::default();
        for n in 0..100 {
            marks.advance(&position(&format!("s{n}"), "1"), Timestamp::from_ms(n));
        }
        assert_eq!(marks.0.len(), MARK_COUNT_MAX);
        assert!(marks.covers(&position("s99", "1")));
    }
}
