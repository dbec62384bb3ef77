//! A reminder's row in the ledger, and every way in which it may change. Each transition returns the row as it must be
//! written, if the row is still the one that was read; none writes.

use super::assignment::Group;
use super::mail_event::{Feedback, MailEvent};
use super::series::OnUnknown;
use crate::abandonment::SkipReason;
use crate::id::EpisodeId;
use crate::key::{ContactHash, ProfileKey};
use crate::money::Money;
use crate::time::{DurationMs, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a claim holds without a send.
pub const LEASE: DurationMs = DurationMs::from_minutes(2);
/// After this time a send that never ended is UNKNOWN. No invocation lives as long.
pub const SENDING_MAX: DurationMs = DurationMs::from_minutes(15);
/// Where unknown mails are sent again: how long SES's events are waited for first.
pub const RESEND_AFTER: DurationMs = DurationMs::from_hours(1);
/// Sends of one reminder at most, where unknown ones are sent again.
pub const ATTEMPT_COUNT_MAX: u8 = 3;
/// Reason of an UNKNOWN reminder: the call to SES never ended.
pub const NO_ANSWER: &str = "the send began and never ended";

/// Which reminder: the episode and the step of its series, from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ReminderId {
    /// The episode.
    pub episode: EpisodeId,
    /// The step.
    pub step: u8,
}

impl ReminderId {
    /// The id of the decision to send it, which its links carry: `mail.{episode}.{step}`.
    #[must_use]
    pub fn decision_id(&self) -> String {
        format!("mail.{}.{}", self.episode, self.step)
    }

    /// Reads [`ReminderId::decision_id`]: nothing but what that writes, so that one reminder has one id.
    #[must_use]
    pub fn of_decision_id(text: &str) -> Option<Self> {
        let (episode, step) = text.strip_prefix("mail.")?.split_once('.')?;
        let id = Self { episode: EpisodeId::parse(episode)?, step: step.parse().ok()? };
        (id.step > 0 && id.decision_id() == text).then_some(id)
    }
}

/// Where a reminder stands.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ReminderStatus {
    /// A run owns it and has not begun to send. Another may take it over after the lease.
    Claimed {
        /// The run.
        owner: String,
        /// Until when nobody else may take it.
        lease_until: Timestamp,
    },
    /// The call to SES may be under way. Never taken over.
    Sending {
        /// The run.
        owner: String,
    },
    /// Accepted by SES.
    Sent {
        /// SES's message id.
        message_id: String,
    },
    /// Refused by SES for good.
    Failed {
        /// Why.
        reason: String,
    },
    /// Nobody knows whether SES took it.
    Unknown {
        /// Why.
        reason: String,
    },
    /// Not sent, on purpose.
    Suppressed {
        /// A [`SkipReason`]'s code.
        reason: String,
    },
    /// Not sent yet: it waits.
    Deferred {
        /// A [`SkipReason`]'s code.
        reason: String,
        /// Until when.
        until: Timestamp,
    },
    /// Claimed, and not sent after all: the cart was bought or emptied meanwhile.
    Cancelled {
        /// A [`SkipReason`]'s code.
        reason: String,
    },
}

impl ReminderStatus {
    /// The stable name of the status.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Claimed { .. } => "CLAIMED",
            Self::Sending { .. } => "SENDING",
            Self::Sent { .. } => "SENT",
            Self::Failed { .. } => "FAILED",
            Self::Unknown { .. } => "UNKNOWN",
            Self::Suppressed { .. } => "SUPPRESSED",
            Self::Deferred { .. } => "DEFERRED",
            Self::Cancelled { .. } => "CANCELLED",
        }
    }

    /// Why, where a status has a reason.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Failed { reason }
            | Self::Unknown { reason }
            | Self::Suppressed { reason }
            | Self::Deferred { reason, .. }
            | Self::Cancelled { reason } => Some(reason),
            Self::Claimed { .. } | Self::Sending { .. } | Self::Sent { .. } => None,
        }
    }
}

/// What a mail offers for coming back.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Offer {
    /// Per cent off.
    pub percent: u8,
    /// The code.
    pub code: String,
    /// When it ends, in truth and in the mail; `None` where the shop told no end.
    pub expires_at: Option<Timestamp>,
    /// The pool that the code was taken from; `None` for one that was derived.
    pub pool: Option<String>,
}

