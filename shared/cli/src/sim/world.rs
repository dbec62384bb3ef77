//! One run: the real functions as tasks of one thread, in virtual time. At each turn the dice choose which task goes on by one
//! call; nothing else moves.

use super::asking::Known;
use super::bugs::Bug;
use super::bus::SimBus;
use super::fault::{Fault, FaultCounts};
use super::ground::{Ground, InjectedPanic, Net, Notes, Trace};
use super::outreach::PostOffice;
use super::ports::{SimFailed, SimStream, SimTables};
use super::script::{START, Script};
use super::signals::Reader;
use crate::conservation::Conservation;
use beckon_domain::{DurationMs, ProfileKey, Timestamp};
use beckon_mapping::{InvocationId, Mapping};
use beckon_rules::Ruleset;
use beckon_runtime::clock::Hand;
use beckon_wire::capture::CaptureAnswer;
use beckon_wire::decisions::DecisionsResponse;
use cart_mailer::Mailer;
use cart_mailer::send::account::MemoryAccount;
use collector::{CollectError, Collector};
use decisions::{DecideError, Decider};
use profiler::Profiler;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Turns of a run at most: beyond them it does not come to its end.
const TURNS_MAX: u64 = 400_000;
/// What a task is of.
pub(crate) enum Work {
    /// A request of the script, and which attempt at it.
    Request { op: usize, attempt: u32 },
    /// Records of a shard; without an invocation nobody waits for the answer.
    Batch { invocation: Option<InvocationId>, records: Vec<usize> },
    /// Records of signals.
    Signals { invocation: Option<InvocationId>, records: Vec<usize> },
    /// A run of the mailer.
    Mailer,
    /// A page that asks, and what is known of the person when it does.
    Decision { known: Known },
}

/// How a task ended.
pub(crate) enum Ended {
    Collected(Result<CaptureAnswer, CollectError>),
    Answered(Vec<Option<String>>),
    Mailed,
    Decided(Result<DecisionsResponse, DecideError>),
    /// Its future was dropped, or it panicked.
    Died,
}

pub(crate) struct Task {
    id: u64,
    pub(crate) work: Work,
    future: Pin<Box<dyn Future<Output = Ended> + Send>>,
    pub(crate) notes: Notes,
    /// It ends after so many turns, wherever it is.
    turns_left: Option<u64>,
}

/// What waits for its time.
pub(crate) enum Waiting {
    Op(usize),
    Retry { op: usize, attempt: u32 },
    Redrive(usize),
}

/// One run.
pub(crate) struct World {
    pub(crate) net: Net,
    pub(crate) tables: SimTables,
    pub(crate) script: Script,
    pub(crate) collector: Arc<Collector<SimStream, SimTables>>,
    pub(crate) decider: Arc<Decider<SimTables>>,
    pub(crate) profiler: Profiler<SimTables, SimStream, SimFailed, SimBus>,
    pub(crate) mailer: Mailer<SimTables, SimStream, PostOffice, MemoryAccount>,
    pub(crate) mapping: Mapping<usize>,
    pub(crate) reader: Reader,
    pub(crate) tasks: Vec<Task>,
    pub(crate) waiting: BTreeMap<(Timestamp, u64), Waiting>,
    /// Batches that are done: what may come again.
    pub(crate) delivered: Vec<Vec<usize>>,
    pub(crate) ruleset: Ruleset,
    pub(crate) bug: Bug,
    /// Children are read beside their parents.
    pub(crate) early: bool,
    pub(crate) rejected: u64,
    pub(crate) hand: Hand,
    pub(crate) visitors: Vec<ProfileKey>,
    pub(crate) order: u64,
    pub(crate) turns: u64,
    pub(crate) mailer_ran_at: Timestamp,
    pub(crate) healed: bool,
}

/// What became of a run.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) violation: Option<String>,
    pub(crate) trace: Trace,
    pub(crate) faults: FaultCounts,
    pub(crate) balance: Conservation,
    pub(crate) events: u64,
    pub(crate) calls: u64,
    pub(crate) mails: u64,
    pub(crate) profiles: u64,
}

