//! What holds of every decision table: it decides as its rows say one by one, what is refused could indeed get in the way,
//! and what goes to a spreadsheet comes back. And of conditions: what is said to hold of nobody holds of nobody.
#![allow(clippy::expect_used)]

use beckon_domain::apply::apply;
use beckon_domain::consent::ConsentChoices;
use beckon_domain::event::{CartRef, Event, EventKind, Item, TraitValue};
use beckon_domain::id::{AnonymousId, EventId, SlotId, SourceId};
use beckon_domain::{Category, DurationMs, Money, Pepper, Policy, ProductId, Profile, Timestamp};
use beckon_rules::{LiveLists, Page, PageKind, Person, Ruleset, SlotRequest, table_csv};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const HEAD: &str = "version: 1
name: tables
currency: EUR
products:
  - { id: mug, name: Mug, category: kitchen }
  - { id: tarp, name: Tarp, category: tents }
best_sellers: [mug, tarp]
offers:
  - { id: o, title: O, text: T, url: https://shop.example/o }
segments:
  - { id: buyer, when: { event: Order Completed } }
  - { id: viewer, when: { event: Product Viewed } }
";

const COLUMNS: [&str; 7] =
    ["segment", "cart.items", "cart.value", "page.type", "cart.products", "trait.plan", "cart.empty"];

/// Cells that a column may have, alike enough that rows meet and cover each other often.
fn cells(column: &str) -> Vec<&'static str> {
    match column {
        "segment" => vec!["*", "buyer", "viewer", "buyer | viewer", "!buyer", "!(buyer | viewer)"],
        "cart.items" => {
            vec!["*", "0", "> 0", "1 | 2", "1..3", ">= 3", "!1", "< 1", "known", "> 1", "<= 2", "!(1 | 2)"]
        }
        "cart.value" => vec!["*", "0", ">= 10 EUR", "10..20", "< 10", "> 9.99", "!= 10", "missing", "known"],
        "page.type" => {
            vec!["*", "home", "!home", "home | cart", "!(home | cart)", "known", "missing", "!product"]
        }
        "cart.products" => vec!["*", "mug", "!mug", "mug | tarp", "!(mug | tarp)", "tarp"],
        "trait.plan" => vec![
            "*",
            "gold",
            "!gold",
            "3",
            "> 2",
            "gold | 3",
            "!(gold | 3)",
            "true",
            "missing",
            "1..5",
            "\"3\"",
            "missing | gold",
        ],
        _ => vec!["*", "true", "false", "!true", "known", "missing"],
    }
}

/// A row: for each column a cell.
fn row() -> impl Strategy<Value = Vec<&'static str>> {
    COLUMNS.map(|column| select(cells(column))).to_vec()
}

#[derive(Clone, Debug)]
struct Somebody {
    added: Vec<(&'static str, Option<&'static str>)>,
    has_bought: bool,
    has_viewed: bool,
    plan: Option<TraitValue>,
    page: Option<PageKind>,
}

fn somebody() -> impl Strategy<Value = Somebody> {
    let text = |text: &str| Some(TraitValue::Text(text.to_owned()));
    let plans = [
        None,
        text("gold"),
        text("silver"),
        text("3"),
        Some(TraitValue::Number(3.0)),
        Some(TraitValue::Number(2.5)),
        Some(TraitValue::Bool(true)),
    ];
    let added = (
        select(vec!["mug", "tarp", "other"]),
        select(vec![None, Some("9.99 EUR"), Some("10 EUR"), Some("10.01 EUR"), Some("1 USD")]),
    );
    let pages = PageKind::ALL.map(Some).into_iter().chain([None]).collect::<Vec<_>>();
    (vec(added, 0..4), any::<(bool, bool)>(), select(plans.to_vec()), select(pages)).prop_map(
        |(added, (has_bought, has_viewed), plan, page)| Somebody {
            added,
            has_bought,
            has_viewed,
            plan,
            page,
        },
    )
}

fn profile(somebody: &Somebody) -> Profile {
    let item = |product: &str, price: Option<&str>| Item {
        product: ProductId::new(product).expect("an id"),
        category: Category::new("kitchen").ok(),
        brand: None,
        name: None,
        price: price.map(|price| Money::parse(price).expect("an amount")),
        quantity: 1,
    };
    let mut kinds = vec![EventKind::Page];
    if somebody.has_viewed {
        kinds.push(EventKind::ProductViewed(item("mug", None)));
    }
    if somebody.has_bought {
        kinds.push(EventKind::OrderCompleted { order: None, total: None, items: Vec::new(), coupon: None });
    }
    if let Some(plan) = &somebody.plan {
        kinds.push(EventKind::Identify { traits: [("plan".to_owned(), plan.clone())].into(), link: None });
    }
    let added = somebody.added.iter();
    kinds.extend(added.map(|(id, price)| EventKind::ProductAdded(CartRef::default(), item(id, *price))));
    let pepper = Pepper::new("1", b"0123456789abcdef").expect("a pepper");
    let key = pepper.anonymous(&AnonymousId::new("c").expect("an id"));
    let mut profile = Profile::default();
    for (index, kind) in kinds.into_iter().enumerate() {
        let at = Timestamp::EPOCH + DurationMs::from_secs(index as u64);
        let event = Event {
            id: EventId::new(&format!("e{index}")).expect("an id"),
            source: SourceId::new("test").expect("an id"),
            occurred_at: at,
            received_at: at,
            consent: ConsentChoices::default(),
            timezone: None,
            locale: None,
            claim: None,
            device: None,
            details: None,
            kind,
        };
        apply(&mut profile, &key, &event, &Policy::default());
    }
    profile
}

