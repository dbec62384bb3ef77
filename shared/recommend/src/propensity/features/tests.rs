use super::*;
use beckon_domain::consent::ConsentChoices;
use beckon_domain::event::{CartRef, Event, EventKind, Item};
use beckon_domain::fold::{Item as Folding, fold};
use beckon_domain::id::{AnonymousId, EventId, EventName, ProductId, SourceId};
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_domain::packed::{pack, unpack};
use beckon_domain::reaction::NoRules;
use beckon_domain::{Money, Pepper};

/// A Saturday, 10:00 UTC.
const START: Timestamp = Timestamp::from_ms(1_763_805_600_000);

fn item(product: &str) -> Item {
    Item {
        product: ProductId::new(product).unwrap(),
        category: Category::new("tents").ok(),
        brand: None,
        name: None,
        price: Money::parse("50.00 EUR").ok(),
        quantity: 2,
    }
}

fn viewed(product: &str) -> EventKind {
    EventKind::ProductViewed(item(product))
}

/// A profile after these events, at so many minutes.
fn after(events: &[(u64, EventKind)]) -> Profile {
    let key = Pepper::new("1", b"0123456789abcdef").unwrap().anonymous(&AnonymousId::new("v").unwrap());
    let told = events.iter().enumerate().map(|(index, (minute, kind))| {
        let at = START + DurationMs::from_minutes(*minute);
        let event = Event {
            id: EventId::new(&format!("e{index}")).unwrap(),
            source: SourceId::new("web").unwrap(),
            occurred_at: at,
            received_at: at,
            consent: ConsentChoices::default(),
            timezone: None,
            locale: None,
            claim: None,
            device: Some(Device::Mobile),
            details: None,
            kind: kind.clone(),
        };
        let sequence = SequenceNumber::parse(&(index + 1).to_string()).unwrap();
        let position = Position { shard: ShardKey::new("1", "s"), sequence, offset: 0 };
        Folding { position, internal: false, event }
    });
    fold(None, &key, &told.collect::<Vec<_>>(), &Policy::default(), &NoRules).profile
}

fn value(profile: &Profile, minute: u64, name: &str) -> f64 {
    let features = Features::of(profile, START + DurationMs::from_minutes(minute), &Policy::default());
    features.as_slice()[NAMES.iter().position(|n| *n == name).unwrap_or_else(|| panic!("{name}"))]
}

#[test]
fn each_feature_says_what_its_name_says() {
    let order = EventKind::OrderCompleted {
        order: None,
        total: Money::parse("100.00 EUR").ok(),
        items: vec![],
        coupon: None,
    };
    let profile = after(&[
        (0, viewed("tent")),
        (2, order),
        (300, viewed("tent")),
        (302, viewed("mat")),
        (304, viewed("tent")),
        (305, EventKind::ProductAdded(CartRef::default(), item("tent"))),
        (306, EventKind::Track(EventName::new("Products Searched").unwrap())),
    ]);
    let expected = [
        ("session.events", 5.0_f64.ln_1p()),
        ("session.minutes", 8.0_f64.ln_1p()),
        ("session.products", 2.0_f64.ln_1p()),
        ("session.repeats", 1.0_f64.ln_1p()),
        ("session.adds", 1.0_f64.ln_1p()),
        ("session.orders", 0.0),
        ("session.wishlist", 0.0),
        ("session.search", 1.0),
        ("session.mobile", 1.0),
        ("session.in_cart", 1.0_f64.ln_1p()),
        ("session.same_category", 1.0),
        ("session.categories", 1.0_f64.ln_1p()),
        ("session.cart_of_category", 1.0_f64.ln_1p()),
        ("cart.products", 1.0_f64.ln_1p()),
        ("cart.value", 100.0_f64.ln_1p()),
        ("before.sessions", 1.0_f64.ln_1p()),
        ("before.events_per_session", 2.0_f64.ln_1p()),
        ("before.minutes_per_session", 2.0_f64.ln_1p()),
        ("before.orders", 1.0_f64.ln_1p()),
        ("before.orders_per_session", 1.0 / 3.0),
        ("before.spent_per_order", 100.0_f64.ln_1p()),
        ("before.days_active", 1.0_f64.ln_1p()),
        ("weekend", 1.0),
        // 15:08: between 14 and 18.
        ("hour.14", 1.0 - (68.0 / 60.0) / 4.0),
        ("hour.18", 1.0 - (172.0 / 60.0) / 4.0),
        ("hour.02", 0.0),
    ];
    for (name, expected) in expected {
        let found = value(&profile, 308, name);
        assert!((found - expected).abs() < 1e-9, "{name}: {found}, expected {expected}");
    }
}

#[test]
fn a_session_that_is_over_is_part_of_what_was_before() {
    let profile = after(&[(0, viewed("tent")), (1, viewed("mat"))]);
    assert!(value(&profile, 31, "session.products") > 0.0);
    assert_eq!(value(&profile, 32, "session.products"), 0.0);
    assert_eq!(value(&profile, 32, "session.events"), 0.0);
    assert!((value(&profile, 32, "before.sessions") - 1.0_f64.ln_1p()).abs() < 1e-9);
}

#[test]
fn training_and_serving_see_the_same_of_the_same_bytes() {
    let profile = after(&[(0, viewed("tent")), (7, viewed("mat")), (9, EventKind::Page)]);
    let stored = unpack(&pack(&profile).unwrap()).unwrap();
    let at = START + DurationMs::from_minutes(10);
    let bits = |profile| {
        Features::of(profile, at, &Policy::default())
            .as_slice()
            .iter()
            .map(|v| v.to_bits())
            .collect::<Vec<_>>()
    };
    assert_eq!(bits(&profile), bits(&stored));
}

#[test]
fn everybody_has_numbers_and_as_many_as_there_are_names() {
    for profile in [Profile::default(), after(&[(0, viewed("tent"))])] {
        for at in [Timestamp::EPOCH, START, Timestamp::from_ms(i64::MAX)] {
            let features = Features::of(&profile, at, &Policy::default());
            assert_eq!(features.as_slice().len(), NAMES.len());
            assert!(features.as_slice().iter().all(|value| value.is_finite()));
        }
    }
    let unique: BTreeSet<&str> = NAMES.into_iter().collect();
    assert_eq!(unique.len(), NAMES.len());
}
