//! Failed events are put into the stream again: each counts once, however often it is put, and nothing is lost on the way.

use beckon_cli::conservation::{Conservation, PutAgain};
use beckon_cli::failed::document::{Item, read_all};
use beckon_cli::failed::redrive::{Plan, Redriven, Request, carry_out, plan};
use beckon_domain::{DurationMs, Timestamp};
use beckon_mapping::DiscardReason;
use beckon_mapping::failure::{FailureView, failure_record, object_key};
use beckon_mapping::payload::{RecordView, StreamSource};
use beckon_rules::SAMPLE;
use beckon_store::objects::folder::FolderFailedEvents;
use beckon_store::objects::memory::MemoryFailedEvents;
use beckon_store::objects::{FailedEventArchive, Kept};
use beckon_store::streams::memory::StreamRecord;
use beckon_store::streams::{EventStream, NewRecord};
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{ProfileStore, Read};
use beckon_store::{ErrorKind, StoreError, contract};
use harness::{Fault, Faults, Faulty, Teller, World, delivery, world::START};
use profiler::Profiler;
use serde_json::{Value, json};

const AGE_MAX: DurationMs = DurationMs::from_hours(6);

/// A world, and the lines that were put again in it.
struct Story {
    world: World<MemoryTables>,
    teller: Teller,
    again: PutAgain,
}

impl Story {
    async fn begin() -> Self {
        let world = World::with_shards(MemoryTables::default(), SAMPLE, 1).await;
        Self { world, teller: Teller::new(START), again: PutAgain::default() }
    }

    async fn collect(&mut self, key: &str, short: Value) {
        let event = self.teller.event(&short);
        assert_eq!(self.world.collect(key, &[event]).await.status, 200);
    }

    /// What waits in the stream nears the mapping's age limit, and is set aside.
    async fn expire(&mut self) -> Vec<StreamRecord> {
        let records = self.world.stack.stream.take();
        self.world.pass(AGE_MAX);
        let profiler = Profiler { record_age_max: Some(AGE_MAX), ..self.world.profiler() };
        assert_eq!(delivery::once(&profiler, &records).await, Vec::<String>::new());
        records
    }

    async fn items(&self) -> Vec<Item> {
        read_all(&self.world.stack.failed).await.unwrap()
    }

    async fn plan(&self, request: &Request) -> Result<Plan, String> {
        plan(&self.items().await, request).map_err(|e| e.to_string())
    }

    /// Everything that can be is put again and delivered.
    async fn redrive(&mut self) -> Redriven {
        let plan = self.plan(&Request { uncertain: true, ..Request::default() }).await.unwrap();
        let stack = &self.world.stack;
        let done = carry_out(&stack.failed, &stack.stream, &plan.items, stack.clock.now()).await.unwrap();
        self.count(done);
        self.world.drain().await;
        done
    }

    fn count(&mut self, done: Redriven) {
        self.again.events += done.line_count;
        self.again.internal += done.internal_count;
    }

    async fn tallies(&self, visitor: &str) -> (u64, u64) {
        let key = self.world.visitor(visitor);
        let tables = &self.world.stack.tables;
        let mut stored = tables.load(std::slice::from_ref(&key), Read::Strong).await.unwrap();
        let tallies = stored.remove(&key).map(|stored| stored.profile.tallies).unwrap_or_default();
        (tallies.applied, tallies.duplicate)
    }

    /// The books, with what was put again.
    async fn balance(&self) -> Conservation {
        let balance = self.world.conservation().await.with_put_again(self.again);
        assert!(balance.holds() && balance.in_flight == 0, "{balance}");
        balance
    }
}

/// A store that loses the note of what was put again.
struct Forgetful(MemoryFailedEvents);

impl FailedEventArchive for Forgetful {
    async fn list(&self, prefix: &str) -> Result<Vec<Kept>, StoreError> {
        self.0.list(prefix).await
    }

    async fn list_first(&self, prefix: &str, count_max: usize) -> Result<Vec<Kept>, StoreError> {
        self.0.list_first(prefix, count_max).await
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.read(key).await
    }

