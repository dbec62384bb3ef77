//! What a bad day does to a stream, decided by a seed: events told twice, and batches cut anywhere.

use beckon_domain::{DurationMs, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;

/// A repetition comes at most this many rows after its event: well within what a profile's ring remembers.
const REPEATED_ROWS_MAX: u64 = 200;
/// And at most this long after it, for the same reason.
const REPEATED_AGE_MAX: DurationMs = DurationMs::from_hours(12);
/// Events of a request at most.
const REQUEST_EVENTS_MAX: u64 = 120;

/// What to do to the stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Disorder {
    /// How many of a hundred events are told again, with the same id.
    pub duplicates_percent: u64,
    /// Whether requests and deliveries end anywhere.
    pub shuffle_batches: bool,
    /// What decides it.
    pub seed: u64,
}

/// The disorder of one replay.
pub(super) struct Disturbance {
    disorder: Disorder,
    state: u64,
    /// Repetitions by the row after which they come.
    waiting: BTreeMap<u64, Vec<(Timestamp, Value)>>,
    repeated: u64,
}

impl Disturbance {
    pub fn new(disorder: Disorder) -> Self {
        Self { disorder, state: disorder.seed, waiting: BTreeMap::new(), repeated: 0 }
    }

    /// The next 64 bits (splitmix64).
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 1 to `max`.
    fn up_to(&mut self, max: u64) -> u64 {
        1 + self.next() % max.max(1)
    }

    /// Records of a batch of the mapping.
    pub fn batch_size(&mut self, batch_size: u32) -> u32 {
        if self.disorder.shuffle_batches {
            u32::try_from(self.up_to(u64::from(batch_size))).unwrap_or(1)
        } else {
            batch_size
        }
    }

    /// How many events the next request takes, if that is not left to the caller.
    pub fn request_events(&mut self) -> Option<usize> {
        let shuffle = self.disorder.shuffle_batches;
        shuffle.then(|| usize::try_from(self.up_to(REQUEST_EVENTS_MAX)).unwrap_or(1))
    }

    /// Whether what was put is also delivered now, when nothing demands it.
    pub fn delivers(&mut self) -> bool {
        !self.disorder.shuffle_batches || self.next().is_multiple_of(3)
    }

    /// An event goes out with this row: it may have to come again.
    pub fn sent(&mut self, row: u64, at: Timestamp, event: &Value) {
        if self.disorder.duplicates_percent == 0 || self.up_to(100) > self.disorder.duplicates_percent {
            return;
        }
        self.repeated += 1;
        let after = row + self.up_to(REPEATED_ROWS_MAX);
        self.waiting.entry(after).or_default().push((at, event.clone()));
    }

    /// Repetitions that come with this row.
    pub fn repetitions(&mut self, row: u64) -> Vec<Value> {
        let later = self.waiting.split_off(&(row + 1));
        let now = std::mem::replace(&mut self.waiting, later);
        now.into_values().flatten().map(|(_, event)| event).collect()
    }

    /// Repetitions that must come before time goes on to `at`.
    pub fn repetitions_before(&mut self, at: Timestamp) -> Vec<Value> {
        let mut before = Vec::new();
        for waiting in self.waiting.values_mut() {
            let is_old = |told: &mut (Timestamp, Value)| at.since(told.0) > REPEATED_AGE_MAX;
            before.extend(waiting.extract_if(.., is_old).map(|(_, event)| event));
        }
        before
    }

    /// How many events come twice.
    pub const fn repeated(&self) -> u64 {
        self.repeated
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn repeated(seed: u64, percent: u64) -> Vec<(u64, u64)> {
        let mut disturbance =
            Disturbance::new(Disorder { duplicates_percent: percent, shuffle_batches: true, seed });
        let mut seen = Vec::new();
        for row in 1..=2_000 {
            seen.extend(disturbance.repetitions(row).iter().map(|event| (event.as_u64().unwrap(), row)));
            disturbance.sent(row, Timestamp::EPOCH, &json!(row));
        }
        seen.extend(disturbance.repetitions(u64::MAX - 1).iter().map(|event| (event.as_u64().unwrap(), 0)));
        assert_eq!(seen.len() as u64, disturbance.repeated());
        seen
    }

    #[test]
    fn a_share_of_events_comes_again_later_and_a_seed_decides_which() {
        let seen = repeated(7, 5);
        assert!((60..140).contains(&seen.len()), "{}", seen.len());
        assert!(
            seen.iter().all(|(event, row)| *row == 0 || (*event < *row && row - event <= REPEATED_ROWS_MAX))
        );
        assert_eq!(seen, repeated(7, 5));
        assert_ne!(seen, repeated(8, 5));
        assert!(repeated(7, 0).is_empty());
    }

    #[test]
    fn a_repetition_comes_before_its_event_is_forgotten() {
        let all = Disorder { duplicates_percent: 100, ..Disorder::default() };
        let mut disturbance = Disturbance::new(all);
        let hour = |n: u64| Timestamp::EPOCH + DurationMs::from_hours(n);
        disturbance.sent(1, hour(0), &json!("old"));
        disturbance.sent(1, hour(10), &json!("new"));
        assert!(disturbance.repetitions_before(hour(12)).is_empty());
        assert_eq!(disturbance.repetitions_before(hour(13)), [json!("old")]);
        assert_eq!(disturbance.repetitions(1_000), [json!("new")]);
    }

    #[test]
    fn without_shuffling_the_caller_decides() {
        let mut calm = Disturbance::new(Disorder::default());
        assert_eq!((calm.batch_size(100), calm.request_events(), calm.delivers()), (100, None, true));
        let mut wild = Disturbance::new(Disorder { shuffle_batches: true, ..Disorder::default() });
        assert!((0..500).all(|_| (1..=100).contains(&wild.batch_size(100))));
        assert!((0..500).all(|_| wild.request_events().is_some_and(|n| (1..=120).contains(&n))));
    }
}
