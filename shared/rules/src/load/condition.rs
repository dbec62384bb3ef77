//! Conditions, from the text to their typed form.

use super::Loader;
use super::catalog::CURRENT;
use super::fields::{Fields, listed, quoted};
use super::scalar::{NAME_CHARS_MAX, TEXT_CHARS_MAX};
use crate::condition::{Condition, Which};
use crate::error::nearest;
use crate::page::PageKind;
use crate::tree::{Node, Value};
use beckon_domain::affinity::POINT;
use beckon_domain::consent::Purpose;
use beckon_domain::event::TraitValue;
use beckon_domain::id::EventName;
use beckon_domain::{Category, DurationMs};

/// How deeply `all`, `any` and `not` may nest.
const NESTING_MAX: usize = 8;
/// What a condition may be; `within` goes with `event`.
const CONDITIONS: [&str; 12] = [
    "all",
    "any",
    "not",
    "event",
    "viewed",
    "dwell",
    "logged_in",
    "affinity",
    "cart",
    "consent",
    "trait",
    "page",
];
/// Events that the core knows; a shop's own may have any name.
const EVENTS: [&str; 6] = [
    "Product Viewed",
    "Product Dwelled",
    "Product Added",
    "Product Removed",
    "Cart Updated",
    "Order Completed",
];
const POINTS_MAX: f64 = 1_000_000.0;

/// Where a condition stands.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    /// "rule `x`".
    pub(super) who: &'a str,
    /// Whether it is checked when a reminder is sent, where there is no page.
    pub(super) is_reminder: bool,
}

