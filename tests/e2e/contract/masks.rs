//! What differs from run to run, under names that examples can show.

use harness::Answer;
use serde_json::{Value, json};

/// Names in examples, and what stands for them in this run.
#[derive(Default)]
pub struct Masks(Vec<(String, Value)>);

impl Masks {
    /// Remembers what a name stands for.
    pub fn put(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), json!(value)));
    }

    /// Learns from an answer what later examples name.
    pub fn learn(&mut self, operation: &str, answer: &Answer) {
        let json = answer.json();
        match operation {
            "createKey" => self.0.push((KEY_ID.to_owned(), json["key"]["id"].clone())),
            "decide" => {
                let id = json["decisions"][0]["decisionId"].clone();
                if !id.is_null() && self.0.iter().all(|(name, _)| name != DECISION_ID) {
                    self.0.push((DECISION_ID.to_owned(), id));
                }
            }
            "mailContent" => self.0.push((LEFT_OUT.to_owned(), json["files"].clone())),
            _ => {}
        }
    }

    /// An example with the values of this run in place of names.
    pub fn filled(&self, example: &Value) -> Value {
        let mut filled = example.clone();
        for (name, value) in &self.0 {
            for parameter in
                filled["parameters"].as_object_mut().into_iter().flat_map(serde_json::Map::values_mut)
            {
                if *parameter == json!(name) {
                    *parameter = value.clone();
                }
            }
            if filled["body"]["files"]["mail.yaml"] == json!(name) {
                filled["body"]["files"] = value.clone();
            }
        }
        filled
    }
}

const UUID: &str = "01a20266-8bf4-7399-8c43-1b130cabfccd";
/// The id of a key that an example makes.
const KEY_ID: &str = "the-id-of-the-key";
/// The id of a decision.
const DECISION_ID: &str = "the-id-of-a-decision";
/// What stands for long texts.
const LEFT_OUT: &str = "(left out here)";

/// The JSON of an answer with fixed values for what differs; null when it is none.
pub fn masked(answer: &Answer) -> Value {
    let mut json = answer.json();
    mask("", &mut json);
    json
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') && text.contains('-')
}

fn mask(name: &str, value: &mut Value) {
    match value {
        Value::Object(object) if name == "files" => {
            object.values_mut().for_each(|text| *text = json!(LEFT_OUT))
        }
        Value::Object(object) if object.contains_key("createdAt") && object.contains_key("id") => {
            object.insert("id".to_owned(), json!(KEY_ID));
        }
        Value::Object(object) => object.iter_mut().for_each(|(name, value)| mask(name, value)),
        Value::Array(items) => items.iter_mut().for_each(|item| mask(name, item)),
        Value::String(text) => match name {
            "hash" => *value = json!("9".repeat(64)),
            "text" if text.starts_with('{') => *value = json!("{\"number\":1}"),
            "secret" => *value = json!("pk_0123456789abcdefghijklmnopqrstuv"),
            "key" => *value = json!(KEY_ID),
            "code" if text.starts_with("CART-") => *value = json!("CART-7Q2M4X9K1TBC"),
            "token" => *value = json!("eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJiZWNrb24tcHJldmlldyJ9.c2lnbmF0dXJl"),
            _ if text.len() == 38 && is_uuid(&text[..36]) && text[36..].starts_with('.') => {
                *value = json!(format!("{UUID}{}", &text[36..]));
            }
            _ if is_uuid(text) => *value = json!(UUID),
            _ => {}
        },
        _ => {}
    }
}
