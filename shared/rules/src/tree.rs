//! YAML text as a tree of values that know where they stand, read within bounds that no text can exceed.

use crate::error::{Place, Problem};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Error, MessageFormatter, Options, Spanned, UserMessageFormatter, budget::BudgetBreach};
use std::fmt;

/// The longest ruleset text, in bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// How deeply lists and mappings may nest; conditions have a tighter limit of their own.
const DEPTH_MAX: usize = 40;
/// The most lists, mappings and single values of a text: as many as one of the longest text has.
const VALUE_COUNT_MAX: usize = 250_000;
/// What the scanner says of a text that nests so deeply that it does not go on.
const SCANNER_DEPTH: &str = "recursion limit";
/// The longest reason of the YAML reader that is repeated, in characters.
const REASON_CHARS_MAX: usize = 200;

/// A value of the text.
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

/// What a value is, as YAML infers it.
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// A whole number, and whether the text spells it the ordinary way (`0x1F` does not), so that it can stand for
    /// the text of an id.
    Integer {
        value: i64,
        plain: bool,
    },
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// What the value is, in the words of an error message.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Integer { .. } | Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        let place = Place { line: spanned.referenced.line(), column: spanned.referenced.column() };
        let width = spanned.referenced.span().len() as usize;
        let value = match spanned.value {
            Value::Integer { value, .. } => Value::Integer { value, plain: value.to_string().len() == width },
            value => value,
        };
        Ok(Self { place, value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer { value, plain: true })
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value)
            .map_or(Value::Number(value as f64), |value| Value::Integer { value, plain: true }))
    }
    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }
    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Map(entries))
    }
}

fn options() -> Options {
    let budget = serde_saphyr::budget! {
        max_depth: DEPTH_MAX,
        // Neither is needed to write rules, and both are how a small text becomes a large one.
        max_aliases: 0,
        max_anchors: 0,
        max_documents: 1,
        max_nodes: VALUE_COUNT_MAX,
    };
    serde_saphyr::options! {
        budget: budget,
        // Repetitions are reported by the reader of the fields, all of them and not only the first.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        // Ids look like this; YAML would drop the zeros and the underscores.
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        // `no` is Norway as often as it is false.
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

/// Reads the text.
pub(crate) fn parse(yaml: &str) -> Result<Node, Problem> {
    if yaml.len() > TEXT_BYTES_MAX {
        let message = format!(
            "the ruleset is {} bytes long, and {TEXT_BYTES_MAX} are allowed: split it or shorten it",
            yaml.len()
        );
        return Err(Problem { line: 0, column: 0, message });
    }
    serde_saphyr::from_str_with_options(yaml, options()).map_err(|error| problem(&error))
}

fn too_deep() -> String {
    format!("lists and mappings may nest {DEPTH_MAX} deep, and this is deeper: write it flatter")
}

/// What is wrong with a text that is not YAML, or not YAML as rules need it.
fn problem(error: &Error) -> Problem {
    let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
    let message = match error.without_snippet() {
        Error::Budget { breach: BudgetBreach::Aliases { .. } | BudgetBreach::Anchors { .. }, .. }
        | Error::MergeKeyNotAllowed { .. }
        | Error::UnknownAnchor { .. } => {
            "anchors, aliases and merge keys (`&`, `*`, `<<`) are not part of the rule language: \
             write the value out, or put a text that begins with such a sign in quotes"
                .to_owned()
        }
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => too_deep(),
        Error::Budget { breach: BudgetBreach::Documents { .. }, .. } | Error::MultipleDocuments { .. } => {
            "a ruleset is one YAML document: remove the `---` and what follows it".to_owned()
        }
        Error::Budget { .. } => {
            format!("the ruleset has more than {VALUE_COUNT_MAX} values: split it or shorten it")
        }
        other => {
            let message = UserMessageFormatter.format_message(other);
            let words = message.split_whitespace().collect::<Vec<_>>().join(" ");
            if words.contains(SCANNER_DEPTH) {
                too_deep()
            } else {
                // It may quote the text, however long that is.
                let shown: String = words.chars().take(REASON_CHARS_MAX).collect();
                let end = if shown.len() < words.len() { "…" } else { "" };
                format!("this is not valid YAML: {shown}{end}")
            }
        }
    };
    Problem { line, column, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(yaml: &str) -> Vec<(Node, Node)> {
        match parse(yaml).unwrap().value {
            Value::Map(entries) => entries,
            _ => panic!("a mapping"),
        }
    }

    #[test]
    fn keys_and_values_know_their_place() {
        let entries = entries("# comment\na: 1\nb:\n  - {c: d}\n");
        let places: Vec<_> =
            entries.iter().map(|(k, v)| (k.place.line, k.place.column, v.place.line)).collect();
        assert_eq!(places, [(2, 1, 2), (3, 1, 4)]);
        let Value::List(items) = &entries[1].1.value else { panic!("a list") };
        let Value::Map(inner) = &items[0].value else { panic!("a mapping") };
        assert_eq!((inner[0].0.place.column, inner[0].1.place.column), (6, 9));
    }

    #[test]
    fn a_number_is_plain_when_its_digits_are_its_text() {
        for (yaml, expected) in [("42", true), ("-7", true), ("0x2A", false), ("+42", false)] {
            let entries = entries(&format!("a: {yaml}"));
            assert!(
                matches!(entries[0].1.value, Value::Integer { plain, .. } if plain == expected),
                "{yaml}"
            );
        }
        for text in ["007", "1_000", "no"] {
            let entries = entries(&format!("a: {text}"));
            assert!(matches!(&entries[0].1.value, Value::Text(t) if t == text), "{text}");
        }
    }

    #[test]
    fn texts_that_grow_or_dig_are_refused() {
        let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
        assert!(parse(bomb).is_err_and(|p| p.message.contains("anchors") && p.line == 1));
        for deep in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(1_000)] {
            assert!(parse(&deep).is_err());
        }
        assert!(parse(&" ".repeat(TEXT_BYTES_MAX + 1)).is_err_and(|p| p.message.contains("bytes long")));
        assert!(parse("a: 1\n---\nb: 2\n").is_err_and(|p| p.message.contains("one YAML document")));
    }
}
