//! One run: the real functions as tasks of one thread, in virtual time. At each turn the dice choose which task goes on by one
//! call; nothing else moves.

use super::archive::SimArchive;
use super::asking::Before;
use super::bugs::Bug;
use super::bus::SimBus;
use super::fault::{Fault, FaultCounts};
use super::ground::{Ground, InjectedPanic, Net, Notes, Trace};
use super::hot::pace::Woken;
use super::mail_book::MailNotes;
use super::ports::{SimFailed, SimStream, SimTables};
use super::post::{PostOffice, Telling};
use super::script::{START, Script};
use super::signals::Reader;
use crate::conservation::Conservation;
use admin::Admin;
use beckon_domain::{DurationMs, Erasure, ProfileKey, Timestamp};
use beckon_mapping::{InvocationId, Mapping};
use beckon_rules::Ruleset;
use beckon_runtime::clock::Hand;
use beckon_store::objects::memory::MemoryFailedEvents;
use beckon_wire::capture::CaptureAnswer;
use beckon_wire::decisions::DecisionsResponse;
use cart_mailer::Mailer;
use cart_mailer::send::account::MemoryAccount;
use collector::{CollectError, Collector};
use decisions::{DecideError, Decider};
use mail_feedback::Feedback;
use profiler::Profiler;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Turns of a run at most: beyond them it does not come to its end.
const TURNS_MAX: u64 = 400_000;
/// The same for each thing that happens by the script, where much does.
const TURNS_OF_OP: u64 = 200;
/// Runs of the mailer at once, so that another one may begin.
const RUNS_MAX: usize = 2;

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
    /// An event of SES.
    Feedback(Box<Telling>),
    /// A request to erase somebody.
    Erase { customer: usize },
    /// A request to let somebody back.
    Release { customer: usize },
    /// A page that asks, and what is known of the person when it does.
    Decision(Before),
}

/// How a task ended.
pub(crate) enum Ended {
    Collected(Result<CaptureAnswer, CollectError>),
    Answered(Vec<Option<String>>),
    Mailed,
    /// Whether an event of SES was taken over.
    Told(bool),
    Decided(Result<DecisionsResponse, DecideError>),
    /// Whether a request to erase somebody, or to let them back, was answered.
    Erased(bool),
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
    /// In a paced run: whether it can go on.
    woken: Arc<Woken>,
}

/// What waits for its time.
pub(crate) enum Waiting {
    Op(usize),
    Retry {
        op: usize,
        attempt: u32,
    },
    Redrive(usize),
    /// Sending goes on.
    Resume,
    /// Somebody is to be erased, again.
    Erase {
        customer: usize,
    },
    /// Who was erased is to be let back.
    Release {
        customer: usize,
    },
    /// The sweep looks through everything.
    Sweep,
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
    pub(crate) feedback: Feedback<SimTables>,
    pub(crate) admin: Arc<Admin<SimTables, ()>>,
    /// Somebody was erased, or is being erased.
    pub(crate) has_erased: bool,
    /// Who was let back, when that was answered.
    pub(crate) let_back: BTreeMap<ProfileKey, Erasure>,
    /// What the archive has of the stream.
    pub(crate) archive: SimArchive,
    /// What was kept as failed, as documents.
    pub(crate) failed: MemoryFailedEvents,
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
    /// Instances of the collector in a paced run, and whether each is at work.
    pub(crate) instances: Vec<(Arc<Collector<SimStream, SimTables>>, bool)>,
    pub(crate) hand: Hand,
    pub(crate) visitors: Vec<ProfileKey>,
    pub(crate) customers: Vec<ProfileKey>,
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
    pub(crate) mails: Mails,
    pub(crate) reported: Reported,
    pub(crate) profiles: u64,
}

/// What became of mails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Mails {
    /// Taken by SES where unknown ones are given up.
    pub(crate) strict: u64,
    /// Taken by SES where unknown ones are sent again.
    pub(crate) resending: u64,
    /// Of these, once more than they should be.
    pub(crate) twice: u64,
    /// Taken by SES, and the mailer was not answered.
    pub(crate) unheard: u64,
    /// Codes that they showed.
    pub(crate) codes: u64,
}

