//! The admin API for keys (`/admin/v1/keys`): what a server asks and what it is told. A key's text is told once.

use crate::admin::{query, refused, words};
use crate::limits::{BY_CHARS_MAX, NOTE_CHARS_MAX};
use crate::problem::{Fault, Problem};
use axum::http::Uri;
use beckon_domain::key::{KeyKind, ORIGIN_COUNT_MAX, Origin};
use beckon_domain::{SourceId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Characters of a label.
pub const LABEL_CHARS_MAX: usize = 100;
/// What a body may look like.
const EXAMPLE: &str = r#"{"kind": "publishable", "source": "web", "origins": ["https://shop.example"]}"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    kind: String,
    source: String,
    label: Option<String>,
    #[serde(default)]
    origins: Vec<String>,
    expires_at: Option<Value>,
    note: Option<String>,
    by: Option<String>,
}

/// A key that somebody wants made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CreateKeyAsk {
    /// What it is for.
    pub kind: KeyKind,
    /// The source that it names.
    pub source: SourceId,
    /// What it is for, in words.
    pub label: Option<String>,
    /// Origins of pages that may use it; any when empty.
    pub origins: Vec<Origin>,
    /// From when on it opens nothing.
    pub expires_at: Option<Timestamp>,
    /// Why.
    pub note: Option<String>,
    /// Who, in the caller's words.
    pub by: Option<String>,
}

impl CreateKeyAsk {
    /// Reads the body.
    ///
    /// # Errors
    /// 400 with the pointer of the first thing that is wrong.
    pub fn parse(body: &[u8], now: Timestamp) -> Result<Self, Problem> {
        // By way of a map: serde would take a list for the fields in their order.
        let object = serde_json::from_slice::<Map<String, Value>>(body);
        let asked = object.and_then(|object| serde_json::from_value::<CreateBody>(Value::Object(object)));
        let asked = asked.map_err(|error| {
            Problem::bad_request(format!("the body must be a JSON object such as {EXAMPLE}"))
                .with(Fault::new("", "schema.json", error.to_string()))
        })?;
        let wrong = |pointer: String, detail: String| refused(Fault::new(pointer, "schema.value", detail));
        let kind = KeyKind::parse(&asked.kind)
            .ok_or_else(|| wrong("/kind".to_owned(), "expected publishable, secret or token".to_owned()))?;
        let source = SourceId::new(&asked.source).map_err(|e| wrong("/source".to_owned(), e.to_string()))?;
        if source.is_canary() {
            return Err(wrong("/source".to_owned(), "this source is Beckon's own".to_owned()));
        }
        if kind != KeyKind::Publishable && !asked.origins.is_empty() {
            let detail = "only a publishable key has origins: no page holds any other";
            return Err(wrong("/origins".to_owned(), detail.to_owned()));
        }
        if asked.origins.len() > ORIGIN_COUNT_MAX {
            return Err(wrong("/origins".to_owned(), format!("at most {ORIGIN_COUNT_MAX} are taken")));
        }
        let origin = |(index, text): (usize, &String)| {
            Origin::new(text).map_err(|e| wrong(format!("/origins/{index}"), e.to_string()))
        };
        let mut origins: Vec<Origin> =
            asked.origins.iter().enumerate().map(origin).collect::<Result<_, _>>()?;
        origins.sort();
        origins.dedup();
        let end = |value: &Value| {
            crate::parse_time(value).filter(|at| *at > now).ok_or_else(|| {
                let detail = "expected a time that is still to come, such as 2027-01-31T00:00:00Z";
                wrong("/expires_at".to_owned(), detail.to_owned())
            })
        };
        Ok(Self {
            kind,
            source,
            origins,
            expires_at: asked.expires_at.as_ref().filter(|value| !value.is_null()).map(end).transpose()?,
            label: words("label", asked.label, LABEL_CHARS_MAX)?,
            note: words("note", asked.note, NOTE_CHARS_MAX)?,
            by: words("by", asked.by, BY_CHARS_MAX)?,
        })
    }
}

