//! Short forms of Segment's events, so that a story reads as one: `{ view: tent-2p, by: anna }`.

use beckon_domain::{DurationMs, Timestamp};
use beckon_rules::{Ruleset, SAMPLE};
use serde_json::{Map, Value, json};

/// Writes events out in full, with ids of their own and the sample shop's facts about its products.
pub struct Teller {
    started: Timestamp,
    next_id: u64,
    shop: Ruleset,
}

impl Teller {
    /// A teller of a story that starts at this time.
    #[must_use]
    pub fn new(started: Timestamp) -> Self {
        Self { started, next_id: 0, shop: Ruleset::parse(SAMPLE).expect("the sample is valid") }
    }

    /// Writes an event out. What has a `type` is Segment's own form and stays as it is.
    ///
    /// # Panics
    /// When the short form is not understood.
    #[must_use]
    pub fn event(&mut self, short: &Value) -> Value {
        let fields = short.as_object().unwrap_or_else(|| panic!("an event is an object: {short}"));
        if fields.contains_key("type") {
            return short.clone();
        }
        self.next_id += 1;
        let mut event = Map::new();
        event.insert("messageId".to_owned(), json!(format!("m-{}", self.next_id)));
        let mut properties = Map::new();
        let mut traits = Map::new();
        for (word, value) in fields {
            match word.as_str() {
                "view" => self.track(&mut event, &mut properties, "Product Viewed", value),
                "add" => self.track(&mut event, &mut properties, "Product Added", value),
                "remove" => self.track(&mut event, &mut properties, "Product Removed", value),
                "dwell" => self.track(&mut event, &mut properties, "Product Dwelled", value),
                "cart" => self.track_many(&mut event, &mut properties, "Cart Updated", value),
                "order" => self.track_many(&mut event, &mut properties, "Order Completed", value),
                "page" => kind(&mut event, "page"),
                "login" => {
                    kind(&mut event, "identify");
                    event.insert("userId".to_owned(), value.clone());
                }
                "by" => drop(event.insert("anonymousId".to_owned(), value.clone())),
                "user" => drop(event.insert("userId".to_owned(), value.clone())),
                "id" => drop(event.insert("messageId".to_owned(), value.clone())),
                "time" => drop(event.insert("timestamp".to_owned(), json!(self.time(value)))),
                "consent" => drop(event.insert("context".to_owned(), json!({ "consent": value }))),
                "email" | "firstName" | "plan" => drop(traits.insert(word.clone(), value.clone())),
                "with" => properties.extend(value.as_object().cloned().unwrap_or_default()),
                _ => panic!("`{word}` is not a word of the short form: {short}"),
            }
        }
        if !properties.is_empty() {
            event.insert("properties".to_owned(), Value::Object(properties));
        }
        if !traits.is_empty() {
            event.insert("traits".to_owned(), Value::Object(traits));
        }
        Value::Object(event)
    }

    /// A time since the start of the story, as a sender writes it.
    fn time(&self, since_start: &Value) -> String {
        let length = since_start.as_str().and_then(DurationMs::parse);
        let length = length.unwrap_or_else(|| panic!("expected a time such as 5m, got {since_start}"));
        beckon_wire::format_time(self.started + length)
    }

    fn track(
        &self,
        event: &mut Map<String, Value>,
        properties: &mut Map<String, Value>,
        name: &str,
        id: &Value,
    ) {
        kind(event, "track");
        event.insert("event".to_owned(), json!(name));
        properties.extend(self.product(id));
    }

    fn track_many(
        &self,
        event: &mut Map<String, Value>,
        properties: &mut Map<String, Value>,
        name: &str,
        ids: &Value,
    ) {
        kind(event, "track");
        event.insert("event".to_owned(), json!(name));
        let ids = ids.as_array().unwrap_or_else(|| panic!("{name} has a list of products, got {ids}"));
        let products: Vec<Value> = ids.iter().map(|id| Value::Object(self.product(id))).collect();
        properties.insert("products".to_owned(), json!(products));
    }

    /// What the shop's pages tell of a product; `tent-2p * 3` is three of them.
    fn product(&self, told: &Value) -> Map<String, Value> {
        let told = told.as_str().unwrap_or_else(|| panic!("expected a product, got {told}"));
        let (id, quantity) = told.split_once(" * ").unwrap_or((told, ""));
        let mut product = Map::from_iter([("product_id".to_owned(), json!(id))]);
        if let Ok(quantity) = quantity.parse::<u32>() {
            product.insert("quantity".to_owned(), json!(quantity));
        }
        if let Some(facts) = self.shop.product(id) {
            product.insert("name".to_owned(), json!(facts.name));
            product.insert("category".to_owned(), json!(facts.category.as_str()));
        }
        product
    }
}

fn kind(event: &mut Map<String, Value>, kind: &str) {
    event.insert("type".to_owned(), json!(kind));
}