/// A row of the ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reminder {
    /// Whose cart.
    pub profile: ProfileKey,
    /// Where it stands.
    pub status: ReminderStatus,
    /// Since when.
    pub at: Timestamp,
    /// How often a send began.
    pub attempt: u8,
    /// The group of the holdout that the person is in, once that mattered.
    pub group: Option<Group>,
    /// When the group first mattered: what comes after is counted for the group.
    pub assigned_at: Option<Timestamp>,
    /// The address, hashed: whose history the claim is in.
    pub recipient: Option<ContactHash>,
    /// What it offers.
    pub offer: Option<Offer>,
    /// What the cart was worth.
    pub cart_value: Option<Money>,
    /// What SES told of it later.
    pub feedback: Feedback,
}

/// What a claim says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// Whose cart.
    pub profile: ProfileKey,
    /// The run.
    pub owner: String,
    /// Now.
    pub now: Timestamp,
    /// To which address.
    pub recipient: ContactHash,
    /// What it offers.
    pub offer: Option<Offer>,
    /// What the cart is worth.
    pub cart_value: Option<Money>,
    /// Whether unknown mails are sent again.
    pub on_unknown: OnUnknown,
}

/// Why a reminder cannot be claimed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotClaimed {
    /// Somebody else has it, or what became of it may still be told.
    Held,
    /// A send began and never ended: [`Reminder::give_up`].
    Stale,
    /// It has ended, by this status.
    Ended(&'static str),
}

impl Reminder {
    /// The claim of a reminder whose row was `before`.
    ///
    /// # Errors
    /// When it may not be claimed.
    pub fn claim(before: Option<&Self>, claim: Claim) -> Result<Self, NotClaimed> {
        if let Some(before) = before {
            before.may_be_claimed(claim.on_unknown, claim.now)?;
        }
        let status = ReminderStatus::Claimed { owner: claim.owner, lease_until: claim.now + LEASE };
        Ok(Self {
            profile: claim.profile,
            status,
            at: claim.now,
            attempt: before.map_or(0, |row| row.attempt),
            group: Some(Group::Treated),
            assigned_at: before.and_then(|row| row.assigned_at).or(Some(claim.now)),
            recipient: Some(claim.recipient),
            offer: before.and_then(Self::held_offer).or(claim.offer),
            cart_value: claim.cart_value,
            feedback: Feedback::default(),
        })
    }

    /// Whether a claim may replace the row.
    ///
    /// # Errors
    /// Why not.
    pub fn may_be_claimed(&self, on_unknown: OnUnknown, now: Timestamp) -> Result<(), NotClaimed> {
        match &self.status {
            ReminderStatus::Claimed { lease_until, .. } if *lease_until > now => Err(NotClaimed::Held),
            ReminderStatus::Claimed { .. }
            | ReminderStatus::Suppressed { .. }
            | ReminderStatus::Deferred { .. }
            | ReminderStatus::Cancelled { .. } => Ok(()),
            ReminderStatus::Sending { .. } if self.at + SENDING_MAX <= now => Err(NotClaimed::Stale),
            ReminderStatus::Sending { .. } => Err(NotClaimed::Held),
            ReminderStatus::Unknown { .. }
                if on_unknown == OnUnknown::SendAgain && self.attempt < ATTEMPT_COUNT_MAX =>
            {
                if self.at + RESEND_AFTER <= now { Ok(()) } else { Err(NotClaimed::Held) }
            }
            status => Err(NotClaimed::Ended(status.name())),
        }
    }

    fn into(self, status: ReminderStatus, now: Timestamp) -> Self {
        let may_be_sent = matches!(
            status,
            ReminderStatus::Claimed { .. }
                | ReminderStatus::Sending { .. }
                | ReminderStatus::Sent { .. }
                | ReminderStatus::Unknown { .. }
        );
        // What was certainly not sent offers nothing: its code goes back.
        Self { status, at: now, offer: self.offer.filter(|_| may_be_sent), ..self }
    }

    /// What the row offers by a code that it holds: whoever claims it next offers the same.
    #[must_use]
    pub fn held_offer(&self) -> Option<Offer> {
        self.offer.clone().filter(|offer| offer.pool.is_some())
    }

    fn is_owned_by(&self, run: &str) -> bool {
        match &self.status {
            ReminderStatus::Claimed { owner, .. } | ReminderStatus::Sending { owner } => owner == run,
            _ => false,
        }
    }

