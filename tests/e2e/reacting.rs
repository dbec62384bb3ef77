//! Rules that act by themselves, on events and on time: others hear of everything, each thing under one id, and in a calm
//! run once; the timers of rules go through the cart mailer, which waits for nobody and changes no profile.

use beckon_domain::mark::Marks;
use beckon_domain::{DurationMs, Profile, ProfileKey};
use beckon_store::bus::memory::MemoryBus;
use beckon_store::streams::EventStream;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{DUE_SHARD_COUNT, ProfileScan, ProfileStore};
use harness::{Delivery, Fault, Faults, Faulty, Teller, World, delivery, world::START};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const MINUTE: DurationMs = DurationMs::from_minutes(1);

/// Whoever viewed something within ten minutes is a looker; each view of a tent is told, and who adds something and does not
/// buy it within 15 minutes.
const RULES: &str = "version: 1
name: Reacting
currency: EUR
products:
  - { id: mug, name: Mug, category: mugs, price: 5.00 }
best_sellers: [mug]
slots:
  - { id: home, count: 1, fallback: best_sellers }
segments:
  - { id: looker, when: { event: Product Viewed, within: 10m } }
rules:
  - id: tents
    on: Product Viewed
    when: { segment: looker }
    then: { publish: view }
  - id: undecided
    when: { all: [{ event: Product Added }, { not: { event: Order Completed, within: 15m } }] }
    then: { publish: undecided }
";

/// The same shop, which also sends reminders.
fn with_reminder() -> String {
    let reminder = "  - id: cart-left
    when: { all: [{ event: Product Added }, { not: { event: Order Completed, within: 15m } }] }
    then: { send: cart-reminder, quiet_hours: false, frequency_cap: false, reentry: 0s, holdout: 0 }
";
    format!("{RULES}{reminder}")
}

async fn world(rules: &str) -> World<MemoryTables> {
    World::on(MemoryTables::default(), rules).await
}

/// What the bus was told: kind and name of each thing, in order, by its id.
fn heard(bus: &MemoryBus) -> BTreeMap<String, String> {
    let mut heard = BTreeMap::new();
    for event in bus.events() {
        let detail: Value = serde_json::from_str(&event.detail).unwrap();
        let name = detail["rule"].as_str().or_else(|| detail["segment"].as_str()).unwrap();
        let what = format!("{} {name} {}", event.detail_type, detail["at"].as_str().unwrap());
        let id = detail["id"].as_str().unwrap().to_owned();
        let known = heard.entry(id).or_insert_with(|| what.clone());
        assert_eq!(*known, what, "one id is one thing");
    }
    heard
}

/// What was told of, without its time.
fn words(bus: &MemoryBus) -> Vec<String> {
    let words = |what: &String| what.rsplit_once(' ').unwrap().0.replace("beckon.", "");
    let mut all: Vec<String> = heard(bus).values().map(words).collect();
    all.sort_unstable();
    all
}

fn say(teller: &mut Teller, mut short: Value, second: u64) -> Value {
    short["time"] = json!(format!("{second}s"));
    teller.event(&short)
}

/// Two people in three batches: one turns out to be a customer, the other comes back when a timer is long over. In which
/// order a customer's events and a visitor's state are folded is not promised, so the customer does nothing else.
fn story() -> Vec<Vec<Value>> {
    let teller = &mut Teller::new(START);
    vec![
        vec![
            say(teller, json!({ "view": "tent-2p", "by": "anna" }), 1),
            say(teller, json!({ "add": "tent-2p", "by": "anna" }), 2),
            say(teller, json!({ "view": "mug", "by": "ben" }), 3),
        ],
        vec![say(teller, json!({ "login": "u-1", "by": "anna" }), 60)],
        vec![
            say(teller, json!({ "page": true, "by": "ben" }), 1_500),
            say(teller, json!({ "view": "mug", "by": "ben" }), 1_501),
        ],
    ]
}

/// How often two deliveries differ in what they did, and not in what became of it, is left out.
async fn states(world: &World<MemoryTables>) -> Vec<(ProfileKey, Profile)> {
    let mut all = world.stack.tables.scan_profiles().await.unwrap();
    for (_, profile) in &mut all {
        profile.marks = Marks::default();
        profile.rules.outbox.clear();
        (profile.tallies.internal_applied, profile.tallies.internal_duplicate) = (0, 0);
        (profile.last_received_at, profile.ring, profile.settled) = Default::default();
        if let Some(link) = &mut profile.link {
            link.merge_pending = false;
        }
    }
    all
}

