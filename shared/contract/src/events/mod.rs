//! JSON Schemas (draft 2020-12) of events: one for each kind of call of Segment's spec, and one for each event of its
//! e-commerce spec that Beckon reads. What an event's schema takes the collector accepts, but for what JSON Schema cannot
//! say: sizes in bytes, nesting, whether a date exists, whose key it came with, and a program's user agent.

mod calls;
mod commerce;

pub use calls::{CALLS, call, description};
pub use commerce::{commerce_event, commerce_events};

use serde_json::{Value, json};

/// A file of a schema: where it is in the repository, and what is in it.
pub(crate) struct SchemaFile {
    /// The name, without the folder.
    pub name: String,
    /// The schema.
    pub schema: Value,
}

/// The file's name of an event: `Product Added` is `product-added`.
fn file_name(event: &str) -> String {
    event.to_ascii_lowercase().replace(' ', "-")
}

/// All schemas.
pub(crate) fn files() -> Vec<SchemaFile> {
    let calls = CALLS.iter().map(|kind| SchemaFile {
        name: format!("{kind}.json"),
        schema: headed(call(kind), kind, &format!("A call of {kind}"), description(kind)),
    });
    let events = commerce_events().into_iter().map(|event| {
        let name = file_name(event);
        let said = "A track call with this event of Segment's e-commerce spec, as the collector reads it.";
        SchemaFile {
            name: format!("events/{name}.json"),
            schema: headed(commerce_event(event), &name, event, said),
        }
    });
    calls.chain(events).collect()
}

fn headed(mut schema: Value, name: &str, title: &str, description: &str) -> Value {
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["$id"] = json!(format!("urn:beckon:schema:{name}"));
    schema["title"] = json!(title);
    schema["description"] = json!(description);
    schema
}
