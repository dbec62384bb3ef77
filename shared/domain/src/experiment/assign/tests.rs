use super::*;
use crate::experiment::definition::{Activation, Definition, DefinitionError, Ramp, Variant};
use crate::experiment::{BucketRange, Measured, Namespace, RunId};
use crate::id::{ExperimentId, GoalId, VariantId};
use crate::time::DurationMs;
use proptest::prelude::*;

/// Values of the chi-square distribution that chance exceeds once in a thousand times, by degrees of freedom from 1.
const BEYOND_CHANCE: [f64; 9] = [10.828, 13.816, 16.266, 18.467, 20.515, 22.458, 24.322, 26.124, 27.877];
const MILLION: u32 = 1_000_000;
const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);

fn definition(id: &str, weights: &[f64]) -> Definition {
    let variant = |(index, weight): (usize, &f64)| Variant {
        id: VariantId::new(&format!("v{index}")).unwrap(),
        weight: *weight,
    };
    Definition {
        run: RunId { experiment: ExperimentId::new(id).unwrap(), number: 1 },
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
        variants: weights.iter().enumerate().map(variant).collect(),
    }
}

fn experiment(id: &str, weights: &[f64]) -> Experiment {
    Experiment::new(definition(id, weights)).unwrap()
}

fn with(change: impl FnOnce(&mut Definition)) -> Result<Experiment, DefinitionError> {
    let mut definition = definition("hero", &[0.5, 0.5]);
    change(&mut definition);
    Experiment::new(definition)
}

fn namespace(start: f64, end: f64) -> Option<Namespace> {
    Some(Namespace { id: "home".into(), range: BucketRange { start, end } })
}

fn variant_of(experiment: &Experiment, unit: &str) -> Option<usize> {
    match assign(experiment, unit, None, NOW) {
        Assignment::In { variant, .. } => Some(variant),
        Assignment::Out(_) => None,
    }
}

fn chi_square(counts: &[u32], weights: &[f64]) -> f64 {
    let all = f64::from(counts.iter().sum::<u32>());
    let part = |(count, weight): (&u32, &f64)| (f64::from(*count) - all * weight).powi(2) / (all * weight);
    counts.iter().zip(weights).map(part).sum()
}

#[test]
fn people_are_divided_by_weight_and_by_nothing_else() {
    let weightings: [&[f64]; 4] = [&[0.5, 0.5], &[0.95, 0.05], &[0.2, 0.3, 0.5], &[0.1; 10]];
    for weights in weightings {
        let experiment = experiment("srm", weights);
        let mut counts = vec![0; weights.len()];
        for n in 0..MILLION {
            let variant = variant_of(&experiment, &format!("a1_person-{n}")).expect("all are covered");
            counts[variant] += 1;
        }
        let chi_square = chi_square(&counts, weights);
        assert!(chi_square < BEYOND_CHANCE[weights.len() - 2], "{weights:?}: {counts:?}, {chi_square}");
    }
}

#[test]
fn one_experiment_says_nothing_of_another() {
    let (one, two) = (experiment("one", &[0.5, 0.5]), experiment("two", &[0.3, 0.7]));
    let again = with(|new| {
        new.run = RunId { experiment: ExperimentId::new("one").unwrap(), number: 2 };
    })
    .unwrap();
    let (mut nested, mut anew) = ([0; 4], [0; 4]);
    for n in 0..MILLION / 2 {
        let unit = format!("a1_person-{n}");
        let at = |experiment| variant_of(experiment, &unit).expect("all are covered");
        nested[at(&one) * 2 + at(&two)] += 1;
        anew[at(&one) * 2 + at(&again)] += 1;
    }
    // Three degrees of freedom: neither is any share off, nor does one depend on the other.
    for (counts, weights) in [(nested, [0.15, 0.35, 0.15, 0.35]), (anew, [0.25; 4])] {
        let chi_square = chi_square(&counts, &weights);
        assert!(chi_square < BEYOND_CHANCE[2], "{counts:?}, {chi_square}");
    }
}

#[test]
fn parts_of_one_namespace_share_nobody_and_leave_nobody_out() {
    let part = |id: &str, start, end| {
        with(|new| {
            new.run.experiment = ExperimentId::new(id).unwrap();
            new.namespace = namespace(start, end);
        })
        .unwrap()
    };
    let (one, two) = (part("one", 0.0, 0.4), part("two", 0.4, 1.0));
    assert!(one.excludes(&two) && two.excludes(&one) && !one.excludes(&one));
    let mut counts = [0; 2];
    for n in 0..MILLION / 10 {
        let unit = format!("a1_person-{n}");
        match [variant_of(&one, &unit), variant_of(&two, &unit)] {
            [Some(_), None] => counts[0] += 1,
            [None, Some(_)] => counts[1] += 1,
            both => panic!("{unit}: {both:?}"),
        }
    }
    assert!(chi_square(&counts, &[0.4, 0.6]) < BEYOND_CHANCE[0], "{counts:?}");
}

#[test]
fn an_experiment_takes_people_while_it_runs_and_its_winner_takes_all() {
    let out = |change: fn(&mut Definition)| assign(&with(change).unwrap(), "a1_x", None, NOW);
    assert_eq!(out(|new| new.status = Status::Draft), Assignment::Out(Outside::Draft));
    assert_eq!(out(|new| new.is_killed = true), Assignment::Out(Outside::Killed));
    let stopped = |new: &mut Definition| new.status = Status::Stopped { winner: Some(1) };
    assert_eq!(out(stopped), Assignment::Out(Outside::Stopped(Some(1))));
    let later = |new: &mut Definition| new.from = Some(NOW + DurationMs::from_ms(1));
    assert_eq!(out(later), Assignment::Out(Outside::NotBegun));
    assert_eq!(out(|new| new.until = Some(NOW)), Assignment::Out(Outside::Over));
    let begins = |new: &mut Definition| new.from = Some(NOW);
    assert!(matches!(out(begins), Assignment::In { is_sticky: false, .. }));
    let nobody = |new: &mut Definition| new.coverage = Ramp::always(0.0).unwrap();
    assert!(matches!(out(nobody), Assignment::Out(Outside::NotCovered(_))));
    let soon = |new: &mut Definition| {
        new.coverage = Ramp::steps(vec![(NOW + DurationMs::from_ms(1), 1.0)]).unwrap();
    };
    assert!(matches!(out(soon), Assignment::Out(Outside::NotCovered(_))), "before the first step");
}

