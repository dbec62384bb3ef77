//! The ring: which event ids were seen lately, to recognise a producer's repetition.

use crate::id::{EventId, SourceId};
use crate::policy::{RING_AGE_MAX, RING_COUNT_MAX};
use crate::time::{DurationMs, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

/// The event ids of the last 24 hours, at most 512, by their 64-bit hash, in the order in which they were seen. Stored
/// as the hash and the time since the one before: 9 to 13 bytes each.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(from = "Vec<Seen>")]
pub struct Ring {
    /// Apart from the times, because each event looks through all of them.
    hashes: Vec<u64>,
    /// When each was seen (our clock), never earlier than the one before.
    times: Vec<Timestamp>,
}

/// The stored form of an entry.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Seen {
    hash: [u8; 8],
    /// Since the entry before; of the first one since 1970.
    after: DurationMs,
}

impl Serialize for Ring {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut before = Timestamp::EPOCH;
        serializer.collect_seq(self.hashes.iter().zip(&self.times).map(|(hash, at)| {
            let after = at.since(std::mem::replace(&mut before, *at));
            Seen { hash: hash.to_be_bytes(), after }
        }))
    }
}

impl From<Vec<Seen>> for Ring {
    fn from(all: Vec<Seen>) -> Self {
        let mut at = Timestamp::EPOCH;
        let mut ring = Self { hashes: Vec::with_capacity(all.len()), times: Vec::with_capacity(all.len()) };
        for seen in all {
            at = at + seen.after;
            ring.hashes.push(u64::from_be_bytes(seen.hash));
            ring.times.push(at);
        }
        ring
    }
}

impl Ring {
    fn hash(source: &SourceId, id: &EventId) -> u64 {
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        hasher.update(source.as_str().as_bytes());
        hasher.update(&[0]);
        hasher.update(id.as_str().as_bytes());
        hasher.digest()
    }

    /// Records an event id. Returns whether it was known already.
    pub fn insert(&mut self, source: &SourceId, id: &EventId, received_at: Timestamp) -> bool {
        let hash = Self::hash(source, id);
        if self.hashes.contains(&hash) {
            return true;
        }
        // An old event that comes again only now is remembered from now on.
        let now = self.times.last().map_or(received_at, |newest| received_at.max(*newest));
        self.hashes.push(hash);
        self.times.push(now);
        let too_old = self.times.partition_point(|at| now.since(*at) > RING_AGE_MAX);
        let excess = self.times.len().saturating_sub(RING_COUNT_MAX).max(too_old);
        self.hashes.drain(..excess);
        self.times.drain(..excess);
        false
    }

    /// How many ids are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether no id is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn an_old_event_that_comes_only_now_is_remembered_from_now_on() {
        let now = Timestamp::from_ms(1_763_800_000_000);
        let (source, mut ring) = (SourceId::new("web").unwrap(), Ring::default());
        let id = |n: u32| EventId::new(&format!("m{n}")).unwrap();
        for (n, at) in [(1, now), (2, Timestamp::EPOCH), (3, now)] {
            assert!(!ring.insert(&source, &id(n), at));
        }
        assert!(ring.insert(&source, &id(2), now));
    }
}
