//! What a request changed: what was there before it, and what is there since. It goes into the audit chain, so it names no
//! secret and no person, and is of bounded size however much was changed.

use serde::Serialize;
use serde_json::{Map, Value, json};
use std::ops::Deref;

/// Values by their names. Where nothing is there, none.
pub type Values = Map<String, Value>;

/// Bytes of either side, as JSON.
pub const CHANGE_BYTES_MAX: usize = 4 * 1024;
/// Things of one kind that are told one by one, such as products; of more their number is told.
pub const LISTED_MAX: usize = 20;
/// Characters of a text.
const TEXT_CHARS_MAX: usize = 200;

/// What a request changed. Both sides are the same where it changed nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Change {
    /// What was there.
    pub before: Values,
    /// What is there since.
    pub after: Values,
}

impl Change {
    /// A change from what was there to what is.
    #[must_use]
    pub fn new(before: Values, after: Values) -> Self {
        Self { before: bounded(before), after: bounded(after) }
    }

    /// A change of one value; of none, when nothing was there or is there.
    pub(crate) fn of_value(name: &str, before: Option<&str>, after: Option<&str>) -> Self {
        let value =
            |text: Option<&str>| text.map(|text| (name.to_owned(), json!(text))).into_iter().collect();
        Self::new(value(before), value(after))
    }
}

/// An answer, and what it changed.
#[derive(Clone, Debug)]
pub struct Noted<A> {
    /// What the caller is told.
    pub answer: A,
    /// What the audit chain is told besides.
    pub change: Change,
}

impl<A> Deref for Noted<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.answer
    }
}

/// The fields of something that have a value.
pub(crate) fn values(of: &impl Serialize) -> Values {
    match serde_json::to_value(of) {
        Ok(Value::Object(fields)) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Values::new(),
    }
}

/// Values within the limits. What does not fit is left out, and `cut` says so.
fn bounded(values: Values) -> Values {
    let (mut kept, mut bytes, mut is_cut) = (Values::new(), 0, false);
    for (name, value) in values {
        let value = shortened(value, &mut is_cut);
        let size = name.len() + value.to_string().len() + 4;
        if bytes + size > CHANGE_BYTES_MAX - TEXT_CHARS_MAX {
            is_cut = true;
            continue;
        }
        bytes += size;
        kept.insert(name, value);
    }
    if is_cut {
        kept.insert("cut".to_owned(), json!(true));
    }
    kept
}

fn shortened(value: Value, is_cut: &mut bool) -> Value {
    match value {
        Value::String(text) if text.chars().count() > TEXT_CHARS_MAX => {
            *is_cut = true;
            Value::String(text.chars().take(TEXT_CHARS_MAX).collect())
        }
        Value::Array(items) => {
            *is_cut |= items.len() > LISTED_MAX;
            Value::Array(items.into_iter().take(LISTED_MAX).map(|item| shortened(item, is_cut)).collect())
        }
        Value::Object(fields) => {
            *is_cut |= fields.len() > LISTED_MAX;
            let fields = fields.into_iter().take(LISTED_MAX);
            Value::Object(fields.map(|(name, value)| (name, shortened(value, is_cut))).collect())
        }
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_much_was_changed_a_side_is_bounded_and_says_that_it_was_cut() {
        let long = "x".repeat(10_000);
        let many: Vec<Value> = (0..1_000).map(|n| json!(n)).collect();
        let texts: Values = (0..200).map(|n| (format!("name-{n:03}"), json!(long))).collect();
        for values in [
            Values::from_iter([("text".to_owned(), json!(long))]),
            Values::from_iter([("list".to_owned(), json!(many))]),
            texts,
        ] {
            let change = Change::new(values.clone(), Values::new());
            assert_eq!(change.before["cut"], true);
            assert!(json!(change.before).to_string().len() <= CHANGE_BYTES_MAX, "{:?}", change.before);
            assert!(change.after.is_empty());
        }
    }

    #[test]
    fn what_fits_is_told_as_it_is() {
        let values = values(&json!({ "price": "18.00 EUR", "sale": null, "tags": ["a"] }));
        assert_eq!(
            Change::new(values, Values::new()).before,
            *json!({ "price": "18.00 EUR", "tags": ["a"] }).as_object().unwrap()
        );
    }
}
