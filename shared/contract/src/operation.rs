//! One operation of an API: what is asked, what is answered, and how it is written in OpenAPI 3.1.

use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

/// The content type of a problem (RFC 9457).
pub const PROBLEM: &str = "application/problem+json";
/// The content type of JSON.
pub const JSON: &str = "application/json";

/// An operation.
#[derive(Clone)]
pub struct Operation {
    /// The method, in small letters.
    pub method: &'static str,
    /// The path, as the router has it.
    pub path: &'static str,
    /// Its name in every language that a client is generated in.
    pub id: &'static str,
    /// What OpenAPI calls an Operation Object.
    pub object: Map<String, Value>,
    /// The schemas that it refers to, by name.
    pub schemas: Vec<(String, Value)>,
}

/// A type of the wire, and the types in it, as schemas by name.
fn schemas_of<T: ToSchema>() -> Vec<(String, Value)> {
    let mut found: Vec<(String, RefOr<Schema>)> = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut found);
    let told = |(name, schema)| (name, serde_json::to_value(schema).unwrap_or_default());
    found.into_iter().map(told).collect()
}

/// A reference to a schema.
#[must_use]
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

impl Operation {
    /// An operation that answers nothing yet.
    #[must_use]
    pub fn new(method: &'static str, path: &'static str, id: &'static str, summary: &str) -> Self {
        let mut object = Map::new();
        object.insert("operationId".to_owned(), json!(id));
        object.insert("summary".to_owned(), json!(summary));
        object.insert("responses".to_owned(), json!({}));
        Self { method, path, id, object, schemas: Vec::new() }
    }

    fn set(mut self, name: &str, value: Value) -> Self {
        self.object.insert(name.to_owned(), value);
        self
    }

    /// What there is to know beyond the summary.
    #[must_use]
    pub fn description(self, text: &str) -> Self {
        self.set("description", json!(text))
    }

    /// The group that it is shown in.
    #[must_use]
    pub fn tag(self, tag: &str) -> Self {
        self.set("tags", json!([tag]))
    }

    /// Nobody has to say who they are.
    #[must_use]
    pub fn open(self) -> Self {
        self.set("security", json!([]))
    }

    /// Parameters of the path, the query or the headers.
    #[must_use]
    pub fn parameters(mut self, parameters: impl IntoIterator<Item = Value>) -> Self {
        let list = self.object.entry("parameters").or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.extend(parameters);
        }
        self
    }

    /// The parameters of its path, which every operation of the path must tell.
    #[must_use]
    pub fn path_parameters(&self) -> Vec<Value> {
        let all = self.object.get("parameters").and_then(Value::as_array).into_iter().flatten();
        all.filter(|parameter| parameter["in"] == "path").cloned().collect()
    }

    /// What the body may be, by its content type.
    #[must_use]
    pub fn body(self, required: bool, description: &str, kinds: &[(&str, Value)]) -> Self {
        let content = kinds.iter().map(|(kind, schema)| ((*kind).to_owned(), json!({ "schema": schema })));
        let content: Map<String, Value> = content.collect();
        self.set(
            "requestBody",
            json!({ "description": description, "required": required, "content": content }),
        )
    }

    /// An answer of a type of the wire, as JSON.
    #[must_use]
    pub fn answers<T: ToSchema>(mut self, description: &str, cache_control: &str) -> Self {
        self.schemas.extend(schemas_of::<T>());
        self.answers_as(200, description, JSON, reference(&T::name()), cache_control)
    }

    /// Any other answer. No `Cache-Control` is promised when it is empty, and no body when the schema is null.
    #[must_use]
    pub fn answers_as(
        mut self,
        status: u16,
        description: &str,
        kind: &str,
        schema: Value,
        cache_control: &str,
    ) -> Self {
        let mut response = json!({ "description": description });
        if !schema.is_null() {
            response["content"] = json!({ kind: { "schema": schema } });
        }
        if !cache_control.is_empty() {
            response["headers"] = json!({ "Cache-Control": {
                "description": "Whether the answer may be kept.", "required": true,
                "schema": { "type": "string", "const": cache_control } } });
        }
        self.object["responses"][status.to_string()] = response;
        self
    }

    /// Refusals, each a problem of that status.
    #[must_use]
    pub fn problems(mut self, statuses: &[u16]) -> Self {
        self.schemas.extend(schemas_of::<beckon_wire::problem::Problem>());
        for status in statuses {
            self.object["responses"][status.to_string()] =
                json!({ "$ref": format!("#/components/responses/Problem{status}") });
        }
        self
    }
}

/// What a problem of a status means, and the headers that come with it.
#[must_use]
pub fn problem_response(status: u16) -> Value {
    let words = match status {
        400 => "The request cannot be read, or has a value that cannot be used. `errors` points at it.",
        401 => "No write key, or one that is not live.",
        403 => {
            "The key does not allow this: a publishable key where a secret one is needed, a page of another origin, \
                a body without a right signature."
        }
        404 => "There is nothing here.",
        409 => {
            "Something else happened in between, or stands against it. Look, and ask again if it still holds."
        }
        413 => "Too many bytes, events or rows. Send less at a time.",
        415 => "The encoding or the content type is not understood.",
        422 => {
            "It can be read, and must not become live. `errors` has each problem with its line and column."
        }
        429 => {
            "More events of one key or one visitor than are taken at once. Send the same request again after `Retry-After` seconds."
        }
        500 => {
            "The function is not set up as it should be: a permission or a table is missing. Trying again does not \
                help; an operator has to look at its log."
        }
        503 => {
            "Not now: a store did not answer. Send the same request again after `Retry-After` seconds; `detail` says \
                whether something may be done already."
        }
        _ => "A problem.",
    };
    let text = |description: &str, schema: Value| json!({ "description": description, "required": true, "schema": schema });
    let mut headers = json!({ "Cache-Control": text("Problems are not kept.", json!({ "type": "string", "const": "no-store" })) });
    if status == 401 {
        let challenge = json!({ "type": "string" });
        headers["WWW-Authenticate"] = text("How to say who you are: Basic, the key as the user.", challenge);
    }
    if status == 429 || status == 503 {
        let seconds = json!({ "type": "integer", "minimum": 1 });
        headers["Retry-After"] = text("Seconds to wait before the same request is sent again.", seconds);
    }
    let schema = json!({ "allOf": [reference("Problem"), { "type": "object", "properties": { "status": { "const": status } } }] });
    json!({ "description": words, "headers": headers, "content": { PROBLEM: { "schema": schema } } })
}

/// The schema of a body that is no JSON: any bytes, to JSON Schema.
#[must_use]
pub fn bytes() -> Value {
    json!({})
}

/// A parameter of the query.
#[must_use]
pub fn query(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema })
}

/// A parameter of the path.
#[must_use]
pub fn path(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema })
}

/// A header of the request.
#[must_use]
pub fn header(name: &str, description: &str, required: bool, schema: Value) -> Value {
    json!({ "name": name, "in": "header", "required": required, "description": description, "schema": schema })
}