impl Loader {
    pub(super) fn condition(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Condition> {
        self.nested(node, scope, NESTING_MAX)
    }

    fn nested(&mut self, node: &Node, scope: &Scope<'_>, depth: usize) -> Option<Condition> {
        if depth == 0 {
            let message =
                format!("the conditions of {} nest deeper than {NESTING_MAX}: write them flatter", scope.who);
            self.problem(node.place, message);
            return None;
        }
        let what = format!("a condition of {}", scope.who);
        let allowed: Vec<&str> = CONDITIONS.into_iter().chain(["within"]).collect();
        let fields = Fields::open(self, node, &what, &allowed)?;
        let names: Vec<&str> = fields.names().filter(|name| *name != "within").collect();
        let [name] = names[..] else {
            let message = if names.is_empty() {
                format!("{what} is empty; it is one of {}", listed(CONDITIONS))
            } else {
                format!(
                    "{what} has {} at once: put each into a condition of its own, under `all` or `any`",
                    listed(names)
                )
            };
            if !fields.has_unknown {
                self.problem(node.place, message);
            }
            return None;
        };
        if let Some(place) = fields.key("within").filter(|_| name != "event") {
            let message = match name {
                "viewed" | "dwell" => {
                    format!("`within` belongs into the braces: `{name}: {{..., within: 5m}}`")
                }
                _ => format!("`within` goes with `event`, `viewed` and `dwell`, not with `{name}`"),
            };
            self.problem(place, message);
        }
        let value = fields.require(self, name)?;
        match name {
            "all" => self.several(value, name, scope, depth).map(Condition::All),
            "any" => self.several(value, name, scope, depth).map(Condition::Any),
            "not" => self.nested(value, scope, depth - 1).map(|inner| Condition::Not(Box::new(inner))),
            "event" => {
                let within = self.within(&fields);
                Some(Condition::Event { name: self.event_name(value)?, within: within? })
            }
            _ => self.simple(name, value, scope),
        }
    }

    fn several(
        &mut self,
        node: &Node,
        name: &str,
        scope: &Scope<'_>,
        depth: usize,
    ) -> Option<Vec<Condition>> {
        if matches!(&node.value, Value::List(items) if items.is_empty()) {
            self.problem(node.place, format!("`{name}` of {} is an empty list: add a condition", scope.who));
            return None;
        }
        let before = self.problems.len();
        let conditions = self.each(Some(node), name, |loader, item| loader.nested(item, scope, depth - 1));
        // One that could not be read must not be dropped from what must hold.
        (self.problems.len() == before).then_some(conditions)
    }

    fn simple(&mut self, name: &str, node: &Node, scope: &Scope<'_>) -> Option<Condition> {
        match name {
            "viewed" => self.viewed(node, scope),
            "dwell" => self.dwell(node, scope),
            "logged_in" => self.boolean(node, "logged_in").map(Condition::LoggedIn),
            "affinity" => self.affinity(node, scope),
            "cart" => self.cart(node, scope),
            "consent" => self.purpose(node).map(Condition::Consent),
            "trait" => self.trait_value(node),
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

    fn affinity(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Condition> {
        let fields = Fields::open(self, node, "`affinity`", &["category", "gte"])?;
        let category = fields.require(self, "category").and_then(|n| self.category_ref(n, scope.who));
        let points = fields.require(self, "gte").and_then(|n| {
            let points = match n.value {
                Value::Integer { value, .. } => value as f64,
                Value::Number(value) => value,
                _ => f64::NAN,
            };
            let is_valid = points > 0.0 && points <= POINTS_MAX;
            if !is_valid {
                let message = format!("`gte` must be a number of points above 0, at most {POINTS_MAX}: a view gives 1, adding to the cart 3, an order 5");
                self.problem(n.place, message);
            }
            is_valid.then_some((points * POINT as f64).round() as u64)
        });
        Some(Condition::Affinity { category: category?, gte: points? })
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

    fn trait_value(&mut self, node: &Node) -> Option<Condition> {
        let fields = Fields::open(self, node, "`trait`", &["name", "eq"])?;
        let name = fields.require(self, "name").and_then(|n| self.text(n, "name", NAME_CHARS_MAX));
        let eq = fields.require(self, "eq").and_then(|n| match &n.value {
            Value::Bool(value) => Some(TraitValue::Bool(*value)),
            Value::Integer { value, .. } => Some(TraitValue::Number(*value as f64)),
            Value::Number(value) => Some(TraitValue::Number(*value)),
            _ => self.text(n, "eq", TEXT_CHARS_MAX).map(TraitValue::Text),
        });
        Some(Condition::Trait { name: name?, eq: eq? })
    }

    fn page(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Condition> {
        let fields = Fields::open(self, node, "`page`", &["type", "category", "product"])?;
        self.not_empty(&fields, "`type`, `category` or `product`");
        if scope.is_reminder {
            let message =
                format!("{} sends an e-mail, where there is no page: remove the `page` condition", scope.who);
            self.problem(node.place, message);
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

    fn not_empty(&mut self, fields: &Fields<'_>, parts: &str) {
        if !fields.has_unknown && fields.names().all(|name| fields.get(name).is_none()) {
            self.problem(fields.place, format!("{} asks for nothing: write {parts}", fields.what));
        }
    }

    /// The optional field `within`; the outer `None` says that it could not be read.
    fn within(&mut self, fields: &Fields<'_>) -> Option<Option<DurationMs>> {
        match fields.get("within") {
            Some(node) => self.positive_duration(node, "within").map(Some),
            None => Some(None),
        }
    }

    fn which(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Which> {
        if !matches!(&node.value, Value::Text(word) if word == CURRENT) {
            return self.product_ref(node, scope.who).map(Which::Product);
        }
        if scope.is_reminder {
            let message =
                format!("{} sends an e-mail, where no product is `{CURRENT}`: name a product", scope.who);
            self.problem(node.place, message);
        }
        Some(Which::Current)
    }

    pub(super) fn event_name(&mut self, node: &Node) -> Option<EventName> {
        let name = self.id(node, "event", EventName::new)?;
        let meant = nearest(name.as_str(), EVENTS).filter(|known| known.eq_ignore_ascii_case(name.as_str()));
        if let Some(known) = meant.filter(|known| *known != name.as_str()) {
            let message = format!(
                "no event is called {}: write `{known}`, capital letters matter",
                quoted(name.as_str())
            );
            self.problem(node.place, message);
        }
        Some(name)
    }
}
