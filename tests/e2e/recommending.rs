//! What is learned from the stream reaches a page: for whom, how soon, and at what cost.

use beckon_cli::shop::{Shop, ShopProduct};
use beckon_domain::DurationMs;
use beckon_rules::{Ruleset, SAMPLE};
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::tables::memory::MemoryTables;
use beckon_wire::auth::Credentials;
use decisions::{Browser, Decider};
use harness::world::START;
use harness::{Faults, Faulty, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// What a product costs, in the shop's currency.
const PRODUCTS: [(&str, &str); 12] = [
    ("tent-2p", "tents"),
    ("tent-4p", "tents"),
    ("tarp", "tents"),
    ("bag-summer", "sleeping"),
    ("bag-winter", "sleeping"),
    ("mat-air", "sleeping"),
    ("pack-25", "backpacks"),
    ("pack-50", "backpacks"),
    ("rain-cover", "backpacks"),
    ("stove-gas", "cooking"),
    ("pot-set", "cooking"),
    ("mug", "cooking"),
];

fn products() -> Vec<ShopProduct> {
    let sold = Ruleset::parse(SAMPLE).unwrap();
    let product = |(id, category): (&str, &str)| ShopProduct {
        id: id.to_owned(),
        name: id.to_owned(),
        category: category.to_owned(),
        price: None,
        currency: "EUR".to_owned(),
        url: None,
        accessories: sold.product(id).unwrap().accessories.iter().map(|id| id.as_str().to_owned()).collect(),
    };
    PRODUCTS.into_iter().map(product).collect()
}

/// The sample shop after its visitors have walked through it for two hours.
async fn visited(visitors: usize) -> World<MemoryTables> {
    let mut shop = World::memory().await;
    let until = START + DurationMs::from_hours(2);
    for action in Shop::new(1, visitors, products(), START).until(until) {
        shop.at(action.at.since(START));
        let key = if action.secret { "sk_local" } else { "pk_local" };
        let answer = shop.capture(action.path, key, &action.body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    shop.at(DurationMs::from_hours(2));
    shop.drain().await;
    shop
}

fn view(visitor: &str, product: &str) -> Value {
    let category = PRODUCTS.iter().find(|(id, _)| *id == product).unwrap().1;
    json!({ "type": "track", "event": "Product Viewed", "anonymousId": visitor,
            "properties": { "product_id": product, "category": category } })
}

fn items(decision: &Value) -> Vec<(String, String)> {
    let items = decision["items"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items.map(|item| (text(&item["productId"]), text(&item["source"]))).collect()
}

#[tokio::test]
async fn two_clicks_shape_a_new_visitors_third_decision() {
    let mut shop = visited(200).await;
    let who = |visitor: &str| json!({ "anonymousId": visitor });
    let home = json!({ "type": "HOME" });
    let mut third: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
    for (visitor, clicks) in [("cooks", ["stove-gas", "pot-set"]), ("sleeps", ["bag-summer", "mat-air"])] {
        let first = shop.decide(&who(visitor), &home, "home.for-you").await;
        assert_eq!(first["reason"]["code"], "NO_PROFILE");
        for product in clicks {
            shop.pass(DurationMs::from_secs(20));
            shop.events("pk_local", &[view(visitor, product)]).await;
        }
        let decision = shop.decide(&who(visitor), &home, "home.for-you").await;
        assert_eq!(decision["reason"]["ruleId"], "for-you");
        let shown = items(&decision);
        assert_eq!(shown.len(), 4, "as many as the slot asks for: {shown:?}");
        assert!(shown.iter().all(|(_, source)| source == "for_you"), "{shown:?}");
        assert_ne!(items(&first), shown);
        third.insert(visitor, shown);
    }
    // What people who look at stoves look at next is not what people who look at sleeping bags do.
    let of = |visitor: &str, category: &str| {
        let is_in = |id: &str| PRODUCTS.contains(&(id, category));
        third[visitor].iter().filter(|(id, _)| is_in(id)).count()
    };
    assert!(of("cooks", "cooking") > of("sleeps", "cooking"), "{third:?}");
    assert!(of("sleeps", "sleeping") > of("cooks", "sleeping"), "{third:?}");
}

#[tokio::test]
async fn a_product_page_shows_a_stranger_what_others_look_at_too_and_a_cart_what_they_buy_too() {
    let mut shop = visited(200).await;
    let page = json!({ "type": "PRODUCT", "productId": "tent-2p" });
    let shown = items(&shop.decide(&json!({ "anonymousId": "new" }), &page, "pdp.similar").await);
    assert!(
        shown.len() == 4 && shown.iter().all(|(id, source)| source == "similar" && id != "tent-2p"),
        "{shown:?}"
    );

    let order = |visitor: &str| {
        json!({ "type": "track", "event": "Order Completed", "anonymousId": visitor,
                "properties": { "products": [{ "product_id": "tarp" }, { "product_id": "bag-winter" }] } })
    };
    for visitor in ["a", "b", "c"] {
        shop.events("pk_local", &[order(visitor)]).await;
    }
    let add = json!({ "type": "track", "event": "Product Added", "anonymousId": "new",
                      "properties": { "product_id": "tarp", "category": "tents" } });
    shop.events("pk_local", &[add]).await;
    let cart = json!({ "type": "CART" });
    let decision = shop.decide(&json!({ "anonymousId": "new" }), &cart, "cart.complement").await;
    let bought_too = ("bag-winter".to_owned(), "cart_complement".to_owned());
    assert!(items(&decision).contains(&bought_too), "{decision}");
}

/// How many times a decision waited for the tables: what is asked together is one time.
async fn round_trips(
    decider: &Decider<Faulty<MemoryTables>>,
    faults: &Faults,
    body: &Value,
) -> Vec<Vec<&'static str>> {
    let bytes = body.to_string().into_bytes();
    let credentials = Credentials::of_key("pk_local");
    let mut deciding = pin!(decider.decide(&bytes, &credentials, Browser::default(), "r"));
    let (mut rounds, mut seen) = (Vec::new(), faults.calls().len());
    loop {
        let polled = deciding.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let calls = faults.calls();
        if calls.len() > seen {
            rounds.push(calls[seen..].to_vec());
            seen = calls.len();
        }
        if let Poll::Ready(answer) = polled {
            assert_eq!(answer.unwrap().decisions[0].items.as_ref().unwrap().len(), 4);
            return rounds;
        }
    }
}

#[tokio::test]
async fn a_decision_waits_once_for_the_tables_and_twice_when_it_must_know_who_it_is_first() {
    let mut shop = visited(30).await;
    for product in ["tent-2p", "mug"] {
        shop.events("pk_local", &[view("anna", product)]).await;
    }
    let faults = Faults::default();
    let tables = Faulty::new(shop.stack.tables.clone(), &faults);
    let (secrets, clock) = (shop.stack.secrets.clone(), shop.stack.clock.clone());
    let decider = Decider::new(tables, ActiveRuleset::default(), secrets, clock);
    decider.rulesets.get(&decider.tables, shop.stack.clock.now()).await.unwrap();
    let ask = |slot: &str, page: Value| json!({ "anonymousId": "anna", "context": { "page": page }, "slots": [{ "id": slot }] });

    // The page names its product: everything at once.
    let page = json!({ "type": "PRODUCT", "productId": "tarp" });
    let rounds = round_trips(&decider, &faults, &ask("pdp.related", page.clone())).await;
    assert_eq!(
        rounds,
        [["load", "best_sellers", "live_model"]],
        "a slot that asks for nothing learned reads nothing of it"
    );
    let rounds = round_trips(&decider, &faults, &ask("home.for-you", page.clone())).await;
    assert_eq!(
        rounds,
        [vec!["load", "load_trends"], vec!["load_trends"]],
        "the way is known after the profile"
    );
    let rounds = round_trips(&decider, &faults, &ask("home.for-you", page)).await;
    assert_eq!(rounds, [["load"]], "and its products are in memory from then on");

    // A visitor who is somebody: the customer is read in the second round, and what they looked at must be in memory.
    let linked = json!({ "type": "identify", "anonymousId": "anna", "userId": "anna@home" });
    shop.events(
        "sk_local",
        &[
            linked,
            json!({ "type": "track", "event": "Product Viewed", "userId": "anna@home",
        "properties": { "product_id": "rain-cover", "category": "backpacks" } }),
        ],
    )
    .await;
    shop.pass(DurationMs::from_secs(61));
    decider.rulesets.get(&decider.tables, shop.stack.clock.now()).await.unwrap();
    let rounds = round_trips(&decider, &faults, &ask("home.for-you", json!({ "type": "HOME" }))).await;
    assert_eq!(rounds.len(), 2, "{rounds:?}");
}
