//! Every interleaving of two runs, an event consumer, a slow clock and a crash, searched to the end. What is explored is the
//! very [`Attempt`] and the very transitions that run live; only the ledger, SES and time are modelled here.

use super::attempt::{Answer, Attempt, Do, End, Heard};
use super::reminder::{Claim, Reminder, ReminderId, ReminderStatus};
use super::{MailEvent, OnUnknown};
use crate::abandonment::{Plan, SkipReason};
use crate::id::{EpisodeId, EventId, SourceId, UserId};
use crate::key::Pepper;
use crate::time::{DurationMs, Timestamp};
use std::collections::BTreeSet;

/// One step of the clock: longer than a lease, than the longest send, and than the wait before another send.
const TICK: DurationMs = DurationMs::from_hours(2);
/// So often it goes on.
const TICKS_MAX: u8 = 2;

/// A protocol that is known to be wrong, to see that the search notices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Variant {
    Live,
    /// The claim is over as soon as SES is called: another run takes SENDING over.
    Takeover,
    /// SES is called before SENDING is written.
    SendThenMark,
    /// Conditions of writes are ignored.
    NoCompare,
    /// What SES's events tell is thrown away.
    Deaf,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Runner {
    attempt: Attempt,
    next: Do,
    /// The version of the row that it read or wrote last.
    version: u32,
    /// Attempts that it may begin after this one.
    more: u8,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct World {
    row: Option<Reminder>,
    version: u32,
    runners: [Option<Runner>; 2],
    /// Mails that SES took.
    taken: u8,
    /// `Send` events that nobody has heard of.
    unheard: u8,
    /// The cart was bought.
    is_bought: bool,
    ticks: u8,
    crashes: u8,
    /// A run was asleep while the clock went on, or an event was lost.
    losses: u8,
}

struct Rules {
    variant: Variant,
    on_unknown: OnUnknown,
    /// Runs may sleep through any time; where not, a run ends or dies before the clock goes on.
    may_sleep: bool,
    may_lose_events: bool,
    may_buy: bool,
}

fn id() -> ReminderId {
    let (source, event) = (SourceId::new("web").unwrap(), EventId::new("e").unwrap());
    ReminderId { episode: EpisodeId::derive("p", &source, &event), step: 1 }
}

impl World {
    fn now(&self) -> Timestamp {
        (0..self.ticks).fold(Timestamp::EPOCH, |now, _| now + TICK)
    }

    fn begin(&self, owner: usize, rules: &Rules, more: u8) -> Runner {
        let pepper = Pepper::new("1", b"0123456789abcdef").unwrap();
        let claim = Claim {
            profile: pepper.customer(&UserId::new("c").unwrap()),
            owner: format!("run-{owner}-{more}"),
            now: self.now(),
            recipient: pepper.contact("a@b.example"),
            offer: None,
            cart_value: None,
            on_unknown: rules.on_unknown,
        };
        let (attempt, next) = Attempt::begin(id(), claim);
        Runner { attempt, next, version: 0, more }
    }

    /// All worlds that the runner's next step may lead to.
    fn step(&self, index: usize, rules: &Rules) -> Vec<World> {
        let Some(runner) = &self.runners[index] else { return Vec::new() };
        match &runner.next {
            Do::Read => {
                let mut world = self.clone();
                let mut row = world.row.clone();
                if rules.variant == Variant::Takeover
                    && let Some(Reminder { status: ReminderStatus::Sending { owner }, at, .. }) = &row
                {
                    let (owner, lease_until) = (owner.clone(), *at + super::reminder::LEASE);
                    let status = ReminderStatus::Claimed { owner, lease_until };
                    row = row.map(|row| Reminder { status, ..row });
                }
                world.runners[index].as_mut().unwrap().version = world.version;
                vec![world.heard(index, Heard::Row(row.map(Box::new)), rules)]
            }
            Do::Save(row) => {
                let mut world = self.clone();
                let held = runner.version == self.version || rules.variant == Variant::NoCompare;
                if held {
                    world.row = Some((**row).clone());
                    world.version += 1;
                    world.runners[index].as_mut().unwrap().version = world.version;
                }
                vec![world.heard(index, Heard::Saved(held), rules)]
            }
            Do::LookAgain => {
                let plan = if self.is_bought {
                    Plan::NotDue(Some(SkipReason::Purchased))
                } else {
                    Plan::Remind(id())
                };
                let mut world = self.clone();
                if rules.variant == Variant::SendThenMark && !self.is_bought {
                    world.taken += 1;
                    world.unheard += 1;
                }
                vec![world.heard(index, Heard::Plan(plan), rules)]
            }
            Do::Send if rules.variant == Variant::SendThenMark => {
                vec![self.clone().heard(index, Heard::Answer(Answer::Taken("m".into())), rules)]
            }
            Do::Send => {
                let mut taken = self.clone();
                taken.taken += 1;
                taken.unheard += 1;
                let answers = |answer| Heard::Answer(answer);
                vec![
                    taken.clone().heard(index, answers(Answer::Taken("m".into())), rules),
                    taken.heard(index, answers(Answer::Unknown("timeout".into())), rules),
                    self.clone().heard(index, answers(Answer::Unknown("timeout".into())), rules),
                    self.clone().heard(index, answers(Answer::NotNow), rules),
                ]
            }
            Do::End(_) => {
                let mut world = self.clone();
                let next = (runner.more > 0).then(|| world.begin(index, rules, runner.more - 1));
                world.runners[index] = next;
                vec![world]
            }
        }
    }

    fn heard(mut self, index: usize, heard: Heard, _rules: &Rules) -> World {
        let now = self.now();
        if let Some(runner) = &mut self.runners[index] {
            runner.next = runner.attempt.hear(heard, now);
        }
        self
    }

    /// Everything that may happen next.
    fn successors(&self, rules: &Rules) -> Vec<World> {
        let mut worlds: Vec<World> = (0..2).flat_map(|index| self.step(index, rules)).collect();
        let is_busy = |runner: &Option<Runner>| {
            runner.as_ref().is_some_and(|r| !matches!(r.next, Do::Read | Do::End(_)))
        };
        if self.crashes > 0 {
            for index in 0..2 {
                if self.runners[index].is_some() {
                    let mut world = self.clone();
                    world.crashes -= 1;
                    let more = self.runners[index].as_ref().map_or(0, |runner| runner.more);
                    world.runners[index] = (more > 0).then(|| world.begin(index, rules, more - 1));
                    worlds.push(world);
                }
            }
        }
        if self.unheard > 0 {
            let mut heard = self.clone();
            heard.unheard -= 1;
            let event = MailEvent::Sent { message_id: "m".into() };
            if rules.variant != Variant::Deaf
                && let Some(row) = heard.row.as_ref().and_then(|row| row.observe(&event, heard.now()))
            {
                heard.row = Some(row);
                heard.version += 1;
            }
            worlds.push(heard);
            if rules.may_lose_events {
                worlds.push(World { unheard: self.unheard - 1, losses: self.losses + 1, ..self.clone() });
            }
        }
        if rules.may_buy && !self.is_bought {
            worlds.push(World { is_bought: true, ..self.clone() });
        }
        // SES's events arrive before the next tick, or are lost.
        let may_tick = rules.may_sleep || (!self.runners.iter().any(is_busy) && self.unheard == 0);
        if self.ticks < TICKS_MAX && may_tick {
            let mut world = self.clone();
            world.ticks += 1;
            for index in 0..2 {
                // A run that has not begun to do anything begins with the new time.
                if let Some(runner) =
                    world.runners[index].clone().filter(|r| r.next == Do::Read && !rules.may_sleep)
                {
                    world.runners[index] = Some(world.begin(index, rules, runner.more));
                }
            }
            worlds.push(world);
        }
        worlds
    }
}

/// What a search found.
#[derive(Debug, Default)]
struct Found {
    states: usize,
    taken_max: u8,
    /// More than one mail although no event was lost and no run slept.
    doubled_without_loss: bool,
    /// Worlds at rest in which nobody wrote down how it ended.
    unsettled: usize,
    sent_count: usize,
}

fn search(rules: &Rules) -> Found {
    let empty = World {
        row: None,
        version: 0,
        runners: [None, None],
        taken: 0,
        unheard: 0,
        is_bought: false,
        ticks: 0,
        crashes: 1,
        losses: 0,
    };
    let start = World { runners: [Some(empty.begin(0, rules, 1)), Some(empty.begin(1, rules, 0))], ..empty };
    let mut seen = BTreeSet::from([fingerprint(&start)]);
    let (mut open, mut found) = (vec![start], Found::default());
    while let Some(world) = open.pop() {
        found.states += 1;
        found.taken_max = found.taken_max.max(world.taken);
        found.doubled_without_loss |= world.taken > 1 && world.losses == 0;
        let successors = world.successors(rules);
        if world.runners.iter().all(Option::is_none) && world.unheard == 0 {
            let is_sent = matches!(&world.row, Some(Reminder { status: ReminderStatus::Sent { .. }, .. }));
            found.sent_count += usize::from(is_sent);
            found.unsettled += usize::from(is_sent && world.taken == 0);
        }
        for next in successors {
            if seen.insert(fingerprint(&next)) {
                open.push(next);
            }
        }
    }
    found
}

/// 128 bits of what a world is; two worlds that share them are taken for one.
fn fingerprint(world: &World) -> u128 {
    xxhash_rust::xxh3::xxh3_128(format!("{world:?}").as_bytes())
}

const STRICT: Rules = Rules {
    variant: Variant::Live,
    on_unknown: OnUnknown::GiveUp,
    may_sleep: true,
    may_lose_events: true,
    may_buy: false,
};

#[test]
fn in_strict_mode_no_interleaving_sends_a_reminder_twice() {
    let found = search(&STRICT);
    assert!(found.states > 10_000, "{found:?}");
    assert_eq!(found.taken_max, 1, "{found:?}");
    assert!(found.sent_count > 0, "{found:?}");
    assert_eq!(found.unsettled, 0, "SENT is written of nothing that was not sent: {found:?}");
}

#[test]
fn in_resend_mode_a_reminder_is_sent_twice_only_when_an_event_of_ses_is_lost() {
    let rules = Rules { on_unknown: OnUnknown::SendAgain, may_sleep: false, ..STRICT };
    let found = search(&rules);
    assert!(found.taken_max > 1 && !found.doubled_without_loss, "{found:?}");
    let found = search(&Rules { may_lose_events: false, ..rules });
    assert_eq!(found.taken_max, 1, "{found:?}");
}

#[test]
fn the_search_notices_each_protocol_that_is_known_to_be_wrong() {
    for variant in [Variant::Takeover, Variant::SendThenMark, Variant::NoCompare] {
        let found = search(&Rules { variant, ..STRICT });
        assert!(found.taken_max > 1, "{variant:?}: {found:?}");
    }
    let deaf = Rules {
        variant: Variant::Deaf,
        on_unknown: OnUnknown::SendAgain,
        may_sleep: false,
        may_lose_events: false,
        may_buy: false,
    };
    assert!(search(&deaf).taken_max > 1, "events that nobody hears of prevent nothing");
}

#[test]
fn an_attempt_that_is_told_nonsense_ends_and_harms_nothing() {
    let world = World {
        row: None,
        version: 0,
        runners: [None, None],
        taken: 0,
        unheard: 0,
        is_bought: false,
        ticks: 0,
        crashes: 0,
        losses: 0,
    };
    let mut runner = world.begin(0, &STRICT, 0);
    let next = runner.attempt.hear(Heard::Answer(Answer::Taken("m".into())), world.now());
    assert_eq!(next, Do::End(End::Nothing));
}
