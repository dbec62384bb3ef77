//! Golden cases of product feeds: each file of `testdata/feeds` and what is read of it. Adding one needs no Rust;
//! `UPDATE_GOLDEN=1` writes what is read.
#![expect(clippy::unwrap_used, reason = "assertions of a test")]

use beckon_domain::Timestamp;
use beckon_wire::catalog::feed::{FeedFormat, FeedProduct, parse};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn read_of(format: FeedFormat, bytes: &[u8]) -> String {
    let feed = match parse(format, bytes, None, Timestamp::from_ms(1_763_800_000_000)) {
        Ok(feed) => feed,
        Err(error) => return format!("refused: {error}\n"),
    };
    let mut text = format!("{} rows\n", feed.row_count);
    for (row, facts) in &feed.products {
        let product = serde_json::to_string(&FeedProduct::from(facts)).unwrap();
        writeln!(text, "{row}: {product}").unwrap();
    }
    for error in &feed.errors {
        let id = error.id.as_deref().map(|id| format!(" ({id})")).unwrap_or_default();
        writeln!(text, "{}: error{id}: {}", error.row, error.detail).unwrap();
    }
    for note in &feed.notes {
        writeln!(text, "{}: note: {}", note.row, note.detail).unwrap();
    }
    text
}

#[test]
fn every_feed_is_read_as_its_golden_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/feeds");
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut feeds: Vec<PathBuf> =
        files.filter(|path| path.extension().is_none_or(|e| e != "golden")).collect();
    feeds.sort();
    let mut wrong = Vec::new();
    for feed in &feeds {
        let name = feed.file_name().unwrap().to_str().unwrap();
        let format = FeedFormat::of_file_name(name).unwrap_or_else(|| panic!("{name} is no feed"));
        let read = read_of(format, &std::fs::read(feed).unwrap());
        let golden = folder.join(format!("{name}.golden"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &read).unwrap();
        } else if std::fs::read_to_string(&golden).unwrap_or_default() != read {
            wrong.push(format!("{name}:\n{read}"));
        }
    }
    assert!(feeds.len() >= 10, "the feeds were not found");
    assert!(
        wrong.is_empty(),
        "UPDATE_GOLDEN=1 writes what is read now; read it first:\n{}",
        wrong.join("\n")
    );
}
