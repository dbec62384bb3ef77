//! What holds of every text: it is refused in words that help, or whatever it says can be decided. The fuzz target
//! `tests/fuzz/targets/ruleset.rs` compiles this file too.

use beckon_domain::affinity::VIEW_POINTS;
use beckon_domain::{Category, DurationMs, ProductId, Profile, Timestamp};
use beckon_rules::{
    Content, LiveLists, PROBLEM_COUNT_MAX, Page, PageKind, Person, ReasonCode, Ruleset, RulesetError,
    SlotRequest,
};

/// The longest message, in bytes: what is wrong fits on a screen, whatever the text quotes.
const MESSAGE_BYTES_MAX: usize = 2_000;

/// What a text came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    Read,
    Refused,
}

/// Reads a text and holds it against the laws.
///
/// # Panics
/// When a law is broken.
pub fn check(yaml: &str) -> Outcome {
    match Ruleset::parse(yaml) {
        Ok(ruleset) => {
            decides(&ruleset);
            let again = Ruleset::parse(yaml).map(|again| again.version().to_owned());
            assert_eq!(again.ok().as_deref(), Some(ruleset.version()), "the same text is the same version");
            Outcome::Read
        }
        Err(error) => {
            helps(&error, yaml);
            Outcome::Refused
        }
    }
}

/// A refusal says what and where: one line for each problem, in the text.
fn helps(error: &RulesetError, yaml: &str) {
    let problems = error.problems();
    assert!((1..=PROBLEM_COUNT_MAX).contains(&problems.len()), "{} problems", problems.len());
    assert!(error.omitted() == 0 || problems.len() == PROBLEM_COUNT_MAX, "{} left out", error.omitted());
    // One more than there are: what is missing is missed at the end.
    let last = yaml.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count() as u64 + 1;
    for problem in problems {
        let message = &problem.message;
        assert!(!message.trim().is_empty(), "a problem without a message");
        assert!(!message.contains(['\n', '\r']), "more than one line: {message:?}");
        // What the reader of YAML says quotes the text as long as it is.
        let is_ours = !message.starts_with("this is not valid YAML");
        assert!(!is_ours || message.len() <= MESSAGE_BYTES_MAX, "{} bytes: {message:?}", message.len());
        assert!(problem.line <= last, "line {} of {last}: {message}", problem.line);
        assert_eq!(problem.line == 0, problem.column == 0, "half a place: {message}");
    }
}

/// Everything that can be asked of a ruleset is answered: of a stranger, and of somebody who looked around.
fn decides(ruleset: &Ruleset) {
    let now = Timestamp::EPOCH + DurationMs::from_days(20_000);
    let profile = somebody(ruleset, now);
    let products: Vec<ProductId> =
        ruleset.products().iter().take(3).map(|product| product.id.clone()).collect();
    let live = LiveLists { category: &products, store: &products };
    let first = ruleset.products().first();
    let category = first.map(|product| product.category.clone());
    let page = Page { kind: Some(PageKind::Product), product: products.first().cloned(), category };
    for (profile, is_known, page) in
        [(None, false, Page::default()), (Some(&profile), true, page.clone()), (Some(&profile), false, page)]
    {
        let person = Person { profile, is_known, page };
        for slot in ruleset.slot_ids() {
            let request = SlotRequest::default();
            let decision = ruleset.decide(slot, &person, &request, live, now);
            assert!(decision.is_some(), "slot {slot} is not answered");
            let again = ruleset.decide(slot, &person, &request, live, now);
            assert_eq!(decision, again, "slot {slot} is answered in two ways");
            let shown = decision.map(|decision| decision.content);
            if let Some(Content::Products(items)) = shown {
                assert!(items.len() <= beckon_rules::COUNT_MAX, "{} products", items.len());
            }
            assert!(ruleset.fallback(slot, &request, live, ReasonCode::ErrorFallback).is_some(), "{slot}");
        }
        let _ = ruleset.reminder_applies(&person, now);
    }
}

/// Somebody who viewed the first products a minute ago, and likes their categories.
fn somebody(ruleset: &Ruleset, now: Timestamp) -> Profile {
    let mut profile = Profile::default();
    let at = now - DurationMs::from_minutes(1);
    for product in ruleset.products().iter().take(5) {
        let category: &Category = &product.category;
        profile.viewed.view(&product.id, Some(category), at);
        profile.affinity.add(category, VIEW_POINTS, at, ruleset.policy().affinity_half_life);
    }
    profile
}
