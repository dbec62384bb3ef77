//! What becomes an index, and what must not.

use super::*;
use crate::history::{Limits as Reading, Period, read};
use beckon_domain::Pepper;
use beckon_domain::id::AnonymousId;
use beckon_runtime::Clock;
use beckon_store::archive::memory::MemoryArchive;
use beckon_store::models::fetch;
use beckon_store::models::memory::MemoryModels;
use beckon_store::tables::ConfigStore;
use beckon_store::tables::memory::MemoryTables;
use serde_json::{Value, json};

/// 2025-11-22T10:00:00Z.
const START_MS: i64 = 1_763_805_600_000;
const MINUTE_MS: i64 = 60_000;

fn key(visitor: &str) -> String {
    let pepper = Pepper::new("1", b"0123456789abcdef").unwrap();
    pepper.anonymous(&AnonymousId::new(visitor).unwrap()).as_str().to_owned()
}

/// A line about a product, so many minutes after the start.
fn line(visitor: &str, event: &str, minute: i64, product: &str) -> Value {
    let at = START_MS + minute * MINUTE_MS;
    let properties = match event {
        "Order Completed" => json!({"products": [{"id": product, "quantity": 1}], "order_id": "o"}),
        _ => json!({"product": {"id": product, "quantity": 1}}),
    };
    json!({"v": 1, "key": key(visitor), "id": format!("{visitor}-{event}-{minute}-{product}"), "source": "web",
        "type": "track", "event": event, "occurred_at": at, "received_at": at, "properties": properties})
}

fn viewed(visitor: &str, minute: i64, product: &str) -> Value {
    line(visitor, "Product Viewed", minute, product)
}

fn archive(lines: &[Value]) -> MemoryArchive {
    let archive = MemoryArchive::default();
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    archive.insert("events/2025/11/22/10/a.jsonl", text.join("\n").into_bytes());
    archive
}

async fn gathered(lines: &[Value]) -> Gathered {
    let clock = Clock::manual(Timestamp::from_ms(START_MS)).0;
    let history = read(&archive(lines), Period::All, Reading::default(), (&clock, None)).await.unwrap();
    assert_eq!(history.bad_line_count, 0, "a line of this test is wrong");
    gather(&history, &Policy::default(), &ConsentDefault::default())
}

