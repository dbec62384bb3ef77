//! From YAML to a ruleset: everything that is wrong is found in one go.
//!
//! Reading order: [`fields`] (a mapping and its fields), [`scalar`] (ids, durations, money, addresses), [`catalog`]
//! (products, offers, slots), [`rule`], [`acting`] (rules without a slot), [`segment`] and [`reminder`], [`condition`] and its
//! kinds ([`event`], [`fact`], [`person`]), [`test`] (comparisons), [`recommend`], [`table`] and its [`cell`]s, [`reference`]
//! (what names what), [`scenario`], [`given`] and [`commerce`] (the tests); [`experiments`] (the document beside a ruleset).

mod acting;
mod catalog;
pub(crate) mod cell;
mod commerce;
mod condition;
mod event;
pub(crate) mod experiments;
mod fact;
mod fields;
mod given;
mod person;
mod recommend;
mod reference;
mod reminder;
mod rule;
mod scalar;
mod scenario;
mod segment;
mod series;
mod table;
mod test;

pub(crate) use condition::CONDITIONS;
pub(crate) use event::EVENTS;
pub(crate) use test::{OPERATORS, operators_of};

use crate::aggregate::Watch;
use crate::check::reach;
use crate::compiled::Compiled;
use crate::error::{Place, Problem, RulesetError};
use crate::experiments::Experiments;
use crate::fact::Computed;
use crate::model::{Catalog, Offer, Product, Ruleset, Slot};
use crate::react::Reactions;
use crate::tree::{self, Node};
use beckon_domain::{Currency, Policy, Timestamp};
use fields::Fields;
use jiff::tz::TimeZone;
use reference::References;
use rule::Rules;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The version of the rule language that is understood.
const LANGUAGE_VERSION: i64 = 1;
const TOP_FIELDS: [&str; 13] = [
    "version",
    "name",
    "currency",
    "timezone",
    "products",
    "best_sellers",
    "offers",
    "slots",
    "computed",
    "segments",
    "rules",
    "tables",
    "tests",
];

/// What is known while loading: the problems so far, and the names that others must find.
pub(crate) struct Loader {
    problems: Vec<Problem>,
    references: References,
    currency: Option<Currency>,
    timezone: TimeZone,
    /// The names of the segments, in the order of the text; empty where one has none.
    segment_ids: Vec<String>,
    computed_ids: Vec<String>,
    computed: BTreeMap<String, Arc<Computed>>,
    value_tables: table::ValueTables,
    /// What profiles are asked to remember.
    watches: Vec<Watch>,
    /// Until when something is active, where it says so, and whose it is.
    expiries: Vec<(Timestamp, Place, String)>,
    /// Traits that are set when a segment changes: which, where and by whom.
    setters: Vec<(String, Place, String)>,
}

impl Default for Loader {
    fn default() -> Self {
        Self {
            problems: Vec::new(),
            references: References::default(),
            currency: None,
            timezone: TimeZone::UTC,
            segment_ids: Vec::new(),
            computed_ids: Vec::new(),
            computed: BTreeMap::new(),
            value_tables: table::ValueTables::default(),
            watches: Vec::new(),
            expiries: Vec::new(),
            setters: Vec::new(),
        }
    }
}

impl Loader {
    /// The currency of the ruleset, if it could be read.
    pub(crate) fn own_currency(&self) -> Option<Currency> {
        self.currency
    }

    /// The name of a segment by its place.
    pub(crate) fn segment_name(&self, index: usize) -> &str {
        self.segment_ids.get(index).map_or("", String::as_str)
    }

    fn problem(&mut self, place: Place, message: impl Into<String>) {
        self.problems.push(Problem { line: place.line, column: place.column, message: message.into() });
    }

