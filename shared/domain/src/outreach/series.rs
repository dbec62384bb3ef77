//! When the reminders of a left cart go out, and what holds them back.

use crate::money::Money;
use crate::time::DurationMs;

/// Steps of a series at most.
pub const STEP_COUNT_MAX: usize = 8;

/// At most so many mails to one address within a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cap {
    /// Mails, 1 or more.
    pub count: u32,
    /// The time.
    pub within: DurationMs,
}

/// What becomes of a mail of which nobody knows whether SES took it, when SES's own events do not tell either.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OnUnknown {
    /// It is given up: no mail is ever sent twice, and a few are never sent.
    #[default]
    GiveUp,
    /// It is sent again after [`super::reminder::RESEND_AFTER`]: hardly any is missing, and one is sent twice when SES took
    /// it and its event is lost or later than that.
    SendAgain,
}

/// What becomes of a mail when there is no code for its discount.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WithoutCode {
    /// It is sent without the discount.
    #[default]
    Send,
    /// It waits for a code, as long as the step is of use.
    Wait,
}

/// A series of reminders.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Series {
    /// How long after the last change of the cart each step is due: the first step first, each later than the one before.
    pub delays: Vec<DurationMs>,
    /// After a mail of one episode, no other episode of the same address begins for this time.
    pub reentry: DurationMs,
    /// The frequency cap over all mail to an address.
    pub cap: Option<Cap>,
    /// One discount for each address within this time.
    pub discount_within: DurationMs,
    /// Of 10,000 people so many get no mail, for comparison.
    pub holdout: u32,
    /// Carts that are worth less are left alone; one whose worth is not known is not.
    pub value_min: Option<Money>,
    /// Consent that was given longer ago than this counts no more.
    pub consent_within: Option<DurationMs>,
    /// When nobody knows whether a mail was sent.
    pub on_unknown: OnUnknown,
    /// When there is no code for a discount.
    pub without_code: WithoutCode,
}

impl Default for Series {
    /// After an hour, a day and three days; one mail in 16 hours, one series in 7 days, one discount in 30; a tenth held
    /// out.
    fn default() -> Self {
        Self {
            delays: vec![DurationMs::from_hours(1), DurationMs::from_hours(24), DurationMs::from_hours(72)],
            reentry: DurationMs::from_days(7),
            cap: Some(Cap { count: 1, within: DurationMs::from_hours(16) }),
            discount_within: DurationMs::from_days(30),
            holdout: 1_000,
            value_min: None,
            consent_within: None,
            on_unknown: OnUnknown::GiveUp,
            without_code: WithoutCode::Send,
        }
    }
}

impl Series {
    /// A single step that nothing but the person's wish holds back: for replays and comparisons.
    #[must_use]
    pub fn only(delay: DurationMs) -> Self {
        Self {
            delays: vec![delay],
            reentry: DurationMs::ZERO,
            cap: None,
            discount_within: DurationMs::ZERO,
            holdout: 0,
            ..Self::default()
        }
    }

    /// How long after the last change of the cart a step (from 1) is due; `None` when there is no such step.
    #[must_use]
    pub fn delay(&self, step: u8) -> Option<DurationMs> {
        self.delays.get(usize::from(step).checked_sub(1)?).copied()
    }
}
