//! Keys: made, listed, taken back.

use super::{by, closed, note, operation, optional};
use crate::operation::{JSON, Operation, path};
use crate::schema::{line, plain_id, time, told};
use beckon_domain::SourceId;
use beckon_domain::key::ORIGIN_COUNT_MAX;
use beckon_wire::keys::{CreatedKeyAnswer, KeysAnswer, LABEL_CHARS_MAX, RevokedKeyAnswer};
use beckon_wire::limits::{BY_CHARS_MAX, NOTE_CHARS_MAX};
use serde_json::{Value, json};

fn wanted() -> Value {
    let origin = json!({ "type": "string", "maxLength": 200,
        "pattern": "^[A-Za-z][A-Za-z0-9+.\\-]*://[A-Za-z0-9\\[][A-Za-z0-9.:\\[\\]_\\-]*/?$" });
    let origins = json!({ "type": "array", "items": origin, "maxItems": ORIGIN_COUNT_MAX });
    let mut body = closed(json!({
        "kind": { "enum": ["publishable", "secret", "token"], "description": "What it is for." },
        "source": told(plain_id(SourceId::BYTES_MAX), "The source that it names, of at most 64 bytes."),
        "label": optional(line(LABEL_CHARS_MAX)),
        "origins": told(origins, "Origins of pages that may use it, of a publishable key; any when empty."),
        "expires_at": told(optional(time()), "From when on it opens nothing: a time that is still to come."),
        "note": optional(line(NOTE_CHARS_MAX)),
        "by": optional(line(BY_CHARS_MAX)),
    }));
    body["required"] = json!(["kind", "source"]);
    body["anyOf"] = json!([{ "properties": { "kind": { "const": "publishable" } } },
        { "properties": { "origins": { "maxItems": 0 } } }]);
    body
}

pub(super) fn operations() -> Vec<Operation> {
    let list = operation::<KeysAnswer>(
        ("get", "/admin/v1/keys", "keys"),
        "List keys",
        "The keys that people made, without their texts, and the latest changes.",
        &[],
    );
    let create = operation::<CreatedKeyAnswer>(
        ("post", "/admin/v1/keys", "createKey"),
        "Make a key",
        "The key. Its text is told this once, and kept nowhere.",
        &[400, 409, 413],
    );
    let revoke = operation::<RevokedKeyAnswer>(
        ("delete", "/admin/v1/keys/{id}", "revokeKey"),
        "Take a key back",
        "The key, which opens nothing within a minute. Asked again, it is the same.",
        &[400, 404, 409],
    );
    let id = path("id", "The key's id, as the list shows it.", json!({ "type": "string", "minLength": 1 }));
    let all = vec![
        list,
        create.body(true, "What it is for. At most 16,384 bytes.", &[(JSON, wanted())]),
        revoke.parameters([id, note(), by()]),
    ];
    all.into_iter().map(|operation| operation.tag("keys")).collect()
}
