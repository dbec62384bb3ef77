//! Which crate may depend on which: arrows point downward only (ARCHITECTURE.md, "Direction").

use crate::tree::{files, read};
use std::collections::BTreeSet;

/// Ours that each crate may use. Functions may use what `FUNCTION` lists; the command and the tests, everything.
const MAY_USE: &[(&str, &[&str])] = &[
    ("beckon-domain", &[]),
    ("beckon-rules", &["beckon-domain"]),
    ("beckon-recommend", &["beckon-domain"]),
    ("beckon-mapping", &["beckon-domain"]),
    ("beckon-statistics", &[]),
    ("beckon-wire", &["beckon-domain", "beckon-recommend"]),
    ("beckon-store", &["beckon-domain", "beckon-recommend", "beckon-rules"]),
    ("beckon-runtime", &["beckon-domain"]),
    ("beckon-batch", &["beckon-domain", "beckon-wire"]),
    ("beckon-mail", &["beckon-domain"]),
    // Functions are not among those who may use it: a Lambda holds no document.
    ("beckon-contract", &["beckon-domain", "beckon-wire"]),
];
const FUNCTION: &[&str] = &[
    "beckon-batch",
    "beckon-mail",
    "beckon-domain",
    "beckon-recommend",
    "beckon-rules",
    "beckon-runtime",
    "beckon-statistics",
    "beckon-store",
    "beckon-wire",
];
const PURE: &[&str] =
    &["beckon-domain", "beckon-rules", "beckon-recommend", "beckon-mapping", "beckon-statistics"];
/// Where the AWS SDK may be named, beside the command and the tests.
const MAY_USE_SDK: &[&str] = &["beckon-store", "beckon-runtime", "cart-mailer"];

struct Manifest {
    path: String,
    name: String,
    dependencies: BTreeSet<String>,
}

fn manifests() -> Vec<Manifest> {
    let paths = ["functions", "shared", "tests"].iter().flat_map(|folder| files(folder, "Cargo.toml"));
    paths.map(|path| manifest(&path)).collect()
}

fn manifest(path: &str) -> Manifest {
    let text = read(path);
    let name =
        text.lines().find_map(|l| l.strip_prefix("name = \"")).unwrap().trim_end_matches('"').to_owned();
    let mut dependencies = BTreeSet::new();
    let mut in_dependencies = false;
    for line in text.lines() {
        if line.starts_with('[') {
            in_dependencies = line == "[dependencies]";
        } else if in_dependencies && !line.trim().is_empty() && !line.starts_with('#') {
            dependencies.insert(line.split(['.', ' ', '=']).next().unwrap().to_owned());
        }
    }
    Manifest { path: path.to_owned(), name, dependencies }
}

#[test]
fn crates_depend_downward_only_and_functions_never_on_functions() {
    let all = manifests();
    let ours: BTreeSet<&str> = all.iter().map(|m| m.name.as_str()).collect();
    for manifest in &all {
        let may_use = match MAY_USE.iter().find(|(name, _)| *name == manifest.name) {
            Some((_, may_use)) => *may_use,
            None if manifest.path.starts_with("functions/") => FUNCTION,
            None => continue,
        };
        for dependency in manifest.dependencies.iter().filter(|d| ours.contains(d.as_str())) {
            assert!(
                may_use.contains(&dependency.as_str()),
                "{} must not depend on {dependency}",
                manifest.path
            );
        }
    }
    assert!(all.len() >= 13, "the manifests were not found");
}

#[test]
fn pure_crates_have_no_async_no_client_and_no_clock_among_their_dependencies() {
    const BANNED: &[&str] = &[
        "tokio",
        "futures-util",
        "axum",
        "reqwest",
        "rand",
        "fastrand",
        "uuid",
        "chrono",
        "jiff",
        "tracing",
    ];
    // Rules know calendars and time zones, of a database that is compiled in; what of it looks at a clock or a file is
    // disallowed by the crate's own clippy.toml.
    const MAY: &[(&str, &str)] = &[("beckon-rules", "jiff")];
    for manifest in manifests().iter().filter(|m| PURE.contains(&m.name.as_str())) {
        for banned in BANNED {
            let may = MAY.contains(&(manifest.name.as_str(), banned));
            assert!(
                may || !manifest.dependencies.contains(*banned),
                "{} must not depend on {banned}",
                manifest.path
            );
        }
    }
}

#[test]
fn the_aws_sdk_is_named_where_adapters_live_and_nowhere_else() {
    for manifest in manifests() {
        let may = MAY_USE_SDK.contains(&manifest.name.as_str())
            || ["beckon-cli", "e2e"].contains(&manifest.name.as_str());
        let uses = manifest.dependencies.iter().find(|d| d.starts_with("aws-sdk-"));
        assert!(may || uses.is_none(), "{} must not depend on {uses:?}", manifest.path);
    }
}

#[test]
fn every_dependency_is_used_by_the_crate_that_names_it() {
    for manifest in manifests() {
        let folder = manifest.path.trim_end_matches("/Cargo.toml");
        let sources: String = files(folder, ".rs").iter().map(|path| read(path)).collect();
        for dependency in &manifest.dependencies {
            let name = dependency.trim_end_matches("-rs").replace('-', "_");
            assert!(sources.contains(&name), "{} names {dependency}, which nothing uses", manifest.path);
        }
    }
}
