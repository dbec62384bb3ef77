//! Codes of a pool on their way through the cart mailer: a mail shows a code that is its reminder's and nobody else's,
//! whatever call of a run fails, and what the till takes is found again.

use crate::mailing::{MINUTE, faulty, run};
use crate::series::{HOUR, Shop, left_by};
use beckon_domain::DiscountCode;
use beckon_domain::code::{Expiry, PoolName, Worth};
use beckon_store::tables::CodeStore;
use beckon_store::tables::codes::{CodeState, NewCode, Pool, PoolKind};
use cart_mailer::send::SendError;
use harness::{Fault, Faults, world::START};
use serde_json::json;

const CODES: [&str; 3] = ["POOL-AAAA", "POOL-BBBB", "POOL-CCCC"];
const OFFER: &str =
    "quiet_hours: false, holdout: 0, steps: [{ after: 1h, discount: { percent: 10, pool: spring } }]";

fn code(text: &str) -> DiscountCode {
    DiscountCode::new(text).unwrap()
}

/// So many people with a left cart that is due, and so many codes for them.
async fn due(people: usize, codes: usize, then: &str) -> Shop {
    let shop = left_by(people, &["mug"], then).await;
    let (name, kind, worth) = (PoolName::new("spring").unwrap(), PoolKind::Uploaded, Worth::Percent(10));
    let tables = &shop.stack.tables;
    let pool = Pool { name: name.clone(), kind, worth, created_at: START };
    tables.create_pool(&pool).await.unwrap();
    let new = |(row, text): (u64, &&str)| NewCode { code: code(text), expiry: Expiry::Never, row };
    let codes: Vec<NewCode> = (1..).zip(&CODES[..codes]).map(new).collect();
    tables.add_codes(&name, "by the test", &codes).await.unwrap();
    shop.at(HOUR);
    shop
}

/// The codes that each mail shows.
fn shown(shop: &Shop) -> Vec<Vec<&'static str>> {
    let of = |text: &str| CODES.into_iter().filter(|code| text.contains(code)).collect();
    shop.stack.sender.mails().iter().map(|mail| of(&mail.email.text)).collect()
}

/// The codes by what became of them: free, held, redeemed.
async fn states(shop: &Shop) -> [Vec<&'static str>; 3] {
    let mut found = [const { Vec::new() }; 3];
    for text in CODES {
        let record = shop.stack.tables.code(&code(text)).await.unwrap();
        match record.map(|record| record.state) {
            Some(CodeState::Free | CodeState::Returned(_)) => found[0].push(text),
            Some(CodeState::Held(_)) => found[1].push(text),
            Some(CodeState::Redeemed { .. }) => found[2].push(text),
            None => {}
        }
    }
    found
}

#[tokio::test]
async fn requirement_18_each_mail_shows_a_code_of_its_own_and_the_last_one_goes_without() {
    let mut shop = due(3, 2, OFFER).await;
    assert_eq!(shop.mailer().await["sent"], 3);
    let mut shown = shown(&shop);
    shown.sort_unstable();
    assert_eq!(shown, [vec![], vec![CODES[0]], vec![CODES[1]]], "the third goes without a discount");
    assert_eq!(states(&shop).await, [vec![], vec![CODES[0], CODES[1]], vec![]]);
    shop.finish().await;
}

#[tokio::test]
async fn requirement_14_where_the_shop_wants_it_a_mail_waits_for_new_codes() {
    let mut shop = due(2, 1, &format!("{OFFER}, without_code: wait")).await;
    let report = shop.mailer().await;
    assert_eq!((&report["sent"], &report["notSent"]), (&json!(1), &json!({ "NO_CODE": 1 })));
    let name = PoolName::new("spring").unwrap();
    let more = [NewCode { code: code(CODES[2]), expiry: Expiry::Never, row: 9 }];
    shop.stack.tables.add_codes(&name, "more", &more).await.unwrap();
    for _ in 0..90 {
        shop.pass(MINUTE);
        shop.mailer().await;
    }
    let mut shown = shown(&shop);
    shown.sort_unstable();
    assert_eq!(shown, [vec![CODES[0]], vec![CODES[2]]], "it went out with the new code");
    shop.finish().await;
}

