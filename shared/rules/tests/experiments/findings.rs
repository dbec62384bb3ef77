use crate::sample_with;
use beckon_domain::consent::ConsentChoices;
use beckon_domain::event::{Details, Event, EventKind, TraitValue};
use beckon_domain::experiment::{Finding, RunId};
use beckon_domain::fold::{Item, fold};
use beckon_domain::id::{EventId, EventName, ExperimentId, OrderId, SourceId, VariantId};
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_domain::{Currency, DurationMs, Money, Profile, ProfileKey, Timestamp};
use beckon_rules::Ruleset;

const START: Timestamp = Timestamp::from_ms(1_763_800_000_000);
const DOCUMENT: &str = "version: 1\nholdout: 0%\ngoals:
  - { id: signup, event: Signed Up, where: { plan: gold } }
experiments:
  - { id: hero, status: running, window: 1h, variants: [{ id: a }, { id: b }] }
  - { id: seen, status: running, activation: client, variants: [{ id: a }, { id: b }] }\n";

fn at(minutes: u64) -> Timestamp {
    START + DurationMs::from_minutes(minutes)
}

fn key(kind: &str) -> ProfileKey {
    ProfileKey::parse(&format!("{kind}1_{}", "A".repeat(43))).expect("a key")
}

fn event(id: &str, minutes: u64, kind: EventKind) -> Event {
    Event {
        id: EventId::new(id).expect("an id"),
        source: SourceId::new("web").expect("a source"),
        occurred_at: at(minutes),
        received_at: at(minutes),
        consent: ConsentChoices::default(),
        timezone: None,
        locale: None,
        claim: None,
        device: None,
        details: None,
        kind,
    }
}

fn exposed(minutes: u64, variant: &str) -> Event {
    let run = RunId { experiment: ExperimentId::new("hero").expect("an id"), number: 1 };
    let variant = VariantId::new(variant).expect("an id");
    event(&format!("x-{variant}-{minutes}"), minutes, EventKind::Exposed { run, variant })
}

fn order(id: &str, minutes: u64) -> Event {
    let total = Some(Money { minor: 1_000, currency: Currency::new("EUR").expect("a currency") });
    let order = OrderId::new(id).ok();
    event(id, minutes, EventKind::OrderCompleted { order, total, items: Vec::new(), coupon: None })
}

fn tracked(name: &str, minutes: u64, properties: &[(&str, &str)]) -> Event {
    let properties = properties.iter().map(|(n, v)| ((*n).into(), TraitValue::Text((*v).into()))).collect();
    let details = Details { properties, ..Details::default() };
    let kind = EventKind::Track(EventName::new(name).expect("a name"));
    Event { details: Some(Box::new(details)), ..event(&format!("{name}-{minutes}"), minutes, kind) }
}

/// One write for each event; all that was told by all of them.
struct Person<'r> {
    ruleset: &'r Ruleset,
    key: ProfileKey,
    profile: Option<Profile>,
    told: Vec<String>,
    count: u64,
}

impl<'r> Person<'r> {
    fn new(ruleset: &'r Ruleset, kind: &str) -> Self {
        Self { ruleset, key: key(kind), profile: None, told: Vec::new(), count: 0 }
    }

    fn happen(&mut self, event: &Event) -> Vec<String> {
        self.count += 1;
        let sequence = SequenceNumber::parse(&format!("{:056}", self.count)).expect("a number");
        let shard = ShardKey::new("e2e", "shardId-0");
        let position = Position { shard, sequence, offset: 0 };
        let item = Item { position, internal: event.kind.is_internal(), event: event.clone() };
        let policy = self.ruleset.policy();
        let folded = fold(self.profile.as_ref(), &self.key, &[item], policy, self.ruleset);
        let told: Vec<String> = folded.profile.measured.outbox.iter().map(word).collect();
        self.profile = Some(folded.profile);
        self.told.extend(told.clone());
        told
    }

