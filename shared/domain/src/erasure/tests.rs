use super::*;
use crate::consent::ConsentChoices;
use crate::fold::{Folded, fold};
use crate::id::{AnonymousId, EventId, SourceId, UserId};
use crate::key::Pepper;
use crate::mark::{Position, SequenceNumber, ShardKey};
use crate::merge::portable;
use crate::policy::Policy;
use crate::reaction::NoRules;
use crate::time::DurationMs;
use crate::{packed, profile::Link};

fn pepper() -> Pepper {
    Pepper::new("1", b"0123456789abcdef").unwrap()
}

fn customer() -> ProfileKey {
    pepper().customer(&UserId::new("c").unwrap())
}

fn visitor() -> ProfileKey {
    pepper().anonymous(&AnonymousId::new("v").unwrap())
}

fn minute(n: u64) -> Timestamp {
    Timestamp::EPOCH + DurationMs::from_minutes(n)
}

/// An event that happened at one minute and was received at another, at a place in the stream of its own.
fn item(sequence: u64, (happened, received): (u64, u64), kind: EventKind) -> Item {
    let internal = kind.is_internal();
    let event = Event {
        id: EventId::new(&format!("e{sequence}")).unwrap(),
        source: SourceId::new("web").unwrap(),
        occurred_at: minute(happened),
        received_at: minute(received),
        consent: ConsentChoices::default(),
        timezone: None,
        locale: None,
        claim: None,
        device: None,
        details: None,
        kind,
    };
    let sequence = SequenceNumber::parse(&sequence.to_string()).unwrap();
    Item { position: Position { shard: ShardKey::new("1", "s"), sequence, offset: 0 }, internal, event }
}

fn folded(stored: Option<&Profile>, items: &[Item]) -> Folded {
    fold(stored, &customer(), items, &Policy::default(), &NoRules)
}

fn erasure() -> Erasure {
    Erasure::new(ErasureId::new("er-1").unwrap(), minute(100), minute(1_000))
}

fn page(sequence: u64, minute: u64) -> Item {
    item(sequence, (minute, minute), EventKind::Page)
}

#[test]
fn a_tombstone_holds_nothing_of_the_person_and_keeps_the_books() {
    let known = folded(None, &[page(1, 10), page(2, 11)]).profile;
    let tombstone = known.erased(&erasure());
    let rest = Profile { tallies: known.tallies, marks: known.marks, ..Profile::default() };
    assert_eq!(tombstone, Profile { erasure: Some(erasure()), ..rest });
    assert!(tombstone.is_tombstone());
    assert_eq!(tombstone.due_at(&Policy::default()), None);
    let far = Erasure { until: minute(1_000_000), ..erasure() };
    assert_eq!(tombstone.erased(&far).expires_at(), minute(1_000_000), "it stays as long as it must stand");
}

#[test]
fn whatever_comes_to_a_tombstone_is_dropped_and_counted_and_what_was_applied_before_is_known() {
    let tombstone = folded(None, &[page(1, 10)]).profile.erased(&erasure());
    let again = folded(Some(&tombstone), &[page(1, 10)]);
    assert!(!again.changed, "a redelivered record is behind the marks");
    let timer = EventKind::RulesDue;
    let late = folded(Some(&tombstone), &[page(2, 99), page(3, 500), item(4, (500, 500), timer)]);
    assert!(late.changed && late.applied.is_empty() && late.forwards.is_empty());
    let kept_out = Erasure { kept_out: 2, internal_kept_out: 1, ..erasure() };
    assert_eq!(late.profile.erasure, Some(kept_out));
    assert!(late.profile.is_tombstone());
    assert_eq!(late.profile.tallies, tombstone.tallies);
}

#[test]
fn a_merge_record_revives_nobody_and_names_the_visitor_who_goes_too() {
    let state = portable(&fold(None, &visitor(), &[page(1, 10)], &Policy::default(), &NoRules).profile);
    let merge = EventKind::Merge { from: visitor(), state: Box::new(state) };
    let tombstone = Profile::default().erased(&erasure());
    let folded = folded(Some(&tombstone), &[item(9, (50, 50), merge)]);
    assert_eq!(folded.erase, [visitor()]);
    assert!(folded.profile.is_tombstone() && folded.profile.merged.is_empty());
}

#[test]
fn who_is_let_back_begins_anew_and_nothing_from_before_comes_along() {
    let tombstone = Profile::default().erased(&erasure());
    let back = tombstone.released(minute(200)).unwrap();
    assert!(!back.is_tombstone());
    assert_eq!(back.released(minute(300)), None, "nothing stands any more");
    let items = [
        page(1, 90),                          // received before the erasure
        page(2, 150),                         // received while the tombstone stood
        item(3, (90, 300), EventKind::Page),  // put again with a new time of receipt
        item(4, (150, 300), EventKind::Page), // the same of what happened while the tombstone stood
        item(5, (300, 300), EventKind::Page), // new
    ];
    let after = folded(Some(&back), &items).profile;
    assert_eq!((after.counts.pages, after.first_seen_at), (1, minute(300)));
    assert_eq!(after.erasure.as_ref().map(|erasure| erasure.kept_out), Some(4));
    assert_eq!(after.tallies.applied, 1);
}

#[test]
fn a_tombstone_whose_time_is_over_drops_only_what_is_older() {
    let tombstone = Profile::default().erased(&erasure());
    let after = folded(Some(&tombstone), &[page(1, 1_000), page(2, 1_001)]).profile;
    assert_eq!((after.counts.pages, after.is_tombstone()), (1, false));
}

#[test]
fn a_frozen_visitor_forgets_its_customer_with_the_rest() {
    let link = Link { to: customer(), at: minute(1), merge_pending: true };
    let frozen = Profile { link: Some(link), ..Profile::default() };
    assert_eq!(frozen.erased(&erasure()).link, None);
}

#[test]
fn who_is_erased_again_keeps_what_was_counted() {
    let tombstone = Profile::default().erased(&erasure());
    let dropped = folded(Some(&tombstone), &[page(1, 50)]).profile;
    let later = Erasure::new(ErasureId::new("er-2").unwrap(), minute(400), minute(2_000));
    assert!(erasure().covers(&erasure()) && later.covers(&erasure()) && !erasure().covers(&later));
    let again = dropped.erased(&later).erasure.unwrap();
    assert_eq!((again.kept_out, again.at), (1, minute(400)));
}

#[test]
fn a_tombstone_is_stored_under_a_version_of_its_own() {
    let profile = folded(None, &[page(1, 10)]).profile;
    assert_eq!(packed::pack(&profile).unwrap()[0], packed::VERSION);
    let tombstone = profile.erased(&erasure());
    let bytes = packed::pack(&tombstone).unwrap();
    assert_eq!(bytes[0], packed::ERASED_VERSION);
    assert_eq!(packed::unpack(&bytes).unwrap(), tombstone);
}
