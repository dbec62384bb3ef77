//! What the functions wait for, as the design states it, and the document of secrets.

use beckon_runtime::Secrets;
use beckon_runtime::aws::Patience;
use std::time::Duration;

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
fn a_decision_waits_20_ms_an_attempt_and_45_ms_in_all() {
    let Patience { attempt, operation, attempts } = Patience::PAGE;
    assert_eq!((attempt, operation), (ms(20), ms(45)));
    assert!(attempt * attempts <= operation, "every attempt has its time within the operation");
}

#[test]
fn an_email_is_sent_in_one_attempt() {
    assert_eq!(Patience::SEND.attempts, 1, "SES has no idempotency token: a retry could mail twice");
    assert_eq!(Patience::SEND.attempt, Patience::SEND.operation);
}

#[test]
fn every_patience_has_an_end_and_room_for_an_attempt() {
    for patience in [Patience::PAGE, Patience::REQUEST, Patience::BATCH, Patience::SEND] {
        assert!(patience.attempts >= 1, "{patience:?}");
        assert!(!patience.attempt.is_zero() && patience.attempt <= patience.operation, "{patience:?}");
    }
    for patience in [Patience::PAGE, Patience::REQUEST, Patience::BATCH] {
        assert!(patience.attempts > 1, "a hiccup is tried again: {patience:?}");
    }
}

#[test]
fn a_secret_document_yields_its_keys_and_says_nothing_of_a_bad_one() {
    let good = r#"{"pepper_id": "1", "pepper": "0123456789abcdef",
        "keys": [{"key": "pk_live_1", "source": "web"}, {"key": "sk_live_1", "source": "shop"}]}"#;
    let secrets = Secrets::parse(good).unwrap();
    assert_eq!(secrets.keys.find("sk_live_1").unwrap().source.as_str(), "shop");
    assert!(secrets.keys.find("sk_live_2").is_none());
    for bad in [
        r#"{"pepper_id": "1", "pepper": "hunter2", "keys": []}"#,
        r#"{"pepper_id": "1", "pepper": "0123456789abcdef", "keys": [{"key": "hunter2", "source": "x"}]}"#,
        r#"{"pepper_id": "1", "pepper": ["hunter2"], "keys": []}"#,
        r#"{"pepper_id": "1", "keys": "hunter2"}"#,
        r#"hunter2"#,
    ] {
        let error = Secrets::parse(bad).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "the secret is quoted: {error:?}");
    }
}
