//! Previews, as they are asked: a token, or with a secret key the preview itself.

use crate::schema::{flag, object, or_null, told};
use serde_json::{Value, json};

/// An id: of an experiment, a variant.
fn name() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9._-]+$" })
}

/// A preview itself.
pub(crate) fn inline() -> Value {
    let ago = json!({ "type": ["integer", "null"], "minimum": 0, "maximum": 31_622_400 });
    let event =
        object(json!({ "secondsAgo": told(ago, "How long before the decision; at once when left out.") }));
    let names = json!({ "type": ["array", "null"], "maxItems": 20, "items": { "type": "string" } });
    let persona = object(json!({
        "loggedIn": told(flag(), "Whether they are a customer."),
        "traits": { "type": ["object", "null"], "description": "What is known of them by name." },
        "segments": told(names, "The segments that they are in, and no others; found by their events when left out."),
        "events": { "type": ["array", "null"], "maxItems": 50, "items": event,
            "description": "What they did, as an SDK would send it, without ids." },
    }));
    let variants = json!({ "type": ["object", "null"], "maxProperties": 20, "propertyNames": name(),
        "additionalProperties": name() });
    let at = json!({ "type": ["string", "null"], "format": "date-time" });
    let mut preview = object(json!({
        "persona": told(or_null(persona), "Somebody made up. Not together with `profile`."),
        "profile": { "type": ["string", "null"], "pattern": "^[ac][0-9a-z]{1,8}_[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$",
            "description": "Somebody who exists, by the key of their profile. Not together with `persona`." },
        "variants": told(variants, "The variant to show, by the experiment's id."),
        "at": told(at, "The time at which it is decided (RFC 3339); now when left out."),
    }));
    preview["not"] = json!({ "required": ["persona", "profile"],
        "properties": { "persona": { "type": "object" }, "profile": { "type": "string" } } });
    preview
}

/// `options.preview`.
pub(crate) fn preview() -> Value {
    let token = json!({ "type": "string", "description": "A token: `POST /v1/previews`." });
    told(
        json!({ "anyOf": [token, inline(), { "type": "null" }] }),
        "Show what somebody else would be shown, or at another time: a token, or with a secret key the preview itself. \
         Nothing of it is counted or kept.",
    )
}
