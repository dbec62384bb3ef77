use super::packed::{pack_best_sellers, pack_trend, unpack_best_sellers, unpack_trend};
use super::*;
use crate::neighbours::Neighbours;
use crate::policy::{BEST_SELLER_COUNT_MAX, RECENT_COUNT_MAX};
use crate::signal::{Other, Signal, SignalId, SignalKind};
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_domain::{Category, DurationMs, ProductId, Timestamp};
use proptest::prelude::*;

const START: Timestamp = Timestamp::from_ms(1_763_800_000_000);

fn product(n: u64) -> ProductId {
    ProductId::new(&format!("p{n}")).unwrap()
}

/// The `n`-th signal of the stream.
fn delivered(n: u64, kind: SignalKind, hour: u64) -> Delivered {
    let at = START + DurationMs::from_hours(hour);
    let sequence =
        SequenceNumber::parse(&format!("4954511524349098501828006771497314458218{n:016}")).unwrap();
    Delivered {
        position: Position { shard: ShardKey::new("73a7a80d", "shardId-000000000000"), sequence, offset: 0 },
        arrived_at: at,
        signal: Signal {
            id: SignalId::parse(&format!("{n:016x}")).unwrap(),
            at,
            kind,
            product: product(0),
            category: Category::new(&format!("c{}", n % 3)).ok(),
            quantity: 2,
            called: None,
            others: vec![other(n)],
        },
    }
}

/// Fewer products than a list has places.
fn other(n: u64) -> Other {
    let category = Category::new(&format!("c{}", n % 3)).ok();
    Other { product: product(1 + n % 7), category, price_band: None, distance: 1 + (n % 5) as u8 }
}

fn kind(n: u8) -> SignalKind {
    [SignalKind::View, SignalKind::Cart, SignalKind::Purchase][usize::from(n) % 3]
}

fn any_kind(n: u8) -> SignalKind {
    if n.is_multiple_of(4) { SignalKind::Next } else { kind(n / 4) }
}

/// What is counted: everything but how far the stream was read and which ids were seen.
fn counted(trend: &Trend) -> (Totals, Vec<u64>, Option<&Category>, [&Neighbours; 2]) {
    let now = START + DurationMs::from_days(300);
    let decayed = [SignalKind::View, SignalKind::Cart, SignalKind::Purchase];
    let totals = Totals { repeated: 0, ..trend.totals() };
    let decayed = decayed.iter().map(|kind| trend.decayed(*kind, now)).collect();
    (totals, decayed, trend.category(), [trend.neighbours(), trend.bought_together()])
}

/// Trends of some products, of which each has as many signals as it says.
fn trends() -> impl Strategy<Value = Vec<(u64, Vec<(u8, u64)>)>> {
    let signals = proptest::collection::vec((any::<u8>(), 0..6_000_u64), 1..4);
    proptest::collection::vec((0..90_u64, signals), 1..120)
}