    async fn note_redriven(&self, _: &str, _: Vec<u8>) -> Result<(), StoreError> {
        Err(StoreError::new("note a redriven event", ErrorKind::Throttled, "injected"))
    }
}

#[tokio::test]
async fn what_is_put_again_is_applied_in_its_order_and_stays_in_the_books() {
    let mut story = Story::begin().await;
    for short in [json!({ "add": "mug * 2", "by": "anna" }), json!({ "remove": "mug", "by": "anna" })] {
        story.collect("pk_local", short).await;
    }
    story.expire().await;
    let balance = story.balance().await;
    assert_eq!((balance.applied, balance.failed), (0, 2));

    let done = story.redrive().await;
    assert_eq!((done.document_count, done.line_count, done.internal_count), (2, 2, 0));
    let stored = story.world.stack.tables.load(&[story.world.visitor("anna")], Read::Strong).await.unwrap();
    let profile = &stored[&story.world.visitor("anna")].profile;
    assert!(profile.cart.is_empty(), "added, then removed: {:?}", profile.cart);
    assert_eq!(profile.tallies.applied, 2);
    let balance = story.balance().await;
    assert_eq!((balance.applied, balance.duplicate, balance.failed, balance.redriven), (2, 0, 2, 2));

    assert!(story.items().await.iter().all(|item| item.is_redriven));
    assert_eq!(story.redrive().await, Redriven::default(), "what was put again is not put a third time");
    let id = story.items().await[0].id().to_owned();
    let refused = story.plan(&Request { ids: vec![id], ..Request::default() }).await.unwrap_err();
    assert!(refused.contains("was put again before"), "{refused}");
}

/// The note gets lost, so the same event is put twice: days after it was received, and with a new event between, which
/// drops whatever the profile saw more than 24 hours before.
#[tokio::test]
async fn an_event_that_is_put_twice_counts_once_however_old_it_is() {
    let mut story = Story::begin().await;
    story.collect("pk_local", json!({ "view": "mug", "by": "anna", "id": "old" })).await;
    story.expire().await;
    let live = async |story: &mut Story, id: &str| {
        story.collect("pk_local", json!({ "view": "mug", "by": "anna", "id": id, "time": "4d" })).await;
        story.world.drain().await;
    };
    live(&mut story, "live-1").await;
    story.world.pass(DurationMs::from_days(3));

    let items = story.plan(&Request::default()).await.unwrap().items;
    let stack = &story.world.stack;
    let forgetful = Forgetful(stack.failed.clone());
    let error =
        carry_out(&forgetful, &stack.stream, &items, stack.clock.now()).await.unwrap_err().to_string();
    assert!(error.contains("put again and could not be noted"), "{error}");
    story.again.events += 1;
    story.world.drain().await;
    assert_eq!(story.tallies("anna").await, (2, 0));

    story.world.pass(DurationMs::from_hours(23));
    live(&mut story, "live-2").await;
    assert_eq!(story.redrive().await.line_count, 1, "without a note it is put again");
    assert_eq!(story.tallies("anna").await, (3, 1), "and known by its id");
    let balance = story.balance().await;
    assert_eq!((balance.collected.accepted, balance.redriven, balance.failed), (3, 2, 1));
}

#[tokio::test]
async fn a_stream_that_loses_its_answer_gets_the_event_again_and_counts_it_once() {
    for (fault, twice) in [(Fault::Lost, 0), (Fault::AnswerLost, 1)] {
        let mut story = Story::begin().await;
        story.collect("pk_local", json!({ "view": "mug", "by": "anna" })).await;
        story.expire().await;
        let items = story.plan(&Request::default()).await.unwrap().items;
        let stack = &story.world.stack;
        let stream = Faulty::new(stack.stream.clone(), &Faults::at(1, fault));
        let error = carry_out(&stack.failed, &stream, &items, stack.clock.now()).await.unwrap_err();
        assert!(error.to_string().contains("do it again"), "{error}");
        assert!(
            story.items().await.iter().all(|item| !item.is_redriven),
            "nothing is noted before the answer"
        );
        story.again.events += twice;
        story.redrive().await;
        assert_eq!(story.tallies("anna").await, (1, twice), "{fault:?}");
        story.balance().await;
    }
}

