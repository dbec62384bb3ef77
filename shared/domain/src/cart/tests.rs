use super::*;
use crate::id::AnonymousId;
use crate::key::Pepper;
use crate::time::DurationMs;

struct Shopper(ProfileKey, SourceId);

impl Shopper {
    fn new() -> Self {
        let pepper = Pepper::new("1", b"0123456789abcdef").unwrap();
        Self(pepper.anonymous(&AnonymousId::new("v").unwrap()), SourceId::new("web").unwrap())
    }
    fn act(&self, event: &str, minute: u64, act: impl FnOnce(Change<'_>)) {
        let event = EventId::new(event).unwrap();
        let at = Timestamp::EPOCH + DurationMs::from_minutes(minute);
        act(Change { profile: &self.0, source: &self.1, event: &event, at });
    }
}

fn item(name: &str, quantity: u32) -> Item {
    let price = Money::parse("10 EUR").ok();
    Item { product: ProductId::new(name).unwrap(), category: None, brand: None, name: None, price, quantity }
}

/// A series with one step, after 15 minutes.
fn one_step() -> Series {
    Series::only(DurationMs::from_minutes(15))
}

fn answer(cart: &mut Cart, timer: u32, outcome: TimerOutcome) {
    let id = cart.episode.as_ref().unwrap().next();
    cart.answer(id, timer, outcome);
}

#[test]
fn a_changed_cart_restarts_the_clock_and_keeps_its_episode() {
    let (shopper, mut cart) = (Shopper::new(), Cart::default());
    shopper.act("e1", 0, |c| cart.add(&CartRef::default(), &item("a", 1), c));
    let first = cart.episode.as_ref().map(|e| e.id);
    shopper.act("e2", 10, |c| cart.add(&CartRef::default(), &item("b", 2), c));
    assert_eq!(cart.episode.as_ref().map(|e| e.id), first);
    assert_eq!(cart.due_at(&one_step()), Some(Timestamp::EPOCH + DurationMs::from_minutes(25)));
    assert_eq!(cart.value(), Money::parse("30 EUR").ok());
}

#[test]
fn a_bought_cart_is_due_never_and_the_next_one_is_another_episode() {
    let (shopper, mut cart) = (Shopper::new(), Cart::default());
    shopper.act("e1", 0, |c| cart.add(&CartRef::default(), &item("a", 1), c));
    let first = cart.episode.clone();
    shopper.act("e2", 5, |c| cart.empty(c));
    assert_eq!(cart.due_at(&one_step()), None);
    shopper.act("late", 4, |c| cart.add(&CartRef::default(), &item("a", 1), c));
    assert!(cart.is_empty(), "an add from before the purchase must not reopen the cart");
    shopper.act("e3", 6, |c| cart.add(&CartRef::default(), &item("a", 1), c));
    assert_ne!(cart.episode, first);
}

#[test]
fn removing_the_last_unit_ends_the_episode_and_removing_nothing_does_not_begin_one() {
    let (shopper, mut cart) = (Shopper::new(), Cart::default());
    shopper.act("e0", 0, |c| cart.remove(&CartRef::default(), &item("a", 1), c));
    assert_eq!(cart.episode, None);
    shopper.act("e1", 1, |c| cart.add(&CartRef::default(), &item("a", 3), c));
    shopper.act("e2", 2, |c| cart.remove(&CartRef::default(), &item("a", 1), c));
    assert_eq!(cart.unit_count(), 2);
    shopper.act("e3", 3, |c| cart.remove(&CartRef::default(), &item("a", 0), c));
    assert_eq!((cart.is_empty(), cart.due_at(&one_step())), (true, None));
}

#[test]
fn a_late_order_or_snapshot_leaves_what_was_added_after_it() {
    let (shopper, mut cart) = (Shopper::new(), Cart::default());
    shopper.act("e1", 0, |c| cart.add(&CartRef::default(), &item("a", 1), c));
    let first = cart.episode.clone();
    shopper.act("e2", 10, |c| cart.add(&CartRef::default(), &item("b", 1), c));
    shopper.act("order", 5, |c| cart.empty(c));
    assert_eq!(cart.lines.iter().map(|l| l.product.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_ne!(cart.episode, first);
    assert_eq!(cart.due_at(&one_step()), Some(Timestamp::EPOCH + DurationMs::from_minutes(25)));
    shopper.act("snapshot", 7, |c| cart.replace(&CartRef::default(), &[item("c", 1)], c));
    assert_eq!(cart.lines.iter().map(|l| l.product.as_str()).collect::<Vec<_>>(), ["b", "c"]);
}

#[test]
fn a_snapshot_beats_older_changes() {
    let (shopper, mut cart) = (Shopper::new(), Cart::default());
    shopper.act("snap", 10, |c| cart.replace(&CartRef::default(), &[item("a", 2)], c));
    shopper.act("late", 9, |c| cart.add(&CartRef::default(), &item("b", 1), c));
    assert_eq!(cart.lines.len(), 1);
}

#[test]
fn an_answered_reminder_stays_answered_unless_only_the_contact_was_missing() {
    let (shopper, mut cart) = (Shopper::new(), Cart::default());
    shopper.act("e1", 0, |c| cart.add(&CartRef::default(), &item("a", 1), c));
    let (source, other) = (SourceId::new("web").unwrap(), EventId::new("other").unwrap());
    let another = ReminderId { episode: EpisodeId::derive("p", &source, &other), step: 1 };
    cart.answer(another, 1, TimerOutcome::Done);
    assert!(cart.due_at(&one_step()).is_some());
    answer(&mut cart, 1, TimerOutcome::NoContact);
    assert!(cart.due_at(&one_step()).is_none());
    cart.contact_may_be_known();
    assert!(cart.due_at(&one_step()).is_some());
    answer(&mut cart, 1, TimerOutcome::NoContact);
    assert!(cart.due_at(&one_step()).is_some(), "the timer that found nobody is over; another runs");
    answer(&mut cart, 2, TimerOutcome::Done);
    cart.contact_may_be_known();
    assert!(cart.due_at(&one_step()).is_none());
}

#[test]
fn a_change_while_a_reminder_is_sent_restarts_the_clock_and_the_old_timer_does_not_stop_it() {
    let (shopper, mut cart) = (Shopper::new(), Cart::default());
    shopper.act("e1", 0, |c| cart.add(&CartRef::default(), &item("a", 1), c));
    let episode = cart.episode.as_ref().unwrap().id;
    shopper.act("e2", 20, |c| cart.add(&CartRef::default(), &item("b", 1), c));
    answer(&mut cart, 1, TimerOutcome::Done);
    assert_eq!(cart.due_at(&one_step()), Some(Timestamp::EPOCH + DurationMs::from_minutes(35)));
    answer(&mut cart, 2, TimerOutcome::Done);
    assert_eq!(cart.due_at(&one_step()), None);
    shopper.act("e3", 60, |c| cart.add(&CartRef::default(), &item("c", 1), c));
    assert_eq!(cart.due_at(&one_step()), Some(Timestamp::EPOCH + DurationMs::from_minutes(75)));
    assert_eq!(cart.episode.as_ref().unwrap().id, episode);
}

#[test]
fn the_cart_stays_bounded() {
    let (shopper, mut cart) = (Shopper::new(), Cart::default());
    for n in 0..60 {
        shopper.act(&format!("e{n}"), n, |c| {
            cart.add(&CartRef::default(), &item(&format!("p{n}"), u32::MAX), c)
        });
    }
    assert_eq!(cart.lines.len(), CART_LINE_COUNT_MAX);
    assert_eq!(cart.lines[0].product.as_str(), "p10");
    assert_eq!(cart.lines[0].quantity, QUANTITY_MAX);
}
