//! Which index is in memory when.

use super::*;
use beckon_domain::ProductId;
use beckon_recommend::session_knn::{Limits, PastSession, Scoring};
use beckon_store::models::memory::MemoryModels;
use beckon_store::models::model_version;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{ModelStore, TrainingEnd, TrainingRecord};
use std::sync::atomic::{AtomicUsize, Ordering};

const START: Timestamp = Timestamp::from_ms(1_763_805_600_000);

fn packed(products: &str) -> Vec<u8> {
    let products = products.split(' ').map(|id| ProductId::new(id).unwrap()).collect();
    let session = PastSession { products, ended_at: START };
    SessionIndex::build([session], &Limits::default(), Scoring::default()).pack()
}

/// What the stores answer, and how often they were asked.
#[derive(Default)]
struct Scripted {
    live: Mutex<Option<LiveModel>>,
    is_down: Mutex<bool>,
    asked: AtomicUsize,
    read: AtomicUsize,
}

impl Source for Scripted {
    fn live(&self) -> Answer<'_, Option<LiveModel>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = match *self.is_down.lock().unwrap() {
            true => Err(StoreError::new("ask", beckon_store::ErrorKind::Throttled, "it is down")),
            false => Ok(self.live.lock().unwrap().clone()),
        };
        Box::pin(std::future::ready(answer))
    }

    fn bytes<'a>(&'a self, place: &'a ModelPlace) -> Answer<'a, Vec<u8>> {
        self.read.fetch_add(1, Ordering::Relaxed);
        let ModelPlace::Inline(bytes) = place else { panic!("this test keeps them inline") };
        Box::pin(std::future::ready(Ok(bytes.clone())))
    }
}

impl Scripted {
    fn publish(&self, bytes: Vec<u8>, made_at: Timestamp) {
        let (version, place) = (model_version(&bytes), ModelPlace::Inline(bytes));
        *self.live.lock().unwrap() =
            Some(LiveModel { version, made_at, judged_at: made_at, card: String::new(), place });
    }
}

fn scripted() -> (Arc<Scripted>, LiveSessionIndex) {
    let source = Arc::new(Scripted::default());
    let index =
        LiveSessionIndex { source: Some(Arc::clone(&source) as Arc<dyn Source>), ..Default::default() };
    (source, index)
}

async fn page(index: &LiveSessionIndex, now: Timestamp) -> Option<usize> {
    if index.is_due(now) {
        index.read(now).await;
    }
    index.in_memory(now).map(|index| index.product_count())
}

#[tokio::test]
async fn a_newer_index_takes_the_place_of_the_old_one_without_a_restart() {
    let (source, index) = scripted();
    assert_eq!(page(&index, START).await, None, "none was ever made");
    source.publish(packed("tent mat"), START);
    assert_eq!(page(&index, START + DurationMs::from_minutes(9)).await, None, "not asked again so soon");
    let mut now = START + LOOK_AGAIN_AFTER;
    assert_eq!(page(&index, now).await, Some(2));
    source.publish(packed("tent mat stove"), now);
    assert_eq!(page(&index, now).await, Some(2), "the old one serves meanwhile");
    now = now + LOOK_AGAIN_AFTER;
    assert_eq!(page(&index, now).await, Some(3));
    page(&index, now + LOOK_AGAIN_AFTER).await;
    assert_eq!(source.read.load(Ordering::Relaxed), 2, "the same is not read twice");
}

#[tokio::test]
async fn what_is_damaged_or_of_another_version_changes_nothing_and_is_read_once() {
    let (source, index) = scripted();
    source.publish(packed("tent mat"), START);
    page(&index, START).await;
    let mut now = START;
    let mut newer = packed("tent mat stove");
    newer[8] = 2;
    let truncated = packed("tent mat stove")[..100].to_vec();
    for bad in [newer, truncated, b"something else".to_vec()] {
        source.publish(bad, now);
        for _ in 0..2 {
            now = now + LOOK_AGAIN_AFTER;
            assert_eq!(page(&index, now).await, Some(2));
        }
    }
    assert_eq!(source.read.load(Ordering::Relaxed), 4, "the good one and each bad one once");
    source.publish(packed("a b c d"), now);
    assert_eq!(page(&index, now + LOOK_AGAIN_AFTER).await, Some(4), "the next good one is taken");
}

#[tokio::test]
async fn what_is_too_old_is_neither_read_nor_used() {
    let (source, index) = scripted();
    source.publish(packed("tent mat"), START);
    assert_eq!(page(&index, START).await, Some(2));
    let last = START + INDEX_AGE_MAX;
    assert_eq!(page(&index, last).await, Some(2));
    assert_eq!(page(&index, last + DurationMs::from_ms(1)).await, None);
    let (source, index) = scripted();
    source.publish(packed("tent mat"), START);
    assert_eq!(page(&index, last + DurationMs::from_ms(1)).await, None);
    assert_eq!(source.read.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn stores_that_do_not_answer_cost_freshness_and_are_left_alone_for_a_while() {
    let (source, index) = scripted();
    source.publish(packed("tent mat"), START);
    page(&index, START).await;
    *source.is_down.lock().unwrap() = true;
    let now = START + LOOK_AGAIN_AFTER;
    assert_eq!(page(&index, now).await, Some(2));
    assert_eq!(page(&index, now + DurationMs::from_secs(59)).await, Some(2));
    assert_eq!(source.asked.load(Ordering::Relaxed), 2);
    page(&index, now + RETRY_PAUSE).await;
    assert_eq!(source.asked.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_reading_that_was_frozen_is_begun_anew() {
    let (source, index) = scripted();
    source.publish(packed("tent mat"), START);
    assert!(index.is_due(START), "its reading begins, and never ends");
    assert!(!index.is_due(START + DurationMs::from_secs(59)), "one at a time");
    assert_eq!(page(&index, START + READING_MAX).await, Some(2));
}

#[tokio::test]
async fn a_page_begins_a_reading_and_does_not_wait_for_it() {
    let (source, index) = scripted();
    source.publish(packed("tent mat"), START);
    assert!(index.get(START).is_none());
    assert_eq!(source.asked.load(Ordering::Relaxed), 0, "nothing was done yet");
    while index.in_memory(START).is_none() {
        tokio::task::yield_now().await;
    }
    assert!(LiveSessionIndex::default().get(START).is_none());
}

#[tokio::test]
async fn an_index_that_was_published_is_found_behind_its_pointer() {
    let (tables, objects) = (MemoryTables::default(), MemoryModels::default());
    let live = LiveModel {
        version: "v".to_owned(),
        made_at: START,
        judged_at: START,
        card: "{}".to_owned(),
        place: beckon_store::models::keep(&objects, ModelKind::SessionIndex, packed("tent mat"))
            .await
            .unwrap(),
    };
    let record = TrainingRecord {
        number: 1,
        id: "t-1".to_owned(),
        at: START,
        end: TrainingEnd::Published,
        from: None,
        made: Some("v".to_owned()),
        who: "a test".to_owned(),
        reason: String::new(),
        card: "{}".to_owned(),
    };
    tables.record_training(ModelKind::SessionIndex, Some(&live), &record).await.unwrap();
    let index = LiveSessionIndex::reading(tables, objects);
    assert_eq!(page(&index, START).await, Some(2));
}
