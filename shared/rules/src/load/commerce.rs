//! Segment's e-commerce properties in a test, in their typed form.
//!
//! The collector reads the same properties from JSON; `tests/e2e/ruleset_tests.rs` holds the two against each other.

use super::Loader;
use super::fields::{Fields, quoted};
use super::scalar::NAME_CHARS_MAX;
use super::scenario::names_of;
use crate::error::nearest;
use crate::tree::{Node, Value};
use beckon_domain::event::{CartRef, EventKind, Item as Product, TraitValue};
use beckon_domain::id::{Brand, CartId, OrderId};
use beckon_domain::policy::QUANTITY_MAX;
use beckon_domain::{Category, Currency, DurationMs, Money, ProductId, SmolStr};

/// Properties of Segment's e-commerce events. A word that is nearly one of them was meant to be it.
const PROPERTIES: [&str; 27] = [
    "affiliation",
    "brand",
    "cart_id",
    "cart_url",
    "category",
    "checkout_id",
    "coupon",
    "currency",
    "discount",
    "engaged_ms",
    "image_url",
    "list_id",
    "name",
    "order_id",
    "position",
    "price",
    "product_id",
    "products",
    "quantity",
    "revenue",
    "shipping",
    "sku",
    "tax",
    "total",
    "url",
    "value",
    "variant",
];
/// Attention of one report at most: a day.
const ENGAGED_MS_MAX: i64 = 86_400_000;

/// Properties of commerce events that have a place of their own: no rule finds them among the others.
const TYPED: [&str; 16] = [
    "brand",
    "cart_id",
    "cart_url",
    "category",
    "currency",
    "engaged_ms",
    "name",
    "order_id",
    "price",
    "product_id",
    "products",
    "quantity",
    "revenue",
    "sku",
    "total",
    "value",
];
/// What is left out of any other event: a `name` may be a person's, where no product has it.
const OUTSIDE_COMMERCE: [&str; 2] = ["cart_url", "name"];
/// Events whose properties are [`TYPED`].
const COMMERCE: [&str; 7] = [
    "Product Viewed",
    "Product Clicked",
    "Product Added",
    "Product Removed",
    "Product Dwelled",
    "Cart Updated",
    "Order Completed",
];

impl Loader {
    /// What happened by its name and properties.
    pub(super) fn track(&mut self, fields: &Fields<'_>, who: &str) -> Option<EventKind> {
        let name = fields.get("event").and_then(|n| self.event_name(n))?;
        let empty = Node { place: fields.place, value: Value::Map(Vec::new()) };
        let node = fields.get("properties").unwrap_or(&empty);
        let what = format!("{} of {who}", quoted(name.as_str()));
        let before = self.problems.len();
        let kind = match name.as_str() {
            "Product Viewed" => EventKind::ProductViewed(self.told_product(node, &what, 1)?),
            "Product Added" => {
                EventKind::ProductAdded(self.cart_ref(node, &what)?, self.told_product(node, &what, 1)?)
            }
            // A removal without a quantity removes the whole line, which 0 stands for.
            "Product Removed" => {
                EventKind::ProductRemoved(self.cart_ref(node, &what)?, self.told_product(node, &what, 0)?)
            }
            "Product Dwelled" => self.dwelled(node, &what)?,
            "Cart Updated" => {
                let properties = self.properties(node, &what)?;
                properties.require(self, "products");
                EventKind::CartUpdated(self.cart_ref(node, &what)?, self.told_products(&properties, &what))
            }
            "Order Completed" => self.order(node, &what)?,
            _ => {
                let names = names_of(node);
                let _ = Fields::open(self, node, &format!("the properties of {what}"), &names)?;
                EventKind::Track(name)
            }
        };
        (self.problems.len() == before).then_some(kind)
    }

