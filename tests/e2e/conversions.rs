//! Orders that follow reminders: each is written down once, for who was mailed and for who was held out; the report counts
//! them; a dry run changes nothing.

use crate::mailing::{MINUTE, Shop, faulty, left_cart, run};
use axum::body::Body;
use axum::http::Request;
use beckon_domain::outreach::{Group, bucket};
use beckon_domain::{DurationMs, ProfileKey};
use beckon_rules::SAMPLE;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{ConversionRow, Read};
use data_encoding::BASE64;
use harness::{Fault, Faults, Teller, World, world::START};
use serde_json::{Value, json};

/// A shop with one cart whose reminder went out, and what was bought after it.
async fn bought(order: &Value) -> Shop {
    let mut shop = left_cart().await;
    assert_eq!(shop.mailer().await["sent"], 1);
    shop.drain().await;
    shop.pass(MINUTE);
    buy(&mut shop, order).await;
    shop
}

async fn buy(shop: &mut Shop, order: &Value) {
    shop.events("pk_local", std::slice::from_ref(order)).await;
    shop.drain().await;
}

fn order(id: &str, coupon: Option<&str>) -> Value {
    let properties = json!({ "order_id": "A-1", "total": 90.0, "currency": "EUR", "coupon": coupon,
        "products": [{ "product_id": "mug", "quantity": 1 }] });
    json!({ "type": "track", "event": "Order Completed", "messageId": id, "anonymousId": "anna", "properties": properties })
}

/// Runs the mailer until nothing is due, and returns what was written down.
async fn settled(shop: &mut Shop, what: &str) -> Vec<ConversionRow> {
    for _ in 0..5 {
        shop.mailer().await;
        shop.drain().await;
        shop.pass(MINUTE);
    }
    assert_eq!(shop.mailer().await["due"], 0, "{what}: it is never cleared");
    shop.finish().await;
    shop.stack.tables.conversions()
}

async fn ask(shop: &Shop, method: &str, path: &str, key: &str, body: &str) -> harness::Answer {
    let credentials = BASE64.encode(format!("{key}:").as_bytes());
    let request = Request::builder().method(method).uri(path);
    let request = request.header("authorization", format!("Basic {credentials}"));
    shop.request(request.body(Body::from(body.to_owned())).unwrap()).await
}