    fn all(ruleset: &'r Ruleset, events: &[Event]) -> Self {
        let mut person = Self::new(ruleset, "c");
        events.iter().for_each(|event| drop(person.happen(event)));
        person
    }

    /// What a report makes of it: of each exposure what was told last, everything else once.
    fn reported(&self) -> Vec<String> {
        let mut last: Vec<String> =
            self.told.iter().filter(|told| !told.starts_with("exposed")).cloned().collect();
        let exposed = self.told.iter().rfind(|told| told.starts_with("exposed"));
        last.extend(exposed.cloned());
        last.sort();
        last.dedup();
        last
    }
}

/// A finding in a few words, times in minutes.
fn word(finding: &Finding) -> String {
    let minute = |at: Timestamp| at.since(START).as_ms() / 60_000;
    match finding {
        Finding::Exposed(one) => {
            let crossed = if one.crossed_over { " crossed over" } else { "" };
            format!("exposed {} {} {}{crossed}", one.run, one.variant, minute(one.at))
        }
        Finding::Reached(run, fact) => {
            let value = fact.value.map_or(0, |money| money.minor);
            format!("reached {run} {} {} {value}", fact.goal, minute(fact.at))
        }
        Finding::Joined(run, from) => format!("joined {run} {}", &from.as_str()[..2]),
    }
}

#[test]
fn an_order_counts_from_the_exposure_to_the_end_of_the_window() {
    let ruleset = sample_with(DOCUMENT);
    let mut person = Person::new(&ruleset, "c");
    assert_eq!(person.happen(&order("before", 4)), Vec::<String>::new());
    assert_eq!(person.happen(&exposed(5, "b")), ["exposed hero#1 b 5"]);
    assert_eq!(person.happen(&order("first", 10)), ["reached hero#1 order 10 1000"]);
    assert_eq!(person.happen(&order("too-late", 65)), Vec::<String>::new(), "an hour is over");
    assert_eq!(person.happen(&order("in-time", 64)), ["reached hero#1 order 64 1000"]);
}

#[test]
fn an_order_is_counted_whenever_its_exposure_becomes_known() {
    let ruleset = sample_with(DOCUMENT);
    let events = [order("one", 10), exposed(5, "b"), order("two", 20), order("before", 3)];
    let expected = Person::all(&ruleset, &events).reported();
    assert_eq!(
        expected,
        ["exposed hero#1 b 5", "reached hero#1 order 10 1000", "reached hero#1 order 20 1000"]
    );
    for_each_order(&events, |events| {
        assert_eq!(Person::all(&ruleset, events).reported(), expected, "{events:?}");
    });
}

#[test]
fn an_earlier_exposure_stands_and_what_came_after_it_counts() {
    let ruleset = sample_with(DOCUMENT);
    let events = [exposed(20, "b"), order("between", 10), exposed(5, "a"), order("after", 30)];
    for_each_order(&events, |events| {
        let expected = [
            "exposed hero#1 a 5 crossed over",
            "reached hero#1 order 10 1000",
            "reached hero#1 order 30 1000",
        ];
        assert_eq!(Person::all(&ruleset, events).reported(), expected, "{events:?}");
    });
}

#[test]
fn what_a_visitor_saw_and_did_becomes_the_customers_in_every_order() {
    let ruleset = sample_with(DOCUMENT);
    let mut visitor = Person::new(&ruleset, "a");
    let of_visitor = [exposed(5, "a"), order("of-visitor", 10)];
    of_visitor.iter().for_each(|event| drop(visitor.happen(event)));
    let state = Box::new(visitor.profile.clone().expect("a state"));
    let merge = event("merge", 30, EventKind::Merge { from: visitor.key.clone(), state });
    let events = [exposed(8, "b"), merge, order("of-customer", 20)];
    for_each_order(&events, |events| {
        let reported = Person::all(&ruleset, events).reported();
        let expected = [
            "exposed hero#1 a 5 crossed over",
            "joined hero#1 a1",
            "reached hero#1 order 10 1000",
            "reached hero#1 order 20 1000",
        ];
        assert_eq!(reported, expected, "{events:?}");
    });
}