#[test]
fn whoever_was_shown_a_variant_keeps_it_as_long_as_it_exists() {
    let shrunk = with(|new| {
        new.coverage = Ramp::always(0.0).unwrap();
        new.namespace = namespace(0.0, 0.0001);
    })
    .unwrap();
    let shown = |variant: &str, number| Exposed {
        run: RunId { number, ..shrunk.run.clone() },
        variant: VariantId::new(variant).unwrap(),
        at: NOW,
        crossed_over: false,
    };
    for (variant, index) in [("v0", 0), ("v1", 1)] {
        let kept = assign(&shrunk, "a1_x", Some(&shown(variant, 1)), NOW);
        assert!(matches!(kept, Assignment::In { variant, is_sticky: true, .. } if variant == index));
    }
    for gone in [shown("v9", 1), shown("v1", 2)] {
        assert!(matches!(assign(&shrunk, "a1_x", Some(&gone), NOW), Assignment::Out(_)), "{gone:?}");
    }
}

#[test]
fn what_cannot_be_run_does_not_exist() {
    use DefinitionError as E;
    type Change = fn(&mut Definition);
    let wrong: [(Change, E); 8] = [
        (|new| new.variants.truncate(1), E::VariantCount),
        (|new| new.variants[1].id = VariantId::new("v0").unwrap(), E::VariantTwice),
        (|new| new.variants[0].weight = f64::NAN, E::Weight),
        (|new| new.variants[0].weight = 0.4, E::WeightSum),
        (|new| new.status = Status::Stopped { winner: Some(2) }, E::Winner),
        (|new| (new.from, new.until) = (Some(NOW), Some(NOW)), E::Until),
        (|new| new.namespace = namespace(0.5, 0.5), E::Namespace),
        (|new| new.window = DurationMs::ZERO, E::Window),
    ];
    for (change, error) in wrong {
        assert_eq!(with(change).map(|_| ()), Err(error));
    }
    assert_eq!(Ramp::always(1.1).map(|_| ()), Err(E::Coverage));
    assert_eq!(Ramp::steps(vec![(NOW, 0.1), (NOW, 0.2)]).map(|_| ()), Err(E::RampOrder));
}

#[test]
fn seeds_are_the_experiments_name_and_its_run() {
    let seed = |number, seed: Option<&str>| {
        let experiment = with(|new| {
            new.run.number = number;
            new.seed = seed.map(Into::into);
        });
        experiment.unwrap().seed().to_owned()
    };
    assert_eq!([seed(1, None), seed(2, None), seed(2, Some("x"))], ["hero", "hero#2", "x"]);
}

proptest! {
    /// A person is where they were, whatever was learned of them since: the unit is the browser's, the exposure a set's
    /// earliest, so that neither a login, nor a reload, nor a replay, nor the order of joining halves moves anybody.
    #[test]
    fn an_assignment_holds(
        unit in "[a-z0-9]{1,40}",
        coverage in 0.0..=1.0_f64,
        more in 0.0..=1.0_f64,
        days in 0..100_u64,
    ) {
        let less = with(|new| new.coverage = Ramp::always(coverage * more).unwrap()).unwrap();
        let full = with(|new| new.coverage = Ramp::always(coverage).unwrap()).unwrap();
        let first = assign(&less, &unit, None, NOW);
        prop_assert_eq!(first, assign(&less, &unit, None, NOW), "a reload");
        if let Assignment::In { variant, .. } = first {
            prop_assert_eq!(variant_of(&full, &unit), Some(variant), "more coverage throws nobody out");
            let at = NOW + DurationMs::from_days(days);
            let shown = Exposed {
                run: less.run.clone(),
                variant: less.variants[variant].id.clone(),
                at,
                crossed_over: false,
            };
            let (mut visitor, mut customer) = (Measured::default(), Measured::default());
            visitor.expose(shown.clone());
            customer.expose(Exposed { at: at + DurationMs::from_ms(1), ..shown });
            for merged in [visitor.merge(&customer), customer.merge(&visitor)] {
                // On another device: another unit, and what the person was shown first.
                let there = assign(&less, "elsewhere", merged.of(&less.run), at);
                let stays = matches!(there, Assignment::In { variant: v, is_sticky: true, .. } if v == variant);
                prop_assert!(stays, "{there:?}");
            }
        }
    }

    /// The sums of an assignment are those of the published ranges.
    #[test]
    fn ranges_are_the_published_ones(unit in "[a-z0-9]{1,40}", coverage in 0.0..=1.0_f64) {
        let weights = [0.2, 0.3, 0.5];
        let mut new = definition("ranges", &weights);
        new.coverage = Ramp::always(coverage).unwrap();
        let experiment = Experiment::new(new).unwrap();
        let at = crate::experiment::hash("ranges", &unit, crate::experiment::HashVersion::V2);
        let ranges = crate::experiment::bucket_ranges(3, coverage, &weights);
        prop_assert_eq!(variant_of(&experiment, &unit), crate::experiment::choose_variation(at, &ranges));
    }
}
