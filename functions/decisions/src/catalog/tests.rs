use super::*;
use beckon_domain::catalog::FactsSource;
use beckon_domain::{ProductFacts, ProductId};
use beckon_store::catalog::{Publication, publish};
use beckon_store::models::memory::MemoryModels;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{ModelPlace, ModelStore, ProductStore, TrainingEnd, TrainingRecord};

const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);

async fn tell(tables: &MemoryTables, id: &str) {
    let id = ProductId::new(id).unwrap();
    let facts = ProductFacts::new(id, "A product", NOW, FactsSource::Feed);
    tables.put_product(&facts).await.unwrap();
}

async fn published(tables: &MemoryTables, models: &MemoryModels, at: Timestamp) -> String {
    let publication = Publication { id: &at.as_ms().to_string(), who: "test", at };
    publish(tables, models, publication).await.unwrap().unwrap().version
}

fn ids(catalog: &LiveCatalog) -> Vec<String> {
    let snapshot = catalog.lock().snapshot.clone();
    snapshot.iter().flat_map(|s| s.iter().map(|e| e.id().to_string()).collect::<Vec<_>>()).collect()
}

/// Lets what was spawned run: memory answers at once.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_newer_catalog_is_followed_within_the_stated_time_and_nobody_waits_for_it() {
    let (tables, models) = (MemoryTables::default(), MemoryModels::default());
    let catalog = LiveCatalog::reading(tables.clone(), models.clone());
    catalog.read(NOW).await;
    assert_eq!(catalog.lock().snapshot.clone(), None, "nothing was ever published");
    tell(&tables, "mug").await;
    published(&tables, &models, NOW).await;
    let _ = catalog.get(NOW + DurationMs::from_secs(59));
    settle().await;
    assert_eq!(catalog.lock().snapshot.clone(), None, "it was looked for a moment ago");
    let _ = catalog.get(NOW + CATALOG_CHECK_PAUSE);
    settle().await;
    assert_eq!(ids(&catalog), ["mug"]);
    tell(&tables, "lamp").await;
    published(&tables, &models, NOW + DurationMs::from_secs(61)).await;
    catalog.read(NOW + DurationMs::from_minutes(3)).await;
    assert_eq!(ids(&catalog), ["lamp", "mug"]);
    assert!(
        catalog.lock().snapshot.clone().unwrap().age(NOW + DurationMs::from_minutes(3))
            < DurationMs::from_minutes(3)
    );
}

#[tokio::test]
async fn a_catalog_that_cannot_be_used_leaves_the_last_good_one() {
    let (tables, models) = (MemoryTables::default(), MemoryModels::default());
    tell(&tables, "mug").await;
    let good = published(&tables, &models, NOW).await;
    let catalog = LiveCatalog::reading(tables.clone(), models.clone());
    catalog.read(NOW).await;
    let minute = DurationMs::from_minutes(1);
    for (number, bad) in [vec![], b"no snapshot".to_vec()].into_iter().enumerate() {
        let version = format!("bad{number}");
        let live = LiveModel {
            version: version.clone(),
            made_at: NOW,
            judged_at: NOW,
            card: "{}".to_owned(),
            place: ModelPlace::Inline(bad),
        };
        let record = TrainingRecord {
            number: 2 + number as u64,
            id: version.clone(),
            at: NOW,
            end: TrainingEnd::Published,
            from: Some(good.clone()),
            made: Some(version),
            who: "test".to_owned(),
            reason: String::new(),
            card: String::new(),
        };
        tables.record_training(ModelKind::Catalog, Some(&live), &record).await.unwrap();
        catalog.read(NOW + minute).await;
        catalog.read(NOW + minute + minute).await;
        assert_eq!(ids(&catalog), ["mug"]);
    }
    let empty = LiveCatalog::default();
    empty.read(NOW).await;
    assert_eq!(empty.get(NOW), None, "without a place there is never a catalog");
}
