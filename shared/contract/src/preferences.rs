//! Preferences: the page that an e-mail's unsubscribe link leads to.

use crate::api::Document;
use crate::operation::{Operation, header, path};
use serde_json::{Value, json};

const INTRODUCTION: &str = "The page behind the unsubscribe link of every mail, in English and German. Opening it changes \
    nothing; a POST of RFC 8058's one click does. Whoever has the link may use it: its token is what proves the right to.";

const HTML: &str = "text/html; charset=utf-8";
const FORM: &str = "application/x-www-form-urlencoded";

/// What a page says with each status.
const PAGES: [(u16, &str); 6] = [
    (200, "The page: a question, a confirmation, or that it was taken back."),
    (400, "The body asks for nothing that can be done. Nothing was changed."),
    (404, "The link is not valid."),
    (409, "There is nothing that could be taken back."),
    (413, "The body is too long. Nothing was changed."),
    (503, "It could not be stored just now. Please try again."),
];

fn pages(operation: Operation, statuses: &[u16]) -> Operation {
    let page = || json!({ "type": "string" });
    let told = PAGES.iter().filter(|(status, _)| statuses.contains(status));
    told.fold(operation, |operation, (status, words)| {
        operation.answers_as(*status, words, HTML, page(), "no-store")
    })
}

fn operation(method: &'static str, id: &'static str, summary: &str) -> Operation {
    let token = path("token", "The token of the link.", json!({ "type": "string", "minLength": 1 }));
    let language = header(
        "Accept-Language",
        "German if it is preferred, else English.",
        false,
        json!({ "type": "string" }),
    );
    Operation::new(method, "/u/{token}", id, summary).tag("unsubscribe").open().parameters([token, language])
}

fn form() -> Value {
    let one_click = json!({ "type": "object", "required": ["List-Unsubscribe"],
        "properties": { "List-Unsubscribe": { "const": "One-Click" } } });
    let undo = json!({ "type": "object", "required": ["undo"],
        "properties": { "undo": { "type": "string", "description": "The token of the button that takes it back." } } });
    json!({ "anyOf": [one_click, undo] })
}

pub(crate) fn document() -> Document {
    let show = pages(operation("get", "showPreferences", "Show the page"), &[200, 404])
        .description("Changes nothing: scanners of mails follow every link.");
    let words = "With `List-Unsubscribe=One-Click` the person gets no more such mails (RFC 8058); with `undo` and the token of \
                 the page's button that is taken back.";
    let act =
        operation("post", "unsubscribe", "Unsubscribe with one click, or take it back").description(words);
    let kinds = [(FORM, form()), ("multipart/form-data", form())];
    let act = pages(act.body(true, "At most 4,096 bytes.", &kinds), &[200, 400, 404, 409, 413, 503]);
    Document {
        title: "Beckon: preferences",
        introduction: INTRODUCTION,
        operations: vec![show, act],
        schemas: Vec::new(),
        has_cors: false,
    }
}
