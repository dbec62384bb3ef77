use super::*;
use crate::consent::ConsentChoices;
use crate::conversion::Answered;
use crate::counters::Counted;
use crate::event::{Campaign, CartRef, Device, Event, EventKind, Item as Product, TraitValue};
use crate::fold::{Item, fold};
use crate::id::EffectId;
use crate::id::{AnonymousId, Brand, CartId, Category, EventId, EventName, OrderId, ProductId, SourceId};
use crate::key::{Pepper, ProfileKey};
use crate::mark::{Position, SequenceNumber, ShardKey};
use crate::outreach::Group;
use crate::policy::{
    AFFINITY_COUNT_MAX, BOUGHT_COUNT_MAX, CART_LINE_COUNT_MAX, CURRENCY_COUNT_MAX, EVENT_NAME_COUNT_MAX,
    MARK_COUNT_MAX, MERGE_COUNT_MAX, Policy, RING_COUNT_MAX, TRAIT_COUNT_MAX, VIEWED_COUNT_MAX,
};
use crate::profile::Link;
use crate::reaction::{Effect, Happened, RuleState, note};
use crate::session::Entry;
use crate::time::{DurationMs, Timestamp};
use crate::told::Told;
use crate::watched::{Keep, Observed, Occurrence, WatchId};
use crate::{CouponCode, Money};
use std::collections::BTreeMap;

fn key(name: &str) -> ProfileKey {
    Pepper::new("1", b"0123456789abcdef").unwrap().anonymous(&AnonymousId::new(name).unwrap())
}

/// A profile with something in every part. Changing it makes the fixtures useless: add a new one instead.
fn full_profile() -> Profile {
    let at = Timestamp::from_ms(1_763_800_000_000);
    let key = key("v");
    let mut profile = Profile { first_seen_at: at, last_seen_at: at, ..Profile::default() };
    profile.tallies.applied = 7;
    profile.settled.note(at, true);
    let sequence = SequenceNumber::parse("49545115243490985018280067714973144582180062593244200961").unwrap();
    profile.marks.advance(&Position { shard: ShardKey::new("1", "shard-0"), sequence, offset: 2 }, at);
    profile.ring.insert(&SourceId::new("web").unwrap(), &EventId::new("m1").unwrap(), at);
    let campaign = Campaign { name: Some("spring".into()), ..Campaign::default() };
    let entry = || Entry {
        device: Some(Device::Mobile),
        referrer: Some("search.example".into()),
        campaign: Some(Box::new(campaign)),
    };
    profile.sessions.apply(at, true, entry, &Policy::default());
    profile.counters.add(Counted::View, at);
    profile.counters.add(Counted::View, at - DurationMs::from_hours(3));
    profile.days_active.add(at);
    profile.remember_event(&EventName::new("Product Viewed").unwrap(), at);
    let product = ProductId::new("p1").unwrap();
    let band = crate::PriceBand::from_number(7);
    profile.viewed.view_in_session(&product, (None, band), at, at);
    profile.viewed.interest(&product, 1, at, DurationMs::from_days(7));
    let category = Category::new("tents").unwrap();
    profile.affinity.add(&category, 3, at, DurationMs::from_days(7));
    profile.brands.add(&Brand::new("north").unwrap(), 3, at, DurationMs::from_days(7));
    profile.orders.apply(Money::parse("12.34 EUR").ok(), [product].iter(), at);
    profile.set_trait("plan", Told::new(TraitValue::Text("gold".into()), at));
    profile.set_trait("visits", Told::new(TraitValue::Number(2.5), at));
    profile.timezone = Some(Told::new("Europe/Berlin".into(), at));
    profile.link = Some(Link { to: key.clone(), at, merge_pending: true });
    profile.merged = vec![key.clone()];
    profile.linked_id_count = 1;
    let reminder = crate::ReminderId { episode: crate::EpisodeId::parse(&"7".repeat(32)).unwrap(), step: 2 };
    profile.conversions.answer(Answered { at, reminder, group: Group::HeldOut });
    let (order, total, coupon) =
        (OrderId::new("o-1").ok(), Money::parse("12.34 EUR").ok(), CouponCode::new("BACK-1").ok());
    let event = event("o1", at, EventKind::Page);
    profile.conversions.order(&key, &event, (order.as_ref(), total, coupon.as_ref()));
    let names = coupon.into_iter().collect();
    profile.conversions.coupon(&crate::event::Coupon { names, ..Default::default() }, at, true);
    profile.rules = rule_state(&key, at);
    profile
}

