//! The switch of sending through the admin API: who may turn it, what is written down, and what a fault leaves.

use admin::{Admin, run_tests};
use axum::body::Body;
use axum::http::Request;
use beckon_cli::laptop::LocalModels;
use beckon_domain::DurationMs;
use beckon_domain::send_limits::{SendLimits, Standing};
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{LimitsStore, SendingSwitch, SwitchAction, SwitchStore};
use data_encoding::BASE64;
use harness::{Answer, Fault, Faults, Faulty, World};
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

const PAUSE: &str = "/admin/v1/mail/pause";
const RESUME: &str = "/admin/v1/mail/resume";

fn request(method: &str, path: &str, key: &str, body: &str) -> Request<Body> {
    let credentials = BASE64.encode(format!("{key}:").as_bytes());
    let request = Request::builder().method(method).uri(path);
    request.header("authorization", format!("Basic {credentials}")).body(Body::from(body.to_owned())).unwrap()
}

async fn status(shop: &World<MemoryTables>) -> Value {
    let answer = shop.request(request("GET", "/admin/v1/mail/status", "sk_local", "")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_pause_says_who_and_why_until_somebody_resumes() {
    let shop = World::memory().await;
    assert_eq!(status(&shop).await["paused"], false);
    let ask = json!({ "reason": "wrong prices", "by": "the night shift" });
    let paused = shop.post(PAUSE, "sk_local", &ask).await.json();
    assert_eq!((&paused["paused"], &paused["changed"]), (&json!(true), &json!(true)));
    let again = shop.post(PAUSE, "sk_local", &json!({ "reason": "something else" })).await.json();
    assert_eq!((&again["changed"], &again["latest"]["reason"]), (&json!(false), &json!("wrong prices")));
    shop.pass(DurationMs::from_minutes(3));
    let resumed = shop.post(RESUME, "sk_local", &json!({})).await.json();
    assert_eq!((&resumed["paused"], &resumed["changed"]), (&json!(false), &json!(true)));
    assert_eq!(shop.post(RESUME, "sk_local", &json!({})).await.json()["changed"], false);
    let told = status(&shop).await;
    assert_eq!(told["paused"], false);
    let turns: Vec<&Value> = told["turns"].as_array().unwrap().iter().map(|t| &t["action"]).collect();
    assert_eq!(turns, ["resume", "pause"]);
    assert_eq!(
        (&told["turns"][1]["who"], &told["turns"][1]["by"]),
        (&json!("server"), &json!("the night shift"))
    );
    assert_eq!(told["window"]["countingSince"], told["turns"][0]["at"], "counting began anew");
}

#[tokio::test]
async fn nobody_without_a_secret_key_turns_it_or_looks() {
    let shop = World::memory().await;
    for (method, path) in [("POST", PAUSE), ("POST", RESUME), ("GET", "/admin/v1/mail/status")] {
        let ask = |key: &'static str| shop.request(request(method, path, key, r#"{"reason":"x"}"#));
        assert_eq!(ask("pk_local").await.status, 403, "{path}");
        assert_eq!(ask("sk_other").await.status, 401, "{path}");
    }
    assert_eq!(shop.request(request("PUT", PAUSE, "sk_local", "")).await.status, 405);
    for body in ["", "{}", r#"{"reason":" "}"#, r#"{"reason":"x","until":"y"}"#, "[]"] {
        let answer = shop.request(request("POST", PAUSE, "sk_local", body)).await;
        assert_eq!(answer.status, 400, "{body}: a pause says why");
    }
    assert_eq!(shop.stack.tables.sending().await.unwrap().latest, None);
}

#[tokio::test]
async fn what_ses_allows_is_told_with_what_to_do() {
    let shop = World::memory().await;
    assert_eq!(status(&shop).await["account"], Value::Null);
    let sandbox = SendLimits {
        per_second: 1,
        per_day: Some(200),
        sent_last_day: 7,
        is_sending_enabled: true,
        has_production_access: false,
        standing: Standing::Healthy,
    };
    shop.stack.tables.record_limits(&sandbox, shop.stack.clock.now()).await.unwrap();
    let account = status(&shop).await["account"].clone();
    assert_eq!((&account["sandbox"], &account["perDay"]), (&json!(true), &json!(200)));
    assert!(account["advice"].as_str().unwrap().contains("verified addresses only"), "{account}");
}

#[tokio::test]
async fn a_fault_at_any_call_leaves_a_turn_and_its_record_or_neither() {
    for fault in Fault::ALL {
        for n in 1.. {
            let shop = World::memory().await;
            let tables = shop.stack.tables.clone();
            let faults = Faults::at(n, fault);
            let admin = Admin {
                tables: Faulty::new(tables.clone(), &faults),
                objects: LocalModels::default(),
                secrets: shop.stack.secrets.clone(),
                clock: shop.stack.clock.clone(),
                run_tests,
                tombstone: beckon_domain::DurationMs::from_days(90),
            };
            let ask = request("POST", PAUSE, "sk_local", r#"{"reason":"wrong prices"}"#);
            let answer = admin::router(Arc::new(admin)).oneshot(ask).await.unwrap();
            let answer = Answer::read(answer).await;
            let what = format!("{fault:?} at call {n} of {:?}: {}", faults.calls(), answer.text());
            let (sending, records) =
                (tables.sending().await.unwrap(), tables.sending_changes(9).await.unwrap());
            assert_eq!(records.len() as u64, sending.number(), "{what}");
            assert!(answer.status != 200 || sending.is_paused(), "confirmed and not done: {what}");
            assert!([200, 503].contains(&answer.status), "{what}");
            // Whatever it was: the same once more, and it is done once.
            let again = shop.post(PAUSE, "sk_local", &json!({ "reason": "wrong prices" })).await;
            assert_eq!(again.status, 200, "{what}");
            let records = tables.sending_changes(9).await.unwrap();
            assert_eq!(records.iter().map(|r| r.action).collect::<Vec<_>>(), [SwitchAction::Pause], "{what}");
            if !faults.struck() {
                assert!(n > 3, "only {what}");
                break;
            }
        }
    }
}
