use super::*;
use crate::consent::ConsentChoices;
use crate::event::TraitValue;
use crate::event::{Details, Item};
use crate::id::{EventId, EventName, OrderId, SourceId};
use crate::key::ProfileKey;
use crate::policy::{TOUCH_COUNT_MAX, TOUCH_TOLD_COUNT_MAX};
use crate::time::{DurationMs, Timestamp};
use proptest::prelude::*;
use smol_str::SmolStr;

/// Rules that have every slot but one.
struct Rules;

impl Reaction for Rules {
    fn react(&self, _: &mut Profile, _: &ProfileKey, _: &Event, _: &Policy) {}

    fn can_have_shown(&self, shown: &Shown) -> bool {
        shown.slot.as_str() != "unknown"
    }
}

const HOUR: u64 = 60;
const DAY: u64 = 24 * HOUR;

fn event(minute: u64, name: &str, properties: &[(&str, &str)]) -> Event {
    let properties: Vec<(SmolStr, TraitValue)> = properties
        .iter()
        .map(|(name, value)| (SmolStr::new(name), TraitValue::Text((*value).to_owned())))
        .collect();
    let at = Timestamp::from_ms(1_763_856_000_000) + DurationMs::from_minutes(minute);
    let named = properties.iter().find(|(name, _)| name == "order_id");
    let order = named.and_then(|(_, value)| match value {
        TraitValue::Text(text) => OrderId::new(text).ok(),
        _ => None,
    });
    let kind = match name {
        "Order Completed" => {
            let items: Vec<Item> = Vec::new();
            EventKind::OrderCompleted { order, total: Money::parse("30.00 EUR").ok(), items, coupon: None }
        }
        name => EventKind::Track(EventName::new(name).unwrap()).with_decision(&properties),
    };
    Event {
        id: EventId::new(&format!("{name}-{minute}")).unwrap(),
        source: SourceId::new("web").unwrap(),
        occurred_at: at,
        received_at: at,
        consent: ConsentChoices::default(),
        timezone: None,
        locale: None,
        claim: None,
        device: None,
        details: Some(Box::new(Details { properties, ..Details::default() })),
        kind,
    }
}

fn viewed(minute: u64, decision: &str, slot: &str) -> Event {
    event(
        minute,
        "Decision Viewed",
        &[("decision_id", decision), ("slot_id", slot), ("rule_id", "r"), ("source", "for_you,pinned")],
    )
}

fn clicked(minute: u64, decision: &str, slot: &str) -> Event {
    let properties = [("decision_id", decision), ("slot_id", slot), ("rule_id", "r"), ("source", "for_you")];
    event(minute, "Decision Clicked", &properties)
}

fn ordered(minute: u64, order: &str, named: &str) -> Event {
    event(minute, "Order Completed", &[("order_id", order), ("decision_id", named)])
}

fn happens(profile: &mut Profile, event: &Event) -> Vec<Engagement> {
    profile.engage(event, &Policy::default(), &Rules)
}

/// What is told of each event, as `what:decision[:models]`.
fn told(events: &[Event]) -> Vec<String> {
    let mut profile = Profile::default();
    let all = events.iter().flat_map(|event| happens(&mut profile, event)).collect::<Vec<_>>();
    let models = |models: Models| models.iter().map(Model::name).collect::<Vec<_>>().join("+");
    let one = |told: &Engagement| match told.kind {
        EngagementKind::Viewed => format!("viewed:{}", told.decision),
        EngagementKind::Clicked => format!("clicked:{}", told.decision),
        EngagementKind::Ordered { models: by, .. } => format!("ordered:{}:{}", told.decision, models(by)),
    };
    all.iter().map(one).collect()
}

#[test]
fn a_decision_is_seen_once_and_clicked_once_in_each_slot() {
    let events = [
        viewed(0, "d", "hero"),
        viewed(5, "d", "hero"),
        viewed(6, "d", "aside"),
        clicked(7, "d", "hero"),
        clicked(8, "d", "hero"),
        viewed(9, "d", "hero"),
    ];
    assert_eq!(told(&events), ["viewed:d", "viewed:d", "clicked:d"]);
}

