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
fn a_purchase_at_the_instant_at_which_the_mail_is_due_is_in_time() {
    for (at, mail) in [("16m", "false"), ("961s", "16m")] {
        let tests = format!(
            "  - name: in time\n    given:\n      - {{ at: 0s, identify: {{}}, consent: {{ marketing_email: true }} }}
      - {{ at: 1m, event: Product Added, properties: {{ product_id: mug }} }}
      - {{ at: {at}, event: Order Completed }}\n    at: 1h\n    expect: {{ mail: {mail} }}\n"
        );
        assert_eq!(told(&report(&sample_with(&tests))), Vec::<String>::new(), "{at}");
    }
}

#[test]
fn rules_that_no_test_reached_are_named() {
    let ruleset = Ruleset::parse(SAMPLE).expect("the sample is valid");
    let report = run_only(&ruleset, |name| name.contains("mail"));
    assert_eq!(report.failed(), 0);
    let missed: Vec<&str> = report.never_reached().map(|part| part.name.as_str()).collect();
    let of_slots = ["members-only", "favourite-categories", "tent-accessories", "related-after-30s"];
    assert_eq!(missed, [&of_slots[..], &["for-you", "similar-products", "goes-with-the-cart"]].concat());
}

/// A shop with segments, rules that act, and a rule that is active for a weekend.
const ACTING: &str = r#"version: 1
name: Acting
currency: EUR
timezone: Europe/Berlin
offers:
  - { id: sale, title: Sale, text: Half price, url: "https://shop.example/sale" }
  - { id: hello, title: Hello, text: Hi, url: "https://shop.example/" }
slots:
  - { id: home.hero, fallback: { offer: hello } }
segments:
  - id: keen
    when: { event: Product Viewed, where: { category: tents }, within: 10m, count: { gte: 2 } }
  - id: mobile
    when: { fact: session.device, eq: mobile }
rules:
  - id: sale
    slot: home.hero
    priority: 1
    active: { from: 2026-11-27T00:00, until: 2026-11-30T00:00 }
    when: { segment: keen }
    then: { offer: sale }
  - id: tell-keen
    when: { segment: keen }
    then: { publish: keen-visitor }
  - id: mark
    on: Product Viewed
    when: { event: Product Viewed, count: { gte: 2 } }
    then: { set_trait: { name: looks, value: twice } }
  - id: tell-lost
    on: Segment Exited
    when: { event: Segment Exited }
    then: { publish: lost }
tests:
"#;

const TWO_VIEWS: &str = "    given:
      - { at: 0s, event: Product Viewed, properties: { product_id: a, category: tents }, device: mobile }
      - { at: 1m, event: Product Viewed, properties: { product_id: b, category: tents } }\n";

fn acting(tests: &str) -> Vec<String> {
    told(&report(&format!("{ACTING}{tests}")))
}

#[test]
fn segments_rules_that_act_and_time_that_passes_are_told() {
    let tests = format!(
        "  - name: keen\n{TWO_VIEWS}    at: 2m\n    expect: {{ segments: [keen, mobile], published: [tell-keen] }}
  - name: keen no more\n{TWO_VIEWS}    at: 11m\n    expect: {{ not_segments: [keen], traits: {{ looks: twice }}, published: [tell-keen, tell-lost] }}\n"
    );
    assert_eq!(acting(&tests), Vec::<String>::new());
    let wrong = format!(
        "  - name: wrong\n{TWO_VIEWS}    at: 11m\n    expect: {{ segments: [keen], not_segments: [mobile], published: [] }}\n"
    );
    assert_eq!(
        acting(&wrong),
        [
            "segment keen: expected in it, found not in it; in: mobile",
            "segment mobile: expected not in it, found in it",
            "published: expected none, found tell-keen, tell-lost",
        ]
    );
    let ruleset = Ruleset::parse(&format!("{ACTING}{tests}")).expect("a ruleset");
    let missed: Vec<String> =
        run(&ruleset).never_reached().map(|p| format!("{} {}", p.kind, p.name)).collect();
    assert_eq!(missed, ["rule sale"]);
}

#[test]
fn a_test_begins_when_it_says() {
    let test = |starts: &str, offer: &str| {
        format!(
            "  - name: sale\n    starts: {starts}\n{TWO_VIEWS}    expect: {{ slot: home.hero, offer: {offer} }}\n"
        )
    };
    assert_eq!(acting(&test("2026-11-27T00:00", "sale")), Vec::<String>::new());
    // By the clock of Berlin the weekend is over at 23:00 UTC.
    assert_eq!(acting(&test("2026-11-29T23:00Z", "hello")), Vec::<String>::new());
    assert_eq!(acting(&test("2026-11-26T22:58Z", "hello")), Vec::<String>::new());
}

#[test]
fn rows_of_a_table_are_asked_for_and_those_that_no_test_reached_are_named() {
    let text = |row: usize| {
        format!(
            r#"version: 1
name: Table
currency: EUR
offers:
  - {{ id: rich, title: Rich, text: x, url: "https://shop.example/" }}
  - {{ id: poor, title: Poor, text: x, url: "https://shop.example/" }}
slots:
  - {{ id: home.hero, fallback: {{ offer: poor }} }}
tables:
  - id: matrix
    slot: home.hero
    priority: 30
    hit: first
    columns: [cart.value]
    rows:
      - [">= 100", {{ offer: rich }}]
      - [">= 10", {{ offer: poor }}]
tests:
  - name: a small cart
    given:
      - {{ at: 0s, event: Product Added, properties: {{ product_id: mug, price: 18 }} }}
    expect: {{ slot: home.hero, rule: matrix, row: {row} }}
"#
        )
    };
    let report = report(&text(2));
    assert_eq!(told(&report), Vec::<String>::new());
    let missed: Vec<String> = report.never_reached().map(|p| format!("{} {}", p.kind, p.name)).collect();
    assert_eq!(missed, ["row 1 of matrix"]);
    assert_eq!(told(&self::report(&text(1))), ["home.hero: row: expected 1, found 2"]);
}
