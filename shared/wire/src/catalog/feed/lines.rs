//! JSON Lines: an object on each line, its values as texts.

use super::row::{Fields, field_name};
use super::{FeedError, ROW_BYTES_MAX, ROW_COUNT_MAX};
use crate::limits::{NESTING_MAX, nesting};
use serde_json::{Map, Value};

type Row = (u64, Result<Fields, String>);

/// The rows of a text whose first line has this number. Empty lines are none.
pub(super) fn rows(bytes: &[u8], first_row: u64) -> Result<Vec<Row>, FeedError> {
    let begin = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if begin == Some(&b'[') {
        return Err(FeedError::JsonArray);
    }
    // No part of any feed begins near the largest number: whoever says so is told it for every row, and nothing overflows.
    let numbers = (0_u64..).map(|index| first_row.saturating_add(index));
    let lines = numbers.zip(bytes.split(|byte| *byte == b'\n'));
    let rows = lines.filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace));
    Ok(rows.take(ROW_COUNT_MAX + 1).map(|(number, line)| (number, fields(line))).collect())
}

fn fields(line: &[u8]) -> Result<Fields, String> {
    if line.len() > ROW_BYTES_MAX {
        return Err(format!("the row has {} bytes, and {ROW_BYTES_MAX} are allowed", line.len()));
    }
    let text = std::str::from_utf8(line).map_err(|_| "the row is not UTF-8".to_owned())?;
    if nesting(text) > NESTING_MAX {
        return Err(format!("the row is nested deeper than {NESTING_MAX} levels"));
    }
    if !text.trim_start().starts_with('{') {
        return Err("the row is no JSON object: expected one such as {\"id\": \"mug\", \"title\": \"Mug\"}"
            .to_owned());
    }
    let object: Map<String, Value> = serde_json::from_str(text)
        .map_err(|error| format!("the row is no JSON object: {}", crate::stream::without_values(&error)))?;
    let mut fields = Fields::default();
    for (name, value) in object {
        let Some(name) = field_name(&name) else { continue };
        match text_of(&name, value) {
            Ok(None) => {}
            Ok(Some(text)) => {
                fields.values.insert(name, text);
            }
            Err(Nested) => fields.nested.push(name),
        }
    }
    Ok(fields)
}

/// A value that no text stands for.
struct Nested;

/// A value as CSV would have it.
fn text_of(name: &str, value: Value) -> Result<Option<String>, Nested> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Bool(flag) => Ok(Some(flag.to_string())),
        Value::Number(number) => Ok(Some(number.to_string())),
        // Google's Content API: {"value": "15.00", "currency": "EUR"}.
        Value::Object(price) if name == "price" || name == "sale_price" => {
            let part = |part: &str| match price.get(part) {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Number(number)) => Some(number.to_string()),
                _ => None,
            };
            part("value").zip(part("currency")).map(|(v, c)| Some(format!("{v} {c}"))).ok_or(Nested)
        }
        // A field that may be repeated: of categories the first one counts.
        Value::Array(values) if name == "product_type" => {
            values.into_iter().next().map_or(Ok(None), |first| text_of(name, first))
        }
        Value::Array(values) => {
            let texts = values.into_iter().map(|value| match value {
                Value::String(text) => Ok(text),
                Value::Number(number) => Ok(number.to_string()),
                _ => Err(Nested),
            });
            Ok(Some(texts.collect::<Result<Vec<_>, _>>()?.join(", ")))
        }
        Value::Object(_) => Err(Nested),
    }
}
