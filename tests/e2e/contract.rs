//! The OpenAPI documents against the functions: every example of a document is asked, in order, and is answered with what the
//! document shows and its schemas say. `UPDATE_GOLDEN=1` writes the answers down.

mod changes;
mod masks;
mod seals;
mod verdicts;

use axum::body::Body;
use axum::http::{Request, header};
use beckon_contract::api::Api;
use beckon_contract::examples;
use beckon_domain::DurationMs;
use beckon_rules::SAMPLE;
use beckon_store::tables::memory::MemoryTables;
use data_encoding::BASE64;
use harness::{Answer, World, world::PUBLIC_URL, world::START};
use jsonschema::Validator;
use masks::{Masks, masked};
use serde_json::{Value, json};
use std::path::Path;

type Shop = World<MemoryTables>;

/// The operation of a name: its method, its path, and what the document says of it.
fn operation<'a>(document: &'a Value, id: &str) -> (String, String, &'a Value) {
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["operationId"] == id {
                return (method.to_uppercase(), path.clone(), operation);
            }
        }
    }
    panic!("no operation is called {id}");
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn body_of(example: &Value) -> Vec<u8> {
    match (&example["body"], example["type"].as_str()) {
        (Value::Null, _) => Vec::new(),
        (Value::Object(form), Some("application/x-www-form-urlencoded")) => {
            let pairs =
                form.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(&plain(value))));
            pairs.collect::<Vec<_>>().join("&").into_bytes()
        }
        (Value::String(text), _) => text.clone().into_bytes(),
        (json, _) => json.to_string().into_bytes(),
    }
}

/// The request of an example.
fn request(example: &Value, method: &str, path: &str, operation: &Value) -> Request<Body> {
    let (mut path, mut query, body) = (path.to_owned(), Vec::new(), body_of(example));
    let key = example["key"].as_str().unwrap_or("sk_local");
    let mut request = Request::builder().method(method);
    for (name, value) in example["parameters"].as_object().into_iter().flatten() {
        let parameters = operation["parameters"].as_array().unwrap();
        let told = parameters
            .iter()
            .find(|told| told["name"] == *name)
            .unwrap_or_else(|| panic!("{name} is not told"));
        match told["in"].as_str().unwrap() {
            "path" => path = path.replace(&format!("{{{name}}}"), &encoded(&plain(value))),
            "query" => query.push(format!("{name}={}", encoded(&plain(value)))),
            _ if name == "Beckon-Signature" => {
                request = request.header(name, beckon_wire::signature::sign(key, START, &body));
            }
            _ => request = request.header(name, plain(value)),
        }
    }
    let uri = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
    let is_open = operation["security"].as_array().is_some_and(Vec::is_empty);
    if !is_open {
        request = request
            .header(header::AUTHORIZATION, format!("Basic {}", BASE64.encode(format!("{key}:").as_bytes())));
    }
    let kind = example["type"].as_str().unwrap_or("application/json");
    request.uri(uri).header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap()
}

/// The response that a document promises for a status, with a reference followed.
fn promised<'a>(document: &'a Value, operation: &'a Value, status: u16) -> Option<&'a Value> {
    let response = operation["responses"].get(status.to_string())?;
    match response["$ref"].as_str() {
        Some(reference) => document.pointer(reference.strip_prefix('#')?),
        None => Some(response),
    }
}

/// A schema of a document, with the document's others at hand. `strict`: what the schemas do not name may not be there.
fn validator(document: &Value, schema: &Value, strict: bool) -> Validator {
    let mut all = json!({ "components": document["components"], "allOf": [schema] });
    if strict {
        all["unevaluatedProperties"] = json!(false);
        close(&mut all["components"]["schemas"]);
    }
    jsonschema::draft202012::new(&all).unwrap_or_else(|error| panic!("{error}: {schema}"))
}

/// Closes the objects of answers: whoever adds a field tells of it in the document. Where schemas are put together the whole
/// is closed, and what it is made of is not; nor is what holds values of any kind.
fn close(schemas: &mut Value) {
    let mut parts = Vec::new();
    parts_of_wholes(schemas, &mut parts);
    for (name, schema) in schemas.as_object_mut().into_iter().flatten() {
        let mut made_of = schema["allOf"].as_array().into_iter().flatten();
        let is_open = made_of.any(|part| part.get("$ref").is_none() && part.get("type").is_none());
        if !is_open && !parts.iter().any(|part| part.ends_with(&format!("/{name}"))) {
            schema["unevaluatedProperties"] = json!(false);
        }
    }
}

/// The references in every `allOf`.
fn parts_of_wholes(value: &Value, found: &mut Vec<String>) {
    let parts = value["allOf"].as_array().into_iter().flatten();
    found.extend(parts.filter_map(|part| part["$ref"].as_str()).map(ToOwned::to_owned));
    match value {
        Value::Object(object) => object.values().for_each(|value| parts_of_wholes(value, found)),
        Value::Array(items) => items.iter().for_each(|value| parts_of_wholes(value, found)),
        _ => {}
    }
}