proptest! {
    #[test]
    fn what_is_counted_does_not_depend_on_the_order(
        signals in proptest::collection::vec((any::<u8>(), 0..6_000_u64), 1..RECENT_COUNT_MAX),
        seed in any::<u64>(),
    ) {
        let told = |order: &[usize]| {
            let in_order: Vec<Delivered> = order.iter().enumerate().map(|(n, index)| {
                let (choice, hour) = signals[*index];
                let one = delivered(*index as u64, any_kind(choice), hour);
                // It comes in this order, so these are the numbers that it has.
                Delivered { position: delivered(n as u64 + 1, SignalKind::View, 0).position, ..one }
            }).collect();
            fold(None, &in_order).unwrap()
        };
        let mut order: Vec<usize> = (0..signals.len()).collect();
        let forward = told(&order);
        order.sort_by_key(|n| (*n as u64 + 1).wrapping_mul(seed | 1));
        let shuffled = told(&order);
        prop_assert_eq!(counted(&forward), counted(&shuffled));
        prop_assert_eq!(forward.totals().all(), signals.len() as u64);
    }

    #[test]
    fn a_batch_that_comes_again_in_any_pieces_changes_nothing(
        signals in proptest::collection::vec((any::<u8>(), 0..6_000_u64), 1..200),
        cut in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
    ) {
        let signals: Vec<Delivered> =
            (1..).zip(&signals).map(|(n, (choice, hour))| delivered(n, any_kind(*choice), *hour)).collect();
        let whole = fold(None, &signals).unwrap();
        let (cut, from) = (cut.index(signals.len()), from.index(signals.len()));
        prop_assert_eq!(fold(Some(&whole), &signals[cut..]), None, "all of it is marked");
        let first = fold(None, &signals[..cut]);
        let second = fold(first.as_ref(), &signals[from.min(cut)..]).or(first).unwrap();
        prop_assert_eq!(pack_trend(&second).unwrap(), pack_trend(&whole).unwrap());
        prop_assert_eq!(unpack_trend(&pack_trend(&whole).unwrap()).unwrap(), whole);
    }

    #[test]
    fn offers_in_any_order_and_again_give_the_same_list(offers in trends(), seed in any::<u64>()) {
        // Each product's trend grows from one telling to the next.
        let mut grown: std::collections::BTreeMap<u64, Trend> = std::collections::BTreeMap::new();
        let mut number = 0;
        let mut told: Vec<(u64, Trend)> = Vec::new();
        for (product, signals) in &offers {
            let new: Vec<Delivered> = signals.iter().map(|(choice, hour)| {
                number += 1;
                delivered(number, kind(*choice), *hour)
            }).collect();
            let trend = fold(grown.get(product), &new).unwrap();
            grown.insert(*product, trend.clone());
            told.push((*product, trend));
        }
        let list = |order: &[usize]| {
            let mut list = BestSellers::default();
            order.iter().for_each(|n| list.offer(&product(told[*n].0), &told[*n].1));
            pack_best_sellers(&list).unwrap()
        };
        let mut order: Vec<usize> = (0..told.len()).collect();
        let expected = list(&order);
        let twice: Vec<usize> = order.iter().chain(&order).copied().collect();
        prop_assert_eq!(&list(&twice), &expected);
        order.sort_by_key(|n| (*n as u64 + 1).wrapping_mul(seed | 1));
        prop_assert_eq!(&list(&order), &expected);
        let mut last = BestSellers::default();
        grown.iter().for_each(|(n, trend)| last.offer(&product(*n), trend));
        prop_assert_eq!(&pack_best_sellers(&last).unwrap(), &expected, "only how each stands last matters");
        let unpacked = unpack_best_sellers(&expected).unwrap();
        prop_assert!(unpacked.len() <= BEST_SELLER_COUNT_MAX);
        prop_assert!(unpacked.len() == BEST_SELLER_COUNT_MAX.min(grown.len()));
    }
}

#[test]
fn a_signal_that_is_put_again_is_recognised_among_the_newest_of_its_item() {
    let first: Vec<Delivered> = (1..=64).map(|n| delivered(n, SignalKind::View, 0)).collect();
    let trend = fold(None, &first).unwrap();
    let again = |id: u64, number: u64| Delivered {
        position: delivered(number, SignalKind::View, 0).position,
        ..delivered(id, SignalKind::View, 0)
    };
    let trend = fold(Some(&trend), &[again(1, 100)]).unwrap();
    assert_eq!((trend.totals().views, trend.totals().repeated), (64, 1));
    // The bound: after one more signal the oldest is forgotten, and would count again.
    let trend = fold(Some(&trend), &[again(65, 101), again(1, 102)]).unwrap();
    assert_eq!((trend.totals().views, trend.totals().repeated), (66, 1));
}

