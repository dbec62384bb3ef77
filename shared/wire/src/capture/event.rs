//! One event: checked, corrected in time, and split into what enters the stream and what does not.

use super::commerce;
use super::contact::{ContactTraits, contact};
use super::context::context;
use super::landing;
use super::page;
use super::scrub::scrub;
use super::time::occurred_at;
use crate::fields::Fields;
use crate::limits::{EVENT_BYTES_MAX, NESTING_MAX, nesting};
use crate::privacy::{self, Of};
use crate::problem::Fault;
use crate::stream::{Line, LineType, Properties, VERSION};
use beckon_domain::id::{AnonymousId, EventName, UserId, is_blocked_person_id};
use beckon_domain::policy::TRAIT_COUNT_MAX;
use beckon_domain::{Currency, EventId, SourceId, Timestamp};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The kinds of call in Segment's spec.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventType {
    /// An action.
    Track,
    /// A page view.
    Page,
    /// A screen view.
    Screen,
    /// Who somebody is.
    Identify,
    /// An older id of somebody.
    Alias,
    /// Which group somebody belongs to.
    Group,
}

impl EventType {
    /// Reads `type`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "track" => Self::Track,
            "page" => Self::Page,
            "screen" => Self::Screen,
            "identify" => Self::Identify,
            "alias" => Self::Alias,
            "group" => Self::Group,
            _ => return None,
        })
    }
}

/// What is known of a request when its events are read.
#[derive(Clone)]
pub struct Received<'a> {
    /// When it arrived, by our clock.
    pub at: Timestamp,
    /// When it was sent, by the sender's clock.
    pub sent_at: Option<Timestamp>,
    /// The source that the write key names.
    pub source: &'a SourceId,
    /// The shop's currency, for events that name none.
    pub currency: Currency,
    /// Context of the whole batch.
    pub context: &'a Map<String, Value>,
    /// The kind of call, when the path says it.
    pub event_type: Option<EventType>,
    /// An id for an event that came without one.
    pub fresh_id: &'a dyn Fn() -> String,
}

/// An event that is fit for the stream, once the collector has decided whose it is.
#[derive(Clone, PartialEq, Debug)]
pub struct Captured {
    /// The id the client made.
    pub anonymous: Option<AnonymousId>,
    /// The customer it names.
    pub user: Option<UserId>,
    /// The line, still without a key.
    pub line: Line,
    /// Whether it says who somebody is (`identify`, `alias`).
    pub identifies: bool,
    /// Whether the event's id carries one of the person's ids and must be hashed before it is kept.
    pub id_is_personal: bool,
    /// Contact data, for ContactTable alone.
    pub contact: Option<ContactTraits>,
    /// The id of the mail whose link led here: it becomes an event of its own ([`landing::click`]).
    pub landing: Option<String>,
    /// Whether its time had to be clamped.
    pub clamped: bool,
    /// What was left out, for the sender to know.
    pub warnings: Vec<Fault>,
}

/// Checks one event, given as its JSON text.
///
/// # Errors
/// The first thing wrong with it: size, nesting, JSON, type, ids, or a value.
pub fn capture(json: &str, received: &Received<'_>) -> Result<Captured, Fault> {
    let object = parse(json)?;
    let fields = Fields::new(&object, "");
    let event_type = event_type(&fields, received)?;
    let (anonymous, user) = ids(&fields, event_type)?;
    let raw_ids: Vec<&str> =
        anonymous.iter().map(AnonymousId::as_str).chain(user.iter().map(UserId::as_str)).collect();
    let mut warnings = Vec::new();
    let (occurred_at, clamped) = occurred_at(&fields, received)?;
    let told = merged_context(&fields, received)?;
    let (context, consent) = context(&told)?;
    let event = event_name(&fields, event_type)?;
    let landing = landing::of_call(event.as_deref(), &told, &fields);
    let empty = Map::new();
    let object = fields.object("properties")?;
    let properties = match (&event, event_type) {
        (Some(event), _) => {
            commerce::properties(event, object.unwrap_or(&empty), received.currency, &raw_ids)?
        }
        (None, EventType::Page | EventType::Screen) => {
            Properties { extra: page::properties(&fields, object, &raw_ids), ..Properties::default() }
        }
        (None, _) => Properties::default(),
    };
    let traits = fields.object("traits")?.unwrap_or(&empty);
    let contact = (event_type == EventType::Identify).then(|| contact(traits, &mut warnings));
    let id = match fields.id("messageId", EventId::new)? {
        Some(id) => id.as_str().to_owned(),
        None => (received.fresh_id)(),
    };
    let mut line = Line {
        v: VERSION,
        key: String::new(),
        id,
        source: received.source.as_str().to_owned(),
        kind: line_type(event_type),
        event,
        occurred_at: occurred_at.as_ms(),
        received_at: received.at.as_ms(),
        properties,
        traits: if event_type == EventType::Identify {
            kept_traits(traits, &raw_ids)
        } else {
            BTreeMap::new()
        },
        context,
        consent,
        claim: None,
        link: None,
        internal: false,
        timer: None,
        merge: None,
        segment: None,
        conversion: None,
    };
    let id_is_personal = scrub(&mut line, &raw_ids);
    let identifies = matches!(event_type, EventType::Identify | EventType::Alias);
    let contact = contact.filter(|c| !c.is_empty());
    Ok(Captured { anonymous, user, line, identifies, id_is_personal, contact, landing, clamped, warnings })
}