fn rule_state(key: &ProfileKey, at: Timestamp) -> RuleState {
    let mut state = RuleState { looked_by: 7, evaluated_at: at, next_at: Some(at), ..RuleState::default() };
    let keeps = [Keep::Newest(3), Keep::EachOnce(2), Keep::Buckets, Keep::Totals, Keep::First];
    let values = [None, Some(Observed::Number(-1_500)), Some(Observed::Text("shoes".into()))];
    for (id, keep) in keeps.into_iter().enumerate() {
        for value in values.clone() {
            state.watched.observe(WatchId(id as u64), keep, Occurrence { at, value });
        }
    }
    note(&mut state.segments, "vip", true, at);
    note(&mut state.rules, "high-intent", true, at);
    let happened = [
        Happened::SegmentEntered("vip".into()),
        Happened::SegmentExited("new".into()),
        Happened::RuleMatched { rule: "high-intent".into(), publish: "intent".into() },
    ];
    for happened in happened {
        let (source, event) = (SourceId::new("web").unwrap(), EventId::new("m1").unwrap());
        let id = EffectId::of(key, &source, &event, &happened);
        state.tell(Effect { id, at, ruleset: "0123456789ab".into(), happened });
    }
    state
}

#[test]
fn what_is_packed_unpacks() {
    let profile = full_profile();
    assert_eq!(unpack(&pack(&profile).unwrap()).unwrap(), profile);
}

#[test]
fn the_layout_of_version_1_has_not_changed() {
    let fixture = include_str!("../../testdata/profile-v1.hex").trim();
    assert_eq!(data_encoding::HEXLOWER.encode(&pack(&full_profile()).unwrap()), fixture);
    let bytes = data_encoding::HEXLOWER.decode(fixture.as_bytes()).unwrap();
    assert_eq!(unpack(&bytes).unwrap(), full_profile());
}

#[test]
fn what_cannot_be_read_is_an_error_and_never_an_empty_profile() {
    assert!(matches!(unpack(&[]), Err(PackError::Empty)));
    assert!(matches!(unpack(&[9, 0]), Err(PackError::Version { found: 9, .. })));
    let mut cut = pack(&full_profile()).unwrap();
    cut.push(0);
    assert!(matches!(unpack(&cut), Err(PackError::Trailing(1))));
    cut.truncate(cut.len() / 2);
    assert!(matches!(unpack(&cut), Err(PackError::Corrupt(_))));
}

/// A text of exactly so many bytes that begins with what tells it apart.
fn text(start: &str, bytes: usize) -> String {
    format!("{start:-<bytes$}")
}

fn event(id: &str, at: Timestamp, kind: EventKind) -> Event {
    Event {
        id: EventId::new(id).unwrap(),
        source: SourceId::new("web").unwrap(),
        occurred_at: at,
        received_at: at,
        consent: ConsentChoices { personalization: Some(true), ..ConsentChoices::default() },
        timezone: Some("Europe/Berlin".into()),
        locale: Some("de-DE".into()),
        claim: None,
        device: None,
        details: None,
        kind,
    }
}

/// Events told one after the other, as the stream would deliver them.
struct Teller {
    items: Vec<Item>,
    now: Timestamp,
    shard: u64,
    id_bytes: usize,
    label_bytes: usize,
    category_count: u64,
}

impl Teller {
    fn new(id_bytes: usize, label_bytes: usize, category_count: u64) -> Self {
        let now = Timestamp::from_ms(1_763_800_000_000);
        Self { items: Vec::new(), now, shard: 0, id_bytes, label_bytes, category_count }
    }

