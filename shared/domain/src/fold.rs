//! A profile's part of a batch becomes one new state: what was applied before is skipped, what is known is counted
//! as a repetition, and what the state demands of others is returned.

use crate::apply::apply;
use crate::engagement::Engagement;
use crate::event::{Event, EventKind};
use crate::key::{ProfileKey, ProfileKind};
use crate::mark::Position;
use crate::merge::{MergeRefusal, merge};
use crate::policy::Policy;
use crate::profile::{Link, Profile};
use crate::reaction::Reaction;
use crate::trail::Told;

/// One event of one profile, in stream order.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// Where it stands.
    pub position: Position,
    /// Whether Beckon itself put it (timer, merge, forwarded event).
    pub internal: bool,
    /// The event.
    pub event: Event,
}

/// An event that belongs to the linked customer: put it under that key, same event id, proving nothing any more. It
/// depends on the event and on a link that is already stored, so it may be put before the write, again and again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forward {
    /// The customer's profile.
    pub to: ProfileKey,
    /// Which of the items given.
    pub index: usize,
}

/// An item that a profile applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Applied {
    /// Which of the items given.
    pub index: usize,
    /// What of it others are told of products.
    pub told: Told,
    /// What of it others are told of decisions.
    pub engaged: Vec<Engagement>,
}

/// What a fold proposes.
#[derive(Clone, PartialEq, Debug)]
pub struct Folded {
    /// The new state.
    pub profile: Profile,
    /// Whether it must be written.
    pub changed: bool,
    /// How many items are settled by this write. Fewer than given when a link froze the profile: the rest is folded
    /// after the freeze is stored.
    pub consumed: usize,
    /// Events to put under the customer's key before the write.
    pub forwards: Vec<Forward>,
    /// Which of the items given this profile applies with this write: neither applied before, nor a repetition, nor
    /// forwarded, nor the canary's. What others are told of events follows from these.
    pub applied: Vec<Applied>,
    /// Visitors of an erased customer, whose state came as a merge record and was dropped: they are to be erased before
    /// the write.
    pub erase: Vec<ProfileKey>,
    /// Items that are neither applied nor forwarded.
    pub passed: Passed,
}

/// How many items a fold settles without applying or forwarding them, by why. With those it is how many are consumed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Passed {
    /// Below the profile's marks: settled by an earlier write.
    pub redelivered: u64,
    /// Their id is known.
    pub duplicate: u64,
    /// Of a person who was erased.
    pub kept_out: u64,
    /// The canary's: in the profile, and in no count.
    pub canary: u64,
}

/// What became of one item.
enum Step {
    Applied,
    Known,
    /// It belongs to this customer.
    Forwarded(ProfileKey),
}

/// Folds the items into the stored state (a new profile when there is none).
#[must_use]
pub fn fold(
    stored: Option<&Profile>,
    key: &ProfileKey,
    items: &[Item],
    policy: &Policy,
    rules: &dyn Reaction,
) -> Folded {
    let mut profile = stored.cloned().unwrap_or_default();
    let Settled { changed, consumed, forwards, applied, erase, passed } =
        fold_into(&mut profile, key, items, policy, rules);
    Folded { profile, changed, consumed, forwards, applied, erase, passed }
}

/// What came of folding items into a state: see [`Folded`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settled {
    /// Whether the state must be written.
    pub changed: bool,
    /// How many items are settled by that write.
    pub consumed: usize,
    /// Events to put under the customer's key before the write.
    pub forwards: Vec<Forward>,
    /// Which of the items given are applied with this write.
    pub applied: Vec<Applied>,
    /// Visitors that are to be erased before the write.
    pub erase: Vec<ProfileKey>,
    /// Items that are neither applied nor forwarded.
    pub passed: Passed,
}

/// Folds the items into a state where it is, for who does not need the state before any more: nothing of it is copied.
#[must_use]
pub fn fold_into(
    profile: &mut Profile,
    key: &ProfileKey,
    items: &[Item],
    policy: &Policy,
    rules: &dyn Reaction,
) -> Settled {
    let frozen_before = profile.link.is_some();
    let mut settled = Settled::default();
    for (index, item) in items.iter().enumerate() {
        if profile.link.is_some() && !frozen_before {
            break;
        }
        settled.consumed += 1;
        if profile.marks.covers(&item.position) {
            settled.passed.redelivered += 1;
            continue;
        }
        if !settled.changed {
            clear_outbox(profile, frozen_before);
        }
        settled.changed = true;
        if profile.keeps_out(&item.event) {
            settled.passed.kept_out += 1;
            settled.erase.extend(profile.keep_out(item));
            // While the tombstone stands nobody notes when they were there.
            if profile.erasure.as_ref().is_some_and(|erasure| erasure.released_at.is_some()) {
                profile.settled.note(item.event.received_at, false);
            }
            profile.marks.advance(&item.position, item.event.received_at);
            continue;
        }
        let step = step(profile, key, item, policy);
        profile.settled.note(item.event.received_at, !matches!(step, Step::Known));
        match step {
            // The canary's: rules do not act on it, and nobody is told of it.
            Step::Applied if item.event.source.is_canary() => settled.passed.canary += 1,
            Step::Applied => {
                rules.react(profile, key, &item.event, policy);
                let engaged = profile.engage(&item.event, policy, rules);
                settled.applied.push(Applied { index, told: profile.told(&item.event), engaged });
            }
            Step::Known => settled.passed.duplicate += 1,
            Step::Forwarded(to) => settled.forwards.push(Forward { to, index }),
        }
        profile.marks.advance(&item.position, item.event.received_at);
    }
    settled
}

