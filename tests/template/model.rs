//! The template as the rules see it: resources, functions with their globals, and what a value refers to.

use crate::yaml;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A template.
pub struct Template {
    /// As it is written.
    pub text: String,
    /// With short forms resolved.
    pub root: Value,
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The text of a file of the repository.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("cannot read {path}: {e}"))
}

/// Rust files below a folder, by their path from the root, sorted.
pub fn rust_files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(folder)).unwrap_or_else(|e| panic!("cannot list {folder}: {e}")) {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            found.extend(rust_files(&path));
        } else if path.ends_with(".rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// When it is not YAML.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self { text: text.to_owned(), root: yaml::parse(text)? })
    }

    /// The repository's own.
    pub fn own() -> Self {
        Self::parse(&read("template.yaml")).unwrap_or_else(|e| panic!("template.yaml is not YAML: {e}"))
    }

    /// The entries of a section: `Resources`, `Parameters` and so on.
    pub fn section(&self, name: &str) -> impl Iterator<Item = (&str, &Value)> {
        self.root[name].as_object().into_iter().flatten().map(|(id, value)| (id.as_str(), value))
    }

    /// The resources of a type: logical id and properties.
    pub fn of_type(&self, kind: &str) -> Vec<(&str, &Value)> {
        let resources = self.section("Resources").filter(|(_, resource)| resource["Type"] == kind);
        resources.map(|(id, resource)| (id, &resource["Properties"])).collect()
    }

    /// Each function's logical id and properties, globals included.
    pub fn functions(&self) -> Vec<(&str, Value)> {
        let globals = &self.root["Globals"]["Function"];
        let functions = self.of_type("AWS::Serverless::Function");
        functions.into_iter().map(|(id, own)| (id, merged(globals, own))).collect()
    }

    /// Every number that a value may be: what is written, what a parameter allows, both branches of a choice. Nothing
    /// when it cannot be told.
    pub fn numbers(&self, value: &Value) -> Vec<i64> {
        if let Some(number) = value.as_i64() {
            return vec![number];
        }
        if let Some(text) = value.as_str() {
            return text.parse().into_iter().collect();
        }
        if let Some(name) = value["Ref"].as_str() {
            let parameter = &self.root["Parameters"][name];
            let named = ["Default", "MinValue", "MaxValue"].iter().map(|key| &parameter[*key]);
            let listed = parameter["AllowedValues"].as_array().into_iter().flatten();
            return named.chain(listed).filter(|v| !v.is_null()).flat_map(|v| self.numbers(v)).collect();
        }
        let branches = value["Fn::If"].as_array().into_iter().flatten().skip(1);
        branches.flat_map(|branch| self.numbers(branch)).collect()
    }

    /// Whether a value is decided by a parameter: it names one, or a condition.
    pub fn is_by_parameter(&self, value: &Value) -> bool {
        let parameters: BTreeSet<&str> = self.section("Parameters").map(|(id, _)| id).collect();
        references(value).iter().any(|name| parameters.contains(name.as_str()))
            || !conditions(value).is_empty()
    }
}

/// Globals with a function's own properties over them, as SAM merges them: maps join, lists add up, the rest replaces.
fn merged(globals: &Value, own: &Value) -> Value {
    match (globals, own) {
        (Value::Object(below), Value::Object(above)) => {
            let mut all: Map<String, Value> = below.clone();
            for (key, value) in above {
                let below = all.get(key).unwrap_or(&Value::Null);
                let value = merged(below, value);
                all.insert(key.clone(), value);
            }
            Value::Object(all)
        }
        (Value::Array(below), Value::Array(above)) => below.iter().chain(above).cloned().collect(),
        (below, Value::Null) => below.clone(),
        (_, own) => own.clone(),
    }
}

/// The names in a text of `Fn::Sub`: `${Name}` and `${Name.Attribute}`; `${!Literal}` is none.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    let inner = text.split("${").skip(1).filter_map(|rest| rest.split('}').next());
    inner.filter(|name| !name.starts_with('!'))
}

/// Every parameter and resource that a value names, wherever it is nested. Pseudo parameters included.
pub fn references(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => {
            for (key, value) in fields {
                match (key.as_str(), value) {
                    ("Ref", Value::String(name)) => _ = found.insert(base(name).to_owned()),
                    ("Fn::GetAtt", Value::Array(pair)) => {
                        found.extend(pair.first().and_then(Value::as_str).map(ToOwned::to_owned));
                    }
                    ("Fn::Sub", Value::String(text)) => {
                        found.extend(names_in(text).map(|name| base(name).to_owned()));
                    }
                    ("Fn::Sub", Value::Array(pair)) => {
                        let bound = &pair[1];
                        let names = names_in(pair[0].as_str().unwrap_or_default()).map(base);
                        found.extend(names.filter(|n| bound.get(n).is_none()).map(ToOwned::to_owned));
                        collect(bound, found);
                    }
                    (_, value) => collect(value, found),
                }
            }
        }
        _ => {}
    }
}

