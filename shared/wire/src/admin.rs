//! The admin API for rulesets (`/admin/v1/rulesets`): what a server asks and what it is told.

use crate::limits::{BY_CHARS_MAX, CHANGE_COUNT_MAX, NOTE_CHARS_MAX};
use crate::problem::{Fault, Problem};
use axum::extract::Query;
use axum::http::Uri;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Changes of one page of the history, unless told.
const CHANGE_COUNT_DEFAULT: u32 = 20;

/// The query of a publish.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PublishAsk {
    /// Only say what publishing would do.
    pub dry_run: bool,
    /// Publish although tests fail.
    pub force: bool,
    /// Why.
    pub note: Option<String>,
    /// Who, in the caller's words.
    pub by: Option<String>,
    /// Only if this version is live.
    pub expect: Option<String>,
}

/// The body of a rollback.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RollbackAsk {
    /// The version to go back to; what was live before when left out.
    pub to: Option<String>,
    /// Why.
    pub note: Option<String>,
    /// Who, in the caller's words.
    pub by: Option<String>,
    /// Only if this version is live.
    pub expect: Option<String>,
}

/// The query of the history.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HistoryAsk {
    /// Changes at most.
    pub limit: u32,
    /// Only changes with smaller numbers.
    pub before: Option<u64>,
}

impl Default for HistoryAsk {
    fn default() -> Self {
        Self { limit: CHANGE_COUNT_DEFAULT, before: None }
    }
}

impl PublishAsk {
    /// Reads the query.
    ///
    /// # Errors
    /// 400 when it has a field that is not known, or a text is too long.
    pub fn parse(uri: &Uri) -> Result<Self, Problem> {
        let ask: Self = query(uri)?;
        let (note, by) = (words("note", ask.note, NOTE_CHARS_MAX)?, words("by", ask.by, BY_CHARS_MAX)?);
        Ok(Self { note, by, ..ask })
    }
}

impl RollbackAsk {
    /// Reads the body; an empty one asks for what was live before.
    ///
    /// # Errors
    /// 400 when it is no JSON object, has a field that is not known, or a text is too long.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let ask: Self = object(body, r#"{"to": "3575c065a9a4"}"#)?;
        let (note, by) = (words("note", ask.note, NOTE_CHARS_MAX)?, words("by", ask.by, BY_CHARS_MAX)?);
        Ok(Self { note, by, ..ask })
    }
}

impl HistoryAsk {
    /// Reads the query.
    ///
    /// # Errors
    /// 400 when it has a field that is not known, or asks for none or too many.
    pub fn parse(uri: &Uri) -> Result<Self, Problem> {
        let ask: Self = query(uri)?;
        if (1..=CHANGE_COUNT_MAX).contains(&ask.limit) {
            return Ok(ask);
        }
        let detail = format!("expected a number from 1 to {CHANGE_COUNT_MAX}");
        Err(refused(Fault::new("/limit", "schema.value", detail)))
    }
}

/// Reads a body; an empty one is an object without fields.
pub(crate) fn object<T: DeserializeOwned>(body: &[u8], example: &str) -> Result<T, Problem> {
    let is_empty = body.iter().all(u8::is_ascii_whitespace);
    // By way of a map: serde would take a list for the fields in their order.
    let fields = if is_empty { Ok(Map::new()) } else { serde_json::from_slice::<Map<String, Value>>(body) };
    fields.and_then(|fields| serde_json::from_value(Value::Object(fields))).map_err(|error| {
        let fault = Fault::new("", "schema.json", error.to_string());
        Problem::bad_request(format!("the body must be a JSON object such as {example}")).with(fault)
    })
}

pub(crate) fn refused(fault: Fault) -> Problem {
    Problem::bad_request("the request has a value that cannot be used").with(fault)
}

pub(crate) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let read = Query::<T>::try_from_uri(uri);
    read.map(|Query(ask)| ask).map_err(|error| refused(Fault::new("", "schema.query", error.body_text())))
}

