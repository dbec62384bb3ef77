use super::*;
use crate::policy::{NEIGHBOUR_COUNT_MAX, PAIR_POINTS};
use beckon_domain::packed::{pack_state, unpack_state};
use beckon_domain::{Category, DurationMs, PriceBand, ProductId, Timestamp};
use proptest::prelude::*;

fn product(name: &str) -> ProductId {
    ProductId::new(name).unwrap()
}

fn at(hour: u64) -> Timestamp {
    Timestamp::from_ms(1_763_800_000_000) + DurationMs::from_hours(hour)
}

fn pair(name: &str, hour: u64, points: u64) -> Pair {
    Pair { product: product(name), category: None, price_band: None, at: at(hour), points }
}

/// With what a page needs to leave it out.
fn told(name: &str, hour: u64, category: &str, band: u8) -> Pair {
    let category = Category::new(category).ok();
    Pair { category, price_band: PriceBand::from_number(band), ..pair(name, hour, PAIR_POINTS) }
}

fn list(pairs: Vec<Pair>) -> Neighbours {
    let mut list = Neighbours::default();
    list.fold(pairs, NEIGHBOUR_COUNT_MAX);
    list
}

fn names(ranking: &[crate::Scored]) -> Vec<&str> {
    ranking.iter().map(|scored| scored.product.as_str()).collect()
}

#[test]
fn the_strongest_stay_and_a_newcomer_takes_the_place_of_the_weakest() {
    let mut list = Neighbours::default();
    list.fold(vec![pair("a", 0, 60), pair("b", 0, 30), pair("a", 0, 12)], 2);
    list.fold(vec![pair("c", 0, 20)], 2);
    let kept = |list: &Neighbours| list.iter().map(|n| n.product().to_string()).collect::<Vec<_>>();
    assert_eq!(kept(&list), ["a", "b"]);
    // What it gathered before it left is gone: 20 and 20 are not more than 30 unless they come in one batch.
    list.fold(vec![pair("c", 0, 20)], 2);
    assert_eq!(kept(&list), ["a", "b"]);
    list.fold(vec![pair("c", 0, 20), pair("c", 0, 20)], 2);
    assert_eq!(kept(&list), ["a", "c"]);
    let share = list.share(list.iter().next().unwrap());
    assert!((share - 72.0 / 182.0).abs() < 1e-6, "the total counts those that left: {share}");
}

#[test]
fn an_old_pair_fades() {
    let old = (0..4).map(|_| pair("old", 0, 60));
    let list = list(old.chain([pair("new", 24 * 60 * 3, 60)]).collect());
    let strongest = list.iter().next().unwrap();
    assert_eq!(strongest.product().as_str(), "new", "four pairs of three half-lives ago are half a pair");
    let weight = list.weight(strongest, at(24 * 60 * 4));
    assert!((29_900_000..=30_100_000).contains(&weight), "{weight}");
}

#[test]
fn category_and_price_band_are_those_told_last() {
    let facts = |list: &Neighbours| {
        let first = list.iter().next().unwrap();
        (first.category().map(ToString::to_string), first.price_band().map(PriceBand::number))
    };
    let (old, new) = (told("a", 0, "tents", 3), told("a", 48, "mats", 4));
    let nothing = pair("a", 96, 60);
    for order in [vec![old.clone(), new.clone(), nothing.clone()], vec![nothing, new, old]] {
        assert_eq!(facts(&list(order)), (Some("mats".to_owned()), Some(4)));
    }
}

#[test]
fn a_session_is_continued_by_what_followed_its_newest_product_most() {
    let mats = (0..9).map(|_| pair("mat", 0, 60));
    let tent = list(mats.chain([pair("mug", 0, 20), pair("stove", 0, 20)]).collect());
    let mug = list(vec![pair("stove", 0, 60), pair("tent", 0, 60)]);
    let lookup = |id: &ProductId| match id.as_str() {
        "tent" => Some(&tent),
        "mug" => Some(&mug),
        _ => None,
    };
    let session = [product("mug"), product("tent")];
    assert_eq!(names(&rank(&session, lookup, at(1), 3)), ["mat", "tent", "mug"]);
    let elsewhere = |c: &Candidate<'_>| !session.contains(c.product);
    assert_eq!(names(&rank_where(&session, lookup, at(1), 9, elsewhere)), ["mat", "stove"]);
    let again = [product("tent"), product("mug"), product("tent")];
    assert_eq!(rank(&again, lookup, at(1), 9), rank(&session, lookup, at(1), 9), "each product once");
}