fn base(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// Every condition that a value names.
pub fn conditions(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(conditions).collect(),
        Value::Object(fields) => {
            let mut found: BTreeSet<String> = fields.values().flat_map(conditions).collect();
            let named = [&value["Fn::If"][0], &value["Condition"]];
            found.extend(named.iter().filter_map(|name| name.as_str()).map(ToOwned::to_owned));
            found
        }
        _ => BTreeSet::new(),
    }
}

/// A value as one text, with `${Name}` for what is known only when it is deployed.
pub fn render(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) if fields.len() == 1 => {
            let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
            let (function, value) = fields.iter().next().unwrap();
            match (function.as_str(), value) {
                ("Ref", Value::String(name)) => format!("${{{name}}}"),
                ("Fn::GetAtt", pair) => format!("${{{}.{}}}", render(&pair[0]), render(&pair[1])),
                ("Fn::Sub", Value::String(text)) => text.clone(),
                ("Fn::Sub", Value::Array(pair)) => {
                    let bound = pair[1].as_object().into_iter().flatten();
                    bound.fold(render(&pair[0]), |text, (name, value)| {
                        text.replace(&format!("${{{name}}}"), &render(value))
                    })
                }
                ("Fn::Join", pair) => {
                    let parts: Vec<String> = list(&pair[1]).iter().map(render).collect();
                    parts.join(&render(&pair[0]))
                }
                _ => value_text(&json!({ function: value })),
            }
        }
        other => value_text(other),
    }
}

fn value_text(value: &Value) -> String {
    value.to_string()
}

/// The logical id that a value is, when it is nothing but a `Ref` or `GetAtt`; of `!Ref Function.Alias` the function's. Of a
/// choice it is what holds unless a condition says otherwise: its last branch.
pub fn target(value: &Value) -> Option<&str> {
    let named = value["Ref"].as_str().map(base).or_else(|| value["Fn::GetAtt"][0].as_str());
    named.or_else(|| value["Fn::If"].get(2).and_then(target))
}

/// The values of a field that may hold one or a list.
pub fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

/// Fails with every fault, one to a line.
#[track_caller]
pub fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{} to mend:\n- {}\n", faults.len(), faults.join("\n- "));
}

/// Holds a rule to its word: nothing is wrong with `good`, and each edit of it (this text, by that) is found and told with
/// these words.
#[track_caller]
pub fn assert_finds(rule: impl Fn(&Template) -> Vec<String>, good: &str, edits: &[(&str, &str, &str)]) {
    assert_none(&rule(&Template::parse(good).unwrap()));
    for (this, by_that, words) in edits {
        assert!(good.contains(this), "the good template has no `{this}`");
        let bad = good.replacen(this, by_that, 1);
        let faults = rule(&Template::parse(&bad).unwrap_or_else(|e| panic!("{e}\n{bad}")));
        assert!(faults.iter().any(|f| f.contains(words)), "`{by_that}` is not found: {faults:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_functions_properties_are_its_own_over_the_globals() {
        let template = Template::parse(
            "Globals: {Function: {Timeout: 5, Environment: {Variables: {A: a, B: b}}}}\n\
             Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {Timeout: 9, Environment: {Variables: {B: c}}}}}",
        );
        let expected = json!({"Timeout": 9, "Environment": {"Variables": {"A": "a", "B": "c"}}});
        assert_eq!(template.unwrap().functions(), [("F", expected)]);
    }

    #[test]
    fn references_are_found_wherever_they_are_nested() {
        let value = yaml::parse(
            "[!Ref A, {x: !GetAtt B.Arn}, !Sub '${C.Arn}/${!D}', !Sub ['${E}${F}', {E: !Ref G}]]",
        );
        let found: Vec<String> = references(&value.unwrap()).into_iter().collect();
        assert_eq!(found, ["A", "B", "C", "F", "G"]);
        let value = yaml::parse("!If [Live, !If [Other, 1, 2], 3]").unwrap();
        assert_eq!(conditions(&value).len(), 2);
    }

    #[test]
    fn a_resource_is_one_text_however_it_is_written() {
        for text in
            ["!Sub '${T.Arn}/x'", "!Join ['/', [!GetAtt T.Arn, x]]", "!Sub ['${A}/x', {A: !GetAtt T.Arn}]"]
        {
            assert_eq!(render(&yaml::parse(text).unwrap()), "${T.Arn}/x", "{text}");
        }
    }

    #[test]
    fn a_number_is_everything_that_its_parameter_allows() {
        let template = Template::parse("Parameters: {P: {Default: 5, MinValue: -1, MaxValue: 9}}").unwrap();
        let value = yaml::parse("!If [C, !Ref P, 7]").unwrap();
        assert_eq!(template.numbers(&value), [5, -1, 9, 7]);
    }
}
