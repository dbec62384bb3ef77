//! Decisions: what a page shows in its slots.

use crate::api::Document;
use crate::operation::{JSON, Operation, header};
use crate::schema::{blank, flag, id, object, or_null, person_id, plain_id, text, told, word};
use beckon_domain::id::{AnonymousId, SlotId, UserId};
use beckon_domain::{Category, ProductId};
use beckon_wire::decisions::{COUNT_MAX, DecisionsResponse};
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

pub(crate) fn document() -> Document {
    let words = "Reads what is known of the visitor. That a variant of an experiment is shown for the first time is noted.";
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
        operations: vec![decide],
        schemas: Vec::new(),
        has_cors: true,
    }
}
