//! The tests that rulesets carry: the sample's hold, a wrong expectation is told, and what no test reached is named.
#![allow(clippy::expect_used)]

use beckon_rules::testing::{TestReport, run, run_only};
use beckon_rules::{Ruleset, SAMPLE};

fn report(yaml: &str) -> TestReport {
    run(&Ruleset::parse(yaml).unwrap_or_else(|error| panic!("{error}")))
}

/// Each difference in a line: `what: expected x, found y`.
fn told(report: &TestReport) -> Vec<String> {
    let differences = report.tests.iter().flat_map(|test| &test.differences);
    differences.map(|d| format!("{}: expected {}, found {}", d.what, d.expected, d.found)).collect()
}

/// The sample with other tests.
fn sample_with(tests: &str) -> String {
    let rules = SAMPLE.split("\ntests:\n").next().expect("the sample has tests");
    format!("{rules}\ntests:\n{tests}")
}

const LEFT_CART: &str = "    given:
      - { at: 0s, identify: { plan: gold }, consent: { marketing_email: true } }
      - { at: 1m, event: Product Added, properties: { product_id: mug, category: cooking, price: 18 } }
    at: 20m\n";

#[test]
fn the_samples_tests_hold_and_reach_every_rule() {
    let report = report(SAMPLE);
    assert_eq!(told(&report), Vec::<String>::new());
    assert!(report.tests.len() >= 10);
    assert_eq!(report.never_reached().collect::<Vec<_>>(), Vec::<&beckon_rules::testing::Covered>::new());
}

#[test]
fn what_is_not_as_expected_is_told_with_what_was_found() {
    let tests = format!(
        "  - name: everything is wrong\n{LEFT_CART}    page: {{ type: home }}\n    expect:
      - {{ slot: home.hero, offer: members-delivery, rule: members-only, reason: DEFAULT, fallback: false }}
      - {{ slot: pdp.related, products: [tarp] }}
      - {{ mail: false, traits: {{ plan: silver, level: 3 }}, published: [cart-left] }}
      - {{ mail: 15m }}\n"
    );
    assert_eq!(
        told(&report(&sample_with(&tests))),
        [
            "home.hero: offer: expected members-delivery, found stove-gas, pot-set, mug, bag-summer \
             (rule favourite-categories, the last 1 to fill it)",
            "home.hero: rule: expected members-only, found favourite-categories",
            "home.hero: reason: expected DEFAULT, found rule favourite-categories",
            "home.hero: fallback: expected false, found true",
            "pdp.related: products: expected tarp, found mug, bag-summer, pack-25, stove-gas (DEFAULT)",
            "mail: expected none, found at 16m",
            "published: expected cart-left, found none",
            "trait level: expected 3, found none",
            "trait plan: expected \"silver\", found \"gold\"",
            "mail: expected at 15m, found at 16m",
        ]
    );
}

#[test]
fn what_fills_a_list_may_be_left_out_and_what_the_rule_brings_may_not() {
    for (products, holds) in [
        ("stove-gas, pot-set, mug", true),
        ("stove-gas, pot-set, mug, bag-summer", true),
        ("stove-gas, pot-set", false),
        ("pot-set, stove-gas, mug", false),
        ("stove-gas, pot-set, mug, tarp", false),
    ] {
        let tests = format!(
            "  - name: a list\n{LEFT_CART}    page: {{ type: home }}\n    expect: {{ slot: home.hero, products: \
             [{products}] }}\n"
        );
        assert_eq!(report(&sample_with(&tests)).failed() == 0, holds, "{products}");
    }
}

#[test]
fn a_mail_that_did_not_go_says_why() {
    let tests = "  - name: no consent\n    given:\n      - { at: 0s, event: Product Added, properties: { product_id: mug } }
    at: 1h\n    expect: { mail: true }\n";
    assert_eq!(
        told(&report(&sample_with(tests))),
        ["mail: expected one by 1h, found none; not sent: NO_CONSENT (1)"]
    );
}

#[test]
fn one_mail_for_an_episode_and_another_for_the_next() {
    let added = |at: &str| {
        format!("      - {{ at: {at}, event: Product Added, properties: {{ product_id: mug }} }}\n")
    };
    let given = format!(
        "  - name: carts\n    given:\n      - {{ at: 0s, identify: {{}}, consent: {{ marketing_email: true }} }}\n{}{}      \
         - {{ at: 2h, event: Order Completed }}\n{}    at: 5h\n    expect: {{ mail: 9h }}\n",
        added("0s"),
        added("1h"),
        added("3h")
    );
    assert_eq!(told(&report(&sample_with(&given))), ["mail: expected at 9h, found at 15m, 195m"]);
}

#[test]
fn rules_that_no_test_reached_are_named() {
    let ruleset = Ruleset::parse(SAMPLE).expect("the sample is valid");
    let report = run_only(&ruleset, |name| name.contains("mail"));
    assert_eq!(report.failed(), 0);
    let missed: Vec<&str> = report.never_reached().map(|part| part.name.as_str()).collect();
    assert_eq!(missed, ["members-only", "favourite-categories", "tent-accessories", "related-after-30s"]);
}