fn parse(json: &str) -> Result<Map<String, Value>, Fault> {
    if json.len() > EVENT_BYTES_MAX {
        let detail = format!("the event has {} bytes; at most {EVENT_BYTES_MAX} are taken", json.len());
        return Err(Fault::new("", "event.too_large", detail));
    }
    let depth = nesting(json);
    if depth > NESTING_MAX {
        let detail = format!("{depth} levels of nesting; at most {NESTING_MAX} are taken");
        return Err(Fault::new("", "event.nesting", detail));
    }
    match serde_json::from_str(json) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Fault::new("", "schema.type", "expected an object")),
        Err(error) => Err(Fault::new(
            "",
            "schema.json",
            format!("not valid JSON at column {} of the event", error.column()),
        )),
    }
}

fn event_type(fields: &Fields<'_>, received: &Received<'_>) -> Result<EventType, Fault> {
    if let Some(event_type) = received.event_type {
        return Ok(event_type);
    }
    let text = fields.text("type")?.ok_or_else(|| fields.missing("type", "the type of the event"))?;
    EventType::parse(text)
        .ok_or_else(|| fields.invalid("type", "expected track, identify, page, screen, alias or group"))
}

/// Who it is about. `alias` says it in `previousId` and `userId`.
fn ids(fields: &Fields<'_>, event_type: EventType) -> Result<(Option<AnonymousId>, Option<UserId>), Fault> {
    let anonymous_field = if event_type == EventType::Alias && fields.get("previousId").is_some() {
        "previousId"
    } else {
        "anonymousId"
    };
    let person = |name: &str| -> Result<Option<String>, Fault> {
        match fields.person_id(name)? {
            Some(text) if is_blocked_person_id(&text) => {
                let detail = "is a placeholder that many people would share; send a real id or none";
                Err(Fault::new(fields.at(name), "identity.blocked", detail))
            }
            text => Ok(text),
        }
    };
    let anonymous = person(anonymous_field)?;
    let user = person("userId")?;
    let anonymous = anonymous.as_deref().map(AnonymousId::new).transpose();
    let user = user.as_deref().map(UserId::new).transpose();
    let anonymous = anonymous.map_err(|e| fields.invalid(anonymous_field, e.to_string()))?;
    let user = user.map_err(|e| fields.invalid("userId", e.to_string()))?;
    if anonymous.is_none() && user.is_none() {
        let detail = "an anonymousId or a userId is needed";
        return Err(Fault::new(fields.at(anonymous_field), "identity.missing", detail));
    }
    Ok((anonymous, user))
}

fn merged_context(fields: &Fields<'_>, received: &Received<'_>) -> Result<Map<String, Value>, Fault> {
    let mut context = received.context.clone();
    for (name, value) in fields.object("context")?.into_iter().flatten() {
        context.insert(name.clone(), value.clone());
    }
    Ok(context)
}

fn event_name(fields: &Fields<'_>, event_type: EventType) -> Result<Option<String>, Fault> {
    if event_type != EventType::Track {
        return Ok(None);
    }
    let name =
        fields.id("event", EventName::new)?.ok_or_else(|| fields.missing("event", "the event's name"))?;
    Ok(Some(name.as_str().to_owned()))
}

const fn line_type(event_type: EventType) -> LineType {
    match event_type {
        EventType::Track => LineType::Track,
        EventType::Page => LineType::Page,
        EventType::Screen => LineType::Screen,
        EventType::Identify | EventType::Alias => LineType::Identify,
        EventType::Group => LineType::Group,
    }
}

