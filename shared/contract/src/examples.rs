//! Examples of the documents: requests, and the answers that they really got. A test sends them and writes the answers down
//! (`tests/e2e/contract.rs`); what differs from run to run has a fixed value.

use crate::api::Api;
use crate::operation::Operation;
use serde_json::{Map, Value, json};

/// The examples of an API, in the order in which they are asked.
#[must_use]
pub fn of(api: Api) -> Vec<Value> {
    let text = match api {
        Api::Collector => include_str!("../examples/collector.json"),
        Api::Decisions => include_str!("../examples/decisions.json"),
        Api::Preferences => include_str!("../examples/preferences.json"),
        Api::Admin => include_str!("../examples/admin.json"),
    };
    serde_json::from_str(text).unwrap_or_default()
}

/// Where the examples of an API lie in the repository.
#[must_use]
pub fn file(api: Api) -> String {
    format!("shared/contract/examples/{}.json", api.name())
}

/// Puts the examples into their operations: the request beside what may be asked, the answer beside what is answered.
pub(crate) fn put(api: Api, operations: &mut [Operation]) {
    for example in of(api) {
        let operation = operations.iter_mut().find(|operation| example["operation"] == operation.id);
        if let Some(operation) = operation {
            put_one(&example, &mut operation.object);
        }
    }
}

fn put_one(example: &Value, operation: &mut Map<String, Value>) {
    let (name, summary) = (example["name"].as_str().unwrap_or_default(), &example["summary"]);
    let status = example["status"].as_u64().unwrap_or_default();
    let kind = example["type"].as_str().unwrap_or("application/json");
    // What is refused is no example of what may be asked.
    if status < 400 {
        if let Some(body) = example.get("body") {
            operation["requestBody"]["content"][kind]["examples"][name] =
                json!({ "summary": summary, "value": body });
        }
        for (parameter, value) in example["parameters"].as_object().into_iter().flatten() {
            let list = operation.get_mut("parameters").and_then(Value::as_array_mut);
            let found = list.into_iter().flatten().find(|one| one["name"] == *parameter);
            if let Some(found) = found {
                found["examples"][name] = json!({ "value": value });
            }
        }
    }
    let Some(answer) = example.get("answer") else { return };
    let response = operation.get_mut("responses").and_then(|all| all.get_mut(status.to_string()));
    let content = response.and_then(|response| response.get_mut("content")).and_then(Value::as_object_mut);
    for media in content.into_iter().flat_map(Map::values_mut) {
        media["examples"][name] = json!({ "summary": summary, "value": answer });
    }
}
