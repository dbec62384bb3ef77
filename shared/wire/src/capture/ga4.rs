//! GA4's e-commerce events as Segment's: names, and what the properties are called.
//! (<https://developers.google.com/analytics/devguides/collection/ga4/ecommerce>,
//! <https://segment.com/docs/connections/spec/ecommerce/v2/>.)

use crate::limits::{EVENT_COUNT_MAX, ITEMS_BYTES_MAX, PRODUCT_COUNT_MAX};
use crate::problem::Fault;
use serde_json::{Map, Value};

/// Where the items of an event go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Items {
    /// One event for each: Segment's event is about one product.
    Each,
    /// All into `products`.
    List,
    /// The event is about no product.
    None,
}

/// GA4's name, Segment's, and where the items go.
const EVENTS: [(&str, &str, Items); 14] = [
    ("add_payment_info", "Payment Info Entered", Items::List),
    ("add_to_cart", "Product Added", Items::Each),
    ("begin_checkout", "Checkout Started", Items::List),
    ("purchase", "Order Completed", Items::List),
    ("refund", "Order Refunded", Items::List),
    ("remove_from_cart", "Product Removed", Items::Each),
    ("search", "Products Searched", Items::None),
    ("select_item", "Product Clicked", Items::Each),
    ("select_promotion", "Promotion Clicked", Items::None),
    ("view_cart", "Cart Viewed", Items::List),
    ("view_item", "Product Viewed", Items::Each),
    ("view_item_list", "Product List Viewed", Items::List),
    ("view_promotion", "Promotion Viewed", Items::None),
    ("view_search_results", "Products Searched", Items::None),
];

/// GA4's names of properties and items, and Segment's.
const NAMES: [(&str, &str); 15] = [
    ("creative_name", "creative"),
    ("creative_slot", "position"),
    ("index", "position"),
    ("item_brand", "brand"),
    ("item_category", "category"),
    ("item_id", "product_id"),
    ("item_list_id", "list_id"),
    ("item_list_name", "list_name"),
    ("item_name", "name"),
    ("item_variant", "variant"),
    ("location_id", "position"),
    ("payment_type", "payment_method"),
    ("promotion_name", "name"),
    ("search_term", "query"),
    ("transaction_id", "order_id"),
];

/// An event of GA4's as Segment's.
#[derive(Clone, PartialEq, Debug)]
pub struct Mapped {
    /// Segment's name.
    pub event: &'static str,
    /// Its properties; more than one where every item is an event of its own.
    pub properties: Vec<Map<String, Value>>,
}

/// Maps an event; `None` when it is none of GA4's e-commerce events. Where each item is an event, it has at most `room` items
/// beside the first.
///
/// # Errors
/// `items` that are missing where a product is needed, no array of objects, or too many; the pointer is that of what
/// was sent.
pub fn mapped(event: &str, properties: &Map<String, Value>, room: usize) -> Result<Option<Mapped>, Fault> {
    let Ok(found) = EVENTS.binary_search_by(|(name, ..)| (*name).cmp(event)) else { return Ok(None) };
    let (_, event, wants) = EVENTS[found];
    let items = items(properties)?;
    let mut whole = renamed(properties);
    whole.remove("items");
    let properties = match (wants, items) {
        (Items::Each, Some(items)) if !items.is_empty() => {
            affordable(&whole, items.len() - 1, room)?;
            // What stands beside the items is the event's; `value` is that of all of them and nobody's price.
            items.iter().map(|item| merged(&whole, renamed(item))).collect()
        }
        (Items::Each, _) if whole.contains_key("product_id") => vec![whole],
        (Items::Each, _) => {
            return Err(Fault::new(
                "/properties/items",
                "schema.missing",
                "an item with an item_id is needed",
            ));
        }
        (Items::List, Some(items)) => {
            let products = items.iter().map(|item| Value::Object(renamed(item))).collect();
            whole.insert("products".to_owned(), Value::Array(products));
            vec![whole]
        }
        (Items::List | Items::None, _) => vec![whole],
    };
    Ok(Some(Mapped { event, properties }))
}