async fn report(shop: &Shop) -> Value {
    let answer = ask(shop, "GET", "/admin/v1/mail/report", "sk_local", "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn requirement_46_an_order_after_a_mail_is_written_down_and_reported() {
    let mut shop = bought(&order("o-1", None)).await;
    let rows = settled(&mut shop, "bought").await;
    assert_eq!(rows.len(), 1);
    let after = rows[0].conversion.after;
    assert_eq!((after.reminder.step, after.group), (1, Group::Treated));
    let told = report(&shop).await;
    assert_eq!(told["complete"], true);
    let step = &told["tally"]["steps"]["1"];
    assert_eq!((&step["sent"], &step["orders"]), (&json!(1), &json!(1)));
    assert_eq!(step["revenue"], json!({ "EUR": 9_000 }));
    assert_eq!(told["tally"]["bought"][0]["total"], "90.00 EUR");
    assert_eq!(told["summary"]["treated"]["buyers"], 1);
}

#[tokio::test]
async fn requirement_46_whatever_call_fails_each_order_is_written_down_once() {
    for fault in Fault::ALL {
        for n in 1.. {
            let mut shop = bought(&order("o-1", None)).await;
            let faults = Faults::at(n, fault);
            run(&faulty(&shop, &faults)).await;
            if !faults.struck() {
                assert!(n > 4, "only {n} calls");
                break;
            }
            let what = format!("{fault:?} at call {n} of {:?}", faults.calls());
            assert_eq!(settled(&mut shop, &what).await.len(), 1, "{what}");
        }
    }
}

#[tokio::test]
async fn requirement_23_a_code_of_the_mail_that_was_used_is_found_again() {
    let mut shop = left_cart().await;
    shop.mailer().await;
    shop.drain().await;
    let offer = shop.stack.tables.reminders().into_iter().find_map(|(_, row)| row.offer);
    let offer = offer.expect("the sample's first step offers a discount");
    shop.pass(MINUTE);
    buy(&mut shop, &order("o-1", Some(&offer.code.to_lowercase()))).await;
    let rows = settled(&mut shop, "with a code").await;
    assert_eq!(rows[0].percent, Some(offer.percent));
    let expected = 9_000 * i64::from(offer.percent) / 100;
    assert_eq!(report(&shop).await["tally"]["steps"]["1"]["discount"], json!({ "EUR": expected }));
}

#[tokio::test]
async fn requirement_04_a_refund_neither_takes_the_order_back_nor_starts_the_series_again() {
    let mut shop = bought(&order("o-1", None)).await;
    settled(&mut shop, "before").await;
    let refund = json!({ "type": "track", "event": "Order Refunded", "messageId": "r-1", "anonymousId": "anna",
        "properties": { "order_id": "A-1", "total": 90.0, "currency": "EUR" } });
    buy(&mut shop, &refund).await;
    buy(&mut shop, &order("o-told-again", None)).await;
    shop.pass(DurationMs::from_days(2));
    assert_eq!(settled(&mut shop, "refunded").await.len(), 1, "one order, told by two events");
    assert_eq!(shop.mails(), 1);
}

#[tokio::test]
async fn requirement_45_who_is_held_out_gets_no_mail_and_is_counted() {
    let rules = SAMPLE.replace("holdout: 0", "holdout: 50");
    assert_ne!(rules, SAMPLE);
    let mut shop = World::on(MemoryTables::default(), &rules).await;
    let is_held_out = |user: &String| bucket("cart-reminder-holdout", shop.customer(user).as_str()) < 5_000;
    let user = (1..).map(|n| format!("u-{n}")).find(is_held_out).unwrap();
    leave_cart(&mut shop, &user).await;
    assert_eq!(shop.mailer().await["notSent"], json!({ "HELD_OUT": 1 }));
    shop.drain().await;
    shop.pass(MINUTE);
    buy(&mut shop, &order("o-1", None)).await;
    let rows = settled(&mut shop, "held out").await;
    assert_eq!((rows.len(), rows[0].conversion.after.group), (1, Group::HeldOut));
    let told = report(&shop).await;
    assert_eq!(told["summary"]["heldOut"]["buyers"], 1);
    assert_eq!((shop.mails(), &told["summary"]["treated"]["people"]), (0, &json!(0)));
}

async fn leave_cart(shop: &mut Shop, user: &str) {
    let mut teller = Teller::new(START);
    let consent = json!({ "marketing_email": true });
    let login = teller
        .event(&json!({ "login": user, "by": "anna", "email": "anna@mail.example", "consent": consent }));
    shop.events("sk_local", &[login]).await;
    let add = teller.event(&json!({ "add": "mug", "by": "anna" }));
    shop.events("pk_local", &[add]).await;
    shop.drain().await;
    shop.pass(DurationMs::from_minutes(15));
}

/// Everything that a dry run could change.
async fn everything(shop: &Shop) -> (Vec<ProfileKey>, String) {
    let tables = &shop.stack.tables;
    let keys = vec![shop.customer("u-1"), shop.visitor("anna")];
    let profiles = beckon_store::tables::ProfileStore::load(tables, &keys, Read::Strong).await.unwrap();
    let packed: Vec<Vec<u8>> =
        profiles.values().map(|kept| beckon_domain::packed::pack(&kept.profile).unwrap()).collect();
    (
        profiles.into_keys().collect(),
        format!("{packed:?} {:?} {:?}", tables.reminders(), tables.conversions()),
    )
}

#[tokio::test]
async fn requirement_48_a_dry_run_says_what_a_run_then_does_and_changes_nothing() {
    const PATH: &str = "/admin/v1/mail/dry-run";
    let mut shop = left_cart().await;
    shop.drain().await;
    let (before, lines) = (everything(&shop).await, shop.stack.stream.lines_put());
    assert_eq!(ask(&shop, "POST", PATH, "pk_local", "").await.status, 403);
    assert_eq!(ask(&shop, "POST", PATH, "sk_other", "").await.status, 401);
    let dry = ask(&shop, "POST", PATH, "sk_local", "{}").await.json();
    assert_eq!(dry["counts"], json!({ "SEND": 1 }), "{dry}");
    let planned = &dry["planned"][0];
    assert_eq!(
        (&planned["plan"], &planned["step"], &planned["items"]),
        (&json!("send"), &json!(1), &json!(1))
    );
    assert_eq!((everything(&shop).await, shop.stack.stream.lines_put()), (before, lines));
    assert_eq!(shop.mails(), 0);
    shop.mailer().await;
    assert_eq!(shop.stack.sender.mails()[0].email.subject, planned["subject"].as_str().unwrap());
    shop.drain().await;
    let later = json!({ "withinMs": DurationMs::from_days(2).as_ms() }).to_string();
    let soon = ask(&shop, "POST", PATH, "sk_local", &later).await.json();
    assert_eq!(ask(&shop, "POST", PATH, "sk_local", "{}").await.json()["planned"], json!([]));
    assert!(soon["complete"] == true, "{soon}");
}
