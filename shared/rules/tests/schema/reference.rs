//! The reference: the schema in words and tables, for people. A pure function of the schema.

use crate::json::Json;
use crate::words::{anchor, capital, cell, heading, kind_word, plain, type_word, yaml};
use std::collections::BTreeMap;
use std::fmt::Write;

const HEAD: &str = "\
# The rule language: reference

Every field of a ruleset, what it means, and an example. This page is written from
[`schema/ruleset.schema.json`](schema/ruleset.schema.json), which is held against the loader; edit that, not this
(`UPDATE_GOLDEN=1 cargo test -p beckon-rules`). To learn the language begin with [the guide](README.md).

Fields in **bold** must be there. A comparison of what is not known is false, whatever it is; only `missing: true`,
`exists: false` and an outer `not` hold of it.
";

/// The chapters: a title, what it is about, and how the names of its definitions begin.
const CHAPTERS: [(&str, &str, &[&str]); 7] = [
    ("What a shop is", "", &["product", "offer", "slot", "offer_shown"]),
    (
        "Who sees what",
        "A rule is one of three kinds. With a slot, it fills that slot when a page asks. Without one, it acts by \
         itself or sends the reminder of a left cart.",
        &[
            "rule.slot",
            "then.slot",
            "recommend.filtered",
            "prices",
            "rule.acting",
            "then.acting",
            "set_trait",
            "rule.reminder",
            "then.reminder",
            "step",
            "quiet_hours",
            "frequency_cap",
            "discount",
            "active",
            "cap",
        ],
    ),
    ("People", "", &["segment", "computed"]),
    (
        "Conditions",
        "A condition is a mapping with exactly one of these words, and what belongs to it.",
        &[
            "condition.",
            "absent",
            "since",
            "viewed",
            "dwell",
            "segments",
            "affinity",
            "cart",
            "trait",
            "page",
            "time",
        ],
    ),
    ("Properties of events", "", &["where"]),
    ("Tables", "Many rules at once.", &["table.", "percent", "percent_of"]),
    (
        "Tests",
        "Stories that a ruleset carries.",
        &[
            "test",
            "given",
            "event_properties",
            "page_properties",
            "consent_choices",
            "campaign",
            "page_asked",
            "expect",
        ],
    ),
];

struct Reference<'s> {
    schema: &'s Json,
    out: String,
}

/// The whole page.
pub fn written(schema: &Json) -> String {
    let mut reference = Reference { schema, out: HEAD.to_owned() };
    reference.line("\n## The file\n");
    reference.line(&format!("{}\n", schema.str("description")));
    reference.fields(schema);
    let mut seen = Vec::new();
    for (title, about, prefixes) in CHAPTERS {
        reference.chapter(title, about, prefixes, &mut seen);
        if title == "Conditions" {
            reference.questions();
        }
    }
    reference.facts();
    reference.operators();
    reference.values();
    let forgotten = reference.definitions().iter().find(|(name, definition)| {
        let is_shown = definition.str("type") == "object" && !name.starts_with("compare.");
        let is_in_a_table = ["condition.fact.", "question."].iter().any(|prefix| name.starts_with(prefix));
        is_shown && !is_in_a_table && !seen.contains(name)
    });
    assert!(
        forgotten.is_none(),
        "say in CHAPTERS where the reference shows {:?}",
        forgotten.map(|(name, _)| name)
    );
    reference.out
}

const HEAD_OF_EXPERIMENTS: &str = "\
# Experiments: reference

Every field of the document of experiments, what it means, and an example. This page is written from
[`schema/experiments.schema.json`](schema/experiments.schema.json), which is held against the loader; edit that, not this
(`UPDATE_GOLDEN=1 cargo test -p beckon-rules`). [The guide](README.md#experiments-what-is-better) begins with an example, and
[`experiments/sample.yaml`](experiments/sample.yaml) is a whole file. Fields in **bold** must be there. A *share* is a part of
all people: `12.5%`, or a number from 0 to 1.
";

/// The page of experiments: these definitions; what they share with rulesets is said on the page of those.
pub fn of_experiments(schema: &Json, names: &[String]) -> String {
    let mut reference = Reference { schema, out: HEAD_OF_EXPERIMENTS.to_owned() };
    reference.line(&format!("\n## The file\n\n{}\n", schema.str("description")));
    reference.fields(schema);
    for (name, definition) in reference.definitions() {
        if !names.contains(name) || is_value(definition) {
            continue;
        }
        let (title, about) = (definition.str("title"), definition.str("description"));
        reference.line(&format!("\n## {title}\n\n{about}\n"));
        reference.fields(definition);
        for example in definition.get("examples").map_or(&[][..], Json::items) {
            reference.line(&format!("\n```yaml\n{}```", yaml(example)));
        }
    }
    let headings: Vec<String> =
        reference.out.lines().filter_map(|line| line.strip_prefix("##")).map(heading).collect();
    let out = reference.out.replace("[a share](#values)", "a share");
    let mut parts = out.split("](#");
    let mut page = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_here = headings.iter().any(|heading| part.split(')').next() == Some(heading));
        page.push_str(if is_here { "](#" } else { "](REFERENCE.md#" });
        page.push_str(part);
    }
    page
}

