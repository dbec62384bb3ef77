//! The trainer over an archive: what it publishes decides, what is worse or broken does not, and no fault leaves a half.

use beckon_domain::consent::ConsentDefault;
use beckon_domain::id::AnonymousId;
use beckon_domain::{DurationMs, Pepper, Policy, Timestamp};
use beckon_rules::SAMPLE;
use beckon_runtime::Clock;
use beckon_store::archive::day_prefix;
use beckon_store::archive::memory::MemoryArchive;
use beckon_store::models::memory::MemoryModels;
use beckon_store::models::model_version;
use beckon_store::propensity::{ActivePropensity, MODEL_AGE_MAX, UNCONFIRMED_MAX};
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{
    ConfigStore, LiveModel, ModelKind, ModelPlace, ModelStore, TrainingEnd, TrainingRecord,
};
use harness::{Fault, Faults, Faulty, World, world::START};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use trainer::{Limits, Period, Report, Task, Trainer, TrainerError};

const KIND: ModelKind = ModelKind::Propensity;
const DAYS: u32 = 28;

fn line(who: &str, id: usize, event: &str, at: Timestamp, product: usize) -> String {
    let product =
        json!({ "id": format!("p{}", product % 40), "category": format!("c{}", product % 5), "quantity": 1 });
    let properties = if event == "Order Completed" {
        json!({ "products": [product] })
    } else {
        json!({ "product": product })
    };
    let key = Pepper::new("1", b"0123456789abcdef").unwrap().anonymous(&AnonymousId::new(who).unwrap());
    json!({
        "v": 1, "key": key.as_str(), "id": format!("{who}-{id}"), "source": "web", "type": "track", "event": event,
        "occurred_at": at.as_ms(), "received_at": at.as_ms() + 40, "properties": properties,
    })
    .to_string()
}

/// Three weeks of visits before the world begins; who puts something into the cart buys more often. By day, as lines.
fn visits(count: usize) -> BTreeMap<String, Vec<String>> {
    let mut days: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for n in 0..count {
        let began =
            START - DurationMs::from_days(21) + DurationMs::from_minutes(n as u64 * 30_000 / count as u64);
        let wants = n % 3 == 0;
        let buys = if wants { n % 2 == 0 } else { n % 13 == 0 };
        let second = if wants { "Product Added" } else { "Product Viewed" };
        let last = if buys { "Order Completed" } else { "Product Viewed" };
        for (index, event) in ["Product Viewed", second, "Product Viewed", last].into_iter().enumerate() {
            let at = began + DurationMs::from_minutes(index as u64);
            days.entry(day_prefix(at)).or_default().push(line(&format!("v{n}"), index, event, at, n + index));
        }
    }
    days
}

fn archive(days: &BTreeMap<String, Vec<String>>) -> MemoryArchive {
    let archive = MemoryArchive::default();
    for (day, lines) in days {
        archive.insert(&format!("{day}00/a.jsonl"), lines.join("\n").into_bytes());
    }
    archive
}

fn trainer<T>(tables: T, archive: MemoryArchive, clock: Clock) -> Trainer<T, MemoryArchive, MemoryModels> {
    let (objects, consent_default) = (MemoryModels::default(), ConsentDefault::default());
    let (limits, policy) = (Limits::default(), Policy::default());
    Trainer { tables, archive, objects, clock, limits, policy, consent_default }
}

async fn train<T: ModelStore>(
    trainer: &Trainer<T, MemoryArchive, MemoryModels>,
) -> Result<Report, TrainerError> {
    let period = Period::Days(trainer.clock.now(), DAYS);
    trainer.run(&Task { period, until: None, who: "trainer".to_owned() }).await
}

