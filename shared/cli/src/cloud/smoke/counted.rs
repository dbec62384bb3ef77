//! Steps behind the profiler and behind the stream: what people do is counted, and every event is archived.

use super::until::until;
use super::world::World;
use crate::error::CliError;
use crate::smoke::Steps;
use crate::smoke::events::event;
use beckon_domain::{Category, DurationMs, ProductId, Timestamp};
use beckon_recommend::popularity::Totals;
use beckon_store::tables::Read;
use beckon_store::tables::catalog::{CatalogStore, ListKey, TrendKey};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A product of the sample, and its category.
const PRODUCT: &str = "pot-set";
const CATEGORY: &str = "cooking";

/// What CatalogTable says of the product.
struct Counted {
    totals: Totals,
    is_best_seller_of_category: bool,
    is_best_seller_of_store: bool,
}

/// Views and an order become a trend, and the product one of the best sellers.
pub(super) async fn count(steps: &mut Steps, world: &World) -> Result<(), CliError> {
    let visitor = world.id("counted");
    let before = counted(world).await?.totals;
    let view =
        |id: &str| world.ago(of_category(event(&visitor, "Product Viewed", PRODUCT)), id, DurationMs::ZERO);
    let order = json!({
        "type": "track", "event": "Order Completed", "anonymousId": visitor,
        "properties": { "order_id": "smoke-counted", "total": 90.0, "currency": "EUR",
                        "products": [{ "product_id": PRODUCT, "category": CATEGORY, "quantity": 2, "price": 45.0 }] },
    });
    let order = world.ago(order, "counted-order", DurationMs::ZERO);
    // The order is told twice, as a library does that got no answer.
    let events = [view("counted-1"), view("counted-2"), order.clone(), order];
    world.events(&world.publishable, &events).await?;
    let seen = until(
        async || counted(world).await,
        |now| {
            now.totals.views >= before.views + 2
                && now.totals.purchases > before.purchases
                && now.is_best_seller_of_category
                && now.is_best_seller_of_store
        },
    )
    .await?;
    let (views, orders) =
        (seen.value.totals.views - before.views, seen.value.totals.purchases - before.purchases);
    // In an emulator nobody else buys.
    let held = seen.held && (!world.is_emulated() || (views, orders) == (2, 1));
    let list = |is: bool| if is { "one of" } else { "not among" };
    let seen_text = format!(
        "{views} views and {orders} order of {PRODUCT}, {} the best sellers of {CATEGORY}, {} the store's, {}",
        list(seen.value.is_best_seller_of_category),
        list(seen.value.is_best_seller_of_store),
        seen.after()
    );
    steps.step("what is viewed and bought is counted, once: the best sellers", held, seen_text);
    Ok(())
}

fn of_category(mut event: Value) -> Value {
    event["properties"]["category"] = json!(CATEGORY);
    event
}

async fn counted(world: &World) -> Result<Counted, CliError> {
    let unusable =
        |e: &dyn std::fmt::Display| CliError::failed(format!("a name of the sample cannot be used: {e}"));
    let product = ProductId::new(PRODUCT).map_err(|e| unusable(&e))?;
    let category = ListKey::Category(Category::new(CATEGORY).map_err(|e| unusable(&e))?);
    let key = TrendKey::Item(product.clone());
    let failed = |e| CliError::caused("CatalogTable could not be read", &e);
    let trends = world.tables.load_trends(std::slice::from_ref(&key), Read::Strong).await.map_err(failed)?;
    let lists = [ListKey::Store, category.clone()];
    let lists = world.tables.best_sellers(&lists, Read::Strong).await.map_err(failed)?;
    let is_in = |key: &ListKey| {
        lists.get(key).is_some_and(|list| list.state.iter().any(|seller| *seller.product() == product))
    };
    Ok(Counted {
        totals: trends.get(&key).map(|trend| trend.state.totals()).unwrap_or_default(),
        is_best_seller_of_category: is_in(&category),
        is_best_seller_of_store: is_in(&ListKey::Store),
    })
}

/// The archive holds what was sent. Firehose waits five minutes for more; emulators do not.
pub(super) async fn archive(steps: &mut Steps, world: &World) -> Result<(), CliError> {
    if !world.is_emulated() || world.deployed.physical("ArchiveStream").is_err() {
        return Ok(());
    }
    let bucket = world.deployed.physical("ArchiveBucket")?;
    let client = world.s3();
    let seen = until(
        async || {
            // The hour may end while this runs.
            let hours = BTreeSet::from([world.began, world.clock.now()].map(hour_of));
            let mut keys = Vec::new();
            for hour in &hours {
                keys.append(&mut world.objects(bucket, hour).await?);
            }
            for key in keys.iter().rev() {
                let object = client.get_object().bucket(bucket).key(key).send().await;
                let object = object.map_err(|e| CliError::caused("the archive could not be read", &e))?;
                let body = object.body.collect().await;
                let body = body.map_err(|e| CliError::caused("the archive could not be read", &e))?;
                if String::from_utf8_lossy(&body.into_bytes()).contains(&world.run) {
                    return Ok(Some(key.clone()));
                }
            }
            Ok(None)
        },
        Option::is_some,
    )
    .await?;
    let key = seen.value.as_deref().unwrap_or("no object of this run");
    steps.step("every event is archived, by the hour", seen.held, format!("{key}, {}", seen.after()));
    Ok(())
}

/// Where the archive keeps what arrived in the hour of an instant.
fn hour_of(at: Timestamp) -> String {
    let text = beckon_wire::format_time(at);
    let (date, time) = text.split_once('T').unwrap_or((text.as_str(), ""));
    format!("events/{}/{}/", date.replace('-', "/"), time.get(..2).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_the_archive_is_named_as_the_template_names_it() {
        assert_eq!(hour_of(Timestamp::from_ms(1_763_800_000_000)), "events/2025/11/22/08/");
    }
}