impl<'s> Reference<'s> {
    fn definitions(&self) -> &'s [(String, Json)] {
        self.schema.get("$defs").map_or(&[], Json::fields)
    }

    fn definition(&self, reference: &str) -> Option<(&'s str, &'s Json)> {
        let name = reference.strip_prefix("#/$defs/")?;
        let all = self.definitions().iter();
        all.map(|(known, definition)| (known.as_str(), definition)).find(|(known, _)| *known == name)
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn chapter(&mut self, title: &str, about: &str, prefixes: &[&str], seen: &mut Vec<String>) {
        let is_of = |prefix: &str, name: &str| {
            let is_inside = prefix.ends_with('.') && name.starts_with(prefix);
            (is_inside || name == prefix) && !name.starts_with("condition.fact")
        };
        let is_shown = |(name, definition): &&(String, Json)| {
            definition.str("type") == "object" && prefixes.iter().any(|prefix| is_of(prefix, name))
        };
        let shown: Vec<&(String, Json)> = self.definitions().iter().filter(is_shown).collect();
        if shown.is_empty() {
            return;
        }
        self.line(&format!("\n## {title}"));
        if !about.is_empty() {
            self.line(&format!("\n{about}"));
        }
        for (name, definition) in shown {
            self.line(&format!("\n### {}\n\n{}\n", definition.str("title"), definition.str("description")));
            self.fields(definition);
            for example in definition.get("examples").map_or(&[][..], Json::items) {
                self.line(&format!("\n```yaml\n{}```", yaml(example)));
            }
            seen.push(name.clone());
        }
    }

    /// The table of an object's fields; its operators, which are many, in one row.
    fn fields(&mut self, object: &Json) {
        let required: Vec<&str> =
            object.get("required").map_or(&[][..], Json::items).iter().filter_map(Json::as_str).collect();
        self.line("| Field | What it is | Written as |\n|---|---|---|");
        let mut operators = Vec::new();
        for (name, field) in object.get("properties").map_or(&[][..], Json::fields) {
            if field.str("$ref").contains("/operator.") {
                operators.push(format!("`{name}`"));
                continue;
            }
            let is_required = required.contains(&name.as_str());
            let shown = if is_required { format!("**`{name}`**") } else { format!("`{name}`") };
            let default = field.get("default");
            let default =
                default.map_or(String::new(), |value| format!("; `{}` when left out", plain(value)));
            let (about, kind) = (self.about(field), self.kind(field));
            let example = field.get("examples").and_then(|all| all.items().first());
            let example = example.map_or(String::new(), |value| format!(", such as `{}`", plain(value)));
            self.line(&format!("| {shown} | {about} | {} |", cell(&format!("{kind}{example}{default}"))));
        }
        if !operators.is_empty() {
            let all = operators.join(" ");
            self.line(&format!(
                "| {all} | how it is compared; all that is written must hold | [operators](#operators) |"
            ));
        }
        if let Some(any) = object.get("additionalProperties").filter(|any| any.get("$ref").is_some()) {
            let kind = self.kind(any);
            self.line(&format!("| any other | a property of the shop's own | {kind} |"));
        }
    }

    fn about(&self, field: &Json) -> String {
        let own = field.str("description");
        let meant =
            self.definition(field.str("$ref")).map_or("", |(_, definition)| definition.str("description"));
        cell(if own.is_empty() { meant } else { own })
    }

    /// How a value is written, in words.
    fn kind(&self, schema: &Json) -> String {
        if let Some((name, definition)) = self.definition(schema.str("$ref")) {
            return match definition.str("title") {
                _ if name.starts_with("question.") => "[a question](#questions-about-events)".to_owned(),
                "" if name == "condition" => "[a condition](#conditions)".to_owned(),
                "" => self.kind(definition),
                title => {
                    format!("[{title}](#{})", anchor(if is_value(definition) { "Values" } else { title }))
                }
            };
        }
        let quoted = |value: &Json| format!("`{}`", plain(value));
        if let Some(value) = schema.get("const") {
            return quoted(value);
        }
        if let Some(values) = schema.get("enum") {
            return values.items().iter().map(quoted).collect::<Vec<_>>().join(", ");
        }
        if let Some(forms) = schema.get("anyOf") {
            let mut kinds: Vec<String> = forms.items().iter().map(|form| self.kind(form)).collect();
            kinds.dedup();
            return kinds.join(" or ");
        }
        if let Some(items) = schema.get("items") {
            return format!("a list: {}", self.kind(items));
        }
        let types = schema.get("type");
        let list = types.map_or(&[][..], Json::items).iter().filter_map(Json::as_str);
        let words: Vec<&str> = types.and_then(Json::as_str).into_iter().chain(list).map(type_word).collect();
        let mut text = words.join(", ");
        if let (Some(least), Some(most)) = (schema.get("minimum"), schema.get("maximum")) {
            let _ = write!(text, " from {least} to {most}");
        }
        text
    }

    /// The questions about events, which differ in little.
    fn questions(&mut self) {
        self.line(
            "\n### Questions about events\n\nOne of them may stand beside `event`, with the \
             [operators](#operators) of a number or of the property's kind. `of` names the property.\n",
        );
        self.line("| Question | What is compared | Example |\n|---|---|---|");
        for (name, definition) in self.definitions() {
            let Some(word) = name.strip_prefix("question.") else { continue };
            let example = definition.get("examples").and_then(|all| all.items().first()).map(plain);
            let about = cell(definition.str("description"));
            self.line(&format!("| `{word}` | {about} | `{word}: {}` |", example.unwrap_or_default()));
        }
    }

    fn facts(&mut self) {
        self.line("\n## Facts\n\nWhat `fact: NAME` can ask. The kind says which [operators](#operators) compare it.\n");
        self.line("| Fact | What it says | Kind |\n|---|---|---|");
        let mut examples = Vec::new();
        for (name, definition) in self.definitions() {
            let Some(kind) = name.strip_prefix("facts.") else { continue };
            let condition = self.definition(&format!("#/$defs/condition.fact.{kind}"));
            let example = condition.and_then(|(_, condition)| condition.get("examples")?.items().first());
            examples.extend(example.map(plain));
            let word = definition.str("title").replace("a fact that is ", "");
            for fact in definition.get("anyOf").map_or(&[][..], Json::items) {
                self.line(&format!(
                    "| `{}` | {} | {word} |",
                    fact.str("const"),
                    cell(fact.str("description"))
                ));
            }
            if definition.get("anyOf").is_none() {
                let (names, about) = definition.str("description").split_once(": ").unwrap_or_default();
                let word = if kind == "affinity" { "a number" } else { "as it was told" };
                self.line(&format!("| {names} | {} | {word} |", cell(&capital(about))));
            }
        }
        self.line(&format!("\nSo they are asked:\n\n```yaml\n- {}\n```", examples.join("\n- ")));
    }

    fn operators(&mut self) {
        let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut order: Vec<(&str, &str)> = Vec::new();
        for (name, definition) in self.definitions() {
            let Some((kind, operator)) = name.strip_prefix("operator.").and_then(|rest| rest.split_once('.'))
            else {
                continue;
            };
            if kind == "amount" {
                continue;
            }
            let known = kinds.entry(operator).or_default();
            if known.is_empty() {
                order.push((operator, definition.str("description")));
            }
            known.push(kind);
        }
        self.line(
            "\n## Operators\n\nSeveral may stand side by side; all of them must hold. A number, a text, and true or \
             false are never equal to each other.\n",
        );
        self.line("| Operator | It holds when what is compared is | Compares |\n|---|---|---|");
        for (operator, about) in order {
            let of: Vec<&str> =
                kinds.get(operator).map_or(&[][..], Vec::as_slice).iter().map(|k| kind_word(k)).collect();
            self.line(&format!("| `{operator}` | {} | {} |", cell(about), of.join(", ")));
        }
    }

    fn values(&mut self) {
        self.line("\n## Values\n\n| What | How it is written | Examples |\n|---|---|---|");
        for (name, definition) in self.definitions() {
            let is_hidden = name.contains('.') || definition.str("title").is_empty();
            if is_hidden || !is_value(definition) {
                continue;
            }
            let examples = definition.get("examples").map_or(&[][..], Json::items).iter();
            let examples: Vec<String> = examples.map(|example| format!("`{}`", plain(example))).collect();
            let about = cell(definition.str("description"));
            self.line(&format!("| {} | {about} | {} |", definition.str("title"), examples.join(", ")));
        }
        let known = |name: &str| {
            let names = self
                .definition(&format!("#/$defs/{name}"))
                .and_then(|(_, d)| d.get("anyOf")?.items().first());
            let names = names.and_then(|names| names.get("enum")).map_or(&[][..], Json::items);
            names
                .iter()
                .filter_map(Json::as_str)
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (events, properties) = (known("event"), known("property_name"));
        self.line(&format!("\nEvents that Beckon knows: {events}."));
        self.line(&format!("\nProperties that Beckon knows: {properties}."));
    }
}

fn is_value(definition: &Json) -> bool {
    definition.str("type") != "object"
}
