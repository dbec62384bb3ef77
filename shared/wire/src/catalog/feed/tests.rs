use super::*;
use beckon_domain::catalog::{Availability, FactsSource, Sale};
use beckon_domain::id::GroupId;
use beckon_domain::{Brand, Category, DurationMs, Money};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);

/// Texts as they are once they are read: no white space around them, no control characters, one space at a time.
fn text(letters: usize) -> impl Strategy<Value = String> {
    let word = proptest::string::string_regex("[^\\p{C}\\p{Z}>]{1,8}").unwrap();
    proptest::collection::vec(word, 1..=letters).prop_map(|words| words.join(" "))
}

fn money() -> impl Strategy<Value = Money> {
    (0..100_000_000_i64, prop::sample::select(vec!["EUR", "JPY", "KWD"]))
        .prop_map(|(minor, currency)| Money { minor, currency: currency.parse().unwrap() })
}

fn facts() -> impl Strategy<Value = ProductFacts> {
    let paths = proptest::collection::vec(text(2), 0..3);
    let sale = proptest::option::of((0..9_u64, proptest::option::of(10..20_u64)));
    let attributes = proptest::collection::btree_map("x[a-z]{1,10}", text(3), 0..4);
    let texts = (text(2), text(6), proptest::option::of(text(1)), proptest::option::of(text(1)));
    let address = proptest::option::of("[a-z0-9/?&=%.-]{0,40}");
    let rest = (proptest::option::of(money()), sale, 0..5_usize, paths, attributes, address);
    (texts, rest).prop_map(|((id, title, brand, group), (price, sale, stock, path, attributes, address))| {
        let sale = price.filter(|price| price.minor > 0).zip(sale).map(|(price, (from, until))| Sale {
            price: Money { minor: price.minor - 1, ..price },
            from: Some(NOW + DurationMs::from_days(from)),
            until: until.map(|until| NOW + DurationMs::from_days(until)),
        });
        ProductFacts {
            link: address.map(|rest| format!("https://shop.example/{rest}")),
            price,
            sale,
            availability: [Availability::Untold]
                .iter()
                .chain(&Availability::TOLD)
                .nth(stock)
                .copied()
                .unwrap(),
            path: path.iter().map(|level| Category::new(level).unwrap()).collect(),
            brand: brand.map(|brand| Brand::new(&brand).unwrap()),
            group: group.map(|group| GroupId::new(&group).unwrap()),
            attributes: attributes.into_iter().map(|(n, v)| (n.into(), v.into())).collect(),
            ..ProductFacts::new(ProductId::new(&id).unwrap(), title, NOW, FactsSource::Feed)
        }
    })
}

/// Facts as a CSV of all fields.
fn as_csv(facts: &ProductFacts) -> Vec<u8> {
    let row = serde_json::to_value(FeedProduct::from(facts)).unwrap();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let (names, values): (Vec<&str>, Vec<&str>) =
        row.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).unzip();
    writer.write_record(names).unwrap();
    writer.write_record(values).unwrap();
    writer.into_inner().unwrap()
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(facts in facts()) {
        let line = serde_json::to_vec(&FeedProduct::from(&facts)).unwrap();
        for (format, bytes) in [(FeedFormat::JsonLines, line), (FeedFormat::Csv, as_csv(&facts))] {
            let feed = parse(format, &bytes, None, NOW).unwrap();
            prop_assert_eq!(&feed.errors, &[]);
            prop_assert_eq!(&feed.products, &[(format.first_row(), facts.clone())]);
        }
    }

    #[test]
    fn any_line_is_a_product_or_one_error_with_its_number(
        lines in proptest::collection::vec(prop_oneof![
            facts().prop_map(|facts| serde_json::to_vec(&FeedProduct::from(&facts)).unwrap()),
            proptest::collection::vec(any::<u8>().prop_filter("one line", |b| *b != b'\n'), 1..60),
            "\\{\"(id|title|price|link)\":(\"[a-z ]{0,9}\"|[0-9]{1,3}|null|\\[1\\]|\\{\\})\\}".prop_map(String::into_bytes),
        ], 0..20),
        first_row in 1..1_000_u64,
    ) {
        let bytes = lines.join(&b'\n');
        let Ok(feed) = parse(FeedFormat::JsonLines, &bytes, Some(first_row), NOW) else { return Ok(()) };
        let told: u64 = feed.notes.iter().filter(|note| note.detail.contains("does not count") && note.detail.starts_with("row")).count() as u64;
        prop_assert_eq!(feed.row_count, feed.products.len() as u64 + feed.errors.len() as u64 + told);
        let mut numbers: Vec<u64> = feed.errors.iter().map(|error| error.row).collect();
        numbers.extend(feed.products.iter().map(|(row, _)| *row));
        numbers.sort_unstable();
        let count = numbers.len();
        numbers.dedup();
        prop_assert_eq!(numbers.len(), count, "no row is told twice");
        prop_assert!(numbers.iter().all(|row| (first_row..first_row + lines.len() as u64).contains(row)));
        prop_assert!(feed.errors.iter().all(|error| !error.detail.is_empty() && !error.detail.contains('\n')));
    }

    #[test]
    fn any_bytes_as_csv_are_read_or_refused_in_words(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let bytes = [b"id,title,price\n", &bytes[..]].concat();
        let feed = parse(FeedFormat::Csv, &bytes, None, NOW).unwrap();
        let last = feed.errors.iter().map(|e| e.row).chain(feed.products.iter().map(|p| p.0)).max().unwrap_or(1);
        prop_assert!(last <= 1 + feed.row_count);
    }
}

#[test]
fn a_request_has_so_many_rows_and_no_more() {
    let rows = |count: usize| "{\"id\":\"a\",\"title\":\"A\"}\n".repeat(count).into_bytes();
    let feed = parse(FeedFormat::JsonLines, &rows(ROW_COUNT_MAX), None, NOW).unwrap();
    assert_eq!(
        (feed.row_count, feed.products.len()),
        (ROW_COUNT_MAX as u64, 1),
        "of one product the last row"
    );
    let refused = parse(FeedFormat::JsonLines, &rows(ROW_COUNT_MAX + 1), None, NOW);
    assert_eq!(refused, Err(FeedError::TooManyRows));
}

#[test]
fn a_format_is_known_by_its_file_and_by_its_content_type() {
    assert_eq!(FeedFormat::of_file_name("feeds/Products.CSV.gz"), Some(FeedFormat::Csv));
    assert_eq!(FeedFormat::of_file_name("products.jsonl"), Some(FeedFormat::JsonLines));
    assert_eq!(FeedFormat::of_file_name("products.xml"), None);
    assert_eq!(FeedFormat::of_content_type("text/csv; charset=utf-8"), Some(FeedFormat::Csv));
    assert_eq!(FeedFormat::of_content_type("application/x-ndjson"), Some(FeedFormat::JsonLines));
    assert_eq!(FeedFormat::of_content_type("application/json"), None);
}

#[test]
fn rows_may_be_counted_from_any_number() {
    for first_row in [u64::MAX - 1, u64::MAX] {
        let feed = parse(FeedFormat::JsonLines, b"{\n{\n{", Some(first_row), NOW).unwrap();
        assert_eq!((feed.errors.len(), feed.errors[2].row), (3, u64::MAX));
    }
}
