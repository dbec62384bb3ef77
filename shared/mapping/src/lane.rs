//! A lane: the records of one shard, or of its share of partition keys, one batch at a time.

use crate::options::Options;
use crate::payload::event_bytes;
use crate::step::{Answer, DiscardReason, Discarded, Entry};
use beckon_domain::DurationMs;
use beckon_domain::Timestamp;
use beckon_domain::mark::SequenceNumber;
use std::collections::VecDeque;

struct Waiting<R> {
    entry: Entry<R>,
    read_at: Timestamp,
}

/// A batch that was formed and is not done. Its records stand at the front of the lane.
struct Formed {
    record_count: usize,
    /// Attempts that count against `MaximumRetryAttempts`.
    failed_count: u32,
    /// Invocations of any kind that took place.
    invoke_count: u32,
}

/// Records that were given up.
pub(crate) struct Dropped<R> {
    pub(crate) reason: DiscardReason,
    pub(crate) invoke_count: u32,
    pub(crate) entries: Vec<Entry<R>>,
}

impl<R> Dropped<R> {
    pub(crate) fn of(self, shard: &str) -> Discarded<R> {
        let Self { reason, invoke_count, entries } = self;
        Discarded { shard: shard.to_owned(), reason, invoke_count, entries }
    }
}

pub(crate) enum LaneStep<R> {
    Invoke { attempt: u32, records: Vec<R> },
    Discard(Dropped<R>),
}

/// What an answer meant for the lane.
pub(crate) struct Outcome<R> {
    pub(crate) done: Vec<SequenceNumber>,
    pub(crate) again_count: usize,
    pub(crate) dropped: Option<Dropped<R>>,
    pub(crate) iterator_age: DurationMs,
}

pub(crate) struct Lane<R> {
    waiting: VecDeque<Waiting<R>>,
    /// Batches at the front, in order: one, or the halves of one that was split. A running batch is the first.
    formed: VecDeque<Formed>,
    is_running: bool,
    /// The formed batches wait until then.
    resume_at: Timestamp,
    /// When the last invocation was answered: the next window begins there.
    answered_at: Option<Timestamp>,
}

impl<R> Default for Lane<R> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            formed: VecDeque::new(),
            is_running: false,
            resume_at: Timestamp::EPOCH,
            answered_at: None,
        }
    }
}

/// What the mapping makes of an answer, as far as the first batch is concerned.
enum Verdict {
    Done,
    /// Records before this one are done; never the first.
    DoneBefore(usize),
    Failed,
    NotInvoked,
}

impl<R: Clone> Lane<R> {
    pub(crate) fn push(&mut self, entry: Entry<R>, now: Timestamp) {
        self.waiting.push_back(Waiting { entry, read_at: now });
    }

    /// The lowest number that is not done.
    pub(crate) fn first(&self) -> Option<&SequenceNumber> {
        self.waiting.front().map(|waiting| &waiting.entry.sequence)
    }

    pub(crate) fn undone(&self) -> impl Iterator<Item = &R> {
        self.waiting.iter().map(|waiting| &waiting.entry.record)
    }

    /// When [`Lane::step`] has something, unless a record or an answer comes first.
    pub(crate) fn due_at(&self, options: &Options) -> Option<Timestamp> {
        let first = self.waiting.front().filter(|_| !self.is_running)?;
        let ready_at = if !self.formed.is_empty() {
            self.resume_at
        } else if self.gathered(options).is_full {
            Timestamp::EPOCH
        } else {
            self.window_end(first.read_at, options)
        };
        // "Older than": the first instant at which the age is above the limit.
        let expires_at = max_age(options).map(|age| first.entry.arrived_at + age + DurationMs::from_ms(1));
        Some(expires_at.map_or(ready_at, |at| at.min(ready_at)))
    }

    /// "The next batching window begins as soon as the previous function invocation completes." One that ends without
    /// a record is followed, as is the time before the first invocation, by one that begins with a record: a choice.
    fn window_end(&self, first_read_at: Timestamp, options: &Options) -> Timestamp {
        let window = DurationMs::from_secs(options.maximum_batching_window_in_seconds.into());
        let current = self.answered_at.map(|at| at + window).filter(|end| first_read_at < *end);
        current.unwrap_or(first_read_at + window)
    }

    pub(crate) fn step(&mut self, now: Timestamp, options: &Options) -> Option<LaneStep<R>> {
        if self.due_at(options)? > now {
            return None;
        }
        let batch_count = self.formed.front().map_or(self.gathered(options).count, |f| f.record_count);
        let is_expired =
            |w: &&Waiting<R>| max_age(options).is_some_and(|a| now.since(w.entry.arrived_at) > a);
        let expired_count = self.waiting.iter().take(batch_count).take_while(is_expired).count();
        if expired_count > 0 {
            return Some(LaneStep::Discard(self.expire(expired_count)));
        }
        if self.formed.is_empty() {
            // A record that is too old ends the batch before it: it must not be sent.
            let record_count = self.waiting.iter().take(batch_count).take_while(|w| !is_expired(w)).count();
            self.formed.push_back(Formed { record_count, failed_count: 0, invoke_count: 0 });
        }
        let batch = self.formed.front_mut()?;
        batch.invoke_count = batch.invoke_count.saturating_add(1);
        self.is_running = true;
        let records = self.waiting.iter().take(batch.record_count).map(|w| w.entry.record.clone());
        Some(LaneStep::Invoke { attempt: batch.failed_count.saturating_add(1), records: records.collect() })
    }

