//! The parts of the schema that the loader's own tables say: facts, operators by the kind of value, events, properties,
//! and which conditions there are. Everything else in the schema is written by hand.

use crate::json::Json;
use crate::meanings::{MEANINGS, PROPERTIES, QUESTIONS};
use beckon_rules::language::{self, ValueKind};

/// How the names of definitions begin that only this file writes.
pub const PREFIXES: [&str; 6] = ["condition.fact.", "facts.", "question.", "compare.", "where.", "operator."];

/// What a column of a table asks about.
const COLUMN: &str = "`segment`, or a fact by its name.";

fn reference(name: &str) -> Json {
    Json::object([("$ref", Json::text(format!("#/$defs/{name}")))])
}

fn any_of(names: impl IntoIterator<Item = String>) -> Json {
    Json::List(names.into_iter().map(|name| reference(&name)).collect())
}

/// The fields of an object, in order.
type Fields = Vec<(String, Json)>;

fn object(title: &str, about: &str, required: &[&str], least: u64, fields: Fields, example: &str) -> Json {
    let required = required.iter().map(|name| Json::text(*name)).collect();
    let mut object = Json::object([
        ("title", Json::text(title)),
        ("description", Json::text(about)),
        ("type", Json::text("object")),
        ("required", Json::List(required)),
        ("minProperties", Json::Scalar(least.into())),
        ("additionalProperties", Json::Scalar(false.into())),
        ("properties", Json::Object(fields)),
    ]);
    if !example.is_empty() {
        object.set("examples", Json::List(vec![Json::parse(example)]));
    }
    object
}

