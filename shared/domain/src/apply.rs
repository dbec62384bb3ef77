//! What one event does to a profile.

use crate::affinity::{ADD_POINTS, ORDER_POINTS, VIEW_POINTS};
use crate::cart::{Change, ReminderState};
use crate::event::{Event, EventKind, Item, TimerOutcome};
use crate::id::EventName;
use crate::key::ProfileKey;
use crate::policy::Policy;
use crate::profile::Profile;
use crate::told::Told;

/// Applies one event of behaviour or one timer to a profile. Deduplication, links and merges are not decided here
/// but in [`crate::fold`], which calls this for each event that counts.
pub fn apply(profile: &mut Profile, key: &ProfileKey, event: &Event, policy: &Policy) {
    if !event.kind.is_internal() {
        observe(profile, event, policy);
    }
    let episode_before = profile.cart.episode.as_ref().map(|e| e.id);
    let change = Change { profile: key, source: &event.source, event: &event.id, at: event.occurred_at };
    match &event.kind {
        EventKind::ProductViewed(item) => {
            profile.counts.product_views += 1;
            profile.viewed.view(&item.product, item.category.as_ref(), event.occurred_at);
            interest(profile, item, VIEW_POINTS, event, policy);
        }
        EventKind::ProductDwelled { product, engaged } => {
            profile.viewed.dwelled(product, *engaged, policy.dwell_max);
        }
        EventKind::ProductAdded(cart, item) => {
            profile.counts.adds += 1;
            profile.cart.add(cart, item, change);
            interest(profile, item, ADD_POINTS, event, policy);
        }
        EventKind::ProductRemoved(cart, item) => {
            profile.counts.removes += 1;
            profile.cart.remove(cart, item, change);
        }
        EventKind::CartUpdated(cart, items) => profile.cart.replace(cart, items, change),
        EventKind::OrderCompleted { total, items, .. } => {
            profile.counts.orders += 1;
            profile.cart.empty(change);
            profile.orders.last_at = profile.orders.last_at.max(Some(event.occurred_at));
            profile.orders.revenue = add_revenue(profile.orders.revenue, *total);
            for item in items {
                interest(profile, item, ORDER_POINTS, event, policy);
            }
        }
        EventKind::Identify { traits, .. } => {
            for (name, value) in traits {
                profile.set_trait(name, Told::new(value.clone(), event.occurred_at));
            }
            profile.cart.contact_may_be_known();
        }
        EventKind::Page | EventKind::Screen => profile.counts.pages += 1,
        EventKind::TimerDue { episode, timer, outcome } => {
            let state = match outcome {
                TimerOutcome::Done => ReminderState::Done,
                TimerOutcome::NoContact => ReminderState::NoContact,
            };
            profile.cart.answer(episode, *timer, state);
        }
        EventKind::Track(_) | EventKind::Group | EventKind::Merge { .. } => {}
    }
    let episode = profile.cart.episode.as_ref().map(|e| e.id);
    profile.counts.carts += u64::from(episode.is_some() && episode != episode_before);
}

/// What every event of behaviour tells, whatever its kind.
fn observe(profile: &mut Profile, event: &Event, policy: &Policy) {
    let at = event.occurred_at;
    if profile.counts.events == 0 || at < profile.first_seen_at {
        profile.first_seen_at = at;
    }
    profile.last_seen_at = profile.last_seen_at.max(at);
    profile.counts.events += 1;
    let is_page = matches!(event.kind, EventKind::Page | EventKind::Screen);
    profile.sessions.apply(at, is_page, policy.session_gap);
    if !matches!(event.kind, EventKind::ProductDwelled { .. }) {
        profile.viewed.close_open_view(at, policy.session_gap, policy.dwell_max);
    }
    if let Ok(name) = EventName::new(event.kind.name()) {
        profile.remember_event(&name, at);
    }
    profile.consent.apply(&event.consent, at);
    let told = |value: &Option<String>| value.clone().map(|value| Told::new(value, at));
    if let Some(timezone) = told(&event.timezone) {
        Told::keep_newer(&mut profile.timezone, timezone);
    }
    if let Some(locale) = told(&event.locale) {
        Told::keep_newer(&mut profile.locale, locale);
    }
    if let Some(claim) = event.claim.clone() {
        Told::keep_newer(&mut profile.claim, Told::new(claim, at));
    }
}

fn interest(profile: &mut Profile, item: &Item, points: u64, event: &Event, policy: &Policy) {
    let known = || profile.viewed.of(item.product.as_str()).and_then(|v| v.category.clone());
    if let Some(category) = item.category.clone().or_else(known) {
        profile.affinity.add(&category, points, event.occurred_at, policy.affinity_half_life);
    }
}

/// Adds money of one currency; the first currency seen is the profile's.
pub(crate) fn add_revenue(sum: Option<crate::Money>, add: Option<crate::Money>) -> Option<crate::Money> {
    match (sum, add) {
        (Some(sum), Some(add)) if sum.currency == add.currency => {
            Some(crate::Money { minor: sum.minor.saturating_add(add.minor), currency: sum.currency })
        }
        (sum, add) => sum.or(add),
    }
}