    /// Opens the properties of a commerce event: any may be there, but none that is nearly one of Segment's.
    fn properties<'n>(&mut self, node: &'n Node, what: &str) -> Option<Fields<'n>> {
        let own = names_of(node).into_iter().filter(|name| nearest(name, PROPERTIES).is_none());
        let allowed: Vec<&str> = PROPERTIES.into_iter().chain(own).collect();
        Fields::open(self, node, &format!("the properties of {what}"), &allowed)
    }

    fn dwelled(&mut self, node: &Node, what: &str) -> Option<EventKind> {
        let product = self.told_product(node, what, 1)?.product;
        let fields = self.properties(node, what)?;
        let engaged = fields.require(self, "engaged_ms");
        let engaged = engaged.and_then(|n| self.whole(n, "engaged_ms", 0, ENGAGED_MS_MAX))?;
        Some(EventKind::ProductDwelled { product, engaged: DurationMs::from_ms(engaged.unsigned_abs()) })
    }

    fn order(&mut self, node: &Node, what: &str) -> Option<EventKind> {
        let fields = self.properties(node, what)?;
        let currency = self.told_currency(&fields)?;
        let total =
            ["total", "revenue", "value"].into_iter().find_map(|name| Some((name, fields.get(name)?)));
        Some(EventKind::OrderCompleted {
            order: fields.get("order_id").and_then(|n| self.id(n, "order_id", OrderId::new)),
            total: total.and_then(|(name, n)| self.told_money(n, name, currency)),
            items: self.told_products(&fields, what),
            coupon: None,
        })
    }

    fn cart_ref(&mut self, node: &Node, what: &str) -> Option<CartRef> {
        let fields = self.properties(node, what)?;
        let id = fields.get("cart_id").and_then(|n| self.id(n, "cart_id", CartId::new));
        Some(CartRef { id, url: None })
    }

    fn told_products(&mut self, fields: &Fields<'_>, what: &str) -> Vec<Product> {
        self.each(fields.get("products"), "products", |loader, item| loader.told_product(item, what, 1))
    }

    fn told_product(&mut self, node: &Node, what: &str, quantity: i64) -> Option<Product> {
        let fields = self.properties(node, what)?;
        let currency = self.told_currency(&fields)?;
        let id = match fields.get("sku").filter(|_| fields.get("product_id").is_none()) {
            Some(sku) => self.id(sku, "sku", ProductId::new),
            None => {
                let id = fields.require(self, "product_id");
                id.and_then(|n| self.id(n, "product_id", ProductId::new))
            }
        };
        let mut text = |name: &str| fields.get(name).and_then(|n| self.text(n, name, NAME_CHARS_MAX));
        let (category, brand, name) = (text("category"), text("brand"), text("name"));
        let price = fields.get("price").and_then(|n| self.told_money(n, "price", currency));
        let told = fields.get("quantity").and_then(|n| self.whole(n, "quantity", 0, i64::from(QUANTITY_MAX)));
        Some(Product {
            product: id?,
            category: category.and_then(|c| Category::new(&c).ok()),
            brand: brand.and_then(|b| Brand::new(&b).ok()),
            name: name.map(SmolStr::new),
            price,
            quantity: u32::try_from(told.unwrap_or(quantity)).unwrap_or(QUANTITY_MAX),
        })
    }

    /// The currency of an event: its own, else the ruleset's, which stands for the shop's.
    fn told_currency(&mut self, fields: &Fields<'_>) -> Option<Currency> {
        match fields.get("currency") {
            Some(node) => self.currency(node),
            None => self.currency,
        }
    }

    /// An amount as events carry it: a number, its currency beside it.
    fn told_money(&mut self, node: &Node, name: &str, currency: Currency) -> Option<Money> {
        let amount = match &node.value {
            Value::Integer { value, .. } => Some(*value as f64),
            Value::Number(value) => Some(*value),
            _ => None,
        };
        let money = amount.and_then(|amount| Money::from_major(amount, currency).ok());
        if money.is_none() {
            let message = format!(
                "`{name}` of an event must be a number such as 49.00, its currency beside it (`currency: {currency}`)"
            );
            self.problem(node.place, message);
        }
        money
    }

    /// The properties of a `track` event that no kind of event has by itself, in the order of their names.
    pub(super) fn other_properties(&mut self, fields: &Fields<'_>) -> Vec<(SmolStr, TraitValue)> {
        let (Some(name), Some(node)) = (fields.get("event"), fields.get("properties")) else {
            return Vec::new();
        };
        let is_commerce = matches!(&name.value, Value::Text(name) if COMMERCE.contains(&name.trim()));
        let known: &[&str] = if is_commerce { &TYPED } else { &OUTSIDE_COMMERCE };
        let Value::Map(entries) = &node.value else { return Vec::new() };
        let mut others = Vec::new();
        for (key, value) in entries {
            let (
                Value::Text(key),
                Value::Bool(_) | Value::Integer { .. } | Value::Number(_) | Value::Text(_),
            ) = (&key.value, &value.value)
            else {
                continue;
            };
            if !known.contains(&key.as_str()) {
                others.extend(self.trait_of(value, key).map(|value| (SmolStr::new(key), value)));
            }
        }
        others.sort_by(|a, b| a.0.cmp(&b.0));
        others
    }
}
