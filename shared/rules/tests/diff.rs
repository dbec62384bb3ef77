//! What is different between two rulesets is told by what it means.
#![allow(clippy::expect_used)]

use beckon_rules::SAMPLE;
use beckon_rules::diff::{Side, diff};

fn told(old: &str, new: &str) -> Vec<String> {
    let changes = diff(old, new).unwrap_or_else(|(side, error)| panic!("{side:?}: {error}"));
    changes.iter().map(ToString::to_string).collect()
}

/// The sample with some texts replaced, each of which must be there.
fn changed(replacements: &[(&str, &str)]) -> String {
    replacements.iter().fold(SAMPLE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

#[test]
fn a_ruleset_is_the_same_as_itself_however_it_is_written() {
    assert_eq!(told(SAMPLE, SAMPLE), Vec::<String>::new());
    let written_differently = changed(&[
        ("ttl: 30s # how long the page may keep the answer", "ttl: \"30s\""),
        ("within: 5m } }", "within: 300s } }"),
        ("price: 189.00", "price: 189"),
        ("labels: [members]\n    when:\n      all:", "when:\n      all:"),
        (
            "    then: { offer: members-delivery }",
            "    then: { offer: members-delivery }\n    labels: [members]",
        ),
    ]);
    assert_eq!(told(SAMPLE, &written_differently), Vec::<String>::new());
}

#[test]
fn every_kind_of_change_is_named_with_what_was_and_what_is() {
    let new = changed(&[
        ("name: Outdoor sample", "name: Winter"),
        ("price: 189.00", "price: 179.00"),
        ("ttl: 30s # how long the page may keep the answer", "ttl: 60s"),
        ("viewed: { product: tent-2p, within: 5m }", "viewed: { product: tent-2p, within: 10m }"),
        ("priority: 90", "priority: 40"),
        ("labels: [members]", "labels: [loyal, members]"),
        ("        - affinity: { category: cooking, gte: 1.5 }\n", ""),
        ("percent: 10", "percent: 15"),
        (
            "  # Somebody who spent more",
            "  - { id: extra, slot: home.hero, priority: 1, when: { page: { type: home } }, then: { products: [mug] } }\n  # Somebody who spent more",
        ),
    ]);
    assert_eq!(
        told(SAMPLE, &new),
        [
            "~ ruleset: name: Outdoor sample -> Winter",
            "~ product tent-2p: price: 189 -> 179",
            "~ slot pdp.related: ttl: 30s -> 60s",
            "~ rule tent-accessories: priority: 90 -> 40",
            "~ rule tent-accessories: when.viewed.within: 5m -> 10m",
            "~ rule members-only: labels: [members] -> [loyal, members]",
            "~ rule favourite-categories: when.any[3]: {affinity: {category: cooking, gte: 1.5}} -> nothing",
            "~ rule cart-left: then.discount.percent: 10 -> 15",
            "+ rule extra: slot: home.hero, priority: 1, when: {page: {type: home}}, then: {products: [mug]}",
            "~ rule tent-accessories: place 1 -> 2 in its slot",
            "~ rule related-after-30s: place 2 -> 1 in its slot",
        ]
    );
    let back = told(&new, SAMPLE);
    assert!(back.contains(&"- rule extra".to_owned()), "{back:?}");
}

#[test]
fn an_order_that_decides_is_a_change_and_one_that_does_not_is_none() {
    let rules = |labels: &str, products: &str| {
        format!(
            "version: 1\nname: X\ncurrency: EUR\nproducts:\n  - {{ id: a, name: A, category: c }}\n  - {{ id: b, name: B, \
             category: c }}\nbest_sellers: [a]\nslots: [{{ id: s, fallback: best_sellers }}]\nrules:\n  - {{ id: r, slot: \
             s, priority: 1, labels: [{labels}], when: {{ logged_in: true }}, then: {{ products: [{products}] }} }}\n"
        )
    };
    assert_eq!(told(&rules("x, y", "a, b"), &rules("y, x", "a, b")), Vec::<String>::new());
    assert_eq!(told(&rules("x", "a, b"), &rules("x", "b, a")), ["~ rule r: then.products: [a, b] -> [b, a]"]);
}

#[test]
fn a_bad_ruleset_is_named_by_its_side() {
    let bad = "version: 1\n";
    assert!(matches!(diff(bad, SAMPLE), Err((Side::Old, _))));
    assert!(matches!(diff(SAMPLE, bad), Err((Side::New, _))));
}
