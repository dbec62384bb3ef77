//! The six kinds of call.

use crate::schema::{blank, currency, flag, id, object, or_null, person_id, time, told};
use beckon_domain::EventId;
use beckon_domain::id::{AnonymousId, EventName, UserId};
use serde_json::{Value, json};

/// The kinds of call.
pub const CALLS: [&str; 6] = ["track", "identify", "page", "screen", "alias", "group"];

/// What a kind of call is.
#[must_use]
pub fn description(kind: &str) -> &'static str {
    match kind {
        "track" => {
            "Something that somebody did. Events of the e-commerce spec have rules of their own, in events/."
        }
        "identify" => "Who somebody is. Contact data in `traits` goes to ContactTable alone.",
        "page" => "A page view. `name`, `category` and `properties.path` can be asked for by rules.",
        "screen" => "A view of a screen of an app.",
        "alias" => "An older id of somebody: `previousId`.",
        _ => "Which group somebody belongs to. It is accepted and changes no profile.",
    }
}

/// Purposes that somebody chooses about.
const PURPOSES: [&str; 3] = ["analytics", "personalization", "marketing_email"];

/// `context.consent`: a choice is yes, no, or none. Segment's `categoryPreferences` are read where no choice stands beside
/// them.
fn consent() -> Value {
    let choices = PURPOSES.iter().map(|purpose| ((*purpose).to_owned(), flag()));
    let mut schema = object(Value::Object(choices.collect()));
    schema["properties"]["categoryPreferences"] = json!({ "type": ["object", "null"] });
    let either = PURPOSES.iter().map(|purpose| {
        let chosen = json!({ "properties": { *purpose: { "type": "boolean" } }, "required": [purpose] });
        let preferred = object(json!({ *purpose: flag() }));
        json!({ "anyOf": [chosen, { "properties": { "categoryPreferences": or_null(preferred) } }] })
    });
    schema["allOf"] = either.collect();
    told(or_null(schema), "What somebody agreed to. A choice that cannot be read refuses the event.")
}

fn context() -> Value {
    let text = |description: &str| json!({ "description": description });
    let beckon = told(
        json!({}),
        "`token`: who the visitor is, signed by the shop's server. A token that proves nothing is a warning.",
    );
    let properties = json!({
        "consent": consent(),
        "beckon": beckon,
        "page": text("`url`, `path`, `referrer`: kept without their queries."),
        "campaign": text("`name`, `source`, `medium`, `term`, `content`."),
        "timezone": text("An IANA name such as `Europe/Berlin`."),
        "locale": text("Such as `de-DE`."),
        "userAgent": text("Only the type of device is kept. A program that is nobody is refused: `bot.user_agent`."),
    });
    let words =
        "What is known of the circumstances. What cannot be used is left out; only consent is strict.";
    told(or_null(object(properties)), words)
}

/// A person's id that is there: neither null nor blank.
fn there(name: &str) -> Value {
    let filled = json!({ "not": { "anyOf": [{ "type": "null" }, blank()] } });
    json!({ "required": [name], "properties": { name: filled } })
}

/// A person's id; a blank one counts as missing.
fn person(bytes_max: usize) -> Value {
    json!({ "anyOf": [person_id(bytes_max), blank(), { "type": "null" }] })
}

/// The schema of a kind of call, without its head. A batch needs `type` too; the paths of single events say it themselves.
#[must_use]
pub fn call(kind: &str) -> Value {
    let own = "The id that the browser or the app made for itself. At most 200 bytes.";
    let customer = "The customer's id in the shop. At most 200 bytes. With a publishable key it is a claim without a token.";
    let once = "The event's own id, of at most 128 bytes: sent twice, it counts once. Made when left out.";
    let at = "When it happened, by the sender's clock: RFC 3339 with an offset, or milliseconds since 1970.";
    let mut properties = json!({
        "type": { "const": kind, "description": "The kind of call." },
        "userId": told(person(UserId::BYTES_MAX), customer),
        "messageId": told(or_null(id(EventId::BYTES_MAX)), once),
        "timestamp": told(or_null(time()), at),
        "context": context(),
        "properties": { "type": ["object", "null"], "description": "What it says." },
        "traits": { "type": ["object", "null"], "description": "What is known of somebody." },
    });
    // Where there is no timestamp, the original one is read.
    let original = json!({ "anyOf": [
        { "required": ["timestamp"], "properties": { "timestamp": { "not": { "type": "null" } } } },
        { "properties": { "originalTimestamp": or_null(time()) } },
    ] });
    let anonymous = told(person(AnonymousId::BYTES_MAX), own);
    let mut all = vec![original];
    if kind == "alias" {
        let previous = json!({ "required": ["previousId"], "properties": { "previousId": { "not": { "type": "null" } } } });
        properties["previousId"] = told(anonymous.clone(), "The older id.");
        all.push(json!({ "anyOf": [previous.clone(), { "properties": { "anonymousId": anonymous } }] }));
        let no_previous = json!({ "not": previous });
        let by_anonymous = json!({ "allOf": [no_previous, there("anonymousId")] });
        all.push(json!({ "anyOf": [there("previousId"), by_anonymous, there("userId")] }));
    } else {
        properties["anonymousId"] = anonymous;
        all.push(json!({ "anyOf": [there("anonymousId"), there("userId")] }));
    }
    let mut schema = object(properties);
    if kind == "track" {
        schema["required"] = json!(["event"]);
        let name = "What happened, of at most 100 bytes: `Product Added`. Any name is taken.";
        schema["properties"]["event"] = told(id(EventName::BYTES_MAX), name);
        schema["properties"]["properties"]["properties"] =
            json!({ "currency": told(currency(), "ISO 4217, in any case; the shop's own when left out.") });
    }
    schema["allOf"] = Value::Array(all);
    schema
}