#[test]
fn what_a_visitor_did_counts_for_what_the_customer_was_shown_elsewhere() {
    let ruleset = sample_with(DOCUMENT);
    let mut visitor = Person::new(&ruleset, "a");
    visitor.happen(&order("elsewhere", 10));
    let state = Box::new(visitor.profile.clone().expect("a state"));
    let merge = event("merge", 30, EventKind::Merge { from: visitor.key.clone(), state });
    for_each_order(&[exposed(8, "b"), merge], |events| {
        let reported = Person::all(&ruleset, events).reported();
        assert_eq!(reported, ["exposed hero#1 b 8", "reached hero#1 order 10 1000"], "{events:?}");
    });
}

#[test]
fn a_page_can_say_that_a_variant_was_seen_where_the_experiment_leaves_it_to_pages() {
    let ruleset = sample_with(DOCUMENT);
    let viewed = |minutes, experiment, variant| {
        let properties = [("experiment_id", experiment), ("variation_id", variant)];
        tracked("Experiment Viewed", minutes, &properties)
    };
    let mut person = Person::new(&ruleset, "a");
    for (experiment, variant) in [("seen", "z"), ("hero", "b"), ("gone", "a")] {
        assert_eq!(person.happen(&viewed(1, experiment, variant)), Vec::<String>::new());
    }
    assert_eq!(person.happen(&viewed(2, "seen", "b")), ["exposed seen#1 b 2"]);
    assert_eq!(person.happen(&order("one", 3)), ["reached seen#1 order 3 1000"]);
}

#[test]
fn a_goal_of_the_document_is_reached_by_its_event_alone() {
    let ruleset = sample_with(DOCUMENT);
    let mut person = Person::new(&ruleset, "a");
    person.happen(&exposed(1, "a"));
    assert_eq!(person.happen(&tracked("Signed Up", 2, &[("plan", "silver")])), Vec::<String>::new());
    assert_eq!(person.happen(&tracked("Signed Up", 3, &[("plan", "gold")])), ["reached hero#1 signup 3 0"]);
}

#[test]
fn nothing_is_told_of_what_is_switched_off_or_of_whoever_denies() {
    let killed = sample_with(&DOCUMENT.replace("version: 1\n", "version: 1\nkilled: true\n"));
    let person = Person::all(&killed, &[exposed(1, "a"), order("one", 2)]);
    assert_eq!(person.told, Vec::<String>::new());
    let ruleset = sample_with(DOCUMENT);
    let mut deny = event("deny", 0, EventKind::Page);
    deny.consent.personalization = Some(false);
    let person = Person::all(&ruleset, &[deny, exposed(1, "a"), order("one", 2)]);
    assert_eq!(person.told, Vec::<String>::new());
}

#[test]
fn an_exposure_of_a_document_that_is_not_known_yet_is_told() {
    let ruleset = sample_with("version: 1\nholdout: 0%\n");
    let person = Person::all(&ruleset, &[exposed(1, "a"), order("one", 2)]);
    assert_eq!(person.told, ["exposed hero#1 a 1", "reached hero#1 order 2 1000"]);
}

/// Every order of some events.
fn for_each_order(events: &[Event], mut check: impl FnMut(&[Event])) {
    fn permute(events: &mut Vec<Event>, done: usize, check: &mut dyn FnMut(&[Event])) {
        if done == events.len() {
            return check(events);
        }
        for index in done..events.len() {
            events.swap(done, index);
            permute(events, done + 1, check);
            events.swap(done, index);
        }
    }
    permute(&mut events.to_vec(), 0, &mut check);
}
