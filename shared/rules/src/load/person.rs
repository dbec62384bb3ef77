//! Conditions on a person and the page, each with a form of its own.

use super::Loader;
use super::catalog::CURRENT;
use super::condition::Scope;
use super::fields::{Fields, listed};
use crate::condition::{Condition, Which};
use crate::page::PageKind;
use crate::tree::{Node, Value};
use crate::zone::{PartOfWeek, WEEKDAYS};
use beckon_domain::Category;
use beckon_domain::consent::Purpose;
use jiff::civil::Time;

impl Loader {
    /// The conditions that are a word and its value.
    pub(super) fn of_person(&mut self, name: &str, node: &Node, scope: &Scope<'_>) -> Option<Condition> {
        match name {
            "viewed" => self.viewed(node, scope),
            "dwell" => self.dwell(node, scope),
            "logged_in" => self.boolean(node, "logged_in").map(Condition::LoggedIn),
            "affinity" => self.affinity(node, scope),
            "cart" => self.cart(node, scope),
            "consent" => self.purpose(node).map(Condition::Consent),
            "trait" => self.trait_value(node),
            "segment" => self.segment_ref(node, scope),
            "time" => self.part_of_week(node),
            _ => self.page(node, scope),
        }
    }

    fn viewed(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Condition> {
        let fields = Fields::open(self, node, "`viewed`", &["product", "within"])?;
        let product = fields.require(self, "product").and_then(|n| self.which(n, scope));
        let within = self.within(&fields);
        Some(Condition::Viewed { product: product?, within: within? })
    }

    fn dwell(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Condition> {
        let fields = Fields::open(self, node, "`dwell`", &["longer_than", "within", "product"])?;
        let longer_than = fields.require(self, "longer_than").and_then(|n| self.duration(n, "longer_than"));
        let within = self.within(&fields);
        let product = match fields.get("product") {
            Some(n) => Some(self.which(n, scope)?),
            None => None,
        };
        Some(Condition::Dwell { longer_than: longer_than?, within: within?, product })
    }

    fn cart(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Condition> {
        let fields = Fields::open(self, node, "`cart`", &["value_gte", "contains", "empty"])?;
        self.not_empty(&fields, "`value_gte: 75 EUR`, `contains: product id` or `empty: true`");
        let before = self.problems.len();
        let value_gte = fields.get("value_gte").and_then(|n| self.money(n, "value_gte"));
        let contains = fields.get("contains").and_then(|n| self.product_ref(n, scope.who));
        let empty = fields.get("empty").and_then(|n| self.boolean(n, "empty"));
        (self.problems.len() == before).then_some(Condition::Cart { value_gte, contains, empty })
    }

    fn purpose(&mut self, node: &Node) -> Option<Purpose> {
        let word = if let Value::Text(word) = &node.value { word.as_str() } else { "" };
        match word {
            "marketing_email" => Some(Purpose::MarketingEmail),
            "analytics" => Some(Purpose::Analytics),
            "personalization" => Some(Purpose::Personalization),
            _ => {
                let message = "`consent` must be one of `marketing_email`, `analytics`, `personalization`";
                self.problem(node.place, message);
                None
            }
        }
    }

    fn page(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Condition> {
        let fields = Fields::open(self, node, "`page`", &["type", "category", "product"])?;
        self.not_empty(&fields, "`type`, `category` or `product`");
        if let Some(why) = scope.without_page() {
            self.problem(node.place, format!("{why}: remove the `page` condition"));
        }
        let before = self.problems.len();
        let kind = fields.get("type").and_then(|n| self.page_kind(n));
        // Pages may have categories that no product has, such as a sale.
        let category = fields.get("category").and_then(|n| self.id(n, "category", Category::new));
        let product = fields.get("product").and_then(|n| self.product_ref(n, scope.who));
        (self.problems.len() == before).then_some(Condition::Page { kind, category, product })
    }

    pub(super) fn page_kind(&mut self, node: &Node) -> Option<PageKind> {
        let kind = if let Value::Text(word) = &node.value { PageKind::parse(word) } else { None };
        if kind.is_none() {
            let message =
                format!("`type` of a page must be one of {}", listed(PageKind::ALL.map(PageKind::code)));
            self.problem(node.place, message);
        }
        kind
    }

    /// `time: {from: "08:00", until: "18:00", weekdays: [mon, tue]}`.
    fn part_of_week(&mut self, node: &Node) -> Option<Condition> {
        let fields = Fields::open(self, node, "`time`", &["from", "until", "weekdays"])?;
        self.not_empty(&fields, "`from: \"08:00\"`, `until: \"18:00\"` or `weekdays: [mon, tue]`");
        let before = self.problems.len();
        let from = fields.get("from").and_then(|n| self.time_of_day(n, "from"));
        let until = fields.get("until").and_then(|n| self.time_of_day(n, "until"));
        if from.is_some() && from == until {
            self.problem(node.place, "`from` and `until` are the same time, and nothing lies between them");
        }
        let mut weekdays = [fields.get("weekdays").is_none(); 7];
        let days = self.each(fields.get("weekdays"), "weekdays", |loader, n| loader.weekday(n));
        for day in days {
            if let Some(known) = weekdays.get_mut(day) {
                *known = true;
            }
        }
        if weekdays == [false; 7] && self.problems.len() == before {
            self.problem(
                node.place,
                "`weekdays` is an empty list: name a day, such as `mon`, or leave it out",
            );
        }
        (self.problems.len() == before).then_some(Condition::Time(PartOfWeek { from, until, weekdays }))
    }

    pub(super) fn time_of_day(&mut self, node: &Node, what: &str) -> Option<Time> {
        let time = if let Value::Text(text) = &node.value { text.trim().parse::<Time>().ok() } else { None };
        if time.is_none() {
            let message = format!("`{what}` must be a time of day in quotes, such as \"08:00\" or \"23:30\"");
            self.problem(node.place, message);
        }
        time
    }

    fn weekday(&mut self, node: &Node) -> Option<usize> {
        let word = if let Value::Text(word) = &node.value { word.to_lowercase() } else { String::new() };
        let day = WEEKDAYS.iter().position(|day| *day == word);
        if day.is_none() {
            self.problem(node.place, format!("a weekday must be one of {}", listed(WEEKDAYS)));
        }
        day
    }

    fn not_empty(&mut self, fields: &Fields<'_>, parts: &str) {
        if !fields.has_unknown && fields.names().all(|name| fields.get(name).is_none()) {
            self.problem(fields.place, format!("{} asks for nothing: write {parts}", fields.what));
        }
    }

    fn which(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Which> {
        if !matches!(&node.value, Value::Text(word) if word == CURRENT) {
            return self.product_ref(node, scope.who).map(Which::Product);
        }
        if let Some(why) = scope.without_page() {
            let why = why.replace("there is no page", &format!("no product is `{CURRENT}`"));
            self.problem(node.place, format!("{why}: name a product"));
        }
        Some(Which::Current)
    }
}
