//! What is asked.

use super::{NOW, batch, key, profile, reminder, tables};
use crate::server::{Reply, Server};
use beckon_domain::policy::PROFILE_RETENTION;
use beckon_domain::{DurationMs, packed};
use beckon_store::tables::{
    ContactStore, DUE_SHARD_COUNT, LedgerChange, OutreachStore, ProfileStore, Read, Save,
};
use data_encoding::BASE64;
use serde_json::{Value, json};

/// The names of a request's placeholders, put in for them.
pub(super) fn resolved(request: &Value, field: &str) -> String {
    let mut text = request[field].as_str().unwrap_or_default().to_owned();
    for names in ["ExpressionAttributeNames", "ExpressionAttributeValues"] {
        for (placeholder, name) in request[names].as_object().into_iter().flatten() {
            let name = name.as_str().map_or_else(|| name.to_string(), ToOwned::to_owned);
            text = text.replace(placeholder.as_str(), &name);
        }
    }
    text
}

#[tokio::test]
async fn a_first_write_is_one_put_that_asks_for_no_item_and_has_no_due_attributes() {
    let server = Server::playing([Reply::ok(&json!({}))]).await;
    let (who, state) = (key("anna"), profile(3));
    assert_eq!(tables(&server).save(&who, &state, None, None).await.unwrap(), Save::Saved);
    let request = server.only_request();
    assert_eq!(request.header("x-amz-target"), "DynamoDB_20120810.PutItem");
    assert_eq!(request.body["TableName"], "beckon-profile");
    assert_eq!(resolved(&request.body, "ConditionExpression"), "attribute_not_exists(pk)");
    let expires = (NOW + PROFILE_RETENTION).as_ms() / 1_000;
    let expected = json!({
        "pk": { "S": who.as_str() },
        "s": { "B": BASE64.encode(&packed::pack(&state).unwrap()) },
        "v": { "N": "1" },
        "x": { "N": expires.to_string() },
    });
    assert_eq!(request.body["Item"], expected, "short names, and none beside the four");
}

#[tokio::test]
async fn a_later_write_names_the_version_it_read_and_stores_the_next() {
    let server = Server::playing([Reply::ok(&json!({}))]).await;
    let who = key("anna");
    let due = NOW + DurationMs::from_hours(1);
    assert_eq!(tables(&server).save(&who, &profile(4), Some(41), Some(due)).await.unwrap(), Save::Saved);
    let request = server.only_request();
    assert_eq!(request.operation(), "PutItem");
    assert_eq!(resolved(&request.body, "ConditionExpression"), r#"v = {"N":"41"}"#);
    let item = request.body["Item"].as_object().unwrap();
    assert_eq!(item["v"], json!({ "N": "42" }));
    assert_eq!(item["d"], json!({ "S": who.shard(DUE_SHARD_COUNT).to_string() }));
    assert_eq!(item["t"], json!({ "N": due.as_ms().to_string() }));
    let names: Vec<_> = item.keys().map(String::as_str).collect();
    assert_eq!(names.len(), 6, "{names:?}");
    assert!(names.iter().all(|name| name.len() <= 2), "DynamoDB bills names with every item: {names:?}");
}

#[tokio::test]
async fn a_load_asks_for_the_three_attributes_it_uses_and_as_fresh_as_it_was_told() {
    for (read, consistent) in [(Read::Eventual, false), (Read::Strong, true)] {
        let server = Server::playing([Reply::ok(&batch(&[], &[]))]).await;
        tables(&server).load(&[key("anna"), key("bob")], read).await.unwrap();
        let request = server.only_request();
        assert_eq!(request.operation(), "BatchGetItem");
        let asked = &request.body["RequestItems"]["beckon-profile"];
        assert_eq!(asked["ConsistentRead"], consistent, "{read:?}");
        assert_eq!(resolved(asked, "ProjectionExpression"), "pk, s, v");
        assert_eq!(asked["Keys"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_claim_is_one_transaction_of_the_row_and_what_the_address_was_sent() {
    let server = Server::playing([Reply::ok(&json!({}))]).await;
    let (id, change) = (reminder(), super::claim(None, Some(3)));
    assert_eq!(tables(&server).save_reminder(&change, NOW).await.unwrap(), Save::Saved);
    let request = server.only_request();
    assert_eq!(request.operation(), "TransactWriteItems");
    let puts = request.body["TransactItems"].as_array().unwrap();
    let (row, address) = (&puts[0]["Put"], &puts[1]["Put"]);
    assert_eq!((puts.len(), &row["TableName"]), (2, &json!("beckon-outreach")));
    assert_eq!(resolved(row, "ConditionExpression"), "attribute_not_exists(pk)");
    assert_eq!(resolved(address, "ConditionExpression"), r#"v = {"N":"3"}"#);
    let item = &row["Item"];
    assert_eq!(item["pk"], json!({ "S": format!("episode#{}", id.episode) }));
    assert_eq!(item["sk"], json!({ "S": "reminder#1" }));
    assert_eq!((&item["v"], &address["Item"]["v"]), (&json!({ "N": "1" }), &json!({ "N": "4" })));
    assert!(item["x"]["N"].as_str().unwrap().len() == 10, "a TTL is in seconds: {item}");
    assert!(!request.body.to_string().contains("anna@"), "an address is never stored here");
}

#[tokio::test]
async fn every_other_write_of_the_ledger_is_one_put_that_names_the_version_it_read() {
    let server = Server::playing([Reply::ok(&json!({}))]).await;
    let change = LedgerChange { history: None, ..super::claim(Some(7), None) };
    assert_eq!(tables(&server).save_reminder(&change, NOW).await.unwrap(), Save::Saved);
    let request = server.only_request();
    assert_eq!(request.operation(), "PutItem");
    assert_eq!(resolved(&request.body, "ConditionExpression"), r#"v = {"N":"7"}"#);
    assert_eq!(request.body["Item"]["v"], json!({ "N": "8" }));
}

#[tokio::test]
async fn what_a_send_depends_on_is_read_strongly() {
    let server = Server::playing(vec![Reply::ok(&json!({})); 3]).await;
    let tables = tables(&server);
    let pepper = beckon_domain::Pepper::new("1", b"0123456789abcdef").unwrap();
    assert_eq!(tables.contact(&key("anna"), NOW).await.unwrap(), None);
    assert!(!tables.is_suppressed(&pepper.contact("anna@mail.example")).await.unwrap());
    assert_eq!(tables.reminder(&reminder()).await.unwrap(), None);
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert_eq!(request.operation(), "GetItem");
        assert_eq!(request.body["ConsistentRead"], true, "{}", request.body);
        assert!(!request.body.to_string().contains("anna@"), "an address is never a key");
    }
}
