//! What tests of experiments share: a document, a question, and what a report would count.

use beckon_domain::DurationMs;
use beckon_domain::experiment::{RunId, report::RunFold};
use beckon_domain::id::ExperimentId;
use beckon_store::tables::ExperimentStore;
use beckon_store::tables::memory::MemoryTables;
use harness::{Delivery, Fault, Faults, Faulty, Teller, World, world::START};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A hero of another length.
pub const DOCUMENT: &str = "version: 1\nholdout: 0%\nexperiments:
  - id: hero
    status: running
    variants: [{ id: a, weight: 50% }, { id: b, weight: 50%, changes: [{ slot: home.hero, count: 2 }] }]\n";

/// Asks for the hero. Returns its decision.
pub async fn ask(world: &World<MemoryTables>, key: &str, who: &Value) -> Value {
    let mut body = who.clone();
    body["slots"] = json!([{ "id": "home.hero" }]);
    let answer = world.post("/v1/decisions", key, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["decisions"][0].clone()
}

/// The experiment of a decision.
pub fn experiment(decision: &Value) -> Value {
    decision["experiment"].clone()
}

/// The variant of a decision.
pub fn variant(decision: &Value) -> String {
    decision["experiment"]["variant"].as_str().unwrap_or_else(|| panic!("no variant: {decision}")).to_owned()
}

/// What a report of the first run counts, a line for each variant.
pub async fn tallies(world: &World<MemoryTables>, experiment: &str) -> Vec<String> {
    let run = RunId { experiment: ExperimentId::new(experiment).unwrap(), number: 1 };
    let (mut fold, mut after) = (RunFold::default(), None);
    loop {
        let page = world.stack.tables.run_page(&run, after.as_deref(), 100).await.unwrap();
        page.rows.iter().for_each(|row| fold.take(row));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let book = fold.finish(DurationMs::from_days(7));
    let line = |(variant, tally): (_, &beckon_domain::experiment::report::Tally)| {
        let orders: u64 = tally.goals.values().map(|goal| goal.times).sum();
        format!("{variant}: {} people, {} crossed over, {orders} orders", tally.people, tally.crossed_over)
    };
    book.total.iter().map(line).collect()
}

/// People see variants and buy, log in, and see variants on a second device.
async fn tell(world: &mut World<MemoryTables>) {
    world.publish_experiments(DOCUMENT).await;
    let mut teller = Teller::new(START);
    let mut second = 30;
    let mut say = |mut short: Value| {
        second += 1;
        short["time"] = json!(format!("{second}s"));
        teller.event(&short)
    };
    for who in ["anna", "ben", "cleo", "dora", "anna-2"] {
        ask(world, "pk_local", &json!({ "anonymousId": who })).await;
        world.pass(DurationMs::from_secs(1));
    }
    world.pass(DurationMs::from_secs(60));
    let behaviour = [
        say(json!({ "order": ["mug"], "by": "anna", "with": { "order_id": "1" } })),
        say(json!({ "order": ["tarp"], "by": "ben", "with": { "order_id": "2" } })),
        say(json!({ "login": "u-1", "by": "anna" })),
        say(json!({ "login": "u-1", "by": "anna-2" })),
        say(json!({ "order": ["pot-set"], "by": "anna-2", "with": { "order_id": "3" } })),
        say(json!({ "order": ["mug"], "by": "anna", "with": { "order_id": "1" }, "id": "told-again" })),
    ];
    world.collect("sk_local", &behaviour).await;
}

async fn disturbed(n: usize, fault: Fault, expected: &[String]) -> Option<&'static str> {
    let mut world = World::memory().await;
    tell(&mut world).await;
    let faults = Faults::at(n, fault);
    let stack = &world.stack;
    let faulty = world.profiler_on(
        Faulty::new(stack.tables.clone(), &faults),
        Faulty::new(stack.stream.clone(), &faults),
        Faulty::new(stack.failed.clone(), &faults),
    );
    let mut delivery = Delivery::default();
    Box::pin(delivery.run(&stack.stream, &faulty, 4)).await;
    let profiler = world.profiler();
    assert_eq!(Box::pin(delivery.run(&stack.stream, &profiler, 100)).await, 0, "{fault:?} at call {n}");
    assert_eq!(tallies(&world, "hero").await, expected, "{fault:?} at call {n} of {:?}", faults.calls());
    world.finish().await;
    faults.struck().then(|| faults.calls()[n - 1])
}

/// Strikes at every call of the profiler in turn, with every fault.
pub async fn loses() {
    let mut world = World::memory().await;
    tell(&mut world).await;
    world.finish().await;
    let expected = tallies(&world, "hero").await;
    let people: usize = expected
        .iter()
        .filter_map(|line| line.split(": ").nth(1)?.split(' ').next()?.parse::<usize>().ok())
        .sum();
    assert_eq!(people, 4, "{expected:?}");
    for fault in Fault::ALL {
        let mut hit = BTreeSet::new();
        for n in 1.. {
            let Some(call) = disturbed(n, fault, &expected).await else { break };
            hit.insert(call);
        }
        assert!(hit.contains("record_finding") && hit.contains("save"), "{fault:?}: {hit:?}");
    }
}