/// A value to compare with.
fn operand(kind: &str) -> Json {
    match kind {
        "number" => Json::parse(r#"{"type": "number"}"#),
        "money" => reference("amount"),
        "duration" => reference("duration"),
        "instant" => reference("instant"),
        "flag" => Json::parse(r#"{"type": "boolean"}"#),
        "any" => Json::parse(r#"{"type": ["string", "number", "boolean"]}"#),
        _ => reference("text"),
    }
}

fn several(item: &Json, least: u64, most: u64) -> Json {
    Json::object([
        ("type", Json::text("array")),
        ("minItems", Json::Scalar(least.into())),
        ("maxItems", Json::Scalar(most.into())),
        ("items", item.clone()),
    ])
}

fn operator(name: &str, kind: &str) -> Json {
    let number = if kind == "any" { operand("number") } else { operand(kind) };
    let mut schema = match name {
        "eq" | "ne" => operand(kind),
        "between" => several(&number, 2, 2),
        "in" | "not_in" => several(&operand(kind), 1, 200),
        "has_any" | "has_all" | "has_none" => several(&reference("name"), 1, 200),
        "exists" | "missing" => operand("flag"),
        "matches" => Json::parse(r#"{"type": ["string", "integer"], "minLength": 1, "maxLength": 200}"#),
        "contains" | "not_contains" | "starts_with" | "ends_with" => operand("text"),
        _ => number,
    };
    let meaning = MEANINGS.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning);
    schema.set("description", Json::text(meaning.unwrap_or_else(|| panic!("say what `{name}` means"))));
    schema
}

/// The operators of a kind, as fields.
fn operators(kind: &str) -> Fields {
    let kind = language::kinds().find(|known| known.code == kind).expect("a kind");
    let field = |name: &&str| ((*name).to_owned(), reference(&format!("operator.{}.{name}", kind.code)));
    kind.operators.iter().map(field).collect()
}

/// Fields and the operators of a kind beside them.
fn compared(fields: &[(&str, &str, &str)], kind: &str) -> Fields {
    let described = |(name, schema, about): &(&str, &str, &str)| {
        let mut field = reference(schema);
        field.set("description", Json::text(*about));
        ((*name).to_owned(), field)
    };
    fields.iter().map(described).chain(operators(kind)).collect()
}

/// `condition.fact.KIND`, and the names of the facts of that kind.
fn facts_of(kind: ValueKind) -> Option<[(String, Json); 2]> {
    let facts: Vec<_> = language::facts().filter(|fact| fact.kind == kind.code).collect();
    let example = match kind.code {
        "number" => r#"{"fact": "session.pages", "gte": 3}"#,
        "money" => r#"{"fact": "cart.value", "between": ["50 EUR", "100 EUR"]}"#,
        "duration" => r#"{"fact": "cart.age", "gt": "10m"}"#,
        "instant" => r#"{"fact": "first_seen", "after": "2026-11-01"}"#,
        "text" => r#"{"fact": "session.campaign", "starts_with": "winter-"}"#,
        "flag" => r#"{"fact": "customer", "eq": true}"#,
        _ => r#"{"fact": "cart.categories", "has_any": ["tents", "sleeping"]}"#,
    };
    let about = |fact: &language::Fact| {
        Json::object([
            ("const", Json::text(fact.name)),
            ("description", Json::text(format!("{}.", fact.meaning))),
        ])
    };
    let names = Json::object([
        ("title", Json::text(format!("a fact that is {}", kind.word))),
        ("anyOf", Json::List(facts.iter().map(about).collect())),
    ]);
    let list = format!("facts.{}", kind.code);
    let fields = compared(&[("fact", &list, "What is compared.")], kind.code);
    let title = format!("`fact`: {}", kind.word);
    let condition = object(&title, "All operators beside it must hold.", &["fact"], 2, fields, example);
    (!facts.is_empty()).then(|| [(list.clone(), names), (format!("condition.fact.{}", kind.code), condition)])
}

/// Facts whose names hold a name of the shop's own.
const OPEN: [(&str, &str, &str, &str, &str); 3] = [
    (
        "trait",
        "any",
        "^trait\\..+",
        "`trait.NAME`: what the shop said of the person, or a rule remembered.",
        r#"{"fact": "trait.plan", "in": ["gold", "silver"]}"#,
    ),
    (
        "computed",
        "any",
        "^computed\\..+",
        "`computed.ID`: a computed trait of this ruleset.",
        r#"{"fact": "computed.spent", "gte": "300 EUR"}"#,
    ),
    (
        "affinity",
        "number",
        "^affinity\\.(category|brand|product)\\..+",
        "`affinity.category.NAME`, `affinity.brand.NAME`, `affinity.product.ID`: points of interest.",
        r#"{"fact": "affinity.category.tents", "gte": 3}"#,
    ),
];

fn open_facts() -> Fields {
    let one = |(name, kind, pattern, about, example): &(&str, &str, &str, &str, &str)| {
        let list = format!("facts.{name}");
        let names = Json::object([
            ("title", Json::text(format!("a fact that begins with `{name}.`"))),
            ("description", Json::text(*about)),
            ("type", Json::text("string")),
            ("pattern", Json::text(*pattern)),
        ]);
        let fields = compared(&[("fact", &list, about)], kind);
        let fields = if *name == "computed" { with_amounts(fields) } else { fields };
        let title = format!("`fact: {name}.…`");
        let condition = object(&title, about, &["fact"], 2, fields, example);
        [(list, names), (format!("condition.fact.{name}"), condition)]
    };
    OPEN.iter().flat_map(one).collect()
}

/// Numbers that may be amounts, written with their currency: of which kind they are, only the loader knows.
fn with_amounts(mut fields: Fields) -> Fields {
    for (operator, field) in &mut fields {
        let is_number =
            field.str("$ref").contains("operator.number.") && !UNLIKE_NUMBERS.contains(&operator.as_str());
        if is_number || ORDERED.contains(&operator.as_str()) {
            *field = reference(&format!("operator.amount.{operator}"));
        }
    }
    fields
}

/// Operators that compare only what has an order.
const ORDERED: [&str; 5] = ["gt", "gte", "lt", "lte", "between"];
/// Operators that have no number beside them.
const UNLIKE_NUMBERS: [&str; 2] = ["exists", "missing"];

fn operators_of_amounts() -> Fields {
    let one = |name: &str| {
        let either = Json::object([("anyOf", Json::List(vec![operand("number"), operand("money")]))]);
        let mut schema = match name {
            "between" => several(&either, 2, 2),
            "in" | "not_in" => several(&either, 1, 200),
            _ => either,
        };
        schema.set("description", Json::text(operator(name, "number").str("description")));
        (format!("operator.amount.{name}"), schema)
    };
    ORDERED.into_iter().chain(["eq", "ne", "in", "not_in"]).map(one).collect()
}

/// `where`, and how a property of each kind is compared in it.
fn filters() -> Fields {
    let kinds = ["text", "money", "number", "any"];
    let mut all: Fields = kinds
        .into_iter()
        .flat_map(|kind| {
            let about = "Operators, all of which must hold.";
            let compared = object("operators", about, &[], 1, operators(kind), "");
            let forms =
                [operand(kind), several(&operand(kind), 1, 200), reference(&format!("compare.{kind}"))];
            let schema = Json::object([("anyOf", Json::List(forms.to_vec()))]);
            [(format!("compare.{kind}"), compared), (format!("where.{kind}"), schema)]
        })
        .collect();
    let known = language::properties().map(|(name, kind)| {
        let about = PROPERTIES.iter().find(|(known, _)| *known == name).map(|(_, about)| *about);
        let mut schema = reference(&format!("where.{kind}"));
        schema.set("description", Json::text(about.unwrap_or_else(|| panic!("say what `{name}` is"))));
        (name.to_owned(), schema)
    });
    let mut filter = object(
        "Inside `where`",
        "Properties of the event, and what each must be: a value, a list of values of which it is one, or operators. Of an event with several products, one product must have all that is asked of products.",
        &[],
        1,
        known.collect(),
        r#"{"category": ["tents", "sleeping"], "price": {"gte": "50 EUR"}, "shop_floor": "second"}"#,
    );
    filter.set("additionalProperties", reference("where.any"));
    all.push(("where".to_owned(), filter));
    all
}

fn questions() -> Fields {
    let names: Vec<&str> = language::questions().collect();
    assert_eq!(names, QUESTIONS.map(|(name, ..)| name), "say what each question means");
    let one = |(name, about, kind, example): &(&str, &str, &str, &str)| {
        let least = if *name == "count" { 1 } else { 2 };
        let required: &[&str] = if *name == "count" { &[] } else { &["of"] };
        let of: &[(&str, &str, &str)] = if *name == "count" {
            &[]
        } else {
            &[("of", "property_name", "The property that is asked for.")]
        };
        let fields = compared(of, kind);
        let fields = if *kind == "number" && of.is_empty() { fields } else { with_amounts(fields) };
        (
            format!("question.{name}"),
            object(&format!("Inside `{name}`"), about, required, least, fields, example),
        )
    };
    QUESTIONS.iter().map(one).collect()
}

fn names() -> Fields {
    let known = language::properties().map(|(name, _)| Json::text(name)).collect();
    let text = Json::parse(r#"{ "type": "string", "minLength": 1 }"#);
    let events = language::events().iter().map(|name| Json::text(*name)).collect();
    let open = |title: &str, about: &str, known: Vec<Json>, example: &str| {
        Json::object([
            ("title", Json::text(title)),
            ("description", Json::text(about)),
            ("anyOf", Json::List(vec![Json::object([("enum", Json::List(known))]), text.clone()])),
            ("examples", Json::List(vec![Json::text(example)])),
        ])
    };
    vec![
        (
            "event".to_owned(),
            open(
                "the name of an event",
                "One that Beckon knows, or the shop's own. Capital letters matter.",
                events,
                "Product Viewed",
            ),
        ),
        (
            "property_name".to_owned(),
            open("the name of a property", "One that Beckon knows, or the shop's own.", known, "price"),
        ),
    ]
}

/// Everything that the tables say, by the name of its definition.
pub fn definitions() -> Fields {
    assert_eq!(language::operators().to_vec(), MEANINGS.map(|(name, _)| name).to_vec());
    let kinds: Vec<ValueKind> = language::kinds().collect();
    let facts: Fields =
        kinds.iter().filter_map(|kind| facts_of(*kind)).flatten().chain(open_facts()).collect();
    let conditions = language::conditions().iter().map(|name| format!("condition.{name}"));
    let by_fact: Vec<String> = facts
        .iter()
        .map(|(name, _)| name.clone())
        .filter(|name| name.starts_with("condition.fact."))
        .collect();
    let mut all =
        vec![("condition".to_owned(), any_of(conditions)), ("condition.fact".to_owned(), any_of(by_fact))];
    let facts_of_columns =
        facts.iter().map(|(name, _)| name.clone()).filter(|name| name.starts_with("facts."));
    let mut columns = vec![Json::object([("const", Json::text("segment"))])];
    columns.extend(any_of(facts_of_columns).items().iter().cloned());
    let column = [
        ("title", Json::text("a column")),
        ("description", Json::text(COLUMN)),
        ("anyOf", Json::List(columns)),
    ];
    all.push(("column".to_owned(), Json::object(column)));
    all.extend(facts);
    all.push((
        "trait".to_owned(),
        object(
            "Inside `trait`",
            "A text, a number, or true or false; `3` and `\"3\"` are different.",
            &["name"],
            2,
            compared(&[("name", "name", "The trait's name.")], "any"),
            r#"{"name": "plan", "eq": "gold"}"#,
        ),
    ));
    let affinity = compared(
        &[("category", "id", "A category."), ("brand", "id", "A brand."), ("product", "id", "A product.")],
        "number",
    );
    all.push((
        "affinity".to_owned(),
        object(
            "Inside `affinity`",
            "One of `category`, `brand` and `product`, and the number of points: a view gives 1, adding to the cart 3, an order 5; half of them fade in a week.",
            &[],
            2,
            affinity,
            r#"{"category": "tents", "gte": 1.5}"#,
        ),
    ));
    all.extend(questions());
    all.extend(filters());
    all.extend(names());
    all.extend(operators_of_amounts());
    for kind in kinds {
        let one = |name: &&str| (format!("operator.{}.{name}", kind.code), operator(name, kind.code));
        all.extend(kind.operators.iter().map(one));
    }
    all
}