    /// The answer for the running batch.
    pub(crate) fn complete(
        &mut self,
        answer: &Answer,
        now: Timestamp,
        options: &Options,
    ) -> Option<Outcome<R>> {
        if !std::mem::take(&mut self.is_running) {
            return None;
        }
        self.answered_at = Some(now);
        let batch = self.formed.pop_front()?;
        let last = self.waiting.get(batch.record_count.saturating_sub(1));
        let iterator_age = last.map_or(DurationMs::ZERO, |last| now.since(last.entry.arrived_at));
        let verdict = self.verdict(batch.record_count, answer, options);
        let done_count = match verdict {
            Verdict::Done => batch.record_count,
            Verdict::DoneBefore(count) => count,
            Verdict::Failed | Verdict::NotInvoked => 0,
        };
        let done = self.take(done_count).into_iter().map(|entry| entry.sequence).collect();
        let left = Formed { record_count: batch.record_count.saturating_sub(done_count), ..batch };
        let mut outcome = Outcome { done, again_count: left.record_count, dropped: None, iterator_age };
        if left.record_count > 0 {
            self.resume_at = now + options.backoff;
            outcome.dropped = self.again(&verdict, left, options);
        }
        if let Some(dropped) = &outcome.dropped {
            outcome.again_count = outcome.again_count.saturating_sub(dropped.entries.len());
        }
        Some(outcome)
    }

    /// What is left of a batch goes back to the front, as it is or split, or is given up.
    fn again(&mut self, verdict: &Verdict, left: Formed, options: &Options) -> Option<Dropped<R>> {
        let is_split = options.bisect_batch_on_function_error;
        // Progress starts the count anew: a record that had no chance to be first has used no attempt. AWS documents
        // nothing about it.
        let (failed_count, halves) = match verdict {
            Verdict::NotInvoked => {
                let invoke_count = left.invoke_count.saturating_sub(1);
                self.formed.push_front(Formed { invoke_count, ..left });
                return None;
            }
            Verdict::DoneBefore(_) if is_split => (0, false),
            Verdict::DoneBefore(_) => (1, false),
            _ if is_split && left.record_count > 1 => {
                (left.failed_count.saturating_add(u32::from(options.splits_use_up_retries)), true)
            }
            _ => (left.failed_count.saturating_add(1), false),
        };
        if options.maximum_retry_attempts.is_some_and(|max| failed_count > max) {
            let (reason, invoke_count) = (DiscardReason::RetryAttemptsExhausted, left.invoke_count);
            return Some(Dropped { reason, invoke_count, entries: self.take(left.record_count) });
        }
        let (first_count, invoke_count) = (left.record_count / 2, left.invoke_count);
        if halves {
            let record_count = left.record_count.saturating_sub(first_count);
            self.formed.push_front(Formed { record_count, failed_count, invoke_count });
            self.formed.push_front(Formed { record_count: first_count, failed_count, invoke_count });
        } else {
            self.formed.push_front(Formed { failed_count, ..left });
        }
        None
    }

    /// The first records of the first batch, or of what would become it, are too old.
    fn expire(&mut self, count: usize) -> Dropped<R> {
        let mut invoke_count = 0;
        if let Some(batch) = self.formed.front_mut() {
            invoke_count = batch.invoke_count;
            batch.record_count = batch.record_count.saturating_sub(count);
            if batch.record_count == 0 {
                self.formed.pop_front();
            }
        }
        Dropped { reason: DiscardReason::RecordAgeExceeded, invoke_count, entries: self.take(count) }
    }

    fn take(&mut self, count: usize) -> Vec<Entry<R>> {
        let count = count.min(self.waiting.len());
        self.waiting.drain(..count).map(|waiting| waiting.entry).collect()
    }

    /// How much of what waits makes the next batch.
    fn gathered(&self, options: &Options) -> Gathered {
        let (mut count, mut bytes) = (0_usize, 0_usize);
        for waiting in self.waiting.iter().take(options.batch_size) {
            bytes = bytes.saturating_add(event_bytes(&waiting.entry.partition_key, waiting.entry.bytes));
            // A record that is too large by itself is a batch of its own: Lambda must refuse it, not the model.
            if bytes > options.payload_limit_bytes && count > 0 {
                return Gathered { count, is_full: true };
            }
            count = count.saturating_add(1);
        }
        Gathered { count, is_full: count >= options.batch_size || bytes >= options.payload_limit_bytes }
    }

    fn verdict(&self, record_count: usize, answer: &Answer, options: &Options) -> Verdict {
        let failures = match answer {
            Answer::NotInvoked => return Verdict::NotInvoked,
            Answer::FunctionError => return Verdict::Failed,
            Answer::Returned(_) if !options.report_batch_item_failures => return Verdict::Done,
            Answer::Returned(failures) => failures,
        };
        let mut lowest = record_count;
        for failure in failures {
            let number = failure.as_deref().and_then(SequenceNumber::parse);
            let index = number.and_then(|number| {
                self.waiting.iter().take(record_count).position(|w| w.entry.sequence == number)
            });
            lowest = lowest.min(index.unwrap_or(0));
        }
        match lowest {
            0 => Verdict::Failed,
            count if count == record_count => Verdict::Done,
            count => Verdict::DoneBefore(count),
        }
    }
}

struct Gathered {
    count: usize,
    is_full: bool,
}

fn max_age(options: &Options) -> Option<DurationMs> {
    options.maximum_record_age_in_seconds.map(|secs| DurationMs::from_secs(secs.into()))
}
