//! What a rule recommends: how products are found, and which of them are left out.

use super::Loader;
use super::fields::{Fields, listed, quoted};
use crate::error::nearest;
use crate::model::Action;
use crate::selection::{Selection, Strategy};
use crate::tree::{Node, Value};
use crate::value::Kind;

const FIELDS: [&str; 7] = [
    "strategy",
    "not_bought_within",
    "not_viewed_within",
    "not_in_cart",
    "categories",
    "not_categories",
    "price",
];
/// How prices are compared.
const PRICE_OPERATORS: [&str; 5] = ["gt", "gte", "lt", "lte", "between"];

impl Loader {
    /// `recommend: related`, or `recommend: {strategy: related, not_in_cart: true}`.
    pub(super) fn recommendation(&mut self, node: &Node, who: &str) -> Option<Action> {
        let Value::Map(_) = &node.value else {
            return self.strategy(node, who).map(|strategy| Action::Recommend(strategy, Box::default()));
        };
        let fields = Fields::open(self, node, &format!("`recommend` of {who}"), &FIELDS)?;
        let before = self.problems.len();
        let strategy = fields.require(self, "strategy").and_then(|n| self.strategy(n, who));
        let not_bought_within =
            fields.get("not_bought_within").and_then(|n| self.retained(n, "not_bought_within"));
        let not_viewed_within =
            fields.get("not_viewed_within").and_then(|n| self.retained(n, "not_viewed_within"));
        let not_in_cart =
            fields.get("not_in_cart").and_then(|n| self.boolean(n, "not_in_cart")).unwrap_or(false);
        let mut categories = |name: &str| {
            let node = fields.get(name);
            if node.is_some_and(|n| matches!(&n.value, Value::List(items) if items.is_empty())) {
                self.problem(fields.place, format!("`{name}` of {who} is an empty list: name a category"));
            }
            self.each(node, name, |loader, n| loader.category_ref(n, who))
        };
        let (wanted, unwanted) = (categories("categories"), categories("not_categories"));
        let price = fields.get("price").map(|n| {
            let fields = Fields::open(self, n, "`price`", &PRICE_OPERATORS)?;
            self.tests(&fields, "`price`", Kind::Money)
        });
        let price = price.flatten().unwrap_or_default();
        let selection = Selection {
            not_bought_within,
            not_viewed_within,
            not_in_cart,
            categories: wanted,
            not_categories: unwanted,
            price,
        };
        (self.problems.len() == before).then_some(Action::Recommend(strategy?, Box::new(selection)))
    }

    fn strategy(&mut self, node: &Node, who: &str) -> Option<Strategy> {
        let words = Strategy::ALL.map(Strategy::word);
        let Value::Text(word) = &node.value else {
            let message = format!(
                "`recommend` of {who} must be one of {}, or `{{strategy: related, not_in_cart: true}}`",
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
