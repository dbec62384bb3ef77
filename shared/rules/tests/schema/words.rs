//! How the reference writes values and kinds.

use crate::json::Json;

pub fn type_word(word: &str) -> &str {
    match word {
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "`true` or `false`",
        other => other,
    }
}

pub fn kind_word(code: &str) -> &str {
    match code {
        "money" => "amounts",
        "duration" => "lengths of time",
        "instant" => "dates",
        "flag" => "true or false",
        "number" => "numbers",
        "text" => "texts",
        "list" => "lists",
        _ => "traits",
    }
}

pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A text as a cell of a table has it.
pub fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// How a heading is linked to.
pub fn anchor(title: &str) -> String {
    let kept = title.to_lowercase();
    kept.chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// The anchor of a heading, as it stands after its first `##`.
pub fn heading(line: &str) -> String {
    anchor(line.trim_start_matches('#').trim())
}

/// A value in one line of YAML.
pub fn plain(value: &Json) -> String {
    match value {
        Json::Scalar(serde_json::Value::String(text)) if is_plain(text) => text.clone(),
        Json::Scalar(value) => value.to_string(),
        Json::List(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        Json::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, field)| format!("{}: {}", plain(&Json::text(name)), plain(field)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}

/// Whether a text means itself without quotes, wherever it stands in YAML.
fn is_plain(text: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || " -_./%".contains(c);
    let is_address = text.starts_with("https://");
    let begins = text.starts_with(|c: char| c.is_alphabetic() || c.is_ascii_digit());
    let is_number = text.parse::<f64>().is_ok();
    begins
        && !is_number
        && (is_address || text.chars().all(is_word))
        && !["true", "false", "null"].contains(&text)
}

/// A value in lines of YAML: the outermost mapping has a line for each field.
pub fn yaml(value: &Json) -> String {
    if value.fields().is_empty() {
        return format!("{}\n", plain(value));
    }
    value.fields().iter().map(|(name, field)| format!("{name}: {}\n", plain(field))).collect()
}
