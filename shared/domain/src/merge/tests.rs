use super::*;
use crate::consent::ConsentChoices;
use crate::event::{CartRef, Event, EventKind, Item as Product, TimerOutcome, TraitValue};
use crate::fold::{Item, fold};
use crate::id::{AnonymousId, Brand, EventId, OrderId, ProductId, SourceId, UserId};
use crate::key::Pepper;
use crate::mark::{Position, SequenceNumber, ShardKey};
use crate::time::{DurationMs, Timestamp};
use crate::{Category, Money};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn pepper() -> Pepper {
    Pepper::new("1", b"0123456789abcdef").unwrap()
}

fn visitor(name: &str) -> ProfileKey {
    pepper().anonymous(&AnonymousId::new(name).unwrap())
}

fn product(n: u8) -> Product {
    Product {
        product: ProductId::new(&format!("p{n}")).unwrap(),
        category: Category::new(&format!("c{}", n / 2)).ok(),
        brand: Brand::new(&format!("b{}", n / 3)).ok(),
        name: None,
        price: Money::parse(if n.is_multiple_of(2) { "2.50 EUR" } else { "3.00 USD" }).ok(),
        quantity: u32::from(n % 3) + 1,
    }
}

fn kind(choice: u8, n: u8) -> EventKind {
    match choice % 8 {
        0 => EventKind::ProductViewed(product(n)),
        1 => EventKind::ProductAdded(CartRef::default(), product(n)),
        2 => EventKind::ProductRemoved(CartRef::default(), product(n)),
        3 => EventKind::CartUpdated(CartRef::default(), vec![product(n), product(n + 1)]),
        4 => EventKind::OrderCompleted {
            order: OrderId::new("o").ok(),
            total: product(n).price,
            items: vec![product(n)],
            coupon: None,
        },
        5 => EventKind::Page,
        6 => {
            let outcome = if n.is_multiple_of(2) { TimerOutcome::Done } else { TimerOutcome::HeldOut };
            EventKind::TimerDue { episode: format!("{:032x}", n / 8), timer: 1, step: n % 8 / 2 + 1, outcome }
        }
        _ => {
            let name = format!("t{}", n % 4);
            let traits = BTreeMap::from([(name, TraitValue::Text(format!("v{}", n % 3)))]);
            EventKind::Identify { traits, link: None }
        }
    }
}

/// Behaviour: (choice, product, minute, consent) per event. Every id is its own.
fn behaviour() -> impl Strategy<Value = Vec<(u8, u8, u16, Option<bool>)>> {
    proptest::collection::vec((any::<u8>(), 0..200_u8, 0..5_000_u16, any::<Option<bool>>()), 0..160)
}

/// The same with few products, so that nothing reaches a cap.
fn behaviour_of_few_products() -> impl Strategy<Value = Vec<(u8, u8, u16, Option<bool>)>> {
    proptest::collection::vec((any::<u8>(), 0..6_u8, 0..5_000_u16, any::<Option<bool>>()), 0..40)
}

fn items(who: &str, behaviour: &[(u8, u8, u16, Option<bool>)]) -> Vec<Item> {
    let event = |(index, (choice, n, minute, consent)): (usize, &(u8, u8, u16, Option<bool>))| {
        let at = Timestamp::EPOCH + DurationMs::from_minutes(u64::from(*minute));
        let sequence = SequenceNumber::parse(&(index + 1).to_string()).unwrap();
        Item {
            position: Position { shard: ShardKey::new("1", "s"), sequence, offset: 0 },
            internal: false,
            event: Event {
                id: EventId::new(&format!("{who}-{index}")).unwrap(),
                source: SourceId::new("web").unwrap(),
                occurred_at: at,
                received_at: at,
                consent: ConsentChoices { marketing_email: *consent, ..ConsentChoices::default() },
                timezone: consent.map(|c| if c { "UTC".into() } else { "Europe/Berlin".into() }),
                locale: None,
                claim: None,
                device: None,
                details: None,
                kind: kind(*choice, *n),
            },
        }
    };
    behaviour.iter().enumerate().map(event).collect()
}

