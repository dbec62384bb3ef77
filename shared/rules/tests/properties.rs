//! What holds for every text, and for every person and request.
#![allow(clippy::expect_used)]

use beckon_domain::affinity::VIEW_POINTS;
use beckon_domain::consent::ConsentChoices;
use beckon_domain::id::SlotId;
use beckon_domain::{DurationMs, ProductId, Profile, Timestamp};
use beckon_rules::{
    COUNT_MAX, CodeSource, Content, Explained, LiveLists, Page, PageKind, Person, ReasonCode, Ruleset,
    SAMPLE, SlotRequest, Source, Verdict,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::collections::BTreeSet;

/// The sample, and one with a second slot list and a slot without live best sellers, so that every source of products is
/// in play.
fn rulesets() -> Vec<Ruleset> {
    let listed = SAMPLE.replacen("fallback: best_sellers", "fallback: [pot-set, pack-50]", 1);
    let listed =
        listed.replacen("fallback: best_sellers", "fallback: best_sellers\n    best_sellers: listed", 1);
    [SAMPLE, listed.as_str()].map(|yaml| Ruleset::parse(yaml).expect("a valid ruleset")).to_vec()
}

#[derive(Clone, Debug)]
struct Asked {
    views: Vec<(Index, u64)>,
    page: Option<Index>,
    exclude: Vec<Index>,
    selling: [Vec<Index>; 2],
    count: Option<usize>,
    is_known: bool,
    has_profile: bool,
    denies: bool,
    now_secs: u64,
}

fn asked() -> impl Strategy<Value = Asked> {
    (
        proptest::collection::vec((any::<Index>(), 0..4_000_u64), 0..8),
        any::<Option<Index>>(),
        proptest::collection::vec(any::<Index>(), 0..14),
        [proptest::collection::vec(any::<Index>(), 0..6), proptest::collection::vec(any::<Index>(), 0..6)],
        proptest::option::of(0..60_usize),
        any::<(bool, bool, bool)>(),
        0..5_000_u64,
    )
        .prop_map(|(views, page, exclude, selling, count, (is_known, has_profile, denies), now_secs)| {
            Asked { views, page, exclude, selling, count, is_known, has_profile, denies, now_secs }
        })
}

fn profile(ruleset: &Ruleset, asked: &Asked) -> Profile {
    let mut profile = Profile::default();
    for (index, secs) in &asked.views {
        let product = index.get(ruleset.products());
        let at = Timestamp::EPOCH + DurationMs::from_secs(*secs);
        profile.viewed.view(&product.id, Some(&product.category), at);
        profile.affinity.add(&product.category, VIEW_POINTS, at, ruleset.policy().affinity_half_life);
    }
    if asked.denies {
        let choices = ConsentChoices { personalization: Some(false), ..ConsentChoices::default() };
        profile.consent.apply(&choices, Timestamp::EPOCH);
    }
    profile
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Exactly as many products as asked for while there are any, each once, none that is excluded, and never the
    /// page's own unless nothing else is left.
    #[test]
    fn lists_are_full_clean_and_without_repetition(which in 0..2_usize, asked in asked()) {
        let ruleset = &rulesets()[which];
        let profile = profile(ruleset, &asked);
        let pick = |index: &Index| index.get(ruleset.products()).id.clone();
        let page_product: Option<ProductId> = asked.page.as_ref().map(pick);
        let page = Page { kind: Some(PageKind::Product), product: page_product.clone(), ..Page::default() };
        let person =
            Person { profile: asked.has_profile.then_some(&profile), is_known: asked.is_known, page, propensity: None };
        let request =
            SlotRequest { count: asked.count, exclude: asked.exclude.iter().map(pick).collect() };
        let now = Timestamp::EPOCH + DurationMs::from_secs(asked.now_secs);
        let mut selling = asked.selling.each_ref().map(|indexes| indexes.iter().map(pick).collect::<Vec<_>>());
        selling[1].push(ProductId::new("unknown").expect("an id"));
        let live = LiveLists { category: &selling[0], store: &selling[1] };
        for slot in ["home.hero", "pdp.related"] {
            let slot = SlotId::new(slot).expect("a slot id");
            let decision = ruleset.decide(&slot, &person, &request, &live, now).expect("the slot exists");
            let again = ruleset.decide(&slot, &person, &request, &live, now).expect("the slot exists");
            prop_assert_eq!(&decision, &again);
            let Content::Products(items) = &decision.content else { continue };
            let shown: BTreeSet<&ProductId> = items.iter().map(|item| &item.product).collect();
            prop_assert_eq!(shown.len(), items.len(), "a product is shown twice: {:?}", items);
            prop_assert!(request.exclude.iter().all(|id| !shown.contains(id)), "{:?}", items);
            let wanted = asked.count.unwrap_or(4).min(COUNT_MAX);
            prop_assert!(items.len() <= wanted);
            if page_product.as_ref().is_some_and(|own| shown.contains(own)) {
                prop_assert_eq!(items.len(), 1, "the page's own product beside others: {:?}", items);
            } else if items.len() < wanted {
                // What everybody is shown must be used up.
                let all_of_it = SlotRequest { count: Some(50), ..request.clone() };
                let everybody = ruleset.fallback(&slot, &all_of_it, &live, ReasonCode::Default);
                let Some(Content::Products(all)) = everybody.map(|d| d.content) else { panic!("a list") };
                let left = all.iter().filter(|i| !shown.contains(&i.product) && page_product.as_ref() != Some(&i.product));
                prop_assert_eq!(left.count(), 0, "{:?} could be longer", items);
            }
            let is_everybodys = |source| {
                let live = [Source::CategoryBestSeller, Source::StoreBestSeller];
                live.contains(&source) || [Source::BestSeller, Source::Listed].contains(&source)
            };
            let filled = items.iter().filter(|i| is_everybodys(i.source)).count();
            prop_assert_eq!(decision.fallback.filled, filled);
            prop_assert!(shown.iter().all(|id| ruleset.product(id.as_str()).is_some()), "without facts: {:?}", items);
            if which == 1 && slot.as_str() == "pdp.related" {
                let is_live = |i: &beckon_rules::Recommended| i.source.code().ends_with("_best_seller");
                prop_assert!(!items.iter().any(is_live), "the slot wants listed ones only: {:?}", items);
            }
            let by_rule = decision.reason.code == ReasonCode::RuleMatch;
            prop_assert_eq!(by_rule, decision.reason.rule.is_some());
            prop_assert!(asked.has_profile && !asked.denies || !by_rule, "the sample has no rule for strangers");
        }
    }

    /// An explanation says what was decided, and its parts say what the whole says.
    #[test]
    fn an_explanation_agrees_with_the_decision(asked in asked()) {
        let ruleset = &rulesets()[0];
        let profile = profile(ruleset, &asked);
        let page = Page { kind: Some(PageKind::Product), ..Page::default() };
        let profile = asked.has_profile.then_some(&profile);
        let person = Person { profile, is_known: asked.is_known, page, propensity: None };
        let now = Timestamp::EPOCH + DurationMs::from_secs(asked.now_secs);
        for slot in ["home.hero", "pdp.related"] {
            let slot = SlotId::new(slot).expect("a slot id");
            let (request, live) = (SlotRequest::default(), LiveLists::default());
            let decision = ruleset.decide(&slot, &person, &request, &live, now).expect("the slot exists");
            let explained = ruleset.explain(&slot, &person, &request, &live, now).expect("the slot exists");
            let won = explained.rules.iter().find(|rule| rule.verdict == Verdict::Won);
            let rule = decision.reason.rule.as_ref().map(ToString::to_string);
            prop_assert_eq!(won.map(|rule| rule.id.clone()), rule);
            prop_assert_eq!(&explained.decision, &decision);
            for rule in &explained.rules {
                prop_assert!(is_consistent(&rule.condition), "{}", rule.condition);
                prop_assert!(rule.near_miss.is_none() || rule.verdict == Verdict::DoesNotHold);
            }
        }
    }

    /// However a text is damaged, it is read or refused, and what is wrong is said with its place.
    #[test]
    fn a_damaged_text_never_panics(edits in proptest::collection::vec((any::<Index>(), 0..4_u8, damage()), 1..6)) {
        let mut text: Vec<char> = SAMPLE.chars().collect();
        for (index, edit, insert) in edits {
            let at = index.index(text.len().max(1));
            let end = (at + 1 + insert.len()).min(text.len());
            match edit {
                0 => drop(text.drain(at..end)),
                1 => text.splice(at..at, insert.chars()).for_each(drop),
                2 => text.splice(at..end, insert.chars()).for_each(drop),
                _ => text.truncate(at),
            }
        }
        let text: String = text.into_iter().collect();
        if let Err(error) = Ruleset::parse(&text) {
            prop_assert!(!error.problems().is_empty());
            prop_assert_eq!(error.problems().iter().filter(|p| p.message.contains('\n')).count(), 0);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}|[-:{}\\[\\]&*!|>'\"%@`,?# \na0.]{0,200}") {
        let _ = Ruleset::parse(&text);
    }
}

fn is_consistent(explained: &Explained) -> bool {
    let mut parts = explained.parts.iter();
    let agrees = match explained.condition.as_str() {
        "all" => explained.holds == parts.all(|part| part.holds),
        "any" => explained.holds == parts.any(|part| part.holds),
        "not" => parts.all(|part| part.holds != explained.holds),
        _ => explained.parts.is_empty() == explained.read.is_some(),
    };
    agrees && explained.parts.iter().all(is_consistent)
}

fn damage() -> impl Strategy<Value = String> {
    let pieces = [
        "", " ", "\n", "\n  ", ": ", "- ", "{", "}", "[", "]", "\"", "'", "|", ">", "&a ", "*a", "<<: ",
        "!x ", "~", "null", "0", "-1", "1e999", ".nan", "true", "id: ", "rules:", "\t", "\u{0}", "é",
        "---\n", "...\n", "? ", "% ",
    ];
    prop_oneof![select(pieces.to_vec()).prop_map(str::to_owned), "\\PC{0,5}"]
}

#[test]
fn the_sample_says_what_it_promises() {
    let ruleset = Ruleset::parse(SAMPLE).expect("the sample is valid");
    assert_eq!(ruleset.name(), "Outdoor sample");
    assert_eq!(ruleset.currency().as_str(), "EUR");
    let slots: Vec<&str> = ruleset.slot_ids().map(SlotId::as_str).collect();
    assert_eq!(slots, ["home.hero", "pdp.related", "home.for-you", "pdp.similar", "cart.complement"]);
    assert!(ruleset.version().len() == 12 && ruleset.version().bytes().all(|b| b.is_ascii_hexdigit()));
    assert_ne!(ruleset.version(), Ruleset::parse(&format!("{SAMPLE}\n# changed")).expect("valid").version());
    let reminder = ruleset.reminder().expect("the sample sends a reminder");
    assert_eq!(
        (reminder.rule.as_str(), &reminder.series.delays[..]),
        ("cart-left", &[DurationMs::from_minutes(15)][..])
    );
    assert_eq!(ruleset.policy().cart_idle(), Some(DurationMs::from_minutes(15)));
    assert_eq!(ruleset.labels(&reminder.rule), ["email"]);
    let somebody = Person { profile: None, is_known: false, page: Page::default(), propensity: None };
    let discount = ruleset.discount_for(1, &somebody, Timestamp::EPOCH).expect("with a discount");
    let codes = CodeSource::Derived { prefix: "BACK-".into(), valid_for: DurationMs::from_hours(72) };
    assert_eq!((discount.percent, discount.codes), (10, codes));
    assert_eq!(ruleset.product("mug").and_then(|p| p.price).map(|p| p.minor), Some(1_800));
    assert_eq!(ruleset.product("no such product"), None);
    let categories: BTreeSet<_> = ruleset.products().iter().map(|p| p.category.as_str()).collect();
    assert_eq!((ruleset.products().len(), categories.len()), (12, 4));
}

#[test]
fn a_ruleset_without_rules_is_fine() {
    let ruleset = Ruleset::parse("version: 1\nname: bare\ncurrency: eur\n").expect("valid");
    assert!(ruleset.reminder().is_none() && ruleset.policy().cart_idle().is_none());
    assert_eq!(ruleset.slot_ids().count(), 0);
    let person = Person { profile: None, is_known: false, page: Page::default(), propensity: None };
    assert!(!ruleset.reminder_applies(&person, Timestamp::EPOCH));
}

#[test]
fn the_static_fallback_carries_the_callers_reason() {
    let ruleset = Ruleset::parse(SAMPLE).expect("valid");
    let slot = SlotId::new("home.hero").expect("a slot id");
    let request = SlotRequest { count: Some(2), exclude: vec![ProductId::new("mug").expect("an id")] };
    let decision = ruleset
        .fallback(&slot, &request, &LiveLists::default(), ReasonCode::ErrorFallback)
        .expect("the slot exists");
    assert_eq!((decision.reason.code.code(), decision.fallback.used), ("ERROR_FALLBACK", true));
    let Content::Products(items) = decision.content else { panic!("a list") };
    assert_eq!(items.iter().map(|i| i.product.as_str()).collect::<Vec<_>>(), ["bag-summer", "pack-25"]);
    let nowhere = SlotId::new("nowhere").expect("a slot id");
    assert_eq!(ruleset.fallback(&nowhere, &request, &LiveLists::default(), ReasonCode::ErrorFallback), None);
}

#[test]
fn the_largest_text_is_refused_quickly_when_every_name_in_it_is_wrong() {
    let products: String =
        (0..4_000).map(|n| format!("  - {{id: product-{n}, name: N, category: c}}\n")).collect();
    let wrong: String = (0..20_000).map(|n| format!("  - produkt-{n}\n")).collect();
    let yaml = format!("version: 1\nname: large\ncurrency: EUR\nproducts:\n{products}best_sellers:\n{wrong}");
    let error = Ruleset::parse(&yaml).expect_err("must be refused");
    assert_eq!(error.omitted(), 20_000 - error.problems().len());
}

#[test]
fn no_answer_has_more_than_the_most_items() {
    let ids = (0..60).map(|n| format!("p{n}")).collect::<Vec<_>>();
    let products: String = ids.iter().map(|id| format!("  - {{id: {id}, name: N, category: c}}\n")).collect();
    let best = ids.join(", ");
    let yaml = format!(
        "version: 1\nname: many\ncurrency: EUR\nproducts:\n{products}best_sellers: [{best}]\n\
         slots:\n  - {{id: s, fallback: best_sellers}}\n"
    );
    let ruleset = Ruleset::parse(&yaml).expect("valid");
    let request = SlotRequest { count: Some(60), ..SlotRequest::default() };
    let slot = SlotId::new("s").expect("a slot id");
    let decision = ruleset
        .fallback(&slot, &request, &LiveLists::default(), ReasonCode::Default)
        .expect("the slot exists");
    let Content::Products(items) = decision.content else { panic!("a list") };
    assert_eq!((items.len(), decision.fallback.filled), (COUNT_MAX, COUNT_MAX));
}
