use super::*;
use beckon_domain::DurationMs;
use beckon_domain::experiment::{Activation, Definition, Ramp, RunId, Status};
use beckon_domain::id::{ExperimentId, GoalId, VariantId};
use std::collections::BTreeMap;

const DAY: i64 = 20_000;

fn experiment() -> Experiment {
    let variant = |id: &str| Variant { id: VariantId::new(id).unwrap(), weight: 0.5 };
    Experiment::new(Definition {
        run: RunId { experiment: ExperimentId::new("hero").unwrap(), number: 1 },
        status: Status::Running,
        is_killed: false,
        from: None,
        until: None,
        coverage: Ramp::always(1.0).unwrap(),
        namespace: None,
        seed: None,
        goal: GoalId::new("order").unwrap(),
        window: DurationMs::from_days(7),
        activation: Activation::Server,
        variants: vec![variant("a"), variant("b")],
    })
    .unwrap()
}

fn euro() -> Currency {
    Currency::new("EUR").unwrap()
}

/// So many people, of whom so many paid 50 euros once.
fn tally(people: u64, converted: u64) -> Tally {
    let moments = beckon_domain::experiment::Moments {
        sum: i128::from(converted) * 5_000,
        squares: i128::from(converted) * 25_000_000,
    };
    let goal = GoalTally {
        people: converted,
        times: converted,
        times_squares: converted,
        values: BTreeMap::from([(euro(), moments)]),
    };
    let goals = BTreeMap::from([(GoalId::new("order").unwrap(), goal)]);
    Tally { people, crossed_over: 1, goals }
}

/// Days of the same people, one after the other.
fn book(days: i64, a: (u64, u64), b: (u64, u64)) -> TallyBook {
    let cohort = |a: Tally, b: Tally| {
        BTreeMap::from([(VariantId::new("a").unwrap(), a), (VariantId::new("b").unwrap(), b)])
    };
    let mut book = TallyBook::default();
    for day in 0..days {
        let today = cohort(tally(a.0, a.1), tally(b.0, b.1));
        for (variant, tally) in &today {
            *book.total.entry(variant.clone()).or_default() += tally;
        }
        book.days.insert(DAY + day, today);
    }
    book
}

fn told(book: &TallyBook, complete: bool) -> ReportAnswer {
    let now = Timestamp::from_ms((DAY + book.days.len() as i64) * 86_400_000);
    of(&experiment(), &Read { book, complete, now }, euro())
}

#[test]
fn a_variant_that_sells_more_is_said_to_and_by_how_much() {
    let report = told(&book(10, (500, 50), (500, 75)), true);
    let b = &report.variants[1];
    assert_eq!((report.people, b.people, b.converted, b.crossed_over), (10_000, 5_000, 750, 10));
    let compared = b.compared.as_ref().unwrap();
    assert_eq!(compared.verdict, "better");
    assert!((compared.uplift.unwrap() - 0.5).abs() < 1e-9);
    let interval = compared.interval.unwrap();
    assert!(0.2 < interval.low && interval.high < 0.9, "{interval:?}");
    let revenue = &b.revenue[0];
    assert_eq!((revenue.total, revenue.per_person), (3_750_000, 750.0));
    assert_eq!(revenue.compared.as_ref().unwrap().verdict, "better");
    assert!(report.verdict.starts_with("b does better: +2"), "{}", report.verdict);
    assert!(!report.sample_ratio.warning && report.variants[0].compared.is_none());
    // Each day tells what was known then, and the last one what is known now.
    assert_eq!(report.days.len(), 20);
    let last = report.days.last().unwrap();
    assert_eq!((last.people, last.uplift), (5_000, compared.uplift));
    assert_eq!(report.days[1].day, "2024-10-04");
    let width = |day: &DayAnswer| day.interval.map_or(f64::INFINITY, |i| i.high - i.low);
    assert!(width(&report.days[3]) > width(last));
}

#[test]
fn without_a_difference_none_is_said_and_how_long_it_would_take_is() {
    let report = told(&book(5, (500, 50), (500, 50)), true);
    let compared = report.variants[1].compared.as_ref().unwrap();
    assert_eq!(compared.verdict, "no_difference_seen");
    // A tenth of 10 % among 1,000 people a day takes weeks.
    assert!((20..60).contains(&compared.days_left.unwrap()), "{compared:?}");
    assert!(report.verdict.contains("no difference seen"), "{}", report.verdict);
    let few = told(&book(1, (20, 2), (20, 9)), true);
    assert_eq!(few.variants[1].compared.as_ref().unwrap().verdict, "too_few");
    assert_eq!(told(&TallyBook::default(), true).people, 0);
}

#[test]
fn nothing_is_concluded_from_a_lopsided_division_or_from_a_part_of_the_rows() {
    let lopsided = told(&book(10, (500, 50), (400, 70)), true);
    assert!(lopsided.sample_ratio.warning);
    assert_eq!(lopsided.variants[1].compared.as_ref().unwrap().verdict, "sample_ratio_mismatch");
    assert!(lopsided.verdict.contains("not divided"), "{}", lopsided.verdict);
    let part = told(&book(10, (500, 50), (500, 75)), false);
    assert_eq!(part.variants[1].compared.as_ref().unwrap().verdict, "too_few");
    assert!(part.verdict.contains("too many rows"), "{}", part.verdict);
}
