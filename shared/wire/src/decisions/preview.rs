//! Previews: what a page would show to somebody else, in a chosen variant, or at another time. Nothing of it is counted.

use crate::fields::Fields;
use crate::limits::{EVENT_BYTES_MAX, NESTING_MAX, nesting};
use crate::problem::{Fault, Problem};
use beckon_domain::id::{ExperimentId, VariantId};
use beckon_domain::{DurationMs, ProfileKey, SmolStr, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Events of a persona at most.
const EVENT_COUNT_MAX: usize = 50;
/// Segments that a persona names, and variants that are forced, at most.
const NAME_COUNT_MAX: usize = 20;
/// How long ago an event of a persona may be, in seconds: a year.
const AGO_SECS_MAX: u64 = 366 * 24 * 60 * 60;
/// Characters of a token at most.
const TOKEN_CHARS_MAX: usize = 16 * 1024;
/// How long a token that is made here lives, unless told.
const LIFE_DEFAULT: DurationMs = DurationMs::from_hours(1);
/// The longest life of a token, in seconds.
const LIFE_SECS_MAX: u64 = 24 * 60 * 60;

/// `options.preview` of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum PreviewAsk {
    /// A token, signed by the shop's server or made by `POST /v1/previews`.
    Token(String),
    /// The preview itself; with a secret key only.
    Inline(Box<Preview>),
}

/// Whom and when a preview is of. What is left out is as the request says.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Preview {
    /// Somebody made up.
    pub persona: Option<Persona>,
    /// Somebody who exists, by their profile's key.
    pub profile: Option<ProfileKey>,
    /// The variant to show of each experiment.
    pub variants: BTreeMap<ExperimentId, VariantId>,
    /// The time at which it is decided.
    pub at: Option<Timestamp>,
}

/// Somebody made up.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Persona {
    /// Whether they are logged in.
    pub is_known: bool,
    /// What is known of them by name.
    pub traits: Map<String, Value>,
    /// The segments that they are in. Where it is told, they are in no other.
    pub segments: Option<BTreeSet<SmolStr>>,
    /// What they did, oldest first.
    pub events: Vec<PersonaEvent>,
}

/// Something that a persona did.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonaEvent {
    /// How long before the decision.
    pub ago: DurationMs,
    /// The event, as an SDK would send it, without ids.
    pub event: Map<String, Value>,
}

impl PreviewAsk {
    /// Reads `options.preview`; nothing where there is none.
    pub(crate) fn of_options(options: &Map<String, Value>) -> Result<Option<Self>, Fault> {
        match options.get("preview") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(token)) if token.len() <= TOKEN_CHARS_MAX => {
                Ok(Some(Self::Token(token.clone())))
            }
            Some(Value::Object(object)) => {
                let preview = Preview::read(object, "/options/preview")?;
                Ok(Some(Self::Inline(Box::new(preview))))
            }
            Some(_) => {
                Err(Fault::new("/options/preview", "schema.type", "expected a token or a preview itself"))
            }
        }
    }
}

impl Preview {
    /// Reads a preview that stands at a place of a document.
    ///
    /// # Errors
    /// The first thing that is wrong, with its pointer.
    pub fn read(object: &Map<String, Value>, at: &str) -> Result<Self, Fault> {
        let fields = Fields::new(object, at);
        let persona = match fields.object("persona")? {
            Some(persona) => Some(read_persona(&Fields::new(persona, &fields.at("persona")))?),
            None => None,
        };
        // An empty key is none that somebody forgot: a preview of nobody would look like one of them.
        let profile = match fields.get("profile") {
            Some(Value::String(key)) => {
                Some(ProfileKey::parse(key).map_err(|e| fields.invalid("profile", e.to_string()))?)
            }
            Some(other) => return Err(fields.wrong_type("profile", "string", other)),
            None => None,
        };
        if persona.is_some() && profile.is_some() {
            return Err(fields.invalid("profile", "a preview is of a persona or of a profile, not of both"));
        }
        let time = match fields.get("at") {
            Some(text @ Value::String(_)) => {
                Some(crate::parse_time(text).ok_or_else(|| fields.invalid("at", "expected a time"))?)
            }
            Some(other) => return Err(fields.wrong_type("at", "string", other)),
            None => None,
        };
        Ok(Self { persona, profile, variants: read_variants(&fields)?, at: time })
    }
}

