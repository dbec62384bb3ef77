//! The ground a simulated run stands on: one lock around the dice, the weather, the stream, the books, and what lands late.
//!
//! Every call of a port goes through [`Net::arrive`]: it gives others the chance to run, and decides what becomes of it.

use super::book::Book;
use super::bugs::Bug;
use super::fault::{Fault, FaultCounts, Weather};
use super::hot::pace::Pace;
use super::mail_book::MailNotes;
use super::ports::Producer;
use super::post::Telling;
use super::shards::Shards;
use super::signals::SignalStream;
use crate::dice::Dice;
use beckon_domain::experiment::Finding;
use beckon_domain::mark::ShardKey;
use beckon_domain::{DurationMs, Profile, ProfileKey, Timestamp};
use beckon_recommend::engagement::{SlotDay, SlotDayRow};
use beckon_recommend::{BestSellers, Trend};
use beckon_runtime::Clock;
use beckon_store::streams::NewRecord;
use beckon_store::tables::{LedgerChange, ListKey, TrendKey};
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

/// What the injected panic carries, so that no other panic is taken for it.
pub(crate) struct InjectedPanic;

/// A write that was given up by its caller and still takes effect.
pub(crate) enum LateWrite {
    /// Of a profile.
    Save { key: ProfileKey, profile: Box<Profile>, read_version: Option<u64>, due_at: Option<Timestamp> },
    /// Into a stream.
    Put { records: Vec<NewRecord>, producer: Producer, basis: Basis },
    /// Of a trend.
    Trend { key: TrendKey, trend: Box<Trend>, read_version: Option<u64> },
    /// Of a list of best sellers.
    BestSellers { key: ListKey, list: Box<BestSellers>, read_version: Option<u64> },
    /// Of the ledger of reminders.
    Ledger { change: Box<LedgerChange>, now: Timestamp },
    /// Of what was found of a person in an experiment.
    Finding { of: ProfileKey, finding: Box<Finding>, now: Timestamp },
    /// Of what became of a slot's decisions.
    SlotDay { of: SlotDay, row: Box<SlotDayRow>, read_version: Option<u64> },
}

/// What a task folds, and what it begins from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Basis {
    /// Whose records it was given.
    pub(crate) shard: Option<ShardKey>,
    /// The version of each profile as it knows it; of one that is not stored, 0.
    pub(crate) versions: BTreeMap<ProfileKey, u64>,
}

/// What happened to the calls of one task.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    /// A fault struck a call that several profiles share.
    pub(crate) shared: bool,
    /// Profiles of which a write was struck, or found others faster again and again.
    pub(crate) struck: Vec<ProfileKey>,
    /// An eventual read was stale.
    pub(crate) stale: bool,
    /// What it folds.
    pub(crate) basis: Basis,
    /// Conflicts per profile.
    pub(crate) conflicts: BTreeMap<ProfileKey, u32>,
    /// It waits for this time.
    pub(crate) sleeps_until: Option<Timestamp>,
    /// Profiles of which it was given a record that was put again.
    pub(crate) redriven: BTreeSet<ProfileKey>,
    /// It is a page that asks.
    pub(crate) is_page: bool,
    /// What a run of the mailer was told.
    pub(crate) mail: MailNotes,
    /// Calls that it made.
    pub(crate) calls: u64,
    /// The instance of the collector that it has, in a paced run.
    pub(crate) instance: Option<usize>,
}

/// The hash of everything that happened, in order: two runs of a seed are the same run if it is the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Trace(pub(crate) u64);

impl Trace {
    /// Takes a word in (FNV-1a, a word at a time).
    pub(crate) fn mix(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }

    /// Takes a text in.
    pub(crate) fn mix_text(&mut self, text: &str) {
        text.bytes().for_each(|byte| self.mix(u64::from(byte)));
    }
}

/// Everything that the ports of one run share.
pub(crate) struct Ground {
    pub(crate) dice: Dice,
    pub(crate) clock: Clock,
    pub(crate) weather: Weather,
    pub(crate) faults: FaultCounts,
    pub(crate) trace: Trace,
    pub(crate) notes: Notes,
    pub(crate) late: BTreeMap<(Timestamp, u64), LateWrite>,
    /// What SES tells, when it is delivered.
    pub(crate) post: BTreeMap<(Timestamp, u64), Telling>,
    /// Whose cart is looked at in this very moment, and who does something now.
    pub(crate) meddled: Vec<(ProfileKey, Meddling)>,
    pub(crate) orders: u64,
    pub(crate) shards: Shards,
    pub(crate) signals: SignalStream,
    pub(crate) book: Book,
    pub(crate) bug: Bug,
    pub(crate) call_count: u64,
    /// How long things take and how much goes in; `None` where nothing takes any time.
    pub(crate) pace: Option<Box<Pace>>,
}

/// What a person does in the middle of a run of the mailer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Meddling {
    /// Buys the cart.
    Buys,
    /// Unsubscribes.
    Unsubscribes,
    /// Somebody pauses sending.
    Pauses,
}

impl Ground {
    /// A number that tells things of the same time apart.
    pub(crate) fn order(&mut self) -> u64 {
        self.orders += 1;
        self.orders
    }