#[tokio::test]
async fn what_the_archive_teaches_decides_and_is_told_to_the_shops_server_alone() {
    let mut shop = World::on(MemoryTables::default(), SAMPLE).await;
    let trainer = trainer(shop.stack.tables.clone(), archive(&visits(1_500)), shop.stack.clock.clone());
    let report = train(&trainer).await.unwrap();
    assert_eq!((report.end, report.number), ("published", 1), "{}", report.reason);

    let event = |name: &str| {
        json!({ "type": "track", "event": name, "anonymousId": "anna",
                                     "properties": { "product_id": "tent-2p" } })
    };
    let ask =
        json!({ "anonymousId": "anna", "slots": [{ "id": "home.hero" }], "options": { "propensity": true } });
    let stranger = shop.post("/v1/decisions", "sk_local", &ask).await;
    assert_eq!(stranger.json()["propensity"], Value::Null, "nothing is known of a stranger");
    shop.events("pk_local", &[event("Product Viewed")]).await;
    let before = shop.post("/v1/decisions", "sk_local", &ask).await.json()["propensity"].clone();
    shop.events("pk_local", &[event("Product Added"), event("Product Viewed")]).await;
    let after = shop.post("/v1/decisions", "sk_local", &ask).await.json()["propensity"].clone();
    assert_eq!(after["modelVersion"], json!(report.made));
    let score = |told: &Value| told["score"].as_f64().unwrap();
    assert!(score(&after) > score(&before), "{before} and {after}: the cart says something");

    let refused = shop.post("/v1/decisions", "pk_local", &ask).await;
    assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (403, &json!("propensity.secret")));
    let quiet = json!({ "anonymousId": "anna", "slots": [{ "id": "home.hero" }] });
    assert_eq!(shop.post("/v1/decisions", "sk_local", &quiet).await.json()["propensity"], Value::Null);
}

#[tokio::test]
async fn the_order_of_objects_and_a_repetition_change_nothing() {
    let days = visits(1_500);
    let made = async |archive: MemoryArchive| {
        let (clock, _) = Clock::manual(START);
        train(&trainer(MemoryTables::default(), archive, clock)).await.unwrap().made.unwrap()
    };
    let in_order = made(archive(&days)).await;
    let shuffled = MemoryArchive::default();
    for (day, lines) in &days {
        for (index, part) in lines.chunks(37).enumerate() {
            // Names that rise while the lines go back, and every fourth part twice.
            let lines: Vec<&str> = part.iter().rev().map(String::as_str).collect();
            shuffled.insert(&format!("{day}{:02}/x.jsonl", 99 - index % 99), lines.join("\n").into_bytes());
            if index % 4 == 0 {
                shuffled.insert(&format!("{day}{index:02}/again.jsonl"), lines.join("\n").into_bytes());
            }
        }
    }
    assert_eq!(made(shuffled).await, in_order);
}

#[tokio::test]
async fn too_much_to_keep_is_drawn_and_too_much_to_read_is_cut_and_both_are_said() {
    let days = visits(3_000);
    let (clock, _) = Clock::manual(START);
    let mut small = trainer(MemoryTables::default(), archive(&days), clock);
    small.limits.events = 9_000;
    let report = train(&small).await.unwrap();
    assert!((500..900).contains(&report.people_per_thousand), "{report:?}");
    assert!(!report.is_cut);
    small.limits.bytes = 400_000;
    let report = train(&small).await.unwrap();
    assert!(report.is_cut && report.people_per_thousand == 1_000, "{report:?}");
    let card = small.tables.trainings(KIND, None, 2).await.unwrap().remove(1).card;
    let card: Value = serde_json::from_str(&card).unwrap();
    assert!(card["data"]["people"].as_u64().unwrap() < 3_000, "the card says it too: {}", card["data"]);
}

#[tokio::test]
async fn the_second_training_of_the_same_changes_nothing_and_is_written_down() {
    let (clock, hand) = Clock::manual(START);
    let trainer = trainer(MemoryTables::default(), archive(&visits(1_500)), clock);
    let first = train(&trainer).await.unwrap();
    hand.set(START + DurationMs::from_hours(1));
    let second = train(&trainer).await.unwrap();
    assert_eq!((first.end, second.end, second.number), ("published", "refused", 2));
    assert!(second.reason.contains("live already"), "{}", second.reason);
    let standing = trainer.tables.model_standing(KIND).await.unwrap();
    let live = standing.live.unwrap();
    assert_eq!(Some(&live.version), first.made.as_ref());
    assert_eq!((live.made_at, live.judged_at), (START, START + DurationMs::from_hours(1)), "it is confirmed");
}

#[tokio::test]
async fn where_nobody_bought_nothing_is_learned_and_the_reason_is_kept() {
    let (clock, _) = Clock::manual(START);
    for archive in [MemoryArchive::default(), archive(&visits(60))] {
        let trainer = trainer(MemoryTables::default(), archive, clock.clone());
        let report = train(&trainer).await.unwrap();
        assert_eq!((report.end, report.made), ("refused", None));
        assert!(report.reason.contains("are needed"), "{}", report.reason);
        assert_eq!(trainer.tables.live_model(KIND).await.unwrap(), None);
        let record = trainer.tables.trainings(KIND, None, 1).await.unwrap().remove(0);
        assert_eq!((record.end, record.reason), (TrainingEnd::Refused, report.reason));
    }
}