/// A text of a person, in one line.
pub(crate) fn words(name: &str, text: Option<String>, chars_max: usize) -> Result<Option<String>, Problem> {
    let Some(text) = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.chars().count() > chars_max || text.chars().any(char::is_control) {
        let detail = format!("expected one line of at most {chars_max} characters");
        return Err(refused(Fault::new(format!("/{name}"), "schema.value", detail)));
    }
    Ok(Some(text))
}

/// How a ruleset's own tests ended.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TestsAnswer {
    /// Tests that passed.
    pub passed: u32,
    /// Tests that failed.
    pub failed: u32,
    /// What failed, one line each; the first ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
}

/// What became of a publish or a rollback.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChangedAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The version that is live now, or would be.
    pub version: String,
    /// The name that its author gave the ruleset.
    pub name: String,
    /// The version that was live before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Whether it was not live already.
    pub changed: bool,
    /// Whether nothing was done.
    pub dry_run: bool,
    /// Number of the change, when one was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Whether it became live although tests failed.
    pub forced: bool,
    /// Its tests.
    pub tests: TestsAnswer,
}

/// What is wrong with a ruleset, or that nothing is.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RulesetCheckAnswer))]
#[serde(rename_all = "camelCase")]
pub struct CheckAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// Whether it could be published.
    pub valid: bool,
    /// Its version, when it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its name, when it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its tests, when it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tests: Option<TestsAnswer>,
    /// What is wrong with it, each with its line and column.
    pub problems: Vec<Fault>,
}

/// A change of what is live.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeAnswer {
    /// Its number: 1 for the first.
    pub number: u64,
    /// When (RFC 3339).
    pub at: String,
    /// `publish` or `rollback`.
    pub action: &'static str,
    /// The version that was live before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The version that is live since.
    pub to: String,
    /// Who: the source of the key, or the command.
    pub who: String,
    /// Who, in the caller's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// How its tests ended.
    pub tests: TestsAnswer,
    /// Whether it became live although tests failed.
    pub forced: bool,
}

/// A page of the history.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct HistoryAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// Changes, newest first.
    pub changes: Vec<ChangeAnswer>,
    /// `before` of the next page, when there may be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// What is live.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActiveAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The version.
    pub version: String,
    /// The version that was live before: where a rollback leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// How it became live; nothing when that was before changes were written down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeAnswer>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(query: &str) -> Uri {
        format!("/admin/v1/rulesets?{query}").parse().unwrap()
    }

    #[test]
    fn a_query_that_is_misspelt_is_refused_and_never_ignored() {
        let ask = PublishAsk::parse(&uri("dry_run=true&note=winter%20sale&by=")).unwrap();
        assert!(ask.dry_run && !ask.force && ask.by.is_none());
        assert_eq!(ask.note.as_deref(), Some("winter sale"));
        for query in ["dryrun=true", "dry_run=yes", "note=a%0Ab", &format!("by={}", "x".repeat(101))] {
            assert_eq!(PublishAsk::parse(&uri(query)).unwrap_err().status(), 400, "{query}");
        }
        for query in ["limit=0", "limit=101", "before=-1", "after=3"] {
            assert_eq!(HistoryAsk::parse(&uri(query)).unwrap_err().status(), 400, "{query}");
        }
        assert_eq!(HistoryAsk::parse(&uri("")).unwrap(), HistoryAsk::default());
    }

    #[test]
    fn a_rollback_without_a_body_is_one_step_back() {
        assert_eq!(RollbackAsk::parse(b" \n").unwrap(), RollbackAsk::default());
        assert_eq!(RollbackAsk::parse(br#"{"to":"a","note":null}"#).unwrap().to.as_deref(), Some("a"));
        for body in ["[]", "{", r#"{"version":"a"}"#, r#"{"to":1}"#] {
            assert_eq!(RollbackAsk::parse(body.as_bytes()).unwrap_err().status(), 400, "{body}");
        }
    }
}
