//! One run's way with one reminder: what it does next, given what it heard. Pure, so that every interleaving can be
//! searched; the cart mailer carries out each [`Do`] and says what it [`Heard`].
//!
//! Claim, look once more, begin to send, send, write down how it ended. A write that does not find the row as it was read
//! changes nothing: somebody else was faster. A run that dies anywhere, or does not hear how a write ended, just stops;
//! the row says what another run may do.

use super::reminder::{Claim, NotClaimed, Reminder, ReminderStatus};
use super::series::OnUnknown;
use crate::abandonment::{Plan, SkipReason};
use crate::event::TimerOutcome;
use crate::outreach::mail_event::MailEvent;
use crate::outreach::reminder::ReminderId;
use crate::time::Timestamp;

/// What a run does next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Do {
    /// Read the row, strongly.
    Read,
    /// Write the row if it is still what was read: [`Heard::Saved`].
    Save(Box<Reminder>),
    /// Read everything again and plan: [`Heard::Plan`].
    LookAgain,
    /// Call SES, once: [`Heard::Answer`].
    Send,
    /// The attempt is over.
    End(End),
}

/// How an attempt ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// Sent: the step is answered.
    Sent,
    /// Not sent, by a status or reason; the step is answered, or not yet.
    NotSent {
        /// The status or reason.
        why: String,
        /// How the timer ends, if it does.
        timer: Option<TimerOutcome>,
    },
    /// SES takes nothing for now.
    Throttled,
    /// SES takes nothing until somebody acts.
    Stopped(String),
    /// Somebody else has it, or the cart changed in this very moment: a later run looks again.
    Nothing,
}

/// What SES answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Taken, under this message id.
    Taken(String),
    /// Certainly not taken, and may be later.
    NotNow,
    /// Certainly not taken, and nothing will be until somebody acts.
    Stopped(String),
    /// Certainly not taken, and never will be.
    Refused(String),
    /// It may have been taken.
    Unknown(String),
}

/// What a run heard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// The row as it is.
    Row(Option<Box<Reminder>>),
    /// Whether the write found the row as it was read.
    Saved(bool),
    /// What is to be done about the cart now.
    Plan(Plan),
    /// What SES answered.
    Answer(Answer),
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Stage {
    /// The row is being read.
    Reading,
    /// The claim is being written.
    Claiming(Reminder),
    /// A send that never ended is being given up.
    GivingUp,
    /// Everything is being read again.
    Looking(Reminder),
    /// The claim is being let go, and this is the end.
    LettingGo(End),
    /// SENDING is being written.
    Beginning(Reminder),
    /// SES is being called.
    Sending(Reminder),
    /// How it ended is being written, and the message id where SES took it.
    Settling(End, Option<String>),
    /// Somebody gave the send up meanwhile: the row is read to tell that it was taken.
    Confirming(String),
    /// That is being written.
    Confirmed(String),
}

/// A run's attempt to send one reminder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    id: ReminderId,
    claim: Claim,
    stage: Stage,
}

impl Attempt {
    /// An attempt for a reminder that the plan says to send, and what to do first.
    #[must_use]
    pub fn begin(id: ReminderId, claim: Claim) -> (Self, Do) {
        (Self { id, claim, stage: Stage::Reading }, Do::Read)
    }

    /// What to do next. What does not answer what was asked for ends the attempt, which harms nothing.
    pub fn hear(&mut self, heard: Heard, now: Timestamp) -> Do {
        let stage = std::mem::replace(&mut self.stage, Stage::Reading);
        let (stage, next) = match (stage, heard) {
            (Stage::Reading, Heard::Row(row)) => self.read(row.as_deref(), now),
            (Stage::Claiming(row), Heard::Saved(true)) => (Stage::Looking(row), Do::LookAgain),
            (Stage::GivingUp, Heard::Saved(true)) => self.given_up(),
            (Stage::Looking(row), Heard::Plan(plan)) => self.looked(row, &plan, now),
            (Stage::Beginning(row), Heard::Saved(true)) => (Stage::Sending(row), Do::Send),
            (Stage::Sending(row), Heard::Answer(answer)) => self.answered(&row, answer, now),
            (Stage::LettingGo(end) | Stage::Settling(end, _), Heard::Saved(true)) => {
                (Stage::Reading, Do::End(end))
            }
            (Stage::Settling(_, Some(message_id)), Heard::Saved(false)) => {
                (Stage::Confirming(message_id), Do::Read)
            }
            (Stage::Confirming(message_id), Heard::Row(Some(row))) => {
                match row.observe(&MailEvent::Sent { message_id: message_id.clone() }, now) {
                    Some(row) => (Stage::Confirmed(message_id), Do::Save(Box::new(row))),
                    None => (Stage::Reading, Do::End(End::Sent)),
                }
            }
            (Stage::Confirmed(_), Heard::Saved(true)) => (Stage::Reading, Do::End(End::Sent)),
            (Stage::Confirmed(message_id), Heard::Saved(false)) => (Stage::Confirming(message_id), Do::Read),
            _ => (Stage::Reading, Do::End(End::Nothing)),
        };
        self.stage = stage;
        next
    }

