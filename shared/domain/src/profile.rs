//! A profile: everything known about one person, built from events, bounded in every part.

use crate::affinity::Affinity;
use crate::cart::Cart;
use crate::consent::Consent;
use crate::conversion::Conversions;
use crate::counters::Counters;
use crate::days::DaysActive;
use crate::engagement::Touches;
use crate::erasure::Erasure;
use crate::event::TraitValue;
use crate::experiment::Measured;
use crate::id::{Brand, Category, EventName};
use crate::key::{ProfileKey, ProfileKind};
use crate::mark::{Marks, Ring};
use crate::orders::Orders;
use crate::policy::{EVENT_NAME_COUNT_MAX, PROFILE_RETENTION, Policy, TRAIT_COUNT_MAX};
use crate::reaction::RuleState;
use crate::session::Sessions;
use crate::settled::SettledHours;
use crate::time::Timestamp;
use crate::told::Told;
use crate::viewed::Viewed;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// How events ended, written with the state they changed, so that the sum over all profiles is exact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Tallies {
    /// Events applied (an event forwarded to the linked customer counts here, once).
    pub applied: u64,
    /// Events whose id was known: a producer's repetition.
    pub duplicate: u64,
    /// Records that Beckon itself put (timers, merges, forwarded events) and that were applied.
    pub internal_applied: u64,
    /// The same, recognised as repetitions.
    pub internal_duplicate: u64,
    /// Links refused: the visitor belongs to another customer already, or the customer has too many.
    pub link_refused: u64,
}

/// What a person did, counted over the profile's life; within windows see [`Counters`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    /// All events of behaviour.
    pub events: u64,
    /// `page` and `screen`.
    pub pages: u64,
    /// `Product Viewed`.
    pub product_views: u64,
    /// `Product Added`.
    pub adds: u64,
    /// `Product Removed`.
    pub removes: u64,
    /// `Order Completed`.
    pub orders: u64,
    /// Carts begun: fillings of an empty cart.
    pub carts: u64,
}

/// Kinds of events whose last occurrence every profile remembers, whatever else happens.
pub const EVENTS_KEPT: [&str; 10] = [
    "Product Viewed",
    "Product Dwelled",
    "Product Added",
    "Product Removed",
    "Cart Updated",
    "Order Completed",
    "page",
    "screen",
    "group",
    "identify",
];

fn is_kept(name: &str) -> bool {
    EVENTS_KEPT.contains(&name)
}

/// The customer that a visitor turned out to be. Such a profile is frozen: its events go to the customer's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Link {
    /// The customer's profile.
    pub to: ProfileKey,
    /// When the link was made (our clock).
    pub at: Timestamp,
    /// Whether the merge record must be put (again): set by the write that freezes, cleared by the next write.
    pub merge_pending: bool,
}

/// Everything known about one person.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Profile {
    /// First event (event time).
    pub first_seen_at: Timestamp,
    /// Latest event (event time).
    pub last_seen_at: Timestamp,
    /// Latest event received (our clock).
    pub last_received_at: Timestamp,
    /// How its events ended.
    pub tallies: Tallies,
    /// The same by the hour in which they were received.
    pub settled: SettledHours,
    /// How far each shard is applied.
    pub marks: Marks,
    /// Event ids seen lately.
    pub ring: Ring,
    /// Sessions.
    pub sessions: Sessions,
    /// Counts of behaviour.
    pub counts: Counts,
    /// Counts of behaviour within windows of up to 30 days.
    pub counters: Counters,
    /// Days with an event, of the last 30.
    pub days_active: DaysActive,
    /// When each kind of event last happened.
    pub last_events: Vec<(EventName, Timestamp)>,
    /// Products viewed last, with the interest in each.
    pub viewed: Viewed,
    /// Interest per category.
    pub affinity: Affinity<Category>,
    /// Interest per brand.
    pub brands: Affinity<Brand>,
    /// The open basket.
    pub cart: Cart,
    /// Purchases.
    pub orders: Orders,
    /// Traits, without contact data.
    pub traits: BTreeMap<String, Told<TraitValue>>,
    /// Consent per purpose.
    pub consent: Consent,
    /// IANA time zone last told.
    pub timezone: Option<Told<SmolStr>>,
    /// Locale last told.
    pub locale: Option<Told<SmolStr>>,
    /// The customer that a publishable key last claimed this visitor to be; never believed.
    pub claim: Option<Told<ProfileKey>>,
    /// The customer that this visitor was proven to be.
    pub link: Option<Link>,
    /// Visitors folded into this customer, in the order of their keys.
    pub merged: Vec<ProfileKey>,
    /// Visitors linked to this customer over its life, folded or not.
    pub linked_id_count: u32,
    /// What rules keep.
    pub rules: RuleState,
    /// Orders that followed reminders.
    pub conversions: Conversions,
    /// Experiments that the person was in. Not part of the layout of version 1: see [`crate::packed`].
    #[serde(skip)]
    pub measured: Measured,
    /// Decisions that the person saw. Not part of the layout of version 1: see [`crate::packed`].
    #[serde(skip)]
    pub touches: Touches,
    /// That the person's data were erased. Not part of the layout of version 1: see [`crate::packed`].
    #[serde(skip)]
    pub erasure: Option<Erasure>,
}

