use super::*;
use crate::apply::apply;
use crate::consent::ConsentChoices;
use crate::event::{EventKind, TimerOutcome};
use crate::id::{AnonymousId, EpisodeId, EventId, SourceId};
use crate::key::Pepper;
use crate::policy::Policy;
use crate::profile::{Link, Profile};
use crate::time::DurationMs;
use proptest::prelude::*;

fn key() -> ProfileKey {
    Pepper::new("1", b"0123456789abcdef").unwrap().anonymous(&AnonymousId::new("v").unwrap())
}

fn minute(n: u64) -> Timestamp {
    Timestamp::from_ms(1_763_800_000_000) + DurationMs::from_minutes(n)
}

fn episode(n: u8) -> EpisodeId {
    EpisodeId::derive("p", &SourceId::new("web").unwrap(), &EventId::new(&format!("add-{n}")).unwrap())
}

/// The profile hears of something at a minute.
fn hear(profile: &mut Profile, id: &str, at: u64, kind: EventKind) {
    let event = Event {
        id: EventId::new(id).unwrap(),
        source: SourceId::new("web").unwrap(),
        occurred_at: minute(at),
        received_at: minute(at),
        consent: ConsentChoices::default(),
        timezone: None,
        locale: None,
        claim: None,
        device: None,
        details: None,
        kind,
    };
    apply(profile, &key(), &event, &Policy::default());
}

fn answered(episode: u8, step: u8, outcome: TimerOutcome) -> EventKind {
    EventKind::TimerDue { episode: self::episode(episode).to_string(), timer: 1, step, outcome }
}

fn bought(order: Option<&str>, total: &str) -> EventKind {
    let order = order.map(|order| OrderId::new(order).unwrap());
    EventKind::OrderCompleted { order, total: Money::parse(total).ok(), items: vec![], coupon: None }
}

fn pending(profile: &Profile) -> Vec<(u8, Group, String)> {
    let told = |c: Conversion| {
        let total = c.purchase.total.map(|total| total.to_string()).unwrap_or_default();
        (c.after.reminder.step, c.after.group, total)
    };
    profile.conversions.pending().map(told).collect()
}

#[test]
fn requirement_46_an_order_belongs_to_the_last_step_before_it_whenever_it_is_heard_of() {
    let mut profile = Profile::default();
    hear(&mut profile, "t1", 60, answered(1, 1, TimerOutcome::Done));
    hear(&mut profile, "t2", 1_500, answered(1, 2, TimerOutcome::Done));
    hear(&mut profile, "late", 1_499, bought(Some("A"), "10.00 EUR"));
    hear(&mut profile, "o2", 1_500, bought(Some("B"), "20.00 EUR"));
    hear(&mut profile, "before", 59, bought(Some("C"), "30.00 EUR"));
    let expected = [(1, Group::Treated, "10.00 EUR".to_owned()), (2, Group::Treated, "20.00 EUR".to_owned())];
    assert_eq!(pending(&profile), expected);
    assert_eq!(profile.due_at(&Policy::default()), Some(minute(1_499)), "the mailer is to write it down");
}

#[test]
fn requirement_45_who_is_held_out_is_followed_as_who_gets_mail_is() {
    let mut profile = Profile::default();
    hear(&mut profile, "o1", 61, bought(None, "10.00 EUR"));
    assert_eq!(profile.due_at(&Policy::default()), None, "no reminder, no conversion");
    // The purchase overtook the news of the step that came before it.
    hear(&mut profile, "t1", 60, answered(1, 1, TimerOutcome::HeldOut));
    assert_eq!(pending(&profile), [(1, Group::HeldOut, "10.00 EUR".to_owned())]);
    for (outcome, id) in [(TimerOutcome::Skipped, "t2"), (TimerOutcome::NoContact, "t3")] {
        let mut other = Profile::default();
        hear(&mut other, id, 60, answered(1, 1, outcome));
        hear(&mut other, "o1", 61, bought(None, "10.00 EUR"));
        assert_eq!(pending(&other), [], "{outcome:?} assigns nobody");
    }
}

