//! The fields of every mapping, asked of the loader: a field that it does not know makes it name those that it knows.

use crate::json::Json;
use crate::schema;
use beckon_rules::Ruleset;
use std::collections::BTreeSet;

/// A field that no mapping has, and that is near to none that one has.
const STRANGER: &str = "zzqqzz";

/// What a ruleset needs so that the examples of the schema mean something. A template that has one of these itself
/// takes its place.
const BASE: [(&str, &str); 9] = [
    (
        "products",
        "[{id: mug, name: M, category: cooking, price: 18}, {id: tarp, name: T, category: tents}, \
          {id: stove-gas, name: S, category: cooking}, {id: tent-2p, name: T, category: sleeping}]",
    ),
    ("best_sellers", "[tarp, stove-gas]"),
    ("offers", "[{id: free-delivery, title: T, text: T, url: https://shop.example}]"),
    ("slots", "[{id: home.hero, fallback: best_sellers}]"),
    ("computed", "[{id: spent, event: Order Completed, sum: total}]"),
    ("segments", "[{id: vip, when: {logged_in: true}}, {id: new, when: {logged_in: false}}]"),
    (
        "rules",
        "[{id: members-only, slot: home.hero, priority: 1, when: {logged_in: true}, then: {products: [mug]}}]",
    ),
    ("tables", "[{id: cart_discount, hit: first, columns: [cart.value], rows: [['*', {percent: 5}]]}]"),
    ("currency", "EUR"),
];

/// Where a definition of the schema stands in a ruleset: `@` is its place. Several, where what a mapping is depends on
/// what it has.
pub const PLACES: [(&[&str], &str); 53] = [
    (
        &["product"],
        "products: [{id: tarp, name: T, category: tents}, {id: stove-gas, name: S, category: cooking}, @]",
    ),
    (&["offer"], "offers: [@]"),
    (&["slot"], "slots: [@]"),
    (&["offer_shown"], "slots: [{id: home.hero, fallback: @}]"),
    (&["computed"], "computed: [@]"),
    (&["segment"], "segments: [@, {id: new, when: {logged_in: false}}]"),
    (&["rule.slot", "rule.acting", "rule.reminder"], "rules: [@]"),
    (&["active"], "rules: [{id: r, when: {logged_in: true}, then: {publish: p}, active: @}]"),
    (&["cap"], "rules: [{id: r, when: {logged_in: true}, then: {publish: p}, cap: @}]"),
    (&["then.slot"], "rules: [{id: r, slot: home.hero, priority: 1, when: {logged_in: true}, then: @}]"),
    (
        &["recommend.filtered"],
        "rules: [{id: r, slot: home.hero, priority: 1, when: {logged_in: true}, then: {recommend: @}}]",
    ),
    (
        &["prices"],
        "rules: [{id: r, slot: home.hero, priority: 1, when: {logged_in: true}, then: {recommend: {strategy: related, price: @}}}]",
    ),
    (&["table.slot", "table.value"], "tables: [@]"),
    (&["percent"], "tables: [{id: t, hit: first, columns: [customer], rows: [[true, @]]}]"),
    (
        &["percent_of"],
        "rules: [{id: r, when: {not: {event: Order Completed, within: 1h}}, then: {send: cart-reminder, discount: {percent: @, code_prefix: B-, valid_for: 1h}}}]",
    ),
    (&["then.acting"], "rules: [{id: r, when: {logged_in: true}, then: @}]"),
    (&["then.reminder"], "rules: [{id: r, when: {not: {event: Order Completed, within: 1h}}, then: @}]"),
    (&["set_trait"], "rules: [{id: r, when: {logged_in: true}, then: {set_trait: @}}]"),
    (&["step"], "rules: [{id: r, when: {event: Product Added}, then: {send: cart-reminder, steps: [@]}}]"),
    (
        &["quiet_hours"],
        "rules: [{id: r, when: {event: Product Added}, then: {send: cart-reminder, quiet_hours: @}}]",
    ),
    (
        &["frequency_cap"],
        "rules: [{id: r, when: {event: Product Added}, then: {send: cart-reminder, frequency_cap: @}}]",
    ),
    (
        &["discount"],
        "rules: [{id: r, when: {not: {event: Order Completed, within: 1h}}, then: {send: cart-reminder, discount: @}}]",
    ),
    (&["condition.all"], CONDITION),
    (&["condition.any"], CONDITION),
    (&["condition.not"], CONDITION),
    (&["condition.event"], CONDITION),
    (&["condition.absent"], CONDITION),
    (&["condition.viewed"], CONDITION),
    (&["condition.dwell"], CONDITION),
    (&["condition.segment"], CONDITION),
    (&["condition.logged_in"], CONDITION),
    (&["condition.affinity"], CONDITION),
    (&["condition.cart"], CONDITION),
    (&["condition.consent"], CONDITION),
    (&["condition.trait"], CONDITION),
    (&["condition.page"], CONDITION),
    (&["condition.time"], CONDITION),
    (
        &["absent"],
        "rules: [{id: r, slot: home.hero, priority: 1, when: {absent: @}, then: {offer: free-delivery}}]",
    ),
    (
        &["since"],
        "rules: [{id: r, when: {absent: {event: Order Completed, for: 1h, since: @}}, then: {publish: p}}]",
    ),
    (
        &["viewed"],
        "rules: [{id: r, slot: home.hero, priority: 1, when: {viewed: @}, then: {offer: free-delivery}}]",
    ),
    (
        &["dwell"],
        "rules: [{id: r, slot: home.hero, priority: 1, when: {dwell: @}, then: {offer: free-delivery}}]",
    ),
    (&["segments"], "rules: [{id: r, when: {segment: @}, then: {publish: p}}]"),
    (&["affinity"], "rules: [{id: r, when: {affinity: @}, then: {publish: p}}]"),
    (&["cart"], "rules: [{id: r, when: {cart: @}, then: {publish: p}}]"),
    (
        &["page"],
        "rules: [{id: r, slot: home.hero, priority: 1, when: {page: @}, then: {offer: free-delivery}}]",
    ),
    (&["test"], "tests: [@]"),
    (&["given"], "tests: [{name: t, given: [@], expect: {mail: false}}]"),
    (&["page_properties"], "tests: [{name: t, given: [{at: 0s, page: @}], expect: {mail: false}}]"),
    (&["consent_choices"], "tests: [{name: t, given: [{at: 0s, consent: @}], expect: {mail: false}}]"),
    (&["campaign"], "tests: [{name: t, given: [{at: 0s, page: {}, campaign: @}], expect: {mail: false}}]"),
    (&["page_asked"], "tests: [{name: t, page: @, expect: {mail: false}}]"),
    (&["expect"], "tests: [{name: t, expect: @}]"),
    (&["time"], "rules: [{id: r, when: {time: @}, then: {publish: p}}]"),
];

