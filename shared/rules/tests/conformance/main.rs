//! Runs every case in `testdata/conformance`: to add one, add a file. README.md there says how.
// The tests read their cases from files; the crate itself does no I/O.
#![allow(clippy::disallowed_methods, clippy::expect_used)]

mod case;
mod compare;
mod live;
mod world;

use beckon_domain::id::SlotId;
use beckon_domain::{Category, Profile, SmolStr};
use beckon_rules::{Live, Page, PageKind, Person, Ruleset, SAMPLE, SlotRequest};
use case::{Case, Question, instant, product};
use compare::{compare, compare_explanation, compare_forms, compare_state};
use live::World;
use std::path::Path;
use world::profile_at;

fn ask(ruleset: &Ruleset, case: &Case, question: &Question, live: &dyn Live) -> Vec<String> {
    let now = instant(&question.at);
    let (profile, told) = profile_at(ruleset, case, now);
    let nobody = Profile::default();
    let mut differences = compare_state(profile.as_ref().unwrap_or(&nobody), &told, &question.expect);
    let page = Page {
        kind: question.page.r#type.as_deref().map(|word| PageKind::parse(word).expect("a page type")),
        product: question.page.product.as_deref().map(product),
        category: question.page.category.as_deref().map(|c| Category::new(c).expect("a category")),
        locale: question.page.locale.as_deref().map(SmolStr::new),
        timezone: question.page.timezone.as_deref().map(SmolStr::new),
    };
    let person =
        Person { profile: profile.as_ref(), is_known: case.logged_in, page, propensity: question.propensity };
    let Some(slot) = &question.slot else {
        let (wanted, found) = (question.expect.reminder, ruleset.reminder_applies(&person, now));
        if wanted.is_some_and(|wanted| wanted != found) {
            differences.push(format!("reminder: expected {wanted:?}, found {found}"));
        }
        let found = ruleset.discount_for(1, &person, now).map_or(0, |discount| discount.percent);
        if question.expect.discount.is_some_and(|wanted| wanted != found) {
            let wanted = question.expect.discount;
            differences.push(format!("discount: expected {wanted:?} percent, found {found}"));
        }
        differences.extend(compare_explanation(&ruleset.explain_segments(&person, now), &question.expect));
        return differences;
    };
    let products = |names: &[String]| names.iter().map(|name| product(name)).collect::<Vec<_>>();
    let request = SlotRequest { count: question.count, exclude: products(&question.exclude) };
    let slot = SlotId::new(slot).expect("a slot id");
    let decision = ruleset.decide(&slot, &person, &request, live, now);
    differences.extend(compare_forms(ruleset, &person, now));
    if let Some(explanation) = ruleset.explain(&slot, &person, &request, live, now) {
        differences.extend(compare_explanation(&explanation.rules, &question.expect));
    }
    match (decision, question.expect.no_such_slot) {
        (None, Some(true)) => {}
        (Some(decision), None) => differences.extend(compare(&decision, &question.expect)),
        (found, _) => differences.push(format!("the slot's existence: {}", found.is_some())),
    }
    differences
}

#[test]
fn every_case_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/conformance");
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 10, "cases are missing: {}", paths.len());
    let mut failures = Vec::new();
    for path in paths {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a readable case");
        let case: Case = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let yaml = if case.ruleset == "sample" { SAMPLE } else { &case.ruleset };
        let ruleset = Ruleset::parse(yaml).unwrap_or_else(|error| panic!("{file}: the ruleset:\n{error}"));
        for (index, question) in case.ask.iter().enumerate() {
            let live = World::new(question.live.clone());
            for difference in ask(&ruleset, &case, question, &live) {
                failures.push(format!(
                    "{file} ({}), question {} at {}: {difference}",
                    case.name,
                    index + 1,
                    question.at
                ));
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}
