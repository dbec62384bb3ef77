//! The faults of a simulation, and the weather that brings them: in bursts, because what comes alone is survived by luck.

use crate::dice::Dice;
use beckon_domain::{DurationMs, ProfileKey, Timestamp};

/// The age at which the mapping gives a record up, in a run in which records age.
pub(crate) const AGE_MAX: DurationMs = DurationMs::from_hours(6);

/// The age from which the profiler sets a record aside, then.
pub(crate) const AGE_GUARDED: DurationMs = DurationMs::from_minutes(330);

/// A kind of fault. The table at the end says how often each was injected.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Fault {
    /// A store or the stream refuses a call: too much at once.
    Throttled,
    /// A call never arrives, and nobody can tell.
    Lost,
    /// A call takes effect and its answer is lost.
    AnswerLost,
    /// A write takes effect after later ones, long after its caller gave it up.
    LandsLate,
    /// An eventual read answers with the state before the last write.
    StaleRead,
    /// PutRecords takes some records and refuses others.
    PartialPut,
    /// The SDK puts a record twice: same data, two numbers.
    DoublePut,
    /// A function ends at an await point: its future is dropped.
    Crash,
    /// A function panics in a call.
    Panic,
    /// The fold panics at an event, which is kept as failed.
    FoldPanic,
    /// Lambda does not invoke: throttled by itself.
    NotInvoked,
    /// A batch is delivered twice, the two at once.
    DoubleDelivery,
    /// Records that are done come again hours later, in other pieces and another order.
    OldDelivery,
    /// No write of one profile gets through, and all others do.
    KeyOutage,
    /// The mailer is started while it still runs.
    DoubleRun,
    /// SES's answer is lost, or it takes nothing for now.
    SendFailed,
    /// A shard is split.
    Split,
    /// Two shards are merged.
    Merge,
    /// A child shard is read beside its parents.
    EarlyChild,
    /// A record that is no event, put past the collector.
    Poison,
    /// A record that ends whatever function it is given to.
    Killer,
    /// What was given up is put again.
    Redrive,
    /// A client sends a request again, although it was answered.
    ClientResend,
    /// A client's clock is wrong by up to a year.
    ClockSkew,
    /// A proof of identity is sent together with the events that it races.
    LinkRace,
    /// A second visitor is proven to be the same customer.
    SecondVisitor,
    /// A visitor is proven to be a second customer.
    SecondCustomer,
    /// A write found another version: contention that the schedule itself made.
    Conflict,
    /// An invocation that is given little time.
    Deadline,
    /// An event that neared the mapping's age limit in a long outage, and was kept as failed.
    Expired,
    /// The same, of a linked visitor: it was forwarded, and its document says so.
    Forwarded,
    /// An event of SES that never comes.
    EventLost,
    /// An event of SES that comes more than an hour late.
    EventLate,
    /// An event of SES that comes twice.
    EventTwice,
    /// The mailer's schedule misses runs.
    MissedRuns,
    /// Sending is paused for a while.
    Paused,
    /// A person unsubscribes.
    Unsubscribed,
    /// A person buys the cart that a run of the mailer looks at in this very moment.
    BoughtMeanwhile,
    /// A call to SES that takes up to minutes, longer than a claim is held.
    SlowSend,
    /// A person is erased.
    Erased,
    /// A failed record that names an erased person is put again.
    RedrivenErased,
    /// Who was erased is let back.
    Released,
    /// An archived line of an erased person is taken out.
    ArchiveSwept,
}

impl Fault {
    /// Every kind, in the order of the table.
    pub(crate) const ALL: [Self; 43] = [
        Self::Throttled,
        Self::Lost,
        Self::AnswerLost,
        Self::LandsLate,
        Self::StaleRead,
        Self::PartialPut,
        Self::DoublePut,
        Self::Crash,
        Self::Panic,
        Self::FoldPanic,
        Self::NotInvoked,
        Self::DoubleDelivery,
        Self::OldDelivery,
        Self::KeyOutage,
        Self::DoubleRun,
        Self::SendFailed,
        Self::Split,
        Self::Merge,
        Self::EarlyChild,
        Self::Poison,
        Self::Killer,
        Self::Redrive,
        Self::ClientResend,
        Self::ClockSkew,
        Self::LinkRace,
        Self::SecondVisitor,
        Self::SecondCustomer,
        Self::Conflict,
        Self::Deadline,
        Self::Expired,
        Self::Forwarded,
        Self::EventLost,
        Self::EventLate,
        Self::EventTwice,
        Self::MissedRuns,
        Self::Paused,
        Self::Unsubscribed,
        Self::BoughtMeanwhile,
        Self::SlowSend,
        Self::Erased,
        Self::RedrivenErased,
        Self::Released,
        Self::ArchiveSwept,
    ];

    /// What the weather brings; the rest is in the script or comes of it.
    const OF_WEATHER: [Self; 16] = [
        Self::Throttled,
        Self::Lost,
        Self::AnswerLost,
        Self::LandsLate,
        Self::StaleRead,
        Self::PartialPut,
        Self::DoublePut,
        Self::Crash,
        Self::Panic,
        Self::NotInvoked,
        Self::DoubleDelivery,
        Self::OldDelivery,
        Self::KeyOutage,
        Self::DoubleRun,
        Self::SendFailed,
        Self::Deadline,
    ];

