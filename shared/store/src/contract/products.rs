//! What every adapter promises of products and of imports.

use super::minute;
use crate::tables::{ImportCounts, ImportLog, ImportPart, ProductStore, Read, Told};
use beckon_domain::catalog::FactsSource;
use beckon_domain::{ProductFacts, ProductId, Timestamp};

fn id(name: &str) -> ProductId {
    ProductId::new(name).unwrap()
}

fn facts(name: &str, title: &str, at: u64, source: FactsSource) -> ProductFacts {
    ProductFacts::new(id(name), title, minute(at), source)
}

pub(super) async fn all<T: ProductStore + ImportLog>(tables: &T) {
    newest_wins(tables).await;
    a_feed_outweighs_an_event(tables).await;
    pages(tables).await;
    imports(tables).await;
}

async fn title<T: ProductStore>(tables: &T, name: &str) -> Option<String> {
    let mut found = tables.products(&[id(name)], Read::Strong).await.unwrap();
    found.remove(&id(name)).map(|facts| facts.title)
}

/// Of two tellings the newer one counts, whichever comes last; what is told twice is there once; what is deleted stays so
/// until something newer is told.
async fn newest_wins<T: ProductStore>(tables: &T) {
    let feed = |title, at| facts("newest", title, at, FactsSource::Feed);
    assert_eq!(title(tables, "newest").await, None);
    assert_eq!(tables.put_product(&feed("second", 2)).await.unwrap(), Told::Taken);
    assert_eq!(tables.put_product(&feed("first", 1)).await.unwrap(), Told::Older);
    assert_eq!(tables.put_product(&feed("second", 2)).await.unwrap(), Told::Taken, "again");
    assert_eq!(title(tables, "newest").await.as_deref(), Some("second"));
    let deleted = id("newest");
    let delete = |at| tables.delete_product(&deleted, minute(at), minute(1_000));
    assert_eq!(delete(1).await.unwrap(), Told::Older);
    assert!(title(tables, "newest").await.is_some());
    assert_eq!(delete(3).await.unwrap(), Told::Taken);
    assert_eq!(title(tables, "newest").await, None);
    assert_eq!(tables.put_product(&feed("late", 2)).await.unwrap(), Told::Older);
    assert_eq!(title(tables, "newest").await, None, "an older feed does not bring it back");
    assert_eq!(tables.put_product(&feed("new", 4)).await.unwrap(), Told::Taken);
    assert_eq!(title(tables, "newest").await.as_deref(), Some("new"));
}

/// What an event says fills a gap, and never more than that.
async fn a_feed_outweighs_an_event<T: ProductStore>(tables: &T) {
    let feed = |title, at| facts("gap", title, at, FactsSource::Feed);
    let event = |title, at| facts("gap", title, at, FactsSource::Event);
    assert_eq!(tables.put_product(&event("seen", 50)).await.unwrap(), Told::Taken);
    assert_eq!(tables.put_product(&event("seen earlier", 49)).await.unwrap(), Told::Older);
    assert_eq!(tables.put_product(&event("seen later", 51)).await.unwrap(), Told::Taken);
    assert_eq!(title(tables, "gap").await.as_deref(), Some("seen later"));
    assert_eq!(tables.put_product(&feed("told", 10)).await.unwrap(), Told::Taken, "although it is older");
    assert_eq!(tables.put_product(&event("seen again", 60)).await.unwrap(), Told::Older);
    assert_eq!(title(tables, "gap").await.as_deref(), Some("told"));
    tables.delete_product(&id("gap"), minute(11), minute(1_000)).await.unwrap();
    assert_eq!(tables.put_product(&event("seen again", 60)).await.unwrap(), Told::Older);
    assert_eq!(title(tables, "gap").await, None, "an event does not bring it back");
}

/// Every product is on one page, and what is deleted on none.
async fn pages<T: ProductStore>(tables: &T) {
    let names: Vec<String> = (0..230).map(|n| format!("page-{n:03}")).collect();
    for name in &names {
        tables.put_product(&facts(name, name, 1, FactsSource::Feed)).await.unwrap();
    }
    tables.delete_product(&id("page-007"), minute(2), minute(1_000)).await.unwrap();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = tables.product_page(after.as_deref()).await.unwrap();
        found.extend(page.products.into_iter().map(|facts| facts.id.as_str().to_owned()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    found.retain(|name| name.starts_with("page-"));
    found.sort_unstable();
    let expected: Vec<String> = names.iter().filter(|name| *name != "page-007").cloned().collect();
    assert_eq!(found, expected);
    let ids: Vec<ProductId> = names.iter().map(|name| id(name)).collect();
    assert_eq!(tables.products(&ids, Read::Eventual).await.unwrap().len(), 229);
}

/// A part counts once, however often it is recorded; the latest import is the one that says the newest.
async fn imports<T: ImportLog>(tables: &T) {
    let part = |import: &str, told_at: Timestamp, part: &str, rows| ImportPart {
        import: import.to_owned(),
        told_at,
        part: part.to_owned(),
        at: told_at,
        who: "server".to_owned(),
        by: Some("night job".to_owned()),
        note: None,
        counts: ImportCounts { rows, written: rows - 1, refused: 1, ..ImportCounts::default() },
    };
    assert_eq!(tables.latest_import().await.unwrap(), None);
    for (again, new) in [("1", true), ("2", true), ("2", false), ("1", false)] {
        let recorded = tables.record_import(&part("old", minute(1), again, 10)).await.unwrap();
        assert_eq!(recorded, new, "part {again}");
    }
    let found = tables.latest_import().await.unwrap().unwrap();
    assert_eq!((found.import.as_str(), found.parts, found.counts.rows), ("old", 2, 20));
    assert_eq!((found.counts.written, found.counts.refused, found.counts.deleted), (18, 2, 0));
    assert_eq!((found.who.as_str(), found.by.as_deref()), ("server", Some("night job")));
    tables.record_import(&part("new", minute(2), "1", 3)).await.unwrap();
    tables.record_import(&part("older", minute(0), "1", 3)).await.unwrap();
    let found = tables.latest_import().await.unwrap().unwrap();
    assert_eq!((found.import.as_str(), found.parts), ("new", 1), "by what the shop said last");
}