fn yaml_row(cells: &[&str], then: &str) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:?}")).collect();
    format!("      - [{}, {then}]\n", cells.join(", "))
}

fn table(id: &str, hit: &str, rows: &[Vec<&str>], then: &str) -> String {
    let rows: String = rows.iter().map(|row| yaml_row(row, then)).collect();
    let columns = COLUMNS.join(", ");
    format!(
        "  - id: {id}\n    slot: {id}\n    priority: 1\n    hit: {hit}\n    columns: [{columns}]\n    rows:\n{rows}"
    )
}

fn ruleset(tables: &[(String, String)]) -> String {
    let slots: String =
        tables.iter().map(|(id, _)| format!("  - {{ id: {id}, fallback: best_sellers }}\n")).collect();
    let tables: String = tables.iter().map(|(_, text)| text.as_str()).collect();
    format!("{HEAD}slots:\n{slots}tables:\n{tables}")
}

/// The row of a table that decides.
fn decided(ruleset: &Ruleset, slot: &str, somebody: &Somebody, profile: &Profile) -> Option<usize> {
    let page = Page { kind: somebody.page, ..Page::default() };
    let person = Person { profile: Some(profile), is_known: false, page, propensity: None };
    let slot = SlotId::new(slot).expect("a slot id");
    let now = Timestamp::EPOCH + DurationMs::from_secs(60);
    let decision = ruleset.decide(&slot, &person, &SlotRequest::default(), &LiveLists::default(), now);
    decision.expect("the slot exists").reason.row
}

/// Of each row, alone in a table, whether it holds.
fn held(rows: &[Vec<&str>], somebody: &Somebody, profile: &Profile) -> Vec<usize> {
    let alone: Vec<(String, String)> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let id = format!("t{index}");
            let text = table(&id, "first", std::slice::from_ref(row), "{ offer: o }");
            (id, text)
        })
        .collect();
    let ruleset = Ruleset::parse(&ruleset(&alone)).expect("every row alone is valid");
    let holds = |index: &usize| decided(&ruleset, &format!("t{index}"), somebody, profile).is_some();
    (0..rows.len()).filter(holds).map(|index| index + 1).collect()
}