/// The query of a revocation.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RevokeKeyAsk {
    /// Why.
    pub note: Option<String>,
    /// Who, in the caller's words.
    pub by: Option<String>,
}

impl RevokeKeyAsk {
    /// Reads the query.
    ///
    /// # Errors
    /// 400 when it has a field that is not known, or a text is too long.
    pub fn parse(uri: &Uri) -> Result<Self, Problem> {
        let ask: Self = query(uri)?;
        let (note, by) = (words("note", ask.note, NOTE_CHARS_MAX)?, words("by", ask.by, BY_CHARS_MAX)?);
        Ok(Self { note, by })
    }
}

/// A key as lists show it: neither its text nor its hash.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeyAnswer {
    /// Its public name; of a token key the `kid` of its tokens.
    pub id: String,
    /// `publishable`, `secret` or `token`.
    pub kind: &'static str,
    /// The source that it names.
    pub source: String,
    /// `live`, `expired` or `revoked`.
    pub state: &'static str,
    /// What it is for, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Origins of pages that may use it; any when empty.
    pub origins: Vec<String>,
    /// When it was made (RFC 3339).
    pub created_at: String,
    /// From when on it opens nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// When it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
}

/// A change of the keys.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyChangeAnswer {
    /// Its number: 1 for the first.
    pub number: u64,
    /// When (RFC 3339).
    pub at: String,
    /// `create` or `revoke`.
    pub action: &'static str,
    /// The id of the key.
    pub key: String,
    /// Kind, source and label of the key.
    pub about: String,
    /// Who: the source of the key that asked.
    pub who: String,
    /// Who, in the caller's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// All keys that people made.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeysAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The keys, oldest first. Those of the secret are not among them.
    pub keys: Vec<KeyAnswer>,
    /// Changes, newest first; the first ones.
    pub changes: Vec<KeyChangeAnswer>,
}

/// A key that was made.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreatedKeyAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// What lists show of it.
    pub key: KeyAnswer,
    /// The key itself. It is told this once, and kept nowhere.
    pub secret: String,
}

/// A key that was taken back.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RevokedKeyAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// Whether this request did it; else it was revoked before.
    pub changed: bool,
    /// What lists show of it.
    pub key: KeyAnswer,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_asked_for_whole_and_a_mistake_is_pointed_at() {
        let now = Timestamp::from_ms(1_800_000_000_000);
        let full = br#"{"kind":"publishable","source":"web","label":" checkout ","by":"me","note":"new shop",
            "origins":["https://Shop.example/","https://shop.example"],"expires_at":"2030-01-01T00:00:00Z"}"#;
        let ask = CreateKeyAsk::parse(full, now).unwrap();
        assert_eq!((ask.kind, ask.label.as_deref()), (KeyKind::Publishable, Some("checkout")));
        assert_eq!(ask.origins.iter().map(Origin::as_str).collect::<Vec<_>>(), ["https://shop.example"]);
        for (body, pointer) in [
            (r#"{"kind":"root","source":"web"}"#, "/kind"),
            (r#"{"kind":"secret","source":""}"#, "/source"),
            (r#"{"kind":"secret","source":"a","origins":["https://a.example"]}"#, "/origins"),
            (r#"{"kind":"publishable","source":"a","origins":["https://a.example","*"]}"#, "/origins/1"),
            (r#"{"kind":"secret","source":"a","expires_at":"2020-01-01T00:00:00Z"}"#, "/expires_at"),
            (r#"{"kind":"secret","source":"a","orgins":[]}"#, ""),
            ("[]", ""),
        ] {
            let problem = CreateKeyAsk::parse(body.as_bytes(), now).unwrap_err();
            let json = serde_json::to_value(&problem).unwrap();
            assert_eq!(
                (&json["errors"][0]["pointer"], problem.status()),
                (&Value::from(pointer), 400),
                "{body}"
            );
        }
    }
}
