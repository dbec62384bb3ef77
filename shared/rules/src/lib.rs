//! The rule language of Beckon: from a marketer's YAML to a decision.
//!
//! [`Ruleset::parse`] compiles a text once, and finds everything that is wrong with it in one go.
//! [`Ruleset::decide`] is a pure function of the ruleset, a profile, a request and an instant: no clock, no I/O.
//!
//! Reading order: [`model`] (what a ruleset is), `tree` and `load` (how a text becomes one), [`page`] (what a request
//! tells), `condition` (when a rule matches), `table` and `table_csv` (many rules at once, and as a spreadsheet), `check` (what
//! is certain to be a mistake), `list` and `decide` (what is shown), [`decision`] (what the answer
//! says), [`error`] (what is wrong), [`experiments`] (what is compared), [`testing`] (the tests that a ruleset carries).
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod aggregate;
pub mod canary;
mod check;
mod compiled;
mod condition;
mod decide;
pub mod decision;
pub mod diff;
mod discount;
pub mod error;
pub mod experiments;
pub mod explain;
mod fact;
pub mod language;
mod list;
mod live;
mod load;
pub mod model;
mod near;
pub mod page;
mod previewed;
mod property;
mod quiet;
mod react;
mod reads;
mod selection;
mod shelf;
mod strategy;
pub mod switch;
mod table;
pub mod table_csv;
pub mod testing;
mod timing;
mod tree;
mod value;
mod wording;
mod zone;

pub use compiled::Reading;
pub use decision::{Content, Decision, Fallback, Reason, ReasonCode, Recommended, Source};
pub use discount::{CodeSource, Discount};
pub use error::{PROBLEM_COUNT_MAX, Problem, RulesetError};
pub use experiments::{Asked, Assigned, Experiments, Forced, InSlot, Overlay, Subject};
pub use explain::{Explained, Explanation, RuleCondition, RuleExplained, Verdict};
pub use live::{Candidate, Learned, Live, LiveLists, ProductFacts, StrategyLayer};
pub use model::{COUNT_DEFAULT, COUNT_MAX, Offer, Product, Reminder, Ruleset, TTL_DEFAULT};
pub use page::{Page, PageKind, Person, SlotRequest};
pub use strategy::way;

/// The sample shop's ruleset: outdoor gear, every kind of rule, with comments. `beckon serve` uses it when it is
/// given none.
pub const SAMPLE: &str = include_str!("../rulesets/sample.yaml");

/// Experiments on the sample shop, with comments: a document as it lies beside a ruleset.
pub const SAMPLE_EXPERIMENTS: &str = include_str!("../experiments/sample.yaml");

/// Experiments on the sample shop of which one has a winner, for visitors that are made up.
pub const SHOP_EXPERIMENTS: &str = include_str!("../experiments/shop.yaml");

/// The JSON Schema of a ruleset (draft 2020-12): an editor that has it completes fields and says what they mean.
pub const SCHEMA: &str = include_str!("../schema/ruleset.schema.json");

/// The JSON Schema of a document of experiments (draft 2020-12).
pub const EXPERIMENTS_SCHEMA: &str = include_str!("../schema/experiments.schema.json");
