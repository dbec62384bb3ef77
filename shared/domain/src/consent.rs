//! What a person has agreed to, per purpose. The newest explicit choice wins; without one, the shop's default.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// A purpose that needs consent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Counting what people do.
    Analytics,
    /// Deciding by what a person did.
    Personalization,
    /// Sending marketing e-mail; a cart reminder is marketing.
    MarketingEmail,
}

/// What holds where nobody chose (the parameter `ConsentDefault`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConsentDefault {
    /// Default for [`Purpose::Analytics`].
    pub analytics: bool,
    /// Default for [`Purpose::Personalization`].
    pub personalization: bool,
    /// Default for [`Purpose::MarketingEmail`].
    pub marketing_email: bool,
}

impl Default for ConsentDefault {
    fn default() -> Self {
        Self { analytics: true, personalization: true, marketing_email: false }
    }
}

/// A text that is no consent default.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no purpose: expected analytics, personalization, marketing_email, comma-separated, or none"
)]
pub struct ConsentDefaultError(String);

impl FromStr for ConsentDefault {
    type Err = ConsentDefaultError;

    /// The purposes granted, comma-separated, such as `analytics,personalization`; `none` for none.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut granted = Self { analytics: false, personalization: false, marketing_email: false };
        if text.trim() == "none" {
            return Ok(granted);
        }
        for purpose in text.split(',').map(str::trim) {
            match purpose {
                "analytics" => granted.analytics = true,
                "personalization" => granted.personalization = true,
                "marketing_email" => granted.marketing_email = true,
                other => return Err(ConsentDefaultError(other.to_owned())),
            }
        }
        Ok(granted)
    }
}

/// The choices that one event carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ConsentChoices {
    /// `context.consent.analytics`.
    pub analytics: Option<bool>,
    /// `context.consent.personalization`.
    pub personalization: Option<bool>,
    /// `context.consent.marketing_email`.
    pub marketing_email: Option<bool>,
}

/// One explicit choice and when it was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Choice {
    /// Whether the purpose was agreed to.
    pub granted: bool,
    /// When (event time).
    pub at: Timestamp,
}

/// A profile's consent.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Consent {
    analytics: Option<Choice>,
    personalization: Option<Choice>,
    marketing_email: Option<Choice>,
}

/// The newer of two choices; at the same instant the refusal.
fn newer(a: Option<Choice>, b: Option<Choice>) -> Option<Choice> {
    match (a, b) {
        (Some(a), Some(b)) if a.at == b.at => Some(if a.granted { b } else { a }),
        (Some(a), Some(b)) => Some(if a.at > b.at { a } else { b }),
        (a, b) => a.or(b),
    }
}

impl Consent {
    /// Takes over the choices of one event made `at`.
    pub fn apply(&mut self, choices: &ConsentChoices, at: Timestamp) {
        let choice = |granted: Option<bool>| granted.map(|granted| Choice { granted, at });
        self.analytics = newer(self.analytics, choice(choices.analytics));
        self.personalization = newer(self.personalization, choice(choices.personalization));
        self.marketing_email = newer(self.marketing_email, choice(choices.marketing_email));
    }

    /// The consent of two halves of one person: per purpose the newest explicit choice.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        Self {
            analytics: newer(self.analytics, other.analytics),
            personalization: newer(self.personalization, other.personalization),
            marketing_email: newer(self.marketing_email, other.marketing_email),
        }
    }

    /// Whether the last choice about marketing e-mail was made before this time. Without a choice, no.
    #[must_use]
    pub fn is_marketing_email_older_than(&self, since: Timestamp) -> bool {
        self.marketing_email.is_some_and(|choice| choice.at < since)
    }

    /// Whether a purpose is agreed to.
    #[must_use]
    pub fn allows(&self, purpose: Purpose, default: &ConsentDefault) -> bool {
        let (choice, default) = match purpose {
            Purpose::Analytics => (self.analytics, default.analytics),
            Purpose::Personalization => (self.personalization, default.personalization),
            Purpose::MarketingEmail => (self.marketing_email, default.marketing_email),
        };
        choice.map_or(default, |c| c.granted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(granted: bool) -> ConsentChoices {
        ConsentChoices { marketing_email: Some(granted), ..ConsentChoices::default() }
    }

    #[test]
    fn the_newest_choice_wins_in_whatever_order_it_arrives() {
        let (t1, t2) = (Timestamp::from_ms(1), Timestamp::from_ms(2));
        for late_first in [false, true] {
            let mut consent = Consent::default();
            let mut steps = [(email(true), t1), (email(false), t2)];
            if late_first {
                steps.reverse();
            }
            for (choices, at) in &steps {
                consent.apply(choices, *at);
            }
            assert!(!consent.allows(Purpose::MarketingEmail, &ConsentDefault::default()));
        }
    }

    #[test]
    fn without_a_choice_the_default_holds_and_it_sends_no_marketing() {
        let consent = Consent::default();
        assert!(consent.allows(Purpose::Personalization, &ConsentDefault::default()));
        assert!(!consent.allows(Purpose::MarketingEmail, &ConsentDefault::default()));
    }

    #[test]
    fn a_default_is_read_as_a_list_of_purposes_and_a_typo_grants_nothing() {
        assert_eq!("analytics,personalization".parse(), Ok(ConsentDefault::default()));
        let none = ConsentDefault { analytics: false, personalization: false, marketing_email: false };
        assert_eq!("none".parse(), Ok(none));
        assert!("marketing_email".parse::<ConsentDefault>().unwrap().marketing_email);
        assert!("analytics,marketing".parse::<ConsentDefault>().is_err());
        assert!("".parse::<ConsentDefault>().is_err());
    }

    #[test]
    fn at_the_same_instant_the_refusal_wins_and_merging_commutes() {
        let (mut a, mut b) = (Consent::default(), Consent::default());
        a.apply(&email(true), Timestamp::from_ms(5));
        b.apply(&email(false), Timestamp::from_ms(5));
        assert_eq!(a.merge(&b), b.merge(&a));
        assert!(!a.merge(&b).allows(Purpose::MarketingEmail, &ConsentDefault::default()));
    }
}
