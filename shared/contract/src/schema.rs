//! Words of JSON Schema for what Beckon reads: ids, texts, numbers, times. Each says what the reader takes, no more and no
//! less, as far as JSON Schema can: it counts characters where Beckon counts bytes.

use beckon_domain::blocked::PLACEHOLDERS;
use serde_json::{Value, json};

/// White space that is cut from the ends of a text (Unicode's `White_Space`), as the inside of a class of a pattern.
const SPACE: &str = r"\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
/// Control characters, as the inside of a class.
const CONTROL: &str = r"\x00-\x1f\x7f-\x9f";
/// What stands around a placeholder and makes it no id, as the inside of a class.
const AROUND: &str = r#""'`\[\]{}()<>"#;

/// Something like `a@b.c`, percent-encoded or not; of letters those of ASCII.
const EMAIL: &str = r"[A-Za-z0-9._%+\-](?:@|%40)\.*[A-Za-z0-9\-]+\.+[A-Za-z0-9\-]";

/// A whole number that is read as a text: shops number their products.
fn whole() -> Value {
    json!({ "type": "integer", "minimum": i64::MIN, "maximum": u64::MAX })
}

/// A description beside a schema.
#[must_use]
pub fn told(mut schema: Value, description: &str) -> Value {
    schema["description"] = json!(description);
    schema
}

/// The same, or null: which counts as missing.
#[must_use]
pub fn or_null(schema: Value) -> Value {
    match schema["type"].as_str() {
        Some(kind) if schema.get("const").is_none() && schema.get("enum").is_none() => {
            let kind = kind.to_owned();
            let mut schema = schema;
            schema["type"] = json!([kind, "null"]);
            schema
        }
        _ => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}

/// The pattern of a text of one to so many characters, none of which is a control character; white space around it does not
/// count. That is why it has a pattern for its length and no `maxLength`.
fn solid(chars_max: usize) -> String {
    format!("^[{SPACE}]*{}[{SPACE}]*$", inside(chars_max))
}

/// What is left of such a text without the white space around it.
fn inside(chars_max: usize) -> String {
    let none = format!("[^{SPACE}{CONTROL}]");
    format!("{none}(?:[^{CONTROL}]{{0,{}}}{none})?", chars_max.saturating_sub(2))
}

/// An id: a text of so many bytes or a whole number, and nobody's e-mail address.
#[must_use]
pub fn id(bytes_max: usize) -> Value {
    json!({ "anyOf": [text_id(bytes_max), whole()] })
}

/// An id where everything is a text, as in a query.
#[must_use]
pub fn text_id(bytes_max: usize) -> Value {
    json!({ "type": "string", "pattern": solid(bytes_max), "not": { "pattern": EMAIL } })
}

/// An id in a list or a path, where nothing is cut from its ends and it may not be a number.
#[must_use]
pub fn plain_id(bytes_max: usize) -> Value {
    json!({ "type": "string", "pattern": format!("^[^{CONTROL}]*[^{SPACE}{CONTROL}][^{CONTROL}]*$"), "maxLength": bytes_max })
}

/// A text in any case.
fn any_case(text: &str) -> String {
    let letter = |c: char| match c {
        c if c.is_ascii_alphabetic() => format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase()),
        '/' | '-' | ' ' | '_' => c.to_string(),
        c if c.is_ascii_alphanumeric() => c.to_string(),
        c => format!("\\{c}"),
    };
    text.chars().map(letter).collect()
}

/// The id of a person: a text or a whole number, and no placeholder that many people would share.
#[must_use]
pub fn person_id(bytes_max: usize) -> Value {
    let placeholders: Vec<String> = PLACEHOLDERS.iter().map(|text| any_case(text)).collect();
    let words = format!("^[{SPACE}{AROUND}]*(?:[0\\-]*|{})[{SPACE}{AROUND}]*$", placeholders.join("|"));
    let template = format!(r"^[{SPACE}]*(?:\{{\{{.*\}}\}}|\$\{{.*\}}|<%.*%>)[{SPACE}]*$");
    json!({ "anyOf": [
        { "type": "string", "pattern": solid(bytes_max),
          "not": { "anyOf": [{ "pattern": words }, { "pattern": template }] } },
        { "type": "integer", "minimum": i64::MIN, "maximum": u64::MAX, "not": { "enum": [0, -1] } },
    ] })
}