#[tokio::test]
async fn in_a_calm_run_others_hear_of_everything_once() {
    let mut world = world(RULES).await;
    world.at(DurationMs::from_hours(1));
    for batch in story() {
        world.events("sk_local", &batch).await;
    }
    world.finish().await;
    let told = heard(&world.stack.bus);
    assert_eq!(world.stack.bus.put_count(), told.len() as u64, "{told:?}");
    let expected = [
        "rule-matched tents",
        "rule-matched tents",
        "rule-matched tents",
        "rule-matched undecided",
        "segment-entered looker",
        "segment-entered looker",
        "segment-entered looker",
        "segment-exited looker",
    ];
    assert_eq!(words(&world.stack.bus), expected);
    let detail = |e: beckon_store::bus::BusEvent| serde_json::from_str::<Value>(&e.detail).unwrap();
    let undecided = world.stack.bus.events().into_iter().map(detail).find(|d| d["publish"] == "undecided");
    let undecided = undecided.unwrap();
    assert_eq!(undecided["profile"], world.customer("u-1").as_str());
    assert_eq!(undecided["at"], "2025-11-22T09:26:40.000Z", "when the visitor's state came");
    // What the segment said is an event of the person, too.
    let ben = world.visitor("ben");
    let profiles = world.stack.tables.scan_profiles().await.unwrap();
    let (_, profile) = profiles.iter().find(|(key, _)| *key == ben).unwrap();
    assert_eq!((profile.rules.is_in("looker"), profile.tallies.internal_applied), (true, 3));
}

/// One run with a fault at its `n`-th call; then everything works again.
async fn disturbed(
    n: usize,
    fault: Fault,
    calm: &(BTreeMap<String, String>, Vec<(ProfileKey, Profile)>),
) -> Option<&'static str> {
    let mut world = world(RULES).await;
    world.at(DurationMs::from_hours(1));
    let faults = Faults::at(n, fault);
    let (stack, mut delivery) = (&world.stack, Delivery::default());
    let faulty = world.profiler_telling(
        Faulty::new(stack.tables.clone(), &faults),
        Faulty::new(stack.stream.clone(), &faults),
        Faulty::new(stack.failed.clone(), &faults),
        Faulty::new(stack.bus.clone(), &faults),
    );
    for batch in story() {
        world.collect("sk_local", &batch).await;
        Box::pin(delivery.run(&world.stack.stream, &faulty, 4)).await;
    }
    let profiler = world.profiler();
    let left = Box::pin(delivery.run(&world.stack.stream, &profiler, 100)).await;
    let what = format!("{fault:?} at call {n} of {:?}", faults.calls());
    assert_eq!(left, 0, "{what}: not everything gets through");
    assert_eq!(heard(&world.stack.bus), calm.0, "{what}");
    assert_eq!(states(&world).await, calm.1, "{what}");
    world.finish().await;
    faults.struck().then(|| faults.calls()[n - 1])
}

#[tokio::test]
async fn wherever_a_run_is_cut_off_others_hear_of_the_same_things() {
    let mut undisturbed = world(RULES).await;
    undisturbed.at(DurationMs::from_hours(1));
    let (mut delivery, profiler) = (Delivery::default(), undisturbed.profiler());
    for batch in story() {
        undisturbed.collect("sk_local", &batch).await;
        Box::pin(delivery.run(&undisturbed.stack.stream, &profiler, 4)).await;
    }
    Box::pin(delivery.run(&undisturbed.stack.stream, &profiler, 100)).await;
    let calm = (heard(&undisturbed.stack.bus), states(&undisturbed).await);
    for fault in Fault::ALL {
        let mut hit = BTreeSet::new();
        for n in 1.. {
            let Some(call) = disturbed(n, fault, &calm).await else { break };
            hit.insert(call);
        }
        assert_eq!(
            hit.into_iter().collect::<Vec<_>>(),
            ["active_ruleset", "load", "put", "put on the bus", "save"],
            "{fault:?}: the story is too short to prove it"
        );
    }
}

#[tokio::test]
async fn a_bus_that_refuses_makes_the_batch_come_again_and_changes_no_profile() {
    let mut world = world(RULES).await;
    let mut teller = Teller::new(START);
    let view = say(&mut teller, json!({ "view": "mug", "by": "ben" }), 0);
    world.collect("pk_local", &[view]).await;
    let (records, profiler) = (world.stack.stream.take(), world.profiler());
    world.stack.bus.refuse_next(1);
    assert_eq!(delivery::once(&profiler, &records).await.len(), 1, "the batch is not acknowledged");
    let before = states(&world).await;
    assert_eq!((before.len(), world.stack.bus.put_count()), (1, 0), "the state is written, and nobody told");
    assert_eq!(delivery::once(&profiler, &records).await, Vec::<String>::new());
    assert_eq!(words(&world.stack.bus), ["rule-matched tents", "segment-entered looker"]);
    assert_eq!(states(&world).await, before);
    // The batch was acknowledged: what comes next tells nothing of it again.
    let page = say(&mut teller, json!({ "page": true, "by": "ben" }), 1);
    world.events("pk_local", &[page]).await;
    assert_eq!(world.stack.bus.put_count(), 2);
    world.finish().await;
}

