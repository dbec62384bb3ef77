//! Each cart is mailed at most once, wherever two runs overlap and whichever call fails.

use beckon_domain::DurationMs;
use beckon_store::streams::memory::MemoryStream;
use beckon_store::tables::memory::MemoryTables;
use cart_mailer::Mailer;
use cart_mailer::send::account::MemoryAccount;
use cart_mailer::send::recording::RecordingSender;
use harness::{Fault, Faults, Faulty, Teller, World, world::START};
use serde_json::{Value, json};
use std::pin::pin;

pub(crate) type Shop = World<MemoryTables>;
pub(crate) type FaultyMailer =
    Mailer<Faulty<MemoryTables>, Faulty<MemoryStream>, Faulty<RecordingSender>, MemoryAccount>;

pub(crate) const MINUTE: DurationMs = DurationMs::from_minutes(1);

/// A shop with one cart that is due.
pub(crate) async fn left_cart() -> Shop {
    let mut shop = World::memory().await;
    let mut teller = Teller::new(START);
    let consent = json!({ "marketing_email": true });
    let login = teller
        .event(&json!({ "login": "u-1", "by": "anna", "email": "anna@mail.example", "consent": consent }));
    shop.events("sk_local", &[login]).await;
    let add = teller.event(&json!({ "add": "mug", "by": "anna", "id": "cart-1" }));
    shop.events("pk_local", &[add]).await;
    shop.pass(DurationMs::from_minutes(15));
    shop
}

pub(crate) fn faulty(shop: &Shop, faults: &Faults) -> FaultyMailer {
    let stack = &shop.stack;
    shop.mailer_on(
        Faulty::new(stack.tables.clone(), faults),
        Faulty::new(stack.stream.clone(), faults),
        Faulty::new(stack.sender.clone(), faults),
    )
}

pub(crate) async fn run(mailer: &FaultyMailer) -> Option<Value> {
    cart_mailer::handle(mailer, json!({})).await.ok()
}

/// Everything works again: runs each minute until nothing can be open any more. Returns the status of the one row.
pub(crate) async fn settle(shop: &mut Shop, what: &str) -> String {
    shop.drain().await;
    let mut report = json!({});
    for _ in 0..20 {
        report = shop.mailer().await;
        shop.pass(MINUTE);
    }
    assert_eq!(report["due"], 0, "{what}: the timer is never answered: {report}");
    let rows = shop.ledger_words().await;
    assert_eq!(rows.len(), 1, "{what}: {rows:?}");
    assert!(["SENT", "UNKNOWN", "FAILED"].contains(&rows[0].as_str()), "{what}: not ended: {rows:?}");
    assert!(shop.mails() <= 1, "{what}: {} mails", shop.mails());
    shop.finish().await;
    rows[0].clone()
}

/// Runs a first mailer up to its `n`-th call, then a second one to its end, then the rest of the first. `None` when the
/// first has no such call.
async fn overlap(n: usize, wait: DurationMs, faults: Faults) -> Option<Shop> {
    let shop = left_cart().await;
    let faults = faults.held_at(n);
    let (first, second) = (faulty(&shop, &faults), faulty(&shop, &Faults::default()));
    {
        let mut first = pin!(run(&first));
        tokio::select! {
            biased;
            _ = &mut first => return None,
            () = faults.held() => {}
        }
        shop.pass(wait);
        run(&second).await.expect("the second run is not disturbed");
        faults.resume();
        first.await;
    }
    Some(shop)
}

/// Until a claim's lease is over, and until a send is given up.
const WAITS: [DurationMs; 3] = [DurationMs::ZERO, DurationMs::from_minutes(3), DurationMs::from_minutes(16)];

#[tokio::test]
async fn two_runs_that_overlap_anywhere_send_one_mail() {
    for wait in WAITS {
        let mut n = 1;
        while let Some(mut shop) = overlap(n, wait, Faults::default()).await {
            let what = format!("the second run begins before call {n}, after {wait:?}");
            let status = settle(&mut shop, &what).await;
            assert_eq!(shop.mails(), 1, "{what}: {status}");
            assert!(status == "SENT" || wait == WAITS[2], "{what}: {status} though nothing was given up");
            n += 1;
        }
        assert!(n > 15, "only {n} calls");
    }
}

#[tokio::test]
async fn two_runs_in_lockstep_send_one_mail() {
    let mut shop = left_cart().await;
    let (first, second) = (faulty(&shop, &Faults::default()), faulty(&shop, &Faults::default()));
    let (a, b) = tokio::join!(run(&first), run(&second));
    assert_eq!(a.unwrap()["sent"].as_u64().unwrap() + b.unwrap()["sent"].as_u64().unwrap(), 1);
    assert_eq!(settle(&mut shop, "in lockstep").await, "SENT");
    assert_eq!(shop.mails(), 1);
}

#[tokio::test]
async fn two_runs_that_overlap_while_calls_fail_send_at_most_one_mail() {
    for fault in Fault::ALL {
        for wait in WAITS {
            let mut n = 1;
            while let Some(mut shop) = overlap(n, wait, Faults::at(n, fault)).await {
                settle(&mut shop, &format!("{fault:?} at call {n} of the first run, after {wait:?}")).await;
                n += 1;
            }
        }
    }
}

/// Whether a mail may be missing after this fault: the row said SENDING, and nobody knows whether the mail went out.
fn may_be_missing(calls: &[&'static str], n: usize, fault: Fault) -> bool {
    let took_effect = matches!(fault, Fault::AnswerLost | Fault::DeathAfter);
    match calls[n - 1] {
        "begin_sending" => took_effect,
        "send" => !took_effect,
        _ => false,
    }
}

#[tokio::test]
async fn a_fault_at_any_call_of_a_run_costs_no_mail_that_was_not_on_its_way_and_never_sends_two() {
    for fault in Fault::ALL {
        for n in 1.. {
            let mut shop = left_cart().await;
            let faults = Faults::at(n, fault);
            let mailer = faulty(&shop, &faults);
            run(&mailer).await;
            if !faults.struck() {
                assert!(n > 15, "only {n} calls");
                break;
            }
            let calls = faults.calls();
            let what = format!("{fault:?} at call {n} of {calls:?}");
            let status = settle(&mut shop, &what).await;
            let expected = u64::from(!may_be_missing(&calls, n, fault));
            assert_eq!(shop.mails(), expected, "{what}: {status}");
            assert!(expected == 1 || status == "UNKNOWN", "{what}: {status}, but there is no mail");
        }
    }
}

#[tokio::test]
async fn a_cart_bought_between_the_claim_and_the_send_is_not_mailed() {
    let mut shop = left_cart().await;
    let recording = Faults::default();
    run(&faulty(&shop, &recording)).await.unwrap();
    let claim = recording.calls().iter().position(|call| *call == "claim").unwrap();
    shop.finish().await;

    // Held right after its claim, and once more right before.
    for n in [claim + 1, claim + 2] {
        let mut shop = left_cart().await;
        let faults = Faults::default().held_at(n);
        let mailer = faulty(&shop, &faults);
        let order = json!({ "type": "track", "event": "Order Completed", "anonymousId": "anna" });
        let buying = async {
            faults.held().await;
            shop.events("pk_local", &[order]).await;
            faults.resume();
        };
        let (report, ()) = tokio::join!(run(&mailer), buying);
        assert_eq!(report.unwrap()["sent"], 0);
        shop.pass(MINUTE);
        let report = shop.mailer().await;
        assert_eq!((report["due"].as_u64(), shop.mails()), (Some(0), 0), "bought, and mailed: {report}");
        shop.finish().await;
    }
}