fn read_variants(fields: &Fields<'_>) -> Result<BTreeMap<ExperimentId, VariantId>, Fault> {
    let Some(named) = fields.object("variants")? else { return Ok(BTreeMap::new()) };
    if named.len() > NAME_COUNT_MAX {
        return Err(fields.invalid("variants", format!("at most {NAME_COUNT_MAX} are taken")));
    }
    let one = |(experiment, variant): (&String, &Value)| {
        let variant = variant.as_str().and_then(|variant| VariantId::new(variant).ok());
        let pair = ExperimentId::new(experiment).ok().zip(variant);
        pair.ok_or_else(|| fields.invalid("variants", "expected ids of variants by ids of experiments"))
    };
    named.iter().map(one).collect()
}

fn read_persona(fields: &Fields<'_>) -> Result<Persona, Fault> {
    let events = fields.array("events")?.unwrap_or_default();
    if events.len() > EVENT_COUNT_MAX {
        return Err(fields.invalid("events", format!("at most {EVENT_COUNT_MAX} are taken")));
    }
    let event = |(index, event): (usize, &Value)| {
        let pointer = format!("{}/{index}", fields.at("events"));
        let Value::Object(event) = event else {
            return Err(Fault::new(pointer, "schema.type", "expected an event"));
        };
        let fields = Fields::new(event, &pointer);
        let ago = fields.count("secondsAgo", u64::MAX)?.unwrap_or_default();
        if ago > AGO_SECS_MAX {
            return Err(fields.invalid("secondsAgo", format!("at most {AGO_SECS_MAX}: a year of 366 days")));
        }
        Ok(PersonaEvent { ago: DurationMs::from_secs(ago), event: event.clone() })
    };
    let mut events = events.iter().enumerate().map(event).collect::<Result<Vec<_>, _>>()?;
    events.sort_by_key(|event| std::cmp::Reverse(event.ago));
    Ok(Persona {
        is_known: fields.flag("loggedIn")?.unwrap_or_default(),
        traits: fields.object("traits")?.cloned().unwrap_or_default(),
        segments: read_segments(fields)?,
        events,
    })
}

fn read_segments(fields: &Fields<'_>) -> Result<Option<BTreeSet<SmolStr>>, Fault> {
    let Some(named) = fields.array("segments")? else { return Ok(None) };
    if named.len() > NAME_COUNT_MAX {
        return Err(fields.invalid("segments", format!("at most {NAME_COUNT_MAX} are taken")));
    }
    let id = |id: &Value| id.as_str().map(SmolStr::new);
    let ids = named.iter().map(|value| id(value).ok_or_else(|| fields.invalid("segments", "expected ids")));
    ids.collect::<Result<_, _>>().map(Some)
}

/// A body of `POST /v1/previews`.
#[derive(Clone, Debug, PartialEq)]
pub struct MintAsk {
    /// What the token will say, as it was written.
    pub preview: Map<String, Value>,
    /// How long it will live.
    pub life: DurationMs,
}

