//! The archive of an hour against what became of it: what is right balances, whatever was repeated, failed or struck by faults;
//! what is lost or counted twice is told.

use beckon_domain::{DurationMs, ProfileKey};
use beckon_rules::SAMPLE;
use beckon_store::archive::folder::{FolderArchive, Limits, objects};
use beckon_store::archive::memory::MemoryArchive;
use beckon_store::archive::reader::FolderReader;
use beckon_store::objects::memory::MemoryFailedEvents;
use beckon_store::streams::memory::StreamRecord;
use beckon_store::streams::{EventStream, NewRecord};
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{ProfileStore, Read};
use harness::delivery::Delivery;
use harness::{Fault, Faults, Faulty, World, world::START};
use serde_json::{Value, json};
use std::path::Path;
use trainer::{HourReport, HourStatus, Hours, Reconciler, reconcile};

/// Whether a record tells of the event with this id.
fn tells(record: &StreamRecord, id: &str) -> bool {
    String::from_utf8_lossy(&record.data).contains(&format!("\"id\":\"{id}\""))
}

/// The hour in which everything is told.
fn the_hour() -> Hours {
    Hours::between(START, START + DurationMs::from_ms(1)).unwrap()
}

struct Story {
    world: World<MemoryTables>,
    archive: FolderArchive,
    folder: tempfile::TempDir,
}

impl Story {
    async fn new() -> Self {
        let world = World::on(MemoryTables::default(), SAMPLE).await;
        let folder = tempfile::tempdir().unwrap();
        let archive = FolderArchive::open(folder.path(), Limits::default()).unwrap();
        let copy = archive.clone();
        let append = move |record: &StreamRecord| copy.append(record.arrived_at, &record.data).unwrap();
        world.stack.stream.copy_to(append);
        Self { world, archive, folder }
    }

    /// Behaviour, a login with what is forwarded after it, a client's retry, and a record that can never be applied.
    async fn tell(&mut self) {
        let event = |who: &str, id: &str, name: &str| {
            json!({ "type": "track", "event": name, "anonymousId": who, "messageId": id,
                    "properties": { "product_id": "tent-2p" } })
        };
        let first = [event("anna", "a1", "Product Viewed"), event("ben", "b1", "Product Viewed")];
        self.world.collect("pk_local", &first).await;
        let login =
            json!({ "type": "identify", "anonymousId": "anna", "userId": "anna@work", "messageId": "a2" });
        self.world.collect("sk_local", &[login]).await;
        self.world.pass(DurationMs::from_secs(1));
        self.world.collect("pk_local", &first).await;
        self.world.collect("pk_local", &[event("anna", "a3", "Product Added")]).await;
        let poison = NewRecord { partition_key: "nobody".to_owned(), data: b"{\"v\":9}".to_vec() };
        self.world.stack.stream.put(vec![poison]).await.unwrap();
    }

    fn reconciler(&self) -> Reconciler<MemoryTables, FolderReader, MemoryFailedEvents> {
        self.archive.flush().unwrap();
        Reconciler {
            tables: self.world.stack.tables.clone(),
            archive: FolderReader::new(self.folder.path()),
            failed: self.world.stack.failed.clone(),
            clock: self.world.stack.clock.clone(),
        }
    }

    async fn report(&self) -> HourReport {
        let mut reports = self.reconciler().run(the_hour(), None).await.unwrap();
        assert_eq!(reports.len(), 1);
        reports.remove(0)
    }
}

#[tokio::test]
async fn what_was_repeated_forwarded_merged_and_failed_balances_once_it_is_settled() {
    let mut story = Story::new().await;
    story.tell().await;
    story.world.drain().await;
    let early = story.report().await;
    assert_eq!(early.status, HourStatus::Settling);
    story.world.pass(DurationMs::from_hours(8));
    let report = story.report().await;
    assert_eq!(report.status, HourStatus::Balanced, "{report:?}");
    let balance = report.balance;
    assert!(balance.failed == 1 && balance.repeated >= 2 && balance.applied >= 5, "{balance:?}");
    assert_eq!((balance.missing, balance.surplus, balance.unseen, balance.copied), (0, 0, 0, 0));
    assert_eq!(balance.archived, balance.applied + balance.repeated + balance.failed);
}

#[tokio::test]
async fn a_fault_at_any_call_of_the_profiler_leaves_no_gap() {
    for fault in Fault::ALL {
        for n in 1.. {
            let mut story = Story::new().await;
            story.tell().await;
            let faults = Faults::at(n, fault);
            let stack = &story.world.stack;
            let faulty = story.world.profiler_on(
                Faulty::new(stack.tables.clone(), &faults),
                Faulty::new(stack.stream.clone(), &faults),
                Faulty::new(stack.failed.clone(), &faults),
            );
            let mut delivery = Delivery::default();
            Box::pin(delivery.run(&stack.stream, &faulty, 4)).await;
            let profiler = story.world.profiler();
            assert_eq!(Box::pin(delivery.run(&stack.stream, &profiler, 100)).await, 0);
            story.world.pass(DurationMs::from_hours(8));
            let report = story.report().await;
            assert_eq!(report.status, HourStatus::Balanced, "{fault:?} at call {n}: {report:?}");
            if !faults.struck() {
                assert!(n > 10, "the story is too short to prove it");
                break;
            }
        }
    }
}

