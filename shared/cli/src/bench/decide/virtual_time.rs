//! Time that passes only while everything waits: the model of a slow store takes no time of ours.

use beckon_runtime::timer::{Passage, Sleep};
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

#[derive(Default)]
struct State {
    now: Duration,
    waiting: BTreeSet<Duration>,
}

/// Time of one thread. Clones share it.
#[derive(Clone, Default)]
pub(super) struct VirtualTime(Arc<Mutex<State>>);

impl VirtualTime {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Duration {
        self.lock().now
    }

    /// What a future comes to, and how long that took; `None` where it waits for something that is no time.
    pub(super) fn run<F: Future>(&self, future: F) -> Option<(F::Output, Duration)> {
        let (began, mut future) = (self.now(), pin!(future));
        loop {
            self.lock().waiting.clear();
            if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return Some((value, self.now().saturating_sub(began)));
            }
            let mut state = self.lock();
            state.now = state.waiting.pop_first()?;
        }
    }

    /// Waits.
    pub(super) fn wait(&self, time: Duration) -> Wait {
        Wait { time: self.clone(), until: self.now() + time }
    }
}

/// A wait in virtual time.
pub(super) struct Wait {
    time: VirtualTime,
    until: Duration,
}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let mut state = self.time.lock();
        if state.now >= self.until {
            return Poll::Ready(());
        }
        state.waiting.insert(self.until);
        Poll::Pending
    }
}

impl Passage for VirtualTime {
    fn elapsed(&self) -> Duration {
        self.now()
    }

    fn pass(&self, time: Duration) -> Sleep {
        Box::pin(self.wait(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_at_once_takes_as_long_as_the_longest() {
        let (time, ms) = (VirtualTime::default(), Duration::from_millis);
        let ((), took) = time.run(async { _ = tokio::join!(time.wait(ms(4)), time.wait(ms(9))) }).unwrap();
        assert_eq!(took, ms(9));
        let ((), took) = time.run(async { time.wait(ms(1)).await }).unwrap();
        assert_eq!((took, time.now()), (ms(1), ms(10)));
        assert!(time.run(std::future::pending::<()>()).is_none());
    }
}
