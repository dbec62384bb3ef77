use super::*;
use crate::id::{EventId, SourceId};
use proptest::prelude::*;

fn run(number: u16) -> RunId {
    RunId { experiment: ExperimentId::new("hero").unwrap(), number }
}

fn exposed(number: u16, variant: &str, at: i64) -> Exposed {
    let at = Timestamp::from_ms(at);
    Exposed { run: run(number), variant: VariantId::new(variant).unwrap(), at, crossed_over: false }
}

fn fact(event: &str, at: i64) -> Fact {
    let id = EffectId::derive("p", &SourceId::new("web").unwrap(), &EventId::new(event).unwrap(), "goal");
    Fact { at: Timestamp::from_ms(at), id, goal: GoalId::new("order").unwrap(), value: None }
}

#[test]
fn the_first_variant_stands_and_another_one_is_a_crossover() {
    let mut one = Measured::default();
    one.expose(exposed(1, "b", 20));
    one.expose(exposed(1, "b", 30));
    assert_eq!(one.of(&run(1)), Some(&exposed(1, "b", 20)));
    one.expose(exposed(1, "a", 10));
    let first = Exposed { crossed_over: true, ..exposed(1, "a", 10) };
    assert_eq!(one.of(&run(1)), Some(&first));
    assert_eq!(one.of(&run(2)), None, "another run assigns anew");
}

#[test]
fn only_what_came_after_the_exposure_counts() {
    let mut one = Measured::default();
    for (event, at) in [("before", 9), ("at once", 10), ("later", 11), ("later", 11)] {
        one.note(fact(event, at));
    }
    let found: Vec<i64> = one.reached(&exposed(1, "a", 10)).map(|fact| fact.at.as_ms()).collect();
    assert_eq!(found, [10, 11]);
}

#[derive(Clone, Debug)]
enum Told {
    Exposed(u16, u8, i64),
    Fact(u8, i64),
}

fn told() -> impl Strategy<Value = Told> {
    prop_oneof![
        (1..4_u16, 0..3_u8, 0..50_i64).prop_map(|(run, variant, at)| Told::Exposed(run, variant, at)),
        (0..6_u8, 0..50_i64).prop_map(|(event, at)| Told::Fact(event, at)),
    ]
}

fn measured(all: &[Told]) -> Measured {
    let mut measured = Measured::default();
    for one in all {
        match one {
            Told::Exposed(run, variant, at) => measured.expose(exposed(*run, &format!("v{variant}"), *at)),
            Told::Fact(event, at) => measured.note(fact(&format!("e{event}"), *at)),
        }
    }
    measured
}

proptest! {
    /// Neither the order of events, nor their repetition, nor how a person was in halves matters.
    #[test]
    fn a_person_is_measured_the_same_in_every_order(
        (all, shuffled) in prop::collection::vec(told(), 0..12).prop_flat_map(|all| {
            let again: Vec<Told> = all.iter().chain(&all).cloned().collect();
            (Just(all), Just(again).prop_shuffle())
        }),
        cut in 0..24_usize,
    ) {
        let whole = measured(&all);
        prop_assert_eq!(&measured(&shuffled), &whole);
        let (one, other) = shuffled.split_at(cut.min(shuffled.len()));
        let (one, other) = (measured(one), measured(other));
        prop_assert_eq!(&one.merge(&other), &whole);
        prop_assert_eq!(&other.merge(&one), &whole);
    }
}
