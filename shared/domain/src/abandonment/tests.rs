use super::*;
use crate::EpisodeId;
use crate::cart::Change;
use crate::consent::ConsentChoices;
use crate::event::{CartRef, Item, TimerOutcome};
use crate::id::UserId;
use crate::id::{EventId, ProductId, SourceId};
use crate::key::{Pepper, ProfileKey};
use crate::outreach::{Cap, Mailed};

const READY: Situation<'static> = Situation {
    reachable: Reachable::Verified,
    is_suppressed: false,
    is_eligible: true,
    cart_value: None,
    is_in_stock: true,
    group: Group::Treated,
    quiet_until: None,
    history: &History::EMPTY,
    code: CodeState::NotNeeded,
};

fn series() -> Series {
    Series { delays: vec![DurationMs::from_minutes(15), DurationMs::from_hours(24)], ..Series::default() }
}

fn policy(series: Series) -> Policy {
    Policy { reminders: Some(series), ..Policy::default() }
}

fn minute(n: u64) -> Timestamp {
    Timestamp::EPOCH + DurationMs::from_minutes(n)
}

fn key() -> ProfileKey {
    Pepper::new("1", b"0123456789abcdef").unwrap().customer(&UserId::new("c").unwrap())
}

fn act(profile: &mut Profile, event: &str, at: u64, act: impl FnOnce(&mut Profile, Change<'_>)) {
    let (key, source, event) = (key(), SourceId::new("s").unwrap(), EventId::new(event).unwrap());
    act(profile, Change { profile: &key, source: &source, event: &event, at: minute(at) });
}

fn add(profile: &mut Profile, product: &str, at: u64) {
    let product = ProductId::new(product).unwrap();
    let item = Item { product, category: None, brand: None, name: None, price: None, quantity: 1 };
    act(profile, "e", at, |profile, change| profile.cart.add(&CartRef::default(), &item, change));
}

fn left_cart() -> Profile {
    let mut profile = Profile::default();
    add(&mut profile, "p", 0);
    let choices = ConsentChoices { marketing_email: Some(true), ..ConsentChoices::default() };
    profile.consent.apply(&choices, minute(0));
    profile
}

fn next(profile: &Profile) -> ReminderId {
    profile.cart.episode.as_ref().unwrap().next()
}

fn answer(profile: &mut Profile, outcome: TimerOutcome) {
    let (id, timer) = (next(profile), profile.cart.episode.as_ref().unwrap().timer);
    profile.cart.answer(id, timer, outcome);
}

#[test]
fn a_cart_is_due_exactly_when_the_delay_has_passed() {
    let profile = left_cart();
    let just_before = Timestamp::from_ms(minute(15).as_ms() - 1);
    assert_eq!(plan(&profile, &READY, &policy(series()), just_before), Plan::NotDue(None));
    assert_eq!(plan(&profile, &READY, &policy(series()), minute(15)), Plan::Remind(next(&profile)));
}

#[test]
fn requirement_01_and_03_a_purchase_or_an_empty_cart_ends_the_series_and_says_which() {
    for (bought, reason) in [(true, SkipReason::Purchased), (false, SkipReason::Empty)] {
        let mut profile = left_cart();
        answer(&mut profile, TimerOutcome::Done);
        act(&mut profile, "end", 60, |profile, change| profile.cart.empty(change));
        if bought {
            profile.remember_named("Order Completed", minute(60));
        }
        let planned = plan(&profile, &READY, &policy(series()), minute(60 * 24));
        assert_eq!(planned, Plan::NotDue(Some(reason)));
    }
}

#[test]
fn requirement_01_and_02_steps_follow_each_other_and_a_changed_cart_restarts_the_clock() {
    let (mut profile, policy) = (left_cart(), policy(series()));
    let first = next(&profile);
    answer(&mut profile, TimerOutcome::Done);
    assert_eq!(profile.cart_due_at(&policy), Some(minute(24 * 60)));
    assert_eq!(next(&profile), ReminderId { step: 2, ..first });
    add(&mut profile, "q", 100);
    assert_eq!((next(&profile), profile.cart_due_at(&policy)), (first, Some(minute(115))));
    // The ledger knows that the first one was sent.
    answer(&mut profile, TimerOutcome::Done);
    assert_eq!(profile.cart_due_at(&policy), Some(minute(100 + 24 * 60)));
    answer(&mut profile, TimerOutcome::Done);
    assert_eq!(profile.cart_due_at(&policy), None, "after the last step nothing is due");
}

#[test]
fn a_step_that_was_skipped_is_looked_at_again_when_the_cart_changes() {
    let (mut profile, policy) = (left_cart(), policy(series()));
    let first = next(&profile);
    answer(&mut profile, TimerOutcome::Skipped);
    assert_eq!(next(&profile).step, 2);
    add(&mut profile, "q", 30);
    assert_eq!((next(&profile), profile.cart_due_at(&policy)), (first, Some(minute(45))));
}

#[test]
fn every_reason_not_to_send_at_all_is_named() {
    let old = History::of(vec![Mailed {
        reminder: ReminderId {
            episode: EpisodeId::derive("other", &SourceId::new("s").unwrap(), &EventId::new("o").unwrap()),
            step: 1,
        },
        at: minute(0),
        has_discount: false,
    }]);
    let money = |text| crate::Money::parse(text).ok();
    let cases = [
        (Situation { reachable: Reachable::Nobody, ..READY }, SkipReason::NoContact),
        (Situation { reachable: Reachable::Unverified, ..READY }, SkipReason::Unverified),
        (Situation { is_suppressed: true, ..READY }, SkipReason::Suppressed),
        (Situation { is_eligible: false, ..READY }, SkipReason::NotEligible),
        (Situation { cart_value: money("9.99 EUR"), ..READY }, SkipReason::BelowValue),
        (Situation { history: &old, ..READY }, SkipReason::RecentSeries),
        (Situation { is_in_stock: false, ..READY }, SkipReason::OutOfStock),
        (Situation { group: Group::HeldOut, ..READY }, SkipReason::HeldOut),
    ];
    let policy = policy(Series { value_min: money("10 EUR"), ..series() });
    let profile = left_cart();
    for (situation, reason) in cases {
        assert_eq!(
            plan(&profile, &situation, &policy, minute(15)),
            Plan::Skip(next(&profile), reason),
            "{reason:?}"
        );
    }
    let mut refused = left_cart();
    refused.consent = crate::consent::Consent::default();
    let planned = plan(&refused, &READY, &policy, minute(15));
    assert_eq!(planned, Plan::Skip(next(&refused), SkipReason::NoConsent));
}

#[test]
fn requirement_09_consent_that_is_too_old_counts_no_more() {
    let within =
        |minutes| policy(Series { consent_within: Some(DurationMs::from_minutes(minutes)), ..series() });
    let profile = left_cart();
    assert_eq!(plan(&profile, &READY, &within(15), minute(15)), Plan::Remind(next(&profile)));
    let planned = plan(&profile, &READY, &within(14), minute(15));
    assert_eq!(planned, Plan::Skip(next(&profile), SkipReason::NoConsent));
}

#[test]
fn requirement_11_quiet_hours_put_a_mail_off_and_drop_none_that_is_still_of_use() {
    let profile = left_cart();
    let quiet = |until| Situation { quiet_until: Some(minute(until)), ..READY };
    let planned = plan(&profile, &quiet(600), &policy(series()), minute(15));
    assert_eq!(planned, Plan::Defer(next(&profile), SkipReason::Quiet, minute(600)));
    let planned = plan(&profile, &quiet(24 * 60), &policy(series()), minute(15));
    assert_eq!(planned, Plan::Skip(next(&profile), SkipReason::Quiet), "the second step is due by then");
}

#[test]
fn requirement_12_a_capped_mail_waits_while_it_is_of_use() {
    let (mut profile, id) = (left_cart(), next(&left_cart()));
    let cap = |hours| {
        policy(Series {
            cap: Some(Cap { count: 1, within: DurationMs::from_hours(hours) }),
            reentry: DurationMs::ZERO,
            ..series()
        })
    };
    let other = EpisodeId::derive("other", &SourceId::new("s").unwrap(), &EventId::new("o").unwrap());
    let history = History::of(vec![Mailed {
        reminder: ReminderId { episode: other, step: 1 },
        at: minute(10),
        has_discount: false,
    }]);
    let situation = Situation { history: &history, ..READY };
    let planned = plan(&profile, &situation, &cap(16), minute(15));
    assert_eq!(planned, Plan::Defer(id, SkipReason::Capped, minute(10 + 16 * 60)));
    assert_eq!(plan(&profile, &situation, &cap(48), minute(15)), Plan::Skip(id, SkipReason::Capped));
    answer(&mut profile, TimerOutcome::Later { until: minute(10 + 16 * 60) });
    assert_eq!(profile.cart_due_at(&cap(16)), Some(minute(10 + 16 * 60)));
}

#[test]
fn requirement_14_without_a_code_the_mail_goes_out_or_waits_as_the_shop_wants() {
    let profile = left_cart();
    let situation = Situation { code: CodeState::Missing, ..READY };
    let of = |without_code| policy(Series { without_code, ..series() });
    assert_eq!(plan(&profile, &situation, &of(WithoutCode::Send), minute(15)), Plan::Remind(next(&profile)));
    assert_eq!(
        plan(&profile, &situation, &of(WithoutCode::Wait), minute(15)),
        Plan::Defer(next(&profile), SkipReason::NoCode, minute(75))
    );
}

#[test]
fn a_step_that_was_missed_until_the_next_one_is_due_is_not_sent() {
    let profile = left_cart();
    let planned = plan(&profile, &READY, &policy(series()), minute(24 * 60));
    assert_eq!(planned, Plan::Skip(next(&profile), SkipReason::TooLate));
}