impl World {
    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.profiler.clock.now()
    }

    /// The key of a visitor of the script.
    pub(crate) fn visitor(&self, index: usize) -> Option<&ProfileKey> {
        self.visitors.get(index)
    }

    /// Something waits for its time.
    pub(crate) fn wait(&mut self, at: Timestamp, what: Waiting) {
        self.order += 1;
        self.waiting.insert((at, self.order), what);
    }

    /// Starts a task. Some are doomed to end at an await point.
    pub(crate) fn start(
        &mut self,
        work: Work,
        doomed: Option<u64>,
        future: Pin<Box<dyn Future<Output = Ended> + Send>>,
    ) {
        let mut ground = self.net.lock();
        let turns_left = match doomed {
            Some(turns) => Some(turns),
            None if ground.strikes(Fault::Crash) => Some(ground.dice.between(1, 24)),
            None => None,
        };
        drop(ground);
        self.order += 1;
        self.tasks.push(Task { id: self.order, work, future, notes: Notes::default(), turns_left });
    }

    /// Runs until nothing is left to happen, or a law is broken.
    pub(crate) fn run(mut self) -> Outcome {
        loop {
            self.turns += 1;
            if self.turns > TURNS_MAX {
                self.net.lock().book.violated(|| "the run does not come to its end".to_owned());
            }
            if self.net.lock().book.violation.is_some() {
                break;
            }
            self.turn_weather();
            self.happen();
            self.read();
            self.invoke();
            self.read_signals();
            self.invoke_trends();
            self.mail();
            if self.tasks.is_empty() {
                match self.next_moment() {
                    Some(at) => self.hand.set(at.max(self.now() + DurationMs::from_ms(1))),
                    None => break,
                }
            } else {
                self.step();
            }
        }
        self.finish()
    }

    fn turn_weather(&mut self) {
        let last = self.script.ops.last().map_or(START, |op| op.at);
        let now = self.now();
        let mut ground = self.net.lock();
        let is_over = self.waiting.is_empty() && now > last + DurationMs::from_minutes(20);
        if is_over && !self.healed && !ground.weather.is_long(now) {
            self.healed = true;
            ground.weather.heal();
        }
        let Ground { weather, dice, .. } = &mut *ground;
        weather.turn(now, dice, &self.visitors, self.profiler.record_age_max.is_some());
    }

    /// When something happens next, if no task is under way.
    fn next_moment(&self) -> Option<Timestamp> {
        let now = self.now();
        let ground = self.net.lock();
        let waiting = self.waiting.first_key_value().map(|((at, _), _)| *at);
        let late = ground.late.first_key_value().map(|((at, _), _)| *at);
        let unread = ground
            .shards
            .list()
            .iter()
            .filter(|shard| self.has_unread(shard))
            .map(|shard| shard.read_at)
            .min();
        let told = ground.signals.shards.list().iter();
        let told = told.filter(|s| s.has_unread() && self.reader.mapping.is_readable(&s.name));
        let told = told.map(|shard| shard.read_at).min();
        let mapped = [self.mapping.next_due(now), self.reader.mapping.next_due(now)];
        let mapped = mapped.into_iter().flatten().min();
        let mail = self
            .tables
            .inner
            .earliest_due()
            .map(|at| at.max(self.mailer_ran_at + DurationMs::from_minutes(1)));
        [waiting, late, unread, told, mapped, mail].into_iter().flatten().min()
    }

    /// The mailer's schedule: each minute, if anything is due at all.
    fn mail(&mut self) {
        let now = self.now();
        let Some(due) = self.tables.inner.earliest_due() else { return };
        let runs = self.tasks.iter().filter(|task| matches!(task.work, Work::Mailer)).count();
        let is_time = due <= now && now >= self.mailer_ran_at + DurationMs::from_minutes(1) && runs < 2;
        if !is_time {
            return;
        }
        self.mailer_ran_at = now;
        let again = self.net.lock().strikes(Fault::DoubleRun);
        for _ in 0..=u64::from(again) {
            let mailer = self.mailer.clone();
            let run = async move {
                // What went wrong is tried again by the next run.
                drop(cart_mailer::handle(&mailer, serde_json::json!({})).await);
                Ended::Mailed
            };
            self.start(Work::Mailer, None, Box::pin(run));
        }
    }

    /// One task goes on until its next call.
    fn step(&mut self) {
        let mut ground = self.net.lock();
        let index = ground.dice.index(self.tasks.len());
        let pause = if ground.dice.chance(300) { ground.dice.below(40) } else { 0 };
        drop(ground);
        self.hand.advance(DurationMs::from_ms(pause));
        let Some(task) = self.tasks.get_mut(index) else { return };
        let ended = if task.turns_left == Some(0) {
            Some(Ended::Died)
        } else {
            task.turns_left = task.turns_left.map(|turns| turns - 1);
            self.net.lock().notes = std::mem::take(&mut task.notes);
            let poll = || task.future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            let polled = catch_unwind(AssertUnwindSafe(poll));
            task.notes = std::mem::take(&mut self.net.lock().notes);
            match polled {
                Ok(Poll::Pending) => None,
                Ok(Poll::Ready(ended)) => Some(ended),
                Err(panic) if panic.is::<InjectedPanic>() => Some(Ended::Died),
                Err(panic) => resume_unwind(panic),
            }
        };
        let id = task.id;
        self.net.lock().trace.mix(id << 8 | u64::from(ended.is_some()));
        if let Some(ended) = ended {
            let task = self.tasks.remove(index);
            self.ended(task, ended);
        }
    }
}
