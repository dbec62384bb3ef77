//! What a series of reminders promises and a scenario file cannot say: who is held out, what the account allows, what the
//! catalog says in between, and a pause. The rest is in `tests/scenarios/series-*.yaml` and beside it.

use axum::body::Body;
use axum::http::Request;
use beckon_domain::DurationMs;
use beckon_domain::outreach::Group;
use beckon_domain::send_limits::{SendLimits, Standing};
use beckon_store::tables::memory::MemoryTables;
use cart_mailer::send::account::MemoryAccount;
use data_encoding::BASE64;
use harness::{Teller, World, world::START};
use serde_json::{Value, json};

pub(crate) type Shop = World<MemoryTables>;

pub(crate) const HOUR: DurationMs = DurationMs::from_hours(1);

/// A ruleset whose rule for left carts says this beside `send`.
fn rules(then: &str) -> String {
    format!(
        "version: 1
name: Series
currency: EUR
products:
  - {{ id: tent-2p, name: Two-Person Tent, category: tents, price: 189.00 }}
  - {{ id: mug, name: Insulated Mug, category: cooking, price: 18.00 }}
rules:
  - id: cart-left
    when: {{ event: Product Added }}
    then: {{ send: cart-reminder, {then} }}
"
    )
}

/// A shop in which so many people have left a cart with these products.
pub(crate) async fn left_by(people: usize, products: &[&str], then: &str) -> Shop {
    let mut shop = World::on(MemoryTables::default(), &rules(then)).await;
    let mut teller = Teller::new(START);
    for n in 0..people {
        let (user, by, email) =
            (format!("u-{n}"), format!("visitor-{n}"), format!("person-{n}@mail.example"));
        let consent = json!({ "marketing_email": true });
        let login = teller.event(&json!({ "login": user, "by": by, "email": email, "consent": consent }));
        shop.events("sk_local", &[login]).await;
        let adds = products.iter().map(|product| json!({ "add": product, "by": by }));
        let adds: Vec<Value> = adds.map(|add| teller.event(&add)).collect();
        shop.events("pk_local", &adds).await;
    }
    shop
}

