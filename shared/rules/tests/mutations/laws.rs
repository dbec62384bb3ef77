//! What holds of every text: it is refused in words that help, or whatever it says can be decided. The fuzz target
//! `tests/fuzz/targets/ruleset.rs` compiles this file too.

use beckon_domain::affinity::VIEW_POINTS;
use beckon_domain::apply::apply;
use beckon_domain::consent::ConsentChoices;
use beckon_domain::event::{Event, EventKind, TraitValue};
use beckon_domain::id::{AnonymousId, EventId, SourceId};
use beckon_domain::policy::OUTBOX_COUNT_MAX;
use beckon_domain::reaction::Reaction;
use beckon_domain::{Category, DurationMs, Pepper, ProductId, Profile, Timestamp};
use beckon_rules::{
    Content, LiveLists, PROBLEM_COUNT_MAX, Page, PageKind, Person, ReasonCode, Ruleset, RulesetError,
    SlotRequest,
};
use std::collections::BTreeMap;

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
        assert!(message.len() <= MESSAGE_BYTES_MAX, "{} bytes: {message:?}", message.len());
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
    let page = Page {
        kind: Some(PageKind::Product),
        product: products.first().cloned(),
        category,
        ..Page::default()
    };
    for (profile, is_known, page) in
        [(None, false, Page::default()), (Some(&profile), true, page.clone()), (Some(&profile), false, page)]
    {
        let person = Person { profile, is_known, page, propensity: None };
        for slot in ruleset.slot_ids() {
            let request = SlotRequest::default();
            let decision = ruleset.decide(slot, &person, &request, &live, now);
            assert!(decision.is_some(), "slot {slot} is not answered");
            let explained = ruleset.explain(slot, &person, &request, &live, now);
            let explained = explained.map(|explanation| explanation.decision);
            assert_eq!(decision, explained, "slot {slot} is answered in two ways");
            let shown = decision.map(|decision| decision.content);
            if let Some(Content::Products(items)) = shown {
                assert!(items.len() <= beckon_rules::COUNT_MAX, "{} products", items.len());
            }
            assert!(ruleset.fallback(slot, &request, &live, ReasonCode::ErrorFallback).is_some(), "{slot}");
        }
        let _ = ruleset.reminder_applies(&person, now);
        let _ = (ruleset.explain_segments(&person, now), ruleset.explain_acting(&person, now));
    }
    reacts(ruleset, profile, now);
}

/// Segments and rules that act look at each event; what they have to tell is bounded.
fn reacts(ruleset: &Ruleset, mut profile: Profile, now: Timestamp) {
    let (Ok(pepper), Ok(visitor)) = (Pepper::new("1", &[7; 16]), AnonymousId::new("v")) else { return };
    let key = pepper.anonymous(&visitor);
    let traits = BTreeMap::from([("plan".to_owned(), TraitValue::Text("a".repeat(30)))]);
    let kinds = [EventKind::Page, EventKind::Identify { traits, link: None }, EventKind::RulesDue];
    for (number, kind) in kinds.into_iter().enumerate() {
        let (Ok(id), Ok(source)) = (EventId::new(&number.to_string()), SourceId::new("test")) else { return };
        let at = now + DurationMs::from_minutes(number as u64);
        let event = Event {
            id,
            source,
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
        apply(&mut profile, &key, &event, ruleset.policy());
        ruleset.react(&mut profile, &key, &event, ruleset.policy());
        assert!(profile.rules.outbox.len() <= OUTBOX_COUNT_MAX, "{} to tell", profile.rules.outbox.len());
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
