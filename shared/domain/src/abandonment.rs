//! When a left cart becomes a reminder, and every reason why it does not.

use crate::consent::Purpose;
use crate::id::EpisodeId;
use crate::policy::Policy;
use crate::profile::Profile;
use crate::time::Timestamp;

/// Why no reminder goes out. Each is recorded with the episode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SkipReason {
    /// Nobody to write to, or only an address that no secret key vouched for.
    NoContact,
    /// The person has not agreed to marketing e-mail.
    NoConsent,
    /// The address unsubscribed, bounced or complained.
    Suppressed,
    /// The rule's own condition does not hold.
    NotEligible,
}

impl SkipReason {
    /// The stable code kept in the ledger and shown to people.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoContact => "NO_CONTACT",
            Self::NoConsent => "NO_CONSENT",
            Self::Suppressed => "SUPPRESSED",
            Self::NotEligible => "NOT_ELIGIBLE",
        }
    }
}

/// What is known beside the profile when a reminder is planned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Situation {
    /// A verified address is known.
    pub has_contact: bool,
    /// That address must not be mailed.
    pub is_suppressed: bool,
    /// The rule's condition holds.
    pub is_eligible: bool,
}

/// What to do about a cart now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plan {
    /// Nothing: the cart is empty, bought, answered, or changed so lately that it is not yet due.
    NotDue,
    /// The cart is due, and no mail must go out.
    Skip(EpisodeId, SkipReason),
    /// Send the reminder of this episode.
    Remind(EpisodeId),
}

/// Plans the reminder of a profile's cart. Called before the claim and, with fresh reads, again before the send.
#[must_use]
pub fn plan(profile: &Profile, situation: Situation, policy: &Policy, now: Timestamp) -> Plan {
    let (Some(due_at), Some(episode)) = (profile.cart_due_at(policy), &profile.cart.episode) else {
        return Plan::NotDue;
    };
    if now < due_at {
        return Plan::NotDue;
    }
    let skip = if !situation.has_contact {
        Some(SkipReason::NoContact)
    } else if !profile.consent.allows(Purpose::MarketingEmail, &policy.consent_default) {
        Some(SkipReason::NoConsent)
    } else if situation.is_suppressed {
        Some(SkipReason::Suppressed)
    } else if !situation.is_eligible {
        Some(SkipReason::NotEligible)
    } else {
        None
    };
    skip.map_or(Plan::Remind(episode.id), |reason| Plan::Skip(episode.id, reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cart::Change;
    use crate::consent::ConsentChoices;
    use crate::event::{CartRef, Item};
    use crate::id::{EventId, ProductId, SourceId, UserId};
    use crate::key::Pepper;
    use crate::time::DurationMs;

    const READY: Situation = Situation { has_contact: true, is_suppressed: false, is_eligible: true };

    fn policy() -> Policy {
        Policy { cart_idle: Some(DurationMs::from_minutes(15)), ..Policy::default() }
    }

    fn minute(n: u64) -> Timestamp {
        Timestamp::EPOCH + DurationMs::from_minutes(n)
    }

    fn left_cart() -> Profile {
        let key = Pepper::new("1", b"0123456789abcdef").unwrap().customer(&UserId::new("c").unwrap());
        let (source, event) = (SourceId::new("s").unwrap(), EventId::new("e").unwrap());
        let product = ProductId::new("p").unwrap();
        let item = Item { product, category: None, brand: None, name: None, price: None, quantity: 1 };
        let mut profile = Profile::default();
        let change = Change { profile: &key, source: &source, event: &event, at: minute(0) };
        profile.cart.add(&CartRef::default(), &item, change);
        profile
            .consent
            .apply(&ConsentChoices { marketing_email: Some(true), ..ConsentChoices::default() }, minute(0));
        profile
    }

    #[test]
    fn a_cart_is_due_exactly_when_the_delay_has_passed() {
        let profile = left_cart();
        let just_before = Timestamp::from_ms(minute(15).as_ms() - 1);
        assert_eq!(plan(&profile, READY, &policy(), just_before), Plan::NotDue);
        assert!(matches!(plan(&profile, READY, &policy(), minute(15)), Plan::Remind(_)));
    }

    #[test]
    fn a_purchase_leaves_nothing_to_remind_of() {
        let mut profile = left_cart();
        let key = Pepper::new("1", b"0123456789abcdef").unwrap().customer(&UserId::new("c").unwrap());
        let (source, event) = (SourceId::new("s").unwrap(), EventId::new("order").unwrap());
        profile.cart.empty(Change { profile: &key, source: &source, event: &event, at: minute(10) });
        assert_eq!(plan(&profile, READY, &policy(), minute(60)), Plan::NotDue);
    }

    #[test]
    fn every_reason_not_to_send_is_named() {
        let cases = [
            (Situation { has_contact: false, ..READY }, SkipReason::NoContact),
            (Situation { is_suppressed: true, ..READY }, SkipReason::Suppressed),
            (Situation { is_eligible: false, ..READY }, SkipReason::NotEligible),
        ];
        for (situation, reason) in cases {
            let plan = plan(&left_cart(), situation, &policy(), minute(15));
            assert!(matches!(plan, Plan::Skip(_, r) if r == reason), "{plan:?}");
        }
        let mut refused = left_cart();
        refused.consent = crate::consent::Consent::default();
        assert!(matches!(plan(&refused, READY, &policy(), minute(15)), Plan::Skip(_, SkipReason::NoConsent)));
    }
}
