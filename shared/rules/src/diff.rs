//! What is different between two rulesets, by what it means: parts are found again by their ids, wherever in the text they
//! stand, and `15m` is `900s`.
//!
//! Where an order decides something it is compared: of products that somebody lists, of conditions (the first that holds
//! names the product to start from), of rows. Of ids, labels and fields it decides nothing.

mod tree;
mod value;

use crate::error::RulesetError;
use crate::model::Ruleset;
use std::fmt;

/// What became of a part of the ruleset, or of the ruleset itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// What kind of part: `rule`, `slot`, `product`, `ruleset`, ...
    pub kind: &'static str,
    /// Its id; empty for the ruleset itself.
    pub id: String,
    /// What became of it.
    pub what: What,
}

/// What became of a part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// It is new, and this is what it says.
    Added(String),
    /// It is gone.
    Removed,
    /// One of its fields is different.
    Changed {
        /// Which, as a path: `when.all[1].affinity.gte`.
        field: String,
        /// What it said; nothing where it is new.
        from: Option<String>,
        /// What it says; nothing where it is gone.
        to: Option<String>,
    },
    /// Of the rules of its slot it comes at another place, the first one being 1.
    Moved {
        /// The place it had.
        from: usize,
        /// The place it has.
        to: usize,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, id, what } = self;
        let name = if id.is_empty() { (*kind).to_owned() } else { format!("{kind} {id}") };
        match what {
            What::Added(says) if says.is_empty() => write!(f, "+ {name}"),
            What::Added(says) => write!(f, "+ {name}: {says}"),
            What::Removed => write!(f, "- {name}"),
            What::Changed { field, from, to } => {
                let (from, to) = (from.as_deref().unwrap_or("nothing"), to.as_deref().unwrap_or("nothing"));
                write!(f, "~ {name}: {field}: {from} -> {to}")
            }
            What::Moved { from, to } => write!(f, "~ {name}: place {from} -> {to} in its slot"),
        }
    }
}

/// Compares two rulesets.
///
/// # Errors
/// The first of the two that cannot be used, old before new.
pub fn diff(old: &str, new: &str) -> Result<Vec<Change>, (Side, RulesetError)> {
    let parse = |text, side| Ruleset::parse(text).map_err(|error| (side, error));
    let (before, after) = (parse(old, Side::Old)?, parse(new, Side::New)?);
    let root = |text, side| crate::tree::parse(text).map_err(|p| (side, RulesetError::new(vec![p])));
    let mut changes = tree::compare("ruleset", &root(old, Side::Old)?, &root(new, Side::New)?);
    changes.extend(moved(&before, &after));
    Ok(changes)
}

/// Compares two documents of experiments as texts; whether they fit a ruleset is another question.
///
/// # Errors
/// The first of the two that cannot be read, old before new.
pub fn diff_experiments(old: &str, new: &str) -> Result<Vec<Change>, (Side, RulesetError)> {
    let root = |text, side| crate::tree::parse(text).map_err(|p| (side, RulesetError::new(vec![p])));
    Ok(tree::compare("experiments", &root(old, Side::Old)?, &root(new, Side::New)?))
}

/// Which of two rulesets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// The one before.
    Old,
    /// The one after.
    New,
}

/// Rules that both have in the same slot, and that come at another place among those. The places are those of all rules
/// that both have, so that a new rule moves nobody.
fn moved(before: &Ruleset, after: &Ruleset) -> Vec<Change> {
    let mut changes = Vec::new();
    for slot in &before.slots {
        let Some(same) = after.slot(&slot.id) else { continue };
        let olds: Vec<_> = slot.rules.iter().map(|r| &r.id).collect();
        let news: Vec<_> = same.rules.iter().map(|r| &r.id).filter(|id| olds.contains(id)).collect();
        let olds: Vec<_> = olds.into_iter().filter(|id| news.contains(id)).collect();
        for (from, id) in olds.iter().enumerate() {
            if let Some(to) = news.iter().position(|other| other == id).filter(|to| *to != from) {
                let what = What::Moved { from: from + 1, to: to + 1 };
                changes.push(Change { kind: "rule", id: id.to_string(), what });
            }
        }
    }
    changes
}