/// Makes these bytes live, whatever they are.
async fn put(tables: &MemoryTables, number: u64, version: String, bytes: Vec<u8>) {
    let live = LiveModel {
        version,
        made_at: START,
        judged_at: START,
        card: "{}".to_owned(),
        place: ModelPlace::Inline(bytes),
    };
    let record = TrainingRecord {
        number,
        id: format!("t{number}"),
        at: START,
        end: TrainingEnd::Published,
        from: None,
        made: None,
        who: "test".to_owned(),
        reason: String::new(),
        card: String::new(),
    };
    tables.record_training(KIND, Some(&live), &record).await.unwrap();
}

#[tokio::test]
async fn a_model_that_is_cut_off_of_another_version_or_not_itself_keeps_the_last_good_one() {
    let (clock, _) = Clock::manual(START);
    let trainer = trainer(MemoryTables::default(), archive(&visits(1_500)), clock);
    let good = train(&trainer).await.unwrap().made.unwrap();
    let tables = trainer.tables.clone();
    let ModelPlace::Inline(bytes) = tables.live_model(KIND).await.unwrap().unwrap().place else {
        panic!("a propensity model is small")
    };
    let (active, fresh) = (ActivePropensity::default(), ActivePropensity::default());
    let mut now = START;
    assert_eq!(active.get(&tables, now).await.unwrap().version(), good);
    let cut = bytes[..bytes.len() - 1].to_vec();
    let newer = [&[99], &bytes[1..]].concat();
    let bad = [
        (model_version(&cut), cut),
        (model_version(&newer), newer),
        (good.clone(), [&bytes[..20], &[7], &bytes[21..]].concat()),
        (model_version(&[]), Vec::new()),
    ];
    for (number, (version, bytes)) in (2..).zip(bad) {
        put(&tables, number, version, bytes).await;
        now = now + MODEL_AGE_MAX;
        assert_eq!(active.get(&tables, now).await.unwrap().version(), good, "{number}");
        assert!(fresh.get(&tables, now).await.is_none(), "who starts now has none");
    }
    // The next training is judged without it, and mends it.
    let mended = train(&trainer).await.unwrap();
    assert_eq!((mended.end, mended.made), ("published", Some(good)), "{}", mended.reason);
}

#[tokio::test]
async fn a_model_is_read_once_a_minute_survives_a_table_that_fails_and_is_not_asked_for_ever() {
    let (clock, _) = Clock::manual(START);
    let trainer = trainer(MemoryTables::default(), archive(&visits(1_500)), clock);
    train(&trainer).await.unwrap();
    let faults = Faults::default();
    let (tables, active) = (Faulty::new(trainer.tables.clone(), &faults), ActivePropensity::default());
    for seconds in 0..60 {
        assert!(active.get(&tables, START + DurationMs::from_secs(seconds)).await.is_some());
    }
    assert_eq!(faults.calls(), ["live_model"]);
    faults.set_broken(true);
    assert!(active.get(&tables, START + DurationMs::from_secs(61)).await.is_some(), "the last good one");
    let almost = START + UNCONFIRMED_MAX - DurationMs::from_ms(1);
    assert!(active.get(&tables, almost).await.is_some());
    assert!(
        active.get(&tables, START + UNCONFIRMED_MAX).await.is_none(),
        "nobody knows how good it is by now"
    );
}

#[tokio::test]
async fn whatever_call_fails_what_is_live_and_its_record_agree() {
    let archive = archive(&visits(1_500));
    for fault in Fault::ALL {
        for n in 1.. {
            let faults = Faults::at(n, fault);
            let tables = MemoryTables::default();
            let (clock, _) = Clock::manual(START);
            let trainer = trainer(Faulty::new(tables.clone(), &faults), archive.clone(), clock);
            let ended = train(&trainer).await;
            if !faults.struck() {
                assert_eq!(ended.unwrap().end, "published");
                break;
            }
            let standing = tables.model_standing(KIND).await.unwrap();
            let records = tables.trainings(KIND, None, 9).await.unwrap();
            assert_eq!(standing.number, records.len() as u64, "{fault:?} at {:?}", faults.calls());
            let live = standing.live.map(|live| live.version);
            assert_eq!(live, records.first().and_then(|record| record.made.clone()));
            if let Ok(report) = ended {
                assert_eq!(report.made, live, "what is reported is so");
            }
        }
    }
}