const CONDITION: &str =
    "rules: [{id: r, slot: home.hero, priority: 1, when: @, then: {offer: free-delivery}}]";

/// Where definitions stand of which the loader reads every operator as a field, and says by the kind which fit.
const COMPARED: [(&str, &str); 12] = [
    ("trait", "rules: [{id: r, when: {trait: @}, then: {publish: p}}]"),
    ("question.count", "rules: [{id: r, when: {event: E, count: @}, then: {publish: p}}]"),
    ("question.sum", "rules: [{id: r, when: {event: E, sum: @}, then: {publish: p}}]"),
    ("question.avg", "rules: [{id: r, when: {event: E, avg: @}, then: {publish: p}}]"),
    ("question.min", "rules: [{id: r, when: {event: E, min: @}, then: {publish: p}}]"),
    ("question.max", "rules: [{id: r, when: {event: E, max: @}, then: {publish: p}}]"),
    ("question.distinct", "rules: [{id: r, when: {event: E, distinct: @}, then: {publish: p}}]"),
    ("question.last", "rules: [{id: r, when: {event: E, last: @}, then: {publish: p}}]"),
    ("question.first", "rules: [{id: r, when: {event: E, first: @}, then: {publish: p}}]"),
    ("compare.text", "rules: [{id: r, when: {event: E, where: {category: @}}, then: {publish: p}}]"),
    (
        "event_properties",
        "tests: [{name: t, given: [{at: 0s, event: Product Viewed, properties: @}], expect: {mail: false}}]",
    ),
    ("where", "rules: [{id: r, when: {event: E, where: @}, then: {publish: p}}]"),
];

/// A ruleset that has this in the place of `@`.
pub fn ruleset_with(place: &str, text: &str) -> String {
    let own = place.split(':').next().unwrap_or_default();
    let base = BASE.iter().filter(|(name, _)| *name != own).map(|(name, text)| format!("{name}: {text}\n"));
    format!("version: 1\nname: n\n{}{}\n", base.collect::<String>(), place.replace('@', text))
}

/// Names in backticks.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The fields that the loader knows there, and those that it cannot do without.
fn asked_of_the_loader(place: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let yaml = ruleset_with(place, &format!("{{{STRANGER}: 1}}"));
    let error = Ruleset::parse(&yaml).expect_err("no mapping has such a field");
    let unknown = format!("unknown field `{STRANGER}` of ");
    let (what, fields) = error
        .problems()
        .iter()
        .find_map(|problem| problem.message.strip_prefix(&unknown)?.split_once("; its fields are "))
        .unwrap_or_else(|| panic!("the loader should name the fields of {place}:\n{error}"));
    let needed = error.problems().iter().filter_map(|problem| {
        problem
            .message
            .strip_prefix(what)?
            .strip_prefix(" needs the field ")
            .map(|name| name.replace('`', ""))
    });
    (quoted(fields), needed.collect())
}