async fn feed(shop: &Shop, lines: &str) {
    let request = Request::post("/admin/v1/catalog/products").header("content-type", "application/x-ndjson");
    let request = request.header("authorization", format!("Basic {}", BASE64.encode(b"sk_local:")));
    let answer = shop.request(request.body(Body::from(lines.to_owned())).unwrap()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn allows(per_second: u32, per_day: u64, sent_last_day: u64) -> SendLimits {
    SendLimits {
        per_second,
        per_day: Some(per_day),
        sent_last_day,
        is_sending_enabled: true,
        has_production_access: per_day > 200,
        standing: Standing::Healthy,
    }
}

/// One run of a mailer whose account allows this.
async fn run_with(shop: &mut Shop, limits: SendLimits) -> Value {
    let stack = &shop.stack;
    let mut mailer = shop.mailer_on(stack.tables.clone(), stack.stream.clone(), stack.sender.clone());
    mailer.account = MemoryAccount::default();
    mailer.account.set(Ok(limits));
    let report = cart_mailer::handle(&mailer, json!({})).await.unwrap();
    shop.drain().await;
    report
}

#[tokio::test]
async fn requirement_45_who_is_held_out_is_so_for_the_whole_series_and_in_every_run_of_the_story() {
    let mut held_out = Vec::new();
    for _ in 0..2 {
        let mut shop =
            left_by(40, &["tent-2p"], "quiet_hours: false, holdout: 30, steps: [1h, 24h], reentry: 0s").await;
        for hours in [1, 24] {
            shop.at(DurationMs::from_hours(hours));
            shop.mailer().await;
        }
        let words = shop.ledger_words().await;
        assert_eq!(words.len(), 80, "two steps each: {words:?}");
        let of_step = |step: usize| words.iter().skip(step).step_by(2).cloned().collect::<Vec<_>>();
        assert_eq!(of_step(0), of_step(1), "a person is in one group for the whole series");
        let count = words.iter().filter(|word| *word == "SUPPRESSED HELD_OUT").count();
        assert_eq!(count + words.iter().filter(|word| *word == "SENT").count(), 80, "{words:?}");
        assert!((6..=40).contains(&count), "about 24 of 80: {count}");
        let rows = shop.ledger().await;
        assert!(rows.iter().all(|row| row.group.is_some() && row.assigned_at.is_some()));
        assert_eq!(rows.iter().filter(|row| row.group == Some(Group::HeldOut)).count(), count);
        held_out.push(words);
        shop.finish().await;
    }
    assert_eq!(held_out[0], held_out[1]);
}

#[tokio::test]
async fn requirement_08_what_cannot_be_bought_is_left_out_and_prices_are_those_of_now() {
    let mut shop =
        left_by(1, &["tent-2p", "mug"], "quiet_hours: false, holdout: 0, steps: [1h, 24h, 48h]").await;
    feed(&shop, r#"{"id":"tent-2p","title":"Tent for two","price":"379.00 EUR","availability":"in stock"}"#)
        .await;
    shop.at(HOUR);
    assert_eq!(shop.mailer().await["sent"], 1);
    shop.pass(DurationMs::from_hours(3));
    let tent = r#"{"id":"tent-2p","title":"Tent for two","price":"299.00 EUR","availability":"in stock"}"#;
    let mug = r#"{"id":"mug","title":"Mug","price":"18.00 EUR","availability":"out of stock"}"#;
    feed(&shop, &format!("{tent}\n{mug}")).await;
    shop.at(DurationMs::from_hours(24));
    assert_eq!(shop.mailer().await["sent"], 1);
    let mails = shop.stack.sender.mails();
    let texts: Vec<&str> = mails.iter().map(|mail| mail.email.text.as_str()).collect();
    assert!(texts[0].contains("€379.00") && texts[0].contains("Mug"), "{}", texts[0]);
    assert!(texts[1].contains("€299.00") && !texts[1].contains("379.00"), "{}", texts[1]);
    assert!(!texts[1].contains("Mug"), "it is sold out: {}", texts[1]);
    feed(
        &shop,
        r#"{"id":"tent-2p","title":"Tent for two","price":"299.00 EUR","availability":"out of stock"}"#,
    )
    .await;
    shop.at(DurationMs::from_hours(48));
    assert_eq!(shop.mailer().await["notSent"], json!({ "OUT_OF_STOCK": 1 }));
    assert_eq!(shop.ledger_words().await, ["SENT", "SENT", "SUPPRESSED OUT_OF_STOCK"]);
    shop.finish().await;
}

#[tokio::test]
async fn requirement_17_a_backlog_goes_out_over_several_runs_below_the_accounts_rate_and_quota() {
    let mut shop = left_by(60, &["mug"], "quiet_hours: false, holdout: 0, steps: [1h, 24h]").await;
    shop.at(HOUR);
    // In the sandbox: one a second, for the 45 seconds of a run.
    assert_eq!(run_with(&mut shop, allows(1, 200, 0)).await["sent"], 45);
    shop.pass(DurationMs::from_minutes(1));
    assert_eq!(run_with(&mut shop, allows(1, 200, 190)).await["sent"], 10, "what is left of the day");
    shop.pass(DurationMs::from_minutes(1));
    assert_eq!(run_with(&mut shop, allows(1, 200, 200)).await["sent"], 0, "nothing is left");
    assert_eq!(
        shop.ledger_words().await.len(),
        55,
        "who waits for the account is not written down as skipped"
    );
    shop.pass(HOUR);
    assert_eq!(run_with(&mut shop, allows(14, 50_000, 200)).await["sent"], 5, "and is mailed later");
    assert_eq!(shop.mails(), 60);
    shop.finish().await;
}

#[tokio::test]
async fn requirement_41_an_account_that_may_send_nothing_costs_nobody_their_mail() {
    let mut shop = left_by(2, &["mug"], "quiet_hours: false, holdout: 0, steps: [1h, 24h]").await;
    shop.at(HOUR);
    let limits = SendLimits { is_sending_enabled: false, ..allows(14, 50_000, 0) };
    assert_eq!(run_with(&mut shop, limits).await["sent"], 0);
    assert_eq!(shop.mailer().await["sent"], 2);
    shop.finish().await;
}

#[tokio::test]
async fn requirement_49_a_pause_holds_from_the_next_run_on_and_loses_no_mail() {
    let mut shop = left_by(3, &["mug"], "quiet_hours: false, holdout: 0, steps: [1h, 24h]").await;
    let asked = json!({ "reason": "wrong prices" });
    assert_eq!(shop.post("/admin/v1/mail/pause", "sk_local", &asked).await.status, 200);
    shop.at(HOUR);
    assert_eq!(shop.mailer().await["notSent"], json!({ "PAUSED": 3 }));
    assert_eq!(shop.ledger_words().await, ["DEFERRED PAUSED"; 3]);
    shop.pass(DurationMs::from_minutes(1));
    assert_eq!(shop.mailer().await["notSent"], json!({ "PAUSED": 3 }), "they stay due");
    assert_eq!(shop.post("/admin/v1/mail/resume", "sk_local", &json!({})).await.status, 200);
    shop.pass(DurationMs::from_minutes(1));
    assert_eq!(shop.mailer().await["sent"], 3);
    assert_eq!(shop.ledger_words().await, ["SENT"; 3]);
    shop.finish().await;
}
