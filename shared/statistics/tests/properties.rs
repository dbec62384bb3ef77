//! What holds for whatever figures.
#![allow(clippy::unwrap_used)]

use beckon_statistics::{
    Figures, Level, Metric, Moments, SampleRatio, Verdict, compare, compare_all, days_left, detectable,
    judge, sample_ratio,
};
use proptest::prelude::*;

fn figures() -> impl Strategy<Value = Figures> {
    (0u64..200_000, 0.0..=1.0f64, 0.1..500.0f64, 1.0..5.0f64).prop_map(|(users, rate, price, spread)| {
        let conversions = (users as f64 * rate) as u64;
        let paid = conversions as f64 * price;
        let revenue = Moments::new(users, paid, paid * price * spread).unwrap();
        Figures::new(users, conversions, revenue).unwrap()
    })
}

fn metric() -> impl Strategy<Value = Metric> {
    prop_oneof![Just(Metric::Conversion), Just(Metric::Revenue)]
}

fn sound() -> SampleRatio {
    sample_ratio(&[500, 500], &[1.0, 1.0])
}

proptest! {
    #[test]
    fn p_value_intervals_and_verdict_say_the_same(a in figures(), b in figures(), metric in metric()) {
        let level = Level::default();
        let finding = judge(&a, &b, metric, sound(), level);
        let compared = finding.comparison;
        let leaves_out = |effect: beckon_statistics::Effect| effect.interval.is_some_and(|i| !i.holds(0.0));
        let both = leaves_out(compared.difference) && compared.uplift.is_none_or(leaves_out);
        prop_assert_eq!(compared.p_value < level.alpha(), both, "{:?}", compared);
        let sign = compared.difference.value;
        prop_assert_eq!(finding.verdict, match (compared.is_enough, both) {
            (false, _) => Verdict::TooFew,
            (true, false) => Verdict::NoDifferenceSeen,
            (true, true) if sign > 0.0 => Verdict::Better,
            (true, true) => Verdict::Worse,
        });
        prop_assert!((0.0..=1.0).contains(&compared.p_value));
    }

    #[test]
    fn always_valid_is_wider_than_fixed_and_both_hold_what_was_found(
        a in figures(), b in figures(), metric in metric(),
    ) {
        let compared = compare(&a, &b, metric, Level::default());
        for effect in [Some(compared.difference), compared.uplift].into_iter().flatten() {
            let Some(interval) = effect.interval else { continue };
            prop_assert!(interval.holds(effect.value));
            // Newcombe's interval may reach further to one side, never further in all.
            let width = |i: beckon_statistics::Interval| i.high - i.low;
            prop_assert!(width(interval) >= width(effect.fixed_interval) * 0.999_999, "{effect:?}");
        }
    }

    #[test]
    fn who_exchanges_variants_exchanges_the_sign(a in figures(), b in figures(), metric in metric()) {
        let (there, back) =
            (compare(&a, &b, metric, Level::default()), compare(&b, &a, metric, Level::default()));
        prop_assert!((there.difference.value + back.difference.value).abs() < 1e-9);
        prop_assert!((there.p_value - back.p_value).abs() <= 1e-9 * there.p_value.max(1e-300));
        if let (Some(i), Some(j)) = (there.difference.interval, back.difference.interval) {
            prop_assert!((i.low + j.high).abs() <= 1e-9 * (1.0 + i.low.abs()));
        }
    }

    #[test]
    fn more_comparisons_never_make_anything_surer(a in figures(), b in figures(), c in figures()) {
        let metrics = [Metric::Conversion, Metric::Revenue];
        let family = compare_all(&a, &[b, c], &metrics, Level::default());
        prop_assert_eq!(family.comparisons.len(), 4);
        let alone = [(b, 0), (b, 1), (c, 0), (c, 1)].map(|(v, m)| compare(&a, &v, metrics[m], Level::default()));
        for (adjusted, alone) in family.comparisons.iter().zip(alone) {
            prop_assert_eq!(adjusted.comparison.p_value, alone.p_value, "before it is adjusted");
            prop_assert!(adjusted.adjusted_p_value >= alone.p_value);
            prop_assert!(adjusted.adjusted_p_value <= (4.0 * alone.p_value).min(1.0) + 1e-12);
            if let (Some(i), Some(j)) = (adjusted.comparison.difference.interval, alone.difference.interval) {
                prop_assert!(i.low <= j.low && i.high >= j.high);
                // Bonferroni's interval leaves 0 out only where Bonferroni's p-value says so too.
                prop_assert!(i.holds(0.0) || alone.uplift.is_none() || 4.0 * alone.p_value < 0.05
                    || adjusted.comparison.uplift.is_some_and(|u| u.interval.is_some_and(|u| u.holds(0.0))));
            }
        }
    }

    #[test]
    fn an_effect_that_is_detectable_needs_no_more_days(a in figures(), b in figures(), per_day in 1u64..50_000) {
        let level = Level::default();
        let now = detectable(&a, &b, Metric::Conversion, level).difference;
        prop_assume!(now.is_finite());
        let days = |difference| days_left(&a, &b, Metric::Conversion, difference, per_day, level);
        prop_assert_eq!(days(now * 1.000_001), Some(0));
        prop_assert_ne!(days(now * 0.999), Some(0));
        let (half, third) = (days(now / 2.0), days(now / 3.0));
        prop_assert!(third.unwrap_or(u64::MAX) >= half.unwrap_or(u64::MAX));
    }

    #[test]
    fn sums_are_those_of_values_or_refused(values in proptest::collection::vec(-1e6..1e6f64, 0..40)) {
        let moments = Moments::of(values.iter().copied());
        let again = Moments::new(moments.count(), moments.sum(), moments.sum_of_squares());
        prop_assert_eq!(again, Ok(moments));
        let too_small = Moments::new(moments.count(), moments.sum() + 1.0, moments.sum().abs() * 1e-12);
        prop_assert!(too_small.is_err() || moments.sum().abs() < 1.0 + 1e-6 || moments.sum_of_squares() == 0.0);
    }

    #[test]
    fn no_counts_and_weights_make_it_panic(
        counts in proptest::collection::vec(0u64..10_000_000_000, 0..6),
        weights in proptest::collection::vec(prop_oneof![Just(f64::NAN), Just(f64::INFINITY), -1.0..5.0f64], 0..6),
    ) {
        let found = sample_ratio(&counts, &weights);
        prop_assert!((0.0..=1.0).contains(&found.p_value) && (0.0..=1.0).contains(&found.always_valid_p_value));
    }
}

