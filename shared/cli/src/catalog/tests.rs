//! The commands against the real admin function, over a real port.

use super::{CatalogArgs, export, parts, run, show, status};
use crate::error::CliError;
use crate::replay::format::input::Input;
use crate::tests::Served;
use beckon_domain::{ProductId, Timestamp};
use beckon_rules::SAMPLE;
use beckon_store::tables::{ImportLog, ProductStore, Read};
use beckon_wire::catalog::feed::{FeedFormat, ROW_COUNT_MAX, parse};
use clap::Parser;

#[derive(Parser)]
struct Typed {
    #[command(flatten)]
    catalog: CatalogArgs,
}

impl Served {
    async fn catalog(&self, typed: &[&str]) -> Result<(), CliError> {
        let args = Typed::try_parse_from(self.typed(typed)).unwrap();
        Box::pin(run(args.catalog)).await
    }

    async fn ids(&self) -> Vec<String> {
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let page = self.tables.product_page(after.as_deref()).await.unwrap();
            ids.extend(page.products.into_iter().map(|facts| facts.id.to_string()));
            after = page.next;
            if after.is_none() {
                return ids;
            }
        }
    }
}

fn code(error: &CliError) -> String {
    format!("{:?}", error.exit_code())
}

fn feed(ids: impl IntoIterator<Item = u32>) -> String {
    ids.into_iter().map(|n| format!("{{\"id\":\"p{n:05}\",\"title\":\"Product {n}\"}}\n")).collect()
}

#[tokio::test]
async fn a_feed_of_several_parts_is_one_import_and_its_bad_rows_keep_their_numbers() {
    let served = Served::start().await;
    let text = feed(0..1_500) + "{\"id\":\"bad\"}\n" + &feed([7]);
    let file = served.file("products.jsonl", &text);
    served.catalog(&["import", &file, "--dry-run"]).await.unwrap_err();
    assert!(served.ids().await.is_empty(), "a dry run changes nothing");
    let errors = served.folder.path().join("errors.jsonl").display().to_string();
    let refused = served.catalog(&["import", &file, "--errors", &errors, "--by", "night"]).await.unwrap_err();
    assert!(refused.to_string().starts_with("1 row of "), "{refused}");
    assert_eq!(code(&refused), format!("{:?}", std::process::ExitCode::from(1)));
    assert_eq!(served.ids().await.len(), 1_500);
    let told = std::fs::read_to_string(errors).unwrap();
    assert!(told.contains("\"row\":1501") && told.contains("title: is missing"), "{told}");
    let import = served.tables.latest_import().await.unwrap().unwrap();
    assert_eq!((import.parts, import.counts.rows, import.counts.refused), (2, 1_502, 1));
    assert_eq!(import.by.as_deref(), Some("night"));
    served.catalog(&["status"]).await.unwrap();
    served.catalog(&["show", "p00007", "--json"]).await.unwrap();
}

#[tokio::test]
async fn what_a_feed_does_not_have_is_deleted_unless_that_is_most_of_the_catalog() {
    let served = Served::start().await;
    let all = served.file("all.jsonl", &feed(0..10));
    served.catalog(&["import", &all]).await.unwrap();
    let few = served.file("few.jsonl", &feed(0..3));
    let refused = served.catalog(&["import", &few, "--delete-missing"]).await.unwrap_err();
    assert!(refused.to_string().starts_with("7 of 10 products are not in the feed"), "{refused}");
    assert_eq!(served.ids().await.len(), 10);
    let most = served.file("most.jsonl", &feed(0..9));
    served.catalog(&["import", &most, "--delete-missing"]).await.unwrap();
    assert_eq!(served.ids().await.len(), 9);
    let broken = served.file("broken.jsonl", &(feed(0..8) + "{\"id\": \n"));
    let refused = served.catalog(&["import", &broken, "--delete-missing"]).await.unwrap_err();
    assert!(refused.to_string().contains("nobody knows which"), "{refused}");
    served.catalog(&["import", &few, "--delete-missing", "--yes", "--json"]).await.unwrap();
    assert_eq!(served.ids().await, ["p00000", "p00001", "p00002"]);
}

