//! SES's `GetAccount`: what is asked, and what each answer means.

use crate::clients;
use crate::server::{Reply, Server};
use beckon_domain::Timestamp;
use beckon_domain::send_limits::{SendLimits, Standing};
use beckon_runtime::aws::Patience;
use beckon_store::tables::LimitsStore;
use beckon_store::tables::memory::MemoryTables;
use cart_mailer::send::SendError;
use cart_mailer::send::account::{SendAccount, SesAccount, look};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);

fn account(endpoint: &str) -> SesAccount {
    SesAccount::new(clients::ses(endpoint, clients::unhurried(Patience::BATCH)))
}

fn answer(production: bool, quota: Value) -> Reply {
    Reply::ok(&json!({
        "DedicatedIpAutoWarmupEnabled": false, "EnforcementStatus": "HEALTHY",
        "ProductionAccessEnabled": production, "SendingEnabled": true, "SendQuota": quota,
    }))
}

#[tokio::test]
async fn an_account_says_its_limits_in_one_request() {
    let quota = json!({ "Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 120.0 });
    let server = Server::playing([answer(true, quota)]).await;
    let expected = SendLimits {
        per_second: 14,
        per_day: Some(50_000),
        sent_last_day: 120,
        is_sending_enabled: true,
        has_production_access: true,
        standing: Standing::Healthy,
    };
    assert_eq!(account(&server.endpoint).limits().await, Ok(expected));
    let request = server.only_request();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/v2/email/account"));
}

#[tokio::test]
async fn the_sandbox_is_noticed_and_written_down_with_what_to_do() {
    let quota = json!({ "Max24HourSend": 200.0, "MaxSendRate": 1.0, "SentLast24Hours": 199.0 });
    let server = Server::playing([answer(false, quota)]).await;
    let tables = MemoryTables::default();
    let limits = look(&tables, &account(&server.endpoint), NOW).await.unwrap();
    assert_eq!((limits.per_second, limits.left_today()), (1, Some(1)));
    assert!(limits.advice().unwrap().contains("sandbox"));
    assert_eq!(tables.limits().await.unwrap(), Some((limits, NOW)));
}

#[tokio::test]
async fn no_limit_is_none_and_a_missing_quota_is_the_sandboxs() {
    let unlimited = json!({ "Max24HourSend": -1.0, "MaxSendRate": 0.5, "SentLast24Hours": 3.0 });
    let server = Server::playing([answer(true, unlimited), Reply::ok(&json!({}))]).await;
    let account = account(&server.endpoint);
    let limits = account.limits().await.unwrap();
    assert_eq!((limits.per_day, limits.per_second), (None, 1));
    let limits = account.limits().await.unwrap();
    assert_eq!((limits.per_day, limits.per_second, limits.standing), (Some(200), 1, Standing::Unknown));
    assert!(!limits.has_production_access && !limits.is_sending_enabled, "what is not said is not allowed");
}

#[tokio::test]
async fn an_account_that_does_not_answer_stops_nothing_and_leaves_what_was_known() {
    let refusals = [
        (Reply::rest_error(403, "AccessDeniedException"), "sending is stopped"),
        (Reply::rest_error(400, "BadRequestException"), "no answer"),
    ];
    for (reply, words) in refusals {
        let server = Server::asking(move |_| reply.clone()).await;
        let error: SendError = account(&server.endpoint).limits().await.unwrap_err();
        assert!(error.to_string().starts_with(words), "{error}");
        let tables = MemoryTables::default();
        assert_eq!(look(&tables, &account(&server.endpoint), NOW).await, None);
        assert_eq!(tables.limits().await.unwrap(), None);
    }
}
