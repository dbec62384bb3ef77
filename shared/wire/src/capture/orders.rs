//! Orders as a back office tells them, as events of Segment's e-commerce spec.

use super::body::object_text;
use crate::limits::{EVENT_COUNT_MAX, NESTING_MAX, OBJECT_COUNT_MAX, shape};
use crate::problem::{Fault, Problem};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// What an order's `status` may say, and the event that it is.
const STATUSES: [(&str, &str); 4] = [
    ("completed", "Order Completed"),
    ("updated", "Order Updated"),
    ("refunded", "Order Refunded"),
    ("cancelled", "Order Cancelled"),
];
/// Fields of an order that say whose it is, what it is and when; all others are the event's properties. An order's
/// name, and the event's.
const OWN: [(&str, &str); 4] = [
    ("order_id", "messageId"),
    ("user_id", "userId"),
    ("anonymous_id", "anonymousId"),
    ("occurred_at", "timestamp"),
];

#[derive(Deserialize)]
struct Many<'a> {
    #[serde(borrow)]
    orders: Option<Vec<&'a RawValue>>,
}

/// Reads `{"orders": [order, …]}` or one order: each becomes the JSON text of a `track`, or says what is wrong with it.
///
/// # Errors
/// 400 when it is neither, 413 when it is too large or has too many orders.
pub fn parse_orders(bytes: &[u8]) -> Result<Vec<Result<String, Fault>>, Problem> {
    let body = object_text(bytes)?;
    let many: Many<'_> = serde_json::from_str(body).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Problem::bad_request(format!("the body must be an order, or an object with `orders`; see {place}"))
    })?;
    match many.orders {
        None => Ok(vec![event(body)]),
        Some(orders) if orders.len() > EVENT_COUNT_MAX => Err(Problem::too_large(format!(
            "{} orders; at most {EVENT_COUNT_MAX} are taken: send fewer at a time",
            orders.len()
        ))),
        Some(orders) => Ok(orders.into_iter().map(|order| event(order.get())).collect()),
    }
}

/// The pointer of a fault of the event, as a pointer into the order.
#[must_use]
pub fn pointer_of_order(pointer: &str) -> String {
    if let Some(property) = pointer.strip_prefix("/properties") {
        return property.to_owned();
    }
    let own = OWN.iter().find(|(_, event)| pointer.strip_prefix('/') == Some(event));
    own.map_or_else(|| pointer.to_owned(), |(order, _)| format!("/{order}"))
}

fn event(order: &str) -> Result<String, Fault> {
    let shape = shape(order);
    if shape.nesting > NESTING_MAX {
        return Err(Fault::new("", "event.nesting", "too many levels of nesting"));
    }
    if shape.objects > OBJECT_COUNT_MAX {
        return Err(Fault::new("", "event.too_large", "too many objects"));
    }
    let Ok(Value::Object(fields)) = serde_json::from_str(order) else {
        return Err(Fault::new("", "schema.type", "expected an object with an order_id"));
    };
    let event = match fields.get("status") {
        None | Some(Value::Null) => "Order Completed",
        Some(status) => {
            let found = STATUSES.iter().find(|(word, _)| status.as_str() == Some(word));
            let detail = "expected completed, updated, refunded or cancelled";
            found.map(|(_, event)| *event).ok_or_else(|| Fault::new("/status", "schema.value", detail))?
        }
    };
    let number = match fields.get("order_id") {
        Some(Value::String(number)) if !number.trim().is_empty() => number.trim().to_owned(),
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => number.to_string(),
        None | Some(Value::Null | Value::String(_)) => {
            return Err(Fault::new("/order_id", "schema.missing", "the order's number is needed"));
        }
        Some(_) => return Err(Fault::new("/order_id", "schema.type", "expected string")),
    };
    let mut told = Map::new();
    for (name, of_event) in OWN.iter().skip(1) {
        told.extend(fields.get(*name).map(|value| ((*of_event).to_owned(), value.clone())));
    }
    let is_property = |name: &str| name != "status" && !OWN.iter().skip(1).any(|(own, _)| *own == name);
    let properties: Map<String, Value> = fields.into_iter().filter(|(name, _)| is_property(name)).collect();
    told.insert("messageId".to_owned(), json!(event_id(event, &number, order)));
    told.insert("event".to_owned(), json!(event));
    told.insert("properties".to_owned(), Value::Object(properties));
    told.insert("type".to_owned(), json!("track"));
    Ok(Value::Object(told).to_string())
}

