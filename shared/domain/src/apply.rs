//! What one event does to a profile.

use crate::affinity::{ADD_POINTS, ORDER_POINTS, VIEW_POINTS};
use crate::cart::Change;
use crate::conversion::Answered;
use crate::counters::Counted;
use crate::event::{Event, EventKind, Item, TimerOutcome};
use crate::experiment::Exposed;
use crate::id::EpisodeId;
use crate::key::ProfileKey;
use crate::outreach::ReminderId;
use crate::policy::Policy;
use crate::price_band::PriceBand;
use crate::profile::Profile;
use crate::session::Entry;
use crate::time::Timestamp;
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
            let since = profile.sessions.latest.as_ref().map_or(event.occurred_at, |s| s.started_at);
            let facts = (item.category.as_ref(), item.price.map(PriceBand::of));
            profile.viewed.view_in_session(&item.product, facts, event.occurred_at, since);
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
        EventKind::OrderCompleted { order, total, items, coupon } => {
            profile.conversions.order(key, event, (order.as_ref(), *total, coupon.as_ref()));
            profile.counts.orders += 1;
            profile.cart.empty(change);
            profile.orders.apply(*total, items.iter().map(|item| &item.product), event.occurred_at);
            for item in items {
                interest(profile, item, ORDER_POINTS, event, policy);
            }
        }
        // Whoever may have bought is not reminded; whether it counts, a server says.
        EventKind::OrderUnconfirmed => profile.cart.empty(change),
        EventKind::Identify { traits, .. } => {
            for (name, value) in traits {
                profile.set_trait(name, Told::new(value.clone(), event.occurred_at));
            }
            profile.cart.contact_may_be_known();
        }
        EventKind::Page | EventKind::Screen => profile.counts.pages += 1,
        EventKind::TimerDue { episode, timer, step, outcome } => {
            timer_due(profile, episode, (*timer, *step, *outcome), event.occurred_at);
        }
        EventKind::CouponApplied(coupon) => profile.conversions.coupon(coupon, event.occurred_at, false),
        EventKind::CouponRemoved(coupon) => profile.conversions.coupon(coupon, event.occurred_at, true),
        EventKind::ConversionRecorded(id) => profile.conversions.recorded(*id),
        EventKind::Exposed { run, variant } => {
            let (run, variant) = (run.clone(), variant.clone());
            profile.measured.expose(Exposed { run, variant, at: event.occurred_at, crossed_over: false });
        }
        EventKind::Track(_)
        | EventKind::DecisionViewed(_)
        | EventKind::DecisionClicked(_)
        | EventKind::CouponEntered(_)
        | EventKind::CouponDenied(_)
        | EventKind::Group
        | EventKind::RulesDue
        | EventKind::SegmentChanged { .. }
        | EventKind::Merge { .. } => {}
    }
    let episode = profile.cart.episode.as_ref().map(|e| e.id);
    profile.counts.carts += u64::from(episode.is_some() && episode != episode_before);
}

/// A reminder of an episode has come to its end.
fn timer_due(
    profile: &mut Profile,
    episode: &str,
    (timer, step, outcome): (u32, u8, TimerOutcome),
    at: Timestamp,
) {
    let Some(episode) = EpisodeId::parse(episode) else { return };
    let reminder = ReminderId { episode, step };
    profile.cart.answer(reminder, timer, outcome);
    // Even where the cart has gone on since: what was bought just now may have been bought after it.
    if let Some(group) = outcome.group() {
        profile.conversions.answer(Answered { at, reminder, group });
    }
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
    profile.sessions.apply(at, is_page, || Entry::of(event), policy);
    profile.days_active.add(at);
    if let Some(kind) = Counted::of(&event.kind) {
        profile.counters.add(kind, at);
    }
    if !matches!(event.kind, EventKind::ProductDwelled { .. }) {
        profile.viewed.close_open_view(at, policy.session_gap, policy.dwell_max);
    }
    profile.remember_named(event.kind.name(), at);
    profile.consent.apply(&event.consent, at);
    if let Some(timezone) = &event.timezone {
        Told::keep_newer_text(&mut profile.timezone, timezone, at);
    }
    if let Some(locale) = &event.locale {
        Told::keep_newer_text(&mut profile.locale, locale, at);
    }
    if let Some(claim) = event.claim.clone() {
        Told::keep_newer(&mut profile.claim, Told::new(claim, at));
    }
}

