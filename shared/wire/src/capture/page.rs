//! What a `page` or `screen` call tells of the page, for rules to ask: its name, its category and its path.

use super::commerce::scalar;
use crate::fields::Fields;
use crate::privacy::{self, Of, without_query};
use crate::stream::Scalar;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Reads the call's `name` and `category`, or the properties of these names, and the property `path` without its query.
/// What cannot be used is left out: it must not cost the event.
pub fn properties(
    call: &Fields<'_>,
    properties: Option<&Map<String, Value>>,
    ids: &[&str],
) -> BTreeMap<String, Scalar> {
    let property = |name: &str| properties.and_then(|object| object.get(name));
    let text =
        |value: &Value| value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let of_call = |name: &str| call.get(name).and_then(text).or_else(|| property(name).and_then(text));
    let told = [
        ("category", of_call("category")),
        ("name", of_call("name")),
        ("path", property("path").and_then(text).as_deref().and_then(without_query)),
    ];
    let told = told.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::String(text?))));
    let told: Map<String, Value> = told.collect();
    let kept = privacy::keep(&told, Of::Properties, ids);
    kept.filter_map(|(name, value)| Some((name.clone(), scalar(value)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(call: &Value) -> Value {
        let call = call.as_object().unwrap();
        let object = call.get("properties").and_then(Value::as_object);
        serde_json::to_value(properties(&Fields::new(call, ""), object, &["u-77a1"])).unwrap()
    }

    #[test]
    fn a_page_tells_its_name_category_and_path_and_nothing_of_the_person() {
        let page = json!({ "name": " Home ", "category": "Docs", "properties": {
            "name": "other", "path": "/docs/start?token=1", "title": "Welcome, Jo", "url": "https://s.example/?q=1" } });
        assert_eq!(read(&page), json!({ "name": "Home", "category": "Docs", "path": "/docs/start" }));
        let personal = json!({ "name": "u-77a1", "properties": { "category": "jo@example.com", "path": 7 } });
        assert_eq!(read(&personal), json!({}));
        assert_eq!(read(&json!({ "properties": { "name": "Cart" } })), json!({ "name": "Cart" }));
    }
}
