//! Marks: how far each shard has been applied.
//!
//! Marks recognise a redelivered record; the ring ([`crate::ring`]) recognises a producer's repetition, a new record
//! with a known event id. Both live in the profile item and are written by the same conditional write as the state,
//! which is what makes an effect happen once.

use crate::policy::{MARK_COUNT_MAX, RETENTION_MAX};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub use crate::ring::Ring;
pub use crate::sequence::SequenceNumber;

/// A shard of one life of a stream. A stream that is deleted and made again numbers its shards from zero; the epoch
/// tells the lives apart. Every event of a shard has it, so a clone shares the text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct ShardKey(Arc<str>);

impl From<String> for ShardKey {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<ShardKey> for String {
    fn from(key: ShardKey) -> Self {
        key.0.as_ref().to_owned()
    }
}

/// The epoch of a stream by what names it uniquely, such as a name that is never given twice: eight hex digits, because
/// it is kept in every profile.
#[must_use]
pub fn epoch_of(stream: &str) -> String {
    format!("{:08x}", xxhash_rust::xxh3::xxh3_64(stream.as_bytes()) >> 32)
}

impl ShardKey {
    /// A shard within an epoch.
    #[must_use]
    pub fn new(epoch: &str, shard: &str) -> Self {
        Self(format!("{epoch}:{shard}").into())
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
    /// When it last moved (our clock).
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

    /// The event is applied with this write. Marks that no longer guard anything are dropped: those that did not move
    /// for [`RETENTION_MAX`], and beyond [`MARK_COUNT_MAX`] the one that did not move for longest.
    pub fn advance(&mut self, position: &Position, received_at: Timestamp) {
        // An old event may come in a new record (a forwarded one, one that had failed): a mark is as new as its
        // profile.
        let now = self.0.iter().map(|m| m.at).fold(received_at, Timestamp::max);
        match self.0.iter_mut().find(|m| m.shard == position.shard) {
            Some(mark) => {
                mark.at = now;
                if (&position.sequence, position.offset) > (&mark.sequence, mark.offset) {
                    mark.sequence = position.sequence.clone();
                    mark.offset = position.offset;
                }
            }
            None => self.0.push(Mark {
                shard: position.shard.clone(),
                sequence: position.sequence.clone(),
                offset: position.offset,
                at: now,
            }),
        }
        self.0.retain(|m| now.since(m.at) <= RETENTION_MAX);
        if self.0.len() > MARK_COUNT_MAX {
            let oldest = self.0.iter().enumerate().min_by_key(|(_, m)| (m.at, &m.shard)).map(|(i, _)| i);
            self.0.remove(oldest.unwrap_or(0));
        }
    }

    /// Whether events of another shard than this one were applied, lately.
    #[must_use]
    pub fn know_other_than(&self, shard: &ShardKey) -> bool {
        self.0.iter().any(|m| m.shard != *shard)
    }

    /// Shards whose progress is remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no shard is remembered.
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
    fn marks_stay_bounded() {
        let mut marks = Marks::default();
        for n in 0..100 {
            marks.advance(&position(&format!("s{n}"), "1"), Timestamp::from_ms(n));
        }
        assert_eq!(marks.0.len(), MARK_COUNT_MAX);
        assert!(marks.covers(&position("s99", "1")));
    }

    #[test]
    fn a_mark_is_dropped_when_the_stream_cannot_hold_its_records_any_more() {
        let (start, ms) = (Timestamp::from_ms(1_763_800_000_000), DurationMs::from_ms(1));
        let mut marks = Marks::default();
        marks.advance(&position("closed", "10"), start);
        marks.advance(&position("open", "11"), start + RETENTION_MAX);
        assert!(marks.covers(&position("closed", "10")), "a record may be kept for so long");
        marks.advance(&position("open", "12"), start + RETENTION_MAX + ms);
        assert!(!marks.covers(&position("closed", "10")));
        assert_eq!(marks.0.len(), 1);
    }

    #[test]
    fn an_old_event_in_a_new_record_does_not_make_an_old_mark() {
        let now = Timestamp::EPOCH + RETENTION_MAX + RETENTION_MAX;
        let mut marks = Marks::default();
        marks.advance(&position("a", "1"), now);
        marks.advance(&position("b", "1"), Timestamp::EPOCH);
        marks.advance(&position("a", "2"), now);
        assert!(marks.covers(&position("b", "1")));
    }
}
