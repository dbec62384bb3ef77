//! Experiments: checked, made live, switched, taken back, and what came of them.

use super::{by, closed, note, number, operation, operation_as, optional, switch};
use crate::operation::{JSON, Operation, bytes, path, query};
use crate::schema::{line, words, yaml};
use beckon_wire::admin::HistoryAnswer;
use beckon_wire::experiments::{
    ExperimentsAnswer, ExperimentsChangedAnswer, ExperimentsCheckAnswer, ReportAnswer,
};
use beckon_wire::limits::{BY_CHARS_MAX, CHANGE_COUNT_MAX, NOTE_CHARS_MAX, RULESET_BYTES_MAX};
use serde_json::{Value, json};

const YAML: &str = "application/yaml";

fn document(operation: Operation, required: bool) -> Operation {
    let told = format!(
        "A document of experiments in YAML, of at most {RULESET_BYTES_MAX} bytes. The content type is not looked at."
    );
    operation.body(required, &told, &[(YAML, bytes())])
}

fn expect() -> Value {
    json!({ "type": ["string", "null"], "description": "Only if this version is live; 409 otherwise." })
}

fn id() -> Value {
    path("id", "The experiment; `beckon.holdout` is that of all personalization.", words(64))
}

/// A quick change of the live document.
fn switched(path: &'static str, id: &'static str, summary: &str, own: Value) -> Operation {
    let mut body = json!({ "note": optional(line(NOTE_CHARS_MAX)), "by": optional(line(BY_CHARS_MAX)),
        "expect": expect() });
    let mut is_needed = false;
    for (name, schema) in own.as_object().into_iter().flatten() {
        body[name] = schema.clone();
        is_needed |= name == "percent";
    }
    let mut body = closed(body);
    if is_needed {
        body["required"] = json!(["percent"]);
    }
    let operation = operation::<ExperimentsChangedAnswer>(
        ("post", path, id),
        summary,
        "What is live now.",
        &[400, 404, 409, 413, 422],
    );
    operation
        .description("The live document with some fields set becomes live, as if it were published.")
        .body(is_needed, "What, why, and who.", &[(JSON, body)])
        .tag("experiments")
}

fn switches() -> Vec<Operation> {
    let winner = json!({ "winner": optional(line(BY_CHARS_MAX)) });
    let percent = json!({ "percent": { "type": "number", "minimum": 0, "maximum": 100,
        "description": "How many of 100 people are in it." } });
    let stop = switched("/admin/v1/experiments/{id}/stop", "stopExperiment", "Stop an experiment", winner);
    let kill = switched(
        "/admin/v1/experiments/{id}/kill",
        "killExperiment",
        "Switch an experiment off: everybody sees the control, nothing is counted",
        json!({}),
    );
    let kill_all = switched(
        "/admin/v1/experiments/kill",
        "killExperiments",
        "Switch all experiments off, and the holdout",
        json!({}),
    );
    let ramp = switched(
        "/admin/v1/experiments/{id}/ramp",
        "rampExperiment",
        "Change how large a part of all people an experiment takes",
        percent,
    );
    vec![stop.parameters([id()]), kill.parameters([id()]), kill_all, ramp.parameters([id()])]
}

fn versions() -> Vec<Operation> {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": CHANGE_COUNT_MAX });
    let history = operation::<HistoryAnswer>(
        ("get", "/admin/v1/experiments/versions", "experimentsHistory"),
        "List who made which experiments live",
        "Changes, newest first.",
        &[400],
    );
    let history = history.parameters([
        query("limit", "Changes at most; 20 when left out.", limit),
        number("before", "Only changes with smaller numbers."),
    ]);
    let name = json!({ "type": "string", "pattern": "^[0-9A-Za-z]{1,64}$" });
    let version = operation_as(
        ("get", "/admin/v1/experiments/versions/{version}", "experimentsVersion"),
        "Read a version of the experiments",
        ("The document, as it was published.", "application/yaml; charset=utf-8", yaml()),
        &[400, 404],
    );
    let version = version.parameters([path("version", "A version, as the history shows it.", name)]);
    let body = closed(json!({
        "to": { "type": ["string", "null"], "description": "The version to go back to; what was live before when left out." },
        "note": optional(line(NOTE_CHARS_MAX)),
        "by": optional(line(BY_CHARS_MAX)),
        "expect": expect(),
    }));
    let rollback = operation::<ExperimentsChangedAnswer>(
        ("post", "/admin/v1/experiments/rollback", "rollBackExperiments"),
        "Make earlier experiments live again",
        "What is live now.",
        &[400, 404, 409, 413, 422],
    );
    let told = "What to go back to; nothing asks for what was live before.";
    vec![
        history.tag("experiments"),
        version.tag("experiments"),
        rollback.body(false, told, &[(JSON, body)]).tag("experiments"),
    ]
}

pub(super) fn operations() -> Vec<Operation> {
    let live = operation::<ExperimentsAnswer>(
        ("get", "/admin/v1/experiments", "experiments"),
        "Say which experiments are live",
        "The document, how it became live, and how each experiment stands.",
        &[409],
    );
    let publish = operation::<ExperimentsChangedAnswer>(
        ("put", "/admin/v1/experiments", "publishExperiments"),
        "Make experiments live",
        "What is live now, or would be.",
        &[400, 409, 413, 422],
    );
    let expect = query("expect", "Only if this version is live; 409 otherwise.", json!({ "type": "string" }));
    let publish = publish
        .description(
            "Compiled first, beside the ruleset that is live; what is live stays if anything is wrong.",
        )
        .parameters([
            switch("dry_run", "Only say what publishing would do."),
            switch("force", "Has no meaning here: there are no tests to pass."),
            note(),
            by(),
            expect,
        ]);
    let check = operation::<ExperimentsCheckAnswer>(
        ("post", "/admin/v1/experiments/check", "checkExperiments"),
        "Say what is wrong with a document of experiments",
        "Everything that is wrong with it beside the live ruleset, each with its line and column.",
        &[400, 409, 413],
    );
    let run = json!({ "type": "integer", "minimum": 0, "maximum": u16::MAX });
    let report = operation::<ReportAnswer>(
        ("get", "/admin/v1/reports/experiments/{id}", "experimentReport"),
        "Say what came of an experiment",
        "People, conversions and revenue of each variant, always-valid intervals, and what may be said.",
        &[400, 404, 409, 422],
    );
    let report = report.parameters([id(), query("run", "Which run of it; the live one when left out.", run)]);
    let mut operations = vec![
        live.tag("experiments"),
        document(publish, true).tag("experiments"),
        document(check, false).tag("experiments"),
        report.tag("experiments"),
    ];
    operations.extend(versions());
    operations.extend(switches());
    operations
}