fn fields_of(schema: &Json, names: &[&str]) -> BTreeSet<String> {
    let definitions = schema.get("$defs").expect("definitions");
    let fields =
        |name: &&str| definitions.get(name).unwrap_or_else(|| panic!("{name}")).get("properties").cloned();
    names
        .iter()
        .filter_map(fields)
        .flat_map(|fields| fields.fields().to_vec())
        .map(|(name, _)| name)
        .collect()
}

fn required_of(definition: &Json) -> BTreeSet<String> {
    let required = definition.get("required").map_or(&[][..], Json::items);
    required.iter().filter_map(Json::as_str).map(str::to_owned).collect()
}

#[test]
fn every_mapping_has_the_fields_that_the_loader_reads_and_needs() {
    let schema = schema();
    let definitions = schema.get("$defs").expect("definitions");
    for (names, place) in PLACES {
        if place == CONDITION || names == ["affinity"] {
            continue;
        }
        let (known, needed) = asked_of_the_loader(place);
        let is_then = names[0].starts_with("then.");
        let described = if is_then {
            fields_of(&schema, &["then.slot", "then.acting", "then.reminder"])
        } else {
            fields_of(&schema, names)
        };
        assert_eq!(described, known, "the fields of {names:?}: the schema's, and the loader's");
        for name in names {
            let mut required = required_of(definitions.get(name).expect("a definition"));
            // These say themselves what is missing, in a sentence of their own, or only once it is known what it is.
            required.retain(|field| {
                !["fallback", "since", "slot", "priority", "send"].contains(&field.as_str())
                    || needed.contains(field)
            });
            assert!(
                needed.is_superset(&required),
                "{name}: the loader can do without one of {required:?}: {needed:?}"
            );
            let all = required_of(definitions.get(name).expect("a definition"));
            let is_rule = name.starts_with("rule.");
            assert!(
                is_rule || all.is_superset(&needed),
                "{name} needs {needed:?}, and the schema says {all:?}"
            );
        }
    }
}

#[test]
fn the_ruleset_itself_has_the_fields_that_the_loader_reads_and_needs() {
    let (known, needed) = {
        let error = Ruleset::parse(&format!("{STRANGER}: 1")).expect_err("no such field");
        let told = error.to_string();
        let fields = told.lines().find_map(|line| line.split_once("; its fields are ")).expect("fields").1;
        let needed = told
            .lines()
            .filter_map(|line| line.split_once(" needs the field "))
            .map(|(_, name)| quoted(name));
        (quoted(fields), needed.flatten().collect::<BTreeSet<_>>())
    };
    let schema = schema();
    let described: BTreeSet<String> =
        schema.get("properties").expect("fields").fields().iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(described, known);
    assert_eq!(required_of(&schema), needed);
}

#[test]
fn what_compares_has_fields_that_the_loader_reads() {
    let schema = schema();
    for (name, place) in COMPARED {
        if ["where", "event_properties"].contains(&name) {
            continue; // Any property may stand there.
        }
        let (known, needed) = asked_of_the_loader(place);
        let described = fields_of(&schema, &[name]);
        assert!(
            known.is_superset(&described),
            "{name}: the loader reads {known:?}, the schema has {described:?}"
        );
        let required = required_of(schema.get("$defs").and_then(|all| all.get(name)).expect("a definition"));
        assert_eq!(required, needed, "{name}");
    }
}

#[test]
fn every_example_of_the_schema_is_taken_by_the_loader() {
    let schema = schema();
    let definitions = schema.get("$defs").expect("definitions");
    let places =
        PLACES.iter().flat_map(|(names, place)| names.iter().map(|name| (*name, *place))).chain(COMPARED);
    let mut places: Vec<(&str, &str)> = places.collect();
    let facts = definitions.fields().iter().filter(|(name, _)| name.starts_with("condition.fact."));
    places.extend(facts.map(|(name, _)| (name.as_str(), CONDITION)));
    let mut count = 0;
    for (name, definition) in definitions.fields() {
        let examples = definition.get("examples").map_or(&[][..], Json::items);
        let place = places.iter().find(|(known, _)| known == name);
        let is_mapping = definition.str("type") == "object";
        // A comparison alone is an example of nothing.
        let needs_example = is_mapping && !name.starts_with("compare.");
        assert!(!needs_example || !examples.is_empty(), "{name} needs an example");
        let Some((_, place)) = place.filter(|_| is_mapping) else {
            assert!(!needs_example, "say in PLACES where {name} stands in a ruleset");
            continue;
        };
        for example in examples {
            let yaml = ruleset_with(place, &example.to_string());
            Ruleset::parse(&yaml).unwrap_or_else(|error| panic!("{name}:\n{yaml}\n{error}"));
            count += 1;
        }
    }
    assert!(count >= 50, "examples are missing: {count}");
}
