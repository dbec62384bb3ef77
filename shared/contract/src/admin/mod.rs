//! The admin API: rulesets, experiments, mail, products, codes, keys, and the audit chain.

mod catalog;
mod codes;
mod engagement;
mod experiments;
mod keys;
mod mail;
mod rights;
mod rulesets;

use crate::api::Document;
use crate::operation::{Operation, query};
use crate::schema::{duration, line, time_text};
use beckon_wire::audit::AuditAnswer;
use beckon_wire::limits::{BY_CHARS_MAX, NOTE_CHARS_MAX};
use serde_json::{Value, json};
use utoipa::ToSchema;

const INTRODUCTION: &str = "For servers and the command: every request needs a secret key. What may change something is \
    written into the audit chain before it is done, and again with what came of it.";

/// What every answer says of caches.
const CACHE: &str = "private, no-store";

/// What every request may be refused with.
const ALWAYS: [u16; 4] = [401, 403, 500, 503];

/// An operation, with the refusals that all have and some of its own.
fn operation<T: ToSchema>(
    (method, path, id): (&'static str, &'static str, &'static str),
    summary: &str,
    answer: &str,
    refusals: &[u16],
) -> Operation {
    let refusals: Vec<u16> = ALWAYS.iter().chain(refusals).copied().collect();
    Operation::new(method, path, id, summary).answers::<T>(answer, CACHE).problems(&refusals)
}

/// The same, where the answer is no type of the wire.
fn operation_as(
    (method, path, id): (&'static str, &'static str, &'static str),
    summary: &str,
    (answer, kind, schema): (&str, &str, Value),
    refusals: &[u16],
) -> Operation {
    let refusals: Vec<u16> = ALWAYS.iter().chain(refusals).copied().collect();
    Operation::new(method, path, id, summary).answers_as(200, answer, kind, schema, CACHE).problems(&refusals)
}

fn number(name: &str, description: &str) -> Value {
    query(name, description, json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX }))
}

fn switch(name: &str, description: &str) -> Value {
    query(name, description, json!({ "type": "boolean", "default": false }))
}

fn note() -> Value {
    query("note", "Why.", line(NOTE_CHARS_MAX))
}

fn by() -> Value {
    query("by", "Who, in the caller's words.", line(BY_CHARS_MAX))
}

/// The name of an import, in letters, digits, `-` and `_`.
fn import_name() -> Value {
    crate::schema::name(r"A-Za-z0-9_\-", beckon_wire::codes::IMPORT_CHARS_MAX)
}

fn import() -> Value {
    query(
        "import",
        "The import that this is a part of; the request is one of its own when left out.",
        import_name(),
    )
}

fn at(name: &str, description: &str) -> Value {
    query(name, description, time_text())
}

fn audit() -> Operation {
    operation::<AuditAnswer>(
        ("get", "/admin/v1/audit", "audit"),
        "Read the audit chain",
        "At most 200 records in their order.",
        &[400],
    )
    .description(
        "Each record has the hash of the one before: `beckon audit verify` says whether the chain is whole.",
    )
    .parameters([
        number("after", "Only records with larger numbers."),
        number("last", "Only so many records before the end."),
    ])
    .tag("audit")
}

pub(crate) fn document() -> Document {
    let mut operations = rulesets::operations();
    operations.extend(experiments::operations());
    operations.push(engagement::operation());
    operations.extend(mail::operations());
    operations.extend(catalog::operations());
    operations.extend(codes::operations());
    operations.extend(keys::operations());
    operations.extend(rights::operations());
    operations.push(audit());
    Document {
        title: "Beckon: admin",
        introduction: INTRODUCTION,
        operations,
        schemas: Vec::new(),
        has_cors: false,
    }
}

/// Optional values of a body: each may be null.
fn optional(schema: Value) -> Value {
    crate::schema::or_null(schema)
}

/// A body of these fields and no others.
fn closed(properties: Value) -> Value {
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// For how long a code holds.
fn valid_for() -> Value {
    crate::schema::told(
        duration(),
        "For how long each holds, from when somebody is given it: `72h`, from a minute to 366 days.",
    )
}
