//! Texts that are made to hurt. How much work a text was is not told by a clock but by the place where reading stopped:
//! what comes after it was not looked at.
#![allow(clippy::expect_used)]

use crate::laws::{Outcome, check};
use beckon_rules::{Problem, Ruleset};

const HEAD: &str = "version: 1\nname: hostile\ncurrency: EUR\n";
/// A byte is read, or none is.
const TEXT_BYTES_MAX: usize = 1_048_576;

/// The one problem of a text that is refused before its meaning is looked at.
fn only(yaml: &str) -> Problem {
    assert_eq!(check(yaml), Outcome::Refused);
    let error = Ruleset::parse(yaml).expect_err("refused");
    assert_eq!((error.problems().len(), error.omitted()), (1, 0), "{error}");
    error.problems()[0].clone()
}

/// The text, filled up to the longest that is read.
fn filled(text: &str, filling: &str) -> String {
    let room = (TEXT_BYTES_MAX - text.len()) / filling.len();
    format!("{text}{}", filling.repeat(room))
}

#[test]
fn a_text_that_grows_when_it_is_read_is_refused_at_its_first_anchor() {
    let doubling: String = (1..64).map(|n| format!("a{n}: &a{n} [*a{p}, *a{p}]\n", p = n - 1)).collect();
    let laughs = filled(&format!("{HEAD}a0: &a0 [x, x]\n{doubling}"), "- *a63\n");
    let merged = filled(&format!("{HEAD}base: &base {{ a: b }}\n"), "x: { <<: *base }\n");
    let own = filled(&format!("{HEAD}rules: &rules [*rules]\n"), "#\n");
    for (text, line) in [(laughs, 4), (merged, 4), (own, 4)] {
        let problem = only(&text);
        assert_eq!(problem.line, line, "{problem}");
        assert!(problem.message.contains("anchors, aliases and merge keys"), "{problem}");
    }
}

#[test]
fn a_text_of_ten_megabytes_is_refused_unread_and_the_limit_is_named() {
    for filling in ["# a comment\n", "x", "- [[[[\n", "\u{0}"] {
        let text = filling.repeat(10 * TEXT_BYTES_MAX / filling.len());
        let problem = only(&text);
        // Neither line nor column: no byte of it was looked at.
        assert_eq!((problem.line, problem.column), (0, 0), "{problem}");
        let limit = problem.message.contains(&TEXT_BYTES_MAX.to_string());
        assert!(limit && problem.message.contains(&text.len().to_string()), "{problem}");
    }
    assert_eq!(check(&filled(&format!("{HEAD}#"), "x")), Outcome::Read, "the longest text");
}

#[test]
fn a_text_that_nests_without_end_is_refused_where_the_limit_is_passed() {
    // The reader of YAML has a limit of its own for brackets and braces, which it reads ahead; it comes first.
    for (opening, most, limit) in [
        ("[", 256, "nest 40 deep"),
        ("{a: ", 4 * 256, "nest 40 deep"),
        ("[{a: ", 5 * 128, "nest 40 deep"),
        ("- ", 2 * 42, "40 deep"),
        ("? ", 2 * 42, "40 deep"),
    ] {
        let problem = only(&filled("", opening));
        assert!(problem.line == 1 && problem.column <= most, "{opening}: {problem}");
        assert!(problem.message.contains(limit), "{opening}: {problem}");
    }
    // One level a line.
    let deep: String = (0..1_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let problem = only(&deep);
    assert!(problem.line <= 42 && problem.message.contains("40 deep"), "{problem}");
}

#[test]
fn conditions_that_nest_deeper_than_eight_are_refused_and_eight_are_not() {
    let rule = |depth: usize| {
        let (open, close) = ("{ not: ".repeat(depth), " }".repeat(depth));
        format!(
            "{HEAD}offers:\n  - {{ id: o, title: T, text: T, url: https://shop.example }}\n\
             slots:\n  - {{ id: s, fallback: {{ offer: o }} }}\n\
             rules:\n  - id: r\n    slot: s\n    priority: 1\n    when: {open}{{ logged_in: true }}{close}\n    then: {{ offer: o }}\n"
        )
    };
    assert_eq!(check(&rule(7)), Outcome::Read);
    let problem = only(&rule(8));
    assert!(problem.line == 12 && problem.message.contains("deeper than 8"), "{problem}");
    assert_eq!(check(&rule(30)), Outcome::Refused);
}

#[test]
fn texts_that_are_large_and_wrong_all_over_are_refused_with_the_first_mistakes() {
    let rule = "  - { id: r, slot: nowhere, priority: 1, when: { all: [] }, then: { offer: nothing } }\n";
    let fields: String = (0..40_000).map(|n| format!("field-{n}: 1\n")).collect();
    for text in [
        filled(&format!("{HEAD}rules:\n"), rule),
        filled(&format!("{HEAD}rules:\n"), "  - {}\n"),
        filled(HEAD, "name: again\n"),
        format!("{HEAD}{fields}"),
        filled(&format!("{HEAD}best_sellers: ["), "x,"),
        filled(&format!("{HEAD}rules:\n  - id: "), "x"),
        filled(&format!("{HEAD}products:\n"), "  - { id: p, name: P, category: c }\n"),
        filled("", "\u{feff}"),
        filled(&format!("{HEAD}rules: |\n"), "  x\n"),
    ] {
        assert_eq!(check(&text), Outcome::Refused, "{}", &text[..80]);
    }
}

#[test]
fn a_pattern_that_would_take_for_ever_does_not() {
    let text = format!(
        "{HEAD}offers:\n  - {{ id: o, title: T, text: T, url: https://shop.example }}\n\
         slots:\n  - {{ id: s, fallback: {{ offer: o }} }}\n\
         rules:\n  - id: r\n    slot: s\n    priority: 1\n    \
         when: {{ trait: {{ name: plan, matches: \"^(a+)+$\" }} }}\n    then: {{ offer: o }}\n"
    );
    check(&text);
}

#[test]
fn segments_that_ask_in_a_circle_or_for_one_that_cannot_be_read_are_refused() {
    let circle = "  - { id: a, when: { segment: b } }\n  - { id: b, when: { segment: a } }\n";
    let unread =
        "  - { id: a, when: { event: Product Viewed, count: {} } }\n  - { id: b, when: { segment: a } }\n";
    let own = "  - { id: a, when: { not: { segment: a } } }\n";
    for segments in [circle, unread, own] {
        assert_eq!(check(&format!("{HEAD}segments:\n{segments}")), Outcome::Refused, "{segments}");
    }
}

/// Segments that ask twice for the one before: each doubles what must be decided.
#[test]
fn segments_that_ask_for_segments_have_a_limit() {
    let doubling = |count: usize| {
        let segment = |n: usize| {
            let before = format!("{{ segment: s{} }}", n - 1);
            format!("  - {{ id: s{n}, when: {{ any: [ {before}, {before} ] }} }}\n")
        };
        let segments: String = (1..count).map(segment).collect();
        let first = "  - { id: s0, when: { logged_in: true } }\n";
        format!("version: 1\nname: x\ncurrency: EUR\nsegments:\n{first}{segments}")
    };
    assert!(Ruleset::parse(&doubling(8)).is_ok());
    let error = Ruleset::parse(&doubling(30)).expect_err("must be refused");
    assert!(error.to_string().contains("1000 and 16 are possible"), "{error}");
    let error = Ruleset::parse(&doubling(501)).expect_err("must be refused");
    assert!(error.to_string().contains("500 are possible"), "{error}");
}
