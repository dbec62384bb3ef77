use super::packed::{pack_facts, pack_snapshot, unpack_facts, unpack_snapshot};
use super::*;
use crate::id::{Brand, Category, GroupId, ProductId};
use crate::money::Money;
use crate::policy::{SNAPSHOT_BYTES_MAX, SNAPSHOT_WHOLE_COUNT_MAX};
use crate::{DurationMs, Timestamp};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);

fn product(id: &str, availability: Availability, minutes: u64) -> ProductFacts {
    let id = ProductId::new(id).unwrap();
    let title = format!("The {id}");
    let at = NOW + DurationMs::from_minutes(minutes);
    ProductFacts { availability, ..ProductFacts::new(id, title, at, FactsSource::Feed) }
}

/// With something in every part. Changing it makes the fixtures useless: add new ones instead.
fn full() -> ProductFacts {
    let text = |text: &str| Some(text.to_owned());
    ProductFacts {
        link: text("https://shop.example/p/tent-2p"),
        image_link: text("https://shop.example/i/tent-2p.jpg"),
        price: Some(Money::parse("399.00 EUR").unwrap()),
        sale: Some(Sale {
            price: Money::parse("349.00 EUR").unwrap(),
            from: Some(NOW),
            until: Some(NOW + DurationMs::from_days(7)),
        }),
        path: ["Outdoor", "Tents"].map(|level| Category::new(level).unwrap()).into(),
        brand: Some(Brand::new("Northwind").unwrap()),
        group: Some(GroupId::new("tent").unwrap()),
        attributes: [("color", "green"), ("season", "3")].map(|(n, v)| (n.into(), v.into())).into(),
        ..product("tent-2p", Availability::InStock, 0)
    }
}

fn snapshot_of(products: impl IntoIterator<Item = ProductFacts>) -> CatalogSnapshot {
    let mut builder = SnapshotBuilder::default();
    products.into_iter().for_each(|facts| builder.add(facts));
    builder.build(NOW)
}

#[test]
fn a_snapshot_says_of_a_product_what_its_facts_say() {
    let snapshot = snapshot_of([product("mug", Availability::OutOfStock, 0), full()]);
    let tent = snapshot.product("tent-2p").unwrap();
    assert_eq!((tent.id().as_str(), tent.title()), ("tent-2p", Some("The tent-2p")));
    assert_eq!(tent.link(), Some("https://shop.example/p/tent-2p"));
    assert_eq!(tent.image_link(), Some("https://shop.example/i/tent-2p.jpg"));
    assert_eq!(tent.category().map(Category::as_str), Some("Tents"));
    assert_eq!(tent.path().map(Category::as_str).collect::<Vec<_>>(), ["Outdoor", "Tents"]);
    assert_eq!(tent.brand().map(Brand::as_str), Some("Northwind"));
    assert_eq!((tent.group(), tent.attribute("color")), (Some("tent"), Some("green")));
    assert_eq!((tent.attribute("season"), tent.attribute("size")), (Some("3"), None));
    assert!(tent.is_in_stock());
    let price = |days| tent.price_at(NOW + DurationMs::from_days(days)).unwrap().to_string();
    assert_eq!((price(0), price(7)), ("349.00 EUR".to_owned(), "399.00 EUR".to_owned()));
    let mug = snapshot.product("mug").unwrap();
    assert!(!mug.is_in_stock());
    assert_eq!((mug.link(), mug.category(), mug.brand(), mug.group()), (None, None, None, None));
    assert!(snapshot.product("lamp").is_none());
    assert_eq!(snapshot.age(NOW + DurationMs::from_minutes(5)), DurationMs::from_minutes(5));
}

