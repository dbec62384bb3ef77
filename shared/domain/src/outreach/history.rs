//! What a recipient was sent lately: what the frequency cap, re-entry and discounts are decided by.
//!
//! One row for each address, written in the same transaction as the claim, so that two carts of one address cannot both
//! pass the cap. An entry is made by the claim; it is taken back when the mail was certainly not sent. A claim whose run
//! died leaves its entry until the next claim of the same reminder, which replaces it.

use super::reminder::ReminderId;
use super::series::{Cap, Series};
use crate::id::EpisodeId;
use crate::time::{DurationMs, Timestamp};

/// Mails remembered of one address; the oldest are dropped.
pub const MAILED_COUNT_MAX: usize = 32;

/// One mail to an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mailed {
    /// Which reminder.
    pub reminder: ReminderId,
    /// When it was claimed.
    pub at: Timestamp,
    /// Whether it offered a discount.
    pub has_discount: bool,
}

/// The mails to one address, oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct History(Vec<Mailed>);

impl History {
    /// No mail yet.
    pub const EMPTY: Self = Self(Vec::new());

    /// Of these mails; only the newest are kept.
    #[must_use]
    pub fn of(mut mails: Vec<Mailed>) -> Self {
        mails.sort_by_key(|mail| (mail.at, mail.reminder));
        mails.drain(..mails.len().saturating_sub(MAILED_COUNT_MAX));
        Self(mails)
    }

    /// The mails, oldest first.
    #[must_use]
    pub fn mails(&self) -> &[Mailed] {
        &self.0
    }

    /// The same with a mail; an earlier entry of the same reminder is replaced.
    #[must_use]
    pub fn with(&self, mail: Mailed) -> Self {
        let others = self.0.iter().filter(|kept| kept.reminder != mail.reminder).copied();
        Self::of(others.chain([mail]).collect())
    }

    /// The same without a reminder that was certainly not sent.
    #[must_use]
    pub fn without(&self, reminder: ReminderId) -> Self {
        Self(self.0.iter().filter(|kept| kept.reminder != reminder).copied().collect())
    }

    /// When another mail fits under the cap: `now`, or later. The reminder's own entry does not count against it.
    #[must_use]
    pub fn fits_at(&self, reminder: ReminderId, cap: Cap, now: Timestamp) -> Timestamp {
        let since = now - cap.within;
        let counted: Vec<Timestamp> =
            self.0.iter().filter(|m| m.reminder != reminder && m.at > since).map(|m| m.at).collect();
        let excess = (counted.len() + 1).saturating_sub(cap.count.max(1) as usize);
        match excess.checked_sub(1).and_then(|index| counted.get(index)) {
            Some(at) => *at + cap.within,
            None => now,
        }
    }

    /// Whether another episode's series began so lately that this one may not begin.
    #[must_use]
    pub fn is_recent_series(&self, episode: EpisodeId, series: &Series, now: Timestamp) -> bool {
        let of_episode = |mail: &&Mailed| mail.reminder.episode == episode;
        let is_begun = self.0.iter().any(|mail| of_episode(&mail) && mail.reminder.step > 1);
        let others = self.0.iter().filter(|mail| !of_episode(mail));
        !is_begun && others.map(|mail| mail.at + series.reentry).any(|until| until > now)
    }

    /// Whether a discount was offered within this time, by another reminder.
    #[must_use]
    pub fn has_discount_within(&self, reminder: ReminderId, within: DurationMs, now: Timestamp) -> bool {
        self.0.iter().any(|m| m.has_discount && m.reminder != reminder && m.at + within > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{EventId, SourceId};

    fn reminder(name: &str, step: u8) -> ReminderId {
        let (source, event) = (SourceId::new("web").unwrap(), EventId::new(name).unwrap());
        ReminderId { episode: EpisodeId::derive("p", &source, &event), step }
    }

    fn hour(n: u64) -> Timestamp {
        Timestamp::EPOCH + DurationMs::from_hours(n)
    }

    fn mailed(name: &str, step: u8, at: u64) -> Mailed {
        Mailed { reminder: reminder(name, step), at: hour(at), has_discount: step > 1 }
    }

    #[test]
    fn a_cap_lets_the_next_mail_through_when_the_oldest_counted_one_is_old_enough() {
        let cap = |count| Cap { count, within: DurationMs::from_hours(16) };
        let history = History::of(vec![mailed("a", 1, 1), mailed("b", 1, 10)]);
        let next = reminder("c", 1);
        assert_eq!(history.fits_at(next, cap(3), hour(11)), hour(11));
        assert_eq!(history.fits_at(next, cap(2), hour(11)), hour(17), "the first makes room");
        assert_eq!(history.fits_at(next, cap(1), hour(11)), hour(26), "both must");
        assert_eq!(history.fits_at(next, cap(1), hour(26)), hour(26));
        assert_eq!(history.fits_at(reminder("b", 1), cap(2), hour(11)), hour(11), "not against itself");
    }

    #[test]
    fn another_series_waits_and_ones_own_goes_on() {
        let series = Series { reentry: DurationMs::from_days(7), ..Series::default() };
        let history = History::of(vec![mailed("a", 1, 0)]);
        assert!(!history.is_recent_series(reminder("a", 1).episode, &series, hour(24)));
        assert!(history.is_recent_series(reminder("b", 1).episode, &series, hour(24 * 7 - 1)));
        assert!(!history.is_recent_series(reminder("b", 1).episode, &series, hour(24 * 7)));
    }

    #[test]
    fn a_mail_that_was_not_sent_leaves_no_trace_and_the_newest_are_kept() {
        let history = History::default().with(mailed("a", 1, 0)).with(mailed("a", 1, 2));
        assert_eq!(history.mails(), [mailed("a", 1, 2)]);
        assert_eq!(history.without(reminder("a", 1)), History::default());
        let many = (0..40).fold(History::default(), |h, n| h.with(mailed(&format!("e{n}"), 2, n)));
        assert_eq!((many.mails().len(), many.mails()[0].at), (MAILED_COUNT_MAX, hour(8)));
        assert!(many.has_discount_within(reminder("x", 1), DurationMs::from_hours(2), hour(40)));
        assert!(!many.has_discount_within(reminder("e39", 2), DurationMs::from_hours(2), hour(41)));
    }
}