/// What the stored state wanted others to hear of was put before this fold (the caller puts it again whenever it may not
/// have been), so this write may forget it.
fn clear_outbox(profile: &mut Profile, is_frozen: bool) {
    profile.rules.outbox.clear();
    profile.measured.outbox.clear();
    if let Some(link) = profile.link.as_mut().filter(|_| is_frozen) {
        link.merge_pending = false;
    }
}

/// Settles one item. When the profile is frozen it belongs to a customer.
fn step(profile: &mut Profile, key: &ProfileKey, item: &Item, policy: &Policy) -> Step {
    let event = &item.event;
    profile.last_received_at = profile.last_received_at.max(event.received_at);
    let is_known = profile.ring.insert(&event.source, &event.id, event.received_at);
    count(profile, item, is_known);
    if is_known {
        return Step::Known;
    }
    if let Some(link) = &profile.link {
        let to = forward_to(&link.to, event);
        profile.tallies.link_refused += u64::from(to != link.to);
        return Step::Forwarded(to);
    }
    match &event.kind {
        EventKind::Merge { from, state } => {
            if merge(profile, from, state, policy) == Err(MergeRefusal::TooMany) {
                profile.tallies.link_refused += 1;
            }
        }
        EventKind::Identify { link: Some(to), .. } if key.kind() == ProfileKind::Anonymous => {
            apply(profile, key, event, policy);
            profile.link = Some(Link { to: to.clone(), at: event.received_at, merge_pending: true });
        }
        _ => apply(profile, key, event, policy),
    }
    Step::Applied
}

fn count(profile: &mut Profile, item: &Item, duplicate: bool) {
    let tallies = &mut profile.tallies;
    let counter = match (item.internal, duplicate) {
        (false, false) => &mut tallies.applied,
        (false, true) => &mut tallies.duplicate,
        (true, false) => &mut tallies.internal_applied,
        (true, true) => &mut tallies.internal_duplicate,
    };
    *counter += 1;
}

