//! The shop's story, read as its receivers will read it.

use super::{Action, Shop, ShopProduct, Showing};
use beckon_domain::{DurationMs, Timestamp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn start() -> Timestamp {
    Timestamp::from_ms(1_763_800_000_000)
}

fn products() -> Vec<ShopProduct> {
    (0..40)
        .map(|n| ShopProduct {
            id: format!("SKU-{n}"),
            name: format!("Product {n}"),
            category: format!("category-{}", n % 5),
            price: (n % 7 != 0).then_some(f64::from(n) + 0.99),
            currency: "EUR".to_owned(),
            url: (n % 2 == 0).then(|| format!("https://shop.example/products/{n}?ref=a")),
            accessories: vec![format!("SKU-{}", (n + 1) % 40), "SKU-unknown".to_owned()],
        })
        .collect()
}

fn run(seed: u64, visitors: usize, hours: u64) -> Vec<Action> {
    Shop::new(seed, visitors, products(), start()).until(start() + DurationMs::from_hours(hours))
}

fn events(actions: &[Action]) -> impl Iterator<Item = &Value> {
    actions.iter().filter_map(|action| action.body["batch"].as_array()).flatten()
}

fn named<'a>(actions: &'a [Action], name: &'a str) -> impl Iterator<Item = &'a Value> {
    events(actions).filter(move |event| event["event"] == name)
}

#[test]
fn a_seed_decides_everything_however_often_it_is_asked() {
    let whole = run(7, 20, 2);
    let mut shop = Shop::new(7, 20, products(), start());
    let mut pieces = Vec::new();
    let mut now = start();
    while now < start() + DurationMs::from_hours(2) {
        now = now + DurationMs::from_secs(16);
        pieces.extend(shop.until(now));
    }
    assert!(whole.len() > 500, "{}", whole.len());
    assert_eq!(whole, pieces);
    assert_ne!(whole, run(8, 20, 2));
}

#[test]
fn times_never_go_backwards_and_next_at_keeps_its_word() {
    let mut shop = Shop::new(3, 10, products(), start());
    let mut last = start();
    for _ in 0..2_000 {
        let next = shop.next_at().unwrap();
        let actions = shop.until(next);
        assert!(actions.iter().all(|action| action.at == next));
        assert!(last <= next);
        assert!(shop.until(next).is_empty());
        last = next;
    }
}

#[test]
fn fifty_visitors_buy_leave_remove_and_log_in_within_two_hours() {
    let actions = run(1, 50, 2);
    let carts: BTreeSet<&str> =
        named(&actions, "Product Added").filter_map(|e| e["properties"]["cart_id"].as_str()).collect();
    let bought: BTreeSet<&str> =
        named(&actions, "Order Completed").filter_map(|e| e["properties"]["cart_id"].as_str()).collect();
    let logins: Vec<&Action> = actions.iter().filter(|a| a.path == "/v1/identify").collect();
    let with_mail = logins.iter().filter(|a| a.body["context"]["consent"]["marketing_email"] == true).count();
    assert!(carts.len() >= 50, "{} carts", carts.len());
    assert!(bought.is_subset(&carts) && bought.len() >= 10, "{} bought", bought.len());
    assert!(carts.len() - bought.len() >= 20, "{} left", carts.len() - bought.len());
    assert!(logins.len() >= 20, "{} logins", logins.len());
    assert!(with_mail >= 10 && with_mail < logins.len(), "{with_mail} with mail");
    assert!(named(&actions, "Product Removed").count() >= 5);
    assert!(named(&actions, "Product Dwelled").count() >= 500);
}

#[test]
fn about_a_third_of_the_carts_is_bought_and_most_who_add_log_in() {
    let actions = run(5, 200, 24);
    let mut carts: BTreeMap<&str, (bool, u64)> = BTreeMap::new();
    let mut adders = BTreeSet::new();
    let visitor = |id: &Value| id.as_str().and_then(|id| id.split('-').nth(1)).unwrap().to_owned();
    for event in events(&actions) {
        let cart = event["properties"]["cart_id"].as_str();
        match (event["event"].as_str(), cart) {
            (Some("Product Added"), Some(cart)) => {
                carts.entry(cart).or_default();
                adders.insert(visitor(&event["anonymousId"]));
            }
            (Some("Order Completed"), Some(cart)) => carts.get_mut(cart).unwrap().0 = true,
            _ => {}
        }
    }
    let bought = carts.values().filter(|(bought, _)| *bought).count();
    let percent = bought * 100 / carts.len();
    assert!((28..=40).contains(&percent), "{bought} of {}", carts.len());
    let logins: BTreeSet<String> = actions
        .iter()
        .filter(|a| a.path == "/v1/identify")
        .map(|a| visitor(&a.body["anonymousId"]))
        .collect();
    let percent = logins.len() * 100 / adders.len();
    assert!((50..=70).contains(&percent), "{} of {}", logins.len(), adders.len());
}

#[test]
fn every_body_has_the_ids_that_its_key_demands() {
    let mut message_ids = BTreeSet::new();
    for action in run(2, 50, 3) {
        match action.path {
            "/v1/identify" => {
                assert!(action.secret);
                let n = action.body["userId"].as_str().unwrap().strip_prefix("shopper-").unwrap();
                assert!(action.body["anonymousId"].as_str().unwrap().starts_with(&format!("visitor-{n}-")));
                assert_eq!(action.body["traits"]["email"], format!("shopper-{n}@example.com"));
                assert!(message_ids.insert(action.body["messageId"].to_string()));
            }
            "/v1/decisions" => {
                assert!(!action.secret && action.body["anonymousId"].is_string());
                let page = &action.body["context"]["page"];
                let slot = match page["type"].as_str() {
                    Some("HOME") => "home.hero",
                    Some("PRODUCT") => "pdp.related",
                    _ => "cart.complement",
                };
                assert_eq!(action.body["slots"], serde_json::json!([{ "id": slot }]));
                assert_eq!(page["type"] == "PRODUCT", page["productId"].is_string());
            }
            "/v1/batch" => {
                assert!(!action.secret && action.body["sentAt"].is_string());
                for event in action.body["batch"].as_array().unwrap() {
                    assert!(event["anonymousId"].as_str().unwrap().starts_with("visitor-"), "{event}");
                    assert!(message_ids.insert(event["messageId"].to_string()), "{event}");
                    assert!(event["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
                    assert!(event["context"]["page"]["path"].as_str().unwrap().starts_with('/'));
                    assert!(!event["context"]["page"]["path"].as_str().unwrap().contains('?'));
                }
            }
            other => panic!("unexpected path {other}"),
        }
    }
}

#[test]
fn an_order_adds_up_and_omits_a_total_that_it_cannot_know() {
    let actions = run(4, 100, 12);
    let (mut with, mut without) = (0, 0);
    for order in named(&actions, "Order Completed") {
        let properties = &order["properties"];
        let lines = properties["products"].as_array().unwrap();
        let prices: Option<Vec<f64>> =
            lines.iter().map(|l| Some(l["price"].as_f64()? * l["quantity"].as_f64()?)).collect();
        match prices {
            Some(prices) => {
                with += 1;
                assert!((properties["total"].as_f64().unwrap() - prices.iter().sum::<f64>()).abs() < 0.005);
            }
            None => {
                without += 1;
                assert!(properties.get("total").is_none());
            }
        }
    }
    assert!(with > 10 && without > 0, "{with} {without}");
}

#[test]
fn something_happens_in_the_first_seconds_and_everyone_has_come_after_two_minutes() {
    let mut shop = Shop::new(9, 50, products(), start());
    assert!(!shop.until(start() + DurationMs::from_secs(5)).is_empty());
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut actions = Shop::new(9, 50, products(), start()).until(start() + DurationMs::from_secs(120));
    for action in actions.drain(..).filter(|a| a.path == "/v1/decisions") {
        seen.insert(action.body["anonymousId"].to_string());
    }
    assert_eq!(seen.len(), 50);
}

#[test]
fn some_come_back_with_the_same_browser_and_some_with_another() {
    let actions = run(6, 30, 6);
    let ids: BTreeSet<&str> = events(&actions).filter_map(|e| e["anonymousId"].as_str()).collect();
    assert!(ids.len() > 35 && ids.contains("visitor-1-1"), "{}", ids.len());
    let homes = events(&actions).filter(|e| e["name"] == "Home").count();
    assert!(homes > ids.len(), "{homes} visits of {} browsers", ids.len());
}

#[test]
fn a_run_that_starts_later_does_not_repeat_the_messages_of_the_first() {
    let first: BTreeSet<String> = events(&run(1, 5, 1)).map(|e| e["messageId"].to_string()).collect();
    let later = start() + DurationMs::from_hours(1);
    let second = Shop::new(1, 5, products(), later).until(later + DurationMs::from_hours(1));
    assert!(events(&second).all(|e| !first.contains(&e["messageId"].to_string())));
}

#[test]
fn an_empty_shop_is_quiet() {
    let mut shop = Shop::new(1, 50, Vec::new(), start());
    assert_eq!(shop.next_at(), None);
    assert!(shop.until(start() + DurationMs::from_days(1)).is_empty());
    let mut alone = Shop::new(1, 1, products().into_iter().take(1).collect(), start());
    assert!(alone.until(start() + DurationMs::from_hours(1)).len() > 5);
    let mut end = Shop::new(1, 3, products(), Timestamp::from_ms(i64::MAX));
    assert!(end.until(Timestamp::from_ms(i64::MAX)).len() < 100);
}

/// A run of visitors of whom each page shows `showing` of its slot.
fn run_shown(showing: impl Fn(&str) -> Option<Showing>) -> Vec<Action> {
    let mut shop = Shop::new(11, 100, products(), start());
    let mut actions = Vec::new();
    while let Some(turn) = shop.next(start() + DurationMs::from_hours(6)) {
        for action in turn.actions {
            let slot = action.body["slots"][0]["id"].as_str();
            if let Some(slot) = slot {
                shop.shown(turn.visitor, showing(slot).into_iter().collect());
            }
            actions.push(action);
        }
    }
    actions
}

fn showing(slot: &str, offer: Option<&str>, products: &[&str]) -> Showing {
    Showing {
        decision: format!("d-{slot}"),
        slot: slot.to_owned(),
        rule: Some("r".to_owned()),
        offer: offer.map(str::to_owned),
        products: products.iter().map(|id| ((*id).to_owned(), "similar".to_owned())).collect(),
    }
}

#[test]
fn an_offer_sells_and_is_told_as_seen_and_clicked() {
    let orders = |actions: &[Action]| named(actions, "Order Completed").count();
    let hero = |offer| run_shown(move |slot| (slot == "home.hero").then(|| showing(slot, offer, &["SKU-1"])));
    let (with, without) = (hero(Some("delivery")), hero(None));
    assert!(orders(&with) * 10 > orders(&without) * 13, "{} and {}", orders(&with), orders(&without));
    for action in named(&with, "Decision Viewed").chain(named(&with, "Decision Clicked")) {
        let properties = &action["properties"];
        assert_eq!(properties["decision_id"], "d-home.hero");
        assert_eq!((&properties["rule_id"], &properties["offer_id"]), (&"r".into(), &"delivery".into()));
    }
    assert!(named(&with, "Decision Clicked").count() > 50);
}

#[test]
fn whoever_follows_a_product_looks_at_it_next_and_what_follows_names_the_decision() {
    let actions = run_shown(|slot| (slot == "pdp.related").then(|| showing(slot, None, &["SKU-7"])));
    let events: Vec<&Value> = events(&actions).collect();
    let mut followed = 0;
    for (n, click) in events.iter().enumerate().filter(|(_, event)| event["event"] == "Decision Clicked") {
        let mut later = events[n..].iter().filter(|event| event["anonymousId"] == click["anonymousId"]);
        let viewed = later.find(|event| event["event"] == "Product Viewed").unwrap();
        assert_eq!(viewed["properties"]["product_id"], "SKU-7");
        followed += 1;
    }
    assert!(followed > 100, "{followed}");
    for event in events.iter().filter(|event| event["event"] == "Product Added") {
        let (properties, product) = (&event["properties"], &event["properties"]["product_id"]);
        assert!(properties["decision_id"].is_null() || product == "SKU-7", "{event}");
    }
    let named = |name: &str| {
        events
            .iter()
            .filter(|e| e["event"] == name && e["properties"]["decision_id"] == "d-pdp.related")
            .count()
    };
    assert!(named("Product Added") > 10 && named("Order Completed") > 5);
}

#[test]
fn whoever_waits_does_the_same_later() {
    let told = |shop: &mut Shop, until| -> Vec<_> {
        shop.until(until).iter().map(|action| (action.at, action.path)).collect()
    };
    let (hour, minute) = (DurationMs::from_hours(1), DurationMs::from_minutes(1));
    let (mut prompt, mut late) = (Shop::new(2, 5, products(), start()), Shop::new(2, 5, products(), start()));
    late.wait(minute);
    let later: Vec<_> =
        told(&mut prompt, start() + hour).iter().map(|(at, path)| (*at + minute, *path)).collect();
    assert_eq!(told(&mut late, start() + hour + minute), later);
}
