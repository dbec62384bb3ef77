//! What source files may hold and how long they may be.

use crate::tree::{read, root, rust_files};

const LINES_MAX: usize = 400;
const MAIN_LINES_MAX: usize = 60;
const PURE: &[&str] = &[
    "shared/domain/src/",
    "shared/rules/src/",
    "shared/recommend/src/",
    "shared/mapping/src/",
    "shared/statistics/src/",
];

/// A file without its test module and its comments: what runs in production.
fn production(text: &str) -> String {
    let end = text.find("#[cfg(test)]").unwrap_or(text.len());
    text[..end].lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn files_are_short_enough_to_read() {
    for path in rust_files() {
        let lines = read(&path).lines().count();
        assert!(lines <= LINES_MAX, "{path} has {lines} lines; {LINES_MAX} are the ceiling: find the seam");
    }
}

#[test]
fn entry_points_hold_wiring_and_nothing_else() {
    let mains: Vec<_> =
        rust_files().into_iter().filter(|p| p.starts_with("functions/") && p.ends_with("/main.rs")).collect();
    assert_eq!(mains.len(), 9);
    for path in mains {
        let lines = read(&path).lines().count();
        assert!(lines < MAIN_LINES_MAX, "{path} has {lines} lines");
    }
}

#[test]
fn pure_crates_have_no_clock_no_environment_no_io_no_randomness_and_no_async() {
    const BANNED: &[&str] = &[
        "SystemTime",
        "Instant::",
        "std::env",
        "std::fs",
        "std::net",
        "std::thread",
        "std::process",
        "async fn",
        "async move",
        ".await",
        "rand::rng",
        "use rand::",
        "getrandom",
        "HashMap",
        "HashSet",
        "println!",
        "eprintln!",
    ];
    for path in rust_files().iter().filter(|p| PURE.iter().any(|pure| p.starts_with(pure))) {
        let code = production(&read(path));
        for banned in BANNED {
            assert!(!code.contains(banned), "{path} must not use {banned}");
        }
        // No function of the platform's maths library: its last bits differ between machines. A square root is exact.
        for banned in [".powf(", ".exp(", ".ln(", ".log2(", ".sin("] {
            assert!(
                !code.contains(banned),
                "{path} must not use {banned}: replays must be equal bit for bit"
            );
        }
    }
}

#[test]
fn production_code_neither_unwraps_nor_leaves_work_undone() {
    for path in rust_files()
        .iter()
        .filter(|p| p.contains("/src/") && !p.ends_with("/tests.rs") && !p.contains("/src/contract"))
    {
        let code = production(&read(path));
        for banned in [".unwrap()", ".expect(", "todo!(", "unimplemented!(", "dbg!("] {
            assert!(!code.contains(banned), "{path} must not use {banned}");
        }
    }
}

#[test]
fn tests_neither_sleep_nor_hide() {
    // What measures reads the clock; this folder names what is banned.
    let exempt = ["tests/tidy/", "tests/peers/"];
    for path in rust_files().iter().filter(|p| !exempt.iter().any(|folder| p.starts_with(folder))) {
        let text = read(path);
        let tests = if path.starts_with("tests/") {
            text.as_str()
        } else {
            text.find("#[cfg(test)]").map_or("", |at| &text[at..])
        };
        for banned in ["#[ignore", "sleep(", "SystemTime::now", "Instant::now"] {
            assert!(!tests.contains(banned), "{path}: tests must not use {banned}");
        }
    }
}

#[test]
fn types_have_names_that_say_something() {
    for path in rust_files() {
        for line in read(&path).lines() {
            let Some(name) = ["struct ", "enum ", "trait "].iter().find_map(|kind| {
                line.trim_start()
                    .trim_start_matches("pub ")
                    .trim_start_matches("pub(crate) ")
                    .strip_prefix(kind)
            }) else {
                continue;
            };
            let name = name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            for banned in ["Manager", "Helper", "Util", "Handler2"] {
                assert!(!name.contains(banned), "{path}: {name}");
            }
        }
    }
}

#[test]
fn every_crate_says_what_it_is_and_forbids_unsafe() {
    let libs: Vec<_> = rust_files().into_iter().filter(|p| p.ends_with("/src/lib.rs")).collect();
    assert_eq!(libs.len(), 21);
    for path in libs {
        let text = read(&path);
        assert!(text.starts_with("//! "), "{path} begins with what the crate is");
        assert!(text.contains("#![forbid(unsafe_code)]"), "{path}");
    }
}

#[test]
fn documents_name_files_that_exist() {
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = read(document);
        for path in text.split('`').skip(1).step_by(2) {
            let is_path =
                ["shared/", "functions/", "tests/", "events/"].iter().any(|top| path.starts_with(top));
            let plain = !path.contains(['*', '<', '{', ' ', '…']);
            if is_path && plain {
                let file = path.split(['#', ':']).next().unwrap().trim_end_matches('/');
                assert!(root().join(file).exists(), "{document} names `{path}`, which does not exist");
            }
        }
    }
}
