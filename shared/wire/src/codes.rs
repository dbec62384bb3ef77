//! The admin API for discount codes (`/admin/v1/codes`): what a server asks, what it is told, and a file of codes.

mod answer;
mod rows;

pub use answer::{
    CheckAnswer, CodeChangeAnswer, CodeStatus, CodesAnswer, DeletedCodesAnswer, GeneratedAnswer, ListedCode,
    PageAnswer, PoolAnswer, PoolsAnswer, UploadedAnswer,
};
pub use rows::{CODE_COUNT_MAX, CodeFormat, CodeRow, Rows, rows};

use crate::admin::{query, refused, words};
use crate::limits::{BY_CHARS_MAX, NOTE_CHARS_MAX};
use crate::problem::{Fault, Problem};
use axum::http::Uri;
use beckon_domain::DurationMs;
use beckon_domain::code::{CodePrefix, PoolName, Worth};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Codes that one request makes at most.
pub const GENERATE_COUNT_MAX: u64 = 10_000;
/// Characters of the name of an import.
pub const IMPORT_CHARS_MAX: usize = 64;
/// A generated code may hold for so long at most.
const VALID_FOR_MAX: DurationMs = DurationMs::from_days(366);

/// What a request about codes says beside the codes: in the query of an upload and of a deletion, in the body of a
/// generation.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asked {
    percent: Option<u64>,
    label: Option<String>,
    first_row: Option<u64>,
    dry_run: bool,
    import: Option<String>,
    note: Option<String>,
    by: Option<String>,
    count: Option<u64>,
    prefix: Option<String>,
    valid_for: Option<String>,
    after: Option<String>,
}

/// Who asks for a change, and what for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Told {
    /// Names the import that this is a part of; the request is one of its own when left out.
    pub import: Option<String>,
    /// Why.
    pub note: Option<String>,
    /// Who, in the caller's words.
    pub by: Option<String>,
}

/// An upload, as its query says it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UploadAsk {
    /// What the codes are worth: needed by the first upload of a pool.
    pub worth: Option<Worth>,
    /// The number of the first row of this part in the whole file; 1 when left out.
    pub first_row: u64,
    /// Only say what is wrong with the rows themselves.
    pub dry_run: bool,
    /// Who asks.
    pub told: Told,
}

/// A generation, as its body says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GenerateAsk {
    /// What the codes are worth: needed by the first generation of a pool.
    pub worth: Option<Worth>,
    /// How many.
    pub count: u64,
    /// What they begin with.
    pub prefix: CodePrefix,
    /// For how long each holds, from when somebody is given it.
    pub valid_for: DurationMs,
    /// Who asks.
    pub told: Told,
}

fn wrong(name: &str, detail: impl Into<String>) -> Problem {
    refused(Fault::new(format!("/{name}"), "schema.value", detail))
}

impl Asked {
    fn worth(&self) -> Result<Option<Worth>, Problem> {
        match (self.percent, &self.label) {
            (Some(_), Some(_)) => Err(wrong("label", "a code is worth per cent or something else: send one")),
            (Some(percent), None) => {
                let worth = Worth::percent(percent);
                worth.map(Some).map_err(|_| wrong("percent", "expected a number from 1 to 100"))
            }
            (None, Some(label)) => {
                Worth::label(label).map(Some).map_err(|error| wrong("label", error.to_string()))
            }
            (None, None) => Ok(None),
        }
    }

    fn told(&mut self) -> Result<Told, Problem> {
        let import = words("import", self.import.take(), IMPORT_CHARS_MAX)?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if import.as_ref().is_some_and(|import| !import.chars().all(is_name)) {
            return Err(wrong("import", "expected letters, digits, - and _"));
        }
        Ok(Told {
            import,
            note: words("note", self.note.take(), NOTE_CHARS_MAX)?,
            by: words("by", self.by.take(), BY_CHARS_MAX)?,
        })
    }
}

/// The name of a pool in a path.
///
/// # Errors
/// 400 when it cannot be one.
pub fn pool_name(text: &str) -> Result<PoolName, Problem> {
    let name =
        PoolName::new(text).map_err(|error| Problem::bad_request(format!("the pool's name {error}")))?;
    if name.as_str() == "check" {
        return Err(Problem::bad_request("no pool may be called check: it is an address of this API"));
    }
    Ok(name)
}

impl UploadAsk {
    /// Reads the query.
    ///
    /// # Errors
    /// 400 when it has a field that is not known, or a value that cannot be used.
    pub fn parse(uri: &Uri) -> Result<Self, Problem> {
        let mut asked: Asked = query(uri)?;
        let (worth, told) = (asked.worth()?, asked.told()?);
        Ok(Self { worth, told, first_row: asked.first_row.unwrap_or(1), dry_run: asked.dry_run })
    }
}

impl GenerateAsk {
    /// Reads the body.
    ///
    /// # Errors
    /// 400 when it is no JSON object, or has a value that cannot be used.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let object = serde_json::from_slice::<Map<String, Value>>(body);
        let asked = object.and_then(|object| serde_json::from_value::<Asked>(Value::Object(object)));
        let mut asked = asked.map_err(|error| {
            let example = r#"{"count": 1000, "prefix": "CART-", "valid_for": "72h", "percent": 10}"#;
            Problem::bad_request(format!("the body must be a JSON object such as {example}"))
                .with(Fault::new("", "schema.json", error.to_string()))
        })?;
        let (worth, told) = (asked.worth()?, asked.told()?);
        let count = asked.count.filter(|count| (1..=GENERATE_COUNT_MAX).contains(count));
        let count = count.ok_or_else(|| {
            wrong(
                "count",
                format!("expected a number from 1 to {GENERATE_COUNT_MAX}: ask several times for more"),
            )
        })?;
        let prefix = CodePrefix::new(asked.prefix.as_deref().unwrap_or_default().trim());
        let prefix = prefix.map_err(|error| wrong("prefix", error.to_string()))?;
        let valid_for = asked.valid_for.as_deref().and_then(DurationMs::parse);
        let valid_for = valid_for.filter(|d| (DurationMs::from_minutes(1)..=VALID_FOR_MAX).contains(d));
        let valid_for = valid_for.ok_or_else(|| {
            wrong("valid_for", format!("expected a time such as 72h, at most {VALID_FOR_MAX}"))
        })?;
        Ok(Self { worth, count, prefix, valid_for, told })
    }
}

/// A deletion, as its query says it.
///
/// # Errors
/// 400 when it has a field that is not known, or a text is too long.
pub fn deletion(uri: &Uri) -> Result<Told, Problem> {
    query::<Asked>(uri)?.told()
}

/// Where a page of codes begins, as its query says it.
///
/// # Errors
/// 400 when it has a field that is not known.
pub fn page_after(uri: &Uri) -> Result<Option<String>, Problem> {
    Ok(query::<Asked>(uri)?.after)
}

#[cfg(test)]
mod tests;
