//! A sender that keeps what it is given: the laptop's inbox, and the tests' witness.

use super::{Email, SendEmail, SendError};
use beckon_domain::Timestamp;
use beckon_runtime::Clock;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// E-mails kept at most; the oldest are dropped.
const KEPT_MAX: usize = 10_000;

/// A recorded e-mail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// The message id it was given.
    pub id: String,
    /// When it was sent.
    pub at: Timestamp,
    /// The e-mail.
    pub email: Email,
}

#[derive(Default)]
struct Inner {
    mails: VecDeque<Recorded>,
    sent_count: u64,
    next_failures: VecDeque<SendError>,
}

/// A sender that records. Clones share the record.
#[derive(Clone)]
pub struct RecordingSender {
    inner: Arc<Mutex<Inner>>,
    clock: Clock,
}

impl RecordingSender {
    /// An empty record by this clock.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { inner: Arc::default(), clock }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was sent, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Recorded> {
        self.lock().mails.iter().cloned().collect()
    }

    /// What was sent after the first `count` mails, as long as it is kept, each with its number from 1.
    #[must_use]
    pub fn mails_after(&self, count: u64) -> Vec<(u64, Recorded)> {
        let inner = self.lock();
        let first_kept = inner.sent_count - inner.mails.len() as u64;
        let known = usize::try_from(count.saturating_sub(first_kept)).unwrap_or(usize::MAX);
        let numbered = (first_kept + 1..).zip(&inner.mails).skip(known);
        numbered.map(|(number, mail)| (number, mail.clone())).collect()
    }

    /// How many were sent, those dropped from the record included.
    #[must_use]
    pub fn sent_count(&self) -> u64 {
        self.lock().sent_count
    }

    /// Makes the next call fail.
    pub fn fail_next(&self, error: SendError) {
        self.lock().next_failures.push_back(error);
    }
}

impl SendEmail for RecordingSender {
    async fn send(&self, email: &Email) -> Result<String, SendError> {
        let mut inner = self.lock();
        if let Some(error) = inner.next_failures.pop_front() {
            return Err(error);
        }
        inner.sent_count += 1;
        let id = format!("recorded-{:06}", inner.sent_count);
        inner.mails.push_back(Recorded { id: id.clone(), at: self.clock.now(), email: email.clone() });
        if inner.mails.len() > KEPT_MAX {
            inner.mails.pop_front();
        }
        Ok(id)
    }
}
