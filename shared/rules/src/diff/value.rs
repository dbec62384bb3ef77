//! Values of a ruleset's text, compared by what they mean and written in one line.

use crate::tree::{Node, Value};
use beckon_domain::{DurationMs, Money};

/// The longest value that a change repeats, in characters.
const SHOWN_CHARS_MAX: usize = 120;

/// Whether two values mean the same.
pub(super) fn same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            let found = |key: &Node| b.iter().find(|(other, _)| same(key, other)).map(|(_, value)| value);
            a.len() == b.len() && a.iter().all(|(key, a)| found(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => same_scalar(a, b),
    }
}

fn same_scalar(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => a.trim() == b.trim() || same_length(a, b) || same_money(a, b),
        (a, b) => matches!((number(a), number(b)), (Some(a), Some(b)) if a.total_cmp(&b).is_eq()),
    }
}

fn same_length(a: &str, b: &str) -> bool {
    matches!((DurationMs::parse(a), DurationMs::parse(b)), (Some(a), Some(b)) if a == b)
}

fn same_money(a: &str, b: &str) -> bool {
    matches!((Money::parse(a), Money::parse(b)), (Ok(a), Ok(b)) if a == b)
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer { value, .. } => Some(*value as f64),
        Value::Number(value) => Some(*value),
        _ => None,
    }
}

/// A value in one line, as YAML writes it, cut where it is long.
pub(super) fn shown(node: &Node) -> String {
    let text = flow(node);
    if text.chars().count() <= SHOWN_CHARS_MAX {
        return text;
    }
    text.chars().take(SHOWN_CHARS_MAX).chain(['…']).collect()
}

fn flow(node: &Node) -> String {
    match &node.value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Integer { value, .. } => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::Text(text) => text.clone(),
        Value::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entry = |(key, value): &(Node, Node)| format!("{}: {}", flow(key), flow(value));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}