    fn read(&self, row: Option<&Reminder>, now: Timestamp) -> (Stage, Do) {
        match Reminder::claim(row, self.claim.clone()) {
            Ok(claimed) => (Stage::Claiming(claimed.clone()), Do::Save(Box::new(claimed))),
            Err(NotClaimed::Held) => (Stage::Reading, Do::End(End::Nothing)),
            Err(NotClaimed::Stale) => match row.and_then(|row| row.give_up(now)) {
                Some(row) => (Stage::GivingUp, Do::Save(Box::new(row))),
                None => (Stage::Reading, Do::End(End::Nothing)),
            },
            Err(NotClaimed::Ended(status)) => {
                let why = format!("ALREADY_{status}");
                (Stage::Reading, Do::End(End::NotSent { why, timer: Some(TimerOutcome::Done) }))
            }
        }
    }

    fn given_up(&self) -> (Stage, Do) {
        (Stage::Reading, Do::End(End::NotSent { why: "UNKNOWN".to_owned(), timer: self.unknown_timer() }))
    }

    /// What is given up is answered; what is sent again is not.
    fn unknown_timer(&self) -> Option<TimerOutcome> {
        (self.claim.on_unknown == OnUnknown::GiveUp).then_some(TimerOutcome::Done)
    }

    /// The claim is ours: send, or let go of it.
    fn looked(&self, row: Reminder, plan: &Plan, now: Timestamp) -> (Stage, Do) {
        let owner = &self.claim.owner;
        if matches!(plan, Plan::Remind(id) if *id == self.id) {
            return match row.begin_sending(owner, now) {
                Some(row) => (Stage::Beginning(row.clone()), Do::Save(Box::new(row))),
                None => (Stage::Reading, Do::End(End::Nothing)),
            };
        }
        // Bought, changed or refused in this very moment. The next run plans afresh, if there is anything to plan.
        let status = match plan {
            Plan::NotDue(Some(reason)) => ReminderStatus::Cancelled { reason: reason.code().to_owned() },
            Plan::Skip(_, reason) => ReminderStatus::Suppressed { reason: reason.code().to_owned() },
            Plan::Defer(_, reason, until) => {
                ReminderStatus::Deferred { reason: reason.code().to_owned(), until: *until }
            }
            Plan::NotDue(None) | Plan::Remind(_) => {
                ReminderStatus::Cancelled { reason: SkipReason::Changed.code().to_owned() }
            }
        };
        self.end_with(&row, status, End::Nothing, now, Stage::LettingGo)
    }

    fn answered(&self, row: &Reminder, answer: Answer, now: Timestamp) -> (Stage, Do) {
        let done = |why: &str| End::NotSent { why: why.to_owned(), timer: Some(TimerOutcome::Done) };
        let deferred = || ReminderStatus::Deferred { reason: "NOT_NOW".to_owned(), until: now };
        let message_id = match &answer {
            Answer::Taken(message_id) => Some(message_id.clone()),
            _ => None,
        };
        let (status, end) = match answer {
            Answer::Taken(message_id) => (ReminderStatus::Sent { message_id }, End::Sent),
            Answer::NotNow => (deferred(), End::Throttled),
            Answer::Stopped(reason) => (deferred(), End::Stopped(reason)),
            Answer::Refused(reason) => (ReminderStatus::Failed { reason }, done("FAILED")),
            Answer::Unknown(reason) => {
                let end = End::NotSent { why: "UNKNOWN".to_owned(), timer: self.unknown_timer() };
                (ReminderStatus::Unknown { reason }, end)
            }
        };
        self.end_with(row, status, end, now, |end| Stage::Settling(end, message_id))
    }

    fn end_with(
        &self,
        row: &Reminder,
        status: ReminderStatus,
        end: End,
        now: Timestamp,
        stage: impl FnOnce(End) -> Stage,
    ) -> (Stage, Do) {
        match row.settle(&self.claim.owner, status, now) {
            Some(row) => (stage(end), Do::Save(Box::new(row))),
            None => (Stage::Reading, Do::End(End::Nothing)),
        }
    }
}
