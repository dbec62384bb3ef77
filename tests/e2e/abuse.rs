//! What strangers can do with a publishable key, and what they cannot: floods, prices, purchases.

use crate::mailing::{MINUTE, Shop, left_cart};
use beckon_domain::profile::Profile;
use beckon_domain::{DurationMs, Money, ProfileKey};
use beckon_store::tables::{ProfileStore, Read};
use collector::{Guard, PagePurchases, Rates};
use harness::World;
use serde_json::{Value, json};

fn guarded(mut shop: Shop, guard: Guard) -> Shop {
    shop.stack = shop.stack.with_guard(guard);
    shop
}

async fn stored(shop: &Shop, key: &ProfileKey) -> Profile {
    let found = shop.stack.tables.load(std::slice::from_ref(key), Read::Strong).await.unwrap();
    found[key].profile.clone()
}

fn order(id: &str, total: f64) -> Value {
    let properties = json!({ "order_id": "A-1", "total": total, "currency": "EUR",
        "products": [{ "product_id": "mug", "quantity": 1 }] });
    json!({ "type": "track", "event": "Order Completed", "messageId": id, "anonymousId": "anna", "properties": properties })
}

#[tokio::test]
async fn a_pages_purchase_stops_the_reminder_and_counts_once_the_server_tells_of_it() {
    let mut shop = guarded(left_cart().await, Guard::new(Rates::NONE, PagePurchases::Unconfirmed));
    let customer = shop.customer("u-1");
    let told = shop.events("pk_local", &[order("order-1", 999_999.0)]).await;
    assert_eq!(told["warnings"][0]["code"], "order.unconfirmed");
    shop.drain().await;
    shop.pass(MINUTE);
    assert_eq!(shop.mailer().await["sent"], 0, "who may have bought is not reminded");
    let profile = stored(&shop, &customer).await;
    assert_eq!((profile.counts.orders, profile.orders.totals(), profile.cart.lines.len()), (0, &[][..], 0));
    shop.events("sk_local", &[order("order-1", 90.0)]).await;
    shop.drain().await;
    let profile = stored(&shop, &customer).await;
    assert_eq!(
        (profile.counts.orders, profile.orders.totals()),
        (1, &[Money::parse("90.00 EUR").unwrap()][..])
    );
    shop.finish().await;
}

#[tokio::test]
async fn a_flood_of_one_visitor_is_held_up_and_the_shop_goes_on() {
    let mut shop = guarded(World::memory().await, Guard::default());
    let pages = |visitor: &str, from: usize, count: usize| -> Vec<Value> {
        let page =
            |n| json!({ "type": "page", "anonymousId": visitor, "messageId": format!("{visitor}-{n}") });
        (from..from + count).map(page).collect()
    };
    let mut taken = 0;
    for second in 0..30 {
        for part in 0..2 {
            let answer = shop.collect("pk_local", &pages("bot", second * 1_000 + part * 500, 500)).await;
            taken += if answer.status == 200 { 500 } else { 0 };
            assert!(answer.status == 200 || !answer.header("retry-after").is_empty(), "{}", answer.text());
        }
        assert_eq!(shop.collect("pk_local", &pages("someone", second, 1)).await.status, 200);
        shop.pass(DurationMs::from_secs(1));
    }
    assert_eq!(taken, 1_000, "of 30,000: 500 at once, and 500 when these were made good at 20 a second");
    shop.drain().await;
    assert_eq!(stored(&shop, &shop.visitor("bot")).await.counts.pages, 1_000);
    assert_eq!(stored(&shop, &shop.visitor("someone")).await.counts.pages, 30);
    shop.finish().await;
}