#[test]
fn whoever_clicks_has_seen_it_in_whatever_order_that_is_told() {
    assert_eq!(
        told(&[clicked(7, "d", "hero"), viewed(1, "d", "hero")]),
        ["viewed:d", "clicked:d"],
        "a view that comes late is known"
    );
}

#[test]
fn a_view_names_all_strategies_and_a_click_that_of_the_product() {
    let mut profile = Profile::default();
    let names = |told: &[Engagement]| {
        told[0].strategies.iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&happens(&mut profile, &viewed(0, "d", "hero"))), ["for_you", "pinned"]);
    assert_eq!(names(&happens(&mut profile, &clicked(1, "d", "hero"))), ["for_you"]);
    let order = happens(&mut profile, &ordered(2, "o", ""));
    assert_eq!(names(&order), ["for_you"]);
    assert_eq!(order[0].rule.as_ref().map(RuleId::as_str), Some("r"));
    let EngagementKind::Ordered { value, .. } = order[0].kind else { panic!("{order:?}") };
    assert_eq!(value, Money::parse("30.00 EUR").ok());
}

#[test]
fn a_click_goes_before_views_and_an_order_is_credited_once() {
    let events = [
        viewed(0, "first", "hero"),
        clicked(10, "early", "hero"),
        clicked(20, "late", "hero"),
        viewed(30, "seen", "hero"),
        ordered(40, "o-1", "seen"),
        ordered(41, "o-1", "seen"),
    ];
    let all = told(&events);
    let orders: Vec<&str> =
        all.iter().map(String::as_str).filter(|told| told.starts_with("ordered")).collect();
    assert_eq!(orders, ["ordered:seen:direct", "ordered:early:first", "ordered:late:last"]);
    let views = [viewed(0, "a", "hero"), viewed(1, "b", "hero"), ordered(2, "o", "nobody-knows")];
    assert_eq!(told(&views)[2..], ["ordered:a:first", "ordered:b:last"]);
}

#[test]
fn a_window_ends_after_a_week_for_a_click_and_after_a_day_for_a_view() {
    let after_click = |minute| told(&[clicked(10, "d", "hero"), ordered(10 + minute, "o", "d")]).len() - 2;
    assert_eq!((after_click(7 * DAY - 1), after_click(7 * DAY)), (1, 0));
    let after_view = |minute| told(&[viewed(10, "d", "hero"), ordered(10 + minute, "o", "d")]).len() - 1;
    assert_eq!((after_view(DAY - 1), after_view(DAY)), (1, 0));
    let before = [clicked(10, "d", "hero"), ordered(9, "o", "d")];
    assert_eq!(told(&before).len(), 2, "what was bought before the click was not bought for it");
}

#[test]
fn of_several_orders_the_first_converts_and_each_is_credited() {
    let mut profile = Profile::default();
    happens(&mut profile, &clicked(0, "d", "hero"));
    let mut converted = |minute, order: &str| {
        let told = happens(&mut profile, &ordered(minute, order, "d"));
        let EngagementKind::Ordered { models, converted, .. } = told[0].kind else { panic!("{told:?}") };
        (models, converted)
    };
    let all = Model::ALL.into_iter().fold(Models::NONE, Models::with);
    assert_eq!(converted(1, "o-1"), (all, all));
    assert_eq!(converted(2, "o-2"), (all, Models::NONE));
}