#[test]
fn nothing_known_is_nothing_but_the_session_itself() {
    let nobody = |_: &ProductId| None;
    let session = [product("only")];
    assert!(rank(&[], nobody, at(0), 20).is_empty());
    assert_eq!(names(&rank(&session, nobody, at(0), 20)), ["only"]);
    assert!(rank(&session, nobody, at(0), 0).is_empty());
    let empty = Neighbours::default();
    assert_eq!(names(&rank(&session, |_| Some(&empty), at(0), 20)), ["only"]);
}

#[test]
fn equal_scores_are_in_the_order_of_ids_whatever_the_alphabet() {
    let ids = ["ü", "zelt", "帳篷", "⛺", "mat"];
    let equal = list(ids.iter().map(|id| pair(id, 0, 60)).collect());
    let session = [product("x")];
    let ranking = rank_where(&session, |_| Some(&equal), at(0), 9, |c| c.neighbour.is_some());
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    assert_eq!(names(&ranking), sorted);
}

#[test]
fn a_long_session_of_full_lists_is_ranked_whole() {
    let full =
        |n: u64| list((0..60).map(|k| pair(&format!("p-{}", n * 100 + k), 0, 60 + k)).collect::<Vec<_>>());
    let lists: Vec<_> = (0..40).map(full).collect();
    let session: Vec<_> = (0..40).map(|n| product(&format!("s{n}"))).collect();
    let lookup = |id: &ProductId| lists.get(id.as_str()[1..].parse::<usize>().unwrap());
    let ranking = rank(&session, lookup, at(0), usize::MAX);
    assert_eq!(ranking.len(), 10 * NEIGHBOUR_COUNT_MAX + 20, "ten lists, and twenty of its own");
    assert_eq!(names(&ranking)[0], "s39");
}

/// With something in every part. Changing it makes the fixture useless: add a new one instead.
fn full() -> Neighbours {
    let pairs = [told("tent", 0, "tents", 7), told("mat", 30, "mats", 0), told("hut", 1, "tents", 28)];
    list(pairs.into_iter().chain([pair("mug", 24 * 900, 30)]).collect())
}

#[test]
fn the_stored_layout_has_not_changed() {
    let packed = pack_state(1, &full()).unwrap();
    let fixture = include_str!("../../testdata/neighbours-v1.hex").trim();
    assert_eq!(data_encoding::HEXLOWER.encode(&packed), fixture);
    assert_eq!(unpack_state::<Neighbours>(1, &packed).unwrap(), full());
    let empty = pack_state(1, &Neighbours::default()).unwrap();
    assert!(empty.len() <= 5, "a category has none, and pays {} bytes", empty.len());
}

/// Not a promise but a measurement with room: whoever makes lists larger is told.
#[test]
fn a_full_list_is_small() {
    let pairs = (0..60).map(|n| told(&format!("{:07}", n * 37), n, &format!("{:07}", n % 5), 7));
    let list = list(pairs.collect());
    let bytes = pack_state(1, &list).unwrap().len();
    assert!(bytes <= 1_000, "{} neighbours take {bytes} bytes", list.len());
}

fn some_pairs() -> impl Strategy<Value = Vec<Pair>> {
    let one = (0..NEIGHBOUR_COUNT_MAX, 0..50_000_u64, 1..=PAIR_POINTS, 0..4_u8);
    let one = one.prop_map(|(n, hour, points, band)| Pair {
        category: (band > 1).then(|| Category::new(&format!("c{}", n % 3)).unwrap()),
        price_band: PriceBand::from_number(band).filter(|_| band > 2),
        ..pair(&format!("p{n}"), hour, points)
    });
    proptest::collection::vec(one, 1..80)
}

proptest! {
    #[test]
    fn while_there_are_places_no_order_and_no_batch_matters(pairs in some_pairs(), size in 1..20_usize) {
        let whole = list(pairs.clone());
        let mut batched = Neighbours::default();
        for batch in pairs.rchunks(size) {
            batched.fold(batch.iter().rev().cloned().collect(), NEIGHBOUR_COUNT_MAX);
        }
        prop_assert_eq!(&whole, &batched);
        let packed = pack_state(1, &whole).unwrap();
        prop_assert_eq!(unpack_state::<Neighbours>(1, &packed).unwrap(), whole);
    }
}