/// An event of a frozen visitor goes to the customer it is linked to. A proof that names another customer goes to
/// that one, without a link: two customers never merge.
fn forward_to(linked: &ProfileKey, event: &Event) -> ProfileKey {
    match &event.kind {
        EventKind::Identify { link: Some(proven), .. } => proven.clone(),
        _ => linked.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::ConsentChoices;
    use crate::event::{CartRef, Item as Product};
    use crate::id::{AnonymousId, EventId, ProductId, SourceId, UserId};
    use crate::key::Pepper;
    use crate::mark::{SequenceNumber, ShardKey};
    use crate::merge::portable;
    use crate::reaction::NoRules;
    use crate::time::{DurationMs, Timestamp};
    use std::collections::BTreeMap;

    fn pepper() -> Pepper {
        Pepper::new("1", b"0123456789abcdef").unwrap()
    }

    fn visitor() -> ProfileKey {
        pepper().anonymous(&AnonymousId::new("v").unwrap())
    }

    fn customer(name: &str) -> ProfileKey {
        pepper().customer(&UserId::new(name).unwrap())
    }

    fn event(id: &str, minute: u64, kind: EventKind) -> Event {
        let at = Timestamp::EPOCH + DurationMs::from_minutes(minute);
        Event {
            id: EventId::new(id).unwrap(),
            source: SourceId::new("web").unwrap(),
            occurred_at: at,
            received_at: at,
            consent: ConsentChoices::default(),
            timezone: None,
            locale: None,
            claim: None,
            device: None,
            details: None,
            kind,
        }
    }

    fn item(sequence: u64, offset: u32, event: Event) -> Item {
        let sequence = SequenceNumber::parse(&sequence.to_string()).unwrap();
        let internal = event.kind.is_internal();
        Item { position: Position { shard: ShardKey::new("1", "s"), sequence, offset }, internal, event }
    }

    fn added(product: &str) -> EventKind {
        let product = ProductId::new(product).unwrap();
        let item = Product { product, category: None, brand: None, name: None, price: None, quantity: 1 };
        EventKind::ProductAdded(CartRef::default(), item)
    }

    fn proven(user: &str) -> EventKind {
        EventKind::Identify { traits: BTreeMap::new(), link: Some(customer(user)) }
    }

    fn indices(folded: &Folded) -> Vec<usize> {
        folded.applied.iter().map(|applied| applied.index).collect()
    }

    #[test]
    fn a_redelivered_batch_changes_nothing() {
        let items = [item(1, 0, event("a", 0, added("p"))), item(2, 0, event("b", 1, added("q")))];
        let first = fold(None, &visitor(), &items, &Policy::default(), &NoRules);
        let again = fold(Some(&first.profile), &visitor(), &items, &Policy::default(), &NoRules);
        assert!(!again.changed);
        assert_eq!(again.profile, first.profile);
        assert_eq!(again.passed, Passed { redelivered: 2, ..Passed::default() });
        assert_eq!(first.profile.tallies.applied, 2);
    }

    #[test]
    fn a_producers_repetition_has_a_new_number_and_counts_once() {
        let items = [item(1, 0, event("a", 0, added("p"))), item(2, 0, event("a", 0, added("p")))];
        let folded = fold(None, &visitor(), &items, &Policy::default(), &NoRules);
        assert_eq!(indices(&folded), [0]);
        assert_eq!(folded.passed, Passed { duplicate: 1, ..Passed::default() });
        assert_eq!(folded.profile.cart.unit_count(), 1);
        assert_eq!((folded.profile.tallies.applied, folded.profile.tallies.duplicate), (1, 1));
    }

    #[test]
    fn a_link_freezes_and_the_rest_waits_until_the_freeze_is_stored() {
        let items = [
            item(1, 0, event("a", 0, added("p"))),
            item(1, 1, event("login", 1, proven("c"))),
            item(1, 2, event("b", 2, added("q"))),
        ];
        let first = fold(None, &visitor(), &items, &Policy::default(), &NoRules);
        assert_eq!((first.consumed, first.forwards.len()), (2, 0));
        assert!(first.profile.link.as_ref().is_some_and(|l| l.merge_pending && l.to == customer("c")));
        assert_eq!(
            first.profile.due_at(&Policy {
                reminders: Some(crate::outreach::Series::only(DurationMs::ZERO)),
                ..Policy::default()
            }),
            None
        );

        let second = fold(Some(&first.profile), &visitor(), &items[2..], &Policy::default(), &NoRules);
        assert_eq!(second.forwards.len(), 1);
        assert_eq!(second.forwards[0].to, customer("c"));
        assert_eq!(
            (indices(&first), indices(&second)),
            (vec![0, 1], vec![]),
            "an event is applied in one place"
        );
        assert_eq!(second.profile.cart.unit_count(), 1, "a frozen profile keeps its state");
        assert!(!second.profile.link.as_ref().unwrap().merge_pending, "this write follows the merge record");

        let crashed_between = fold(Some(&first.profile), &visitor(), &items, &Policy::default(), &NoRules);
        assert_eq!(crashed_between.profile.tallies.applied, 3, "each event once, whatever was redelivered");
        assert_eq!(crashed_between.profile.tallies.duplicate, 0);
    }

    #[test]
    fn a_second_customer_on_the_same_device_gets_the_event_but_not_the_profile() {
        let items = [item(1, 0, event("login", 1, proven("c")))];
        let frozen = fold(None, &visitor(), &items, &Policy::default(), &NoRules).profile;
        let folded = fold(
            Some(&frozen),
            &visitor(),
            &[item(2, 0, event("login2", 2, proven("d"))), item(3, 0, event("b", 3, added("q")))],
            &Policy::default(),
            &NoRules,
        );
        assert_eq!(folded.forwards[0].to, customer("d"));
        assert_eq!(folded.forwards[0].index, 0);
        assert_eq!(folded.forwards[1].to, customer("c"));
        assert_eq!(folded.profile.tallies.link_refused, 1);
        assert_eq!(folded.profile.link.as_ref().map(|l| &l.to), Some(&customer("c")));
    }

    #[test]
    fn a_merge_record_counts_once_and_brings_the_cart() {
        let state =
            fold(None, &visitor(), &[item(1, 0, event("a", 0, added("p")))], &Policy::default(), &NoRules)
                .profile;
        let merged = |id: &str, minute| {
            event(id, minute, EventKind::Merge { from: visitor(), state: Box::new(portable(&state)) })
        };
        let items = [item(5, 0, merged("m1", 2)), item(6, 0, merged("m1", 2)), item(7, 0, merged("m2", 3))];
        let folded = fold(None, &customer("c"), &items, &Policy::default(), &NoRules).profile;
        assert_eq!((folded.cart.unit_count(), folded.counts.adds), (1, 1));
        assert_eq!(folded.merged, vec![visitor()]);
        assert_eq!((folded.tallies.applied, folded.tallies.internal_applied), (0, 2));
        assert_eq!(folded.tallies.internal_duplicate, 1);
    }
}
