//! Cases that GrowthBook publishes for every SDK: "Build your own SDK", specification 0.7.1, and the file of test cases that
//! belongs to it. The values are facts of that specification.

use super::*;

#[test]
fn hashes_are_the_published_ones() {
    let cases = [
        ("a", 0.22),
        ("b", 0.077),
        ("ab", 0.946),
        ("def", 0.652),
        ("8952klfjas09ujkasdf", 0.549),
        ("123", 0.011),
        ("___)((*\":&", 0.563),
    ];
    for (value, expected) in cases {
        assert_eq!(hash("", value, HashVersion::V1).to_bits(), f64::to_bits(expected), "{value}");
    }
    // `bucket` of an experiment whose seed is its key, and version 2.
    assert_eq!(hash("feature", "123", HashVersion::V1).to_bits(), f64::to_bits(0.863));
    assert_eq!(hash("seed", "a", HashVersion::V2).to_bits(), f64::to_bits(0.0505));
}

#[test]
fn ranges_are_the_published_ones() {
    type Case = (usize, f64, &'static [f64], &'static [(f64, f64)]);
    let quarters: &[(f64, f64)] = &[(0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.0)];
    let cases: [Case; 12] = [
        (2, 1.0, &[], &[(0.0, 0.5), (0.5, 1.0)]),
        (2, 0.5, &[], &[(0.0, 0.25), (0.5, 0.75)]),
        (2, 0.0, &[], &[(0.0, 0.0), (0.5, 0.5)]),
        (4, 1.0, &[], quarters),
        (2, 1.0, &[0.4, 0.6], &[(0.0, 0.4), (0.4, 1.0)]),
        (3, 1.0, &[0.2, 0.3, 0.5], &[(0.0, 0.2), (0.2, 0.5), (0.5, 1.0)]),
        (3, 0.2, &[0.2, 0.3, 0.5], &[(0.0, 0.04), (0.2, 0.26), (0.5, 0.6)]),
        (2, -0.2, &[], &[(0.0, 0.0), (0.5, 0.5)]),
        (2, 1.5, &[], &[(0.0, 0.5), (0.5, 1.0)]),
        (2, 1.0, &[0.7, 0.6], &[(0.0, 0.5), (0.5, 1.0)]),
        (4, 1.0, &[0.4, 0.4, 0.2], quarters),
        (2, 1.0, &[0.4, 0.5999], &[(0.0, 0.4), (0.4, 0.9999)]),
    ];
    for (count, coverage, weights, expected) in cases {
        let ranges = bucket_ranges(count, coverage, weights);
        let is_near = |(range, (start, end)): (&BucketRange, &(f64, f64))| {
            (range.start - start).abs() < 1e-9 && (range.end - end).abs() < 1e-9
        };
        assert_eq!(ranges.len(), expected.len());
        assert!(ranges.iter().zip(expected).all(is_near), "{count} {coverage} {weights:?}: {ranges:?}");
    }
}

#[test]
fn variations_are_chosen_as_published() {
    let ranges = |all: &[(f64, f64)]| -> Vec<BucketRange> {
        all.iter().map(|(start, end)| BucketRange { start: *start, end: *end }).collect()
    };
    let even = ranges(&[(0.0, 0.5), (0.5, 1.0)]);
    for (n, expected) in [(0.2, 0), (0.4, 0), (0.6, 1), (0.8, 1), (0.0, 0), (0.5, 1)] {
        assert_eq!(choose_variation(n, &even), Some(expected), "{n}");
    }
    let reduced = ranges(&[(0.0, 0.25), (0.5, 0.75)]);
    let cases = [(0.2, Some(0)), (0.4, None), (0.6, Some(1)), (0.8, None), (0.25, None), (0.5, Some(1))];
    for (n, expected) in cases {
        assert_eq!(choose_variation(n, &reduced), expected, "{n}");
    }
    assert_eq!(choose_variation(0.5, &ranges(&[(0.0, 0.5), (0.5, 0.5), (0.5, 1.0)])), Some(2));
}

#[test]
fn namespaces_are_the_published_ones() {
    let is_in_first_part = |user: &str, id: &str| {
        Namespace { id: id.into(), range: BucketRange { start: 0.0, end: 0.4 } }.contains(user)
    };
    let is_in_rest = |user: &str, id: &str| {
        Namespace { id: id.into(), range: BucketRange { start: 0.4, end: 1.0 } }.contains(user)
    };
    for (user, namespace, expected) in [
        ("1", "namespace1", false),
        ("1", "namespace2", false),
        ("2", "namespace1", false),
        ("2", "namespace2", false),
        ("3", "namespace1", false),
        ("3", "namespace2", true),
        ("4", "namespace1", false),
        ("4", "namespace2", true),
    ] {
        assert_eq!(is_in_first_part(user, namespace), expected, "{user} {namespace}");
        assert_eq!(is_in_rest(user, namespace), !expected, "{user} {namespace}");
    }
}
