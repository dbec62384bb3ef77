//! The collector: Segment's protocol, orders of a back office, and the settings of analytics.js.

use crate::api::Document;
use crate::events::{CALLS, call, description};
use crate::operation::{JSON, Operation, header, path, reference};
use crate::schema::{object, told};
use beckon_wire::capture::CaptureAnswer;
use beckon_wire::limits::{
    BODY_BYTES_MAX, CONTEXT_BYTES_MAX, EVENT_BYTES_MAX, EVENT_COUNT_MAX, ITEMS_BYTES_MAX,
};
use serde_json::{Value, json};

const INTRODUCTION: &str = "Events in, verdicts out, in the protocol of Segment. A request that can be read is answered \
    with 200 and a verdict for each event that was not taken: one bad event never fails its batch. What is answered with \
    200 is in the stream. The key may stand in the body as `writeKey` instead of the header: `sendBeacon` sends no headers. \
    A page may send `text/plain`; the content type is not looked at. `Content-Encoding: gzip` is understood.";

/// The refusals of every path that takes events.
const REFUSALS: [u16; 7] = [400, 401, 403, 413, 415, 429, 503];

fn write_key() -> Value {
    json!({ "type": ["string", "null"], "description": "The write key, where no header can be sent." })
}

fn sent_at() -> Value {
    json!({ "description": "When the request was sent, by the sender's clock: wrong clocks are corrected by it." })
}

/// What is taken with 200: anything of that form. The second branch says that what is no event gets a verdict.
fn or_a_verdict(good: &Value) -> Value {
    json!([good, { "title": "Anything else", "description": "It is answered with 200 and a verdict." }])
}

fn batch() -> Value {
    let calls: Vec<Value> = CALLS.iter().map(|kind| reference(&name_of(kind))).collect();
    let item = json!({ "anyOf": or_a_verdict(&json!({ "anyOf": calls })) });
    let words = format!(
        "At most {EVENT_COUNT_MAX} events of at most {EVENT_BYTES_MAX} bytes each. What stands beside the items of an event of \
         GA4's is copied to each item: at most {ITEMS_BYTES_MAX} bytes may become of it."
    );
    let events = told(json!({ "type": "array", "items": item, "maxItems": EVENT_COUNT_MAX }), &words);
    let words = format!(
        "What holds for all events, unless they say otherwise. At most {CONTEXT_BYTES_MAX} bytes; more is answered with 413."
    );
    let context = json!({ "description": words });
    let mut schema =
        object(json!({ "batch": events, "writeKey": write_key(), "sentAt": sent_at(), "context": context }));
    schema["required"] = json!(["batch"]);
    schema
}

fn single(kind: &str) -> Value {
    let mut schema = object(json!({ "writeKey": write_key(), "sentAt": sent_at() }));
    schema["anyOf"] = or_a_verdict(&reference(&name_of(kind)));
    schema
}

fn orders() -> Value {
    let words =
        format!("At most {EVENT_COUNT_MAX}, each with an `order_id`, a `user_id` or an `anonymous_id`.");
    let many = json!({ "type": ["array", "null"], "items": { "anyOf": or_a_verdict(&reference("Order")) },
        "maxItems": EVENT_COUNT_MAX, "description": words });
    let mut schema = object(json!({ "orders": many }));
    schema["anyOf"] = json!([{ "required": ["orders"] }, { "$ref": "#/components/schemas/Order" },
        { "title": "Anything else", "description": "It is answered with 200 and a verdict." }]);
    schema
}

fn order() -> Value {
    let mut schema = object(json!({
        "order_id": told(crate::schema::id(100), "The order's number: told twice, it counts once."),
        "status": { "enum": ["completed", "updated", "refunded", "cancelled", null], "description": "`completed` when left out." },
        "user_id": { "description": "The customer." },
        "anonymous_id": { "description": "The visitor, of an order without a customer." },
        "occurred_at": { "description": "When, as `timestamp` of an event." },
        "total": { "description": "What it cost, in major units. All other fields are those of `Order Completed`." },
    }));
    schema["required"] = json!(["order_id"]);
    schema
}

