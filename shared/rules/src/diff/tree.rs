//! Two texts of rulesets, part by part.

use super::value::{same, shown};
use super::{Change, What};
use crate::tree::{Node, Value};

/// The lists of the ruleset, and of a document of experiments, whose items have a name, what an item is called, and by which field.
const PARTS: [(&str, &str, &str); 10] = [
    ("products", "product", "id"),
    ("offers", "offer", "id"),
    ("slots", "slot", "id"),
    ("computed", "computed", "id"),
    ("segments", "segment", "id"),
    ("rules", "rule", "id"),
    ("tables", "table", "id"),
    ("tests", "test", "name"),
    ("goals", "goal", "id"),
    ("experiments", "experiment", "id"),
];
/// Lists whose order says nothing.
const SETS: [&str; 3] = ["labels", "segments", "categories"];

/// Every change, kind by kind in the order of a ruleset, then of a document of experiments. What is in no list is the
/// `whole`'s.
pub(super) fn compare(whole: &'static str, old: &Node, new: &Node) -> Vec<Change> {
    let mut changes = Vec::new();
    let is_part = |name: &str| PARTS.iter().any(|(list, ..)| *list == name);
    for name in names(old, new).into_iter().filter(|name| !is_part(name)) {
        let mut told = Told { kind: whole, id: "", changes: &mut changes };
        told.field(name, field(old, name), field(new, name));
    }
    for (list, kind, key) in PARTS {
        parts(kind, key, field(old, list), field(new, list), &mut changes);
    }
    changes
}

/// The fields of either, those of the new one first.
fn names<'n>(old: &'n Node, new: &'n Node) -> Vec<&'n str> {
    let mut names: Vec<&str> = Vec::new();
    for name in fields(new).chain(fields(old)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn fields(node: &Node) -> impl Iterator<Item = &str> {
    let entries: &[(Node, Node)] = if let Value::Map(entries) = &node.value { entries } else { &[] };
    entries
        .iter()
        .filter_map(|(key, _)| if let Value::Text(name) = &key.value { Some(name.as_str()) } else { None })
}

fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let Value::Map(entries) = &node.value else { return None };
    let entry = entries.iter().find(|(key, _)| matches!(&key.value, Value::Text(known) if known == name));
    entry.map(|(_, value)| value).filter(|value| !matches!(value.value, Value::Null))
}

fn items(node: Option<&Node>) -> &[Node] {
    match node.map(|node| &node.value) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

fn name_of(node: &Node, key: &str) -> String {
    field(node, key).map(shown).unwrap_or_default()
}

fn parts(kind: &'static str, key: &str, old: Option<&Node>, new: Option<&Node>, changes: &mut Vec<Change>) {
    let (olds, news) = (items(old), items(new));
    let found = |all: &'_ [Node], id: &str| all.iter().position(|item| name_of(item, key) == id);
    for item in olds {
        let id = name_of(item, key);
        let Some(index) = found(news, &id) else {
            changes.push(Change { kind, id, what: What::Removed });
            continue;
        };
        let other = &news[index];
        let mut told = Told { kind, id: &id, changes };
        for name in names(item, other) {
            told.field(name, field(item, name), field(other, name));
        }
    }
    for item in news {
        let id = name_of(item, key);
        if found(olds, &id).is_none() {
            changes.push(Change { kind, id, what: What::Added(says(kind, item)) });
        }
    }
}

/// What a new part says, without its name; of a test its name is enough.
fn says(kind: &str, item: &Node) -> String {
    if kind == "test" {
        return String::new();
    }
    let fields = fields(item).filter(|name| *name != "id");
    let told = fields.filter_map(|name| Some(format!("{name}: {}", shown(field(item, name)?))));
    told.collect::<Vec<_>>().join(", ")
}

/// Changes of one part.
struct Told<'a> {
    kind: &'static str,
    id: &'a str,
    changes: &'a mut Vec<Change>,
}

impl Told<'_> {
    /// Compares a field, down to the value that is different.
    fn field(&mut self, path: &str, old: Option<&Node>, new: Option<&Node>) {
        let (Some(a), Some(b)) = (old, new) else {
            if old.is_some() || new.is_some() {
                self.change(path, old.map(shown), new.map(shown));
            }
            return;
        };
        if same(a, b) {
            return;
        }
        match (&a.value, &b.value) {
            (Value::Map(_), Value::Map(_)) if fields(a).any(|name| field(b, name).is_some()) => {
                for name in names(a, b) {
                    self.field(&format!("{path}.{name}"), field(a, name), field(b, name));
                }
            }
            (Value::List(old), Value::List(new)) => self.list(path, old, new, (a, b)),
            _ => self.change(path, Some(shown(a)), Some(shown(b))),
        }
    }

    fn list(&mut self, path: &str, old: &[Node], new: &[Node], (a, b): (&Node, &Node)) {
        let name = path.rsplit('.').next().unwrap_or(path);
        if is_permutation(old, new) {
            if !SETS.contains(&name) {
                self.change(path, Some(shown(a)), Some(shown(b)));
            }
            return;
        }
        let is_nested = |item: &Node| matches!(item.value, Value::Map(_) | Value::List(_));
        if old.iter().chain(new).all(is_nested) {
            return self.nested(path, old, new);
        }
        self.change(path, Some(shown(a)), Some(shown(b)));
    }

    /// Conditions or rows: those that only one of the two has. As many on each side are the same ones, changed.
    fn nested(&mut self, path: &str, old: &[Node], new: &[Node]) {
        let (olds, news) = unmatched(old, new);
        if olds.len() == news.len() {
            for (index, other) in olds.into_iter().zip(news) {
                self.field(&format!("{path}[{index}]"), old.get(index), new.get(other));
            }
            return;
        }
        for index in olds {
            self.change(&format!("{path}[{index}]"), old.get(index).map(shown), None);
        }
        for index in news {
            self.change(&format!("{path}[{index}]"), None, new.get(index).map(shown));
        }
    }

    fn change(&mut self, field: &str, from: Option<String>, to: Option<String>) {
        let what = What::Changed { field: field.to_owned(), from, to };
        self.changes.push(Change { kind: self.kind, id: self.id.to_owned(), what });
    }
}

fn is_permutation(old: &[Node], new: &[Node]) -> bool {
    let (olds, news) = unmatched(old, new);
    olds.is_empty() && news.is_empty()
}

/// Where the items stand that the other list does not have, each as often as it is there.
fn unmatched(old: &[Node], new: &[Node]) -> (Vec<usize>, Vec<usize>) {
    let mut olds = Vec::new();
    let mut news: Vec<usize> = (0..new.len()).collect();
    for (index, item) in old.iter().enumerate() {
        match news.iter().position(|other| new.get(*other).is_some_and(|other| same(item, other))) {
            Some(found) => drop(news.remove(found)),
            None => olds.push(index),
        }
    }
    (olds, news)
}
