//! Decisions when things go wrong, what they cost, and which rules they follow.

use admin::{Proposal, make_live};
use beckon_domain::DurationMs;
use beckon_rules::{Ruleset, SAMPLE};
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{ChangeKind, DocumentKind, RulesetDocument, TestCount};
use harness::{Faults, Faulty, World};
use serde_json::{Value, json};

type Shop = World<Faulty<MemoryTables>>;

async fn shop() -> (Shop, Faults) {
    let faults = Faults::default();
    (World::on(Faulty::new(MemoryTables::default(), &faults), SAMPLE).await, faults)
}

fn view(by: &str) -> Value {
    json!({ "type": "track", "event": "Product Viewed", "anonymousId": by, "properties": { "product_id": "tent-2p" } })
}

fn login(by: &str, user: &str) -> Value {
    json!({ "type": "identify", "anonymousId": by, "userId": user })
}

fn products(decision: &Value) -> Vec<&str> {
    decision["items"].as_array().unwrap().iter().filter_map(|item| item["productId"].as_str()).collect()
}

#[tokio::test]
async fn a_store_that_fails_costs_the_personal_part_and_never_the_answer() {
    let (mut shop, faults) = shop().await;
    shop.events("pk_local", &[view("anna")]).await;
    let page = json!({ "type": "PRODUCT", "productId": "mug" });
    let decision = shop.decide(&json!({ "anonymousId": "anna" }), &page, "pdp.related").await;
    assert_eq!(decision["reason"]["ruleId"], "tent-accessories");

    faults.set_broken(true);
    // A minute later the rules cannot be read either.
    for _ in 0..2 {
        for slot in ["pdp.related", "home.hero"] {
            let decision = shop.decide(&json!({ "anonymousId": "anna" }), &page, slot).await;
            assert_eq!(decision["reason"], json!({ "code": "ERROR_FALLBACK" }), "{decision}");
            assert_eq!(products(&decision), ["bag-summer", "pack-25", "stove-gas", "tent-2p"]);
            assert_eq!(decision["fallback"], json!({ "used": true, "filled": 4, "reason": "THROTTLED" }));
        }
        shop.pass(DurationMs::from_minutes(1));
    }

    faults.set_broken(false);
    let decision = shop.decide(&json!({ "anonymousId": "anna" }), &page, "pdp.related").await;
    assert_eq!(decision["reason"]["code"], "RULE_MATCH", "as soon as the store is back");
}

