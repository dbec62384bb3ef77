//! What happens in a test: timed events as a Segment library sends them, in their typed form.
//!
//! The collector reads the same properties from JSON; `tests/e2e/ruleset_tests.rs` holds the two against each other.

use super::Loader;
use super::fields::{Fields, listed, quoted};
use super::scalar::NAME_CHARS_MAX;
use super::scenario::names_of;
use crate::error::nearest;
use crate::testing::START;
use crate::tree::{Node, Value};
use beckon_domain::consent::ConsentChoices;
use beckon_domain::event::{CartRef, Event, EventKind, Item as Product};
use beckon_domain::fold::Item;
use beckon_domain::id::{Brand, CartId, EventId, OrderId, SourceId};
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_domain::policy::QUANTITY_MAX;
use beckon_domain::{Category, Currency, DurationMs, Money, ProductId, SmolStr};
use std::collections::BTreeMap;

const GIVEN_FIELDS: [&str; 7] = ["at", "event", "properties", "identify", "page", "screen", "consent"];
/// What happens, of the fields above.
const KINDS: [&str; 4] = ["event", "identify", "page", "screen"];
const PURPOSES: [&str; 3] = ["analytics", "personalization", "marketing_email"];
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

/// What happened in a test.
#[derive(Default)]
pub(super) struct Given {
    pub(super) items: Vec<Item>,
    /// When the last of it happens, since the start.
    pub(super) ends_at: DurationMs,
}

impl Loader {
    /// Reads what happens, in the order of time.
    pub(super) fn given(&mut self, node: Option<&Node>, who: &str, timezone: Option<&SmolStr>) -> Given {
        let mut given = Given::default();
        let events =
            self.each(node, "given", |loader, node| loader.happening(node, who).map(|h| (h, node.place)));
        for (index, ((at, consent, kind), place)) in events.into_iter().enumerate() {
            if at < given.ends_at {
                let message =
                    format!("{who} goes back in time: {at} comes after {}; sort it by `at`", given.ends_at);
                self.problem(place, message);
            }
            given.ends_at = given.ends_at.max(at);
            given.items.extend(item(index, at, consent, timezone, kind));
        }
        given
    }

    fn happening(&mut self, node: &Node, who: &str) -> Option<(DurationMs, ConsentChoices, EventKind)> {
        let fields = Fields::open(self, node, &format!("an event of {who}"), &GIVEN_FIELDS)?;
        let at = fields.require(self, "at").and_then(|n| self.duration(n, "at"));
        let consent = match fields.get("consent") {
            Some(n) => self.choices(n, who),
            None => Some(ConsentChoices::default()),
        };
        let kinds: Vec<&str> = fields.names().filter(|name| KINDS.contains(name)).collect();
        let kind = match kinds[..] {
            // A choice of consent comes with some event; which one does not matter.
            [] if fields.get("consent").is_some() => {
                Some(EventKind::Identify { traits: BTreeMap::new(), link: None })
            }
            ["event"] => self.track(&fields, who),
            ["identify"] => {
                let traits = fields.get("identify").map_or_else(BTreeMap::new, |n| self.traits(n, who));
                Some(EventKind::Identify { traits, link: None })
            }
            ["page"] => Some(EventKind::Page),
            ["screen"] => Some(EventKind::Screen),
            _ => {
                if !fields.has_unknown {
                    let message = format!("{} must be one of {}", fields.what, listed(KINDS));
                    self.problem(fields.place, message);
                }
                None
            }
        };
        if let Some(place) = fields.key("properties").filter(|_| kinds != ["event"]) {
            self.problem(place, "`properties` go with `event: NAME`");
        }
        Some((at?, consent?, kind?))
    }

    fn choices(&mut self, node: &Node, who: &str) -> Option<ConsentChoices> {
        let fields = Fields::open(self, node, &format!("the consent of {who}"), &PURPOSES)?;
        let mut choice = |name: &str| fields.get(name).and_then(|n| self.boolean(n, name));
        Some(ConsentChoices {
            analytics: choice("analytics"),
            personalization: choice("personalization"),
            marketing_email: choice("marketing_email"),
        })
    }

    fn track(&mut self, fields: &Fields<'_>, who: &str) -> Option<EventKind> {
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
}

fn item(
    index: usize,
    at: DurationMs,
    consent: ConsentChoices,
    timezone: Option<&SmolStr>,
    kind: EventKind,
) -> Option<Item> {
    let at = START + at;
    let event = Event {
        id: EventId::new(&format!("given-{index}")).ok()?,
        source: SourceId::new("test").ok()?,
        occurred_at: at,
        received_at: at,
        consent,
        timezone: timezone.cloned(),
        locale: None,
        claim: None,
        kind,
    };
    let sequence = SequenceNumber::parse(&(index + 1).to_string())?;
    Some(Item {
        position: Position { shard: ShardKey::new("test", "0"), sequence, offset: 0 },
        internal: false,
        event,
    })
}