#[tokio::test]
async fn an_event_that_is_lost_is_missing_with_the_profile_it_is_of() {
    let mut story = Story::new().await;
    story.tell().await;
    // A delivery that leaves one record out and says that all is done.
    let mut records = story.world.stack.stream.take();
    let lost = records.remove(records.iter().position(|record| tells(record, "a3")).unwrap());
    let profiler = story.world.profiler();
    harness::delivery::once(&profiler, &records).await;
    story.world.drain().await;
    story.world.pass(DurationMs::from_hours(8));
    let report = story.report().await;
    assert_eq!((report.status, report.balance.missing, report.balance.surplus), (HourStatus::Gap, 1, 0));
    assert_eq!(report.differing[0].profile.as_deref(), Some(lost.partition_key.as_str()));
}

#[tokio::test]
async fn an_event_that_is_applied_twice_is_surplus() {
    let mut story = Story::new().await;
    story.tell().await;
    let records = story.world.stack.stream.take();
    let profiler = story.world.profiler();
    harness::delivery::once(&profiler, &records).await;
    story.world.drain().await;
    // Ben's marks and ring are lost, and his record comes again.
    let again: Vec<StreamRecord> =
        records.iter().filter(|record| tells(record, "b1")).take(1).cloned().collect();
    let ben = ProfileKey::parse(&again[0].partition_key).unwrap();
    let tables = &story.world.stack.tables;
    let mut stored =
        tables.load(std::slice::from_ref(&ben), Read::Strong).await.unwrap().remove(&ben).unwrap();
    (stored.profile.marks, stored.profile.ring) = Default::default();
    tables.save(&ben, &stored.profile, Some(stored.version), None).await.unwrap();
    harness::delivery::once(&profiler, &again).await;
    story.world.pass(DurationMs::from_hours(8));
    let report = story.report().await;
    assert_eq!((report.status, report.balance.missing, report.balance.surplus), (HourStatus::Gap, 0, 1));
    assert_eq!(report.differing[0].profile.as_deref(), Some(ben.as_str()));
}

/// What lies in the folder, with each object a second time under another name.
fn doubled(folder: &Path) -> MemoryArchive {
    let archive = MemoryArchive::default();
    for kept in objects(folder).unwrap() {
        let document = std::fs::read(folder.join(&kept.key)).unwrap();
        archive.insert(&kept.key.replace(".jsonl.gz", "-again.gz"), document.clone());
        archive.insert(&kept.key, document);
    }
    archive
}

#[tokio::test]
async fn an_archive_that_was_delivered_twice_is_told_apart_from_a_loss_and_one_that_is_damaged_says_nothing()
{
    let mut story = Story::new().await;
    story.tell().await;
    story.world.drain().await;
    story.world.pass(DurationMs::from_hours(8));
    let Reconciler { tables, failed, clock, .. } = story.reconciler();
    let archive = doubled(story.folder.path());
    let twice = Reconciler { tables, archive: archive.clone(), failed, clock };
    let report = twice.run(the_hour(), None).await.unwrap().remove(0);
    assert_eq!(report.status, HourStatus::Balanced, "{report:?}");
    assert_eq!(report.balance.copied * 2, report.balance.archived);
    let first = objects(story.folder.path()).unwrap().remove(0).key;
    let mut cut = std::fs::read(story.folder.path().join(&first)).unwrap();
    cut.truncate(cut.len() / 2);
    archive.insert(&first, cut);
    let report = twice.run(the_hour(), None).await.unwrap().remove(0);
    assert_eq!(report.status, HourStatus::Cut);
}

#[tokio::test]
async fn the_schedule_takes_the_last_settled_hour_and_a_person_names_theirs() {
    let mut story = Story::new().await;
    story.tell().await;
    story.world.drain().await;
    story.world.pass(DurationMs::from_hours(8));
    let reconciler = story.reconciler();
    let run = async |input: Value| reconcile(&reconciler, &input, None).await;
    let scheduled = run(json!({ "schedule": "reconcile" })).await.unwrap();
    assert_eq!((scheduled.as_array().unwrap().len(), &scheduled[0]["status"]), (1, &json!("balanced")));
    let named = json!({ "from": "2025-11-22T08:00:00Z", "to": "2025-11-22T10:00:00Z" });
    let reports = run(named).await.unwrap();
    let hours: Vec<_> = reports.as_array().unwrap().iter().map(|report| report["hour"].clone()).collect();
    assert_eq!(hours, ["2025-11-22T08:00:00.000Z", "2025-11-22T09:00:00.000Z"]);
    for wrong in [json!({ "from": "x", "to": "y" }), json!({ "from": "2025-11-22T08:00:00Z" })] {
        assert!(run(wrong).await.unwrap_err().to_string().contains("RFC 3339"));
    }
}
