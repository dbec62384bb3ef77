//! One event: checked, corrected in time, and split into what enters the stream and what does not.

use super::commerce;
use super::contact::{ContactTraits, contact};
use super::context::context;
use super::landing;
use super::said::{Said, said};
use super::scrub::scrub;
use super::time::occurred_at;
use crate::bots;
use crate::fields::Fields;
use crate::limits::{EVENT_BYTES_MAX, NESTING_MAX, OBJECT_COUNT_MAX, shape};
use crate::privacy::{self, Of};
use crate::problem::Fault;
use crate::stream::{ConsentLine, Context, Line, LineType, VERSION};
use beckon_domain::id::{AnonymousId, EventName, UserId, is_blocked_person_id};
use beckon_domain::policy::TRAIT_COUNT_MAX;
use beckon_domain::{Currency, EventId, SourceId, Timestamp};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The code of a verdict on what a program did.
pub const BOT: &str = "bot.user_agent";

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
    /// Whether the request came from a program that is nobody, as its `User-Agent` says.
    pub is_bot: bool,
    /// Whether it came with `Sec-GPC: 1` (Global Privacy Control).
    pub gpc: bool,
    /// How many events more than those that were sent the request may become: each further item of an event is one.
    pub room: usize,
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
    /// The same once more for each further item of an event of GA4's. Whoever knows whose they are gives them ids.
    pub more: Vec<Line>,
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
    let (context, consent) = told_context(&told, received)?;
    let event = event_name(&fields, event_type)?;
    let landing = landing::of_call(event.as_deref(), &told, &fields);
    let empty = Map::new();
    let Said { event, properties, more } = said(event, event_type, &fields, received, &raw_ids)?;
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
        exposure: None,
    };
    let mut more: Vec<Line> =
        more.into_iter().map(|properties| Line { properties, ..line.clone() }).collect();
    more.iter_mut().for_each(|line| _ = scrub(line, &raw_ids));
    let id_is_personal = scrub(&mut line, &raw_ids);
    let identifies = matches!(event_type, EventType::Identify | EventType::Alias);
    let contact = contact.filter(|c| !c.is_empty());
    Ok(Captured {
        anonymous,
        user,
        line,
        more,
        identifies,
        id_is_personal,
        contact,
        landing,
        clamped,
        warnings,
    })
}

/// The context and the choices of an event, unless a program that is nobody sent it.
fn told_context(told: &Map<String, Value>, received: &Received<'_>) -> Result<(Context, ConsentLine), Fault> {
    if received.is_bot || bots::is_told_by(told) {
        return Err(Fault::new("/context/userAgent", BOT, "a program and not a person: not counted"));
    }
    let (context, consent) = context(told)?;
    Ok((context, if received.gpc { consent.under_gpc() } else { consent }))
}

fn parse(json: &str) -> Result<Map<String, Value>, Fault> {
    if json.len() > EVENT_BYTES_MAX {
        let detail = format!("the event has {} bytes; at most {EVENT_BYTES_MAX} are taken", json.len());
        return Err(Fault::new("", "event.too_large", detail));
    }
    let shape = shape(json);
    if shape.nesting > NESTING_MAX {
        let detail = format!("{} levels of nesting; at most {NESTING_MAX} are taken", shape.nesting);
        return Err(Fault::new("", "event.nesting", detail));
    }
    if shape.objects > OBJECT_COUNT_MAX {
        let detail = format!("the event has {} objects; at most {OBJECT_COUNT_MAX} are taken", shape.objects);
        return Err(Fault::new("", "event.too_large", detail));
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

/// The batch's context, with what the event says itself. Nothing is copied where only one of them says something.
fn merged_context<'a>(
    fields: &Fields<'a>,
    received: &Received<'a>,
) -> Result<Cow<'a, Map<String, Value>>, Fault> {
    let Some(own) = fields.object("context")? else { return Ok(Cow::Borrowed(received.context)) };
    if received.context.is_empty() {
        return Ok(Cow::Borrowed(own));
    }
    let of_batch = received.context.iter().filter(|(name, _)| !own.contains_key(*name));
    Ok(Cow::Owned(own.iter().chain(of_batch).map(|(name, value)| (name.clone(), value.clone())).collect()))
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
mod tests;
