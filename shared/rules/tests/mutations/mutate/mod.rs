//! Damages rulesets: a seed decides which, and how. `tests/e2e/mutating.rs` compiles this file too.

#[path = "../../../../cli/src/dice.rs"]
#[allow(dead_code)]
mod dice;
mod text;
mod tree;

use dice::Dice;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Every ruleset of the repository, as text and as a tree.
pub struct Mutator {
    texts: Vec<String>,
    trees: Vec<Value>,
}

impl Mutator {
    /// Reads the rulesets of a crate's folder: `rulesets`, and those that its cases hold.
    pub fn new(rules: &Path) -> Self {
        let mut texts: Vec<String> = yaml(&rules.join("rulesets")).iter().map(|path| read(path)).collect();
        for path in yaml(&rules.join("testdata/conformance")) {
            let case: Value = serde_saphyr::from_str(&read(&path)).expect("a case in YAML");
            let own = case["ruleset"].as_str().filter(|text| text.contains('\n'));
            texts.extend(own.map(ToOwned::to_owned));
        }
        let trees =
            texts.iter().map(|text| serde_saphyr::from_str(text).expect("a ruleset in YAML")).collect();
        let refused = yaml(&rules.join("testdata/errors"));
        texts.extend(refused.iter().map(|path| read(path)));
        assert!(texts.len() >= 35, "rulesets are missing: {}", texts.len());
        Self { texts, trees }
    }

    /// The damaged ruleset of a seed: its characters, its values, or its values and then its characters.
    pub fn text(&self, seed: u64) -> String {
        let mut dice = Dice::new(seed, 1);
        let way = dice.below(3);
        let damaged = match way {
            0 => dice.pick(&self.texts).cloned().unwrap_or_default(),
            _ => {
                let mut tree = dice.pick(&self.trees).cloned().unwrap_or_default();
                for _ in 0..often_one(&mut dice) {
                    let other = dice.pick(&self.trees).cloned().unwrap_or_default();
                    tree::damage(&mut tree, &other, &mut dice);
                }
                // JSON is YAML; over several lines, so that a problem has a line of its own.
                serde_json::to_string_pretty(&tree).unwrap_or_default()
            }
        };
        if way == 1 {
            return damaged;
        }
        let mut damaged = damaged;
        for _ in 0..often_one(&mut dice) {
            let other = dice.pick(&self.texts).map_or("", String::as_str);
            damaged = text::damage(&damaged, other, &mut dice);
        }
        damaged
    }
}

/// How many damages: mostly one, so that something survives.
fn often_one(dice: &mut Dice) -> u64 {
    if dice.percent(70) { 1 } else { dice.between(2, 4) }
}

/// The YAML files of a folder, in the order of their names.
fn yaml(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of rulesets");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a readable ruleset")
}