/// An order is completed and cancelled once, so its number says which event that is. It may be changed and refunded
/// more than once: then what was said belongs to the id too.
fn event_id(event: &str, number: &str, order: &str) -> String {
    let digest = || data_encoding::HEXLOWER.encode(&Sha256::digest(order.as_bytes())[..8]);
    match event {
        "Order Completed" => format!("order:{number}"),
        "Order Cancelled" => format!("order:{number}:cancelled"),
        "Order Refunded" => format!("order:{number}:refunded:{}", digest()),
        _ => format!("order:{number}:updated:{}", digest()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(order: &Value) -> Result<Value, (String, &'static str)> {
        let mut all = parse_orders(order.to_string().as_bytes()).unwrap();
        let read = all.pop().unwrap().map_err(|fault| (fault.pointer, fault.code))?;
        Ok(serde_json::from_str(&read).unwrap())
    }

    #[test]
    fn an_order_is_the_event_that_its_status_says_and_its_number_is_the_events_id() {
        let order = json!({ "order_id": 1001, "user_id": "u", "total": 12.5, "currency": "EUR",
            "occurred_at": "2025-11-22T08:00:00Z", "products": [{ "product_id": "mug" }] });
        assert_eq!(
            one(&order).unwrap(),
            json!({ "type": "track", "event": "Order Completed", "messageId": "order:1001", "userId": "u",
                "timestamp": "2025-11-22T08:00:00Z", "properties": { "order_id": 1001, "total": 12.5,
                "currency": "EUR", "products": [{ "product_id": "mug" }] } })
        );
        let id = |order: Value| one(&order).unwrap()["messageId"].as_str().unwrap().to_owned();
        let refund =
            |total: f64| json!({ "order_id": "7", "user_id": "u", "status": "refunded", "total": total });
        assert_eq!(id(refund(1.0)), id(refund(1.0)), "the same refund told twice is one");
        assert_ne!(id(refund(1.0)), id(refund(2.0)), "two refunds of one order are two");
        assert_eq!(id(json!({ "order_id": "7", "status": "cancelled" })), "order:7:cancelled");
    }

    #[test]
    fn what_is_wrong_with_an_order_is_told_of_it_and_its_neighbours_are_read() {
        for (order, pointer, code) in [
            (json!({}), "/order_id", "schema.missing"),
            (json!({ "order_id": " " }), "/order_id", "schema.missing"),
            (json!({ "order_id": [] }), "/order_id", "schema.type"),
            (json!({ "order_id": "1", "status": "lost" }), "/status", "schema.value"),
            (json!({ "order_id": "1", "status": 3 }), "/status", "schema.value"),
        ] {
            assert_eq!(one(&order), Err((pointer.to_owned(), code)), "{order}");
        }
        let all = parse_orders(br#"{"orders":[7,{"order_id":"1"}]}"#).unwrap();
        assert!(all[0].is_err() && all[1].is_ok());
        for body in ["", "[]", "[[]]", "7", r#"{"orders":{}}"#] {
            assert_eq!(parse_orders(body.as_bytes()).unwrap_err().status(), 400, "{body}");
        }
        let many = format!(r#"{{"orders":[{}1]}}"#, "1,".repeat(512));
        assert_eq!(parse_orders(many.as_bytes()).unwrap_err().status(), 413);
        assert_eq!(pointer_of_order("/properties/products/0/price"), "/products/0/price");
        assert_eq!(
            (pointer_of_order("/userId"), pointer_of_order("")),
            ("/user_id".to_owned(), String::new())
        );
    }
}
