//! What every adapter promises of what was found in experiments: the same rows, in whatever order it is told and however often.

use super::{key, minute};
use crate::tables::{ExperimentStore, PersonStore, Trace};
use beckon_domain::experiment::{Exposed, Fact, Finding, RunFold, RunId, RunRow, TallyBook};
use beckon_domain::id::{EffectId, ExperimentId, GoalId, OrderId, VariantId};
use beckon_domain::{DurationMs, Money, ProfileKey};

pub(super) async fn all<T: ExperimentStore + PersonStore>(tables: &T) {
    in_any_order(tables).await;
    pages(tables).await;
    erased(tables).await;
}

fn run(number: u16) -> RunId {
    // A name that could be mistaken for a part of a key.
    RunId { experiment: ExperimentId::new("hero#1 | copy").unwrap(), number }
}

fn exposed(number: u16, variant: &str, at: u64) -> Exposed {
    let variant = VariantId::new(variant).unwrap();
    Exposed { run: run(number), variant, at: minute(at), crossed_over: false }
}

fn fact(order: &str, value: Option<&str>, at: u64) -> Fact {
    let id = EffectId::of_order(&OrderId::new(order).unwrap());
    let value = value.map(|value| Money::parse(value).unwrap());
    Fact { at: minute(at), id, goal: GoalId::new("order#paid").unwrap(), value }
}

async fn rows<T: ExperimentStore>(tables: &T, run: &RunId, limit: u32) -> Vec<RunRow> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = tables.run_page(run, after.as_deref(), limit).await.unwrap();
        assert!(page.rows.len() <= limit as usize);
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            return rows;
        }
    }
}

/// Tells everything in every rotation, forwards and backwards, of which no two may differ in what is there at the end.
async fn in_any_order<T: ExperimentStore>(tables: &T) {
    for number in 1..=24 {
        let (anna, phone) = (key("x-anna"), key("x-phone"));
        let told = [
            (&phone, Finding::Joined(run(number), key("x-other"))),
            (&anna, Finding::Joined(run(number), phone.clone())),
            (&phone, Finding::Exposed(exposed(number, "b", 5))),
            (&phone, Finding::Exposed(exposed(number, "b", 4))),
            (&phone, Finding::Exposed(exposed(number, "a", 4))),
            (&anna, Finding::Exposed(exposed(number, "c", 9))),
            (&anna, Finding::Exposed(Exposed { crossed_over: true, ..exposed(number, "c", 7) })),
            (&anna, Finding::Reached(run(number), fact("o-1", Some("9.50 EUR"), 8))),
            (&anna, Finding::Reached(run(number), fact("o-1", Some("9.40 USD"), 8))),
            (&anna, Finding::Reached(run(number), fact("o-1", None, 9))),
            (&anna, Finding::Reached(run(number), fact("o-2", Some("1.00 EUR"), 3))),
            (&anna, Finding::Reached(run(number), fact("o-2", None, 3))),
        ];
        let mut order: Vec<usize> = (0..told.len()).collect();
        order.rotate_left(usize::from(number - 1) % told.len());
        if number > 12 {
            order.reverse();
        }
        for index in order.iter().chain(&order[..3]) {
            let (of, finding) = &told[*index];
            tables.record_finding(of, finding, minute(10)).await.unwrap();
        }
        let person = |of: &ProfileKey, exposed: Option<Exposed>, joined_to: Option<&ProfileKey>| {
            RunRow::Person { of: of.clone(), exposed, joined_to: joined_to.cloned() }
        };
        let crossed = |exposed: Exposed| Some(Exposed { crossed_over: true, ..exposed });
        let reached = |fact: Fact| RunRow::Reached { of: anna.clone(), fact };
        let expected = [
            person(&anna, crossed(exposed(number, "c", 7)), None),
            person(&phone, crossed(exposed(number, "a", 4)), Some(&anna)),
            person(&key("x-other"), None, Some(&phone)),
            reached(fact("o-1", Some("9.40 USD"), 8)),
            reached(fact("o-2", None, 3)),
        ];
        let found = rows(tables, &run(number), 100).await;
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for row in &expected {
            assert!(found.contains(row), "run {number}: {row:#?} is not in {found:#?}");
        }
    }
}

/// Pages neither skip nor repeat, and hold the rows of one run.
async fn pages<T: ExperimentStore>(tables: &T) {
    for person in 0..20 {
        let of = key(&format!("x-page-{person}"));
        for number in [100, 101] {
            let exposure = Finding::Exposed(exposed(number, "a", person));
            tables.record_finding(&of, &exposure, minute(30)).await.unwrap();
        }
        let order = fact(&format!("page-{person}"), Some("2.00 EUR"), person + 1);
        tables.record_finding(&of, &Finding::Reached(run(100), order), minute(30)).await.unwrap();
    }
    let tallied = |rows: &[RunRow]| -> TallyBook {
        let mut fold = RunFold::default();
        rows.iter().for_each(|row| fold.take(row));
        fold.finish(DurationMs::from_days(1))
    };
    let whole = rows(tables, &run(100), 1_000).await;
    assert_eq!(whole.len(), 40);
    for limit in [1, 3] {
        let paged = rows(tables, &run(100), limit).await;
        assert_eq!((paged.len(), tallied(&paged)), (40, tallied(&whole)), "pages of {limit}");
    }
    assert_eq!(rows(tables, &run(101), 7).await.len(), 20);
    assert_eq!(rows(tables, &run(102), 7).await, []);
}

async fn traces<T: PersonStore>(tables: &T, of: &[ProfileKey]) -> Vec<(RunId, RunRow)> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = tables.trace_page(of, after.as_deref()).await.unwrap();
        for trace in page.traces {
            if let Trace::Run(run, row) = &trace {
                found.push((run.clone(), (**row).clone()));
                tables.erase_trace(&trace, of).await.unwrap();
            }
        }
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

/// Whatever run a person was in, what is held of them is found and taken out, and nobody else's.
async fn erased<T: ExperimentStore + PersonStore>(tables: &T) {
    let (anna, ben, tablet) = (key("x-gone"), key("x-stays"), key("x-tablet"));
    for number in [200, 201] {
        for of in [&anna, &ben] {
            let exposure = Finding::Exposed(exposed(number, "a", 1));
            tables.record_finding(of, &exposure, minute(1)).await.unwrap();
            let order = Finding::Reached(run(number), fact("o-9", None, 2));
            tables.record_finding(of, &order, minute(2)).await.unwrap();
        }
    }
    // A device that only the row itself still knows to be hers.
    tables.record_finding(&anna, &Finding::Joined(run(201), tablet), minute(2)).await.unwrap();
    let of: Vec<ProfileKey> = (0..60).map(|n| key(&format!("x-{n}"))).chain([anna]).collect();
    assert_eq!(traces(tables, &of).await.len(), 5);
    assert_eq!(traces(tables, &of).await, []);
    for number in [200, 201] {
        let left = rows(tables, &run(number), 10).await;
        assert!(left.len() == 2 && left.iter().all(|row| *row.of() == ben), "{left:?}");
    }
}
