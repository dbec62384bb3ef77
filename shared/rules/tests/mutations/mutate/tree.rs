//! Damages the values of a ruleset: what is written is YAML, and says something else.

use super::dice::Dice;
use serde_json::{Map, Value, json};

/// A value that stands somewhere in the tree, counted from its root, is replaced by what `change` makes of it.
fn change(tree: &mut Value, at: &mut usize, change: &mut dyn FnMut(&mut Value)) {
    if *at == 0 {
        change(tree);
        *at = usize::MAX;
        return;
    }
    *at -= 1;
    let mut inside = |value: &mut Value| {
        if *at != usize::MAX {
            self::change(value, at, change);
        }
    };
    match tree {
        Value::Array(items) => items.iter_mut().for_each(&mut inside),
        Value::Object(fields) => fields.values_mut().for_each(&mut inside),
        _ => {}
    }
}

fn count(tree: &Value) -> usize {
    1 + match tree {
        Value::Array(items) => items.iter().map(count).sum::<usize>(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// Any value of a tree.
fn any(tree: &Value, dice: &mut Dice) -> Value {
    let mut found = Value::Null;
    let mut at = dice.index(count(tree));
    change(&mut tree.clone(), &mut at, &mut |value| found = value.take());
    found
}

/// One damage more, somewhere in the tree; `other` is where it takes a strange part from.
pub fn damage(tree: &mut Value, other: &Value, dice: &mut Dice) {
    let mut at = dice.index(count(tree));
    let part = if dice.chance(500) { any(other, dice) } else { any(tree, dice) };
    change(tree, &mut at, &mut |value| match dice.below(12) {
        0 => *value = part.clone(),
        1 => *value = hostile(dice),
        2 => *value = other_type(value),
        3 => nest(value, dice),
        4 | 5 => without(value, dice),
        6 => again(value, dice),
        7 => renamed(value, dice),
        8..=10 => near(value, dice),
        _ => added(value, &part, dice),
    });
}

fn hostile(dice: &mut Dice) -> Value {
    let long = "x".repeat(dice.index(20_000));
    let choices = [
        json!(null),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e308),
        json!(-0.0),
        json!(0.000_000_1),
        json!(""),
        json!("\u{0}"),
        json!("🧵\u{202e}\u{feff}"),
        json!("line\nline"),
        json!("javascript:alert(1)"),
        json!("99999999999999d"),
        json!("(a+)+$"),
        json!(long),
        json!([]),
        json!({}),
    ];
    dice.pick(&choices).cloned().unwrap_or_default()
}

/// Something of the same kind, which may well be allowed.
fn near(value: &mut Value, dice: &mut Dice) {
    match value {
        Value::Bool(yes) => *value = json!(!*yes),
        Value::Number(number) => {
            *value =
                json!((number.as_f64().unwrap_or_default() as i64).saturating_add(dice.index(9) as i64 - 4))
        }
        Value::String(text) => *value = json!(text.chars().rev().collect::<String>()),
        Value::Array(items) => items.reverse(),
        _ => {}
    }
}

fn other_type(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(yes) => json!(yes.to_string()),
        Value::Number(number) => json!(number.to_string()),
        Value::String(text) => text.parse::<f64>().map_or_else(|_| json!([text]), |number| json!(number)),
        Value::Array(items) => items.first().cloned().unwrap_or_default(),
        Value::Object(fields) => fields.values().cloned().collect(),
    }
}

/// So deep that a reader without a limit would run out of stack.
fn nest(value: &mut Value, dice: &mut Dice) {
    let name = dice.pick(&["not", "all", "any"]).copied().unwrap_or_default();
    for _ in 0..dice.below(60) {
        let inner = value.take();
        *value = if name == "not" { json!({ name: inner }) } else { json!({ name: [inner] }) };
    }
}

fn without(value: &mut Value, dice: &mut Dice) {
    match value {
        Value::Array(items) if !items.is_empty() => drop(items.remove(dice.index(items.len()))),
        Value::Object(fields) => *fields = edited(fields, dice, |_, _| Vec::new()),
        _ => *value = Value::Null,
    }
}

fn again(value: &mut Value, dice: &mut Dice) {
    if let Value::Array(items) = value
        && let Some(item) = dice.pick(items).cloned()
    {
        items.extend(std::iter::repeat_n(item, dice.index(30)));
    }
}

fn renamed(value: &mut Value, dice: &mut Dice) {
    if let Value::Object(fields) = value {
        *fields = edited(fields, dice, |key, value| {
            let name = key.chars().skip(1).chain(key.chars().take(1)).collect();
            vec![(name, value)]
        });
    }
}

fn added(value: &mut Value, part: &Value, dice: &mut Dice) {
    let names = ["id", "slot", "priority", "within", "not", "all", "event", "labels", "then", "x", ""];
    let name = dice.pick(&names).copied().unwrap_or_default();
    match value {
        Value::Array(items) => items.insert(dice.index(items.len() + 1), part.clone()),
        Value::Object(fields) => drop(fields.insert(name.to_owned(), part.clone())),
        _ => *value = part.clone(),
    }
}

/// The fields, with one of them replaced by what `edit` makes of it.
fn edited(
    fields: &Map<String, Value>,
    dice: &mut Dice,
    edit: impl Fn(String, Value) -> Vec<(String, Value)>,
) -> Map<String, Value> {
    let at = dice.index(fields.len());
    let pairs = fields.iter().map(|(key, value)| (key.clone(), value.clone())).enumerate();
    pairs
        .flat_map(|(index, (key, value))| if index == at { edit(key, value) } else { vec![(key, value)] })
        .collect()
}
