//! Every route that changes something says in the audit chain what was there before and what is there since. The routes are
//! those of the document, and what is asked of them its examples: a new route has to say it, too.

use super::{Api, asked};
use beckon_store::tables::AuditLog;
use beckon_wire::audit::{AuditEntry, Chain, Stage};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Routes that are asked by POST because bodies are no part of what is logged, and change nothing.
const READING: [&str; 2] = ["POST /admin/v1/privacy/export", "POST /admin/v1/privacy/status"];

/// Routes that may change something, as the document has them.
fn changing() -> BTreeSet<String> {
    let document = Api::Admin.document();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys().filter(|method| *method != "get");
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    operations.filter(|route| !route.ends_with("/check") && !READING.contains(&route.as_str())).collect()
}

/// What was done, as the chain tells it.
async fn done() -> Vec<AuditEntry> {
    let (_, _, shop) = asked(Api::Admin).await;
    let records = shop.stack.tables.audit_page(0, 10_000).await.unwrap();
    let mut chain = Chain::default();
    let entries = records.iter().map(|record| chain.take(record.number, &record.text, &record.hash).unwrap());
    entries.filter(|entry| entry.stage == Stage::Done).collect()
}

fn sides(entry: &AuditEntry) -> (Map<String, Value>, Map<String, Value>) {
    (entry.before.clone().unwrap_or_default(), entry.after.clone().unwrap_or_default())
}

#[tokio::test]
async fn every_route_that_changes_something_says_what_was_there_and_what_is() {
    let mut changes: BTreeMap<String, bool> = BTreeMap::new();
    for entry in done().await {
        let is_done = entry.status.is_some_and(|status| status < 300);
        let is_told = entry.before.is_some() && entry.after.is_some();
        let reads = READING.contains(&entry.action.as_str());
        assert_eq!(is_told, is_done && !reads, "{}: {entry:?}", entry.action);
        let (before, after) = sides(&entry);
        *changes.entry(entry.action).or_default() |= before != after;
    }
    let silent: Vec<String> =
        changing().into_iter().filter(|route| !changes.get(route).copied().unwrap_or_default()).collect();
    // The other spelling of the same: its example is a dry run.
    assert_eq!(
        silent,
        ["POST /admin/v1/rulesets", "PUT /admin/v1/mail/content"],
        "they change nothing in any example"
    );
}

#[tokio::test]
async fn what_was_there_and_what_is_are_the_values_that_a_person_asks_for() {
    let done = done().await;
    let first = |action: &str, changed: bool| {
        let mut of_action = done.iter().filter(|entry| entry.action == action && entry.status == Some(200));
        sides(of_action.find(|entry| !changed || entry.before != entry.after).unwrap())
    };
    let (before, after) = first("PUT /admin/v1/rulesets", true);
    assert!(before["version"].is_string() && before["version"] != after["version"], "{before:?} {after:?}");
    let (back, to) = first("POST /admin/v1/rulesets/rollback", true);
    assert_eq!((&back["version"], &to["version"]), (&after["version"], &before["version"]));
    let (before, after) = first("POST /admin/v1/mail/pause", true);
    assert_eq!((&before["paused"], &after["paused"]), (&json!(false), &json!(true)));
    let (before, after) = first("POST /admin/v1/catalog/products", true);
    assert_eq!(before["products"], json!({}));
    assert_eq!(after["products"]["mug"]["price"], "18.00 EUR");
    let (before, after) = first("DELETE /admin/v1/catalog/products/{id}", true);
    assert_eq!((&before["products"]["mug"]["price"], &after["products"]), (&json!("18.00 EUR"), &json!({})));
    let (before, after) = first("POST /admin/v1/catalog/publish", true);
    assert!(before.is_empty() && after["version"].is_string());
    let (before, after) = first("POST /admin/v1/codes/{pool}", true);
    assert!(before.is_empty() && after["free"].as_u64() >= Some(1), "{after:?}");
    let (before, after) = first("DELETE /admin/v1/codes/{pool}", true);
    assert!(before["free"].as_u64() > after["free"].as_u64());
    let (before, after) = first("POST /admin/v1/keys", true);
    assert!(before.is_empty());
    assert_eq!(
        (&after["kind"], &after["origins"][0]),
        (&json!("publishable"), &json!("https://shop.example"))
    );
    let (before, after) = first("DELETE /admin/v1/keys/{id}", true);
    assert_eq!((&before["state"], &after["state"]), (&json!("live"), &json!("revoked")));
    let (before, after) = first("POST /admin/v1/privacy/erase", true);
    assert_eq!((&before["state"], &after["state"]), (&json!("held"), &json!("erased")));
    let (before, after) = first("POST /admin/v1/privacy/release", true);
    assert_eq!((&before["state"], &after["state"]), (&json!("erased"), &json!("released")));
}

#[tokio::test]
async fn no_secret_and_no_person_is_in_the_chain_and_a_side_is_bounded() {
    for entry in done().await {
        let text = json!(entry).to_string();
        for secret in ["pk_", "sk_", "customer-404", "mail.example", "SAVE-1A2B"] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
        let (before, after) = sides(&entry);
        for side in [before, after] {
            assert!(json!(side).to_string().len() <= admin::CHANGE_BYTES_MAX, "{side:?}");
        }
    }
}
