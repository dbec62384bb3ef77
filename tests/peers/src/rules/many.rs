//! Many rules at once: a slot with 1,000 of them, the time to compile them, and the slots of the sample.

use crate::beckon::{Slot, parse};
use crate::rounds::Work;
use crate::shopper::{Known, event, key, now};
use anyhow::{Result, ensure};
use beckon_domain::Policy;
use beckon_domain::event::EventKind;
use beckon_domain::id::EventName;
use beckon_domain::reaction::Reaction;
use beckon_rules::SAMPLE;
use std::fmt::Write;
use std::hint::black_box;
use std::rc::Rc;

/// Rules of the large rulesets.
const RULE_COUNT: usize = 1_000;
/// Events that acting rules wait for.
const EVENT_COUNT: usize = 20;
const HEAD: &str = "version: 1\nname: Many rules\ncurrency: EUR\noffers:\n\
                    \x20 - { id: o, title: T, text: T, url: https://shop.example }\n\
                    slots:\n  - { id: many, fallback: { offer: o } }\nrules:\n";

/// Which rule of the slot holds of everybody.
#[derive(Clone, Copy, PartialEq)]
enum Holds {
    None,
    First,
    Last,
}

pub const NONE: &str = "1,000 rules, none holds";
pub const FIRST: &str = "1,000 rules, the first holds";
pub const LAST: &str = "1,000 rules, the last holds";
pub const EVENT: &str = "event, 1,000 rules on 20 events";
pub const ANY_EVENT: &str = "event, 1,000 rules on any event";
pub const COMPILE: &str = "compile 1,000 rules";

/// What is measured besides the engines.
pub fn works(known: &Rc<[Known]>) -> Result<Vec<Work>> {
    let mut works = Vec::new();
    for (name, holds) in [(NONE, Holds::None), (FIRST, Holds::First), (LAST, Holds::Last)] {
        let slot = Slot::new(&ruleset(holds)?, "many")?;
        for known in known.iter() {
            let found = slot.decide(&known.person(), now()).map(|decision| decision.reason.rule.is_some());
            ensure!(found == Some(holds != Holds::None), "{name}: {found:?}; this is a bug of the benchmark");
        }
        works.push(decide(name, 200, slot, known));
    }
    works.push(decide("decide the sample's home.hero", 20_000, Slot::new(SAMPLE, "home.hero")?, known));
    works.push(decide("decide the sample's pdp.related", 20_000, Slot::new(SAMPLE, "pdp.related")?, known));
    if let Some(known) = known.first() {
        works.push(react(EVENT, |index| Some(index % EVENT_COUNT), known)?);
        works.push(react(ANY_EVENT, |_| None, known)?);
    }
    let yaml = ruleset(Holds::Last)?;
    let run = move |_| drop(black_box(parse(&yaml)));
    works.push(Work { name: COMPILE, times: 3, run: Box::new(run) });
    Ok(works)
}

fn decide(name: &'static str, times: usize, slot: Slot, known: &Rc<[Known]>) -> Work {
    let known = Rc::clone(known);
    let run = move |index: usize| {
        if let Some(known) = known.get(index) {
            black_box(slot.decide(&known.person(), now()));
        }
    };
    Work { name, times, run: Box::new(run) }
}

/// An event with 1,000 rules that act by themselves.
fn react(name: &'static str, on: impl Fn(usize) -> Option<usize>, known: &Known) -> Result<Work> {
    let mut yaml = HEAD.to_owned();
    for index in 0..RULE_COUNT {
        let conditions = conditions(index, false);
        let on = on(index).map(|event| format!("    on: event-{event}\n")).unwrap_or_default();
        writeln!(
            yaml,
            "  - id: r{index}\n{on}    when: {{ all: [{conditions}] }}\n    then: {{ publish: p }}"
        )?;
    }
    let ruleset = parse(&yaml)?;
    let (key, policy, mut profile) = (key()?, Policy::default(), known.profile().clone());
    let event = event(100, now(), EventKind::Track(EventName::new("event-3")?))?;
    ruleset.react(&mut profile, &key, &event, &policy);
    ensure!(profile.rules.outbox.is_empty(), "{name}: a rule acts; this is a bug of the benchmark");
    let run = move |_| ruleset.react(black_box(&mut profile), &key, black_box(&event), &policy);
    Ok(Work { name, times: 200, run: Box::new(run) })
}

/// A slot with 1,000 rules of four conditions, of which one at most holds of everybody.
fn ruleset(holds: Holds) -> Result<String> {
    let mut yaml = HEAD.to_owned();
    for index in 0..RULE_COUNT {
        let everybody = match holds {
            Holds::None => false,
            Holds::First => index == 0,
            Holds::Last => index + 1 == RULE_COUNT,
        };
        writeln!(
            yaml,
            "  - id: r{index}\n    slot: many\n    priority: {}\n    when: {{ all: [{}] }}\n    then: {{ offer: o }}",
            RULE_COUNT - index,
            conditions(index, everybody)
        )?;
    }
    Ok(yaml)
}

/// The four conditions of a rule. They hold of everybody or of nobody; then a quarter of the rules fail at the first, a
/// quarter at the second, and so on.
fn conditions(index: usize, everybody: bool) -> String {
    let mut conditions = [
        "{ fact: cart.value, gte: 0.01 EUR }".to_owned(),
        "{ event: Product Added, within: 1h }".to_owned(),
        "{ not: { event: Order Completed } }".to_owned(),
        if everybody {
            "{ fact: session.pages, gte: 1 }".to_owned()
        } else {
            format!("{{ trait: {{ name: plan, eq: plan-{index} }} }}")
        },
    ];
    conditions.rotate_left(index % 4);
    conditions.join(", ")
}