/// A pointer into what Segment would have sent, as a pointer into what was sent: item `index` of an event whose items
/// are events, or of a list.
pub fn pointer_sent(pointer: &str, index: usize, sent: &Map<String, Value>) -> String {
    let Some(rest) = pointer.strip_prefix("/properties/") else { return pointer.to_owned() };
    let (at, name) = match rest.strip_prefix("products/").and_then(|rest| rest.split_once('/')) {
        Some((number, name)) => (number.parse().ok(), name),
        None if rest == "products" => return "/properties/items".to_owned(),
        None => (None, rest),
    };
    let item = at.unwrap_or(index);
    let item_object = sent.get("items").and_then(|items| items.get(item)).and_then(Value::as_object);
    let old = |object: Option<&Map<String, Value>>| {
        let is_there = |name: &&str| object.is_some_and(|object| object.contains_key(*name));
        let renamed = NAMES.iter().filter(|(_, new)| *new == name).map(|(old, _)| *old);
        renamed.chain([name]).find(is_there).map(ToOwned::to_owned)
    };
    let first = || NAMES.iter().find(|(_, new)| *new == name).map_or(name, |(old, _)| *old);
    match (old(item_object), old(Some(sent)), item_object) {
        (Some(name), ..) => format!("/properties/items/{item}/{name}"),
        (None, Some(name), _) if at.is_none() => format!("/properties/{name}"),
        (None, _, Some(_)) => format!("/properties/items/{item}/{}", first()),
        _ => format!("/properties/{}", first()),
    }
}

fn items(properties: &Map<String, Value>) -> Result<Option<Vec<&Map<String, Value>>>, Fault> {
    let at = "/properties/items";
    let array = match properties.get("items") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(array)) => array,
        Some(_) => return Err(Fault::new(at, "schema.type", "expected an array of items")),
    };
    if array.len() > PRODUCT_COUNT_MAX {
        let detail = format!("{} items; at most {PRODUCT_COUNT_MAX} are taken", array.len());
        return Err(Fault::new(at, "schema.value", detail));
    }
    let item = |(index, item): (usize, &'_ Value)| -> Result<(), Fault> {
        let fault =
            || Fault::new(format!("{at}/{index}"), "schema.type", "expected an object with an item_id");
        item.is_object().then_some(()).ok_or_else(fault)
    };
    array.iter().enumerate().try_for_each(item)?;
    Ok(Some(array.iter().filter_map(Value::as_object).collect()))
}

/// Asked before anything is copied: a small request must not become a large one. An item is never left out silently.
fn affordable(whole: &Map<String, Value>, more_count: usize, room: usize) -> Result<(), Fault> {
    let beside: usize = whole.iter().map(|(name, value)| name.len() + size(value)).sum();
    let detail = if more_count > room {
        format!("its items are events, and a request has at most {EVENT_COUNT_MAX}: send smaller batches")
    } else if beside.saturating_mul(more_count) > ITEMS_BYTES_MAX {
        format!(
            "what stands beside its items is copied to each: at most {ITEMS_BYTES_MAX} bytes may become of it"
        )
    } else {
        return Ok(());
    };
    Err(Fault::new("/properties/items", "event.too_large", detail))
}

/// Bytes of a value, about: of its texts, and eight of anything else.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(|value| 8 + size(value)).sum(),
        Value::Object(object) => object.iter().map(|(name, value)| 8 + name.len() + size(value)).sum(),
        _ => 8,
    }
}

/// Fields under Segment's names. A field that has Segment's name already keeps its value.
fn renamed(object: &Map<String, Value>) -> Map<String, Value> {
    let mut renamed = Map::new();
    for (name, value) in object {
        let new = NAMES.iter().find(|(old, _)| old == name).map_or(name.as_str(), |(_, new)| *new);
        if new == name || !(object.contains_key(new) || renamed.contains_key(new)) {
            renamed.insert(new.to_owned(), value.clone());
        }
    }
    renamed
}