    fn load(&mut self, root: &Node) -> Option<Ruleset> {
        if matches!(root.value, tree::Value::Null) {
            let place = Place { line: 1, column: 1 };
            self.problem(place, "the ruleset is empty: begin with `version: 1`, `name` and `currency`");
            return None;
        }
        let top = Fields::open(self, root, "the ruleset", &TOP_FIELDS)?;
        self.language_version(&top);
        let name = top.require(self, "name").and_then(|node| self.text(node, "name", scalar::NAME_CHARS_MAX));
        let currency = top.require(self, "currency").and_then(|node| self.currency(node));
        self.currency = currency;
        if let Some(zone) = top.get("timezone").and_then(|node| self.zone(node)) {
            self.timezone = zone;
        }
        let products: Vec<Product> = self.each(top.get("products"), "products", Self::product);
        let best_sellers =
            self.product_ids(top.get("best_sellers"), "best_sellers", "the list of best sellers");
        let offers: Vec<Offer> = self.each(top.get("offers"), "offers", Self::offer);
        let has_best_sellers = !best_sellers.is_empty();
        let mut slots: Vec<Slot> =
            self.each(top.get("slots"), "slots", |loader, node| loader.slot(node, has_best_sellers));
        self.names(top.get("segments"), top.get("computed"));
        let segments = self.each(top.get("segments"), "segments", Self::segment);
        self.check_circles(&segments, top.get("segments"));
        let mut rules = Rules::default();
        self.each(top.get("tables"), "tables", |loader, node| loader.table(node, &mut rules));
        self.each(top.get("rules"), "rules", |loader, node| loader.rule(node, &mut rules));
        let tests = self.scenarios(top.get("tests"));
        self.check_setters(&segments);
        self.check_references();
        self.check_watches(top.place);
        for slot in &mut slots {
            slot.rules = rules.take(&slot.id);
        }
        let catalog = Catalog::new(products, best_sellers);
        if let Some(currency) = currency {
            let unreached = slots.iter().flat_map(|slot| reach::problems(slot, &catalog, currency));
            self.problems.extend(unreached);
        }
        if !self.problems.is_empty() {
            // What follows relies on it: segments that ask for each other in a circle have no end.
            return None;
        }
        let reminders = rules.reminder.as_ref().map(|reminder| reminder.series.clone());
        Some(Ruleset {
            name: name?,
            version: String::new(),
            currency: currency?,
            policy: Policy { reminders, ..Policy::default() },
            catalog,
            offers: offers.into_iter().map(Arc::new).collect(),
            slots,
            reminder: rules.reminder,
            labels: rules.labels,
            tests,
            timezone: self.timezone.clone(),
            compiled: Compiled::default(),
            reactions: Reactions::new(&segments, &rules.acting, std::mem::take(&mut self.watches)),
            segments,
            acting: rules.acting,
            expiries: std::mem::take(&mut self.expiries),
            computed: std::mem::take(&mut self.computed),
            experiments: Experiments::none(),
        })
    }

    fn language_version(&mut self, top: &Fields<'_>) {
        let Some(node) = top.require(self, "version") else { return };
        if !matches!(node.value, tree::Value::Integer { value: LANGUAGE_VERSION, .. }) {
            self.problem(
                node.place,
                format!("this Beckon reads `version: {LANGUAGE_VERSION}` of the rule language"),
            );
        }
    }

    /// Reads every item of a list; what cannot be read is left out, with its problems noted.
    fn each<T>(
        &mut self,
        node: Option<&Node>,
        what: &str,
        mut read: impl FnMut(&mut Self, &Node) -> Option<T>,
    ) -> Vec<T> {
        let Some(node) = node else { return Vec::new() };
        let tree::Value::List(items) = &node.value else {
            let message =
                format!("`{what}` must be a list, and this is {}: begin each item with `- `", node.kind());
            self.problem(node.place, message);
            return Vec::new();
        };
        items.iter().filter_map(|item| read(self, item)).collect()
    }
}

impl Ruleset {
    /// Compiles a ruleset.
    ///
    /// # Errors
    /// When anything in it is wrong: every problem with its place and what to do about it.
    pub fn parse(yaml: &str) -> Result<Self, RulesetError> {
        let root = tree::parse(yaml).map_err(|problem| RulesetError::new(vec![problem]))?;
        let mut loader = Loader::default();
        match loader.load(&root) {
            Some(ruleset) if loader.problems.is_empty() => {
                let version = version(yaml);
                let reactions = ruleset.reactions.of_version(&version);
                Ok(Self { version, reactions, ..ruleset }.compile())
            }
            _ => Err(RulesetError::new(loader.problems)),
        }
    }
}

/// The first 12 hexadecimal digits of the text's SHA-256.
pub(crate) fn version(yaml: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(yaml.as_bytes())[..6])
}