    fn product(&self, n: u64) -> Product {
        Product {
            product: ProductId::new(&text(&format!("product-{n}"), self.id_bytes)).unwrap(),
            category: Category::new(&text(&format!("cat-{}", n % self.category_count), self.label_bytes))
                .ok(),
            brand: Brand::new(&text(&format!("brand-{}", n % self.category_count), self.label_bytes)).ok(),
            name: Some(text(&format!("Product {n}"), self.label_bytes * 8 / 5).into()),
            price: Money::parse("129.95 EUR").ok(),
            quantity: 1,
        }
    }

    fn wait(&mut self, length: DurationMs) {
        self.now = self.now + length;
    }

    fn say(&mut self, kind: EventKind) {
        let index = self.items.len();
        let digits = format!("49{:054}", 545_115_243_490_985 + index);
        let shard = ShardKey::new("73a7a80d", &format!("shardId-{:012}", self.shard));
        let event = event(&format!("m{index}"), self.now, kind);
        let sequence = SequenceNumber::parse(&digits).unwrap();
        self.items.push(Item { position: Position { shard, sequence, offset: 0 }, internal: false, event });
        self.wait(DurationMs::from_ms(41_237));
    }

    fn view(&mut self, n: u64) {
        let product = self.product(n);
        self.say(EventKind::ProductViewed(product));
    }

    fn add(&mut self, n: u64) {
        let product = self.product(n);
        let url = text("https://shop.example/cart", self.label_bytes * 5);
        let cart = CartRef { id: CartId::new(&text("cart", self.id_bytes)).ok(), url: Some(url) };
        self.say(EventKind::ProductAdded(cart, product));
    }

    fn order(&mut self, products: std::ops::Range<u64>, total: &str) {
        let items = products.map(|n| self.product(n)).collect();
        self.say(EventKind::OrderCompleted {
            order: None,
            total: Money::parse(total).ok(),
            items,
            coupon: None,
        });
    }

    fn profile(&self) -> Profile {
        fold(None, &key("v"), &self.items, &Policy::default(), &crate::reaction::NoRules).profile
    }
}

/// 20 events in 3 sessions on 3 days; 24-byte item ids, one shard, no purchase.
fn typical() -> Profile {
    let mut teller = Teller::new(24, 12, 4);
    for (session, views) in [3_u64, 4, 5].into_iter().enumerate() {
        let session = session as u64;
        teller.say(EventKind::Page);
        for n in 0..views {
            teller.view(session * 3 + n);
        }
        teller.say(EventKind::Page);
        teller.wait(DurationMs::from_days(2));
    }
    teller.now = teller.now - DurationMs::from_days(2);
    teller.add(7);
    teller.say(EventKind::Page);
    let profile = teller.profile();
    assert_eq!((profile.counts.events, profile.sessions.count), (20, 3));
    profile
}

/// 200 events in 20 sessions on 20 days, the last of 60 events; three orders, two shards, ten kinds of events.
fn busy() -> Profile {
    let mut teller = Teller::new(24, 12, 12);
    for session in 0..20_u64 {
        teller.shard = session / 18;
        for n in 0..if session == 19 { 60 } else { 7 } {
            match n % 7 {
                0 => teller.say(EventKind::Page),
                5 => teller.add(session * 2 + n),
                6 => {
                    let name = EventName::new(&format!("Something {}", session % 8)).unwrap();
                    teller.say(EventKind::Track(name));
                }
                _ => teller.view(session * 2 + n),
            }
        }
        if session % 7 == 6 || session == 18 {
            teller.order(session * 2..session * 2 + 3, "99.00 EUR");
        }
        teller.wait(DurationMs::from_days(1));
    }
    let profile = teller.profile();
    assert_eq!((profile.counts.events, profile.sessions.count), (196, 20));
    profile
}