#[test]
fn the_window_is_seven_days_and_ends_exactly() {
    let mut profile = Profile::default();
    hear(&mut profile, "t1", 0, answered(1, 1, TimerOutcome::Done));
    hear(&mut profile, "o1", 7 * 24 * 60, bought(Some("A"), "1.00 EUR"));
    assert_eq!(pending(&profile), []);
    hear(&mut profile, "o2", 7 * 24 * 60 - 1, bought(Some("B"), "2.00 EUR"));
    assert_eq!(pending(&profile).len(), 1);
}

#[test]
fn an_order_counts_once_and_requirement_04_its_refund_changes_nothing() {
    let mut profile = Profile::default();
    hear(&mut profile, "t1", 0, answered(1, 1, TimerOutcome::Done));
    hear(&mut profile, "browser", 5, bought(Some("A"), "1.00 EUR"));
    hear(&mut profile, "server", 6, bought(Some("A"), "1.00 EUR"));
    assert_eq!(pending(&profile).len(), 1, "the browser and the server told of one order");
    let id = profile.conversions.pending().next().unwrap().id;
    hear(&mut profile, "recorded", 7, EventKind::ConversionRecorded(id));
    let settled = profile.conversions.clone();
    hear(&mut profile, "recorded", 7, EventKind::ConversionRecorded(id));
    hear(&mut profile, "again", 8, bought(Some("A"), "1.00 EUR"));
    for name in ["Order Refunded", "Order Cancelled"] {
        hear(&mut profile, name, 9, EventKind::Track(crate::id::EventName::new(name).unwrap()));
    }
    assert_eq!((profile.due_at(&Policy::default()), &profile.conversions), (None, &settled));
}

#[test]
fn a_linked_visitors_orders_are_written_down_by_the_customers_profile() {
    let (mut visitor, mut customer) = (Profile::default(), Profile::default());
    hear(&mut visitor, "o1", 61, bought(Some("A"), "10.00 EUR"));
    hear(&mut customer, "t1", 60, answered(1, 1, TimerOutcome::Done));
    visitor.link = Some(Link { to: key(), at: minute(62), merge_pending: true });
    let visitor = crate::merge::portable(&visitor);
    crate::merge::merge(&mut customer, &key(), &visitor, &Policy::default()).unwrap();
    assert_eq!(pending(&customer), [(1, Group::Treated, "10.00 EUR".to_owned())]);
}

fn coupon(name: &str) -> Box<Coupon> {
    Box::new(Coupon { names: CouponCode::new(name).ok().into_iter().collect(), ..Coupon::default() })
}

fn used(profile: &Profile) -> Vec<String> {
    profile
        .conversions
        .pending()
        .map(|c| c.purchase.coupon.map_or("-".to_owned(), |c| c.to_string()))
        .collect()
}