/// What reports of the experiment say at the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Reported {
    /// Exposures in the stream.
    pub(crate) exposures: u64,
    /// People who were shown a variant.
    pub(crate) people: u64,
    /// Of these, those of whom a half had been shown another one.
    pub(crate) crossed_over: u64,
    /// What people did within the window after it.
    pub(crate) conversions: u64,
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
        let mail = if matches!(work, Work::Mailer) { ground.book.mail.begin() } else { MailNotes::default() };
        drop(ground);
        self.order += 1;
        let is_page = matches!(work, Work::Decision(_));
        let notes = Notes { mail, is_page, ..Notes::default() };
        self.tasks.push(Task { id: self.order, work, future, notes, turns_left, woken: Woken::new() });
    }

    /// Runs until nothing is left to happen, or a law is broken.
    pub(crate) fn run(mut self) -> Outcome {
        loop {
            self.turns += 1;
            if self.turns > TURNS_MAX.max(TURNS_OF_OP * self.script.ops.len() as u64) {
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
            let awake = self.awake();
            if awake.is_empty() {
                match self.next_moment() {
                    Some(at) => self.hand.set(at.max(self.now() + DurationMs::from_ms(1))),
                    None => break,
                }
            } else {
                self.step(&awake);
            }
        }
        self.finish()
    }

    fn turn_weather(&mut self) {
        let last = self.script.ops.last().map_or(START, |op| op.at);
        let now = self.now();
        let mut ground = self.net.lock();
        // Reminders go out long after their carts were left, and that they do in every weather too.
        let last_step = ground.book.mail.series.delays.last().copied().unwrap_or_default();
        let is_over = self.waiting.is_empty() && now > last + DurationMs::from_minutes(20) + last_step;
        if is_over && !self.healed && !ground.weather.is_long(now) {
            self.healed = true;
            ground.weather.heal();
        }
        let Ground { weather, dice, .. } = &mut *ground;
        weather.turn(now, dice, &self.visitors, self.profiler.record_age_max.is_some());
    }

    /// When something happens next, if no task can go on.
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
        let told = told.into_iter().chain(ground.post.first_key_value().map(|((at, _), _)| *at)).min();
        let mail = self
            .tables
            .inner
            .earliest_due()
            .filter(|_| self.runs() < RUNS_MAX)
            .map(|at| at.max(self.mailer_ran_at + DurationMs::from_minutes(1)));
        let asleep = self.tasks.iter().filter_map(|task| task.notes.sleeps_until).min();
        let timer = ground.pace.as_ref().and_then(|pace| pace.next_timer());
        [waiting, late, unread, told, mapped, mail, asleep, timer].into_iter().flatten().min()
    }

    /// Runs of the mailer that are under way.
    fn runs(&self) -> usize {
        self.tasks.iter().filter(|task| matches!(task.work, Work::Mailer)).count()
    }

    /// The mailer's schedule: each minute, if anything is due at all.
    fn mail(&mut self) {
        let now = self.now();
        let Some(due) = self.tables.inner.earliest_due() else { return };
        let is_time =
            due <= now && now >= self.mailer_ran_at + DurationMs::from_minutes(1) && self.runs() < RUNS_MAX;
        if !is_time {
            return;
        }
        self.mailer_ran_at = now;
        let (again, doomed) = {
            let mut ground = self.net.lock();
            if !self.healed && ground.dice.chance(15) {
                let missed = ground.dice.pick(&[5, 20, 60, 200]).copied().unwrap_or_default();
                self.mailer_ran_at = now + DurationMs::from_minutes(missed);
                return ground.count(Fault::MissedRuns);
            }
            // Runs are few, so that one ends or begins at the wrong time now and then in any weather.
            let doomed = (!self.healed && ground.dice.chance(50)).then(|| ground.dice.between(1, 120));
            if doomed.is_some() {
                ground.count(Fault::Crash);
            }
            let again = !self.healed && ground.dice.chance(30);
            if again {
                ground.count(Fault::DoubleRun);
            }
            (again || ground.strikes(Fault::DoubleRun), doomed)
        };
        for _ in 0..=u64::from(again) {
            let mailer = self.mailer.clone();
            let run = async move {
                // What went wrong is tried again by the next run.
                drop(cart_mailer::handle(&mailer, serde_json::json!({})).await);
                Ended::Mailed
            };
            self.start(Work::Mailer, doomed, Box::pin(run));
        }
    }

    /// The tasks that wait for no time.
    fn awake(&self) -> Vec<usize> {
        let (now, is_paced) = (self.now(), self.net.is_paced());
        let is_over = |task: &Task| task.notes.sleeps_until.is_none_or(|until| until <= now);
        let is_awake = |task: &Task| if is_paced { task.woken.is() } else { is_over(task) };
        (0..self.tasks.len()).filter(|index| is_awake(&self.tasks[*index])).collect()
    }

    /// One task goes on until its next call.
    fn step(&mut self, awake: &[usize]) {
        let mut ground = self.net.lock();
        let index = ground.dice.pick(awake).copied().unwrap_or_default();
        // In a paced run time is what calls take.
        let passes = ground.pace.is_none() && ground.dice.chance(300);
        let pause = if passes { ground.dice.below(40) } else { 0 };
        drop(ground);
        self.hand.advance(DurationMs::from_ms(pause));
        let Some(task) = self.tasks.get_mut(index) else { return };
        let ended = if task.turns_left == Some(0) {
            Some(Ended::Died)
        } else {
            task.turns_left = task.turns_left.map(|turns| turns - 1);
            self.net.lock().notes = std::mem::take(&mut task.notes);
            task.woken.forget();
            let waker = Waker::from(Arc::clone(&task.woken));
            let poll = || task.future.as_mut().poll(&mut Context::from_waker(&waker));
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