#[test]
fn a_late_signal_counts_less_and_never_takes_away() {
    let at = |hours: &[u64]| {
        let signals: Vec<_> =
            (1..).zip(hours).map(|(n, hour)| delivered(n, SignalKind::View, *hour)).collect();
        fold(None, &signals).unwrap()
    };
    let now = START + DurationMs::from_days(7);
    let score = |trend: &Trend| trend.decayed(SignalKind::View, now);
    let (new, late) = (at(&[168]), at(&[168, 0]));
    let gain = score(&late) - score(&new);
    assert!((495_000..=505_000).contains(&gain), "a week is half: {gain}");
    assert_eq!(late.latest_at(), new.latest_at());
}

#[test]
fn what_is_bought_leads_what_is_looked_at_until_it_is_long_ago() {
    let signals = |kind, count: u64, hour| {
        let signals: Vec<_> = (1..=count).map(|n| delivered(n, kind, hour)).collect();
        fold(None, &signals).unwrap()
    };
    let mut list = BestSellers::default();
    list.offer(&product(1), &signals(SignalKind::View, 9, 0));
    list.offer(&product(2), &signals(SignalKind::Purchase, 1, 0));
    list.offer(&product(3), &signals(SignalKind::Cart, 3, 0));
    list.offer(&product(4), &signals(SignalKind::Cart, 3, 0));
    let order = |list: &BestSellers| list.iter().map(|s| s.product().to_string()).collect::<Vec<_>>();
    assert_eq!(order(&list), ["p2", "p1", "p3", "p4"], "of equal ones the first id");
    list.offer(&product(1), &signals(SignalKind::View, 10, 7 * 24));
    assert_eq!(order(&list)[0], "p1", "half of an old order's points are gone");
    let best = list.iter().next().unwrap();
    assert!((9_990_000..=10_010_000).contains(&list.score(best, best.as_of())), "ten views are ten points");
}

#[test]
fn what_came_next_says_nothing_about_the_product_itself() {
    let view = fold(None, &[delivered(1, SignalKind::View, 0)]).unwrap();
    let both = fold(Some(&view), &[delivered(2, SignalKind::Next, 0)]).unwrap();
    assert_eq!((both.totals().counted(), both.totals().all()), (1, 2));
    assert_eq!((both.latest_at(), both.category()), (view.latest_at(), view.category()));
    let weights = |trend: &Trend, n: u64| {
        let told = trend.neighbours().iter().find(|neighbour| *neighbour.product() == other(n).product);
        told.map(|neighbour| trend.neighbours().weight(neighbour, START) / 1_000_000)
    };
    assert_eq!(weights(&both, 1), Some(15), "what came before at distance 2: a quarter of 60");
    assert_eq!(weights(&both, 2), Some(20), "what came next at distance 3");
    assert!(both.bought_together().is_empty());
    let order = fold(None, &[delivered(1, SignalKind::Purchase, 0)]).unwrap();
    assert_eq!((order.neighbours().len(), order.bought_together().len()), (0, 1));
}

#[test]
fn many_that_came_next_do_not_make_a_view_count_twice() {
    let first = fold(None, &[delivered(1, SignalKind::View, 0)]).unwrap();
    let nexts: Vec<_> = (2..200).map(|n| delivered(n, SignalKind::Next, 0)).collect();
    let trend = fold(Some(&first), &nexts).unwrap();
    let again = Delivered {
        position: delivered(900, SignalKind::View, 0).position,
        ..delivered(1, SignalKind::View, 0)
    };
    assert_eq!(fold(Some(&trend), &[again]).unwrap().totals().views, 1);
}

