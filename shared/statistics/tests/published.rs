//! Examples that others have published, with where.

use beckon_statistics::{Figures, Level, Metric, Share, compare, detectable, holm, sample_ratio};

fn near(found: f64, expected: f64, by: f64) -> bool {
    (found - expected).abs() <= by
}

#[test]
fn requirement_45_the_interval_is_the_published_one() {
    // Newcombe (1998), table II, method 10.
    for (a, b, low, high) in [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ] {
        let share = |(count, of)| Share { count, of };
        let found = share(a).less(share(b));
        assert!(near(found.low, low, 0.000_05) && near(found.high, high, 0.000_05), "{a:?} {b:?}: {found:?}");
        assert_eq!(found.too_few, low <= 0.0);
    }
}

#[test]
fn the_interval_of_one_share_is_the_published_one() {
    // R. G. Newcombe, Two-sided confidence intervals for the single proportion: comparison of seven methods, Statistics in
    // Medicine 17 (1998), 857-872, table I, method 3.
    for ((count, of), low, high) in [
        ((81, 263), 0.2553, 0.3662),
        ((15, 148), 0.0624, 0.1605),
        ((0, 20), 0.0, 0.1611),
        ((1, 29), 0.0061, 0.1718),
    ] {
        let found = Share { count, of }.wilson();
        assert!(
            near(found.low, low, 0.000_05) && near(found.high, high, 0.000_05),
            "{count}/{of}: {found:?}"
        );
    }
    let all = Share { count: 20, of: 20 }.wilson();
    assert!(all.high == 1.0 && near(all.low, 1.0 - 0.1611, 0.000_05), "{all:?}");
}

#[test]
fn requirement_45_an_odd_division_is_noticed() {
    for (counts, p, digits, warning) in [
        // Kohavi, Tang, Xu, Trustworthy Online Controlled Experiments (2020), chapter 3: a ratio of 0.993.
        ([821_588, 815_482], 1.8e-6, 0.05e-6, true),
        // Wikipedia, Sample ratio mismatch.
        ([600, 400], 2.54e-10, 0.005e-10, true),
        // The calculator of srm.osc.garden.
        ([44_000, 45_000], 0.0008, 0.000_05, true),
        // Quantiles of the chi-square distribution with one degree of freedom: 3.841 at 5 %.
        ([4_902, 5_098], 0.05, 0.000_1, false),
    ] {
        let found = sample_ratio(&counts, &[1.0, 1.0]);
        assert!(near(found.p_value, p, digits) && found.warning == warning, "{counts:?}: {found:?}");
    }
    let tenth = |counts: [u64; 2]| sample_ratio(&counts, &[0.1, 0.9]);
    assert!(tenth([1_000, 9_000]).p_value > 0.99);
    assert!(tenth([900, 9_100]).warning && !tenth([910, 9_090]).warning, "chi-square is 11.1 and 9");
    // G. Mendel's peas, 315 : 108 : 101 : 32 where 9 : 3 : 3 : 1 was expected: chi-square 0.470, three degrees of
    // freedom.
    let peas = sample_ratio(&[315, 108, 101, 32], &[9.0, 3.0, 3.0, 1.0]);
    assert!(near(peas.chi_square, 0.470, 0.000_5) && near(peas.p_value, 0.925, 0.000_5), "{peas:?}");
}

#[test]
fn a_division_that_cannot_be_tested_is_not_warned_of_and_one_that_cannot_be_is() {
    for (counts, weights) in [
        (&[0, 5][..], &[0.0, 1.0][..]), // Nobody is to be held out.
        (&[0, 0], &[1.0, 1.0]),
        (&[7], &[1.0]),
        (&[9, 0], &[1.0, 1.0]), // 4.5 expected: too few for the test.
        (&[3, 4], &[0.0, f64::NAN]),
        (&[], &[]),
    ] {
        let found = sample_ratio(counts, weights);
        assert!(!found.warning && found.p_value > 0.001, "{counts:?} {weights:?}: {found:?}");
    }
    let impossible = sample_ratio(&[50, 50, 1], &[0.5, 0.5]);
    assert!(impossible.warning && impossible.is_certain, "a variant that nobody is to get: {impossible:?}");
}

#[test]
fn holms_p_values_are_the_published_ones() {
    // Wikipedia, Holm–Bonferroni method: at 5 % the first and the last hypothesis are rejected.
    let found = holm(&[0.01, 0.04, 0.03, 0.005]);
    for (found, expected) in found.iter().zip([0.03, 0.06, 0.06, 0.02]) {
        assert!(near(*found, expected, 1e-12), "{found}");
    }
    assert_eq!(holm(&[]), Vec::<f64>::new());
    assert_eq!(holm(&[0.7, 0.6]), [1.0, 1.0]);
}

#[test]
fn nobody_converted_yet_is_not_certainty() {
    // One conversion and one user without are added (Agresti and Caffo, 2000): 1 of 502, not 0 of 500.
    let none = Figures::without_revenue(500, 0).unwrap();
    let error = compare(&none, &none, Metric::Conversion, Level::default()).difference.standard_error;
    let rate = 1.0 / 502.0_f64;
    assert!(near(error, (2.0 * rate * (1.0 - rate) / 500.0).sqrt(), 1e-15), "{error}");
}

#[test]
fn the_effect_that_a_fixed_sample_shows_is_lehrs_rule() {
    // R. Lehr, Sixteen s-squared over d-squared, Statistics in Medicine 11 (1992): 16 variances divided by the square
    // of the difference are users of each variant, at 80 % power and 5 %; 15.70 before it is rounded.
    for (users, conversions) in [(10_000, 500), (40_000, 8_000)] {
        let figures = Figures::without_revenue(users, conversions).unwrap();
        let rate = figures.rate();
        let found = detectable(&figures, &figures, Metric::Conversion, Level::default());
        let sixteen = users as f64 * found.fixed_difference.powi(2) / (rate * (1.0 - rate));
        assert!(near(sixteen, 15.70, 0.05), "{sixteen}");
        assert!(near(found.fixed_uplift.unwrap(), found.fixed_difference / rate, 1e-12));
        assert!(found.difference > found.fixed_difference, "looking often has a price: {found:?}");
    }
}