#[test]
fn nobody_yet_is_too_few_and_nothing_that_is_no_figure_is_taken() {
    let none = Figures::without_revenue(0, 0).unwrap();
    let finding =
        judge(&none, &none, Metric::Conversion, sample_ratio(&[0, 0], &[1.0, 1.0]), Level::default());
    assert_eq!(finding.verdict, Verdict::TooFew);
    assert_eq!(finding.comparison.p_value, 1.0);
    assert_eq!(days_left(&none, &none, Metric::Revenue, 1.0, 10, Level::default()), None);
    assert!(Figures::without_revenue(1, 2).unwrap_err().to_string().contains("2 users converted of 1"));
    assert!(Figures::new(3, 2, Moments::of([1.0])).is_err(), "revenue of one user, and there are three");
    assert!(Moments::new(2, 10.0, 49.0).is_err(), "two values of 5 have squares of 50");
    assert!(Moments::new(1, f64::NAN, 1.0).is_err() && Moments::new(0, 1.0, 1.0).is_err());
    assert!(Level::new(0.0).is_err() && Level::new(0.6).is_err() && Level::new(f64::NAN).is_err());
}

#[test]
fn a_mismatch_comes_before_everything_else() {
    let (control, variant) =
        (Figures::without_revenue(10_000, 200).unwrap(), Figures::without_revenue(12_000, 900).unwrap());
    let ratio = sample_ratio(&[10_000, 12_000], &[1.0, 1.0]);
    let verdict = |ratio| judge(&control, &variant, Metric::Conversion, ratio, Level::default()).verdict;
    assert_eq!(verdict(ratio), Verdict::SampleRatioMismatch);
    assert_eq!(verdict(sound()), Verdict::Better);
    let turned = judge(&variant, &control, Metric::Conversion, sound(), Level::default());
    assert_eq!(turned.verdict, Verdict::Worse);
    let note = compare_all(&control, &[variant; 3], &[Metric::Conversion], Level::default()).to_string();
    assert!(note.starts_with("3 comparisons: each interval is one of 98.33 %"), "{note}");
}