#[test]
fn a_category_has_what_is_in_the_categories_below_it() {
    let snapshot = snapshot_of([full(), product("mug", Availability::InStock, 0)]);
    let of = |category: &str| {
        let category = Category::new(category).unwrap();
        snapshot.of_category(&category).map(|entry| entry.id().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        (of("Outdoor"), of("Tents"), of("Mugs")),
        (vec!["tent-2p".into()], vec!["tent-2p".into()], vec![])
    );
}

#[test]
fn no_product_and_one_product_make_a_snapshot() {
    let empty = snapshot_of([]);
    assert!(empty.is_empty() && empty.product("").is_none());
    for snapshot in [empty, snapshot_of([product("mug", Availability::Untold, 0)])] {
        assert_eq!(unpack_snapshot(&pack_snapshot(&snapshot).unwrap()).unwrap(), snapshot);
    }
}

#[test]
fn what_does_not_fit_is_left_out_in_stock_last_and_nothing_is_whole_that_has_no_room() {
    let mut builder = SnapshotBuilder::with_room(2_000, 3);
    for n in 0..100 {
        let availability = if n % 2 == 0 { Availability::OutOfStock } else { Availability::InStock };
        builder.add(product(&format!("p{n:02}"), availability, n));
    }
    let snapshot = builder.build(NOW);
    assert!(snapshot.bytes() <= 2_000, "{} bytes", snapshot.bytes());
    assert_eq!(snapshot.len() + snapshot.omitted_count(), 100);
    assert!(snapshot.iter().all(|entry| entry.is_in_stock()));
    let whole: Vec<_> = snapshot.iter().filter(|e| e.title().is_some()).map(|e| e.id().as_str()).collect();
    assert_eq!(whole, ["p95", "p97", "p99"], "the newest");
    assert_eq!(snapshot.whole_count(), 3);
}

/// The budget that README and policy state, with rows as long as those of a real shop.
#[test]
fn fifty_thousand_products_fit_whole() {
    let mut builder = SnapshotBuilder::default();
    for n in 0..SNAPSHOT_WHOLE_COUNT_MAX as u64 {
        let id = format!("sku-{n:08}");
        let name = format!("Three season trekking tent for two people, model {n}, green");
        builder.add(ProductFacts {
            title: name,
            link: Some(format!(
                "https://www.shop.example/outdoor/tents/three-season-trekking-tent-{n}?variant=2"
            )),
            image_link: Some(format!("https://cdn.shop.example/images/large/trekking-tent-{n}-front.jpg")),
            path: vec![Category::new("Outdoor").unwrap(), Category::new(&format!("c{}", n % 900)).unwrap()],
            group: Some(GroupId::new(&format!("g{}", n / 4)).unwrap()),
            ..ProductFacts { id: ProductId::new(&id).unwrap(), ..full() }
        });
    }
    let snapshot = builder.build(NOW);
    assert_eq!(
        (snapshot.len(), snapshot.whole_count()),
        (SNAPSHOT_WHOLE_COUNT_MAX, SNAPSHOT_WHOLE_COUNT_MAX)
    );
    assert!(snapshot.bytes() <= SNAPSHOT_BYTES_MAX, "{} bytes", snapshot.bytes());
    let unpacked = unpack_snapshot(&pack_snapshot(&snapshot).unwrap()).unwrap();
    assert!(unpacked.bytes() <= SNAPSHOT_BYTES_MAX, "{} bytes", unpacked.bytes());
    assert!(unpacked.product("sku-00031415").is_some_and(|entry| entry.is_in_stock()));
}

#[test]
fn what_is_cut_off_or_of_another_version_is_no_snapshot() {
    let packed = pack_snapshot(&snapshot_of([full(), product("mug", Availability::InStock, 0)])).unwrap();
    for cut in 0..packed.len() {
        assert!(unpack_snapshot(&packed[..cut]).is_err(), "{cut} bytes");
    }
    let newer = [&[9], &packed[1..]].concat();
    let message = |error: SnapshotError| std::error::Error::source(&error).unwrap().to_string();
    assert!(message(unpack_snapshot(&newer).unwrap_err()).contains("version 9"));
    assert!(unpack_snapshot(&[&packed[..], &[0]].concat()).is_err(), "one byte more");
}

proptest! {
    #[test]
    fn damaged_bytes_are_refused_or_give_a_snapshot_that_can_be_read(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut packed = pack_snapshot(&snapshot_of([full(), product("mug", Availability::InStock, 0)])).unwrap();
        let at = at.index(packed.len());
        packed[at] = byte;
        if let Ok(snapshot) = unpack_snapshot(&packed) {
            for entry in snapshot.iter() {
                let _ = (entry.title(), entry.link(), entry.image_link(), entry.category(), entry.group());
                let _ = (entry.brand(), entry.attribute("color"), entry.price_at(NOW));
            }
            for category in &snapshot.categories {
                snapshot.of_category(category).count();
            }
        }
    }

    #[test]
    fn the_same_products_in_any_order_give_the_same_bytes(seed in any::<u64>(), count in 0..40_u64) {
        let products: Vec<_> = (0..count).map(|n| product(&format!("p{n}"), Availability::InStock, n % 3)).collect();
        let mut shuffled = products.clone();
        shuffled.sort_by_key(|facts| facts.title.bytes().fold(seed | 1, |h, b| h.wrapping_mul(31) ^ u64::from(b)));
        let pack = |products: Vec<_>| pack_snapshot(&snapshot_of(products)).unwrap();
        prop_assert_eq!(pack(products), pack(shuffled));
    }
}

#[test]
fn the_layouts_of_version_1_have_not_changed() {
    let facts = pack_facts(&full()).unwrap();
    assert_eq!(unpack_facts(&facts).unwrap(), full());
    let snapshot = pack_snapshot(&snapshot_of([full(), product("mug", Availability::Untold, 0)])).unwrap();
    let written = [facts, snapshot].map(|bytes| data_encoding::HEXLOWER.encode(&bytes));
    let fixtures = [
        include_str!("../../testdata/facts-v1.hex").trim(),
        include_str!("../../testdata/catalog-snapshot-v1.hex").trim(),
    ];
    assert_eq!(written, fixtures);
}

#[test]
fn availability_is_read_as_feeds_write_it() {
    for word in ["in stock", "in_stock", "In Stock", "IN_STOCK", "instock"] {
        assert_eq!(Availability::parse(word), Some(Availability::InStock), "{word}");
    }
    assert_eq!(Availability::parse("out of stock"), Some(Availability::OutOfStock));
    assert_eq!(Availability::parse("pre-order"), Some(Availability::Preorder));
    assert_eq!((Availability::parse("yes"), Availability::parse("")), (None, None));
}
