//! The admin API for the rights of a person (`/admin/v1/privacy`): export, erase, let back, and how far an erasure has come.
//!
//! What is asked is in bodies, never in paths or queries: those are written down.

use crate::admin::refused;
use crate::decisions::request::person;
use crate::fields::Fields;
use crate::problem::{Fault, Problem};
use beckon_domain::id::{AnonymousId, UserId};
use serde::Serialize;
use serde_json::{Map, Value};

/// What a body may look like.
const EXAMPLE: &str = r#"{"userId": "u1"}"#;

/// Who a request is about: whoever asked the shop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonAsk {
    /// The customer, by the shop's own id.
    pub customer: Option<UserId>,
    /// The visitor, by the id that their browser made.
    pub visitor: Option<AnonymousId>,
    /// Only say what would be done.
    pub dry_run: bool,
    /// Let the person back at once: what comes from now on is new.
    pub allow_return: bool,
    /// Where an earlier answer ended.
    pub after: Option<String>,
}

impl PersonAsk {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 when it is no such object, names nobody, or names a person by an address: no table is indexed by addresses.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let ask = Self::parse_any(body)?;
        if ask.customer.is_none() && ask.visitor.is_none() {
            let fault = Fault::new("/userId", "schema.missing", "userId or anonymousId is needed");
            return Err(refused(fault));
        }
        Ok(ask)
    }

    /// The same, where nobody need be named.
    ///
    /// # Errors
    /// 400 when it is no such object.
    pub fn parse_any(body: &[u8]) -> Result<Self, Problem> {
        let object = serde_json::from_slice::<Map<String, Value>>(body).map_err(|error| {
            Problem::bad_request(format!("the body must be a JSON object such as {EXAMPLE}"))
                .with(Fault::new("", "schema.json", error.to_string()))
        })?;
        let known = ["userId", "anonymousId", "dryRun", "allowReturn", "after"];
        if let Some(other) = object.keys().find(|name| !known.contains(&name.as_str())) {
            let detail = if other == "email" {
                "nothing is indexed by addresses: name the person by userId or anonymousId".to_owned()
            } else {
                format!("unknown field: expected {}", known.join(", "))
            };
            return Err(refused(Fault::new(format!("/{other}"), "schema.unknown", detail)));
        }
        // An id that came out empty is a mistake of who asks, and another id beside it may be somebody else's.
        let is_empty =
            |name: &&str| object.get(*name).and_then(Value::as_str).is_some_and(|id| id.trim().is_empty());
        if let Some(name) = ["userId", "anonymousId"].iter().find(|name| is_empty(name)) {
            return Err(refused(Fault::new(format!("/{name}"), "schema.value", "is empty: leave it out")));
        }
        let fields = Fields::new(&object, "");
        let read = || {
            Ok::<_, Fault>(Self {
                customer: person(&fields, "userId", UserId::new)?,
                visitor: person(&fields, "anonymousId", AnonymousId::new)?,
                dry_run: fields.flag("dryRun")?.unwrap_or_default(),
                allow_return: fields.flag("allowReturn")?.unwrap_or_default(),
                after: fields.text("after")?.map(ToOwned::to_owned),
            })
        };
        read().map_err(refused)
    }
}

/// How many of each an erasure removes, or has removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RemovedAnswer {
    /// Profiles with all that was in them: carts, orders, traits, consent, interests.
    pub profiles: u64,
    /// Reminders, orders that followed them, and codes that name the person.
    pub outreach: u64,
    /// Archived lines.
    pub archive_lines: u64,
    /// Failed events.
    pub failed_events: u64,
}

/// How far the scans have come: when the last one that got to its end began.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ScansAnswer {
    /// Of the tables.
    pub tables: Option<String>,
    /// Of the archive.
    pub archive: Option<String>,
    /// Of the failed events.
    pub failed_events: Option<String>,
}

/// An erasure.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ErasureAnswer {
    /// Its id.
    pub id: String,
    /// `begun`, `erased` (all that is found by key is gone, scans are to come), `complete` (everything was looked through
    /// since), `released`.
    pub state: &'static str,
    /// When it was asked for.
    pub at: String,
    /// By when the scans are over.
    pub complete_by: String,
    /// Until when the tombstones stand.
    pub until: String,
    /// When the person was let back.
    pub released_at: Option<String>,
    /// Profiles that it names.
    pub profiles: usize,
    /// Addresses that are suppressed by it, as hashes.
    pub addresses: usize,
    /// How far the scans have come.
    pub scans: ScansAnswer,
    /// What was removed.
    pub removed: RemovedAnswer,
}

/// The answer to a request to erase or to let back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ErasedAnswer {
    /// The id of the request.
    pub request_id: String,
    /// Hashes of the keys that were asked about: what the record of the request names.
    pub person: String,
    /// Whether nothing was done.
    pub dry_run: bool,
    /// What there was to remove. Of a dry run what would be removed.
    pub found: RemovedAnswer,
    /// The erasure; none of a dry run.
    pub erasure: Option<ErasureAnswer>,
}

/// The answer to a request for what is under way.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ErasuresAnswer {
    /// The id of the request.
    pub request_id: String,
    /// Erasures whose time is not over, oldest first: of the person asked about, or all.
    pub erasures: Vec<ErasureAnswer>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_named_by_an_id_and_never_by_an_address() {
        let ask = PersonAsk::parse(br#"{"userId": 42, "dryRun": true}"#).unwrap();
        assert_eq!(ask.customer, UserId::new("42").ok());
        assert!(ask.dry_run && !ask.allow_return);
        for (body, detail) in [
            ("[]", "the body must be"),
            ("{}", "a value that cannot be used"),
            (r#"{"email": "a@shop.example"}"#, "a value that cannot be used"),
            (r#"{"userId": "null"}"#, "a value that cannot be used"),
            (r#"{"userid": "u1"}"#, "a value that cannot be used"),
            (r#"{"userId": " ", "anonymousId": "v1"}"#, "is empty: leave it out"),
        ] {
            let problem = serde_json::to_string(&PersonAsk::parse(body.as_bytes()).unwrap_err()).unwrap();
            assert!(problem.contains(detail), "{body}: {problem}");
            assert!(!problem.contains("a@shop.example"), "{problem}");
        }
        assert_eq!(PersonAsk::parse_any(b"{}").unwrap().customer, None);
    }
}
