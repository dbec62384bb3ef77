//! Which AWS calls a function makes, read from the source.
//!
//! An adapter's methods are cut out of its file; the SDK operations in a method (`client.get_item()`), with the table they
//! name, are its calls, those of methods that it calls on itself included, in whichever file of the adapter they are; a
//! table that such a method is handed is the caller's. A function makes the calls of every port method
//! that its source names (`.due(`), if it names the port too (`ProfileStore`).
//!
//! What this cannot see: an operation whose client is not called `client`; a method of a port that another type in the
//! same function has under the same name (it counts as called); an IAM action that is not called as the operation is
//! (`ListObjectsV2` needs `s3:ListBucket`). The test of an unknown adapter says when a file has to be added here.

use crate::model::{read, rust_files};
use std::collections::{BTreeMap, BTreeSet};

/// An IAM action and the logical id of what it acts on, with the path below it.
pub type Call = (String, String);

/// Port, method, and what the method calls.
type Methods = BTreeMap<(String, String), BTreeSet<Call>>;

/// Adapters: where they are, their service, and what they act on (a table says so itself).
const ADAPTERS: [(&str, &str, &[&str]); 9] = [
    ("shared/store/src/tables/dynamodb/", "dynamodb", &[]),
    ("shared/store/src/streams/kinesis.rs", "kinesis", &["EventStream", "SignalStream"]),
    ("shared/store/src/bus/eventbridge.rs", "events", &["EventBusName"]),
    ("shared/store/src/objects/s3.rs", "s3", &["FailedEventBucket/failed/*"]),
    ("shared/store/src/archive/s3.rs", "s3", &["ArchiveBucket/events/*"]),
    ("shared/store/src/models/s3.rs", "s3", &["ModelBucket/models/*"]),
    ("shared/runtime/src/secrets.rs", "secretsmanager", &["Secret"]),
    (
        "functions/cart-mailer/src/send/ses.rs",
        "ses",
        &["SenderIdentity", "TestRecipient", "ConfigurationSet"],
    ),
    ("functions/cart-mailer/src/send/account.rs", "ses", &["*"]),
];

/// `profile` of `TableNames` is the resource `ProfileTable`.
pub fn table_id(name: &str) -> String {
    pascal(name) + "Table"
}

fn pascal(words: &str) -> String {
    words.split('_').map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}

/// A source without its tests, its comments and its whitespace, so that a chain of calls is one text.
fn dense(text: &str) -> String {
    let end = text.find("#[cfg(test)]").unwrap_or(text.len());
    let code = text[..end].lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.chars().filter(|c| !c.is_whitespace())).collect()
}