#[test]
fn a_landing_from_a_mail_is_a_click_in_the_slot_of_mails() {
    let id = format!("mail.{}.2", "0123456789abcdef".repeat(2));
    let mut profile = Profile::default();
    let landing = event(0, "Email Link Clicked", &[("decision_id", &id)]);
    let all = happens(&mut profile, &landing);
    let kinds: Vec<_> = all.iter().map(|told| (told.slot.as_str(), told.kind)).collect();
    assert_eq!(kinds, [(MAIL_SLOT, EngagementKind::Viewed), (MAIL_SLOT, EngagementKind::Clicked)]);
    assert_eq!(happens(&mut profile, &ordered(DAY, "o", "")).len(), 1);
    let forged = event(1, "Email Link Clicked", &[("decision_id", "mail.jo.1")]);
    assert!(happens(&mut profile, &forged).is_empty());
}

#[test]
fn nobody_is_counted_who_denies_it_or_is_a_program_and_nothing_that_cannot_have_been_shown() {
    let mut denies = Profile::default();
    let no = ConsentChoices { personalization: Some(false), ..ConsentChoices::default() };
    denies.consent.apply(&no, Timestamp::from_ms(1));
    assert!(happens(&mut denies, &viewed(0, "d", "hero")).is_empty());
    assert!(denies.touches.is_empty());
    let mut profile = Profile::default();
    let program = Event { device: Some(Device::Bot), ..viewed(0, "d", "hero") };
    assert!(happens(&mut profile, &program).is_empty());
    assert!(happens(&mut profile, &viewed(0, "d", "unknown")).is_empty());
    let without_slot = event(0, "Decision Viewed", &[("decision_id", "d")]);
    assert!(happens(&mut profile, &without_slot).is_empty());
    assert!(profile.touches.is_empty());
}

#[test]
fn a_thousand_decisions_stay_a_small_set_and_tell_so_many_a_day() {
    let mut profile = Profile::default();
    let events = (0..1_000).map(|n| viewed(n % DAY, &format!("d{n}"), "hero"));
    let count = events.map(|event| happens(&mut profile, &event).len()).sum::<usize>();
    assert_eq!(count, usize::from(TOUCH_TOLD_COUNT_MAX));
    assert_eq!(profile.touches.iter().count(), TOUCH_COUNT_MAX);
    assert_eq!(happens(&mut profile, &viewed(DAY, "tomorrow", "hero")).len(), 1);
    assert_eq!(happens(&mut profile, &viewed(31 * DAY, "next month", "hero")).len(), 1);
    assert_eq!(profile.touches.iter().count(), 1, "the others are a month old");
}

#[test]
fn touches_are_kept_packed() {
    let mut profile = Profile::default();
    for event in [clicked(0, "d", "hero"), ordered(1, "o", "d")] {
        happens(&mut profile, &event);
    }
    let bytes = crate::packed::pack(&profile).unwrap();
    assert_eq!(bytes[0], crate::packed::MEASURED_VERSION);
    assert_eq!(crate::packed::unpack(&bytes).unwrap(), profile);
}

/// Some behaviour of half a person: (what, which decision, minute) each.
fn half() -> impl Strategy<Value = Vec<(u8, u8, u64)>> {
    proptest::collection::vec((0..4_u8, 0..8_u8, 0..3 * DAY), 0..20)
}

fn profile_of(half: &[(u8, u8, u64)]) -> Profile {
    let mut profile = Profile::default();
    for (what, decision, minute) in half {
        let (name, slot) = (format!("d{}", decision / 2), if decision % 2 == 0 { "hero" } else { "aside" });
        let event = match what {
            0 => ordered(*minute, &format!("o{}", decision / 3), &name),
            1 => clicked(*minute, &name, slot),
            _ => viewed(*minute, &name, slot),
        };
        happens(&mut profile, &event);
    }
    profile
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn halves_are_joined_in_any_order_and_however_often(a in half(), b in half(), c in half()) {
        let [a, b, c] = [&a, &b, &c].map(|half| profile_of(half).touches);
        prop_assert_eq!(a.merge(&b), b.merge(&a));
        prop_assert_eq!(a.merge(&a), a.clone());
        prop_assert_eq!(a.merge(&b).merge(&b), a.merge(&b));
        prop_assert_eq!(a.merge(&b).merge(&c), a.merge(&b.merge(&c)));
    }
}