fn profile(who: &str, behaviour: &[(u8, u8, u16, Option<bool>)]) -> Profile {
    fold(None, &visitor(who), &items(who, behaviour), &Policy::default(), &crate::reaction::NoRules).profile
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_halves_are_the_same_person_whichever_is_joined_to_which(a in behaviour(), b in behaviour()) {
        let (a, b) = (portable(&profile("a", &a)), portable(&profile("b", &b)));
        let (mut one, mut other) = (a.clone(), b.clone());
        union(&mut one, &b, &Policy::default());
        union(&mut other, &a, &Policy::default());
        // Our own clock belongs to the row.
        other.last_received_at = one.last_received_at;
        prop_assert_eq!(one, other);
    }

    #[test]
    fn it_does_not_matter_which_visitor_is_folded_in_first(
        a in behaviour_of_few_products(), b in behaviour_of_few_products(), c in behaviour_of_few_products(),
    ) {
        let (first, second) = (portable(&profile("a", &a)), portable(&profile("b", &b)));
        let mut one = profile("c", &c);
        let mut other = one.clone();
        merge(&mut one, &visitor("a"), &first, &Policy::default()).unwrap();
        merge(&mut one, &visitor("b"), &second, &Policy::default()).unwrap();
        merge(&mut other, &visitor("b"), &second, &Policy::default()).unwrap();
        merge(&mut other, &visitor("a"), &first, &Policy::default()).unwrap();
        prop_assert_eq!(one, other);
    }

    #[test]
    fn what_is_counted_and_summed_is_that_of_all_halves_even_beyond_the_caps(
        a in behaviour(), b in behaviour(), c in behaviour(),
    ) {
        let halves = [("a", &a), ("b", &b), ("c", &c)].map(|(who, events)| portable(&profile(who, events)));
        let joined = |order: [usize; 3]| {
            let mut joined = halves[order[0]].clone();
            union(&mut joined, &halves[order[1]], &Policy::default());
            union(&mut joined, &halves[order[2]], &Policy::default());
            (joined.counts, joined.counters, joined.days_active, joined.orders, joined.sessions, joined.last_events)
        };
        prop_assert_eq!(joined([0, 1, 2]), joined([2, 1, 0]));
        prop_assert_eq!(joined([0, 1, 2]), joined([1, 2, 0]));
    }

    #[test]
    fn merging_again_changes_nothing(a in behaviour(), c in behaviour()) {
        let visitor_state = portable(&profile("a", &a));
        let mut once = profile("c", &c);
        merge(&mut once, &visitor("a"), &visitor_state, &Policy::default()).unwrap();
        let mut twice = once.clone();
        prop_assert_eq!(merge(&mut twice, &visitor("a"), &visitor_state, &Policy::default()), Err(MergeRefusal::Known));
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn however_a_stream_is_cut_into_batches_and_redelivered_the_state_is_the_same(
        behaviour in behaviour(), cuts in proptest::collection::vec(0..160_usize, 0..6), again in 0..40_usize,
    ) {
        let items = items("a", &behaviour);
        let whole = fold(None, &visitor("a"), &items, &Policy::default(), &crate::reaction::NoRules).profile;
        let mut cuts = cuts;
        cuts.push(items.len());
        cuts.sort_unstable();
        let (mut stored, mut from): (Option<Profile>, usize) = (None, 0);
        for cut in cuts.into_iter().filter(|cut| *cut <= items.len()) {
            // Each batch begins a little before where the last one ended: an at-least-once delivery.
            let begin = from.saturating_sub(again % 5);
            stored = Some(fold(stored.as_ref(), &visitor("a"), &items[begin..cut.max(begin)], &Policy::default(), &crate::reaction::NoRules).profile);
            from = from.max(cut);
        }
        prop_assert_eq!(stored.unwrap_or_default(), whole);
    }

    #[test]
    fn a_packed_profile_unpacks_to_itself(behaviour in behaviour()) {
        let profile = profile("a", &behaviour);
        let packed = crate::packed::pack(&profile).unwrap();
        prop_assert_eq!(crate::packed::unpack(&packed).unwrap(), profile);
    }
}

#[test]
fn a_customer_takes_a_bounded_number_of_visitors() {
    let mut customer = fold(
        None,
        &pepper().customer(&UserId::new("c").unwrap()),
        &[],
        &Policy::default(),
        &crate::reaction::NoRules,
    )
    .profile;
    let state = portable(&profile("a", &[(0, 0, 0, None)]));
    for n in 0..MERGE_COUNT_MAX {
        merge(&mut customer, &visitor(&format!("v{n}")), &state, &Policy::default()).unwrap();
    }
    assert_eq!(
        merge(&mut customer, &visitor("one more"), &state, &Policy::default()),
        Err(MergeRefusal::TooMany)
    );
    assert_eq!(customer.counts.product_views, MERGE_COUNT_MAX as u64);
    assert_eq!(customer.linked_id_count, MERGE_COUNT_MAX as u32 + 1);
}

#[test]
fn ids_are_linked_to_a_customer_a_bounded_number_of_times_over_its_life() {
    let state = portable(&profile("a", &[(0, 0, 0, None)]));
    let mut customer = Profile { linked_id_count: LINKED_ID_COUNT_MAX - 1, ..Profile::default() };
    merge(&mut customer, &visitor("last"), &state, &Policy::default()).unwrap();
    let full = customer.clone();
    assert_eq!(
        merge(&mut customer, &visitor("one more"), &state, &Policy::default()),
        Err(MergeRefusal::TooMany)
    );
    assert_eq!(merge(&mut customer, &visitor("last"), &state, &Policy::default()), Err(MergeRefusal::Known));
    assert_eq!(customer, full, "what is refused changes nothing");
}
