//! The guide and the rulesets of the folder are true: every example loads, its tests hold, and mistakes are reported as the
//! guide says.
// The tests read their cases from files; the crate itself does no I/O.
#![allow(clippy::disallowed_methods, clippy::expect_used)]

use beckon_rules::Ruleset;
use beckon_rules::testing::{TestReport, run};
use std::path::Path;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A block of the guide between fences: what follows the opening fence, and its text.
struct Block {
    line: usize,
    kind: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(kind), None) => {
                open = Some(Block { line: index + 1, kind: kind.to_owned(), text: String::new() });
            }
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block of the guide has no end");
    blocks
}

/// The top-level fields of a ruleset, each with its name and its text.
fn sections(yaml: &str) -> Vec<(String, String)> {
    let mut sections: Vec<(String, String)> = Vec::new();
    for line in yaml.lines() {
        let is_name = line.starts_with(|c: char| c.is_ascii_lowercase());
        if let Some((name, _)) = line.split_once(':').filter(|_| is_name) {
            sections.push((name.to_owned(), String::new()));
        }
        if let Some((_, text)) = sections.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    sections
}

/// An example in the shop of the first one: its own fields first, so that its lines are those that the guide shows.
fn in_the_shop(example: &str, shop: &str) -> String {
    let own = sections(example);
    let rest = sections(shop)
        .into_iter()
        .filter(|(name, _)| name != "rules" && !own.iter().any(|(known, _)| known == name));
    format!("{example}{}", rest.map(|(_, text)| text).collect::<String>())
}

fn tested(what: &str, yaml: &str) -> TestReport {
    let ruleset = Ruleset::parse(yaml).unwrap_or_else(|error| panic!("{what}:\n{error}"));
    let report = run(&ruleset);
    for test in &report.tests {
        assert_eq!(test.differences, [], "{what}: {}", test.name);
    }
    if !report.tests.is_empty() {
        let never: Vec<&str> = report.never_reached().map(|covered| covered.name.as_str()).collect();
        assert!(never.is_empty(), "{what}: no test reaches {never:?}");
    }
    report
}

#[test]
fn every_example_of_the_guide_loads_and_its_tests_hold() {
    let page = read("README.md");
    let blocks: Vec<Block> = blocks(&page).into_iter().filter(|block| block.kind == "yaml").collect();
    let shop = &blocks.first().expect("the first example").text;
    let mut test_count = 0;
    for block in &blocks {
        let yaml = match block.text.starts_with("version:") {
            true => block.text.clone(),
            false => in_the_shop(&block.text, shop),
        };
        test_count += tested(&format!("README.md, line {}", block.line), &yaml).tests.len();
    }
    assert!(blocks.len() >= 10 && test_count >= 15, "{} examples, {test_count} tests", blocks.len());
}

#[test]
fn mistakes_are_reported_as_the_guide_says() {
    let page = read("README.md");
    let blocks = blocks(&page);
    let shop = &blocks.iter().find(|block| block.kind == "yaml").expect("the first example").text;
    let mut count = 0;
    for (mistake, answer) in blocks.iter().zip(&blocks[1..]).filter(|(block, _)| block.kind == "yaml mistake")
    {
        let error = Ruleset::parse(&in_the_shop(&mistake.text, shop)).expect_err("a mistake");
        assert_eq!(format!("{error}\n"), answer.text, "README.md, line {}", answer.line);
        count += 1;
    }
    assert!(count >= 1);
}

#[test]
fn every_ruleset_of_the_folder_holds_what_its_tests_say_and_names_the_schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rulesets");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        let yaml = read(&format!("rulesets/{name}"));
        assert!(!tested(&name, &yaml).tests.is_empty(), "{name} has no tests");
        let first = yaml.lines().next().unwrap_or_default();
        let schema = first
            .strip_prefix("# yaml-language-server: $schema=")
            .unwrap_or_else(|| panic!("{name}: {first}"));
        read(&format!("rulesets/{schema}"));
        count += 1;
    }
    assert!(count >= 3);
}

#[test]
fn the_guides_experiments_fit_the_shop_of_its_first_example() {
    let page = read("README.md");
    let blocks = blocks(&page);
    let shop = &blocks.iter().find(|block| block.kind == "yaml").expect("the first example").text;
    let ruleset = Ruleset::parse(shop).expect("it is valid");
    let of_experiments: Vec<&Block> =
        blocks.iter().filter(|block| block.kind == "yaml experiments").collect();
    assert!(!of_experiments.is_empty());
    for block in of_experiments {
        let loaded = beckon_rules::Experiments::load(&block.text, &ruleset);
        loaded.unwrap_or_else(|error| panic!("README.md, line {}:\n{error}", block.line));
    }
}
