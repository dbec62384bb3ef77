//! The trail: what a person looked at in the session that is under way, newest first, each product once; and what of an
//! event others may be told.
//!
//! It is no state of its own: products viewed are remembered with their times anyway, so the trail is those of the newest
//! session. It begins anew with a session, and of two halves of a person the later session's is the trail.

use crate::counters::Counted;
use crate::event::{Event, EventKind};
use crate::id::{Category, ProductId};
use crate::policy::{
    ADD_TOLD_COUNT_MAX, ORDER_TOLD_COUNT_MAX, TOLD_WITHIN, TRAIL_TOLD_COUNT_MAX, VIEW_TOLD_COUNT_MAX,
    VIEW_TOLD_SESSION_MAX,
};
use crate::price_band::PriceBand;
use crate::profile::Profile;
use crate::viewed::View;

/// A product of the trail, as it is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Which product.
    pub product: ProductId,
    /// Its category, if an event told it.
    pub category: Option<Category>,
    /// Its price band, if an event told a price.
    pub price_band: Option<PriceBand>,
}

/// What of an applied event others are told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Told {
    /// Whether anything is: nothing when the person did the same so often that it says nothing about a product any more.
    pub counts: bool,
    /// Of a view: the products looked at before it in its session, newest first.
    pub before: Vec<Step>,
}

impl Profile {
    /// What was looked at in the newest session, newest first, each product once.
    pub fn trail(&self) -> impl Iterator<Item = &View> {
        let since = self.sessions.latest.as_ref().map(|session| session.started_at);
        let of_session = move |view: &&View| since.is_some_and(|since| view.at >= since);
        self.viewed.newest_first().take_while(of_session)
    }

    /// What others are told of an event that was applied to this profile just now.
    #[must_use]
    pub fn told(&self, event: &Event) -> Told {
        let (counted, ever, most) = match &event.kind {
            EventKind::ProductViewed(item) => {
                // It was viewed just now, so it is among the first.
                let view = self.viewed.newest_first().find(|view| view.product == item.product);
                if view.map_or(0, View::count_in_session) > VIEW_TOLD_SESSION_MAX {
                    return Told::default();
                }
                (Counted::View, self.counts.product_views, VIEW_TOLD_COUNT_MAX)
            }
            EventKind::ProductAdded(..) => (Counted::Add, self.counts.adds, ADD_TOLD_COUNT_MAX),
            EventKind::OrderCompleted { .. } => (Counted::Purchase, self.counts.orders, ORDER_TOLD_COUNT_MAX),
            _ => return Told::default(),
        };
        // Few people ever did it so often: only of those the day is counted.
        if ever > most && self.counters.count_within(counted, event.occurred_at, TOLD_WITHIN) > most {
            return Told::default();
        }
        let before = match &event.kind {
            EventKind::ProductViewed(item) => self.before(&item.product, event),
            _ => Vec::new(),
        };
        Told { counts: true, before }
    }

