//! Decisions: what a page shows in its slots.

use crate::api::Document;
use crate::operation::{JSON, Operation, header, path, query};
use crate::preview::preview;
use crate::schema::{blank, flag, id, object, or_null, person_id, plain_id, text, text_id, told, word};
use beckon_domain::id::{AnonymousId, SlotId, UserId};
use beckon_domain::{Category, ProductId};
use beckon_wire::decisions::{
    BUDGET_MS_MAX, COUNT_MAX, DecisionsResponse, EverybodyResponse, ExplainedDecision, Minted,
};
use beckon_wire::limits::{BODY_BYTES_MAX, EXCLUDE_COUNT_MAX, SLOT_COUNT_MAX};
use serde_json::{Value, json};

const INTRODUCTION: &str = "One request for all slots of a page. A valid request is always answered with 200 and something \
    to show: what cannot be decided is filled by the slot's fallback, and `reason.code` says so. The key may stand in the \
    body as `writeKey` instead of the header.";

/// Kinds of pages, as the rule language knows them.
const PAGES: [&str; 5] = ["home", "category", "product", "cart", "other"];

/// A person's id; a blank one counts as missing.
fn person(bytes_max: usize, description: &str) -> Value {
    told(json!({ "anyOf": [person_id(bytes_max), blank(), { "type": "null" }] }), description)
}