fn merged(whole: &Map<String, Value>, item: Map<String, Value>) -> Map<String, Value> {
    let mut properties = whole.clone();
    properties.remove("value");
    properties.extend(item);
    properties
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(event: &str, properties: &Value) -> Value {
        match mapped(event, properties.as_object().unwrap(), EVENT_COUNT_MAX) {
            Ok(Some(mapped)) => json!([mapped.event, mapped.properties]),
            Ok(None) => Value::Null,
            Err(fault) => json!([fault.pointer, fault.code]),
        }
    }

    #[test]
    fn the_names_are_sorted_because_they_are_searched_by_halving() {
        assert!(EVENTS.is_sorted_by_key(|(name, ..)| name));
    }

    #[test]
    fn each_item_of_a_cart_event_is_an_event_with_what_stands_beside_the_items() {
        let told = json!({ "currency": "EUR", "value": 30, "item_list_id": "l", "items": [
            { "item_id": "a", "item_name": "A", "price": 10, "index": 0 },
            { "item_id": "b", "item_brand": "B", "quantity": 2, "item_list_id": "own" } ] });
        assert_eq!(
            map("add_to_cart", &told),
            json!(["Product Added", [
            { "currency": "EUR", "list_id": "l", "product_id": "a", "name": "A", "price": 10, "position": 0 },
            { "currency": "EUR", "list_id": "own", "product_id": "b", "brand": "B", "quantity": 2 }]])
        );
    }

    #[test]
    fn a_small_event_does_not_become_a_large_one() {
        let told = |items: usize, beside: usize| {
            let items: Vec<Value> = (0..items).map(|n| json!({ "item_id": n.to_string() })).collect();
            map("add_to_cart", &json!({ "note": "x".repeat(beside), "items": items }))
        };
        assert_eq!(told(100, 600)[1].as_array().map(Vec::len), Some(100));
        assert_eq!(told(100, 700), json!(["/properties/items", "event.too_large"]));
        assert_eq!(told(1, 30_000)[1].as_array().map(Vec::len), Some(1), "one item copies nothing");
    }

    #[test]
    fn the_items_of_a_purchase_are_its_products() {
        let told = json!({ "transaction_id": "T-1", "value": 12.5, "items": [{ "item_id": "a" }] });
        let meant = json!(["Order Completed",
            [{ "order_id": "T-1", "value": 12.5, "products": [{ "product_id": "a" }] }]]);
        assert_eq!(map("purchase", &told), meant);
        assert_eq!(map("view_cart", &json!({})), json!(["Cart Viewed", [{}]]));
    }

    #[test]
    fn what_is_no_event_of_commerce_stays_as_it_is_and_what_lacks_its_item_is_told() {
        for event in ["Product Added", "sign_up", "Add_To_Cart", "page_view", ""] {
            assert_eq!(map(event, &json!({ "items": [] })), Value::Null, "{event}");
        }
        let missing = json!(["/properties/items", "schema.missing"]);
        assert_eq!(map("view_item", &json!({})), missing);
        assert_eq!(map("view_item", &json!({ "items": [] })), missing);
        assert_eq!(map("view_item", &json!({ "items": [7] })), json!(["/properties/items/0", "schema.type"]));
        assert_eq!(map("purchase", &json!({ "items": {} })), json!(["/properties/items", "schema.type"]));
        assert_eq!(map("view_item", &json!({ "item_id": "a" }))[1], json!([{ "product_id": "a" }]));
    }

    #[test]
    fn a_fault_is_pointed_at_where_it_was_sent() {
        let sent = json!({ "currency": "EURO", "transaction_id": {}, "items": [{ "item_id": "a", "price": "1" }, {}] });
        let sent = sent.as_object().unwrap();
        for (pointer, index, meant) in [
            ("/properties/currency", 0, "/properties/currency"),
            ("/properties/order_id", 0, "/properties/transaction_id"),
            ("/properties/price", 0, "/properties/items/0/price"),
            ("/properties/product_id", 1, "/properties/items/1/item_id"),
            ("/properties/products/0/price", 0, "/properties/items/0/price"),
            ("/properties/products/1/product_id", 0, "/properties/items/1/item_id"),
            ("/properties/products", 0, "/properties/items"),
            ("/timestamp", 0, "/timestamp"),
        ] {
            assert_eq!(pointer_sent(pointer, index, sent), meant, "{pointer}");
        }
    }
}
