//! Many rules at once: a slot with 1,000 of them, the time to compile them, and the slots of the sample.

use crate::beckon::{Slot, parse};
use crate::rounds::Work;
use crate::shopper::{Known, now};
use anyhow::{Result, ensure};
use beckon_rules::SAMPLE;
use std::fmt::Write;
use std::hint::black_box;
use std::rc::Rc;

/// Rules of the large rulesets.
const RULE_COUNT: usize = 1_000;
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
pub const COMPILE: &str = "compile 1,000 rules";

/// What is measured besides the engines.
pub fn works(known: &Rc<[Known]>) -> Result<Vec<Work>> {
    let mut works = Vec::new();
    for (name, holds) in [(NONE, Holds::None), (FIRST, Holds::First), (LAST, Holds::Last)] {
        let slot = Slot::new(&ruleset(holds)?, "many")?;
        for known in known.iter() {
            let found = slot.is_filled(&known.person(), now());
            ensure!(found == Some(holds != Holds::None), "{name}: {found:?}; this is a bug of the benchmark");
        }
        works.push(decide(name, 200, slot, known));
    }
    works.push(decide("decide the sample's home.hero", 20_000, Slot::new(SAMPLE, "home.hero")?, known));
    works.push(decide("decide the sample's pdp.related", 20_000, Slot::new(SAMPLE, "pdp.related")?, known));
    let yaml = ruleset(Holds::Last)?;
    let run = move |_| drop(black_box(parse(&yaml)));
    works.push(Work { name: COMPILE, times: 3, run: Box::new(run) });
    Ok(works)
}

fn decide(name: &'static str, times: usize, slot: Slot, known: &Rc<[Known]>) -> Work {
    let known = Rc::clone(known);
    let run = move |index: usize| {
        if let Some(known) = known.get(index) {
            black_box(slot.is_filled(&known.person(), now()));
        }
    };
    Work { name, times, run: Box::new(run) }
}

/// A slot with 1,000 rules of four conditions, of which one at most holds of everybody. Each of the others fails at its
/// first, second, third or fourth condition, as often as at any other.
fn ruleset(holds: Holds) -> Result<String> {
    let mut yaml = String::from(
        "version: 1\nname: Many rules\ncurrency: EUR\noffers:\n\
         \x20 - { id: o, title: T, text: T, url: https://shop.example }\n\
         slots:\n  - { id: many, fallback: { offer: o } }\nrules:\n",
    );
    for index in 0..RULE_COUNT {
        let everybody = match holds {
            Holds::None => false,
            Holds::First => index == 0,
            Holds::Last => index + 1 == RULE_COUNT,
        };
        let mut conditions = [
            format!("{{ cart: {{ value_gte: 0.0{} EUR }} }}", index % 2),
            "{ event: Product Added, within: 1h }".to_owned(),
            "{ not: { event: Order Completed } }".to_owned(),
            if everybody { "{ cart: { empty: false } }" } else { "{ trait: { name: plan, eq: none } }" }
                .to_owned(),
        ];
        conditions.rotate_left(index % 4);
        writeln!(
            yaml,
            "  - id: r{index}\n    slot: many\n    priority: {}\n    when: {{ all: [{}] }}\n    then: {{ offer: o }}",
            RULE_COUNT - index,
            conditions.join(", ")
        )?;
    }
    Ok(yaml)
}
