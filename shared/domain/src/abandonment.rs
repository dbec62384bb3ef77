//! When a left cart becomes a reminder, and every reason why it does not.

use crate::cart::Episode;
use crate::consent::Purpose;
use crate::money::Money;
use crate::outreach::{Group, History, ReminderId, Series, WithoutCode};
use crate::policy::Policy;
use crate::profile::Profile;
use crate::time::{DurationMs, Timestamp};

/// Declares the reasons with their stable codes.
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)+) => {
        /// Why no reminder goes out, or not yet. Each is recorded with the reminder.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum SkipReason { $($(#[$doc])* $name,)+ }

        impl SkipReason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The stable code kept in the ledger and shown to people.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }
        }
    };
}

reasons! {
    /// Nobody to write to.
    NoContact = "NO_CONTACT";
    /// Only an address that no secret key vouched for.
    Unverified = "UNVERIFIED";
    /// The person has not agreed to marketing e-mail, or too long ago.
    NoConsent = "NO_CONSENT";
    /// The address unsubscribed, bounced or complained.
    Suppressed = "SUPPRESSED";
    /// The rule's own condition does not hold.
    NotEligible = "NOT_ELIGIBLE";
    /// The cart is worth less than the rule asks for.
    BelowValue = "BELOW_VALUE";
    /// The next step of the series is due already.
    TooLate = "TOO_LATE";
    /// Another series to this address began lately.
    RecentSeries = "RECENT_SERIES";
    /// Nothing in the cart can be bought.
    OutOfStock = "OUT_OF_STOCK";
    /// Held out, so that what mail achieves can be measured.
    HeldOut = "HELD_OUT";
    /// Held out of all personalization, so that this can be measured.
    Holdout = "HOLDOUT";
    /// It is night where the person is.
    Quiet = "QUIET";
    /// The address got as many mails as the cap allows.
    Capped = "CAPPED";
    /// There is no code for the discount.
    NoCode = "NO_CODE";
    /// Sending is paused.
    Paused = "PAUSED";
    /// The cart was bought between the claim and the send.
    Purchased = "PURCHASED";
    /// The cart was emptied between the claim and the send.
    Empty = "EMPTY";
    /// The cart changed between the claim and the send.
    Changed = "CHANGED";
}

/// Whom a reminder could go to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reachable {
    /// Nobody is known.
    Nobody,
    /// An address that no secret key vouched for.
    Unverified,
    /// An address that the shop's server vouched for.
    Verified,
}

/// The code that the mail would carry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeState {
    /// The step offers none, or one was offered lately.
    NotNeeded,
    /// There is one.
    Ready,
    /// There is none left.
    Missing,
}

/// What is known beside the profile when a reminder is planned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Situation<'a> {
    /// Whom it could go to.
    pub reachable: Reachable,
    /// That address must not be mailed.
    pub is_suppressed: bool,
    /// The rule's condition holds.
    pub is_eligible: bool,
    /// What the cart is worth, where that is known.
    pub cart_value: Option<Money>,
    /// Something in the cart can be bought.
    pub is_in_stock: bool,
    /// The person's group of the holdout.
    pub group: Group,
    /// When the quiet hours end that it is now; `None` when it is not.
    pub quiet_until: Option<Timestamp>,
    /// What the address was sent.
    pub history: &'a History,
    /// The code.
    pub code: CodeState,
}

/// What to do about a cart now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plan {
    /// Nothing: the cart is empty or bought (and which, where that is what it is), answered, or changed so lately that it is
    /// not yet due.
    NotDue(Option<SkipReason>),
    /// The step is due, and no mail must go out for it.
    Skip(ReminderId, SkipReason),
    /// The step is due and must wait.
    Defer(ReminderId, SkipReason, Timestamp),
    /// Send it.
    Remind(ReminderId),
}

/// How long the last step of a series is of use after it was due. Any other is until the next one is due.
const LAST_STEP_USEFUL: DurationMs = DurationMs::from_days(7);
/// How long a mail waits before a code is looked for again.
const CODE_WAIT: DurationMs = DurationMs::from_hours(1);

