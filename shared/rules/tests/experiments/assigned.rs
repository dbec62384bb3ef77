use crate::sample_with;
use beckon_domain::experiment::{Exposed, RunId};
use beckon_domain::id::{ExperimentId, SlotId, VariantId};
use beckon_domain::{Profile, Timestamp};
use beckon_rules::{
    Asked, Assigned, Content, Decision, Forced, LiveLists, Page, Person, Ruleset, SlotRequest, Subject,
};

const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);
const HERO: &str = "version: 1\nholdout: 0%\nexperiments:
  - id: hero
    status: running
    variants:
      - id: a
      - { id: b, changes: [{ slot: home.hero, count: 2 }, { rule: members-only, off: true }] }
      - { id: c, changes: [{ rule: members-only, then: { products: [mug, tarp] } }] }\n";

fn slot(id: &str) -> SlotId {
    SlotId::new(id).expect("an id")
}

fn run(id: &str) -> RunId {
    RunId { experiment: ExperimentId::new(id).expect("an id"), number: 1 }
}

fn forced(experiment: &str, variant: &str) -> Forced {
    Forced(vec![(run(experiment), VariantId::new(variant).expect("an id"))])
}

fn member(profile: &Profile) -> Person<'_> {
    Person { profile: Some(profile), is_known: true, page: Page::default(), propensity: None }
}

fn assign<'r>(
    ruleset: &'r Ruleset,
    unit: Option<&str>,
    forced: &Forced,
    person: &Person<'_>,
) -> Assigned<'r> {
    let measured = person.profile.map(|profile| &profile.measured);
    let subject = Subject { unit, measured, forced };
    let (hero, related) = (slot("home.hero"), slot("pdp.related"));
    ruleset.assign(&subject, Asked::Slots(&[&hero, &related]), person, NOW)
}

fn shown(ruleset: &Ruleset, assigned: &Assigned<'_>, person: &Person<'_>, of: &str) -> Decision {
    let (request, live) = (SlotRequest::default(), LiveLists::default());
    ruleset
        .decide_under(assigned.overlay(), &slot(of), person, &request, &live, NOW)
        .expect("the slot exists")
}

/// The offer, or the products.
fn content(decision: &Decision) -> Vec<String> {
    match &decision.content {
        Content::Offer(offer) => vec![offer.id.to_string()],
        Content::Products(items) => items.iter().map(|item| item.product.to_string()).collect(),
    }
}

#[test]
fn a_variant_changes_what_it_says_and_nothing_else() {
    let (ruleset, profile) = (sample_with(HERO), Profile::default());
    let person = member(&profile);
    let of = |variant: &str| {
        let assigned = assign(&ruleset, Some("x"), &forced("hero", variant), &person);
        content(&shown(&ruleset, &assigned, &person, "home.hero"))
    };
    assert_eq!(of("a"), ["members-delivery"]);
    assert_eq!(of("b").len(), 2, "the rule is off, and the slot is shorter");
    assert_eq!(of("c")[..2], ["mug", "tarp"], "the rule does something else");
    let nobody = Assigned::default();
    assert_eq!(content(&shown(&ruleset, &nobody, &person, "home.hero")), ["members-delivery"]);
}

#[test]
fn what_is_forced_is_shown_and_never_counted() {
    let (ruleset, profile) = (sample_with(HERO), Profile::default());
    let assigned = assign(&ruleset, Some("x"), &forced("hero", "c"), &member(&profile));
    assert_eq!(assigned.exposures().count(), 0);
    let in_slot = assigned.of_slot(&slot("home.hero")).expect("an experiment");
    assert_eq!((in_slot.variant.as_str(), in_slot.is_in), ("c", true));
}

#[test]
fn an_exposure_is_new_once_and_then_stands() {
    let (ruleset, mut profile) = (sample_with(HERO), Profile::default());
    let first = assign(&ruleset, Some("x"), &Forced::default(), &member(&profile));
    let new: Vec<_> = first.exposures().map(|(run, variant)| (run.clone(), variant.clone())).collect();
    assert_eq!(new.len(), 1, "home.hero alone has an experiment: {new:?}");
    // On another device the person falls elsewhere, and sees what they saw first.
    let other = ["a", "b", "c"].into_iter().find(|id| *id != new[0].1.as_str()).expect("another one");
    let variant = VariantId::new(other).expect("an id");
    profile.measured.expose(Exposed { run: run("hero"), variant, at: NOW, crossed_over: false });
    let again = assign(&ruleset, Some("x"), &Forced::default(), &member(&profile));
    assert_eq!(again.exposures().count(), 0);
    assert_eq!(again.of_slot(&slot("home.hero")).expect("an experiment").variant.as_str(), other);
}

