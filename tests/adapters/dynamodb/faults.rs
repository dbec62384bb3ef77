//! What goes wrong, and what it means.

use super::rulesets::{change, document};
use super::{NOW, claim, key, profile, reminder, tables};
use crate::clients;
use crate::server::{Refusing, Reply, Server};
use beckon_runtime::aws::Patience;
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use beckon_store::tables::{
    ConfigStore, Contact, ContactStore, DocumentKind, LedgerChange, LimitsStore, OutreachStore, ProfileStore,
    Read, ReputationStore, RulesetStore, Save, SendingSwitch, Suppression, SuppressionReason,
    SuppressionStore, SwitchStore,
};
use beckon_store::{ErrorKind, StoreError};
use serde_json::json;

/// Every kind of operation against a store that answers each with this.
async fn every_error(tables: &DynamoTables) -> Vec<StoreError> {
    let (who, id) = (key("anna"), reminder());
    let contact = Contact { at: NOW, ..Contact::default() };
    let pepper = beckon_domain::Pepper::new("1", b"0123456789abcdef").unwrap();
    let address = pepper.contact("anna@mail.example");
    let one = LedgerChange { history: None, ..claim(None, None) };
    vec![
        tables.load(std::slice::from_ref(&who), Read::Eventual).await.expect_err("load"),
        tables.save(&who, &profile(1), Some(1), None).await.expect_err("save"),
        tables.due(0, NOW, None, 10).await.expect_err("due"),
        tables.put_contact(&who, &contact).await.expect_err("put_contact"),
        tables.contact(&who, NOW).await.expect_err("contact"),
        tables.save_reminder(&claim(None, None), NOW).await.expect_err("claim"),
        tables.save_reminder(&one, NOW).await.expect_err("save_reminder"),
        tables.history(&address).await.expect_err("history"),
        tables.reminder(&id).await.expect_err("reminder"),
        tables
            .suppress(&address, Suppression { reason: SuppressionReason::Unsubscribed, at: NOW })
            .await
            .expect_err("suppress"),
        tables.suppression(&address).await.expect_err("suppression"),
        tables.resubscribe(&address, NOW).await.expect_err("resubscribe"),
        tables.figures(NOW, NOW).await.expect_err("figures"),
        tables.sending().await.expect_err("sending"),
        tables.sending_changes(5).await.expect_err("sending_changes"),
        tables.limits().await.expect_err("limits"),
        tables.is_suppressed(&address).await.expect_err("is_suppressed"),
        tables.active_documents().await.expect_err("active_documents"),
        tables.live_ruleset().await.expect_err("live_ruleset"),
        tables.document(DocumentKind::Ruleset, "a").await.expect_err("ruleset"),
        tables.put_document(DocumentKind::Ruleset, &document(), NOW).await.expect_err("put_ruleset"),
        tables
            .change_document(DocumentKind::Ruleset, &document(), &change(1))
            .await
            .expect_err("change_ruleset"),
        tables.ruleset_changes(None, 10).await.expect_err("ruleset_changes"),
    ]
}

async fn expect_kind(reply: Reply, kind: ErrorKind) {
    let answer = reply.clone();
    let server = Server::asking(move |_| answer.clone()).await;
    let errors = every_error(&tables(&server)).await;
    for error in &errors {
        assert_eq!(error.kind, kind, "{reply:?}: {error}");
        let transient = matches!(kind, ErrorKind::Throttled | ErrorKind::Ambiguous);
        assert_eq!(error.is_transient(), transient, "{reply:?}: {error}");
    }
    assert_eq!(server.requests().len(), errors.len(), "one request an operation");
}

#[tokio::test]
async fn throttling_is_transient_and_says_that_nothing_was_done() {
    for code in ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"] {
        Box::pin(expect_kind(Reply::json_error(400, code), ErrorKind::Throttled)).await;
    }
}

#[tokio::test]
async fn a_failure_of_the_server_may_or_may_not_have_been_done() {
    Box::pin(expect_kind(Reply::json_error(500, "InternalServerError"), ErrorKind::Ambiguous)).await;
    Box::pin(expect_kind(Reply::json_error(503, "ServiceUnavailable"), ErrorKind::Ambiguous)).await;
    Box::pin(expect_kind(Reply::foreign(502), ErrorKind::Ambiguous)).await;
    Box::pin(expect_kind(Reply::HangUp, ErrorKind::Ambiguous)).await;
    // 200 with a body that nobody can read: the write may be done.
    Box::pin(expect_kind(Reply::foreign(200), ErrorKind::Ambiguous)).await;
}