/// Everything at its cap: the longest ids and texts that are taken.
fn fullest() -> Profile {
    let mut teller = Teller::new(100, 100, 60);
    for n in 0..60 {
        teller.shard = n;
        teller.view(n);
        teller.wait(DurationMs::from_days(1));
    }
    for n in 0..60 {
        teller.order(
            n..n + 1,
            &format!("99.00 A{}{}", char::from(b'A' + (n / 8) as u8), char::from(b'A' + (n % 8) as u8)),
        );
        teller.wait(DurationMs::from_hours(1));
    }
    for n in 0..60 {
        teller.say(EventKind::Track(EventName::new(&text(&format!("event {n}"), 100)).unwrap()));
        let value = |n: u64| (text(&format!("trait {n}"), 100), TraitValue::Text(text("value", 512)));
        let traits: BTreeMap<_, _> = (n..n + 1).map(value).collect();
        teller.say(EventKind::Identify { traits, link: None });
    }
    for n in 0..600 {
        teller.add(n);
        teller.now = teller.now - DurationMs::from_ms(30_000);
    }
    let mut profile = teller.profile();
    profile.merged = (0..MERGE_COUNT_MAX).map(|n| key(&format!("visitor {n}"))).collect();
    for n in 0..60 {
        let brand = Brand::new(&text(&format!("brand {n}"), Brand::BYTES_MAX)).unwrap();
        profile.brands.add(&brand, n, teller.now, Policy::default().affinity_half_life);
    }
    for minutes in 0..45_000 {
        let at = teller.now - DurationMs::from_minutes(minutes);
        Counted::ALL.into_iter().for_each(|kind| profile.counters.add(kind, at));
    }
    profile
}

#[test]
fn the_fullest_profile_is_at_every_cap() {
    let (full, now) = (fullest(), Timestamp::from_ms(1_800_000_000_000));
    let half_life = Policy::default().affinity_half_life;
    assert_eq!(full.viewed.newest_first().count(), VIEWED_COUNT_MAX);
    assert_eq!(full.affinity.ranked(now, half_life).len(), AFFINITY_COUNT_MAX);
    assert_eq!(full.brands.ranked(now, half_life).len(), AFFINITY_COUNT_MAX);
    assert_eq!(full.orders.newest_first().count(), BOUGHT_COUNT_MAX);
    assert_eq!(full.orders.totals().len(), CURRENCY_COUNT_MAX);
    assert_eq!(full.cart.lines.len(), CART_LINE_COUNT_MAX);
    assert_eq!((full.last_events.len(), full.traits.len()), (EVENT_NAME_COUNT_MAX, TRAIT_COUNT_MAX));
    assert_eq!((full.ring.len(), full.marks.len()), (RING_COUNT_MAX, MARK_COUNT_MAX));
}

/// Not promises but measurements with room: whoever makes profiles larger is told, and changes the numbers knowingly.
#[test]
fn a_profile_is_small() {
    let bytes = |profile: &Profile| pack(profile).unwrap().len();
    let (typical, busy, fullest) = (bytes(&typical()), bytes(&busy()), bytes(&fullest()));
    assert!(typical <= 1_400, "20 events in 3 sessions take {typical} bytes");
    assert!(busy <= 4_096, "200 events in 20 sessions take {busy} bytes");
    assert!(fullest <= 96 * 1_024, "a profile with everything at its cap takes {fullest} bytes");
}

#[test]
fn experiments_are_kept_with_a_profile_and_with_one_that_was_let_back() {
    use crate::experiment::{Exposed, RunId};
    use crate::id::{ErasureId, ExperimentId, VariantId};
    let mut profile = full_profile();
    let run = RunId { experiment: ExperimentId::new("hero").unwrap(), number: 2 };
    let at = profile.last_seen_at;
    profile.measured.expose(Exposed { run, variant: VariantId::new("b").unwrap(), at, crossed_over: true });
    let bytes = pack(&profile).unwrap();
    assert_eq!(bytes[0], MEASURED_VERSION);
    assert_eq!(unpack(&bytes).unwrap(), profile);
    let erasure = crate::Erasure::new(ErasureId::new("r").unwrap(), at, at);
    let back = Profile { erasure: Some(erasure), ..profile };
    assert_eq!(unpack(&pack(&back).unwrap()).unwrap(), back);
}