/// A text; an empty one counts as missing.
#[must_use]
pub fn text() -> Value {
    json!({ "type": ["string", "null"] })
}

/// A document of YAML in an answer.
#[must_use]
pub fn yaml() -> Value {
    json!({ "type": ["object", "string"], "description": "A text, and a mapping to whoever reads it as YAML." })
}

/// A text of nothing but white space, which counts as missing.
#[must_use]
pub fn blank() -> Value {
    json!({ "type": "string", "pattern": format!("^[{SPACE}]*$") })
}

/// One line in a person's words. White space around it is cut.
#[must_use]
pub fn line(chars_max: usize) -> Value {
    json!({ "type": "string", "pattern": format!("^[{SPACE}]*(?:{})?[{SPACE}]*$", inside(chars_max)) })
}

/// The same, of at least one character.
#[must_use]
pub fn words(chars_max: usize) -> Value {
    json!({ "type": "string", "pattern": solid(chars_max) })
}

/// A text for people: a number will do.
#[must_use]
pub fn label() -> Value {
    json!({ "type": ["string", "number", "null"] })
}

/// An amount in major units (`12.34`).
#[must_use]
pub fn price() -> Value {
    json!({ "type": "number", "minimum": 0, "maximum": beckon_domain::Money::MAJOR_MAX as u64 })
}

/// A number.
#[must_use]
pub fn number() -> Value {
    json!({ "type": ["number", "null"] })
}

/// A whole number from 0.
#[must_use]
pub fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

/// Yes or no.
#[must_use]
pub fn flag() -> Value {
    json!({ "type": ["boolean", "null"] })
}

/// A time: RFC 3339 with an offset, or milliseconds since 1970.
#[must_use]
pub fn time() -> Value {
    json!({ "anyOf": [time_text(), { "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX }] })
}

/// A time as text.
#[must_use]
pub fn time_text() -> Value {
    let day = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])";
    let clock = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,9})?";
    let zone = "(?:[Zz]|[+\\-](?:[01][0-9]|2[0-3]):[0-5][0-9])";
    json!({ "type": "string", "pattern": format!("^[{SPACE}]*{day}[Tt ]{clock}{zone}[{SPACE}]*$") })
}

/// A three-letter code of ISO 4217, in any case; an empty text counts as missing.
#[must_use]
pub fn currency() -> Value {
    json!({ "type": ["string", "null"], "pattern": format!("^[{SPACE}]*(?:[A-Za-z]{{3}})?[{SPACE}]*$") })
}

/// A time that passes, such as `72h`.
#[must_use]
pub fn duration() -> Value {
    json!({ "type": "string", "pattern": format!("^[{SPACE}]*[0-9]+[{SPACE}]*[smhd][{SPACE}]*$") })
}

/// Words that a mail shows: no control character of ASCII among them.
#[must_use]
pub fn visible(chars_max: usize) -> Value {
    let (end, inside) = (format!(r"[^{SPACE}\x00-\x1f\x7f]"), r"[^\x00-\x1f\x7f]");
    let more = chars_max.saturating_sub(2);
    json!({ "type": "string", "pattern": format!("^[{SPACE}]*{end}(?:{inside}{{0,{more}}}{end})?[{SPACE}]*$") })
}

/// One of these words in any case; an empty text counts as missing.
#[must_use]
pub fn word(words: &[&str]) -> Value {
    let words: Vec<String> = words.iter().map(|word| any_case(word)).collect();
    let pattern = format!("^[{SPACE}]*(?:{})?[{SPACE}]*$", words.join("|"));
    json!({ "type": ["string", "null"], "pattern": pattern })
}

/// A name of at most so many of these characters, given as the inside of a class. It may be empty.
#[must_use]
pub fn name(class: &str, chars_max: usize) -> Value {
    json!({ "type": "string", "pattern": format!("^[{SPACE}]*[{class}]{{0,{chars_max}}}[{SPACE}]*$") })
}

/// An object; what is not named may be there too.
#[must_use]
pub fn object(properties: Value) -> Value {
    json!({ "type": "object", "properties": properties })
}