/// Plans the next reminder of a profile's cart. Called before the claim and, with fresh reads, again before the send.
#[must_use]
pub fn plan(profile: &Profile, situation: &Situation<'_>, policy: &Policy, now: Timestamp) -> Plan {
    let Some(episode) = &profile.cart.episode else { return Plan::NotDue(Some(gone(profile))) };
    let (Some(due_at), Some(series)) = (profile.cart_due_at(policy), &policy.reminders) else {
        return Plan::NotDue(None);
    };
    if now < due_at {
        return Plan::NotDue(None);
    }
    let id = episode.next();
    let useful_until = useful_until(profile, episode, series);
    if useful_until <= now {
        return Plan::Skip(id, SkipReason::TooLate);
    }
    if let Some(reason) = refusal(profile, situation, (policy, series), id, now) {
        return Plan::Skip(id, reason);
    }
    let wait = |reason, until: Timestamp| {
        if until < useful_until { Plan::Defer(id, reason, until) } else { Plan::Skip(id, reason) }
    };
    if let Some(until) = situation.quiet_until.filter(|until| *until > now) {
        return wait(SkipReason::Quiet, until);
    }
    if let Some(fits_at) =
        series.cap.map(|cap| situation.history.fits_at(id, cap, now)).filter(|at| *at > now)
    {
        return wait(SkipReason::Capped, fits_at);
    }
    if situation.code == CodeState::Missing && series.without_code == WithoutCode::Wait {
        return wait(SkipReason::NoCode, now + CODE_WAIT);
    }
    Plan::Remind(id)
}

/// Why there is no cart any more.
fn gone(profile: &Profile) -> SkipReason {
    let bought_at = profile.last_event_at("Order Completed");
    if bought_at.is_some_and(|at| at >= profile.cart.settled_at) {
        SkipReason::Purchased
    } else {
        SkipReason::Empty
    }
}

/// Until when a step is of use.
fn useful_until(profile: &Profile, episode: &Episode, series: &Series) -> Timestamp {
    let changed_at = profile.cart.changed_at;
    match series.delay(episode.step.saturating_add(1)) {
        Some(next) => changed_at + next,
        None => changed_at + series.delay(episode.step).unwrap_or_default() + LAST_STEP_USEFUL,
    }
}

/// The first reason for which this step is not sent at all. Whoever is held out would have been sent it otherwise, so that
/// the groups differ in nothing else.
fn refusal(
    profile: &Profile,
    situation: &Situation<'_>,
    (policy, series): (&Policy, &Series),
    id: ReminderId,
    now: Timestamp,
) -> Option<SkipReason> {
    let is_consent_old = || {
        let since = series.consent_within.map(|within| now - within);
        since.is_some_and(|since| profile.consent.is_marketing_email_older_than(since))
    };
    let is_worth_less =
        |min: Money| situation.cart_value.is_some_and(|v| v.currency == min.currency && v.minor < min.minor);
    Some(match situation.reachable {
        Reachable::Nobody => SkipReason::NoContact,
        Reachable::Unverified => SkipReason::Unverified,
        Reachable::Verified
            if !profile.consent.allows(Purpose::MarketingEmail, &policy.consent_default)
                || is_consent_old() =>
        {
            SkipReason::NoConsent
        }
        Reachable::Verified if situation.is_suppressed => SkipReason::Suppressed,
        Reachable::Verified if !situation.is_eligible => SkipReason::NotEligible,
        Reachable::Verified if series.value_min.is_some_and(is_worth_less) => SkipReason::BelowValue,
        Reachable::Verified if situation.history.is_recent_series(id.episode, series, now) => {
            SkipReason::RecentSeries
        }
        Reachable::Verified if !situation.is_in_stock => SkipReason::OutOfStock,
        Reachable::Verified if situation.group == Group::HeldOut => SkipReason::HeldOut,
        Reachable::Verified => return None,
    })
}

#[cfg(test)]
mod tests;
