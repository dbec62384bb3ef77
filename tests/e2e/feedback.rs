//! What SES tells of a mail: each thing once, in any order, whatever fails; and the brake.

use beckon_cli::ses_events::{Happened, SesMail};
use beckon_domain::reputation::{Figures, first_hour};
use beckon_domain::{ContactHash, DurationMs, Timestamp};
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{
    ReputationStore, SendingSwitch, Suppression, SuppressionReason, SuppressionStore, SwitchStore,
};
use harness::{Fault, Faults, Faulty, World, world::START};
use mail_feedback::Feedback;
use serde_json::{Value, json};

const EMAIL: &str = "anna@mail.example";
const EPISODE: &str = "00112233445566778899aabbccddeeff";

type Shop = World<MemoryTables>;

fn tags() -> Vec<(String, String)> {
    vec![("episode".to_owned(), EPISODE.to_owned()), ("step".to_owned(), "1".to_owned())]
}

/// An event of the n-th mail, some seconds after it was sent.
fn event(n: usize, happened: Happened, sent_at: Timestamp, seconds: u64) -> Value {
    let (id, tags) = (format!("mail-{n}"), tags());
    let mail = SesMail { message_id: &id, to: EMAIL, sent_at, tags: &tags };
    mail.event(happened, sent_at + DurationMs::from_secs(seconds))
}

async fn tell(shop: &Shop, event: Value) -> Value {
    shop.stack.mail_event(event).await.expect("the event is taken over")
}

async fn figures(shop: &Shop) -> Figures {
    let tables = &shop.stack.tables;
    let sending = tables.sending().await.unwrap();
    tables.figures(first_hour(shop.stack.clock.now()), sending.counting_since()).await.unwrap()
}

fn anna(shop: &Shop) -> ContactHash {
    shop.stack.secrets.pepper.contact(EMAIL)
}

async fn suppression(shop: &Shop) -> Option<Suppression> {
    shop.stack.tables.suppression(&anna(shop)).await.unwrap()
}

/// Every order of the numbers below `n` (Heap's algorithm).
fn orders(n: usize) -> Vec<Vec<usize>> {
    fn heap(k: usize, order: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
        if k <= 1 {
            return all.push(order.clone());
        }
        for i in 0..k {
            heap(k - 1, order, all);
            order.swap(if k.is_multiple_of(2) { i } else { 0 }, k - 1);
        }
    }
    let (mut order, mut all) = ((0..n).collect(), Vec::new());
    heap(n, &mut order, &mut all);
    all
}

#[tokio::test]
async fn events_come_to_the_same_in_any_order_and_however_often() {
    let events = [
        event(0, Happened::Sent, START, 0),
        event(0, Happened::Delivered, START, 2),
        event(0, Happened::Complained, START, 90),
        event(1, Happened::Sent, START, 1),
        event(1, Happened::HardBounced, START, 4),
        event(0, Happened::Complained, START, 90),
    ];
    let all = orders(events.len());
    assert_eq!(all.len(), 720);
    for order in all {
        let shop = World::memory().await;
        shop.pass(DurationMs::from_minutes(5));
        for n in &order {
            tell(&shop, events[*n].clone()).await;
        }
        let expected = Figures { sends: 2, deliveries: 1, bounces: 1, complaints: 1 };
        assert_eq!(figures(&shop).await, expected, "{order:?}");
        let at = START + DurationMs::from_secs(90);
        let complained = Suppression { reason: SuppressionReason::Complained, at };
        assert_eq!(suppression(&shop).await, Some(complained), "{order:?}");
    }
}

#[tokio::test]
async fn a_fault_at_any_call_loses_nothing_and_counts_nothing_twice() {
    for fault in Fault::ALL {
        for n in 1.. {
            let shop = World::memory().await;
            let faults = Faults::at(n, fault);
            let feedback = Feedback {
                tables: Faulty::new(shop.stack.tables.clone(), &faults),
                secrets: shop.stack.secrets.clone(),
                clock: shop.stack.clock.clone(),
                metrics: beckon_runtime::Metrics::default(),
            };
            let bounce = event(0, Happened::HardBounced, START, 0);
            let first = mail_feedback::handle(&feedback, bounce.clone()).await;
            let calls = faults.calls();
            if !faults.struck() {
                assert!(first.is_ok() && n > 4, "only {calls:?}");
                break;
            }
            tell(&shop, bounce).await;
            let what = format!("{fault:?} at call {n} of {calls:?}");
            assert_eq!(figures(&shop).await, Figures { bounces: 1, ..Figures::default() }, "{what}");
            let bounced = Suppression { reason: SuppressionReason::Bounced, at: START };
            assert_eq!(suppression(&shop).await, Some(bounced), "{what}");
        }
    }
}