/// `track` is `Track`.
fn name_of(kind: &str) -> String {
    let mut letters = kind.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

fn taken(operation: Operation) -> Operation {
    let gpc = "Global Privacy Control: with `1` nothing is made of what is known of the person.";
    operation
        .parameters([header("Sec-GPC", gpc, false, json!({ "type": "string" }))])
        .answers::<CaptureAnswer>("How many were taken, and a verdict for each that was not.", "no-store")
        .problems(&REFUSALS)
}

const SHORT: &str = "The same as the path with the whole word: analytics.js in a browser posts here.";

fn event_operations() -> Vec<Operation> {
    let paths: [(&'static str, &'static str, &'static str, &'static str, &'static str); 6] = [
        ("track", "/v1/track", "/v1/t", "track", "trackFromBrowser"),
        ("identify", "/v1/identify", "/v1/i", "identify", "identifyFromBrowser"),
        ("page", "/v1/page", "/v1/p", "page", "pageFromBrowser"),
        ("screen", "/v1/screen", "/v1/s", "screen", "screenFromBrowser"),
        ("alias", "/v1/alias", "/v1/a", "alias", "aliasFromBrowser"),
        ("group", "/v1/group", "/v1/g", "group", "groupFromBrowser"),
    ];
    let one = |(kind, long, short, id, short_id): (
        &str,
        &'static str,
        &'static str,
        &'static str,
        &'static str,
    )| {
        [(long, id, description(kind)), (short, short_id, SHORT)].map(|(path, id, words)| {
            let operation = Operation::new("post", path, id, &format!("Take one {kind} call")).tag("events");
            let limit = format!("One event, of at most {EVENT_BYTES_MAX} bytes.");
            taken(operation.description(words).body(true, &limit, &[(JSON, single(kind))]))
        })
    };
    paths.into_iter().flat_map(one).collect()
}

fn batches() -> [Operation; 2] {
    let limit = format!("At most {BODY_BYTES_MAX} bytes, decompressed.");
    [("/v1/batch", "batch", "Events of one or more people."), ("/v1/b", "batchFromBrowser", SHORT)].map(
        |(path, id, words)| {
            let operation = Operation::new("post", path, id, "Take a batch of events").tag("events");
            taken(operation.description(words).body(true, &limit, &[(JSON, batch())]))
        },
    )
}

fn back_office() -> Operation {
    let words = "Orders that a server tells, with a secret key and a signature over the body as it is sent. The same orders \
                 again change nothing.";
    let signature = "`t=<unix seconds>,v1=<hex HMAC-SHA-256 of `<t>.<body>` under the secret key>`, at most five minutes old.";
    Operation::new("post", "/v1/orders", "orders", "Take orders of a back office")
        .tag("orders")
        .description(words)
        .parameters([header("Beckon-Signature", signature, true, json!({ "type": "string" }))])
        .body(true, "One order, or several as `orders`.", &[(JSON, orders())])
        .answers::<CaptureAnswer>("How many were taken, and a verdict for each that was not.", "no-store")
        .problems(&REFUSALS)
}

fn settings() -> Operation {
    let words = "The settings that analytics.js loads before it sends. They name the configured address and nothing of the \
                 request.";
    let one = json!({ "type": "object", "required": ["apiKey", "apiHost", "protocol"], "properties": {
        "apiKey": { "type": "string" }, "apiHost": { "type": "string" }, "protocol": { "enum": ["http", "https"] } } });
    let integrations =
        json!({ "type": "object", "required": ["Segment.io"], "properties": { "Segment.io": one } });
    let schema = json!({ "type": "object", "required": ["integrations", "plan"], "additionalProperties": true,
        "properties": { "integrations": integrations, "plan": { "type": "object" } } });
    Operation::new("get", "/v1/projects/{writeKey}/settings", "settings", "Load the settings of analytics.js")
        .tag("analytics.js")
        .description(words)
        .open()
        .parameters([path("writeKey", "A publishable key.", json!({ "type": "string", "minLength": 1 }))])
        .answers_as(200, "The settings.", JSON, schema, "public, max-age=300")
        .problems(&[404, 503])
}

pub(crate) fn document() -> Document {
    let mut operations: Vec<Operation> = batches().into_iter().chain(event_operations()).collect();
    operations.extend([back_office(), settings()]);
    let calls = CALLS.iter().map(|kind| (name_of(kind), told(call(kind), description(kind))));
    let schemas = calls.chain([("Order".to_owned(), order())]).collect();
    Document { title: "Beckon: collector", introduction: INTRODUCTION, operations, schemas, has_cors: true }
}