impl MintAsk {
    /// Reads the body, and what the preview says.
    ///
    /// # Errors
    /// 400 with the pointer of the first thing that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let wrong = |fault| Problem::bad_request("the request has a value that cannot be used").with(fault);
        let text = std::str::from_utf8(bytes).map_err(|_| Problem::bad_request("the body is not UTF-8"))?;
        if text.len() > EVENT_BYTES_MAX || nesting(text) > NESTING_MAX {
            let detail = format!("at most {EVENT_BYTES_MAX} bytes and {NESTING_MAX} levels are taken");
            return Err(wrong(Fault::new("", "schema.value", detail)));
        }
        let object: Map<String, Value> = serde_json::from_str(text).map_err(|e| {
            let detail = format!("expected a JSON object; line {}, column {}", e.line(), e.column());
            wrong(Fault::new("", "schema.json", detail))
        })?;
        Self::read(&Fields::new(&object, "")).map_err(wrong)
    }

    fn read(fields: &Fields<'_>) -> Result<Self, Fault> {
        let preview =
            fields.object("preview")?.ok_or_else(|| fields.missing("preview", "what to preview"))?;
        Preview::read(preview, "/preview")?;
        let life = match fields.count("ttlSeconds", u64::MAX)? {
            None => LIFE_DEFAULT,
            Some(seconds @ 1..=LIFE_SECS_MAX) => DurationMs::from_secs(seconds),
            Some(_) => {
                let detail = format!("expected a whole number from 1 to {LIFE_SECS_MAX}");
                return Err(fields.invalid("ttlSeconds", detail));
            }
        };
        Ok(Self { preview: preview.clone(), life })
    }
}

/// A token that was made.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Minted {
    /// The token, for `options.preview`.
    pub token: String,
    /// Until when it is taken (RFC 3339).
    pub expires_at: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(preview: Value) -> Result<Preview, Fault> {
        Preview::read(preview.as_object().unwrap(), "/options/preview")
    }

    #[test]
    fn the_time_is_a_text() {
        let at = |at| read(json!({ "at": at })).map(|preview| preview.at);
        assert_eq!(at(json!(0)).unwrap_err().code, "schema.type");
        assert_eq!(at(json!("yesterday")).unwrap_err().code, "schema.value");
        assert_eq!(at(json!(null)), Ok(None));
    }

    #[test]
    fn what_is_longer_ago_than_a_year_is_told_and_not_made_younger() {
        let ago = |seconds| read(json!({ "persona": { "events": [{ "secondsAgo": seconds }] } }));
        assert_eq!(ago(31_622_401).unwrap_err().pointer, "/options/preview/persona/events/0/secondsAgo");
        assert!(ago(31_622_400).is_ok());
    }

    #[test]
    fn an_empty_key_of_a_profile_is_no_preview_of_anybody() {
        for (profile, code) in
            [(json!(""), "schema.value"), (json!(" "), "schema.value"), (json!(7), "schema.type")]
        {
            let fault = read(json!({ "profile": profile })).unwrap_err();
            assert_eq!((fault.pointer.as_str(), fault.code), ("/options/preview/profile", code));
        }
        assert!(read(json!({ "profile": null, "persona": {} })).unwrap().profile.is_none());
    }

    #[test]
    fn a_persona_is_read_with_its_events_oldest_first() {
        let preview = read(json!({ "at": "2026-11-23T09:00:00Z", "variants": { "hero": "b" }, "persona": {
            "loggedIn": true, "traits": { "tier": "gold" }, "segments": ["vip"],
            "events": [{ "event": "Product Viewed" }, { "event": "Order Completed", "secondsAgo": 60 }] } }))
        .unwrap();
        let persona = preview.persona.unwrap();
        assert!(persona.is_known && preview.at.is_some() && preview.variants.len() == 1);
        assert_eq!(persona.events[0].ago, DurationMs::from_secs(60));
        assert_eq!(persona.segments.unwrap().len(), 1);
    }

    #[test]
    fn what_is_wrong_with_a_preview_is_pointed_at() {
        let key = ProfileKey::nobody().as_str().to_owned();
        let cases = [
            (json!({ "persona": 7 }), "/options/preview/persona"),
            (json!({ "profile": "anna" }), "/options/preview/profile"),
            (json!({ "persona": { "events": [7] } }), "/options/preview/persona/events/0"),
            (json!({ "persona": { "segments": [7] } }), "/options/preview/persona/segments"),
            (json!({ "variants": { "hero": 1 } }), "/options/preview/variants"),
            (json!({ "at": "soon" }), "/options/preview/at"),
            (json!({ "persona": {}, "profile": key }), "/options/preview/profile"),
        ];
        for (preview, pointer) in cases {
            let fault = serde_json::to_value(read(preview.clone()).unwrap_err()).unwrap();
            assert_eq!(fault["pointer"], pointer, "{preview}");
        }
    }
}