#[tokio::test]
async fn what_fails_once_more_is_kept_under_a_new_id() {
    let mut story = Story::begin().await;
    story.collect("pk_local", json!({ "view": "mug", "by": "anna" })).await;
    story.expire().await;
    let items = story.plan(&Request::default()).await.unwrap().items;
    let stack = &story.world.stack;
    let done = carry_out(&stack.failed, &stack.stream, &items, stack.clock.now()).await.unwrap();
    story.count(done);
    story.expire().await;
    let balance = story.balance().await;
    assert_eq!((balance.applied, balance.failed, balance.redriven), (0, 2, 1));
    let open: Vec<bool> = story.items().await.iter().map(|item| item.is_redriven).collect();
    assert_eq!(open.iter().filter(|redriven| !**redriven).count(), 1, "{open:?}");
    story.redrive().await;
    assert_eq!(story.tallies("anna").await, (1, 0));
    story.balance().await;
}

#[tokio::test]
async fn what_can_never_succeed_is_refused_by_name_and_passed_over_otherwise() {
    let mut story = Story::begin().await;
    story.collect("pk_local", json!({ "view": "mug", "by": "anna" })).await;
    let key = story.world.visitor("ben").as_str().to_owned();
    let poison: [&[u8]; 3] = [b"poison", &[0xff], br#"{"v":9}"#];
    for data in poison {
        let record = NewRecord { partition_key: key.clone(), data: data.to_vec() };
        story.world.stack.stream.put(vec![record]).await.unwrap();
        story.world.put_past_the_collector(1);
    }
    story.expire().await;
    let chosen = story.plan(&Request::default()).await.unwrap();
    assert_eq!(chosen.items.iter().map(Item::reason).collect::<Vec<_>>(), ["expired"]);
    assert_eq!(chosen.passed_over.len(), 3, "{:?}", chosen.passed_over);
    let expected = [
        ("undecodable", "its line is not an event"),
        ("not_utf8", "not UTF-8"),
        ("unknown_version", "version 9; this release reads version 1: deploy a release that reads it"),
    ];
    for (reason, why) in expected {
        let request = Request { reason: Some(reason.to_owned()), ..Request::default() };
        let refused = story.plan(&request).await.unwrap_err();
        assert!(refused.contains(why), "{reason}: {refused}");
        let id = story.items().await.iter().find(|item| item.reason() == reason).unwrap().id().to_owned();
        let refused = story.plan(&Request { ids: vec![id], ..Request::default() }).await.unwrap_err();
        assert!(refused.contains(why), "{reason}: {refused}");
    }
    let unknown = Request { reason: Some("bad_luck".to_owned()), ..Request::default() };
    let refused = story.plan(&unknown).await.unwrap_err();
    assert!(refused.contains("choose one of") && refused.contains("corrupt_profile"), "{refused}");
}

/// What Lambda's mapping keeps of a batch that it gave up on.
fn give_up(story: &Story, records: &[StreamRecord], at: Timestamp) {
    let views: Vec<RecordView<'_>> = records
        .iter()
        .map(|r| RecordView {
            shard: &r.shard,
            sequence: &r.sequence,
            partition_key: &r.partition_key,
            data: &r.data,
            arrived_at_ms: r.arrived_at.as_ms(),
        })
        .collect();
    let document = failure_record(&FailureView {
        request_id: "r",
        function_arn: "arn:aws:lambda:us-east-1:000000000000:function:profiler",
        reason: DiscardReason::RetryAttemptsExhausted,
        invoke_count: 500,
        response: None,
        discarded_at: at,
        source: &StreamSource::default(),
        records: &views,
    });
    let key = object_key("mapping", &records[0].shard, at, "random");
    story.world.stack.failed.insert(&key, document.to_string().into_bytes());
}

#[tokio::test]
async fn a_batch_that_the_mapping_gave_up_on_is_put_again_only_when_told_and_what_was_applied_is_known() {
    let mut story = Story::begin().await;
    for by in ["anna", "ben"] {
        story.collect("pk_local", json!({ "view": "mug", "by": by })).await;
    }
    let records = story.world.stack.stream.take();
    // Anna's record was applied before the batch was given up; ben's was not.
    assert_eq!(delivery::once(&story.world.profiler(), &records[..1]).await, Vec::<String>::new());
    give_up(&story, &records, story.world.stack.clock.now());

    let items = story.items().await;
    assert_eq!(items.iter().map(Item::reason).collect::<Vec<_>>(), ["uncertain"]);
    let by_name = Request { ids: vec![items[0].id().to_owned()], ..Request::default() };
    let refused = story.plan(&by_name).await.unwrap_err();
    assert!(refused.contains("not certain") && refused.contains("--uncertain"), "{refused}");
    let passed_over = story.plan(&Request::default()).await.unwrap();
    assert_eq!((passed_over.items.len(), passed_over.passed_over.len()), (0, 1));

    let done = story.redrive().await;
    assert_eq!((done.document_count, done.line_count), (1, 2));
    assert_eq!((story.tallies("anna").await, story.tallies("ben").await), ((1, 1), (1, 0)));
    assert_eq!(story.redrive().await, Redriven::default());
}

#[tokio::test]
async fn a_batch_of_signals_that_was_given_up_never_enters_the_stream_of_events() {
    let mut story = Story::begin().await;
    story.collect("pk_local", json!({ "view": "mug", "by": "anna" })).await;
    let records = story.world.stack.stream.take();
    assert_eq!(delivery::once(&story.world.profiler(), &records).await, Vec::<String>::new());
    let signals = story.world.stack.signals.take();
    give_up(&story, &signals, story.world.stack.clock.now());
    let request = Request { uncertain: true, ..Request::default() };
    let plan = story.plan(&request).await.unwrap();
    assert_eq!((plan.items.len(), plan.passed_over.len()), (0, 1));
    assert!(plan.passed_over[0].contains("a batch of signals"), "{:?}", plan.passed_over);
}

/// A visitor's event that belongs to a customer is forwarded by a record of Beckon's own, and the merge record is put once
/// more beside it; both expire.
#[tokio::test]
async fn records_of_beckons_own_have_their_own_balance_when_they_fail_and_come_again() {
    let mut story = Story::begin().await;
    story.collect("sk_local", json!({ "login": "u-1", "by": "anna" })).await;
    story.world.drain().await;
    story.collect("pk_local", json!({ "view": "mug", "by": "anna" })).await;
    let records = story.world.stack.stream.take();
    assert_eq!(delivery::once(&story.world.profiler(), &records).await, Vec::<String>::new());
    assert_eq!(story.expire().await.len(), 2);
    let balance = story.world.conservation().await.with_internal_failed(2);
    assert!(balance.holds() && balance.internal_failed == 2, "{balance}");

    let done = story.redrive().await;
    assert_eq!((done.line_count, done.internal_count), (0, 2));
    let balance = story.world.conservation().await.with_put_again(story.again).with_internal_failed(2);
    assert!(balance.holds() && balance.in_flight == 0, "{balance}");
    assert_eq!(
        (balance.internal_applied, balance.internal_duplicate),
        (2, 1),
        "the merge, again, and the forward"
    );
}

#[tokio::test]
async fn memory_and_a_folder_keep_the_same_promises() {
    contract::failed_events(&MemoryFailedEvents::default()).await;
    let folder = tempfile::tempdir().unwrap();
    contract::failed_events(&FolderFailedEvents::new(folder.path())).await;
    let outside = FolderFailedEvents::new(folder.path().join("failed"));
    for key in ["../redriven/failed/expired/e_1.json", "/etc/hostname", ""] {
        assert!(
            outside.read(key).await.is_ok_and(|document| document.is_none()),
            "{key:?} leaves the folder"
        );
    }
}