#[tokio::test]
async fn a_function_that_never_saw_any_rules_says_when_to_ask_again() {
    let (shop, faults) = shop().await;
    faults.set_broken(true);
    let body = json!({ "anonymousId": "anna", "slots": [{ "id": "home.hero" }] });
    let answer = shop.post("/v1/decisions", "pk_local", &body).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "5"), "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json");
    faults.set_broken(false);
    let answer = shop.post("/v1/decisions", "pk_local", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn a_decision_costs_one_read_and_two_when_the_visitor_is_a_customer_nobody_named() {
    let (mut shop, faults) = shop().await;
    shop.events("pk_local", &[view("anna"), view("ben")]).await;
    shop.events("sk_local", &[login("ben", "u-1")]).await;
    let (stranger, visitor, linked) =
        (json!({}), json!({ "anonymousId": "anna" }), json!({ "anonymousId": "ben" }));
    let named = json!({ "anonymousId": "ben", "userId": "u-1" });
    let cases = [
        ("pk_local", stranger, 0),
        ("pk_local", json!({ "anonymousId": "nobody" }), 1),
        ("pk_local", visitor.clone(), 1),
        ("pk_local", json!({ "anonymousId": "anna", "userId": "u-1" }), 1),
        ("pk_local", linked.clone(), 2),
        ("pk_local", named.clone(), 1),
        ("sk_local", named, 1),
        ("sk_local", json!({ "userId": "u-1" }), 1),
    ];
    for (key, who, expected) in cases {
        let mut body = who.clone();
        body["slots"] = json!([{ "id": "home.hero" }, { "id": "pdp.related" }]);
        body["context"] = json!({ "page": { "type": "PRODUCT", "productId": "mug" } });
        // Best sellers are read beside the profile, and then they are in memory: deciding_best_sellers.rs.
        shop.post("/v1/decisions", key, &body).await;
        let before = faults.calls().len();
        let answer = shop.post("/v1/decisions", key, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let calls = faults.calls().split_off(before);
        let (written, read): (Vec<_>, Vec<_>) = calls.into_iter().partition(|call| *call == "put_decision");
        assert_eq!((read, written.len()), (vec!["load"; expected], 1), "{key} {who}");
    }
    // Reading rules, best sellers and models again costs one more read of each, once, and not for each page; so does the look
    // at the pointers of the catalog and of the session index, for which no page waits.
    shop.pass(DurationMs::from_minutes(1));
    let before = faults.calls().len();
    for who in [&visitor, &linked] {
        shop.decide(who, &json!({}), "home.hero").await;
    }
    let again = ["active_ruleset", "load", "best_sellers", "live_model", "live_model", "load", "load"];
    let mut calls = faults.calls().split_off(before);
    calls.retain(|call| *call != "put_decision");
    assert_eq!(calls, again);
}

async fn rules(shop: &Shop) -> String {
    let body = json!({ "slots": [{ "id": "home.hero" }] });
    let answer = shop.post("/v1/decisions", "pk_local", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["configVersion"].as_str().unwrap().to_owned()
}

async fn activate(shop: &Shop, version: &str, body: &str) {
    let proposal = Proposal {
        of: DocumentKind::Ruleset,
        id: version.to_owned(),
        kind: ChangeKind::Publish,
        document: RulesetDocument { version: version.to_owned(), body: body.to_owned() },
        who: "test".to_owned(),
        by: None,
        note: None,
        tests: TestCount::default(),
        expect: None,
    };
    make_live(&shop.stack.tables, proposal, shop.stack.clock.now()).await.unwrap();
}

#[tokio::test]
async fn new_rules_are_followed_within_30_seconds_and_bad_ones_never() {
    let (shop, _) = shop().await;
    let first = rules(&shop).await;
    assert!(first.starts_with("Outdoor sample@"), "{first}");
    let autumn = SAMPLE.replace("name: Outdoor sample", "name: Autumn");
    let version = Ruleset::parse(&autumn).unwrap().version().to_owned();
    activate(&shop, &version, &autumn).await;
    shop.pass(DurationMs::from_ms(24_999));
    assert_eq!(rules(&shop).await, first, "rules in memory are good for 25 seconds");
    shop.pass(DurationMs::from_ms(1));
    assert_eq!(rules(&shop).await, format!("Autumn@{version}"));

    for (bad_version, bad) in [("b1", "not yaml: ["), ("b2", "version: 1"), ("b3", ""), ("b4", "version: 99")]
    {
        activate(&shop, bad_version, bad).await;
        shop.pass(DurationMs::from_minutes(1));
        assert_eq!(rules(&shop).await, format!("Autumn@{version}"), "{bad:?} replaced good rules");
    }
    activate(&shop, "back", SAMPLE).await;
    shop.pass(DurationMs::from_minutes(1));
    assert_eq!(rules(&shop).await, first, "after bad rules good ones are followed again");
}

/// The profiler and the mailer follow the last good rules too: a cart that was left is still mailed.
#[tokio::test]
async fn bad_rules_do_not_stop_the_mails() {
    let (mut shop, _) = shop().await;
    let mut login = login("anna", "u-1");
    login["traits"] = json!({ "email": "anna@mail.example" });
    login["context"] = json!({ "consent": { "marketing_email": true } });
    shop.events("sk_local", &[login]).await;
    activate(&shop, "bad", "not rules").await;
    shop.pass(DurationMs::from_minutes(1));
    let mut add = view("anna");
    add["event"] = json!("Product Added");
    shop.events("pk_local", &[add]).await;
    shop.pass(DurationMs::from_minutes(15));
    assert_eq!(shop.mailer().await["sent"], 1);
    shop.finish().await;
}