fn texts(gathered: &Gathered) -> Vec<String> {
    let text = |session: &PastSession| {
        session.products.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    gathered.sessions.iter().map(text).collect()
}

#[tokio::test]
async fn a_session_is_what_was_looked_at_without_a_long_pause() {
    let lines = [
        viewed("a", 0, "tent"),
        line("a", "Product Added", 1, "tent"),
        viewed("a", 2, "mat"),
        viewed("a", 3, "tent"),
        line("a", "Order Completed", 4, "pump"),
        // 31 minutes later: another session, and one of a single product tells nothing.
        viewed("a", 35, "stove"),
    ];
    let gathered = gathered(&lines).await;
    assert_eq!(texts(&gathered), ["tent mat tent pump"]);
    assert_eq!(gathered.sessions[0].ended_at, Timestamp::from_ms(START_MS + 4 * MINUTE_MS));
}

#[tokio::test]
async fn a_line_that_comes_twice_counts_once_and_order_of_arrival_does_not_count() {
    let (first, second) = (viewed("a", 0, "tent"), viewed("a", 1, "mat"));
    let lines = [second.clone(), first.clone(), second, first];
    assert_eq!(texts(&gathered(&lines).await), ["tent mat"]);
}

#[tokio::test]
async fn who_denied_personalization_is_not_in_it_even_with_what_was_before() {
    let mut denies = viewed("a", 2, "stove");
    denies["consent"] = json!({"personalization": false});
    let lines = [
        viewed("a", 0, "tent"),
        viewed("a", 1, "mat"),
        denies,
        viewed("b", 0, "lamp"),
        viewed("b", 1, "bulb"),
    ];
    let gathered = gathered(&lines).await;
    assert_eq!(texts(&gathered), ["lamp bulb"]);
    assert_eq!(gathered.without_consent, 1);
}

#[tokio::test]
async fn programs_and_whoever_has_too_many_sessions_do_not_fill_it() {
    let mut lines = Vec::new();
    for session in 0..25 {
        lines.push(viewed("mill", session * 32, "spam"));
        lines.push(viewed("mill", session * 32 + 1, "ham"));
    }
    for product in ["x", "y"] {
        let mut robot = viewed("robot", 0, product);
        robot["context"] = json!({"device": "bot"});
        lines.push(robot);
    }
    let gathered = gathered(&lines).await;
    assert_eq!((gathered.sessions.len(), gathered.capped), (SESSIONS_PER_DAY_MAX, 5));
}

fn trainer(lines: &[Value]) -> Trainer<MemoryTables, MemoryArchive, MemoryModels> {
    Trainer {
        tables: MemoryTables::default(),
        archive: archive(lines),
        objects: MemoryModels::default(),
        clock: Clock::manual(Timestamp::from_ms(START_MS + 86_400_000)).0,
        limits: Reading::default(),
        policy: Policy::default(),
        consent_default: ConsentDefault::default(),
    }
}

fn many() -> Vec<Value> {
    let visit = |person: usize| {
        let visitor = format!("v{person}");
        [viewed(&visitor, 0, "tent"), viewed(&visitor, 1, ["mat", "stove"][person % 2])]
    };
    (0..SESSIONS_MIN).flat_map(visit).collect()
}

async fn index_of(trainer: &Trainer<MemoryTables, MemoryArchive, MemoryModels>) -> Report {
    let task = Task { period: Period::All, until: None, who: "a test".to_owned() };
    trainer.run_all(&task).await.unwrap().into_iter().find(|report| report.kind == "session-index").unwrap()
}

#[tokio::test]
async fn an_archive_becomes_an_index_that_is_live_once() {
    let trainer = trainer(&many());
    let report = index_of(&trainer).await;
    assert_eq!((report.end, report.number), ("published", 1));
    let live = trainer.tables.live_model(ModelKind::SessionIndex).await.unwrap().unwrap();
    let index = SessionIndex::unpack(&fetch(&trainer.objects, &live.place).await.unwrap()).unwrap();
    let tent = ProductId::new("tent").unwrap();
    let ranked = index.rank(std::slice::from_ref(&tent), Timestamp::from_ms(START_MS), 2);
    assert_eq!(ranked.iter().map(|scored| scored.product.as_str()).collect::<Vec<_>>(), ["mat", "stove"]);
    let card: Card = serde_json::from_str(&live.card).unwrap();
    assert_eq!((card.sessions, card.products, card.version), (SESSIONS_MIN, 3, live.version));
    assert_eq!(card.until, "2025-11-22T10:01:00.000Z");
    let again = index_of(&trainer).await;
    assert_eq!((again.end, again.number), ("refused", 2), "the same is not made live twice");
}

#[tokio::test]
async fn too_little_makes_none_and_says_so() {
    let trainer = trainer(&many()[2..]);
    let report = index_of(&trainer).await;
    assert_eq!(report.end, "refused");
    assert_eq!(report.reason, "99 sessions of two products or more were read; 100 are needed");
    assert_eq!(trainer.tables.live_model(ModelKind::SessionIndex).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_too_large_is_cut_to_its_newest_sessions_or_not_made() {
    let gathered = gathered(&many()).await;
    let at = Timestamp::from_ms(START_MS);
    let whole = build(gathered.clone(), &Limits::default(), usize::MAX, at).unwrap();
    let cut = build(gathered.clone(), &Limits::default(), whole.bytes.len() - 1, at).unwrap();
    assert!(cut.bytes.len() < whole.bytes.len() && cut.card.sessions < whole.card.sessions);
    assert!(build(gathered, &Limits::default(), 10, at).is_err());
}