fn slot() -> Value {
    let excluded = json!({ "anyOf": [plain_id(ProductId::BYTES_MAX),
        { "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX }] });
    let count = or_null(json!({ "type": "integer", "minimum": 1, "maximum": COUNT_MAX }));
    let mut schema = object(json!({
        "id": told(id(SlotId::BYTES_MAX), "The slot's id in the ruleset, of at most 64 bytes."),
        "count": told(count, "How many items; the ruleset's count when left out."),
        "excludeProductIds": { "type": ["array", "null"], "items": excluded, "maxItems": EXCLUDE_COUNT_MAX,
            "description": "Products that must not be in it." },
    }));
    schema["required"] = json!(["id"]);
    schema
}

fn request() -> Value {
    let page = object(json!({
        "type": told(word(&PAGES), "`HOME`, `CATEGORY`, `PRODUCT`, `CART` or `OTHER`, in any case."),
        "productId": told(or_null(id(ProductId::BYTES_MAX)), "The product that the page shows."),
        "category": told(or_null(id(Category::BYTES_MAX)), "The category that the page shows."),
    }));
    let context = object(json!({
        "page": told(or_null(page), "The page."),
        "locale": told(text(), "Such as `de-DE`."),
        "timezone": told(text(), "An IANA name such as `Europe/Berlin`."),
        "userAgent": { "description": "Of the browser; a program is in no experiment." },
        "beckon": { "description": "`token`: who the visitor is, signed by the shop's server." },
    }));
    let options = object(json!({
        "explain": told(flag(), "Say why, with every value that was read; with a secret key only."),
        "propensity": told(flag(), "Say how likely the person is to buy; with a secret key only."),
        "recordExposure": told(flag(), "Whether it counts for experiments that the person sees the answer; true when left out."),
        "dedupe": told(flag(), "Show a product in the first slot that has it, and in no other."),
        "budgetMs": told(or_null(json!({ "type": "integer", "minimum": 1, "maximum": BUDGET_MS_MAX })),
            "Milliseconds in which the answer is wanted. What the deployment allows is never exceeded."),
        "preview": preview(),
    }));
    let mut schema = object(json!({
        "writeKey": told(text(), "The write key, where no header can be sent."),
        "anonymousId": person(AnonymousId::BYTES_MAX, "The id that the browser made for itself."),
        "userId": person(UserId::BYTES_MAX, "The customer; believed with a secret key or a token only."),
        "context": told(or_null(context), "Where the visitor is."),
        "slots": { "type": "array", "items": slot(), "minItems": 1, "maxItems": SLOT_COUNT_MAX,
            "description": "The slots to fill." },
        "options": told(or_null(options), "What else to say."),
    }));
    schema["required"] = json!(["slots"]);
    schema
}

/// `GET /v1/decisions/{decisionId}/explain`.
fn explain() -> Operation {
    let words = "What was decided and why, as it was written down then: for some days, and for the share of requests that \
        the deployment keeps. With a secret key only.";
    let id =
        path("decisionId", "The decision, as it was answered.", json!({ "type": "string", "minLength": 1 }));
    Operation::new(
        "get",
        "/v1/decisions/{decisionId}/explain",
        "explainDecision",
        "Tell why a decision was made",
    )
    .tag("decisions")
    .description(words)
    .parameters([id])
    .answers::<ExplainedDecision>("What was decided, and why.", "private, no-store")
    .problems(&[401, 403, 404, 503])
}

/// `GET /v1/recommendations/{slot}`.
fn everybody() -> Operation {
    let words = "The same for all who ask: best sellers, or what rules about the page alone say. Caches may keep it for a \
        minute (`public, max-age=60, stale-while-revalidate=300`); what was decided with less than there is they may not \
        (`no-store`). `ETag` is strong: with `If-None-Match` an answer that is still the same is a 304.";
    let key = "A publishable key, where no header can be sent.";
    let count = json!({ "type": "integer", "minimum": 1, "maximum": COUNT_MAX });
    let category = json!({ "anyOf": [text_id(Category::BYTES_MAX), blank()] });
    let words_of = |text: &str| json!({ "type": "string", "description": text });
    let mut operation = Operation::new(
        "get",
        "/v1/recommendations/{slot}",
        "recommendations",
        "Tell what a slot shows everybody",
    )
    .tag("decisions")
    .description(words)
    .parameters([
        path("slot", "The slot's id in the ruleset.", json!({ "type": "string", "minLength": 1 })),
        query("category", "The category of the page.", category),
        query("count", "How many items; the ruleset's count when left out.", count),
        query("locale", "The language of the page, such as `de-DE`.", json!({ "type": "string" })),
        query("writeKey", key, json!({ "type": "string" })),
        header("If-None-Match", "The tag of what is there already.", false, json!({ "type": "string" })),
    ])
    .answers::<EverybodyResponse>("What the slot shows everybody.", "")
    .answers_as(304, "What is there already is what the slot shows.", "", Value::Null, "")
    .problems(&[400, 401, 403, 404, 503]);
    for status in ["200", "304"] {
        operation.object["responses"][status]["headers"] = json!({
            "ETag": { "required": true, "schema": words_of("The tag of this answer's bytes.") },
            "Cache-Control": { "required": true, "schema": words_of("Whether the answer may be kept.") },
        });
    }
    operation
}

/// `POST /v1/previews`.
fn mint() -> Operation {
    let words = "A page previews with a token, which it puts into `options.preview`. The shop's server may sign one with a \
        token key of its own (HS256, `aud` `beckon-preview`, claim `preview`), or have it made here with a secret key.";
    let life = json!({ "type": ["integer", "null"], "minimum": 1, "maximum": 86_400,
        "description": "How long the token is taken; an hour when left out." });
    let mut schema = object(json!({ "preview": crate::preview::inline(), "ttlSeconds": life }));
    schema["required"] = json!(["preview"]);
    Operation::new("post", "/v1/previews", "makePreview", "Make a token of a preview")
        .tag("decisions")
        .description(words)
        .body(true, "At most 32 KiB.", &[(JSON, schema)])
        .answers::<Minted>("The token.", "private, no-store")
        .problems(&[400, 401, 403, 413, 503])
}

fn client() -> Operation {
    let words = "A module for pages: it fills slots, and tells what was seen and clicked. `client/README.md` says how. \
                 Compressed for whoever takes gzip.";
    let kept = "public, max-age=3600";
    let known = "The `ETag` of what the browser has.";
    Operation::new("get", "/v1/beckon.js", "client", "Load the client for pages")
        .tag("client")
        .description(words)
        .open()
        .parameters([header("If-None-Match", known, false, json!({ "type": "string" }))])
        .answers_as(200, "The module.", "text/javascript; charset=utf-8", json!({ "type": "string" }), kept)
        .answers_as(304, "It is what the browser has.", "", Value::Null, kept)
}

pub(crate) fn document() -> Document {
    let words = "Reads what is known of the visitor, and writes nothing about them but what was decided, and that a variant of \
        an experiment is shown for the first time.";
    let gpc = "Global Privacy Control: with `1` the answer is what everybody is shown.";
    let limit = format!("At most {BODY_BYTES_MAX} bytes.");
    let decide = Operation::new("post", "/v1/decisions", "decide", "Decide what a page shows")
        .tag("decisions")
        .description(words)
        .parameters([header("Sec-GPC", gpc, false, json!({ "type": "string" }))])
        .body(true, &limit, &[(JSON, request())])
        .answers::<DecisionsResponse>(
            "One decision for each slot that the ruleset knows.",
            "private, no-store",
        )
        .problems(&[400, 401, 403, 413, 503]);
    Document {
        title: "Beckon: decisions",
        introduction: INTRODUCTION,
        operations: vec![decide, explain(), everybody(), mint(), client()],
        schemas: Vec::new(),
        has_cors: true,
    }
}