#[tokio::test]
async fn what_another_try_does_not_change_is_not_transient() {
    for code in ["AccessDeniedException", "ResourceNotFoundException", "ValidationException"] {
        Box::pin(expect_kind(Reply::json_error(400, code), ErrorKind::Refused)).await;
    }
}

#[tokio::test]
async fn a_write_whose_answer_never_comes_is_ambiguous() {
    let server = Server::playing([Reply::Silence]).await;
    let client = clients::dynamodb(&server.endpoint, clients::BRIEF);
    let tables = DynamoTables::new(client, TableNames::local());
    let error = tables.save(&key("anna"), &profile(1), None, None).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Ambiguous, "{error}");
    assert_eq!(server.only_request().operation(), "PutItem");
}

#[tokio::test]
async fn a_page_gives_up_on_a_silent_table_within_its_patience() {
    let server = Server::asking(|_| Reply::Silence).await;
    let client = clients::dynamodb(&server.endpoint, Patience::PAGE);
    let tables = DynamoTables::new(client, TableNames::local());
    let error = tables.load(&[key("anna")], Read::Eventual).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Ambiguous, "{error}");
    assert!(server.requests().len() <= Patience::PAGE.attempts as usize);
}

#[tokio::test]
async fn a_table_that_cannot_be_reached_is_transient() {
    let nobody = Refusing::new();
    let client = clients::dynamodb(&nobody.endpoint, clients::ONCE);
    for error in Box::pin(every_error(&DynamoTables::new(client, TableNames::local()))).await {
        assert!(error.is_transient(), "{error}");
    }
}

#[tokio::test]
async fn a_condition_that_does_not_hold_is_an_answer_and_no_error() {
    let server = Server::asking(|_| Reply::json_error(400, "ConditionalCheckFailedException")).await;
    let tables = tables(&server);
    let who = key("anna");
    assert_eq!(tables.save(&who, &profile(1), None, None).await.unwrap(), Save::Conflict);
    assert_eq!(tables.save(&who, &profile(1), Some(3), Some(NOW)).await.unwrap(), Save::Conflict);
    let one = LedgerChange { history: None, ..claim(Some(3), None) };
    assert_eq!(tables.save_reminder(&one, NOW).await.unwrap(), Save::Conflict);
}

#[tokio::test]
async fn a_contact_that_others_keep_changing_is_tried_again_and_then_left_to_the_sender() {
    let server = Server::asking(|request| match request.operation() {
        operation if operation.ends_with("GetItem") => Reply::ok(&json!({})),
        _ => Reply::json_error(400, "ConditionalCheckFailedException"),
    })
    .await;
    let contact = Contact { at: NOW, ..Contact::default() };
    let error = tables(&server).put_contact(&key("anna"), &contact).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert_eq!(server.requests().len(), 8, "each attempt reads again before it writes");
}

/// The client's own retry of a write that was done meets its own version.
#[tokio::test]
async fn a_retry_that_meets_its_own_write_is_a_conflict_to_be_read_again() {
    let lost = [Reply::json_error(500, "InternalServerError"), Reply::HangUp];
    for lost in lost {
        let failed = Reply::json_error(400, "ConditionalCheckFailedException");
        let server = Server::playing([lost, failed]).await;
        let client = clients::dynamodb(&server.endpoint, clients::unhurried(Patience::BATCH));
        let tables = DynamoTables::new(client, TableNames::local());
        assert_eq!(tables.save(&key("anna"), &profile(1), Some(3), None).await.unwrap(), Save::Conflict);
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0].body, requests[1].body, "the retry names the same version");
    }
}

#[tokio::test]
async fn a_row_of_the_ledger_that_cannot_be_read_is_corrupt() {
    let row = |status: &str| {
        json!({ "Item": {
            "pk": { "S": "episode#1" }, "sk": { "S": "reminder#1" }, "status": { "S": status },
            "profile": { "S": key("anna").as_str() }, "at": { "N": "1763800000000" }, "v": { "N": "1" },
        } })
    };
    let mut nobodys = row("SENDING");
    nobodys["Item"]["profile"] = json!({ "S": "anna" });
    let mut timeless = row("SENT");
    timeless["Item"].as_object_mut().unwrap().remove("at");
    for answer in [row("MAILED"), row(""), row("CLAIMED"), nobodys, timeless] {
        let server = Server::playing([Reply::ok(&answer)]).await;
        let error = tables(&server).reminder(&reminder()).await.expect_err("it says nothing certain");
        assert_eq!(error.kind, ErrorKind::Corrupt, "{answer}");
    }
}
