//! What SES may answer, and what becomes of the mail; with calls failing around it.

use crate::mailing::{MINUTE, faulty, left_cart, run, settle};
use cart_mailer::send::SendError;
use harness::{Fault, Faults};

type MakeError = fn(String) -> SendError;

const ERRORS: [(MakeError, &str); 4] = [
    (SendError::NotNow, "SENT"),
    (SendError::Stopped, "SENT"),
    (SendError::Refused, "FAILED"),
    (SendError::Unknown, "UNKNOWN"),
];

#[tokio::test]
async fn what_was_certainly_not_taken_is_sent_later_and_anything_else_never_again() {
    for (make, expected) in ERRORS {
        let mut shop = left_cart().await;
        let error = make("by the test".to_owned());
        shop.stack.sender.fail_next(error.clone());
        let report = shop.mailer().await;
        assert_eq!((shop.mails(), report["sent"].as_u64()), (0, Some(0)), "{error}");
        assert_eq!(report["stopped"], matches!(error, SendError::Stopped(_)), "{error}");
        shop.pass(MINUTE);
        assert_eq!(settle(&mut shop, &error.to_string()).await, expected, "{error}");
        assert_eq!(shop.mails(), u64::from(expected == "SENT"), "{error}");
    }
}

#[tokio::test]
async fn calls_that_fail_around_an_error_of_ses_never_make_two_mails() {
    for (make, _) in ERRORS {
        for fault in Fault::ALL {
            for n in 1.. {
                let mut shop = left_cart().await;
                shop.stack.sender.fail_next(make("by the test".to_owned()));
                let faults = Faults::at(n, fault);
                let mailer = faulty(&shop, &faults);
                run(&mailer).await;
                let status = settle(&mut shop, &format!("{fault:?} at call {n}")).await;
                assert!(status == "SENT" || shop.mails() == 0, "{status} at call {n}, but mailed");
                if !faults.struck() {
                    break;
                }
            }
        }
    }
}

/// A sending pause is an operator's matter: the run ends, and no other cart is claimed for nothing.
#[tokio::test]
async fn a_stopped_account_ends_the_run_and_nothing_is_lost() {
    let mut shop = left_cart().await;
    shop.stack.sender.fail_next(SendError::Stopped("the account is paused".to_owned()));
    let report = shop.mailer().await;
    assert_eq!(report["stopped"], true);
    assert_eq!(shop.ledger_words().await, ["DEFERRED NOT_NOW"]);
    // The claim was let go: the very next run may have it.
    let report = shop.mailer().await;
    assert_eq!(report["sent"], 1, "{report}");
    shop.finish().await;
}