    /// The owner begins to send: from here on nobody takes over.
    #[must_use]
    pub fn begin_sending(&self, owner: &str, now: Timestamp) -> Option<Self> {
        let is_claimed = matches!(self.status, ReminderStatus::Claimed { .. }) && self.is_owned_by(owner);
        is_claimed.then(|| {
            let row = Self { attempt: self.attempt.saturating_add(1), ..self.clone() };
            row.into(ReminderStatus::Sending { owner: owner.to_owned() }, now)
        })
    }

    /// The owner's send or claim has ended.
    #[must_use]
    pub fn settle(&self, owner: &str, status: ReminderStatus, now: Timestamp) -> Option<Self> {
        self.is_owned_by(owner).then(|| self.clone().into(status, now))
    }

    /// A send that began too long ago and never ended.
    #[must_use]
    pub fn give_up(&self, now: Timestamp) -> Option<Self> {
        let is_stale = matches!(self.status, ReminderStatus::Sending { .. }) && self.at + SENDING_MAX <= now;
        is_stale.then(|| self.clone().into(ReminderStatus::Unknown { reason: NO_ANSWER.to_owned() }, now))
    }

    /// The row of a reminder that is not sent, and why: deferred where there is an `until`. `None` when the row is further
    /// than that, or says the same already.
    #[must_use]
    pub fn skip(
        before: Option<&Self>,
        profile: &ProfileKey,
        reason: SkipReason,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Self> {
        // A skip replaces what a claim may replace, but never resolves UNKNOWN.
        let is_unknown = before.is_some_and(|row| matches!(row.status, ReminderStatus::Unknown { .. }));
        if is_unknown || before.is_some_and(|row| row.may_be_claimed(OnUnknown::GiveUp, now).is_err()) {
            return None;
        }
        let reason_text = reason.code().to_owned();
        let status = match until {
            Some(until) => ReminderStatus::Deferred { reason: reason_text, until },
            None => ReminderStatus::Suppressed { reason: reason_text },
        };
        if before.is_some_and(|row| row.status == status) {
            return None;
        }
        let held_out = (reason == SkipReason::HeldOut).then_some(Group::HeldOut);
        let group = held_out.or_else(|| before.and_then(|row| row.group));
        let assigned_at = before.and_then(|row| row.assigned_at).or_else(|| held_out.map(|_| now));
        Some(Self {
            profile: profile.clone(),
            status,
            at: now,
            attempt: before.map_or(0, |row| row.attempt),
            group,
            assigned_at,
            recipient: None,
            offer: None,
            cart_value: before.and_then(|row| row.cart_value),
            feedback: Feedback::default(),
        })
    }

    /// What an event of SES makes of the row; `None` when it changes nothing. Whatever the order of events, the row ends the
    /// same: SES refused it after all (FAILED) over accepted (SENT) over anything that is not known. Accepted also ends a
    /// claim of another run, which then finds that it may not send.
    #[must_use]
    pub fn observe(&self, event: &MailEvent, at: Timestamp) -> Option<Self> {
        let mut row = self.clone();
        row.feedback.observe(event, at);
        let is_failed = matches!(&row.status, ReminderStatus::Failed { .. });
        let sent = match event {
            MailEvent::Rejected if !is_failed => {
                row.status = ReminderStatus::Failed { reason: "rejected by SES".to_owned() };
                None
            }
            MailEvent::RenderingFailed if !is_failed => {
                row.status = ReminderStatus::Failed { reason: "not rendered by SES".to_owned() };
                None
            }
            MailEvent::Sent { message_id } => Some(message_id.clone()),
            MailEvent::Delivered
            | MailEvent::Bounced { .. }
            | MailEvent::Complained
            | MailEvent::Delayed
            | MailEvent::Opened { .. }
            | MailEvent::Clicked { .. } => Some(String::new()),
            MailEvent::Rejected | MailEvent::RenderingFailed => None,
        };
        if let Some(message_id) = sent {
            match &row.status {
                ReminderStatus::Failed { .. } => {}
                ReminderStatus::Sent { message_id: known } if !known.is_empty() => {}
                ReminderStatus::Sent { .. } if message_id.is_empty() => {}
                _ => row.status = ReminderStatus::Sent { message_id },
            }
        }
        (row != *self).then_some(row)
    }
}
