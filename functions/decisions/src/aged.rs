//! Values of a table, held in memory for a bounded time. A table that cannot be read costs their freshness, never an
//! answer.

use beckon_domain::{DurationMs, Timestamp};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

/// How long the table is not asked again after it failed: pages must not wait for it one after the other.
const RETRY_PAUSE: DurationMs = DurationMs::from_secs(5);

struct Held<V> {
    value: V,
    /// When the table is to be asked again.
    ask_at: Timestamp,
    /// The table did not say what it is now.
    is_behind: bool,
}

/// A reading that has not ended. Where it never does, because nobody waits for it any longer, the table is left alone for
/// as long as after a failure.
struct Reading<'a, K: Ord + Clone, V: Clone + Default> {
    aged: &'a Aged<K, V>,
    keys: Vec<K>,
    now: Timestamp,
}

impl<K: Ord + Clone, V: Clone + Default> Drop for Reading<'_, K, V> {
    fn drop(&mut self) {
        for key in std::mem::take(&mut self.keys) {
            self.aged.hold(key, None, self.now + RETRY_PAUSE);
        }
    }
}

/// Values by their keys. Clones share them.
pub(crate) struct Aged<K, V> {
    held: Arc<Mutex<BTreeMap<K, Held<V>>>>,
    /// How old a value may be before the table is asked again.
    age_max: DurationMs,
    /// Values at most, because pages may name any key. The one that was read longest ago goes first.
    count_max: usize,
}

impl<K, V> Clone for Aged<K, V> {
    fn clone(&self) -> Self {
        Self { held: Arc::clone(&self.held), age_max: self.age_max, count_max: self.count_max }
    }
}

impl<K: Ord + Clone, V: Clone + Default> Aged<K, V> {
    pub(crate) fn new(age_max: DurationMs, count_max: usize) -> Self {
        Self { held: Arc::default(), age_max, count_max }
    }

    /// The value of a key as it is held; the default where none is.
    pub(crate) fn held(&self, key: &K) -> V {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(key).map(|held| held.value.clone()).unwrap_or_default()
    }

    /// Whether the table did not say what one of these is now.
    pub(crate) fn is_behind<'k>(&self, keys: impl IntoIterator<Item = &'k K>) -> bool
    where
        K: 'k,
    {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        keys.into_iter().any(|key| held.get(key).is_some_and(|held| held.is_behind))
    }

    /// Those of the keys for which the table is to be asked.
    pub(crate) fn outdated(&self, mut keys: Vec<K>, now: Timestamp) -> Vec<K> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|key| held.get(key).is_none_or(|held| held.ask_at <= now));
        keys
    }

    /// Reads what is too old or not there, in one go: at most one read. A key that the table does not have is held as
    /// the default; when the table fails, what was held stays.
    pub(crate) async fn refresh<E: std::fmt::Debug, F>(
        &self,
        keys: Vec<K>,
        now: Timestamp,
        read: impl FnOnce(Vec<K>) -> F,
    ) where
        F: Future<Output = Result<BTreeMap<K, V>, E>>,
    {
        let asked = self.outdated(keys, now);
        if asked.is_empty() {
            return;
        }
        let mut reading = Reading { aged: self, keys: asked.clone(), now };
        match read(asked).await {
            Ok(mut found) => {
                for key in std::mem::take(&mut reading.keys) {
                    let value = found.remove(&key).unwrap_or_default();
                    self.hold(key, Some(value), now + self.age_max);
                }
            }
            Err(error) => tracing::warn!(error = ?error, "what was learned could not be read"),
        }
    }

    /// Holds a value until it is to be asked for again; without a new one the last one stays.
    fn hold(&self, key: K, value: Option<V>, ask_at: Timestamp) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if !held.contains_key(&key) && held.len() >= self.count_max {
            let oldest = held.iter().min_by_key(|(_, held)| held.ask_at).map(|(key, _)| key.clone());
            oldest.and_then(|key| held.remove(&key));
        }
        let kept = held.entry(key).or_insert_with(|| Held { value: V::default(), ask_at, is_behind: false });
        (kept.ask_at, kept.is_behind) = (ask_at, value.is_none());
        if let Some(value) = value {
            kept.value = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGE: DurationMs = DurationMs::from_secs(60);

    fn now(seconds: u64) -> Timestamp {
        Timestamp::from_ms(1_763_800_000_000) + DurationMs::from_secs(seconds)
    }

    async fn read(aged: &Aged<u8, u64>, key: u8, at: Timestamp, answer: Result<u64, ()>) -> (u64, bool) {
        let mut asked = false;
        aged.refresh(vec![key], at, |keys| {
            asked = true;
            async move { answer.map(|value| keys.into_iter().map(|key| (key, value)).collect()) }
        })
        .await;
        (aged.held(&key), asked)
    }

    #[tokio::test]
    async fn a_value_is_read_again_when_it_is_too_old_and_stays_when_the_table_fails() {
        let aged = Aged::new(AGE, 10);
        assert_eq!(read(&aged, 1, now(0), Ok(7)).await, (7, true));
        assert_eq!(read(&aged, 1, now(59), Ok(8)).await, (7, false));
        assert_eq!(read(&aged, 1, now(60), Err(())).await, (7, true));
        assert_eq!(read(&aged, 1, now(64), Ok(8)).await, (7, false), "a table that failed is left alone");
        assert_eq!(read(&aged, 1, now(65), Ok(8)).await, (8, true));
    }

    #[tokio::test]
    async fn a_reading_that_nobody_waits_for_any_longer_is_one_that_failed() {
        let aged = Aged::new(AGE, 10);
        read(&aged, 1, now(0), Ok(7)).await;
        {
            let never = |_| std::future::pending::<Result<BTreeMap<u8, u64>, ()>>();
            let mut reading = std::pin::pin!(aged.refresh(vec![1, 2], now(60), never));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(reading.as_mut().poll(&mut context).is_pending());
            assert!(!aged.is_behind(&[1, 2]), "it may still come");
        }
        assert!(aged.is_behind(&[1]) && aged.is_behind(&[2]) && !aged.is_behind(&[3]));
        assert_eq!(read(&aged, 1, now(64), Ok(8)).await, (7, false));
        assert_eq!(read(&aged, 1, now(65), Ok(8)).await, (8, true));
        assert!(!aged.is_behind(&[1]));
    }

    #[tokio::test]
    async fn no_more_is_held_than_it_may_and_the_oldest_goes() {
        let aged = Aged::new(AGE, 2);
        for (key, at) in [(1, 0), (2, 1), (3, 2)] {
            read(&aged, key, now(at), Ok(u64::from(key))).await;
        }
        assert_eq!([1, 2, 3].map(|key| aged.held(&key)), [0, 2, 3]);
    }
}
