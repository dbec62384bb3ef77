//! The rights of a person: exported, erased, let back.

use super::{closed, operation, operation_as, optional};
use crate::operation::{JSON, Operation};
use crate::schema::{flag, object, person_id, told};
use beckon_domain::id::{AnonymousId, UserId};
use beckon_wire::rights::{ErasedAnswer, ErasuresAnswer};
use serde_json::{Value, json};

/// Who is asked about; a field that a request has no use for is not looked at.
fn person(is_needed: bool) -> Value {
    let id = |bytes_max, words: &str| told(optional(person_id(bytes_max)), words);
    let mut body = closed(json!({
        "userId": id(UserId::BYTES_MAX, "The customer, by the shop's own id."),
        "anonymousId": id(AnonymousId::BYTES_MAX, "The visitor, by the id that their browser made."),
        "dryRun": told(optional(flag()), "`erase`: only say what would be removed."),
        "allowReturn": told(optional(flag()), "`erase`: what comes from now on is taken again."),
        "after": told(optional(json!({ "type": "string" })), "`export`: the `next` of the answer before."),
    }));
    if is_needed {
        let named =
            |name: &str| json!({ "required": [name], "properties": { name: { "not": { "type": "null" } } } });
        body["anyOf"] = json!([named("userId"), named("anonymousId")]);
    }
    body
}

fn exported() -> Value {
    let list = |words: &str| told(json!({ "type": "array", "items": { "type": "object" } }), words);
    let text = |words: &str| told(json!({ "type": "string" }), words);
    let mut document = object(json!({
        "requestId": text("The id under which the request is logged."),
        "person": text("Hashes of the keys that were asked about."),
        "exportedAt": text("When (RFC 3339)."),
        "keys": told(json!({ "type": "array", "items": { "type": "string" } }), "The keys of the person's profiles."),
        "outreach": list("Reminders, orders that followed them, and codes."),
        "next": told(json!({ "type": ["string", "null"] }), "`after` of the next page; only `outreach` is paged."),
        "profiles": list("Profiles with their whole state: not on later pages."),
        "contacts": list("Addresses, telephone numbers, names."),
        "addresses": list("What is held under the hashes of addresses."),
        "erasures": list("Erasures whose time is not over."),
    }));
    document["required"] = json!(["requestId", "person", "exportedAt", "keys", "outreach", "next"]);
    document
}

pub(super) fn operations() -> Vec<Operation> {
    let refusals = [400, 413];
    let export = operation_as(
        ("post", "/admin/v1/privacy/export", "exportPerson"),
        "Tell what is held on a person",
        (
            "What the tables hold. `beckon privacy export` adds what the archive and the failed events hold.",
            JSON,
            exported(),
        ),
        &refusals,
    );
    let erase = operation::<ErasedAnswer>(
        ("post", "/admin/v1/privacy/erase", "erasePerson"),
        "Erase a person",
        "What is found by key is gone; what only a scan finds goes within a day. Asked again, it goes on.",
        &refusals,
    );
    let status = operation::<ErasuresAnswer>(
        ("post", "/admin/v1/privacy/status", "erasures"),
        "Say how far erasures have come",
        "Those of the person, or all.",
        &refusals,
    );
    let release = operation::<ErasedAnswer>(
        ("post", "/admin/v1/privacy/release", "releasePerson"),
        "Let a person back",
        "What comes from now on is taken again; what was before stays out.",
        &[400, 404, 413],
    );
    let words = "Who is meant. At most 16,384 bytes.";
    let all = [(export, true), (erase, true), (status, false), (release, true)];
    let asked = all.into_iter().map(|(operation, is_needed)| {
        operation.body(true, words, &[(JSON, person(is_needed))]).tag("privacy")
    });
    asked.collect()
}
