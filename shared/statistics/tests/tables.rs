//! Numbers that were found another way: `testdata/*.py` says how, and wrote the tables.

use beckon_statistics::{CrossMoments, Figures, Level, Metric, Moments, boundary, compare, compare_ratios};

fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table.lines().skip(1).map(|line| line.split(',').collect())
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("{text} is no number"))
}

fn near(found: f64, expected: f64, part: f64) -> bool {
    (found - expected).abs() <= expected.abs() * part
}

#[test]
fn the_boundary_is_the_one_that_integration_finds() {
    let mut count = 0;
    for row in rows(include_str!("../testdata/boundary.csv")) {
        let (alpha, users) = (number(row[0]), row[2].parse().unwrap());
        let level = Level::new(alpha).unwrap().tuned_at(row[1].parse().unwrap());
        let (rho_squared, expected) = (number(row[3]), number(row[4]));
        assert!(near(level.rho_squared(), rho_squared, 1e-14), "{row:?}: {}", level.rho_squared());
        let found = boundary::reach(users, rho_squared, alpha);
        assert!(near(found, expected, 1e-13), "{row:?}: {found}");
        let p_value = boundary::p_value(expected, users, rho_squared);
        assert!(near(p_value, alpha, 1e-11), "{row:?}: the p-value is its inverse, {p_value}");
        if !row[5].is_empty() {
            let least = number(row[5]);
            assert!(found >= least && near(found, least, 1e-3), "{row:?}: the best rho gives hardly less");
        }
        count += 1;
    }
    assert_eq!(count, 81);
}

fn samples() -> [CrossMoments; 2] {
    let mut samples = [CrossMoments::default(); 2];
    for row in rows(include_str!("../testdata/ratios.csv")) {
        samples[usize::from(row[0] == "variant")].add(number(row[2]), number(row[1]));
    }
    samples
}

fn expected(what: &str) -> f64 {
    let mut rows = rows(include_str!("../testdata/ratios_expected.csv"));
    number(rows.find(|row| row[0] == what).unwrap_or_else(|| panic!("no {what}"))[1])
}

#[test]
fn the_delta_method_comes_to_what_resampling_users_does() {
    let [control, variant] = samples();
    let compared = compare_ratios(&control, &variant, Level::default());
    let uplift = compared.uplift.unwrap();
    for (what, found) in [
        ("control_ratio", control.variance_of_ratio().sqrt()),
        ("variant_ratio", variant.variance_of_ratio().sqrt()),
        ("ratio_difference", compared.difference.standard_error),
        // That of the quotient, as a part of it, is that of its logarithm.
        ("ratio_log_quotient", uplift.standard_error / (1.0 + uplift.value)),
    ] {
        assert!(near(found, expected(what), 0.02), "{what}: {found}, not {}", expected(what));
    }
    // Who takes orders as if they were independent of each other and of their number is far off.
    let naive = (control.numerator().variance_of_mean() / control.denominator().mean().powi(2)).sqrt();
    assert!(!near(naive, expected("control_ratio"), 0.2), "{naive}");
}

#[test]
fn revenue_of_a_user_is_as_certain_as_resampling_users_says() {
    let figures = samples().map(|sample| {
        let (revenue, orders) = (sample.numerator(), sample.denominator());
        Figures::new(revenue.count(), orders.sum() as u64 / 2, revenue).unwrap()
    });
    let compared = compare(&figures[0], &figures[1], Metric::Revenue, Level::default());
    let uplift = compared.uplift.unwrap();
    for (what, found) in [
        ("mean_difference", compared.difference.standard_error),
        ("mean_log_quotient", uplift.standard_error / (1.0 + uplift.value)),
    ] {
        assert!(near(found, expected(what), 0.02), "{what}: {found}, not {}", expected(what));
    }
    let moments = Moments::of([1.0, 2.0, 3.0, 4.0]);
    assert!(near(moments.variance(), 5.0 / 3.0, 1e-15) && near(moments.variance_of_mean(), 5.0 / 12.0, 1e-15));
    assert!(near(moments.effective_count(), 100.0 / 30.0, 1e-15));
}
