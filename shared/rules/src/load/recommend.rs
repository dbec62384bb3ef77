//! What a rule recommends: how products are found, and which of them are left out.

use super::Loader;
use super::fields::{Fields, listed, quoted};
use super::scenario::names_of;
use crate::error::nearest;
use crate::model::Action;
use crate::selection::{Selection, Strategy};
use crate::tree::{Node, Value};
use crate::value::Kind;
use beckon_domain::{Brand, SmolStr};

const FIELDS: [&str; 13] = [
    "strategy",
    "in_stock",
    "not_bought_within",
    "not_viewed_within",
    "not_in_cart",
    "categories",
    "not_categories",
    "brands",
    "not_brands",
    "attributes",
    "not_attributes",
    "price",
    "price_within",
];
/// How prices are compared.
const PRICE_OPERATORS: [&str; 5] = ["gt", "gte", "lt", "lte", "between"];
/// Lists of what is recommended or not that name nothing would let nothing, or everything, through.
const LISTS: [&str; 4] = ["categories", "not_categories", "brands", "not_brands"];
/// Attributes of one filter at most, and values of one attribute.
const ATTRIBUTE_COUNT_MAX: usize = 20;
/// Characters of an attribute's name or value at most.
const ATTRIBUTE_CHARS_MAX: usize = 200;

impl Loader {
    /// `recommend: similar`, or `recommend: {strategy: similar, not_in_cart: true}`.
    pub(super) fn recommendation(&mut self, node: &Node, who: &str) -> Option<Action> {
        let Value::Map(_) = &node.value else {
            return self.strategy(node, who).map(|strategy| Action::Recommend(strategy, Box::default()));
        };
        let fields = Fields::open(self, node, &format!("`recommend` of {who}"), &FIELDS)?;
        let before = self.problems.len();
        let strategy = fields.require(self, "strategy").and_then(|n| self.strategy(n, who));
        let selection = self.selection(&fields, who);
        (self.problems.len() == before).then_some(Action::Recommend(strategy?, Box::new(selection)))
    }

    fn selection(&mut self, fields: &Fields<'_>, who: &str) -> Selection {
        let mut length = |name: &str| fields.get(name).and_then(|n| self.retained(n, name));
        let (not_bought_within, not_viewed_within) =
            (length("not_bought_within"), length("not_viewed_within"));
        let mut flag = |name: &str| fields.get(name).and_then(|n| self.boolean(n, name));
        let (in_stock, not_in_cart) = (flag("in_stock"), flag("not_in_cart"));
        for name in LISTS {
            if fields.get(name).is_some_and(|n| matches!(&n.value, Value::List(items) if items.is_empty())) {
                let kind = if name.ends_with("brands") { "brand" } else { "category" };
                self.problem(fields.place, format!("`{name}` of {who} is an empty list: name a {kind}"));
            }
        }
        let mut categories =
            |name: &str| self.each(fields.get(name), name, |loader, n| loader.category_ref(n, who));
        let (wanted, unwanted) = (categories("categories"), categories("not_categories"));
        let mut brands =
            |name: &str| self.each(fields.get(name), name, |loader, n| loader.id(n, "a brand", Brand::new));
        let (brands, not_brands) = (brands("brands"), brands("not_brands"));
        let price = fields.get("price").map(|n| {
            let fields = Fields::open(self, n, "`price`", &PRICE_OPERATORS)?;
            self.tests(&fields, "`price`", Kind::Money)
        });
        let price_within = fields.get("price_within").and_then(|n| self.whole(n, "price_within", 1, 100));
        Selection {
            in_stock: in_stock.unwrap_or(true),
            not_bought_within,
            not_viewed_within,
            not_in_cart: not_in_cart.unwrap_or_default(),
            categories: wanted,
            not_categories: unwanted,
            brands,
            not_brands,
            attributes: self.attributes(fields.get("attributes"), "attributes", who),
            not_attributes: self.attributes(fields.get("not_attributes"), "not_attributes", who),
            price: price.flatten().unwrap_or_default(),
            price_within: price_within.and_then(|percent| u8::try_from(percent).ok()),
        }
    }

    /// `{color: [red, blue], season: summer}`: names of the feed's attributes, each with one value or several.
    fn attributes(&mut self, node: Option<&Node>, what: &str, who: &str) -> Vec<(SmolStr, Vec<SmolStr>)> {
        let Some(node) = node else { return Vec::new() };
        let title = format!("`{what}` of {who}");
        if !matches!(node.value, Value::Map(_)) {
            let message =
                format!("{title} must name attributes with their values, such as `{{color: [red, pink]}}`");
            self.problem(node.place, message);
            return Vec::new();
        }
        let names = names_of(node);
        let Some(fields) = Fields::open(self, node, &title, &names) else { return Vec::new() };
        if names.is_empty() || names.len() > ATTRIBUTE_COUNT_MAX {
            let message =
                format!("{title} names {} attributes; name 1 to {ATTRIBUTE_COUNT_MAX}", names.len());
            self.problem(node.place, message);
        }
        let mut read = Vec::with_capacity(names.len());
        for name in fields.names() {
            let Some(told) = fields.get(name) else {
                self.problem(fields.place, format!("{title} has no value for {}: name one", quoted(name)));
                continue;
            };
            let values = match &told.value {
                Value::List(_) => self.each(Some(told), name, |loader, n| loader.attribute_value(n, name)),
                _ => self.attribute_value(told, name).into_iter().collect(),
            };
            if values.is_empty() || values.len() > ATTRIBUTE_COUNT_MAX {
                let message = format!(
                    "{} in {title} has {} values; give 1 to {ATTRIBUTE_COUNT_MAX}",
                    quoted(name),
                    values.len()
                );
                self.problem(told.place, message);
            }
            read.push((SmolStr::new(name), values));
        }
        read
    }

    fn attribute_value(&mut self, node: &Node, name: &str) -> Option<SmolStr> {
        self.text(node, name, ATTRIBUTE_CHARS_MAX).map(SmolStr::new)
    }

    fn strategy(&mut self, node: &Node, who: &str) -> Option<Strategy> {
        let words = Strategy::ALL.map(Strategy::word);
        let Value::Text(word) = &node.value else {
            let message = format!(
                "`recommend` of {who} must be one of {}, or `{{strategy: similar, not_in_cart: true}}`",
                listed(words)
            );
            self.problem(node.place, message);
            return None;
        };
        let known = Strategy::ALL.into_iter().find(|strategy| strategy.word() == word);
        if known.is_none() {
            let hint = nearest(word, words).map_or_else(String::new, |w| format!(", did you mean `{w}`?"));
            let message =
                format!("{who} recommends {}; it can recommend {}{hint}", quoted(word), listed(words));
            self.problem(node.place, message);
        }
        known
    }
}
