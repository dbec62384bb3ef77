//! Two halves of one person become one: commutative, so that it does not matter which visitor is folded first.

use crate::key::ProfileKey;
use crate::mark::{Marks, Ring};
use crate::policy::{LINKED_ID_COUNT_MAX, MERGE_COUNT_MAX, Policy};
use crate::profile::{Counts, Profile, Tallies};
use crate::settled::SettledHours;
use crate::told::Told;

/// What of a frozen visitor's state travels in the merge record: the behaviour, not the row's own bookkeeping.
#[must_use]
pub fn portable(visitor: &Profile) -> Profile {
    Profile {
        tallies: Tallies::default(),
        settled: SettledHours::default(),
        marks: Marks::default(),
        ring: Ring::default(),
        claim: None,
        link: None,
        merged: Vec::new(),
        linked_id_count: 0,
        rules: visitor.rules.portable(),
        measured: visitor.measured.portable(),
        erasure: None,
        ..visitor.clone()
    }
}

/// Why a visitor's state was not folded in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MergeRefusal {
    /// It was folded before.
    Known,
    /// The customer has [`MERGE_COUNT_MAX`] visitors already, or [`LINKED_ID_COUNT_MAX`] were linked to it.
    TooMany,
}

/// Folds a frozen visitor's state into the customer's profile. A link beyond the caps stands, because the visitor's
/// side cannot know them: later events are forwarded all the same, and only the state from before stays where it is.
///
/// # Errors
/// When the visitor was folded before, or too many were.
pub fn merge(
    customer: &mut Profile,
    from: &ProfileKey,
    visitor: &Profile,
    policy: &Policy,
) -> Result<(), MergeRefusal> {
    let Err(index) = customer.merged.binary_search(from) else { return Err(MergeRefusal::Known) };
    if customer.linked_id_count >= LINKED_ID_COUNT_MAX {
        return Err(MergeRefusal::TooMany);
    }
    customer.linked_id_count += 1;
    if customer.merged.len() >= MERGE_COUNT_MAX {
        return Err(MergeRefusal::TooMany);
    }
    union(customer, visitor, policy);
    customer.cart.contact_may_be_known();
    customer.merged.insert(index, from.clone());
    Ok(())
}

/// The behaviour of both halves, in whichever order they are given. Where a cap leaves something out (the products
/// viewed longest ago, the weakest interests), which of three halves are joined first can matter; all that is counted
/// and summed is the same in every order. What belongs to the customer's own row (marks, ring, tallies, links) stays.
/// Decisions use it too, for a visitor whose merge record is still under way.
pub fn union(customer: &mut Profile, visitor: &Profile, policy: &Policy) {
    if visitor.counts.events > 0 {
        let is_new = customer.counts.events == 0;
        customer.first_seen_at =
            if is_new { visitor.first_seen_at } else { customer.first_seen_at.min(visitor.first_seen_at) };
    }
    customer.last_seen_at = customer.last_seen_at.max(visitor.last_seen_at);
    customer.sessions = customer.sessions.merge(&visitor.sessions);
    customer.counts = add_counts(customer.counts, visitor.counts);
    customer.counters = customer.counters.merge(&visitor.counters);
    customer.days_active = customer.days_active.merge(&visitor.days_active);
    customer.rules.watched = customer.rules.watched.merge(&visitor.rules.watched);
    for (name, at) in &visitor.last_events {
        customer.remember_event(name, *at);
    }
    customer.viewed = customer.viewed.merge(&visitor.viewed, policy.affinity_half_life);
    customer.affinity = customer.affinity.merge(&visitor.affinity, policy.affinity_half_life);
    customer.brands = customer.brands.merge(&visitor.brands, policy.affinity_half_life);
    customer.cart = customer.cart.merge(&visitor.cart);
    customer.orders = customer.orders.merge(&visitor.orders);
    customer.conversions = customer.conversions.merge(&visitor.conversions);
    customer.measured = customer.measured.merge(&visitor.measured);
    customer.touches = customer.touches.merge(&visitor.touches);
    customer.consent = customer.consent.merge(&visitor.consent);
    merge_told(customer, visitor);
}

/// Traits and the like: of each the newest telling.
fn merge_told(customer: &mut Profile, visitor: &Profile) {
    for (name, told) in &visitor.traits {
        customer.set_trait(name, told.clone());
    }
    for (kept, new) in [(&mut customer.timezone, &visitor.timezone), (&mut customer.locale, &visitor.locale)]
    {
        if let Some(new) = new {
            Told::keep_newer(kept, new.clone());
        }
    }
}

fn add_counts(a: Counts, b: Counts) -> Counts {
    Counts {
        events: a.events.saturating_add(b.events),
        pages: a.pages.saturating_add(b.pages),
        product_views: a.product_views.saturating_add(b.product_views),
        adds: a.adds.saturating_add(b.adds),
        removes: a.removes.saturating_add(b.removes),
        orders: a.orders.saturating_add(b.orders),
        carts: a.carts.saturating_add(b.carts),
    }
}

#[cfg(test)]
mod tests;
