//! Rulesets: what is asked, and what a transaction that did not happen means.

use super::requests::resolved;
use super::{NOW, tables};
use crate::clients;
use crate::server::{Reply, Server};
use beckon_runtime::aws::Patience;
use beckon_store::ErrorKind;
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use beckon_store::tables::{
    ChangeKind, ConfigStore, DocumentKind, Keep, NotKept, RulesetChange, RulesetDocument, RulesetStore, Save,
    TestCount,
};
use serde_json::{Value, json};

pub(super) fn document() -> RulesetDocument {
    RulesetDocument { version: "b".into(), body: "rules: []".into() }
}

pub(super) fn change(number: u64) -> RulesetChange {
    RulesetChange {
        number,
        id: "change".into(),
        at: NOW,
        kind: ChangeKind::Publish,
        from: Some("a".into()),
        to: "b".into(),
        who: "shop".into(),
        by: None,
        note: None,
        tests: TestCount { passed: 2, failed: 0 },
        forced: false,
    }
}

fn canceled(codes: [&str; 2]) -> Reply {
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "message": "Transaction cancelled",
        "CancellationReasons": codes.map(|code| json!({ "Code": code })),
    });
    Reply::Answer { status: 400, error_type: None, body: body.to_string() }
}

#[tokio::test]
async fn what_is_live_and_its_record_are_one_transaction_against_the_change_before() {
    let server = Server::playing([Reply::ok(&json!({}))]).await;
    assert_eq!(
        tables(&server).change_document(DocumentKind::Ruleset, &document(), &change(8)).await.unwrap(),
        Save::Saved
    );
    let request = server.only_request();
    assert_eq!(request.operation(), "TransactWriteItems");
    assert!(request.body["ClientRequestToken"].is_string(), "the client's own retry is not a second change");
    let [live, record] = request.body["TransactItems"].as_array().unwrap().as_slice() else {
        panic!("two writes: {}", request.body)
    };
    let (live, record) = (&live["Put"], &record["Put"]);
    assert_eq!(
        (live["TableName"].as_str(), record["TableName"].as_str()),
        (Some("beckon-config"), Some("beckon-audit"))
    );
    assert_eq!(resolved(live, "ConditionExpression"), r#"number = {"N":"7"}"#);
    assert_eq!(resolved(record, "ConditionExpression"), "attribute_not_exists(pk)");
    assert_eq!(record["Item"]["sk"], json!({ "S": "000000000008" }), "texts sort as numbers do");
    assert_eq!(live["Item"]["number"], json!({ "N": "8" }));
    assert_eq!(live["Item"]["from"], json!({ "S": "a" }));
    assert!(live["Item"]["z"]["B"].is_string() && live["Item"]["body"].is_null(), "{live}");
}

#[tokio::test]
async fn a_first_change_wants_that_none_was_numbered_before() {
    let server = Server::playing([Reply::ok(&json!({}))]).await;
    tables(&server).change_document(DocumentKind::Ruleset, &document(), &change(1)).await.unwrap();
    let live = &server.only_request().body["TransactItems"][0]["Put"];
    assert_eq!(resolved(live, "ConditionExpression"), "attribute_not_exists(number)");
}

#[tokio::test]
async fn a_transaction_that_did_not_happen_says_whether_another_try_helps() {
    let cases = [
        (["ConditionalCheckFailed", "None"], Ok(Save::Conflict)),
        (["None", "ConditionalCheckFailed"], Ok(Save::Conflict)),
        (["TransactionConflict", "ConditionalCheckFailed"], Ok(Save::Conflict)),
        (["TransactionConflict", "None"], Err(ErrorKind::Throttled)),
        (["None", "ThrottlingError"], Err(ErrorKind::Throttled)),
        (["ProvisionedThroughputExceeded", "None"], Err(ErrorKind::Throttled)),
        (["ValidationError", "None"], Err(ErrorKind::Refused)),
    ];
    for (codes, expected) in cases {
        let server = Server::playing([canceled(codes)]).await;
        let found = tables(&server).change_document(DocumentKind::Ruleset, &document(), &change(2)).await;
        assert_eq!(found.map_err(|error| error.kind), expected, "{codes:?}");
    }
}

#[tokio::test]
async fn the_clients_own_retry_names_the_same_transaction() {
    let lost = Reply::json_error(500, "InternalServerError");
    let server = Server::playing([lost, Reply::ok(&json!({}))]).await;
    let client = clients::dynamodb(&server.endpoint, clients::unhurried(Patience::REQUEST));
    let tables = DynamoTables::new(client, TableNames::local());
    assert_eq!(
        tables.change_document(DocumentKind::Ruleset, &document(), &change(2)).await.unwrap(),
        Save::Saved
    );
    let requests = server.requests();
    assert_eq!(requests[0].body["ClientRequestToken"], requests[1].body["ClientRequestToken"]);
}

#[tokio::test]
async fn a_text_that_no_item_holds_is_refused_before_it_is_sent() {
    let server = Server::playing([]).await;
    let long = RulesetDocument { body: "x".repeat(1024 * 1024 + 1), ..document() };
    let refused = tables(&server).put_document(DocumentKind::Ruleset, &long, NOW).await.unwrap();
    assert_eq!(refused, Keep::Not(NotKept::TooLong(1024 * 1024 + 1)));
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_version_is_put_where_there_is_none_and_read_when_there_is_one() {
    let failed = Reply::json_error(400, "ConditionalCheckFailedException");
    let row = json!({ "Item": { "version": { "S": "b" }, "body": { "S": "rules: []" } } });
    let server = Server::playing([failed, Reply::ok(&row)]).await;
    assert_eq!(
        tables(&server).put_document(DocumentKind::Ruleset, &document(), NOW).await.unwrap(),
        Keep::Kept
    );
    let requests = server.requests();
    assert_eq!((requests[0].operation(), requests[1].operation()), ("PutItem", "GetItem"));
    assert_eq!(resolved(&requests[0].body, "ConditionExpression"), "attribute_not_exists(pk)");
    assert_eq!(requests[1].body["ConsistentRead"], true);
}

/// What the first releases wrote: the text as it is, and no number.
#[tokio::test]
async fn what_became_live_before_changes_were_numbered_is_read() {
    let item = json!({
        "pk": { "S": "ruleset" }, "sk": { "S": "active" }, "at": { "N": "1" },
        "version": { "S": "b" }, "body": { "S": "rules: []" },
    });
    // One item alone, and the items of a batch.
    let row: Value = json!({ "Item": item, "Responses": { "beckon-config": [item] } });
    let server = Server::asking(move |_| Reply::ok(&row)).await;
    let active = tables(&server).active_documents().await.unwrap();
    assert_eq!((active.ruleset, active.experiments), (Some(document()), None));
    let live = tables(&server).live_ruleset().await.unwrap().unwrap();
    assert_eq!((live.number, live.from, live.document), (0, None, document()));
    let strong: Vec<bool> = server.requests().iter().map(|r| r.body["ConsistentRead"] == true).collect();
    assert_eq!(strong, [false, true], "who changes it reads it strongly");
}