/// The rows that a message names, counted from 1.
fn named(message: &str) -> Vec<usize> {
    let words: Vec<&str> = message.split(' ').collect();
    let pairs = words.windows(2).filter(|pair| pair[0] == "row");
    pairs.filter_map(|pair| pair[1].parse().ok()).take(2).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_first_row_that_holds_decides_and_what_is_never_reached_never_decides(
        rows in vec(row(), 1..7),
        people in vec(somebody(), 1..12),
    ) {
        let text = ruleset(&[("t".to_owned(), table("t", "first", &rows, "{ offer: o }"))]);
        let parsed = Ruleset::parse(&text);
        for somebody in &people {
            let profile = profile(somebody);
            let held = held(&rows, somebody, &profile);
            match &parsed {
                Ok(ruleset) => prop_assert_eq!(decided(ruleset, "t", somebody, &profile), held.first().copied()),
                Err(error) => for problem in error.problems() {
                    prop_assert!(problem.message.contains("is never reached"), "{}", problem);
                    let [later, earlier] = named(&problem.message)[..] else { panic!("{problem}") };
                    prop_assert!(!held.contains(&later) || held.contains(&earlier), "{} of {:?}", problem, somebody);
                },
            }
        }
    }

    #[test]
    fn of_a_unique_table_one_row_holds_at_most(rows in vec(row(), 1..5), people in vec(somebody(), 1..12)) {
        let text = ruleset(&[("t".to_owned(), table("t", "unique", &rows, "{ offer: o }"))]);
        if Ruleset::parse(&text).is_ok() {
            for somebody in &people {
                let held = held(&rows, somebody, &profile(somebody));
                prop_assert!(held.len() <= 1, "{:?} of {:?}", held, somebody);
            }
        }
    }

    /// Cells of one column that the loader calls exclusive are never both true; those it calls overlapping are, of its
    /// example, where people can be so.
    #[test]
    fn what_is_said_to_hold_of_nobody_holds_of_nobody(
        parts in vec(select(CONDITIONS.to_vec()), 2..5),
        people in vec(somebody(), 1..16),
    ) {
        let rule = |index: usize, when: &str| {
            format!("  - {{ id: r{index}, slot: s{index}, priority: 1, when: {when}, then: {{ offer: o }} }}\n")
        };
        let slot = |index: usize| format!("  - {{ id: s{index}, fallback: best_sellers }}\n");
        let all = |whens: &[String]| {
            let rules: String = whens.iter().enumerate().map(|(index, when)| rule(index, when)).collect();
            let slots: String = (0..whens.len()).map(slot).collect();
            Ruleset::parse(&format!("{HEAD}slots:\n{slots}rules:\n{rules}"))
        };
        let together = all(&[format!("{{ all: [{}] }}", parts.join(", "))]);
        let alone = all(&parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>()).expect("each is valid");
        for somebody in &people {
            let profile = profile(somebody);
            let page = Page { kind: somebody.page, ..Page::default() };
            let person = Person { profile: Some(&profile), is_known: false, page, propensity: None };
            let now = Timestamp::EPOCH + DurationMs::from_secs(60);
            let holds = |ruleset: &Ruleset, index: usize| {
                let slot = SlotId::new(&format!("s{index}")).expect("an id");
                let decision = ruleset.decide(&slot, &person, &SlotRequest::default(), &LiveLists::default(), now);
                decision.expect("the slot exists").reason.rule.is_some()
            };
            let hold = (0..parts.len()).all(|index| holds(&alone, index));
            match &together {
                Ok(ruleset) => prop_assert_eq!(holds(ruleset, 0), hold),
                Err(error) => prop_assert!(!hold, "{:?}: {} of {:?}", parts, error, somebody),
            }
        }
    }

    #[test]
    fn a_table_comes_back_from_a_spreadsheet(rows in vec(row(), 1..6), separator in select(vec![',', ';', '\t'])) {
        let text = ruleset(&[("t".to_owned(), table("t", "collect", &rows, "{ products: [mug, \"tarp\"] }"))]);
        let csv = table_csv::to_csv(&text, "t").expect("a table");
        let csv = csv.replace(", tarp", "; tarp").replace(',', &separator.to_string()).replace("; tarp", ", tarp");
        let csv = if separator == ',' { csv } else { format!("\u{feff}{}", csv.replace('\n', "\r\n")) };
        let back = table_csv::replace_rows(&text, "t", &csv);
        let back = back.map_err(|error| TestCaseError::fail(format!("{error}\n{csv}")))?;
        prop_assert_eq!(table_csv::to_csv(&back, "t").expect("a table"), table_csv::to_csv(&text, "t").expect("a table"));
        let again = table_csv::replace_rows(&back, "t", &csv).expect("a table");
        prop_assert_eq!(again, back);
    }

    #[test]
    fn any_csv_is_read_or_refused(csv in "\\PC{0,80}|[a-z,;\t\"'=\n\r|*<>.0-9]{0,80}") {
        let text = ruleset(&[("t".to_owned(), table("t", "first", &[vec!["*"; 7]], "{ offer: o }"))]);
        let header = format!("{},then\n", COLUMNS.join(","));
        let _ = table_csv::replace_rows(&text, "t", &csv);
        let _ = table_csv::replace_rows(&text, "t", &format!("{header}{csv}"));
    }
}

const CONDITIONS: [&str; 26] = [
    "{ event: Product Viewed }",
    "{ event: Product Viewed, within: 30s }",
    "{ event: Product Viewed, within: 2m }",
    "{ not: { event: Product Viewed, within: 1m } }",
    "{ not: { event: Product Viewed } }",
    "{ cart: { empty: true } }",
    "{ cart: { empty: false } }",
    "{ cart: { contains: mug } }",
    "{ cart: { value_gte: 10 EUR } }",
    "{ fact: cart.value, lt: 10 EUR }",
    "{ fact: cart.value, missing: true }",
    "{ fact: cart.items, gte: 2 }",
    "{ fact: cart.items, lt: 2 }",
    "{ fact: cart.empty, eq: true }",
    "{ fact: cart.products, has_all: [mug, tarp] }",
    "{ fact: cart.products, has_none: [mug] }",
    "{ page: { type: home } }",
    "{ fact: page.type, ne: home }",
    "{ fact: page.type, in: [home, cart] }",
    "{ trait: { name: plan, eq: gold } }",
    "{ trait: { name: plan, not_in: [gold, 3] } }",
    "{ trait: { name: plan, starts_with: g } }",
    "{ fact: trait.plan, gt: 2 }",
    "{ logged_in: false }",
    "{ fact: customer, eq: false }",
    "{ any: [{ segment: buyer }, { not: { segment: viewer } }] }",
];
