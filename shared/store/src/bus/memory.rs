//! A bus in memory that keeps the newest events it was given: what the laptop shows, and the tests' witness.

use super::{BusEvent, EventBus};
use crate::error::{ErrorKind, StoreError};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Events kept at most; the oldest are dropped.
pub const KEPT_MAX: usize = 10_000;

#[derive(Default)]
struct Inner {
    events: VecDeque<BusEvent>,
    put_count: u64,
    refuse: usize,
}

/// A bus in memory. Clones share it.
#[derive(Clone, Default)]
pub struct MemoryBus {
    inner: Arc<Mutex<Inner>>,
}

impl MemoryBus {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was put, oldest first; of very many the newest.
    #[must_use]
    pub fn events(&self) -> Vec<BusEvent> {
        self.lock().events.iter().cloned().collect()
    }

    /// How many were put, those dropped from the record included.
    #[must_use]
    pub fn put_count(&self) -> u64 {
        self.lock().put_count
    }

    /// Refuses the next `count` calls of `put`: what a throttled bus does.
    pub fn refuse_next(&self, count: usize) {
        self.lock().refuse = count;
    }
}

impl EventBus for MemoryBus {
    async fn put(&self, events: Vec<BusEvent>) -> Result<(), StoreError> {
        let mut inner = self.lock();
        if inner.refuse > 0 {
            inner.refuse -= 1;
            return Err(StoreError::new("put events on the bus", ErrorKind::Throttled, "refused on request"));
        }
        inner.put_count += events.len() as u64;
        inner.events.extend(events);
        let excess = inner.events.len().saturating_sub(KEPT_MAX);
        inner.events.drain(..excess);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_domain::Timestamp;

    #[tokio::test]
    async fn the_newest_are_kept_and_all_are_counted() {
        let bus = MemoryBus::default();
        let event = |n: usize| BusEvent { detail_type: "t", at: Timestamp::EPOCH, detail: n.to_string() };
        bus.put((0..KEPT_MAX + 5).map(event).collect()).await.unwrap();
        assert_eq!((bus.put_count(), bus.events().len()), (KEPT_MAX as u64 + 5, KEPT_MAX));
        assert_eq!(bus.events()[0].detail, "5");
        bus.refuse_next(1);
        assert!(bus.put(vec![event(0)]).await.unwrap_err().is_transient());
        bus.put(vec![event(0)]).await.unwrap();
    }
}