/// What is wrong with an answer, held against its document.
fn misfits(document: &Value, operation: &Value, answer: &Answer) -> Result<(), String> {
    let response = promised(document, operation, answer.status).ok_or("the document knows no such status")?;
    let kind = answer.header("content-type");
    for (name, told) in response["headers"].as_object().into_iter().flatten() {
        let value = json!(answer.header(name));
        let is_right = told["schema"]["type"] != "string"
            || validator(document, &told["schema"], false).is_valid(&value);
        if value == "" || !is_right {
            return Err(format!("header {name} is {value}"));
        }
    }
    let media =
        response["content"].get(kind).ok_or_else(|| format!("the document knows no answer of {kind}"))?;
    let value = if kind.contains("json") { answer.json() } else { json!(answer.text()) };
    let schema = validator(document, &media["schema"], kind == "application/json");
    let wrong: Vec<String> =
        schema.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    if wrong.is_empty() { Ok(()) } else { Err(format!("{}: {value}", wrong.join("; "))) }
}

/// A shop of which something is known, and the token of a link in a mail.
async fn shop(api: Api) -> (Shop, Masks) {
    let mut shop = World::on(MemoryTables::default(), SAMPLE).await;
    let mut masks = Masks::default();
    if api == Api::Preferences || api == Api::Decisions {
        let events = [
            json!({ "type": "identify", "userId": "u-1", "traits": { "email": "anna@mail.example" },
                    "context": { "consent": { "marketing_email": true } } }),
            json!({ "type": "track", "event": "Product Added", "userId": "u-1", "properties": { "product_id": "mug" } }),
        ];
        shop.events("sk_local", &events).await;
        shop.pass(DurationMs::from_minutes(15));
        assert_eq!(shop.mailer().await["sent"], 1);
        let mail = shop.stack.sender.mails().pop().unwrap().email;
        let link = mail.headers.iter().find(|(name, _)| name == "List-Unsubscribe").unwrap().1.clone();
        let link =
            link.trim_matches(['<', '>']).strip_prefix(&format!("{PUBLIC_URL}/u/")).unwrap().to_owned();
        masks.put("the-token-of-a-link", &link);
    }
    if api == Api::Admin {
        let of = |source: &str| json!({ "decision_id": "d-1", "slot_id": "pdp.related", "rule_id": "tent-accessories", "source": source });
        let event = |name: &str, properties: Value| json!({ "type": "track", "event": name, "anonymousId": "anna", "properties": properties });
        let events = [
            event("Decision Viewed", of("accessory,related")),
            event("Decision Clicked", of("accessory")),
            event("Order Completed", json!({ "order_id": "o-1", "total": 30, "decision_id": "d-1" })),
        ];
        shop.events("pk_local", &events).await;
        shop.drain().await;
    }
    (shop, masks)
}

/// Asks every example of an API. Returns them with the answers, what is wrong, and the shop that was asked.
async fn asked(api: Api) -> (Vec<Value>, Vec<String>, Shop) {
    let (document, (shop, mut masks)) = (api.document(), shop(api).await);
    let (mut told, mut wrong) = (Vec::new(), Vec::new());
    for mut example in examples::of(api) {
        let id = example["operation"].as_str().unwrap().to_owned();
        let name = format!("{} {id} ({})", api.name(), example["name"]);
        let (method, path, operation) = operation(&document, &id);
        let answer = shop.request(request(&masks.filled(&example), &method, &path, operation)).await;
        if json!(answer.status) != example["status"] {
            wrong.push(format!("{name}: answered {}: {}", answer.status, answer.text()));
        }
        if let Err(error) = misfits(&document, operation, &answer) {
            wrong.push(format!("{name}: {error}"));
        }
        wrong.extend(seals::unsealed(&answer).map(|what| format!("{name}: {what}")));
        masks.learn(&id, &answer);
        let shown = masked(&answer);
        if !shown.is_null() {
            example["answer"] = shown;
        }
        told.push(example);
    }
    (told, wrong, shop)
}

#[tokio::test]
async fn every_example_of_every_document_is_answered_as_the_document_shows() {
    let is_update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut all_wrong = Vec::new();
    for api in Api::ALL {
        let (told, mut wrong, _) = asked(api).await;
        if is_update {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(examples::file(api));
            std::fs::write(path, beckon_contract::api::written(&json!(told))).unwrap();
        } else {
            let pairs = told.iter().zip(examples::of(api)).filter(|(got, shown)| *got != shown);
            wrong.extend(
                pairs.map(|(got, shown)| format!("shown {}\ngot   {}", shown["answer"], got["answer"])),
            );
        }
        all_wrong.extend(wrong);
        assert!(!told.is_empty(), "{} has no examples", api.name());
    }
    assert!(all_wrong.is_empty(), "{}", all_wrong.join("\n"));
}