#[tokio::test]
async fn a_soft_bounce_an_open_and_a_delay_suppress_nobody() {
    let shop = World::memory().await;
    for happened in [Happened::Sent, Happened::SoftBounced, Happened::Opened] {
        tell(&shop, event(0, happened, START, 0)).await;
    }
    assert_eq!(suppression(&shop).await, None);
    assert_eq!(figures(&shop).await, Figures { sends: 1, ..Figures::default() });
}

#[tokio::test]
async fn what_sns_delivers_is_taken_over_too_and_a_broken_message_takes_no_other_with_it() {
    let shop = World::memory().await;
    let message = |text: &str| json!({ "EventSource": "aws:sns", "Sns": { "Message": text } });
    let bounce = event(0, Happened::HardBounced, START, 0)["detail"].to_string();
    let delivery = json!({ "Records": [message("{"), message(&bounce)] });
    let error = shop.stack.mail_event(delivery).await.expect_err("one of them is broken").to_string();
    assert!(error.contains("the SNS message is not JSON") && !error.contains("anna"), "{error}");
    assert_eq!(figures(&shop).await.bounces, 1);
    let unknown = json!({ "source": "aws.ses", "detail-type": "Email Teleported", "detail": {} });
    assert_eq!(tell(&shop, unknown).await["ignored"], 1);
}

/// Mails that were sent now, so many of which bounce.
async fn send_and_bounce(shop: &Shop, mails: std::ops::Range<usize>, bounces: usize) {
    let now = shop.stack.clock.now();
    for n in mails.clone() {
        tell(shop, event(n, Happened::Sent, now, 0)).await;
    }
    for n in mails.take(bounces) {
        tell(shop, event(n, Happened::HardBounced, now, 0)).await;
    }
}

#[tokio::test]
async fn the_brake_closes_at_its_threshold_and_says_why() {
    let shop = World::memory().await;
    let tables = &shop.stack.tables;
    send_and_bounce(&shop, 0..100, 3).await;
    assert!(!tables.sending().await.unwrap().is_paused(), "3 %");
    let report = tell(&shop, event(99, Happened::HardBounced, START, 0)).await;
    assert_eq!(report["paused"], true);
    let sending = tables.sending().await.unwrap();
    let pause = sending.pause().expect("paused");
    assert_eq!((pause.who.as_str(), pause.by.as_deref()), ("brake", None));
    assert_eq!(pause.reason.as_deref(), Some("4 hard bounces of 100 mails in 1d (4.00 %)"));
    assert_eq!(pause.figures, Figures { sends: 100, bounces: 4, ..Figures::default() });
    send_and_bounce(&shop, 100..110, 10).await;
    assert_eq!(tables.sending_changes(10).await.unwrap().len(), 1, "it closes once");
}

#[tokio::test]
async fn after_a_resume_old_figures_and_late_bounces_of_old_mails_close_nothing() {
    let shop = World::memory().await;
    let tables = &shop.stack.tables;
    send_and_bounce(&shop, 0..100, 10).await;
    assert!(tables.sending().await.unwrap().is_paused());
    shop.pass(DurationMs::from_minutes(1));
    let resumed =
        shop.post("/admin/v1/mail/resume", "sk_local", &json!({ "reason": "the list is clean" })).await;
    assert_eq!(resumed.status, 200, "{}", resumed.text());
    for n in 50..100 {
        tell(&shop, event(n, Happened::HardBounced, START, 70)).await;
    }
    assert!(!tables.sending().await.unwrap().is_paused(), "they are of mails from before");
    assert_eq!(figures(&shop).await, Figures::default());
    shop.pass(DurationMs::from_minutes(1));
    send_and_bounce(&shop, 200..300, 3).await;
    assert!(!tables.sending().await.unwrap().is_paused());
    let now = shop.stack.clock.now();
    tell(&shop, event(250, Happened::HardBounced, now, 0)).await;
    assert!(tables.sending().await.unwrap().is_paused(), "4 of the new ones");
}

#[tokio::test]
async fn what_the_stack_mails_is_told_to_feedback() {
    let mut shop = crate::mailing::left_cart().await;
    assert_eq!(shop.mailer().await["sent"], 1);
    assert_eq!(figures(&shop).await, Figures { sends: 1, deliveries: 1, ..Figures::default() });
    shop.mailer().await;
    assert_eq!(figures(&shop).await.sends, 1, "told once");
}

#[tokio::test]
async fn a_bounce_stops_the_next_reminder_of_the_same_person() {
    let mut shop = crate::mailing::left_cart().await;
    tell(&shop, event(0, Happened::HardBounced, START, 0)).await;
    assert_eq!(shop.mailer().await["sent"], 0);
    assert_eq!(shop.ledger_words().await, ["SUPPRESSED SUPPRESSED"]);
    shop.finish().await;
}
