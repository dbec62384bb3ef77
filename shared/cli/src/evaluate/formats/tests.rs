//! Every file of `testdata` is read as its golden says. `UPDATE_GOLDEN=1 cargo test -p beckon-cli formats` writes them: a
//! golden is read by a person before it is committed.

use super::{BadRows, Kind, SessionFile, read};
use std::fmt::Write;
use std::path::Path;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("testdata/", $name)), include_str!(concat!("testdata/", $name, ".golden")))),*]
    };
}

type File = (&'static str, &'static [u8], &'static str);

const FILES: &[File] = files![
    "sessions.txt",
    "sessions-unicode.txt",
    "sessions-bad.txt",
    "sessions-not-utf8.txt",
    "pairs.tsv",
    "pairs-bad.tsv",
    "clicks.tsv",
    "clicks-bad.tsv",
    "clicks-header-only.tsv",
    "empty.txt",
    "all-bad.txt",
    "taobao.csv",
    "rees46.csv",
    "other-table.csv",
];

fn written(file: &SessionFile) -> String {
    let mut out = format!("{:?}\n", file.kind);
    for session in &file.sessions {
        let ids: Vec<_> = session.products.iter().map(|product| product.as_str()).collect();
        let at = session.at.map_or_else(String::new, |at| format!("{} ", at.as_ms()));
        let _ = writeln!(out, "{at}{}", ids.join(" | "));
    }
    let BadRows { count, samples } = &file.bad_rows;
    let _ = writeln!(out, "{count} bad rows");
    samples.iter().for_each(|sample| {
        let _ = writeln!(out, "  {sample}");
    });
    out
}

#[test]
fn every_file_is_read_as_its_golden_says() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, golden) in FILES {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let found = match read(&path) {
            Ok(file) => written(&file),
            Err(error) => format!("refused: {error}\n"),
        };
        let found = found.replace(&folder.path().display().to_string(), "FOLDER");
        if std::env::var("UPDATE_GOLDEN").is_ok() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/evaluate/formats/testdata");
            std::fs::write(folder.join(format!("{name}.golden")), found).unwrap();
        } else {
            assert_eq!(&found, golden, "{name}");
        }
    }
}

#[test]
fn what_is_wrong_is_said_in_one_line_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let missing = read(&folder.path().join("missing.txt")).unwrap_err();
    assert_eq!(missing.exit_code(), 2.into());
    assert!(missing.to_string().contains("missing.txt") && !missing.to_string().contains('\n'), "{missing}");
    let cut = folder.path().join("cut.txt.gz");
    std::fs::write(&cut, [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b]).unwrap();
    let cut = read(&cut).unwrap_err().to_string();
    assert!(cut.contains("get it again") && !cut.contains('\n'), "{cut}");
}

#[test]
fn a_session_of_a_hundred_thousand_items_is_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.txt");
    let ids: Vec<String> = (0..100_000).map(|id: u32| id.to_string()).collect();
    std::fs::write(&path, ids.join(" ")).unwrap();
    let file = read(&path).unwrap();
    assert_eq!(
        (file.kind, file.sessions.len(), file.sessions[0].products.len()),
        (Kind::Sessions, 1, 100_000)
    );
}
