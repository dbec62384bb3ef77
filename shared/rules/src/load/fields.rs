//! A mapping of the text, and its fields by name.

use super::Loader;
use crate::error::{Place, nearest};
use crate::tree::{Node, Value};

/// Longest text that an error message repeats, in characters.
const QUOTE_CHARS_MAX: usize = 60;

/// A text as an error message shows it: in one line, and not all of a very long one.
pub(super) fn quoted(text: &str) -> String {
    let printable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut shown: String = text.chars().take(QUOTE_CHARS_MAX).map(printable).collect();
    if text.chars().nth(QUOTE_CHARS_MAX).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// Names as an error message lists them.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(quoted).collect::<Vec<_>>().join(", ")
}

/// The fields of a mapping. What it is is said in error messages: "rule `x`".
pub(super) struct Fields<'n> {
    pub(super) what: String,
    pub(super) place: Place,
    entries: Vec<(&'n str, &'n Node, Place)>,
    /// Fields that a misspelt one was meant to be: they are not missing as well.
    meant: Vec<String>,
    pub(super) has_unknown: bool,
}

impl<'n> Fields<'n> {
    /// Opens a mapping; fields that are not allowed, or given twice, are problems.
    pub(super) fn open(loader: &mut Loader, node: &'n Node, what: &str, allowed: &[&str]) -> Option<Self> {
        Self::open_of(loader, node, what, allowed, allowed)
    }

    /// The same where messages name only some of the fields: those with which one begins.
    pub(super) fn open_of(
        loader: &mut Loader,
        node: &'n Node,
        what: &str,
        allowed: &[&str],
        named: &[&str],
    ) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            let message = format!(
                "{what} must be a mapping of {}, and this is {}",
                listed(named.iter().copied()),
                node.kind()
            );
            loader.problem(node.place, message);
            return None;
        };
        let mut fields = Self {
            what: what.to_owned(),
            place: node.place,
            entries: Vec::new(),
            meant: Vec::new(),
            has_unknown: false,
        };
        for (key, value) in entries {
            let Value::Text(name) = &key.value else {
                loader.problem(
                    key.place,
                    format!("a field of {what} must be a word, and this is {}", key.kind()),
                );
                continue;
            };
            if !allowed.contains(&name.as_str()) {
                let other =
                    OTHER_WORDS.iter().find(|(other, meant)| other == name && allowed.contains(meant));
                let meant = other.map(|(_, meant)| *meant).or_else(|| nearest(name, allowed.iter().copied()));
                loader.problem(key.place, unknown_field(name, meant, what, named));
                fields.meant.extend(meant.map(str::to_owned));
                fields.has_unknown = true;
            } else if fields.entries.iter().any(|(known, ..)| known == name) {
                loader.problem(key.place, format!("{what} has the field `{name}` twice: keep one of them"));
            } else {
                fields.entries.push((name.as_str(), value, key.place));
            }
        }
        Some(fields)
    }

    /// A field, unless it is absent or empty.
    pub(super) fn get(&self, name: &str) -> Option<&'n Node> {
        let (_, node, _) = self.entries.iter().find(|(known, ..)| *known == name)?;
        (!matches!(node.value, Value::Null)).then_some(*node)
    }

    /// A field that must be there.
    pub(super) fn require(&self, loader: &mut Loader, name: &str) -> Option<&'n Node> {
        let node = self.get(name);
        if node.is_none() && !self.is_misspelt(name) {
            let place = self.key(name).unwrap_or(self.place);
            loader.problem(place, format!("{} needs the field `{name}`", self.what));
        }
        node
    }

    /// Whether an unknown field was probably meant to be this one.
    pub(super) fn is_misspelt(&self, name: &str) -> bool {
        self.meant.iter().any(|meant| meant == name)
    }

    /// Where a field's name stands.
    pub(super) fn key(&self, name: &str) -> Option<Place> {
        self.entries.iter().find(|(known, ..)| *known == name).map(|(.., place)| *place)
    }

    /// The names of its fields, in the order of the text.
    pub(super) fn names(&self) -> impl Iterator<Item = &'n str> + '_ {
        self.entries.iter().map(|(name, ..)| *name)
    }

    /// The text of its field `id`, for messages; the field itself is read, and judged, elsewhere.
    pub(super) fn name_of(node: &Node, kind: &str) -> String {
        let Value::Map(entries) = &node.value else { return format!("a {kind}") };
        let id = entries.iter().find(|(key, _)| matches!(&key.value, Value::Text(name) if name == "id"));
        match id.map(|(_, value)| &value.value) {
            Some(Value::Text(id)) => format!("{kind} {}", quoted(id)),
            Some(Value::Integer { value, plain: true }) => format!("{kind} `{value}`"),
            _ => format!("a {kind}"),
        }
    }
}

/// Words of other languages, and what they are called here.
const OTHER_WORDS: [(&str, &str); 14] = [
    ("and", "all"),
    ("or", "any"),
    ("if", "when"),
    ("==", "eq"),
    ("=", "eq"),
    ("equals", "eq"),
    ("!=", "ne"),
    (">", "gt"),
    (">=", "gte"),
    ("<", "lt"),
    ("<=", "lte"),
    ("is", "eq"),
    ("like", "contains"),
    ("regex", "matches"),
];

fn is_other_word(name: &str, meant: &str) -> bool {
    OTHER_WORDS.contains(&(name, meant))
}

fn unknown_field(name: &str, meant: Option<&str>, what: &str, allowed: &[&str]) -> String {
    match meant {
        Some(meant) if is_other_word(name, meant) => {
            format!("unknown field {} of {what}: it is written `{meant}`", quoted(name))
        }
        Some(meant) => format!("unknown field {} of {what}, did you mean `{meant}`?", quoted(name)),
        None => format!(
            "unknown field {} of {what}; its fields are {}",
            quoted(name),
            listed(allowed.iter().copied())
        ),
    }
}
