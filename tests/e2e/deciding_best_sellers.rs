//! Live best sellers in decisions: what they cost, how fresh they are, and what a table that fails costs.

use beckon_domain::DurationMs;
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::tables::memory::MemoryTables;
use beckon_wire::auth::Credentials;
use decisions::{BestSellerLists, Browser, Decider, LIST_AGE_MAX};
use harness::{Fault, Faults, Faulty, World};
use serde_json::{Value, json};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

type Shop = World<MemoryTables>;

/// A decisions function of its own on the shop's tables, with its own memory and faults.
fn decider(shop: &Shop, lists: &BestSellerLists, faults: &Faults) -> Decider<Faulty<MemoryTables>> {
    let tables = Faulty::new(shop.stack.tables.clone(), faults);
    let (secrets, clock) = (shop.stack.secrets.clone(), shop.stack.clock.clone());
    Decider { best_sellers: lists.clone(), ..Decider::new(tables, ActiveRuleset::default(), secrets, clock) }
}

fn request(page: &Value) -> Vec<u8> {
    let body =
        json!({ "anonymousId": "anna", "context": { "page": page }, "slots": [{ "id": "home.hero" }] });
    body.to_string().into_bytes()
}

/// The products that a stranger is shown.
async fn shown(decider: &Decider<Faulty<MemoryTables>>, page: &Value) -> Vec<String> {
    let answer = decider
        .decide(&request(page), &Credentials::of_key("pk_local"), Browser::default(), "r")
        .await
        .unwrap();
    answer.decisions[0].items.iter().flatten().map(|item| item.product_id.clone()).collect()
}

async fn orders(shop: &mut Shop, product: &str) {
    let order = json!({ "type": "track", "event": "Order Completed", "anonymousId": "ben",
                        "properties": { "products": [{ "product_id": product, "category": "tents" }] } });
    shop.events("pk_local", &[order]).await;
}

const LISTED: [&str; 4] = ["mug", "bag-summer", "pack-25", "stove-gas"];

#[tokio::test]
async fn the_lists_are_read_beside_profile_and_rules_and_once_a_minute() {
    let shop = World::memory().await;
    let faults = Faults::default();
    let decider = decider(&shop, &BestSellerLists::default(), &faults);
    let page = json!({ "type": "CATEGORY", "category": "tents" });
    {
        let body = request(&page);
        let credentials = Credentials::of_key("pk_local");
        let mut cold = pin!(decider.decide(&body, &credentials, Browser::default(), "r"));
        let first = cold.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(first, Poll::Pending), "every call lets others run first");
        let together = ["active_ruleset", "load", "best_sellers", "live_model"];
        assert_eq!(faults.calls(), together, "one round trip, cold");
        cold.await.unwrap();
    }
    assert_eq!(faults.calls().len(), 4, "and no second one");
    // From now on the rules are in memory for 30 seconds, and the lists for a minute.
    shown(&decider, &page).await;
    shop.pass(DurationMs::from_ms(LIST_AGE_MAX.as_ms() - 1));
    shown(&decider, &page).await;
    assert_eq!(faults.calls()[4..], ["load", "active_ruleset", "load"]);
    shop.pass(DurationMs::from_ms(1));
    shown(&decider, &page).await;
    assert_eq!(faults.calls()[7..], ["load", "best_sellers", "live_model"]);
}

#[tokio::test]
async fn the_category_of_the_pages_product_is_told_by_the_rules_in_memory() {
    let mut shop = World::memory().await;
    orders(&mut shop, "tarp").await;
    let faults = Faults::default();
    let decider = decider(&shop, &BestSellerLists::default(), &faults);
    let page = json!({ "type": "PRODUCT", "productId": "tent-2p" });
    let sources = async || {
        let answer = decider
            .decide(&request(&page), &Credentials::of_key("pk_local"), Browser::default(), "r")
            .await
            .unwrap();
        answer.decisions[0].items.iter().flatten().map(|item| item.source).take(1).collect::<Vec<_>>()
    };
    assert_eq!(
        sources().await,
        ["store_best_seller"],
        "without rules in memory nobody knows the category yet"
    );
    assert_eq!(sources().await, ["category_best_seller"]);
    assert_eq!(faults.calls()[4..], ["load", "best_sellers"], "read beside the profile, not after it");
}

#[tokio::test]
async fn a_catalog_that_cannot_be_read_costs_freshness_and_is_left_alone_for_a_moment() {
    let mut shop = World::memory().await;
    orders(&mut shop, "tarp").await;
    let lists = BestSellerLists::default();
    // Without a list in memory the slot's own serves.
    let faults = Faults::at(3, Fault::Lost);
    let cold = decider(&shop, &lists, &faults);
    assert_eq!(shown(&cold, &json!({})).await, LISTED);
    assert!(faults.struck() && faults.calls()[2] == "best_sellers");
    shown(&cold, &json!({})).await;
    assert_eq!(faults.calls()[4..], ["load"], "a page does not wait for a table that has just failed");
    shop.pass(DurationMs::from_secs(5));
    let live = ["tarp", "mug", "bag-summer", "pack-25"];
    assert_eq!(shown(&cold, &json!({})).await, live);

    // A list in memory goes on serving, however old.
    shop.pass(DurationMs::from_hours(1));
    let faults = Faults::at(3, Fault::Lost);
    assert_eq!(shown(&decider(&shop, &lists, &faults), &json!({})).await, live);
    assert!(faults.struck() && faults.calls()[2] == "best_sellers");
}

#[tokio::test]
async fn pages_may_name_any_category_and_memory_stays_bounded() {
    let shop = World::memory().await;
    let faults = Faults::default();
    let decider = decider(&shop, &BestSellerLists::default(), &faults);
    let reads = || faults.calls().iter().filter(|call| **call == "best_sellers").count();
    let of = |n: usize| json!({ "type": "CATEGORY", "category": format!("c-{n}") });
    for n in 0..600 {
        shop.pass(DurationMs::from_ms(1));
        shown(&decider, &of(n)).await;
    }
    let before = reads();
    assert_eq!(before, 600, "each category is read once, the store's list with the first");
    shown(&decider, &of(599)).await;
    assert_eq!(reads(), before, "the newest is in memory");
    shown(&decider, &of(0)).await;
    assert_eq!(reads(), before + 1, "the oldest made room");
}
