//! Typed access to the fields of a JSON object, with the pointer of what is wrong.

use crate::limits::TEXT_BYTES_MAX;
use crate::privacy::looks_like_email;
use crate::problem::Fault;
use serde_json::{Map, Value};

/// An object within an event, and where it is.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    pointer: &'a str,
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

impl<'a> Fields<'a> {
    /// The fields of an object at a pointer.
    pub const fn new(object: &'a Map<String, Value>, pointer: &'a str) -> Self {
        Self { object, pointer }
    }

    /// The pointer of a field.
    pub fn at(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1"))
    }

    /// A field that is there and not null.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// A fault: the field is of another type.
    pub fn wrong_type(&self, name: &str, expected: &str, value: &Value) -> Fault {
        Fault::new(self.at(name), "schema.type", format!("expected {expected}, got {}", kind(value)))
    }

    /// A fault: the field is missing.
    pub fn missing(&self, name: &str, what: &str) -> Fault {
        Fault::new(self.at(name), "schema.missing", format!("{what} is needed"))
    }

    /// A fault: the value is not acceptable.
    pub fn invalid(&self, name: &str, detail: impl Into<String>) -> Fault {
        Fault::new(self.at(name), "schema.value", detail)
    }

    /// A text. White space around it is cut; an empty one counts as missing.
    pub fn text(&self, name: &str) -> Result<Option<&'a str>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim()).filter(|t| !t.is_empty())),
            Some(other) => Err(self.wrong_type(name, "string", other)),
        }
    }

    /// An id: a text or a whole number (shops number their products), parsed into its type.
    pub fn id<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, beckon_domain::id::IdError>,
    ) -> Result<Option<T>, Fault> {
        let text = match self.get(name) {
            None => return Ok(None),
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) if number.is_i64() || number.is_u64() => number.to_string(),
            Some(other) => return Err(self.wrong_type(name, "string", other)),
        };
        if looks_like_email(&text) {
            let detail = "looks like an e-mail address; ids must not be personal data";
            return Err(Fault::new(self.at(name), "privacy.personal_data", detail));
        }
        parse(&text).map(Some).map_err(|error| self.invalid(name, error.to_string()))
    }

    /// A person's id as the client gave it: a text or a whole number; empty counts as missing.
    pub fn person_id(&self, name: &str) -> Result<Option<String>, Fault> {
        match self.get(name) {
            Some(Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(Some(number.to_string())),
            _ => Ok(self.text(name)?.map(ToOwned::to_owned)),
        }
    }

    /// A text for people (a name, a category), cut to what is kept; one that looks like an address is left out.
    pub fn label(&self, name: &str) -> Result<Option<String>, Fault> {
        let text = match self.get(name) {
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => self.text(name)?.map(ToOwned::to_owned),
        };
        Ok(text.filter(|t| !looks_like_email(t)).map(|t| {
            let clean: String = t.chars().filter(|c| !c.is_control()).collect();
            truncate(&clean, TEXT_BYTES_MAX).to_owned()
        }))
    }

    /// A number.
    pub fn number(&self, name: &str) -> Result<Option<f64>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or_else(|| self.wrong_type(name, "number", value)),
        }
    }

    /// A whole number from 0 to `max`; larger ones are held at it.
    pub fn count(&self, name: &str, max: u64) -> Result<Option<u64>, Fault> {
        match self.number(name)? {
            None => Ok(None),
            Some(number) if number >= 0.0 && number.fract() == 0.0 => Ok(Some((number as u64).min(max))),
            Some(_) => Err(self.invalid(name, "expected a whole number from 0")),
        }
    }

    /// Yes or no.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(self.wrong_type(name, "boolean", other)),
        }
    }

    /// An object; an empty one when it is missing.
    pub fn object(&self, name: &str) -> Result<Option<&'a Map<String, Value>>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(other) => Err(self.wrong_type(name, "object", other)),
        }
    }

    /// An array.
    pub fn array(&self, name: &str) -> Result<Option<&'a [Value]>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(array)) => Ok(Some(array)),
            Some(other) => Err(self.wrong_type(name, "array", other)),
        }
    }
}

/// The longest prefix of at most `bytes_max` bytes that ends at a character.
pub fn truncate(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