#[test]
fn whoever_an_experiment_is_not_for_is_not_in_it_whatever_they_saw() {
    let document = HERO.replace("    variants:", "    when: { logged_in: true }\n    variants:");
    let (ruleset, mut profile) = (sample_with(&document), Profile::default());
    let variant = VariantId::new("c").expect("an id");
    profile.measured.expose(Exposed { run: run("hero"), variant, at: NOW, crossed_over: false });
    let stranger = Person { is_known: false, ..member(&profile) };
    let in_slot = |person: &Person<'_>| {
        let assigned = assign(&ruleset, Some("x"), &Forced::default(), person);
        let in_slot = assigned.of_slot(&slot("home.hero")).expect("an experiment");
        (in_slot.variant.to_string(), in_slot.is_in)
    };
    assert_eq!(in_slot(&stranger), ("a".to_owned(), false), "the control");
    assert_eq!(in_slot(&member(&profile)), ("c".to_owned(), true));
}

#[test]
fn the_held_out_see_what_everybody_would_see_and_are_in_nothing_else() {
    let document = HERO.replace("holdout: 0%", "holdout: 100%");
    let (ruleset, profile) = (sample_with(&document), Profile::default());
    let person = member(&profile);
    let assigned = assign(&ruleset, Some("x"), &Forced::default(), &person);
    assert!(assigned.overlay().is_held_out());
    let exposures: Vec<_> = assigned.exposures().map(|(run, variant)| format!("{run} {variant}")).collect();
    assert_eq!(exposures, ["beckon.holdout#1 held_out"]);
    let decision = shown(&ruleset, &assigned, &person, "home.hero");
    assert_eq!((decision.reason.code.code(), decision.reason.rule.clone()), ("HOLDOUT", None));
    assert!(decision.fallback.used);
    let in_slot = assigned.of_slot(&slot("home.hero")).expect("the holdout");
    assert_eq!(
        (in_slot.experiment.run.to_string().as_str(), in_slot.variant.as_str()),
        ("beckon.holdout#1", "held_out")
    );
}

#[test]
fn a_kill_switch_gives_everybody_the_control_and_counts_nothing() {
    for document in [
        HERO.replace("version: 1\n", "version: 1\nkilled: true\n").replace("holdout: 0%", "holdout: 100%"),
        HERO.replace("    status: running\n", "    status: running\n    killed: true\n"),
    ] {
        let (ruleset, mut profile) = (sample_with(&document), Profile::default());
        let variant = VariantId::new("c").expect("an id");
        profile.measured.expose(Exposed { run: run("hero"), variant, at: NOW, crossed_over: false });
        let person = member(&profile);
        let assigned = assign(&ruleset, Some("x"), &Forced::default(), &person);
        assert_eq!(assigned.exposures().count(), 0);
        assert!(assigned.of_slot(&slot("home.hero")).is_none());
        assert_eq!(content(&shown(&ruleset, &assigned, &person, "home.hero")), ["members-delivery"]);
    }
}

#[test]
fn a_winner_is_seen_by_everybody_even_by_who_is_in_no_experiment() {
    let document = HERO.replace("status: running", "status: stopped\n    winner: c");
    let (ruleset, profile) = (sample_with(&document), Profile::default());
    let person = member(&profile);
    for unit in [None, Some("x"), Some("y")] {
        let assigned = assign(&ruleset, unit, &Forced::default(), &person);
        assert_eq!(assigned.exposures().count(), 0);
        assert_eq!(content(&shown(&ruleset, &assigned, &person, "home.hero"))[..2], ["mug", "tarp"]);
        let in_slot = assigned.of_slot(&slot("home.hero")).expect("an experiment");
        assert_eq!((in_slot.variant.as_str(), in_slot.is_in), ("c", false));
    }
}

#[test]
fn whoever_denies_personalization_is_in_nothing() {
    let document = HERO.replace("holdout: 0%", "holdout: 50%");
    let ruleset = sample_with(&document);
    let mut profile = Profile::default();
    let choices =
        beckon_domain::consent::ConsentChoices { personalization: Some(false), ..Default::default() };
    profile.consent.apply(&choices, NOW);
    let assigned = assign(&ruleset, Some("x"), &Forced::default(), &member(&profile));
    assert_eq!(assigned.exposures().count(), 0);
    assert!(!assigned.overlay().is_held_out());
}

#[test]
fn a_comparison_without_changes_is_told_where_nothing_else_is() {
    let document = "version: 1\nholdout: 0%\nexperiments:
  - { id: aa, status: running, variants: [{ id: a }, { id: b }] }
  - { id: hero, status: running, variants: [{ id: a }, { id: b, changes: [{ slot: home.hero, count: 2 }] }] }\n";
    let (ruleset, profile) = (sample_with(document), Profile::default());
    let assigned = assign(&ruleset, Some("x"), &Forced::default(), &member(&profile));
    let of = |id: &str| assigned.of_slot(&slot(id)).expect("an experiment").experiment.run.to_string();
    assert_eq!([of("home.hero"), of("pdp.related")], ["hero#1", "aa#1"]);
    assert_eq!(assigned.exposures().count(), 2);
}
