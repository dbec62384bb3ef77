//! What goes over the wire: Segment events as the shop's pages and its server would write them.

use super::{Action, ShopProduct, Showing};
use beckon_domain::{Currency, DurationMs, Money, Timestamp};
use serde_json::{Map, Value, json};

/// Where pages ask what they show.
pub const DECISIONS: &str = "/v1/decisions";

/// Where the shop's pages are, when a product names no address of its own (RFC 2606: nobody's).
const ORIGIN: &str = "https://shop.example";

/// A line of a cart.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub product: ShopProduct,
    pub quantity: u32,
}

/// A page of the shop.
#[derive(Debug, Clone, Copy)]
pub(super) enum Page<'a> {
    Home,
    Product(&'a ShopProduct),
    Cart,
}

impl Page<'_> {
    fn url(self) -> String {
        match self {
            Self::Home => format!("{ORIGIN}/"),
            Self::Product(p) => p.url.clone().unwrap_or_else(|| format!("{ORIGIN}/p/{}", p.id)),
            Self::Cart => format!("{ORIGIN}/cart"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Home => "Home",
            Self::Product(_) => "Product",
            Self::Cart => "Cart",
        }
    }

    /// `context.page` of an event on this page.
    pub fn context(self) -> Value {
        let url = self.url();
        let after_scheme = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        let path = after_scheme.find('/').map_or("/", |start| &after_scheme[start..]);
        let path = path.split(['?', '#']).next().unwrap_or("/").to_owned();
        json!({"url": url, "path": path})
    }

    /// The slot that the page has.
    fn slot(self) -> &'static str {
        match self {
            Self::Home => "home.hero",
            Self::Product(_) => "pdp.related",
            Self::Cart => "cart.complement",
        }
    }

    /// `context.page` of a decision request on this page.
    fn decision_context(self) -> Value {
        match self {
            Self::Home => json!({"type": "HOME"}),
            Self::Product(product) => json!({"type": "PRODUCT", "productId": product.id}),
            Self::Cart => json!({"type": "CART"}),
        }
    }
}

/// What is told of a decision that was seen, without ids.
pub(super) fn decision_viewed(showing: &Showing) -> Value {
    let mut properties = decision(showing);
    let products: Vec<Value> = showing.products.iter().map(|(id, _)| json!({"product_id": id})).collect();
    let mut sources: Vec<&str> = showing.products.iter().map(|(_, source)| source.as_str()).collect();
    sources.dedup();
    if !products.is_empty() {
        properties.insert("products".into(), Value::Array(products));
        properties.insert("source".into(), json!(sources.join(",")));
    }
    track("Decision Viewed", properties)
}

/// What is told of a click in it, on a product or on the offer.
pub(super) fn decision_clicked(showing: &Showing, product: Option<&(String, String)>) -> Value {
    let mut properties = decision(showing);
    if let Some((id, source)) = product {
        properties.insert("product_id".into(), json!(id));
        properties.insert("source".into(), json!(source));
    }
    track("Decision Clicked", properties)
}

fn decision(showing: &Showing) -> Map<String, Value> {
    let named = [
        ("decision_id", Some(&showing.decision)),
        ("slot_id", Some(&showing.slot)),
        ("rule_id", showing.rule.as_ref()),
        ("offer_id", showing.offer.as_ref()),
    ];
    named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))).collect()
}

/// RFC 3339 with milliseconds, as browsers write it.
pub(super) fn rfc3339(at: Timestamp) -> String {
    let instant = jiff::Timestamp::from_millisecond(at.as_ms()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{instant:.3}")
}

/// A `page` event, without ids.
pub(super) fn page_event(page: Page<'_>) -> Value {
    json!({"type": "page", "name": page.name(), "properties": page.context()})
}

fn product_properties(product: &ShopProduct) -> Map<String, Value> {
    let mut properties = Map::new();
    properties.insert("product_id".into(), json!(product.id));
    properties.insert("name".into(), json!(product.name));
    properties.insert("category".into(), json!(product.category));
    if let Some(price) = product.price.filter(|price| price.is_finite()) {
        properties.insert("price".into(), json!(price));
        properties.insert("currency".into(), json!(product.currency));
    }
    if let Some(url) = &product.url {
        properties.insert("url".into(), json!(url));
    }
    properties
}

fn track(event: &str, properties: Map<String, Value>) -> Value {
    json!({"type": "track", "event": event, "properties": properties})
}

/// `Product Viewed`, without ids.
pub(super) fn viewed(product: &ShopProduct) -> Value {
    track("Product Viewed", product_properties(product))
}

/// `Product Dwelled`, without ids.
pub(super) fn dwelled(product: &ShopProduct, engaged: DurationMs) -> Value {
    json!({"type": "track", "event": "Product Dwelled",
           "properties": {"product_id": product.id, "engaged_ms": engaged.as_ms()}})
}

/// `Product Added` or `Product Removed`, without ids.
pub(super) fn cart_change(event: &str, cart: &str, product: &ShopProduct, quantity: u32) -> Value {
    let mut properties = product_properties(product);
    properties.insert("cart_id".into(), json!(cart));
    properties.insert("cart_url".into(), json!(format!("{ORIGIN}/cart/{cart}")));
    properties.insert("quantity".into(), json!(quantity));
    track(event, properties)
}

/// `Order Completed`, without ids.
pub(super) fn ordered(order: &str, cart: &str, lines: &[Line]) -> Value {
    let products: Vec<Value> = lines
        .iter()
        .map(|line| {
            let mut product = product_properties(&line.product);
            product.insert("quantity".into(), json!(line.quantity));
            Value::Object(product)
        })
        .collect();
    let mut properties = Map::new();
    properties.insert("order_id".into(), json!(order));
    properties.insert("cart_id".into(), json!(cart));
    if let Some(total) = total(lines) {
        let unit = f64::from(10_u32.pow(total.currency.exponent()));
        properties.insert("total".into(), json!(total.minor as f64 / unit));
        properties.insert("revenue".into(), json!(total.minor as f64 / unit));
        properties.insert("currency".into(), json!(total.currency.as_str()));
    }
    properties.insert("products".into(), Value::Array(products));
    track("Order Completed", properties)
}

/// The sum of the lines; nothing when a price is unknown or two currencies meet, rather than a wrong sum.
fn total(lines: &[Line]) -> Option<Money> {
    let mut sum: Option<Money> = None;
    for line in lines {
        let currency = Currency::new(&line.product.currency).ok()?;
        let price = Money::from_major(line.product.price?, currency).ok()?.times(line.quantity);
        let minor = sum.map_or(0, |sum| sum.minor);
        if sum.is_some_and(|sum| sum.currency != currency) {
            return None;
        }
        sum = Some(Money { minor: minor.saturating_add(price.minor), currency });
    }
    sum
}

/// `POST /v1/batch` from a browser.
pub(super) fn batch(at: Timestamp, events: Vec<Value>) -> Action {
    let body = json!({"sentAt": rfc3339(at), "batch": events});
    Action { at, secret: false, path: "/v1/batch", body }
}

/// `POST /v1/decisions` from a page.
pub(super) fn decisions(at: Timestamp, anonymous_id: &str, page: Page<'_>) -> Action {
    let body = json!({
        "anonymousId": anonymous_id,
        "context": {"page": page.decision_context()},
        "slots": [{"id": page.slot()}],
    });
    Action { at, secret: false, path: DECISIONS, body }
}