    fn before(&self, product: &ProductId, event: &Event) -> Vec<Step> {
        let before = self.trail().filter(|view| view.product != *product && view.at <= event.occurred_at);
        let step = |view: &View| Step {
            product: view.product.clone(),
            category: view.category.clone(),
            price_band: view.price_band,
        };
        before.take(TRAIL_TOLD_COUNT_MAX).map(step).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::apply;
    use crate::consent::ConsentChoices;
    use crate::event::{CartRef, Item};
    use crate::id::{AnonymousId, EventId, SourceId};
    use crate::key::{Pepper, ProfileKey};
    use crate::merge::union;
    use crate::time::{DurationMs, Timestamp};
    use crate::{Money, Policy};

    fn item(product: &str) -> Item {
        Item {
            product: ProductId::new(product).unwrap(),
            category: Category::new("tents").ok(),
            brand: None,
            name: None,
            price: Money::parse("12 EUR").ok(),
            quantity: 1,
        }
    }

    fn event(second: u64, kind: EventKind) -> Event {
        let at = Timestamp::from_ms(1_763_800_000_000) + DurationMs::from_secs(second);
        Event {
            id: EventId::new(&format!("e{second}")).unwrap(),
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
        }
    }

    fn key() -> ProfileKey {
        Pepper::new("1", b"0123456789abcdef").unwrap().anonymous(&AnonymousId::new("v").unwrap())
    }

    fn happens(profile: &mut Profile, second: u64, kind: EventKind) -> Told {
        let event = event(second, kind);
        apply(profile, &key(), &event, &Policy::default());
        profile.told(&event)
    }

    fn views(profile: &mut Profile, second: u64, product: &str) -> Told {
        happens(profile, second, EventKind::ProductViewed(item(product)))
    }

    fn names(told: &Told) -> Vec<&str> {
        told.before.iter().map(|step| step.product.as_str()).collect()
    }

    #[test]
    fn a_view_tells_what_was_looked_at_before_it_in_its_session_each_product_once() {
        let mut profile = Profile::default();
        assert_eq!(views(&mut profile, 0, "a"), Told { counts: true, before: Vec::new() });
        for (second, product) in [(1, "b"), (2, "c"), (3, "a")] {
            views(&mut profile, second, product);
        }
        let told = views(&mut profile, 4, "d");
        assert_eq!(names(&told), ["a", "c", "b"]);
        assert_eq!(told.before[0].category.as_ref().map(Category::as_str), Some("tents"));
        assert_eq!(told.before[0].price_band.map(PriceBand::number), Some(4));
        let late = happens(&mut profile, 2, EventKind::ProductViewed(item("late")));
        assert_eq!(names(&late), ["c", "b"], "what came after it did not come before it");
        let gap = Policy::default().session_gap.as_ms() / 1_000;
        assert_eq!(names(&views(&mut profile, gap + 60, "e")), [""; 0], "another session");
        assert_eq!(names(&views(&mut profile, gap + 61, "f")), ["e"]);
        let order =
            EventKind::OrderCompleted { order: None, total: None, items: vec![item("f")], coupon: None };
        assert_eq!(happens(&mut profile, gap + 62, order), Told { counts: true, before: Vec::new() });
        assert_eq!(happens(&mut profile, gap + 63, EventKind::Page), Told::default());
    }

    #[test]
    fn a_million_views_of_one_product_by_one_person_count_three_times_a_session() {
        let mut profile = Profile::default();
        let counted = (0..2_000).filter(|n| views(&mut profile, n / 4, "a").counts).count();
        assert_eq!(counted, 3);
        views(&mut profile, 501, "b");
        let gap = Policy::default().session_gap.as_ms() / 1_000;
        assert!(views(&mut profile, 502 + gap, "a").counts == (2_002 <= VIEW_TOLD_COUNT_MAX));
    }

    #[test]
    fn a_person_tells_so_much_a_day_and_not_more_and_stays_small() {
        let mut profile = Profile::default();
        let count = 100_000;
        let counted = (0..count).filter(|n| views(&mut profile, n / 1_000, &format!("p{n}")).counts).count();
        assert_eq!(counted as u64, VIEW_TOLD_COUNT_MAX);
        assert!(crate::packed::pack(&profile).unwrap().len() < 2_000);
        let day = 2 * 86_400;
        assert!(views(&mut profile, day, "a").counts, "two days later it is somebody's visit again");
        let adds = |n: &u64| {
            let added = EventKind::ProductAdded(CartRef::default(), item("p"));
            happens(&mut profile, day + n, added).counts
        };
        assert_eq!((0..500).filter(adds).count() as u64, ADD_TOLD_COUNT_MAX);
    }

    #[test]
    fn of_two_halves_the_later_sessions_trail_is_the_trail_whichever_comes_first() {
        let (mut a, mut b) = (Profile::default(), Profile::default());
        views(&mut a, 0, "old");
        views(&mut b, 40_000, "new");
        let joined = |mut one: Profile, other: &Profile| {
            union(&mut one, other, &Policy::default());
            one.trail().map(|view| view.product.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(joined(a.clone(), &b), ["new"]);
        assert_eq!(joined(b, &a), ["new"]);
    }
}
