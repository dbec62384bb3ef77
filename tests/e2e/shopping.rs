//! The synthetic shop's own experiments, from what its visitors do to what the reports say of it.

use axum::body::Body;
use axum::http::Request;
use beckon_cli::shop::{DECISIONS, Shop, ShopProduct, Showing};
use beckon_domain::DurationMs;
use beckon_rules::{Ruleset, SAMPLE, SHOP_EXPERIMENTS};
use beckon_store::tables::memory::MemoryTables;
use harness::World;
use harness::world::START;
use serde_json::Value;

/// Visitors, and for how long: enough for a verdict, as `serve --shop 500 --speed 100` comes to within minutes.
const VISITORS: usize = 300;
const HOURS: u64 = 4;
/// The stream is read this often, in the shop's time.
const READ_EVERY: DurationMs = DurationMs::from_secs(20);

fn products() -> Vec<ShopProduct> {
    Ruleset::parse(SAMPLE).unwrap().products().iter().map(ShopProduct::from).collect()
}

async fn visited() -> World<MemoryTables> {
    let mut world = World::memory().await;
    world.publish_experiments(SHOP_EXPERIMENTS).await;
    let mut shop = Shop::new(1, VISITORS, products(), START);
    let mut read_at = START;
    while let Some(turn) = shop.next(START + DurationMs::from_hours(HOURS)) {
        for action in &turn.actions {
            if action.at > read_at + READ_EVERY {
                read_at = action.at;
                world.drain().await;
            }
            world.at(action.at.since(START));
            let key = if action.secret { "sk_local" } else { "pk_local" };
            if action.path == DECISIONS {
                let answer = world.post(action.path, key, &action.body).await;
                shop.shown(turn.visitor, Showing::of_answer(&answer.json()));
            } else {
                assert_eq!(world.capture(action.path, key, &action.body).await.status, 200);
            }
        }
    }
    world.drain().await;
    world
}

async fn report(world: &World<MemoryTables>, of: &str) -> Value {
    let request =
        Request::get(format!("/admin/v1/reports/{of}")).header("authorization", "Basic c2tfbG9jYWw6");
    world.request(request.body(Body::empty()).unwrap()).await.json()
}

#[tokio::test]
async fn the_offer_wins_and_two_variants_alike_do_not() {
    let world = visited().await;
    let [hero, aa] = ["hero-offer", "aa"].map(|id| format!("experiments/{id}"));
    let (hero, aa) = (report(&world, &hero).await, report(&world, &aa).await);
    let verdict = |report: &Value| report["verdict"].as_str().unwrap_or_default().to_owned();
    assert!(verdict(&hero).starts_with("offer does better"), "{hero:#}");
    assert!(verdict(&aa).contains("no difference seen"), "{aa:#}");
    for report in [&hero, &aa] {
        assert_eq!(report["sampleRatio"]["warning"], false, "{report:#}");
    }
    let engagement = report(&world, "engagement?by=offer").await;
    let offer =
        engagement["groups"].as_array().unwrap().iter().find(|g| g["key"] == "members-delivery").unwrap();
    let [views, clicks] = ["views", "clicks"].map(|name| offer[name].as_u64().unwrap());
    assert!(clicks > 50 && views > 2 * clicks, "{offer:#}");
}