    /// Its name in the table.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Throttled => "throttled call",
            Self::Lost => "lost call",
            Self::AnswerLost => "lost answer of a call that took effect",
            Self::LandsLate => "write that lands late",
            Self::StaleRead => "stale eventual read",
            Self::PartialPut => "partly refused PutRecords",
            Self::DoublePut => "record put twice by the SDK",
            Self::Crash => "crash at an await point",
            Self::Panic => "panic in a call",
            Self::FoldPanic => "panic of the fold",
            Self::NotInvoked => "throttled invocation",
            Self::DoubleDelivery => "batch delivered twice at once",
            Self::OldDelivery => "old records again, reordered",
            Self::KeyOutage => "write of one profile refused in an outage",
            Self::DoubleRun => "overlapping run of the mailer",
            Self::SendFailed => "failed or unanswered send",
            Self::Split => "shard split",
            Self::Merge => "shards merged",
            Self::EarlyChild => "child shard read early",
            Self::Poison => "poison record",
            Self::Killer => "record that ends its function",
            Self::Redrive => "failed record put again",
            Self::ClientResend => "request sent again by a client",
            Self::ClockSkew => "request by a clock wrong by up to a year",
            Self::LinkRace => "proof of identity racing events",
            Self::SecondVisitor => "second visitor of a customer",
            Self::SecondCustomer => "second customer on a device",
            Self::Conflict => "conflict of two writers",
            Self::Deadline => "invocation with little time",
            Self::Expired => "event that neared the age limit",
            Self::Forwarded => "forwarded event that neared the age limit",
            Self::EventLost => "event of SES that never comes",
            Self::EventLate => "event of SES an hour late or more",
            Self::EventTwice => "event of SES that comes twice",
            Self::MissedRuns => "runs of the mailer that are missed",
            Self::Paused => "sending paused for a while",
            Self::Unsubscribed => "person who unsubscribes",
            Self::BoughtMeanwhile => "cart bought while the mailer looks",
            Self::SlowSend => "slow call to SES",
            Self::Erased => "person erased while events, links and mail go on",
            Self::RedrivenErased => "failed record of an erased person put again",
            Self::Released => "erased person let back",
            Self::ArchiveSwept => "archived line of an erased person taken out",
        }
    }
}

/// How often each fault was injected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FaultCounts([u64; Fault::ALL.len()]);

impl Default for FaultCounts {
    fn default() -> Self {
        Self([0; Fault::ALL.len()])
    }
}

impl FaultCounts {
    /// One more.
    pub(crate) fn add(&mut self, fault: Fault) {
        if let Some(count) = self.0.get_mut(fault as usize) {
            *count += 1;
        }
    }

    /// How often.
    pub(crate) fn of(&self, fault: Fault) -> u64 {
        self.0.get(fault as usize).copied().unwrap_or_default()
    }

    /// Adds another run's counts.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, add)| *sum += add);
    }
}

/// What may happen until the weather turns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weather {
    until: Timestamp,
    /// Permille of each fault.
    rates: Vec<(Fault, u64)>,
    /// The profile that cannot be written.
    outage: Option<ProfileKey>,
    /// The outage lasts for as long as the mapping keeps a record.
    is_long: bool,
    /// From now on nothing fails.
    healed: bool,
}

impl Weather {
    /// Nothing fails any more.
    pub(crate) fn heal(&mut self) {
        *self = Self { healed: true, ..Self::default() };
    }

    /// Whether an outage is under way that lasts for as long as the mapping keeps a record.
    pub(crate) fn is_long(&self, now: Timestamp) -> bool {
        self.is_long && now < self.until
    }

    /// Turns when it is time: to calm, or to a storm of one to four kinds of fault.
    /// In a run in which records age, an outage may outlast them.
    pub(crate) fn turn(&mut self, now: Timestamp, dice: &mut Dice, keys: &[ProfileKey], ages: bool) {
        if self.healed || now < self.until {
            return;
        }
        // After a storm comes a calm, so that what is tried again and again succeeds before it is given up.
        let was_storm = !self.rates.is_empty();
        *self = Self::default();
        if was_storm || dice.chance(200) {
            self.until = now + DurationMs::from_ms(dice.between(5_000, 90_000));
            return;
        }
        if ages && dice.chance(200) {
            self.until = now + AGE_MAX + DurationMs::from_ms(dice.below(300_000));
            (self.rates, self.is_long) = (vec![(Fault::KeyOutage, 1)], true);
            self.outage = dice.pick(keys).cloned();
            return;
        }
        self.until = now + DurationMs::from_ms(dice.between(500, 45_000));
        self.outage = dice.pick(keys).cloned();
        // An outage of one profile and nothing else: whatever stands still then stands still because of it.
        if dice.chance(200) {
            self.rates = vec![(Fault::KeyOutage, 1)];
            return;
        }
        for _ in 0..dice.between(1, 4) {
            let Some(fault) = dice.pick(&Fault::OF_WEATHER).copied() else { break };
            let Some(rate) = dice.pick(&[30, 100, 300, 600]).copied() else { break };
            // A function that always ends gets nowhere, and takes long to simulate.
            let highest = if matches!(fault, Fault::Crash | Fault::Panic) { 150 } else { 600 };
            self.rates.push((fault, rate.min(highest)));
        }
    }

    /// Whether this fault strikes now.
    pub(crate) fn strikes(&self, fault: Fault, dice: &mut Dice) -> bool {
        let rate = self.rates.iter().find(|(kind, _)| *kind == fault).map_or(0, |(_, rate)| *rate);
        rate > 0 && dice.chance(rate)
    }

    /// Whether this profile cannot be written now, and if so whether its write may land late.
    pub(crate) fn outage(&self, key: &ProfileKey, dice: &mut Dice) -> Option<bool> {
        let is_out =
            self.outage.as_ref() == Some(key) && self.rates.iter().any(|(kind, _)| *kind == Fault::KeyOutage);
        is_out.then(|| self.is_long && dice.chance(10))
    }
}