/// Interest in a product, its category and its brand.
fn interest(profile: &mut Profile, item: &Item, points: u64, event: &Event, policy: &Policy) {
    let (at, half_life) = (event.occurred_at, policy.affinity_half_life);
    profile.viewed.interest(&item.product, points, at, half_life);
    let known = || profile.viewed.of(item.product.as_str()).and_then(|v| v.category.as_ref());
    if let Some(category) = item.category.as_ref().or_else(known) {
        profile.affinity.add(category, points, at, half_life);
    }
    if let Some(brand) = &item.brand {
        profile.brands.add(brand, points, at, half_life);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::ConsentChoices;
    use crate::event::CartRef;
    use crate::id::{AnonymousId, EventId, EventName, ProductId, SourceId};
    use crate::key::Pepper;
    use crate::time::DurationMs;
    use crate::{Category, Money};

    fn item(product: &str) -> Item {
        Item {
            product: ProductId::new(product).unwrap(),
            category: Category::new("tents").ok(),
            brand: crate::Brand::new("north").ok(),
            name: None,
            price: None,
            quantity: 1,
        }
    }

    fn told(kinds: Vec<(u64, EventKind)>) -> Profile {
        let key = Pepper::new("1", b"0123456789abcdef").unwrap().anonymous(&AnonymousId::new("v").unwrap());
        let mut profile = Profile::default();
        for (index, (minute, kind)) in kinds.into_iter().enumerate() {
            let at = Timestamp::from_ms(1_763_800_000_000) + DurationMs::from_minutes(minute);
            let event = Event {
                id: EventId::new(&format!("e{index}")).unwrap(),
                source: SourceId::new("web").unwrap(),
                occurred_at: at,
                received_at: at,
                consent: ConsentChoices::default(),
                timezone: None,
                locale: None,
                claim: None,
                device: None,
                details: None,
                kind,
            };
            apply(&mut profile, &key, &event, &Policy::default());
        }
        profile
    }

    #[test]
    fn each_event_reaches_every_part_that_counts_it() {
        let order = EventKind::OrderCompleted {
            order: None,
            total: Money::parse("12.00 EUR").ok(),
            items: vec![item("tent"), item("mat")],
            coupon: None,
        };
        let search = EventKind::Track(EventName::new("Products Searched").unwrap());
        let profile = told(vec![
            (0, EventKind::Screen),
            (1, EventKind::ProductViewed(item("tent"))),
            (2, EventKind::ProductAdded(CartRef::default(), item("tent"))),
            (3, search),
            (2_000, order),
        ]);
        let (now, half_life) = (profile.last_seen_at, Policy::default().affinity_half_life);
        let count = |kind| profile.counters.count_within(kind, now, DurationMs::from_days(30));
        assert_eq!(Counted::ALL.map(count), [1, 1, 1, 1, 1]);
        let recent = |kind| profile.counters.count_within(kind, now, DurationMs::from_hours(1));
        assert_eq!(Counted::ALL.map(recent), [0, 0, 1, 0, 0]);
        assert_eq!(profile.days_active.count_within(now, 30), 2);
        assert_eq!((profile.sessions.count, profile.sessions.totals().event_count), (2, 5));
        assert_eq!(profile.orders.totals(), [Money::parse("12.00 EUR").unwrap()]);
        assert_eq!(profile.orders.bought_at("mat"), Some(now));
        let points = |score: u64| (score + 500_000) / 1_000_000;
        assert_eq!(points(profile.viewed.score("tent", now, half_life)), 8, "1 + 3, faded to 3.5, and 5");
        assert_eq!(points(profile.affinity.score("tents", now, half_life)), 13, "the mat is one too");
        assert_eq!(points(profile.brands.score("north", now, half_life)), 13);
        assert_eq!(profile.viewed.score("mat", now, half_life), 0, "it was never viewed");
    }

    #[test]
    fn a_timer_is_no_behaviour() {
        let due =
            EventKind::TimerDue { episode: "0".repeat(32), timer: 1, step: 1, outcome: TimerOutcome::Done };
        let profile = told(vec![(0, due)]);
        let conversions = profile.conversions.clone();
        assert_eq!(profile, Profile { conversions, ..Profile::default() });
    }
}
