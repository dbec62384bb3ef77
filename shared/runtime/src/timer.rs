//! Time that passes while something is waited for. On AWS it is the runtime's; a test or a model moves its own.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

/// A wait.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What knows how time passes.
pub trait Passage: Send + Sync {
    /// The time since some instant that never changes.
    fn elapsed(&self) -> Duration;

    /// Ends after this time.
    fn pass(&self, time: Duration) -> Sleep;
}

/// Something that waits. Clones wait for the same time.
#[derive(Clone)]
pub struct Timer(Arc<dyn Passage>);

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timer({:?})", self.0.elapsed())
    }
}

struct System(tokio::time::Instant);

impl Passage for System {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn pass(&self, time: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(time))
    }
}

struct Still;

impl Passage for Still {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn pass(&self, _: Duration) -> Sleep {
        Box::pin(std::future::pending())
    }
}

impl Timer {
    /// The runtime's. It can only be waited for within one.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(System(tokio::time::Instant::now())))
    }

    /// Time that never passes: whatever is waited for comes.
    #[must_use]
    pub fn still() -> Self {
        Self(Arc::new(Still))
    }

    /// Time as somebody else lets it pass.
    #[must_use]
    pub fn of(passage: impl Passage + 'static) -> Self {
        Self(Arc::new(passage))
    }

    /// The time since some instant that never changes.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// The instant that is this long from now.
    #[must_use]
    pub fn deadline(&self, time: Duration) -> Deadline {
        Deadline { timer: self.clone(), at: self.0.elapsed() + time }
    }
}

/// An instant until which something is waited for.
#[derive(Clone, Debug)]
pub struct Deadline {
    timer: Timer,
    at: Duration,
}

impl Deadline {
    /// Whether it has passed.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.timer.0.elapsed() >= self.at
    }

    /// What a future comes to, if it does until then; it is dropped otherwise. What is ready at once is taken however late
    /// it is, and needs no timer.
    pub async fn within<F: Future>(&self, future: F) -> Option<F::Output> {
        let (mut future, mut sleep) = (pin!(future), None);
        poll_fn(|context| {
            if let std::task::Poll::Ready(value) = future.as_mut().poll(context) {
                return std::task::Poll::Ready(Some(value));
            }
            let rest = || self.timer.0.pass(self.at.saturating_sub(self.timer.0.elapsed()));
            sleep.get_or_insert_with(rest).as_mut().poll(context).map(|()| None)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Poll, Waker};

    struct Over;

    impl Passage for Over {
        fn elapsed(&self) -> Duration {
            Duration::from_secs(1)
        }

        fn pass(&self, time: Duration) -> Sleep {
            assert_eq!(time, Duration::ZERO);
            Box::pin(std::future::ready(()))
        }
    }

    fn poll<F: Future>(future: F) -> Poll<F::Output> {
        pin!(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn what_is_ready_is_taken_and_what_is_late_is_not_waited_for() {
        let late = Timer::of(Over).deadline(Duration::ZERO);
        assert!(late.is_over());
        assert_eq!(poll(late.within(async { 7 })), Poll::Ready(Some(7)));
        assert_eq!(poll(late.within(std::future::pending::<()>())), Poll::Ready(None));
        let never = Timer::still().deadline(Duration::ZERO);
        assert_eq!(poll(never.within(std::future::pending::<()>())), Poll::Pending);
    }
}