    /// Throws for a fault; one that strikes is counted and becomes part of the trace.
    pub(crate) fn strikes(&mut self, fault: Fault) -> bool {
        let struck = self.weather.strikes(fault, &mut self.dice);
        if struck {
            self.count(fault);
        }
        struck
    }

    /// A fault that happened.
    pub(crate) fn count(&mut self, fault: Fault) {
        self.faults.add(fault);
        self.trace.mix(0xF000 + fault as u64);
    }

    /// A write lands between a moment and some minutes from now.
    pub(crate) fn land_late(&mut self, write: LateWrite) {
        let widest = if self.dice.chance(700) { 2_000 } else { 600_000 };
        let at = self.clock.now() + DurationMs::from_ms(self.dice.between(1, widest));
        let order = self.call_count;
        self.late.insert((at, order), write);
    }
}

/// What becomes of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// It takes effect and is answered.
    Through,
    /// It is refused: too much at once.
    Throttled,
    /// It never arrives; nobody can tell.
    Lost,
    /// It takes effect; nobody can tell.
    AnswerLost,
    /// It takes effect later; nobody can tell.
    Late,
}

/// Who is struck when a call is.
#[derive(Clone, Copy)]
pub(crate) enum Reach<'a> {
    /// Every profile of the task.
    All,
    /// One profile.
    One(&'a ProfileKey),
}

/// The network between functions and what they call. Clones are the same network.
#[derive(Clone)]
pub(crate) struct Net(Arc<Mutex<Ground>>);

impl Net {
    /// A network on this ground.
    pub(crate) fn new(ground: Ground) -> Self {
        Self(Arc::new(Mutex::new(ground)))
    }

    /// The ground. Never held across an await.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Ground> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call is under way: others run meanwhile; then its fate is thrown. `can_land_late` for writes.
    pub(crate) async fn arrive(&self, name: &'static str, reach: Reach<'_>, can_land_late: bool) -> Fate {
        let takes = self.lock().pace.as_ref().map(|pace| pace.call(name));
        if let Some(takes) = takes {
            self.hold_up(takes).await;
        } else {
            let hops = self.lock().dice.between(1, 2);
            pass(hops).await;
        }
        let mut ground = self.lock();
        ground.call_count += 1;
        ground.notes.calls += 1;
        ground.trace.mix_text(name);
        if ground.strikes(Fault::Panic) {
            drop(ground);
            // Unwinds without the message of the panic hook: nobody wants to read thousands of them.
            std::panic::resume_unwind(Box::new(InjectedPanic));
        }
        let fate = if ground.strikes(Fault::Throttled) {
            Fate::Throttled
        } else if ground.strikes(Fault::Lost) {
            Fate::Lost
        } else if ground.strikes(Fault::AnswerLost) {
            Fate::AnswerLost
        } else if can_land_late && ground.strikes(Fault::LandsLate) {
            Fate::Late
        } else {
            Fate::Through
        };
        if fate != Fate::Through {
            match reach {
                Reach::All => ground.notes.shared = true,
                Reach::One(key) => ground.notes.struck.push(key.clone()),
            }
        }
        fate
    }

    /// A run of the mailer looks at a cart: now and then its person does something just then, and the run is held up until
    /// that has come through, or not.
    pub(crate) async fn meddle(&self) {
        let held_ms = {
            let mut ground = self.lock();
            let looks_at = ground.notes.mail.looks_at.clone();
            let Some(key) = looks_at.filter(|_| ground.notes.mail.is_run) else { return };
            if !ground.dice.chance(60) {
                return;
            }
            let what = match ground.dice.below(4) {
                0 | 1 => Meddling::Buys,
                2 => Meddling::Unsubscribes,
                _ => Meddling::Pauses,
            };
            ground.meddled.push((key, what));
            if what == Meddling::Buys { ground.dice.between(100, 6_000) } else { 1 }
        };
        self.hold_up(DurationMs::from_ms(held_ms)).await;
    }

    /// A call takes so long that everything else goes on meanwhile.
    pub(crate) async fn hold_up(&self, time: DurationMs) {
        let until = self.lock().clock.now() + time;
        poll_fn(|cx| {
            let mut ground = self.lock();
            let is_over = ground.clock.now() >= until;
            match &mut ground.pace {
                Some(pace) if !is_over => pace.wake_at(until, cx.waker().clone()),
                Some(_) => {}
                None => ground.notes.sleeps_until = (!is_over).then_some(until),
            }
            if is_over { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// A function computes, if that takes any time.
    pub(crate) async fn compute(&self, time: impl FnOnce(&Pace, &Notes) -> DurationMs) {
        let takes = {
            let ground = self.lock();
            ground.pace.as_ref().map(|pace| time(pace, &ground.notes))
        };
        if let Some(takes) = takes.filter(|takes| *takes > DurationMs::ZERO) {
            self.hold_up(takes).await;
        }
    }

    /// The answer is under way: a function that ends now has done its work and nobody knows.
    pub(crate) async fn leave(&self) {
        if self.is_paced() {
            return;
        }
        let hops = self.lock().dice.below(2);
        pass(hops).await;
    }

    /// Whether things take time.
    pub(crate) fn is_paced(&self) -> bool {
        self.lock().pace.is_some()
    }
}

/// Lets others run, so many times.
async fn pass(hops: u64) {
    let mut left = hops;
    poll_fn(move |cx| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
