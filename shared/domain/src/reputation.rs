//! The sender's reputation: what became of the mails of a window, and when sending must stop by itself.
//!
//! SES reviews an account at 5 % of hard bounces or 0.1 % of complaints, and stops it at 10 % or 0.5 % (SES developer
//! guide, FAQs on enforcement). The brake closes before that, so that a shop stops itself instead of being stopped. Gmail
//! tells SES of no complaint, so a low figure is no proof of goodwill.

use crate::time::{DurationMs, Timestamp};

/// How far back figures are looked at.
pub const WINDOW: DurationMs = DurationMs::from_hours(24);
/// Mails below which nothing is judged: one bounce of ten mails says nothing.
pub const SENDS_MIN: u64 = 100;
/// Hard bounces, of 10,000 mails, at which the brake closes: 4 %.
pub const BOUNCES_PER_10_000_MAX: u64 = 400;
/// Complaints, of 10,000 mails, at which the brake closes: 0.08 %.
pub const COMPLAINTS_PER_10_000_MAX: u64 = 8;

/// One thing that became of one mail to one recipient.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Outcome {
    /// SES took it.
    Sent,
    /// The recipient's server took it.
    Delivered,
    /// The address does not exist.
    HardBounced,
    /// The recipient called it spam.
    Complained,
}

/// What became of the mails of some time.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Figures {
    /// Mails that SES took.
    pub sends: u64,
    /// Mails that were delivered.
    pub deliveries: u64,
    /// Hard bounces.
    pub bounces: u64,
    /// Complaints.
    pub complaints: u64,
}

impl Figures {
    /// With one more.
    #[must_use]
    pub const fn with(mut self, outcome: Outcome) -> Self {
        match outcome {
            Outcome::Sent => self.sends += 1,
            Outcome::Delivered => self.deliveries += 1,
            Outcome::HardBounced => self.bounces += 1,
            Outcome::Complained => self.complaints += 1,
        }
        self
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            sends: self.sends.saturating_add(other.sends),
            deliveries: self.deliveries.saturating_add(other.deliveries),
            bounces: self.bounces.saturating_add(other.bounces),
            complaints: self.complaints.saturating_add(other.complaints),
        }
    }

    /// Whether sending must stop, and why. Whole numbers: what is exactly at a threshold is over it on every machine.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        let reaches = |count: u64, per_10_000: u64| {
            count.saturating_mul(10_000) >= self.sends.saturating_mul(per_10_000)
        };
        if self.sends < SENDS_MIN {
            Verdict::TooFew
        } else if reaches(self.complaints, COMPLAINTS_PER_10_000_MAX) {
            Verdict::Close(Cause::Complaints)
        } else if reaches(self.bounces, BOUNCES_PER_10_000_MAX) {
            Verdict::Close(Cause::Bounces)
        } else {
            Verdict::Good
        }
    }
}

/// What the figures of a window say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Fewer than [`SENDS_MIN`] mails: nothing can be said.
    TooFew,
    /// Sending may go on.
    Good,
    /// Sending must stop.
    Close(Cause),
}

/// Why the brake closes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// Too many addresses do not exist.
    Bounces,
    /// Too many people call it spam.
    Complaints,
}

impl Cause {
    /// In words, with the figures that say so.
    #[must_use]
    pub fn words(self, figures: Figures) -> String {
        let (count, what) = match self {
            Self::Bounces => (figures.bounces, "hard bounces"),
            Self::Complaints => (figures.complaints, "complaints"),
        };
        let percent = share_percent(count, figures.sends);
        format!("{count} {what} of {} mails in {WINDOW} ({percent})", figures.sends)
    }
}

/// A share in percent with two places, rounded down: `4.00 %`.
#[must_use]
pub fn share_percent(count: u64, of: u64) -> String {
    if of == 0 {
        return "0.00 %".to_owned();
    }
    let hundredths = count.saturating_mul(10_000) / of;
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

/// The hour, of UTC, in which something is counted: its first instant.
#[must_use]
pub const fn hour_of(at: Timestamp) -> Timestamp {
    let hour_ms = 3_600_000;
    Timestamp::from_ms(at.as_ms() - at.as_ms().rem_euclid(hour_ms))
}

/// The first hour of the window that ends now. Hours are counted whole, so the window is 24 to 25 hours long.
#[must_use]
pub fn first_hour(now: Timestamp) -> Timestamp {
    hour_of(now - WINDOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(sends: u64, bounces: u64, complaints: u64) -> Figures {
        Figures { sends, bounces, complaints, ..Figures::default() }
    }

    #[test]
    fn the_brake_closes_exactly_at_its_thresholds() {
        assert_eq!(figures(100, 3, 0).verdict(), Verdict::Good);
        assert_eq!(figures(100, 4, 0).verdict(), Verdict::Close(Cause::Bounces));
        assert_eq!(figures(101, 4, 0).verdict(), Verdict::Good, "3.96 %");
        assert_eq!(figures(10_000, 0, 7).verdict(), Verdict::Good);
        assert_eq!(figures(10_000, 0, 8).verdict(), Verdict::Close(Cause::Complaints));
        assert_eq!(figures(10_001, 0, 8).verdict(), Verdict::Good, "just below 0.08 %");
    }

    #[test]
    fn below_the_least_volume_nothing_is_judged() {
        assert_eq!(figures(99, 99, 99).verdict(), Verdict::TooFew);
        assert_eq!(
            figures(100, 0, 1).verdict(),
            Verdict::Close(Cause::Complaints),
            "one of a hundred is 1 %"
        );
        assert_eq!(Figures::default().verdict(), Verdict::TooFew);
    }

    #[test]
    fn what_closed_the_brake_is_said_with_its_figures() {
        let words = Cause::Bounces.words(figures(250, 11, 0));
        assert_eq!(words, "11 hard bounces of 250 mails in 1d (4.40 %)");
        assert_eq!(share_percent(8, 10_000), "0.08 %");
        assert_eq!(share_percent(1, 0), "0.00 %");
    }

    #[test]
    fn the_window_begins_at_the_full_hour_a_day_ago() {
        let now = Timestamp::from_ms(1_763_800_000_000);
        let first = first_hour(now);
        assert_eq!(first, hour_of(first));
        let length = now.since(first);
        assert!(length >= WINDOW && length < DurationMs::from_hours(25), "{length}");
    }
}
