//! Discount codes: uploaded, made, counted, checked, deleted.

use super::{by, closed, import, import_name, note, number, operation, optional, switch, valid_for};
use crate::operation::{JSON, Operation, bytes, path, query};
use crate::schema::{line, name, told, visible};
use beckon_domain::code::{CodePrefix, PoolName, Worth};
use beckon_wire::catalog::feed::CHUNK_BYTES_MAX;
use beckon_wire::codes::{
    CODE_COUNT_MAX, CheckAnswer, CodesAnswer, DeletedCodesAnswer, GENERATE_COUNT_MAX, GeneratedAnswer,
    PageAnswer, PoolsAnswer, UploadedAnswer,
};
use beckon_wire::limits::{BY_CHARS_MAX, NOTE_CHARS_MAX};
use serde_json::{Value, json};

fn pool() -> Value {
    let schema =
        json!({ "type": "string", "pattern": "^[a-z0-9_\\-]{1,40}$", "maxLength": PoolName::CHARS_MAX});
    path(
        "pool",
        "The pool's name: small letters, digits, `-` and `_`. None is called `check`, which is an address.",
        schema,
    )
}

fn percent() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": 100 })
}

/// What each code is worth, in words that a mail shows.
fn label() -> Value {
    visible(Worth::LABEL_CHARS_MAX)
}

const WORTH: &str =
    "What each code is worth, `percent` or `label` and not both: needed by the first request of a pool.";

fn upload() -> Operation {
    let rows = "Each a code, or an object with `code` and `expires_at`. One that is none is told and stops no other.";
    let codes = told(json!({ "type": "array", "maxItems": CODE_COUNT_MAX }), rows);
    let body = json!({ "type": "object", "required": ["codes"], "properties": { "codes": codes } });
    let words = format!(
        "At most {CHUNK_BYTES_MAX} bytes and {CODE_COUNT_MAX} rows: `code[,expires_at]` on each line, or JSON."
    );
    operation::<UploadedAnswer>(
        ("post", "/admin/v1/codes/{pool}", "uploadCodes"),
        "Put codes into a pool",
        "What became of its rows.",
        &[400, 409, 413, 415],
    )
    .description(WORTH)
    .parameters([
        pool(),
        query("percent", "Per cent off.", percent()),
        query("label", "What it is worth in words, such as `5 EUR off`.", label()),
        number("first_row", "The number of the first row of this part in the whole file."),
        switch("dry_run", "Only say what is wrong with the rows themselves."),
        import(),
        note(),
        by(),
    ])
    .body(true, &words, &[(JSON, body), ("text/csv", bytes())])
}

fn generate() -> Operation {
    let prefix = name(r"A-Za-z0-9\-", CodePrefix::CHARS_MAX);
    let mut body = closed(json!({
        "count": { "type": "integer", "minimum": 1, "maximum": GENERATE_COUNT_MAX, "description": "How many." },
        "prefix": optional(prefix),
        "valid_for": valid_for(),
        "percent": optional(percent()),
        "label": optional(label()),
        "import": optional(import_name()),
        "note": optional(line(NOTE_CHARS_MAX)),
        "by": optional(line(BY_CHARS_MAX)),
    }));
    body["required"] = json!(["count", "valid_for"]);
    body["not"] = json!({ "required": ["percent", "label"],
        "properties": { "percent": { "type": "integer" }, "label": { "type": "string" } } });
    operation::<GeneratedAnswer>(
        ("post", "/admin/v1/codes/{pool}/generate", "generateCodes"),
        "Make codes",
        "How many are in the pool now. The same `import` again makes the same ones.",
        &[400, 409, 413],
    )
    .description(WORTH)
    .parameters([pool()])
    .body(true, "How many, and what they are like.", &[(JSON, body)])
}

pub(super) fn operations() -> Vec<Operation> {
    let list = operation::<PoolsAnswer>(
        ("get", "/admin/v1/codes", "codePools"),
        "List pools",
        "The pools, by name.",
        &[],
    );
    let show = operation::<CodesAnswer>(
        ("get", "/admin/v1/codes/{pool}", "codePool"),
        "Say how a pool stands",
        "The pool, and what was done to it.",
        &[400, 404],
    );
    let delete = operation::<DeletedCodesAnswer>(
        ("delete", "/admin/v1/codes/{pool}", "deleteCodes"),
        "Delete codes that nobody has",
        "How many are deleted. The pool stays.",
        &[400, 404],
    );
    let after = query("after", "`next` of the page before.", json!({ "type": "string" }));
    let listed = operation::<PageAnswer>(
        ("get", "/admin/v1/codes/{pool}/codes", "codes"),
        "List the codes of a pool",
        "A page of them, free ones first. It may be empty and not be the last one.",
        &[400, 404],
    );
    let check = operation::<CheckAnswer>(
        ("get", "/admin/v1/codes/check/{code}", "checkCode"),
        "Say what a till may do with a code",
        "Whether to take it. A text that can be no code is an unknown one.",
        &[400],
    );
    let code = path("code", "The code, as it was typed.", json!({ "type": "string", "minLength": 1 }));
    let all = vec![
        list,
        show.parameters([pool()]),
        upload(),
        delete.parameters([pool(), import(), note(), by()]),
        generate(),
        listed.parameters([pool(), after]),
        check.parameters([code]),
    ];
    all.into_iter().map(|operation| operation.tag("codes")).collect()
}