#[tokio::test]
async fn requirement_18_a_code_goes_back_when_ses_certainly_took_nothing_and_stays_when_nobody_knows() {
    for (error, is_kept) in [
        (SendError::Refused("by the test".to_owned()), false),
        (SendError::NotNow("by the test".to_owned()), false),
        (SendError::Unknown("by the test".to_owned()), true),
    ] {
        let mut shop = due(1, 1, OFFER).await;
        shop.stack.sender.fail_next(error.clone());
        shop.mailer().await;
        assert_eq!(states(&shop).await[1].len(), usize::from(is_kept), "{error:?}");
        shop.finish().await;
    }
}

#[tokio::test]
async fn requirement_18_whatever_call_fails_a_mail_shows_a_code_that_nobody_else_is_shown() {
    for fault in Fault::ALL {
        for n in 1.. {
            let mut shop = due(2, 3, OFFER).await;
            let faults = Faults::at(n, fault);
            run(&faulty(&shop, &faults)).await;
            if !faults.struck() {
                assert!(n > 20, "only {n} calls");
                break;
            }
            for _ in 0..20 {
                shop.mailer().await;
                shop.pass(MINUTE);
            }
            let what = format!("{fault:?} at call {n} of {:?}", faults.calls());
            let mut shown: Vec<&str> = shown(&shop).into_iter().flatten().collect();
            let held = states(&shop).await[1].clone();
            assert!(shown.iter().all(|code| held.contains(code)), "{what}: {shown:?} shown, {held:?} held");
            shown.sort_unstable();
            assert!(shown.windows(2).all(|pair| pair[0] != pair[1]), "{what}: {shown:?}");
            shop.finish().await;
        }
    }
}

#[tokio::test]
async fn requirement_23_a_code_that_was_applied_is_redeemed_by_the_order_that_names_none() {
    for (takes_back, is_redeemed) in [(false, true), (true, false)] {
        let mut shop = due(1, 1, OFFER).await;
        assert_eq!(shop.mailer().await["sent"], 1);
        let mut said = vec![("Coupon Applied", json!({ "coupon_id": "7", "coupon_name": "Pool-AAAA" }))];
        said.extend(takes_back.then(|| ("Coupon Removed", json!({ "coupon_name": "POOL-AAAA" }))));
        said.push(("Order Completed", json!({ "order_id": "A-1", "total": 16.2, "currency": "EUR" })));
        for (name, properties) in said {
            shop.pass(MINUTE);
            let event = json!({ "type": "track", "event": name, "messageId": name, "anonymousId": "visitor-0",
                "properties": properties });
            shop.events("pk_local", &[event]).await;
        }
        shop.pass(MINUTE);
        shop.mailer().await;
        let codes = vec![CODES[0]];
        let expected = if is_redeemed { [vec![], vec![], codes] } else { [vec![], codes, vec![]] };
        assert_eq!(states(&shop).await, expected, "taken back: {takes_back}");
        shop.finish().await;
    }
}

#[tokio::test]
async fn requirement_23_the_till_takes_a_code_of_a_pool_once_and_the_pool_knows_the_order() {
    let mut shop = due(1, 1, OFFER).await;
    assert_eq!(shop.mailer().await["sent"], 1);
    shop.pass(MINUTE);
    let properties = json!({ "order_id": "A-1", "total": 16.2, "currency": "EUR", "coupon": "pool-aaaa" });
    let order = json!({ "type": "track", "event": "Order Completed", "messageId": "o-1",
        "anonymousId": "visitor-0", "properties": properties });
    shop.events("pk_local", &[order]).await;
    shop.pass(MINUTE);
    shop.mailer().await;
    assert_eq!(states(&shop).await, [vec![], vec![], vec![CODES[0]]]);
    let record = shop.stack.tables.code(&code(CODES[0])).await.unwrap().unwrap();
    let CodeState::Redeemed { order, holding, .. } = record.state else { panic!("{:?}", record.state) };
    assert_eq!(order.map(|order| order.to_string()).as_deref(), Some("A-1"));
    assert!(holding.is_some(), "it was this reminder's");
    shop.finish().await;
}