fn kept_traits(traits: &Map<String, Value>, ids: &[&str]) -> BTreeMap<String, crate::stream::Scalar> {
    privacy::keep(traits, Of::Traits, ids)
        .filter_map(|(name, value)| Some((name.clone(), commerce::scalar(value)?)))
        .take(TRAIT_COUNT_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_at(json: &str, at: i64, sent_at: Option<i64>) -> Result<Captured, Fault> {
        let source = SourceId::new("web").unwrap();
        let context = Map::new();
        let received = Received {
            at: Timestamp::from_ms(at),
            sent_at: sent_at.map(Timestamp::from_ms),
            source: &source,
            currency: Currency::new("EUR").unwrap(),
            context: &context,
            event_type: None,
            fresh_id: &|| "fresh".to_owned(),
        };
        capture(json, &received)
    }

    fn read(json: &str) -> Result<Captured, Fault> {
        read_at(json, 1_763_800_000_000, None)
    }

    #[test]
    fn every_captured_line_is_an_event() {
        for json in [
            r#"{"type":"track","event":"Product Viewed","anonymousId":"v","properties":{"product_id":"p"}}"#,
            r#"{"type":"track","event":"Song Played","userId":7}"#,
            r#"{"type":"page","anonymousId":"v","name":"Home"}"#,
            r#"{"type":"identify","anonymousId":"v","userId":"u","traits":{"plan":"gold"}}"#,
            r#"{"type":"alias","previousId":"v","userId":"u"}"#,
            r#"{"type":"group","userId":"u","groupId":"g"}"#,
        ] {
            let captured = read(json).unwrap();
            assert!(captured.line.to_event().is_ok(), "{json}");
        }
    }

    #[test]
    fn contact_data_and_raw_ids_leave_the_line() {
        let captured = read(
            r#"{"type":"identify","userId":"u-77","messageId":"m","traits":{"email":"jo@example.com","firstName":"Jo",
                "name":"Jo X","plan":"gold","alias":"u-77","backup":"al@example.com"}}"#,
        )
        .unwrap();
        let line = serde_json::to_string(&captured.line).unwrap();
        assert!(!line.contains('@') && !line.contains("Jo") && !line.contains("u-77"), "{line}");
        assert!(line.contains("gold"));
        let contact = captured.contact.unwrap();
        assert_eq!(contact.email.as_deref(), Some("jo@example.com"));
        assert_eq!(contact.first_name.as_deref(), Some("Jo"));
    }

    #[test]
    fn a_bad_address_costs_the_address_and_not_the_event() {
        for email in ["jo", "jo@", "jo@host", "a b@c.example", "jo@x..example", "jo\\r\\nBcc: al@c.example"] {
            let json = format!(r#"{{"type":"identify","userId":"u","traits":{{"email":"{email}"}}}}"#);
            let captured = read(&json).unwrap();
            assert_eq!(captured.contact, None, "{email}");
            assert_eq!(captured.warnings[0].pointer, "/traits/email", "{email}");
        }
    }

    #[test]
    fn the_senders_clock_is_corrected_and_clamped() {
        let (hour, now) = (3_600_000, 1_763_800_000_000);
        let event = |ms: i64| {
            let time = crate::format_time(Timestamp::from_ms(ms));
            format!(r#"{{"type":"page","anonymousId":"v","timestamp":"{time}"}}"#)
        };
        let read =
            |ms, sent| read_at(&event(ms), now, sent).map(|c| (c.line.occurred_at - now, c.clamped)).unwrap();
        assert_eq!(read(5 * hour, Some(5 * hour + 2_000)), (-2_000, false), "a clock that is years slow");
        assert_eq!(read(now - 48 * hour, None), (-24 * hour, true));
        assert_eq!(read(now + 48 * hour, None), (300_000, true));
        assert_eq!(read_at(r#"{"type":"page","anonymousId":"v"}"#, now, None).unwrap().line.occurred_at, now);
    }

    #[test]
    fn every_fault_has_its_pointer_and_code() {
        let deep = format!(
            r#"{{"type":"page","anonymousId":"v","properties":{}1{}}}"#,
            "[".repeat(99),
            "]".repeat(99)
        );
        let large = format!(r#"{{"type":"page","anonymousId":"v","x":"{}"}}"#, "x".repeat(33 * 1024));
        let long_id = format!(r#"{{"type":"page","anonymousId":"{}"}}"#, "v".repeat(201));
        let cases = [
            ("7", "", "schema.type"),
            (r#"{"anonymousId":"v"}"#, "/type", "schema.missing"),
            (r#"{"type":"shout","anonymousId":"v"}"#, "/type", "schema.value"),
            (r#"{"type":"page"}"#, "/anonymousId", "identity.missing"),
            (r#"{"type":"page","anonymousId":"  "}"#, "/anonymousId", "identity.missing"),
            (r#"{"type":"page","userId":"null"}"#, "/userId", "identity.blocked"),
            (r#"{"type":"page","anonymousId":{"a":1}}"#, "/anonymousId", "schema.type"),
            (r#"{"type":"track","anonymousId":"v"}"#, "/event", "schema.missing"),
            (
                r#"{"type":"page","anonymousId":"v","timestamp":"yesterday"}"#,
                "/timestamp",
                "schema.timestamp",
            ),
            (
                r#"{"type":"page","anonymousId":"v","messageId":"jo@example.com"}"#,
                "/messageId",
                "privacy.personal_data",
            ),
            (&long_id, "/anonymousId", "schema.value"),
            (&deep, "", "event.nesting"),
            (&large, "", "event.too_large"),
        ];
        for (json, pointer, code) in cases {
            let fault = read(json).unwrap_err();
            assert_eq!(
                (fault.pointer.as_str(), fault.code),
                (pointer, code),
                "{}",
                &json[..json.len().min(80)]
            );
        }
    }

    #[test]
    fn a_date_in_year_9999_is_clamped_or_refused_and_never_kept() {
        for time in ["9999-12-30T00:00:00Z", "9999-12-31T23:59:59Z"] {
            match read(&format!(r#"{{"type":"page","anonymousId":"v","timestamp":"{time}"}}"#)) {
                Ok(captured) => assert!(captured.clamped, "{time}"),
                Err(fault) => assert_eq!(fault.code, "schema.timestamp"),
            }
        }
    }
}
