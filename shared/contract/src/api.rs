//! The four APIs, and the document of each.

use crate::operation::{Operation, problem_response};
use crate::{admin, collector, decisions, events, examples, preferences};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// An API: what one function serves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Api {
    /// Events in.
    Collector,
    /// Decisions out.
    Decisions,
    /// The unsubscribe page.
    Preferences,
    /// Rulesets, products, codes, keys, mail.
    Admin,
}

/// What an API's module says of it.
pub(crate) struct Document {
    pub title: &'static str,
    pub introduction: &'static str,
    pub operations: Vec<Operation>,
    /// Schemas of what is asked, by name.
    pub schemas: Vec<(String, Value)>,
    /// Whether its router answers preflights of browsers.
    pub has_cors: bool,
}

impl Api {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Collector, Self::Decisions, Self::Preferences, Self::Admin];

    /// Its name: that of its function.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Collector => "collector",
            Self::Decisions => "decisions",
            Self::Preferences => "preferences",
            Self::Admin => "admin",
        }
    }

    /// The API of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|api| api.name() == name)
    }

    /// Where its document lies in the repository.
    #[must_use]
    pub fn file(self) -> String {
        format!("functions/{}/openapi.json", self.name())
    }

    /// Its OpenAPI 3.1 document.
    #[must_use]
    pub fn document(self) -> Value {
        match self {
            Self::Collector => collector::document(),
            Self::Decisions => decisions::document(),
            Self::Preferences => preferences::document(),
            Self::Admin => admin::document(),
        }
        .build(self)
    }
}

/// A file that is generated: where it lies in the repository, and its text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    /// The path from the root of the repository.
    pub path: String,
    /// The text.
    pub text: String,
}

/// A document as it is written: indented, names in the order of the alphabet.
#[must_use]
pub fn written(document: &Value) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

/// Every generated file of these APIs; the schemas of events are the collector's.
#[must_use]
pub fn files(apis: &[Api]) -> Vec<File> {
    let documents = apis.iter().map(|api| File { path: api.file(), text: written(&api.document()) });
    let schemas = events::files().into_iter().filter(|_| apis.contains(&Api::Collector)).map(|schema| File {
        path: format!("functions/collector/schemas/{}", schema.name),
        text: written(&schema.schema),
    });
    documents.chain(schemas).collect()
}

/// A browser's question before it posts from another origin.
fn preflight((path, parameters): (&'static str, Vec<Value>)) -> Operation {
    let words = "Answered by the router for every origin that the stack allows.";
    let asked = Operation::new("options", path, "", "Ask whether a page may post").description(words).open();
    let asked = if parameters.is_empty() { asked } else { asked.parameters(parameters) };
    asked.answers_as(200, "What is allowed is in the headers.", "", Value::Null, "")
}

impl Document {
    fn build(mut self, api: Api) -> Value {
        if self.has_cors {
            let paths: BTreeMap<&'static str, Vec<Value>> = self
                .operations
                .iter()
                .map(|operation| (operation.path, operation.path_parameters()))
                .collect();
            self.operations.extend(paths.into_iter().map(preflight));
        }
        examples::put(api, &mut self.operations);
        let (mut paths, mut schemas) = (Map::new(), Map::new());
        schemas.extend(self.schemas);
        let mut problems = BTreeSet::new();
        for mut operation in self.operations {
            schemas.extend(std::mem::take(&mut operation.schemas));
            if operation.id.is_empty() {
                operation.object.remove("operationId");
            }
            let answers = operation.object["responses"].as_object().into_iter().flatten();
            problems.extend(
                answers.filter(|(_, r)| r.get("$ref").is_some()).filter_map(|(s, _)| s.parse::<u16>().ok()),
            );
            paths.entry(operation.path).or_insert_with(|| json!({}))[operation.method] =
                Value::Object(operation.object);
        }
        let responses: Map<String, Value> = problems
            .into_iter()
            .map(|status| (format!("Problem{status}"), problem_response(status)))
            .collect();
        let mut components = json!({ "schemas": schemas, "responses": responses });
        let scheme = "A write key as the user of Basic auth, without a password. `pk_` keys are publishable: pages may show \
                      them. `sk_` keys are secret: servers alone.";
        components["securitySchemes"] =
            json!({ "writeKey": { "type": "http", "scheme": "basic", "description": scheme } });
        json!({
            "openapi": "3.1.0",
            "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
            "info": { "title": self.title, "version": env!("CARGO_PKG_VERSION"), "description": introduction(self.introduction),
                "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" } },
            "servers": [{ "url": "http://127.0.0.1:8787", "description": "`cargo beckon serve`" }],
            "security": [{ "writeKey": [] }],
            "paths": paths,
            "components": components,
        })
    }
}

fn introduction(own: &str) -> String {
    format!(
        "{own}\n\nAny other method of a path is answered with 405 and `Allow`. Lengths of ids are in bytes of UTF-8. This \
         document is generated: `cargo beckon openapi`."
    )
}