/// A shard's child may be read before its parent is done.
#[tokio::test]
async fn what_a_batch_of_another_shard_had_to_tell_is_told_before_it_is_forgotten() {
    let mut world = world(RULES).await;
    let mut teller = Teller::new(START);
    let view = say(&mut teller, json!({ "view": "mug", "by": "ben" }), 0);
    world.collect("pk_local", &[view]).await;
    let (records, profiler) = (world.stack.stream.take(), world.profiler());
    world.stack.bus.refuse_next(1);
    assert_eq!(delivery::once(&profiler, &records).await.len(), 1);
    let page = say(&mut teller, json!({ "page": true, "by": "ben" }), 1);
    world.collect("pk_local", &[page]).await;
    let mut of_child = world.stack.stream.take();
    of_child.retain(|record| !records.contains(record));
    of_child.iter_mut().for_each(|record| record.shard = "shardId-000000000009".to_owned());
    assert_eq!(delivery::once(&profiler, &of_child).await, Vec::<String>::new());
    assert_eq!(words(&world.stack.bus), ["rule-matched tents", "segment-entered looker"]);
    assert_eq!(delivery::once(&profiler, &records).await, Vec::<String>::new(), "the parent comes again");
    world.finish().await;
}

#[tokio::test]
async fn a_timer_is_put_under_one_id_until_the_rules_have_looked() {
    let mut world = world(RULES).await;
    let mut teller = Teller::new(START);
    let view = say(&mut teller, json!({ "view": "mug", "by": "ben" }), 0);
    world.events("pk_local", &[view]).await;
    world.pass(MINUTE);
    assert_eq!(world.mailer().await["timers"], 0, "nothing is due yet");
    world.pass(DurationMs::from_minutes(10));
    for _ in 0..3 {
        let report = world.stack.tick().await.unwrap();
        assert_eq!(
            (&report["due"], &report["timers"]),
            (&json!(1), &json!(1)),
            "no reminder is needed: {report}"
        );
    }
    world.drain().await;
    assert!(words(&world.stack.bus).contains(&"segment-exited looker".to_owned()));
    let ben = world.visitor("ben");
    let states = world.stack.tables.scan_profiles().await.unwrap();
    let (_, profile) = states.iter().find(|(key, _)| *key == ben).unwrap();
    assert_eq!(profile.tallies.internal_duplicate, 2, "two of the three were known");
    assert_eq!(
        profile.rules.evaluated_at,
        START + DurationMs::from_minutes(10),
        "a timer is as late as it was due"
    );
    assert_eq!(world.mailer().await["due"], 0);
    world.finish().await;
}

#[tokio::test]
async fn a_cart_and_a_timer_that_are_due_together_are_both_settled() {
    let mut world = world(&with_reminder()).await;
    let mut teller = Teller::new(START);
    let consent = json!({ "marketing_email": true });
    let login = json!({ "login": "u-1", "by": "anna", "email": "anna@mail.example", "consent": consent });
    let login = say(&mut teller, login, 0);
    world.events("sk_local", &[login]).await;
    let add = say(&mut teller, json!({ "add": "mug", "by": "anna" }), 1);
    world.events("pk_local", &[add]).await;
    world.pass(DurationMs::from_minutes(16));
    let report = world.mailer().await;
    assert_eq!((&report["sent"], &report["timers"]), (&json!(1), &json!(1)), "{report}");
    assert!(words(&world.stack.bus).contains(&"rule-matched undecided".to_owned()));
    world.finish().await;
}

#[tokio::test]
async fn timers_that_nobody_has_looked_at_stand_before_no_cart() {
    let mut world = world(&with_reminder()).await;
    let mut teller = Teller::new(START);
    let login = json!({ "login": "u-1", "by": "anna", "email": "anna@mail.example",
        "consent": { "marketing_email": true } });
    let login = say(&mut teller, login, 0);
    world.events("sk_local", &[login]).await;
    let add = say(&mut teller, json!({ "add": "mug", "user": "u-1" }), 1);
    world.events("sk_local", &[add]).await;
    let part = world.customer("u-1").shard(DUE_SHARD_COUNT);
    let mut waiting = Profile::default();
    waiting.rules.next_at = Some(START);
    let neighbours = (0..).map(|n| world.visitor(&format!("waiting-{n}")));
    for key in neighbours.filter(|key| key.shard(DUE_SHARD_COUNT) == part).take(250) {
        world.stack.tables.save(&key, &waiting, None, Some(START)).await.unwrap();
    }
    world.pass(DurationMs::from_minutes(16));
    for run in 0..3 {
        let report = world.stack.tick().await.unwrap();
        assert!(report["timers"].as_u64().unwrap() >= 250, "{report}");
        assert_eq!(world.mails(), 1, "run {run}: {report}");
    }
}

#[tokio::test]
async fn a_stream_that_takes_no_timer_costs_no_reminder() {
    let mut world = world(&with_reminder()).await;
    let mut teller = Teller::new(START);
    let view = say(&mut teller, json!({ "view": "mug", "by": "ben" }), 0);
    world.events("pk_local", &[view]).await;
    world.pass(DurationMs::from_minutes(11));
    world.stack.stream.refuse_next(1);
    let report = world.stack.tick().await.unwrap();
    assert_eq!((&report["timers"], &report["failed"]), (&json!(0), &json!(1)), "{report}");
    assert_eq!(world.mailer().await["timers"], 1, "the next run puts it");
    world.stack.stream.put(Vec::new()).await.unwrap();
    world.finish().await;
}
