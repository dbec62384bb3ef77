//! The clock. On AWS it is the system's; a laptop may run it faster, a test moves it by hand.

use beckon_domain::{DurationMs, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Something that tells the time. Clones tell the same time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clock({:?})", self.now())
    }
}

fn system_now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(system_now))
    }

    /// A clock that starts at the system's time and runs `speed` times as fast.
    #[must_use]
    pub fn scaled(speed: f64) -> Self {
        let (start, began) = (system_now(), Instant::now());
        Self(Arc::new(move || {
            let elapsed_ms = began.elapsed().as_secs_f64() * 1_000.0 * speed;
            start + DurationMs::from_ms(elapsed_ms as u64)
        }))
    }

    /// A clock that stands still until its hand is moved.
    #[must_use]
    pub fn manual(start: Timestamp) -> (Self, Hand) {
        let ms = Arc::new(AtomicI64::new(start.as_ms()));
        let hand = Hand(Arc::clone(&ms));
        (Self(Arc::new(move || Timestamp::from_ms(ms.load(Ordering::SeqCst)))), hand)
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

/// What moves a manual clock.
#[derive(Clone, Debug)]
pub struct Hand(Arc<AtomicI64>);

impl Hand {
    /// Moves the clock on.
    pub fn advance(&self, by: DurationMs) {
        let now = Timestamp::from_ms(self.0.load(Ordering::SeqCst));
        self.0.store((now + by).as_ms(), Ordering::SeqCst);
    }

    /// Sets the clock, never back.
    pub fn set(&self, to: Timestamp) {
        self.0.fetch_max(to.as_ms(), Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_hand_and_never_back() {
        let (clock, hand) = Clock::manual(Timestamp::from_ms(1_000));
        assert_eq!(clock.now(), Timestamp::from_ms(1_000));
        hand.advance(DurationMs::from_ms(500));
        hand.set(Timestamp::from_ms(1));
        assert_eq!(clock.clone().now(), Timestamp::from_ms(1_500));
    }
}
