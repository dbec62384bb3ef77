//! Mail: the switch of sending, what mails say, and what they achieve.

use super::{at, by, closed, note, operation, operation_as, optional, switch};
use crate::operation::{JSON, Operation, query};
use crate::schema::{line, told, words};
use beckon_wire::limits::{BY_CHARS_MAX, NOTE_CHARS_MAX};
use beckon_wire::mail_report::CURSOR_CHARS_MAX;
use beckon_wire::sending::{MailStatusAnswer, SwitchedAnswer};
use serde_json::{Value, json};

fn turned(path: &'static str, id: &'static str, summary: &str, pauses: bool) -> Operation {
    let mut body =
        closed(json!({ "reason": optional(line(NOTE_CHARS_MAX)), "by": optional(line(BY_CHARS_MAX)) }));
    if pauses {
        body["properties"]["reason"] = told(words(NOTE_CHARS_MAX), "Why, for whoever resumes it.");
        body["required"] = json!(["reason"]);
    }
    operation::<SwitchedAnswer>(
        ("post", path, id),
        summary,
        "How the switch stands. Asked again, it is the same.",
        &[400, 409, 413],
    )
    .body(pauses, "Why, and who.", &[(JSON, body)])
    .tag("mail")
}

/// A document of content: the files of its folder.
fn content() -> Value {
    let files = json!({ "type": "object", "additionalProperties": { "type": "string" },
        "description": "Path and text of each file: `mail.yaml`, and `en/reminder.mjml` and the like." });
    json!({ "type": "object", "required": ["files"], "properties": { "files": files }, "additionalProperties": false })
}

fn with_content(operation: Operation) -> Operation {
    operation
        .body(
            true,
            "The files of a folder of content, at most 307,200 bytes as one document.",
            &[(JSON, content())],
        )
        .tag("mail")
}

/// An answer of these fields, all of which are there.
fn answer(properties: Value) -> Value {
    let needed: Vec<&String> = properties.as_object().into_iter().flat_map(serde_json::Map::keys).collect();
    json!({ "type": "object", "required": needed, "properties": properties })
}

fn contents() -> Vec<Operation> {
    let id = || json!({ "type": "string" });
    let version = || json!({ "type": ["string", "null"] });
    let published = answer(
        json!({ "request_id": id(), "changed": { "type": "boolean" }, "dry_run": { "type": "boolean" },
        "version": id(), "from": version() }),
    );
    let change = answer(
        json!({ "number": { "type": "integer" }, "at": id(), "from": version(), "to": id(), "who": id(),
        "by": version(), "note": version() }),
    );
    let live = answer(json!({ "request_id": id(), "published": { "type": "boolean" }, "version": id(),
        "files": { "type": "object", "additionalProperties": id() }, "changes": { "type": "array", "items": change } }));
    let valid = answer(json!({ "request_id": id(), "valid": { "const": true }, "version": id() }));
    let show = operation_as(
        ("get", "/admin/v1/mail/content", "mailContent"),
        "Read what mails say",
        ("What is live, with its files and the latest changes.", JSON, live),
        &[],
    );
    let publish = operation_as(
        ("put", "/admin/v1/mail/content", "publishMailContent"),
        "Make what mails say live",
        ("What is live now, or would be.", JSON, published),
        &[400, 409, 413, 422],
    );
    let check = operation_as(
        ("post", "/admin/v1/mail/content/check", "checkMailContent"),
        "Say whether content could be live",
        ("It could. What could not is answered with 422 and everything that is wrong.", JSON, valid),
        &[400, 413, 422],
    );
    let expect = query("expect", "Only if this version is live; 409 otherwise.", json!({ "type": "string" }));
    let force = switch("force", "Has no meaning here: there are no tests to pass.");
    let publish = publish.parameters([
        switch("dry_run", "Only say what publishing would do."),
        force,
        note(),
        by(),
        expect,
    ]);
    vec![show.tag("mail"), with_content(publish), with_content(check)]
}

fn report() -> Operation {
    let text = || json!({ "type": "string" });
    let mut schema = answer(
        json!({ "requestId": text(), "since": text(), "until": text(), "complete": { "type": "boolean" },
        "tally": { "type": "object", "required": ["steps", "people", "bought"],
            "description": "What the rows add up to: by step, by person, and each order." } }),
    );
    schema["properties"]["cursor"] = told(text(), "What to name to go on, when it was not all.");
    schema["properties"]["holdout"] =
        json!({ "type": "integer", "description": "Of 10,000 people so many are held out." });
    schema["properties"]["summary"] =
        json!({ "type": "object", "description": "What that says; only where it is all of the ledger." });
    let cursor = json!({ "type": "string", "maxLength": CURSOR_CHARS_MAX });
    operation_as(
        ("get", "/admin/v1/mail/report", "mailReport"),
        "Say what mails achieved",
        ("What they achieved, or a part of it.", JSON, schema),
        &[400],
    )
    .parameters([
        at("since", "The first moment of the period (RFC 3339); 30 days before its end when left out."),
        at("until", "The first moment after it; now when left out."),
        query("cursor", "`cursor` of the answer before.", cursor),
    ])
    .tag("mail")
}

pub(super) fn operations() -> Vec<Operation> {
    let status = operation::<MailStatusAnswer>(
        ("get", "/admin/v1/mail/status", "mailStatus"),
        "Say how sending stands",
        "The switch, the figures that the brake looks at, and what SES allows.",
        &[],
    );
    let mut all = vec![
        turned("/admin/v1/mail/pause", "pauseMail", "Send nothing from the next minute on", true),
        turned("/admin/v1/mail/resume", "resumeMail", "Send again", false),
        status.tag("mail"),
        report(),
    ];
    all.extend(contents());
    all
}