#[tokio::test]
async fn mistakes_of_a_new_user_are_told_in_one_line_and_end_with_2() {
    let served = Served::start().await;
    let cases = [
        (served.file("products.xml", "<rss/>"), "give --format jsonl or csv"),
        (served.file("array.jsonl", "[{\"id\":\"mug\",\"title\":\"Mug\"}]"), "an object on each line"),
        (served.file("names.csv", "sku,name\nmug,Mug\n"), "no column `id`: rename `sku`"),
        (served.file("excel.csv", "\u{0}"), "no column `id`"),
        ("no-such.csv".to_owned(), "cannot read the feed"),
    ];
    for (file, expected) in cases {
        let error = served.catalog(&["import", &file]).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.to_string().contains('\n'), "{error}");
        assert_eq!(code(&error), format!("{:?}", std::process::ExitCode::from(2)), "{error}");
    }
    let open = served.file("open.csv", &format!("id,title\nmug,\"Mug\n{}", "x,y\n".repeat(2_000_000)));
    let error = served.catalog(&["import", &open]).await.unwrap_err();
    assert!(error.to_string().contains("row 2") && error.to_string().contains("quote not closed"), "{error}");
    let unknown = served.catalog(&["show", "never-told"]).await.unwrap_err();
    assert!(unknown.to_string().contains("no feed and no event told this product"), "{unknown}");
}

#[tokio::test]
async fn the_products_of_the_sample_are_a_feed() {
    let served = Served::start().await;
    let lines = export::lines(SAMPLE).unwrap();
    let file = served.file("sample.jsonl", &lines.join("\n"));
    served.catalog(&["import", &file]).await.unwrap();
    let ids = [ProductId::new("tent-2p").unwrap()];
    let found = served.tables.products(&ids, Read::Strong).await.unwrap();
    let tent = &found[&ids[0]];
    assert_eq!(tent.category().map(ToString::to_string).as_deref(), Some("tents"));
    assert!(tent.price.is_some() && tent.link.is_some(), "{tent:?}");
}

#[test]
fn parts_of_csv_keep_numbers_and_values_whatever_is_quoted() {
    let long = "a \"quoted\" word,\r\nand a line; ".repeat(20);
    let mut text = String::from("\u{feff}id;title;brand\r\n");
    for n in 0..2_500 {
        text.push_str(&format!("p{n};\"{} {n}\";Brand\r\n", long.replace('"', "\"\"")));
    }
    let rows: Vec<_> = parts::of(FeedFormat::Csv, Input::of(text.into_bytes())).unwrap().collect();
    let mut next = 2;
    for part in rows {
        let part = part.unwrap();
        assert_eq!(part.first_row, next);
        let feed = parse(FeedFormat::Csv, &part.bytes, Some(part.first_row), Timestamp::EPOCH).unwrap();
        assert!(
            feed.row_count as usize <= ROW_COUNT_MAX && !feed.errors.is_empty()
                || feed.products.len() == part.ids.len()
        );
        next += feed.row_count;
    }
    assert_eq!(next, 2_502);
}

#[test]
fn what_is_known_is_told_in_words() {
    let told = show::lines(&serde_json::json!({ "source": "feed", "asOf": "now",
        "product": { "brand": "B", "id": "mug", "price": "18.00 EUR", "title": "Mug" } }));
    assert!(
        told[0].starts_with("id") && told[1].starts_with("title") && told[4].contains("feed, now"),
        "{told:?}"
    );
    let none = status::lines(&serde_json::json!({}));
    assert!(
        none[0].contains("nothing was published yet") && none[1].contains("beckon catalog import"),
        "{none:?}"
    );
}