fn identifier(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// The functions of a file: the port that they implement (empty for none), their name, their text.
fn functions_of(text: &str) -> Vec<(String, String, String)> {
    let end = text.find("#[cfg(test)]").unwrap_or(text.len());
    let (mut found, mut port): (Vec<(String, String, String)>, _) = (Vec::new(), String::new());
    for line in text[..end].lines() {
        if let Some(rest) = line.strip_prefix("impl").map(|rest| rest.trim_start()) {
            port = rest.split_once(" for ").map_or_else(String::new, |(port, _)| identifier(port).to_owned());
        }
        let words: Vec<&str> = line.trim_start().split("fn ").collect();
        let is_head = words.len() > 1
            && words[0].split(' ').all(|w| matches!(w, "" | "pub" | "async" | "const" | "pub(super)"));
        if is_head {
            found.push((port.clone(), identifier(words[1]).to_owned(), String::new()));
        }
        if let Some((_, _, body)) = found.last_mut() {
            body.push_str(line);
            body.push('\n');
        }
    }
    found
}

/// The calls in the text of a method.
fn calls_in(body: &str, service: &str, resources: &[&str], index: &str) -> BTreeSet<Call> {
    let body = dense(body);
    let mut calls = BTreeSet::new();
    for rest in body.split("client.").skip(1) {
        let operation = identifier(rest);
        if !rest[operation.len()..].starts_with("()") {
            continue;
        }
        if operation == "transact_write_items" {
            // There is no such action: each write of a transaction needs the right to that write. They are built elsewhere.
            continue;
        }
        if operation == "list_objects_v2" {
            // The right to it is one on the bucket, and has the name of the call before it.
            let bucket = |resource: &&str| resource.split('/').next().unwrap_or_default().to_owned();
            calls
                .extend(resources.iter().map(|resource| (format!("{service}:ListBucket"), bucket(resource))));
            continue;
        }
        let action = format!("{service}:{}", pascal(operation));
        if let Some((_, name)) = rest.split_once("self.names.") {
            let suffix =
                if rest.contains(".index_name(") { format!("/index/{index}") } else { String::new() };
            calls.insert((action, table_id(identifier(name)) + &suffix));
        } else {
            calls.extend(resources.iter().map(|resource| (action.clone(), (*resource).to_owned())));
            if resources.is_empty() {
                calls.insert((action, String::new()));
            }
        }
    }
    for write in ["Put", "Update", "Delete"] {
        for rest in body.split(&format!("{write}::builder()")).skip(1) {
            let name = rest.split_once("self.names.").map(|(_, name)| identifier(name));
            calls.extend(name.map(|name| (format!("{service}:{write}Item"), table_id(name))));
        }
    }
    calls
}

/// The calls that a text makes through a method that is called on itself. A call whose table the method was handed is on
/// the table that this text hands over.
fn through(body: &str, method: &str, calls: &BTreeSet<Call>) -> BTreeSet<Call> {
    let mut found = BTreeSet::new();
    for rest in body.split(&format!("self.{method}(")).skip(1) {
        let handed = rest.split(';').next().and_then(|arguments| arguments.split_once("self.names."));
        for (action, on) in calls {
            let on = match handed {
                Some((_, name)) if on.is_empty() => table_id(identifier(name)),
                _ => on.clone(),
            };
            found.insert((action.clone(), on));
        }
    }
    found
}

/// The methods of one adapter, each with the calls of the methods that it calls on itself.
fn methods_of(texts: &[String], service: &str, resources: &[&str], index: &str) -> Methods {
    let functions: Vec<_> = texts.iter().flat_map(|text| functions_of(text)).collect();
    let mut calls: BTreeMap<&str, BTreeSet<Call>> = functions
        .iter()
        .map(|(_, name, body)| (name.as_str(), calls_in(body, service, resources, index)))
        .collect();
    for _ in 0..functions.len() {
        for (_, name, body) in &functions {
            let body = dense(body);
            let others = functions.iter().map(|(_, other, _)| other.as_str());
            let found: BTreeSet<Call> =
                others.flat_map(|other| through(&body, other, &calls[other])).collect();
            calls.entry(name).or_default().extend(found);
        }
    }
    let made = functions.iter().filter(|(_, name, _)| !calls[name.as_str()].is_empty());
    made.map(|(port, name, _)| ((port.clone(), name.clone()), calls[name.as_str()].clone())).collect()
}

/// Every method of an adapter that calls AWS.
pub fn methods() -> Methods {
    let schema = read("shared/store/src/tables/dynamodb/schema.rs");
    let index = schema.split("DUE_INDEX: &str = \"").nth(1).and_then(|rest| rest.split('"').next());
    let mut all = Methods::new();
    for (place, service, resources) in ADAPTERS {
        let folder = place.strip_suffix('/');
        let files = folder.map_or_else(|| vec![place.to_owned()], rust_files);
        let texts: Vec<String> = files.iter().map(|file| read(file)).collect();
        all.extend(methods_of(&texts, service, resources, index.expect("the name of the due index")));
    }
    all
}

/// Whether a function's source calls a method of a port. Some methods are reached through what is no port.
fn is_called(source: &str, port: &str, method: &str) -> bool {
    match (port, method) {
        ("", "load") => source.contains("Secrets::load("),
        ("ConfigStore", "active_documents") => source.contains("rulesets.get("),
        ("ConfigStore", "active_mail_content") => source.contains("content.get("),
        ("ConfigStore", "mail_content") => source.contains("content.version("),
        ("ConfigStore", "live_model") => source.contains("propensity.get("),
        ("ModelObjects", "put_model") => {
            // A model, or a snapshot of the catalog.
            source.contains("keep(&self.objects,") || source.contains("make_live(&self.tables,&self.objects,")
        }
        ("KeyStore", "made_keys") => source.contains("key_reader("),
        ("SendingSwitch", "sending") => source.contains("tables.sending()"),
        ("SwitchStore", "change_sending") => source.contains("turn(&self.tables,"),
        ("ModelObjects", "model_object") => source.contains("fetch(&self.objects,"),
        ("ProfileStore", "load" | "save") if source.contains("erase_profile(") => true,
        ("PersonStore", "trace_page" | "erase_trace") => source.contains("erase_traces("),
        ("PersonStore", "replace_state") => source.contains("forget_claim("),
        ("", _) => false,
        (port, method) => source.contains(port) && source.contains(&format!(".{method}(")),
    }
}

/// The methods that the function of a folder calls.
pub fn called_by(folder: &str, methods: &Methods) -> BTreeSet<(String, String)> {
    let files = rust_files(&format!("functions/{folder}/src"));
    let own = files.iter().filter(|file| !file.ends_with("tests.rs") && !file.contains("/send/"));
    let source: String = own.map(|file| dense(&read(file))).collect();
    methods.keys().filter(|(port, method)| is_called(&source, port, method)).cloned().collect()
}

/// The calls that the function of a folder makes: of what it is not told the name of (`EVENT_STREAM`), it has none.
pub fn calls_of(folder: &str, methods: &Methods) -> BTreeSet<Call> {
    let named = read(&format!("functions/{folder}/src/config.rs"));
    let mut calls: BTreeSet<Call> =
        called_by(folder, methods).iter().flat_map(|method| methods[method].clone()).collect();
    calls.retain(|(_, on)| match on.strip_suffix("Stream") {
        Some(stream) => named.contains(&format!("\"{}_STREAM\"", stream.to_uppercase())),
        None => true,
    });
    calls
}

/// The tables in which the code writes a time to live, by their logical id.
pub fn tables_with_ttl() -> BTreeSet<String> {
    let files = rust_files("shared/store/src/tables/dynamodb");
    let texts = files.iter().map(|file| dense(&read(file))).filter(|text| text.contains(".item(TTL,"));
    let names = texts.map(|text| identifier(text.split("self.names.").nth(1).expect("its table")).to_owned());
    names.map(|name| table_id(&name)).collect()
}

#[test]
fn every_file_that_names_the_sdk_is_an_adapter_known_here() {
    let mut files = rust_files("functions");
    files.extend(rust_files("shared/store/src"));
    files.extend(rust_files("shared/runtime/src"));
    for file in files {
        let is_known = ADAPTERS.iter().any(|(place, ..)| file.starts_with(place));
        // Of an error's code, not of a call.
        let is_error = file == "shared/store/src/error.rs";
        let names_it = dense(&read(&file)).contains("aws_sdk_");
        assert!(
            !names_it || is_known || is_error,
            "{file} names the SDK: add it to ADAPTERS in tests/template/source.rs"
        );
    }
}

#[test]
fn a_methods_calls_are_found_through_the_methods_that_it_calls() {
    let text = r#"
impl Tables {
    async fn row(&self) -> X {
        self.client
            .get_item()
            .table_name(&self.names.contact)
    }
}
impl ContactStore for Tables {
    async fn contact(&self) -> X {
        self.row().await
    }
    async fn due(&self) -> X {
        let _ = self.client.query().table_name(&self.names.profile).index_name(DUE_INDEX);
        self.client.put_item().table_name(&self.names.outreach)
    }
    async fn nothing(&self) {}
    async fn trends(&self) -> X {
        self.states(OPERATION, &self.names.catalog).await
    }
    async fn both(&self) -> X {
        let one = Put::builder().table_name(&self.names.config);
        self.client.transact_write_items().items(one).items(self.record())
    }
    fn record(&self) -> Put {
        Put::builder().table_name(&self.names.audit)
    }
}
"#;
    let elsewhere =
        "impl Tables {\n async fn states(&self, table: &str) {\n self.client.batch_get_item()\n}\n}\n";
    let call = |action: &str, resource: &str| (format!("dynamodb:{action}"), resource.to_owned());
    let texts = [text.to_owned(), elsewhere.to_owned()];
    let found = methods_of(&texts, "dynamodb", &[], "due");
    let of = |name: &str| found[&("ContactStore".to_owned(), name.to_owned())].clone();
    assert_eq!(of("contact"), BTreeSet::from([call("GetItem", "ContactTable")]));
    let both = [call("Query", "ProfileTable/index/due"), call("PutItem", "OutreachTable")];
    assert_eq!(of("due"), BTreeSet::from(both));
    assert_eq!(of("trends"), BTreeSet::from([call("BatchGetItem", "CatalogTable")]));
    let written = [call("PutItem", "ConfigTable"), call("PutItem", "AuditTable")];
    assert_eq!(of("both"), BTreeSet::from(written), "a transaction is its writes");
    assert_eq!(found.len(), 7, "the method without a call is left out: {found:?}");
}
