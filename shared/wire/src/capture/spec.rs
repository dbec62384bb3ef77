//! Events of Segment's e-commerce spec V2 of which Beckon keeps the properties as they are: what has a wrong type is
//! told, because rules would compare it (<https://segment.com/docs/connections/spec/ecommerce/v2/>).

use crate::fields::Fields;
use crate::limits::PRODUCT_COUNT_MAX;
use crate::problem::Fault;
use beckon_domain::{CartId, OrderId, ProductId};
use serde_json::Value;

/// The events, sorted. Any other name is a shop's own, and its properties may be anything.
pub const SPEC_EVENTS: [&str; 23] = [
    "Cart Shared",
    "Cart Viewed",
    "Checkout Started",
    "Checkout Step Completed",
    "Checkout Step Viewed",
    "Coupon Applied",
    "Coupon Denied",
    "Coupon Entered",
    "Coupon Removed",
    "Order Cancelled",
    "Order Completed",
    "Order Refunded",
    "Order Updated",
    "Payment Info Entered",
    "Product Added to Wishlist",
    "Product List Filtered",
    "Product List Viewed",
    "Product Removed from Wishlist",
    "Product Shared",
    "Products Searched",
    "Promotion Clicked",
    "Promotion Viewed",
    "Wishlist Product Added to Cart",
];

/// Amounts of an order or a checkout.
pub const AMOUNTS: [&str; 8] =
    ["discount", "price", "revenue", "shipping", "subtotal", "tax", "total", "value"];

/// Checks the types of an event's properties, if it is one of the spec's. What is missing is missing.
pub fn check(event: &str, fields: &Fields<'_>) -> Result<(), Fault> {
    if SPEC_EVENTS.binary_search(&event).is_err() {
        return Ok(());
    }
    for name in AMOUNTS {
        fields.number(name)?;
    }
    fields.id("order_id", OrderId::new)?;
    fields.id("cart_id", CartId::new)?;
    check_products(fields)
}

/// Checks the types of a list of products.
pub fn check_products(fields: &Fields<'_>) -> Result<(), Fault> {
    let products = fields.array("products")?.unwrap_or_default();
    if products.len() > PRODUCT_COUNT_MAX {
        let detail = format!("{} products; at most {PRODUCT_COUNT_MAX} are taken", products.len());
        return Err(fields.invalid("products", detail));
    }
    for (index, product) in products.iter().enumerate() {
        let pointer = format!("{}/{index}", fields.at("products"));
        let Value::Object(object) = product else {
            return Err(Fault::new(pointer, "schema.type", "expected an object with a product_id"));
        };
        let product = Fields::new(object, &pointer);
        product.id("product_id", ProductId::new)?;
        product.id("sku", ProductId::new)?;
        for name in ["price", "quantity", "position"] {
            product.number(name)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(event: &str, json: &str) -> Option<(String, &'static str)> {
        let object = serde_json::from_str(json).unwrap();
        check(event, &Fields::new(&object, "/properties")).err().map(|fault| (fault.pointer, fault.code))
    }

    #[test]
    fn the_events_are_sorted_because_they_are_searched_by_halving() {
        assert!(SPEC_EVENTS.is_sorted());
    }

    #[test]
    fn a_wrong_type_in_an_event_of_the_spec_is_pointed_at_and_in_a_shops_own_is_none() {
        for (json, pointer, code) in [
            (r#"{"products":{}}"#, "/properties/products", "schema.type"),
            (r#"{"products":["p"]}"#, "/properties/products/0", "schema.type"),
            (r#"{"products":[{},{"price":"9"}]}"#, "/properties/products/1/price", "schema.type"),
            (r#"{"products":[{"product_id":["p"]}]}"#, "/properties/products/0/product_id", "schema.type"),
            (r#"{"value":"12.50"}"#, "/properties/value", "schema.type"),
            (r#"{"order_id":{}}"#, "/properties/order_id", "schema.type"),
            (r#"{"cart_id":"a@b.example"}"#, "/properties/cart_id", "privacy.personal_data"),
        ] {
            assert_eq!(fault("Checkout Started", json), Some((pointer.to_owned(), code)), "{json}");
            assert_eq!(fault("Quote Asked", json), None, "{json}");
        }
        assert_eq!(fault("Cart Viewed", r#"{"products":[{"name":"a product that has no id yet"}]}"#), None);
        assert_eq!(fault("Promotion Viewed", r#"{"position":"home.hero","creative":7}"#), None);
    }
}
