//! Segment's e-commerce properties, checked and brought to one form.

use super::{decision, spec};
use crate::fields::{Fields, truncate};
use crate::limits::{EXTRA_PROPERTY_COUNT_MAX, PRODUCT_COUNT_MAX};
use crate::privacy::{self, Of, without_query};
use crate::problem::Fault;
use crate::stream::{ProductLine, Properties, Scalar};
use beckon_domain::policy::QUANTITY_MAX;
use beckon_domain::{CartId, Category, Currency, Money, OrderId, ProductId};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Names of a product's longest kept name, in bytes.
const NAME_BYTES_MAX: usize = 160;
/// Attention of one report at most: a day.
const ENGAGED_MS_MAX: u64 = 86_400_000;

const KNOWN: &[&str] = &[
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

/// Events whose known properties have fields of their own.
pub const COMMERCE: &[&str] = &[
    "Product Viewed",
    "Product Clicked",
    "Product Added",
    "Product Removed",
    "Product Dwelled",
    "Cart Updated",
    "Order Completed",
];

/// Events with an amount among the properties that stay as they are: they say in which currency it is.
const COUPONS: &[&str] = &["Coupon Entered", "Coupon Applied", "Coupon Denied", "Coupon Removed"];

/// What is left out of any other event: a `name` may be a person's, where no product has it.
const OUTSIDE_COMMERCE: &[&str] = &["cart_url", "name"];

/// Reads the properties of a `track` event.
pub fn properties(
    event: &str,
    object: &Map<String, Value>,
    default_currency: Currency,
    ids: &[&str],
) -> Result<Properties, Fault> {
    let fields = Fields::new(object, "/properties");
    let known = if COMMERCE.contains(&event) { KNOWN } else { OUTSIDE_COMMERCE };
    let mut properties = Properties { extra: extra(object, known, ids), ..Properties::default() };
    let currency = match fields.text("currency")? {
        None => default_currency,
        Some(code) => Currency::new(code).map_err(|e| fields.invalid("currency", e.to_string()))?,
    };
    spec::check(event, &fields)?;
    decision::check(event, &fields)?;
    match event {
        "Product Viewed" | "Product Clicked" | "Product Added" => {
            properties.product = Some(product(&fields, currency, 1)?);
        }
        // A removal without a quantity removes the whole line, which 0 stands for.
        "Product Removed" => properties.product = Some(product(&fields, currency, 0)?),
        "Product Dwelled" => {
            properties.product = Some(product(&fields, currency, 1)?);
            let engaged = fields.count("engaged_ms", ENGAGED_MS_MAX)?;
            properties.engaged_ms =
                Some(engaged.ok_or_else(|| fields.missing("engaged_ms", "the time in milliseconds"))?);
        }
        "Cart Updated" => {
            let items = products(&fields, currency)?;
            properties.products =
                Some(items.ok_or_else(|| fields.missing("products", "the cart's products"))?);
        }
        "Order Completed" => {
            properties.products = products(&fields, currency)?;
            properties.order_id = fields.id("order_id", OrderId::new)?.map(|id| id.as_str().to_owned());
            properties.total_minor = total(&fields, currency)?;
        }
        _ if COUPONS.contains(&event) => {}
        _ => return Ok(properties),
    }
    properties.currency = Some(currency.as_str().to_owned());
    if matches!(event, "Product Added" | "Product Removed" | "Cart Updated") {
        properties.cart_id = fields.id("cart_id", CartId::new)?.map(|id| id.as_str().to_owned());
        let url = fields.text("cart_url")?.filter(|u| u.starts_with("https://") || u.starts_with("http://"));
        properties.cart_url = url.and_then(without_query).filter(|u| u.len() <= 500);
    }
    Ok(properties)
}

fn total(fields: &Fields<'_>, currency: Currency) -> Result<Option<i64>, Fault> {
    for name in ["total", "revenue", "value"] {
        if let Some(total) = price(fields, name, currency)? {
            return Ok(Some(total));
        }
    }
    Ok(None)
}

fn price(fields: &Fields<'_>, name: &str, currency: Currency) -> Result<Option<i64>, Fault> {
    let Some(number) = fields.number(name)? else { return Ok(None) };
    let money = Money::from_major(number, currency).map_err(|e| fields.invalid(name, e.to_string()))?;
    Ok(Some(money.minor))
}

fn product(fields: &Fields<'_>, currency: Currency, quantity_default: u32) -> Result<ProductLine, Fault> {
    let id = match fields.id("product_id", ProductId::new)? {
        Some(id) => Some(id),
        None => fields.id("sku", ProductId::new)?,
    };
    let id = id.ok_or_else(|| fields.missing("product_id", "the product's id"))?;
    let quantity = fields.count("quantity", u64::from(QUANTITY_MAX))?;
    fields.number("position")?;
    Ok(ProductLine {
        id: id.as_str().to_owned(),
        category: fields.label("category")?.map(|c| truncate(&c, Category::BYTES_MAX).trim().to_owned()),
        name: fields.label("name")?.map(|n| truncate(&n, NAME_BYTES_MAX).trim().to_owned()),
        brand: fields.label("brand")?.map(|b| truncate(&b, NAME_BYTES_MAX).trim().to_owned()),
        price_minor: price(fields, "price", currency)?,
        quantity: quantity.map_or(quantity_default, |q| q as u32),
    })
}

fn products(fields: &Fields<'_>, currency: Currency) -> Result<Option<Vec<ProductLine>>, Fault> {
    let Some(array) = fields.array("products")? else { return Ok(None) };
    if array.len() > PRODUCT_COUNT_MAX {
        let detail = format!("{} products; at most {PRODUCT_COUNT_MAX} are taken", array.len());
        return Err(fields.invalid("products", detail));
    }
    let mut items = Vec::with_capacity(array.len());
    for (index, value) in array.iter().enumerate() {
        let pointer = format!("{}/{index}", fields.at("products"));
        let Value::Object(object) = value else {
            return Err(Fault::new(pointer, "schema.type", "expected an object with a product_id"));
        };
        items.push(product(&Fields::new(object, &pointer), currency, 1)?);
    }
    Ok(Some(items))
}

fn extra(object: &Map<String, Value>, known: &[&str], ids: &[&str]) -> BTreeMap<String, Scalar> {
    privacy::keep(object, Of::Properties, ids)
        .filter(|(name, _)| known.binary_search(&name.as_str()).is_err())
        .filter_map(|(name, value)| Some((name.clone(), scalar(value)?)))
        .take(EXTRA_PROPERTY_COUNT_MAX)
        .collect()
}

/// A scalar that may be kept; a URL among them loses its query.
pub fn scalar(value: &Value) -> Option<Scalar> {
    match value {
        Value::Bool(flag) => Some(Scalar::Bool(*flag)),
        Value::Number(number) => number.as_f64().map(Scalar::Number),
        Value::String(text) if text.contains("://") => without_query(text).map(Scalar::Text),
        Value::String(text) => Some(Scalar::Text(text.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(event: &str, json: &str) -> Result<Properties, Fault> {
        let object: Map<String, Value> = serde_json::from_str(json).unwrap();
        properties(event, &object, Currency::new("EUR").unwrap(), &["u-77"])
    }

    #[test]
    fn a_product_event_is_brought_to_minor_units_and_clean_texts() {
        let read = read(
            "Product Added",
            r#"{"product_id":77,"price":12.5,"currency":"usd","name":" Tent\u0007 ","cart_url":"https://s.example/c?t=1",
                "email":"jo@example.com","color":"red","note":"u-77","nested":{"a":1}}"#,
        )
        .unwrap();
        let product = read.product.unwrap();
        assert_eq!((product.id.as_str(), product.price_minor, product.quantity), ("77", Some(1250), 1));
        assert_eq!(product.name.as_deref(), Some("Tent"));
        assert_eq!(read.currency.as_deref(), Some("USD"));
        assert_eq!(read.cart_url.as_deref(), Some("https://s.example/c"));
        assert_eq!(read.extra.keys().collect::<Vec<_>>(), ["color"]);
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        let cases = [
            ("Product Viewed", r"{}", "/properties/product_id", "schema.missing"),
            ("Product Added", r#"{"product_id":"p","price":"12"}"#, "/properties/price", "schema.type"),
            ("Product Added", r#"{"product_id":"p","price":-1}"#, "/properties/price", "schema.value"),
            ("Product Added", r#"{"product_id":"p","quantity":1.5}"#, "/properties/quantity", "schema.value"),
            (
                "Product Added",
                r#"{"product_id":"p","currency":"EURO"}"#,
                "/properties/currency",
                "schema.value",
            ),
            ("Product Added", r#"{"product_id":["p"]}"#, "/properties/product_id", "schema.type"),
            (
                "Product Viewed",
                r#"{"product_id":"a@b.example"}"#,
                "/properties/product_id",
                "privacy.personal_data",
            ),
            (
                "Cart Updated",
                r#"{"products":[{"product_id":"p"},{}]}"#,
                "/properties/products/1/product_id",
                "schema.missing",
            ),
            ("Order Completed", r#"{"products":{}}"#, "/properties/products", "schema.type"),
            ("Product Dwelled", r#"{"product_id":"p"}"#, "/properties/engaged_ms", "schema.missing"),
        ];
        for (event, json, pointer, code) in cases {
            let fault = read(event, json).unwrap_err();
            assert_eq!((fault.pointer.as_str(), fault.code), (pointer, code), "{json}");
        }
    }

    #[test]
    fn other_events_keep_every_property_that_a_rule_may_ask_and_no_name() {
        let json = r#"{"promotion_id":"spring","rule_id":"r-17","creative":"wide","position":"home.hero","name":"Jo",
            "category":"tents","value":12.5,"nested":{"a":1}}"#;
        let read = read("Promotion Viewed", json).unwrap();
        let names: Vec<&str> = read.extra.keys().map(String::as_str).collect();
        assert_eq!(names, ["category", "creative", "position", "promotion_id", "rule_id", "value"]);
        let search =
            super::tests::read("Products Searched", r#"{"query":"tent","category":"tents"}"#).unwrap();
        assert_eq!(search.extra.get("query"), Some(&Scalar::Text("tent".to_owned())));
    }

    #[test]
    fn a_coupon_passes_as_it_is_and_loses_no_order() {
        let json = r#"{"coupon_id":"cart-7f","coupon_name":"Spring","order_id":7,"discount":2.5}"#;
        let applied = super::tests::read("Coupon Applied", json).unwrap();
        let names: Vec<&str> = applied.extra.keys().map(String::as_str).collect();
        assert_eq!(names, ["coupon_id", "coupon_name", "discount", "order_id"]);
        assert_eq!(applied.currency.as_deref(), Some("EUR"));
        let order = super::tests::read("Order Completed", r#"{"coupon":" cart-7f "}"#).unwrap();
        assert_eq!(order.extra.get("coupon"), Some(&Scalar::Text(" cart-7f ".to_owned())));
        assert!(super::tests::read("Order Completed", r#"{"coupon":["a","b"]}"#).is_ok());
    }

    #[test]
    fn an_event_that_is_not_commerce_is_never_refused_for_commerce_fields() {
        assert!(read("Song Played", r#"{"price":"free","quantity":-1}"#).is_ok());
    }
}
