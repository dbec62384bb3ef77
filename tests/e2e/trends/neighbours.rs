//! What is looked at together becomes neighbours.

use super::{item, totals};
use beckon_domain::{DurationMs, ProductId};
use beckon_store::tables::{CatalogStore, Read};
use harness::World;
use harness::events::Teller;
use harness::world::START;
use serde_json::json;

async fn neighbours<T: CatalogStore>(tables: &T, name: &str) -> Vec<String> {
    let of = ProductId::new(name).unwrap();
    let found = tables.neighbours(std::slice::from_ref(&of), Read::Strong).await.unwrap().remove(&of);
    found.iter().flat_map(|list| list.iter()).map(|one| one.product().to_string()).collect()
}

#[tokio::test]
async fn what_is_looked_at_in_one_session_becomes_neighbours_and_a_retry_changes_nothing() {
    let mut world = World::memory().await;
    let mut teller = Teller::new(START);
    let mut view = |product: &str, time: &str, by: &str| {
        teller.event(&json!({ "view": product, "by": by, "time": time, "id": format!("{by}-{product}") }))
    };
    let views = [
        view("tent-2p", "1s", "anna"),
        view("mug", "2s", "anna"),
        view("mat-air", "3s", "ben"),
        view("tent-2p", "4s", "ben"),
        view("pot-set", "2h", "ben"),
    ];
    world.at(DurationMs::from_hours(2));
    world.collect("pk_local", &views).await;
    world.collect("pk_local", &views).await;
    world.drain().await;
    let tables = &world.stack.tables;
    assert_eq!(neighbours(tables, "tent-2p").await, ["mug", "mat-air"], "what came next weighs more");
    assert_eq!(neighbours(tables, "mug").await, ["tent-2p"]);
    assert_eq!(neighbours(tables, "mat-air").await, ["tent-2p"]);
    assert_eq!(neighbours(tables, "pot-set").await, Vec::<String>::new(), "another session");
    assert_eq!(totals(tables, item("tent-2p")).await.nexts, 1);
    let signals = world.signal_conservation().await;
    assert_eq!((signals.put, signals.counted), (7, 7), "five views, and two of what came next");
}