#[test]
fn what_comes_all_at_once_is_trending_and_what_comes_evenly_is_not() {
    let views = |hours: &[u64]| {
        let signals: Vec<_> =
            (1..).zip(hours).map(|(n, hour)| delivered(n, SignalKind::View, *hour)).collect();
        fold(None, &signals).unwrap()
    };
    let even: Vec<u64> = (0..24 * 60).collect();
    let burst: Vec<u64> = even.iter().copied().chain([24 * 60; 200]).collect();
    assert!(!views(&even).is_rising(), "twenty-four a day for two months");
    assert!(views(&burst).is_rising());
    assert!(views(&[0; 12]).is_rising(), "new today");
    assert!(!views(&[0; 9]).is_rising(), "nine views are somebody's visit");
    let mut list = BestSellers::of(Span::Days);
    list.offer(&product(1), &views(&[0; 40]));
    list.offer(&product(2), &views(&[72; 12]));
    let names = |list: &BestSellers| list.iter().map(|s| s.product().to_string()).collect::<Vec<_>>();
    assert_eq!(names(&list), ["p2", "p1"], "of forty views three days ago five are left");
    let seller = list.iter().nth(1).unwrap();
    let score = list.score(seller, START + DurationMs::from_days(3));
    assert!((4_990_000..=5_010_000).contains(&score), "{score}");
}

/// With something in every part. Changing it makes the fixtures useless: add new ones instead.
fn full() -> (Trend, BestSellers) {
    let signals: Vec<_> = (1..=9).map(|n| delivered(n, any_kind(n as u8), n * 1_000)).collect();
    let trend = fold(None, &signals).unwrap();
    let trend = fold(
        Some(&trend),
        [&Delivered { position: delivered(19, SignalKind::View, 0).position, ..signals[0].clone() }],
    );
    let trend = trend.unwrap();
    assert_eq!(trend.totals().repeated, 1);
    let mut list = BestSellers::default();
    list.offer(&product(1), &trend);
    list.offer(&product(2), &fold(None, &signals[..2]).unwrap());
    (trend, list)
}

#[test]
fn the_layouts_of_version_1_have_not_changed() {
    let (trend, list) = full();
    let written = [pack_trend(&trend).unwrap(), pack_best_sellers(&list).unwrap()]
        .map(|bytes| data_encoding::HEXLOWER.encode(&bytes));
    let fixtures = [
        include_str!("../../testdata/trend-v1.hex").trim(),
        include_str!("../../testdata/best-sellers-v1.hex").trim(),
    ];
    assert_eq!(written, fixtures);
}

/// Not promises but measurements with room: whoever makes them larger is told.
#[test]
fn a_trend_fits_two_write_units_and_a_list_is_small() {
    let id = |n: u64| ProductId::new(&format!("{:-<24}", format!("product-{n}"))).unwrap();
    let signals: Vec<_> = (1..=300).map(|n| delivered(n, kind(n as u8), n * 20)).collect();
    let alone = signals.iter().cloned().map(|mut one| {
        one.signal.others.clear();
        one
    });
    let bytes = pack_trend(&fold(None, &alone.collect::<Vec<_>>()).unwrap()).unwrap().len();
    assert!(bytes <= 900, "a trend with a full memory of ids takes {bytes} bytes");
    let seven_digits = |mut one: Delivered, n: u64| {
        one.signal.others[0].product = ProductId::new(&format!("{:07}", n * 37)).unwrap();
        one
    };
    let nexts = (301..=600).map(|n| seven_digits(delivered(n, SignalKind::Next, 6_000), n));
    let trend = fold(None, &signals.into_iter().chain(nexts).collect::<Vec<_>>()).unwrap();
    let bytes = pack_trend(&trend).unwrap().len();
    assert_eq!(trend.neighbours().len(), crate::policy::NEIGHBOUR_COUNT_MAX);
    assert!(bytes <= 2_000, "one with all its neighbours takes {bytes} bytes");
    let mut list = BestSellers::default();
    (0..60).for_each(|n| list.offer(&id(n), &trend));
    let bytes = pack_best_sellers(&list).unwrap().len();
    assert!(bytes <= 4_096, "a full list takes {bytes} bytes");
}