#[test]
fn requirement_23_an_order_that_names_no_coupon_was_bought_with_the_codes_that_were_applied() {
    let day = 24 * 60;
    // What happened, by minute, told in this order; and the codes of each order, earliest order first.
    let applied = |code| EventKind::CouponApplied(coupon(code));
    let removed = |code| EventKind::CouponRemoved(coupon(code));
    let order = |id| bought(Some(id), "10.00 EUR");
    let named = || {
        let named = CouponCode::new("NAMED-1").ok();
        EventKind::OrderCompleted { order: OrderId::new("N").ok(), total: None, items: vec![], coupon: named }
    };
    type Told = Vec<(u64, EventKind)>;
    let cases: Vec<(Told, &[&str])> = vec![
        (vec![(10, applied("back-1")), (20, order("A"))], &["BACK-1"]),
        (vec![(10, applied("BACK-1")), (20, named())], &["NAMED-1"]),
        (vec![(10, applied("BACK-1")), (12, applied("SHIP-2")), (20, order("A"))], &["SHIP-2,BACK-1"]),
        (vec![(10, applied("BACK-1")), (15, removed("BACK-1")), (20, order("A"))], &["-"]),
        (vec![(10, applied("BACK-1")), (10, removed("BACK-1")), (20, order("A"))], &["-"]),
        (
            vec![
                (10, applied("AGAIN-1")),
                (15, removed("AGAIN-1")),
                (16, applied("AGAIN-1")),
                (20, order("A")),
            ],
            &["AGAIN-1"],
        ),
        (vec![(10, applied("BACK-1")), (20, order("A")), (25, removed("BACK-1"))], &["BACK-1"]),
        (vec![(10, applied("BACK-1")), (20, order("A")), (30, order("B"))], &["BACK-1", "-"]),
        (vec![(20, applied("BACK-1")), (20, order("A"))], &["BACK-1"]),
        (vec![(21, applied("BACK-1")), (20, order("A"))], &["-"]),
        (vec![(5, applied("OLD-1")), (7 * day + 5, order("A")), (9, order("B"))], &["OLD-1", "-"]),
        (vec![(6, applied("OLD-1")), (7 * day + 5, order("A"))], &["OLD-1"]),
        (vec![(5, applied("OLD-1")), (7 * day + 5, order("A"))], &["-"]),
        (vec![(10, EventKind::CouponEntered(coupon("AGAIN-1"))), (20, order("A"))], &["-"]),
        (vec![(10, EventKind::CouponDenied(coupon("AGAIN-1"))), (20, order("A"))], &["-"]),
    ];
    for (told, expected) in cases {
        for is_backwards in [false, true] {
            let mut profile = Profile::default();
            hear(&mut profile, "t1", 6, answered(1, 1, TimerOutcome::Done));
            hear(&mut profile, "t2", 4, answered(2, 1, TimerOutcome::Done));
            let mut told: Vec<_> = told.iter().enumerate().collect();
            told.sort_by_key(|(n, _)| if is_backwards { told_last(*n) } else { *n });
            for (n, (at, kind)) in &told {
                hear(&mut profile, &format!("e{n}"), *at, kind.clone());
            }
            assert_eq!(used(&profile), expected, "{told:?}");
        }
    }
}

fn told_last(n: usize) -> usize {
    usize::MAX - n
}

/// What may happen to the set: (which, when, what).
fn kept(happened: &[(u8, u8, u8)]) -> Conversions {
    let mut profile = Profile::default();
    for (which, at, choice) in happened {
        let (which, at) = (which % 24, u64::from(*at));
        match choice % 6 {
            0 => hear(&mut profile, "t", at, answered(which / 3, which % 3 + 1, TimerOutcome::Done)),
            1 => hear(&mut profile, "t", at, answered(which / 3, which % 3 + 1, TimerOutcome::HeldOut)),
            2 => hear(&mut profile, "o", at, bought(Some(&format!("o{}", which % 9)), "1.00 EUR")),
            3 => {
                hear(&mut profile, "c", at, EventKind::CouponApplied(coupon(&format!("CODE-{}", which % 5))))
            }
            4 => {
                hear(&mut profile, "c", at, EventKind::CouponRemoved(coupon(&format!("CODE-{}", which % 5))))
            }
            _ => {
                let id = EffectId::of_order(&OrderId::new(&format!("o{}", which % 9)).unwrap());
                hear(&mut profile, "r", at, EventKind::ConversionRecorded(id));
            }
        }
    }
    profile.conversions
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_halves_keep_the_same_whichever_is_joined_to_which(
        a in proptest::collection::vec(any::<(u8, u8, u8)>(), 0..60),
        b in proptest::collection::vec(any::<(u8, u8, u8)>(), 0..60),
    ) {
        let (a, b) = (kept(&a), kept(&b));
        let joined = a.merge(&b);
        prop_assert!(joined.answered.len() <= ANSWER_COUNT_MAX && joined.orders.len() <= ORDER_COUNT_MAX);
        prop_assert!(joined.uses.len() <= CODE_USE_COUNT_MAX);
        prop_assert_eq!(&b.merge(&a), &joined);
        prop_assert_eq!(joined.due_at(), joined.pending().map(|c| c.purchase.at).min());
    }
}