impl Profile {
    /// When its next timer is due, the cart's or the rules', or an order waits to be written down: what the sparse index is
    /// keyed by.
    #[must_use]
    pub fn due_at(&self, policy: &Policy) -> Option<Timestamp> {
        self.cart_due_at(policy).into_iter().chain(self.rules_due_at()).chain(self.conversion_due_at()).min()
    }

    /// Since when an order that followed a reminder waits to be written down. A visitor's goes along into the customer's
    /// profile.
    #[must_use]
    pub fn conversion_due_at(&self) -> Option<Timestamp> {
        self.conversions.due_at().filter(|_| self.link.is_none())
    }

    /// When the rules must look again, though nothing happens.
    #[must_use]
    pub fn rules_due_at(&self) -> Option<Timestamp> {
        self.rules.next_at.filter(|_| self.link.is_none())
    }

    /// When the reminder of its cart is due.
    #[must_use]
    pub fn cart_due_at(&self, policy: &Policy) -> Option<Timestamp> {
        if self.link.is_some() {
            return None;
        }
        self.cart.due_at(policy.reminders.as_ref()?)
    }

    /// When it is forgotten: so long after the last event, and a tombstone not before its end.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        let unseen = self.last_received_at + PROFILE_RETENTION;
        self.erasure.as_ref().map_or(unseen, |erasure| unseen.max(erasure.until))
    }

    /// When a kind of event last happened.
    #[must_use]
    pub fn last_event_at(&self, name: &str) -> Option<Timestamp> {
        self.last_events.iter().find(|(n, _)| n.as_str() == name).map(|(_, at)| *at)
    }

    /// Remembers that a kind of event happened; beyond the cap the shop's own kind unseen for longest is dropped, and none
    /// of [`EVENTS_KEPT`].
    pub fn remember_event(&mut self, name: &EventName, at: Timestamp) {
        self.remember_named(name.as_str(), at);
    }

    /// The same of a kind by its name, which is copied only when it is new; what is no name is no kind.
    pub(crate) fn remember_named(&mut self, name: &str, at: Timestamp) {
        match self.last_events.binary_search_by(|(n, _)| n.as_str().cmp(name)) {
            Ok(index) => self.last_events[index].1 = self.last_events[index].1.max(at),
            Err(index) => {
                let Ok(name) = EventName::new(name) else { return };
                self.last_events.insert(index, (name, at));
            }
        }
        while self.last_events.len() > EVENT_NAME_COUNT_MAX {
            let own = self.last_events.iter().enumerate().filter(|(_, (n, _))| !is_kept(n.as_str()));
            let oldest = own.min_by_key(|(_, (n, at))| (*at, n)).map(|(index, _)| index);
            self.last_events.remove(oldest.unwrap_or(0));
        }
    }

    /// A trait's value.
    #[must_use]
    pub fn trait_value(&self, name: &str) -> Option<&TraitValue> {
        self.traits.get(name).map(|told| &told.value)
    }

    /// Sets a trait unless a newer value is known; names beyond the cap are left out, last ones first.
    pub fn set_trait(&mut self, name: &str, told: Told<TraitValue>) {
        let mut kept = self.traits.remove(name);
        Told::keep_newer(&mut kept, told);
        if let Some(kept) = kept {
            self.traits.insert(name.to_owned(), kept);
        }
        while self.traits.len() > TRAIT_COUNT_MAX {
            self.traits.pop_last();
        }
    }

    /// Whether the profile is a customer's or was proven to be one.
    #[must_use]
    pub fn is_known(&self, key: &ProfileKey) -> bool {
        key.kind() == ProfileKind::Customer || self.link.is_some()
    }
}
