//! Rulesets: checked, made live, taken back.

use super::{by, closed, note, number, operation, operation_as, optional, switch};
use crate::operation::{JSON, Operation, bytes, path, query};
use crate::schema::{line, yaml};
use beckon_wire::admin::{ActiveAnswer, ChangedAnswer, CheckAnswer, HistoryAnswer};
use beckon_wire::limits::{BY_CHARS_MAX, CHANGE_COUNT_MAX, NOTE_CHARS_MAX, RULESET_BYTES_MAX};
use serde_json::json;

const YAML: &str = "application/yaml";

fn ruleset(operation: Operation, required: bool) -> Operation {
    let words = format!(
        "A ruleset in YAML, of at most {RULESET_BYTES_MAX} bytes. The content type is not looked at."
    );
    operation.body(required, &words, &[(YAML, bytes())])
}

fn publish(method: &'static str, id: &'static str, words: &str) -> Operation {
    let publish = operation::<ChangedAnswer>(
        (method, "/admin/v1/rulesets", id),
        "Make a ruleset live",
        "What is live now, or would be.",
        &[400, 409, 413, 422],
    );
    let expect = query("expect", "Only if this version is live; 409 otherwise.", json!({ "type": "string" }));
    let parameters = [
        switch("dry_run", "Only say what publishing would do."),
        switch("force", "Publish although tests fail."),
        note(),
        by(),
        expect,
    ];
    ruleset(publish.description(words).parameters(parameters), true).tag("rulesets")
}

fn rollback() -> Operation {
    let body = closed(json!({
        "to": { "type": ["string", "null"], "description": "The version to go back to; what was live before when left out." },
        "note": optional(line(NOTE_CHARS_MAX)),
        "by": optional(line(BY_CHARS_MAX)),
        "expect": { "type": ["string", "null"], "description": "Only if this version is live; 409 otherwise." },
    }));
    operation::<ChangedAnswer>(
        ("post", "/admin/v1/rulesets/rollback", "rollBackRuleset"),
        "Make an earlier ruleset live again",
        "What is live now.",
        &[400, 404, 409, 413, 422],
    )
    .description("Its tests are run and told, and do not stop it: whoever goes back is in need.")
    .body(false, "What to go back to; nothing asks for what was live before.", &[(JSON, body)])
    .tag("rulesets")
}

fn version() -> Operation {
    let name = json!({ "type": "string", "pattern": "^[0-9A-Za-z]{1,64}$" });
    operation_as(
        ("get", "/admin/v1/rulesets/{version}", "ruleset"),
        "Read a version",
        ("The ruleset, as it was published.", "application/yaml; charset=utf-8", yaml()),
        &[400, 404],
    )
    .parameters([path("version", "A version, as the history shows it.", name)])
    .tag("rulesets")
}

pub(super) fn operations() -> Vec<Operation> {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": CHANGE_COUNT_MAX });
    let history = operation::<HistoryAnswer>(
        ("get", "/admin/v1/rulesets", "rulesetHistory"),
        "List who made what live",
        "Changes, newest first.",
        &[400],
    );
    let history = history
        .parameters([
            query("limit", "Changes at most; 20 when left out.", limit),
            number("before", "Only changes with smaller numbers."),
        ])
        .tag("rulesets");
    let active = operation::<ActiveAnswer>(
        ("get", "/admin/v1/rulesets/active", "activeRuleset"),
        "Say what is live",
        "The version, and how it became live.",
        &[404],
    );
    let check = operation::<CheckAnswer>(
        ("post", "/admin/v1/rulesets/check", "checkRuleset"),
        "Say what is wrong with a ruleset",
        "Everything that is wrong with it, each with its line and column. Nothing is changed.",
        &[400, 413],
    );
    let put = "Checked first, and its own tests run; what is live stays if anything is wrong.";
    vec![
        history,
        publish("post", "publishRuleset", put),
        publish("put", "putRuleset", "The same as POST."),
        active.tag("rulesets"),
        ruleset(check, false).tag("rulesets"),
        rollback(),
        version(),
    ]
}
