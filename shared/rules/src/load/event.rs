//! Conditions on events that happened, or did not.

use super::Loader;
use super::condition::Scope;
use super::fields::{Fields, listed, quoted};
use super::test::OPERATORS;
use crate::aggregate::{Aggregate, Events, Watch, What, keep_for};
use crate::condition::{Condition, Last};
use crate::property::{Filter, Property};
use crate::tree::{Node, Value};
use crate::value::{Kind, Operand, Test};
use beckon_domain::id::EventName;
use beckon_domain::policy::PROFILE_RETENTION;
use beckon_domain::profile::EVENTS_KEPT;
use beckon_domain::watched::{KEPT_COUNT_MAX, Keep, WATCH_COUNT_MAX};
use beckon_domain::{DurationMs, SmolStr};

/// What Beckon itself tells of segments.
pub(super) const OF_SEGMENTS: [&str; 2] = ["Segment Entered", "Segment Exited"];
/// Events that the core knows; a shop's own may have any name.
pub(crate) const EVENTS: [&str; EVENTS_KEPT.len() + OF_SEGMENTS.len()] = {
    let mut all = [OF_SEGMENTS[0]; EVENTS_KEPT.len() + OF_SEGMENTS.len()];
    let mut index = 0;
    while index < EVENTS_KEPT.len() {
        all[index] = EVENTS_KEPT[index];
        index += 1;
    }
    all[index + 1] = OF_SEGMENTS[1];
    all
};
impl Loader {
    /// `event`, with `where`, `within` and a question.
    pub(super) fn event(&mut self, fields: &Fields<'_>, name: &Node, scope: &Scope<'_>) -> Option<Condition> {
        let before = self.problems.len();
        let name = self.event_name(name);
        let filter = self.filter(fields.get("where"), scope);
        let within = self.within(fields);
        let questions: Vec<What> =
            What::ALL.into_iter().filter(|what| fields.get(what.word()).is_some()).collect();
        if questions.len() > 1 {
            let message = format!(
                "a condition of {} asks {} at once: keep one of them",
                scope.who,
                listed(questions.iter().map(|what| what.word()))
            );
            self.problem(fields.place, message);
            return None;
        }
        let events = Events { name: name?, filter: filter? };
        let within = within?;
        let Some(what) = questions.first().copied() else {
            return (self.problems.len() == before)
                .then(|| Condition::Event { last: self.last(events), within });
        };
        let node = fields.get(what.word())?;
        let (of, tests) = self.question(node, what)?;
        let aggregate = self.aggregate(node, events, what, of, within, &tests)?;
        (self.problems.len() == before).then_some(Condition::Aggregate { aggregate, tests })
    }

    /// Where it is kept when such an event last happened; what is not kept anyway is watched from now on.
    pub(super) fn last(&mut self, events: Events) -> Last {
        let is_kept = events.filter.0.is_empty() && EVENTS_KEPT.contains(&events.name.as_str());
        if is_kept {
            return Last::OfName(events.name);
        }
        let aggregate = Aggregate::new(events, What::Count, None, None, Keep::Newest(1));
        self.watch(aggregate.watch());
        Last::Watched(aggregate.watch, Box::new(aggregate.events))
    }

    /// A question about events and how its answer is kept.
    pub(super) fn aggregate(
        &mut self,
        node: &Node,
        events: Events,
        what: What,
        of: Option<Property>,
        within: Option<DurationMs>,
        tests: &[Test],
    ) -> Option<Aggregate> {
        match keep_for(what, within, tests) {
            Ok(keep) => {
                let aggregate = Aggregate::new(events, what, of, within, keep);
                self.watch(aggregate.watch());
                Some(aggregate)
            }
            Err(_) => {
                let most = KEPT_COUNT_MAX - 1;
                let message = match what {
                    What::Distinct => format!("`distinct` tells at most {most} values apart"),
                    _ => format!(
                        "`count` above {most} is kept for 30d at most: ask for a shorter `within`, or for less"
                    ),
                };
                self.problem(node.place, message);
                None
            }
        }
    }

    /// `count: {gte: 3}`, or `sum: {of: price, gte: 100 EUR}`.
    fn question(&mut self, node: &Node, what: What) -> Option<(Option<Property>, Vec<Test>)> {
        let word = what.word();
        let allowed: Vec<&str> = ["of"].into_iter().chain(OPERATORS).collect();
        let allowed = if what == What::Count { &allowed[1..] } else { &allowed[..] };
        if !matches!(node.value, Value::Map(_)) {
            let example = match what {
                What::Count => "`count: {gte: 3}`".to_owned(),
                What::Last | What::First => format!("`{word}: {{of: category, eq: shoes}}`"),
                What::Distinct => "`distinct: {of: product_id, gte: 3}`".to_owned(),
                _ => format!("`{word}: {{of: price, gte: 100}}`"),
            };
            self.problem(node.place, format!("`{word}` must say how it is compared, as in {example}"));
            return None;
        }
        let quoted_word = quoted(word);
        let fields = Fields::open(self, node, &quoted_word, allowed)?;
        let of = match what {
            What::Count => None,
            _ => Some(fields.require(self, "of").and_then(|node| self.property(node, what))?),
        };
        let kind = match (what, &of) {
            (What::Count | What::Distinct, _) | (_, None) => Kind::Number,
            (What::Last | What::First, Some(property)) => property.kind(),
            (_, Some(property)) if property.kind() == Kind::Money => Kind::Money,
            _ => Kind::Number,
        };
        let tests = self.tests(&fields, &quoted_word, kind)?;
        let tests = tests.into_iter().map(flags_as_texts).collect();
        Some((of, tests))
    }

    /// The property that a question is about.
    pub(super) fn property(&mut self, node: &Node, what: What) -> Option<Property> {
        let name = self.text(node, "of", super::scalar::NAME_CHARS_MAX)?;
        let property = Property::named(&name);
        let is_number = matches!(property.kind(), Kind::Number | Kind::Money | Kind::Any);
        if !is_number && matches!(what, What::Sum | What::Avg | What::Min | What::Max) {
            let message = format!(
                "`{}` needs a number, and {} is {}",
                what.word(),
                quoted(&name),
                property.kind().word()
            );
            self.problem(node.place, message);
            return None;
        }
        Some(property)
    }

    /// `where`: properties and what they must be.
    pub(super) fn filter(&mut self, node: Option<&Node>, scope: &Scope<'_>) -> Option<Filter> {
        let Some(node) = node else { return Some(Filter::default()) };
        let Value::Map(entries) = &node.value else {
            let message = format!(
                "`where` of {} must be a mapping of properties, such as {{category: shoes}}, and this is {}",
                scope.who,
                node.kind()
            );
            self.problem(node.place, message);
            return None;
        };
        let before = self.problems.len();
        let mut filters: Vec<(Property, Vec<Test>)> = Vec::new();
        for (key, value) in entries {
            let Some(name) = self.text(key, "a property", super::scalar::NAME_CHARS_MAX) else { continue };
            let property = Property::named(&name);
            if let Property::Other(_) = property
                && let Some(meant) = Property::names().find(|known| known.eq_ignore_ascii_case(&name))
            {
                self.problem(
                    key.place,
                    format!("no property is called {}, did you mean `{meant}`?", quoted(&name)),
                );
            }
            if filters.iter().any(|(known, _)| *known == property) {
                self.problem(key.place, format!("`where` names {} twice: keep one of them", quoted(&name)));
            }
            if let Some(tests) = self.short_tests(value, &name, property.kind()) {
                filters.push((property, tests));
            }
        }
        if entries.is_empty() {
            self.problem(node.place, format!("`where` of {} names no property", scope.who));
        }
        // The order of the text does not matter to what is remembered.
        filters.sort_by(|a, b| a.0.cmp(&b.0));
        (self.problems.len() == before).then_some(Filter(filters))
    }

    /// `absent: {event: Order Completed, for: 15m, since: Product Added}`.
    pub(super) fn absent(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Condition> {
        let fields = Fields::open(self, node, "`absent`", &["event", "where", "for", "since"])?;
        let name = fields.require(self, "event").and_then(|node| self.event_name(node));
        let filter = self.filter(fields.get("where"), scope);
        let width = fields.require(self, "for").and_then(|node| self.retained(node, "for"));
        let since = match fields.get("since") {
            Some(node) => self.since(node, scope),
            None => {
                if !fields.is_misspelt("since") {
                    let message = format!(
                        "an absence of {} must say since when: write `since: Product Added`, the event that \
                         starts the clock",
                        scope.who
                    );
                    self.problem(fields.place, message);
                }
                None
            }
        };
        let (of, since) = (Events { name: name?, filter: filter? }, since?);
        Some(Condition::Absent { of: self.last(of), since: vec![self.last(since)], width: width? })
    }

    fn since(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Events> {
        if !matches!(node.value, Value::Map(_)) {
            return Some(Events { name: self.event_name(node)?, filter: Filter::default() });
        }
        let fields = Fields::open(self, node, "`since`", &["event", "where"])?;
        let name = fields.require(self, "event").and_then(|node| self.event_name(node));
        let filter = self.filter(fields.get("where"), scope);
        Some(Events { name: name?, filter: filter? })
    }

    /// What is to be remembered; of one thing as much as whoever asks for most.
    pub(super) fn watch(&mut self, watch: Watch) {
        match self.watches.iter_mut().find(|known| known.id == watch.id) {
            Some(known) => known.keep = known.keep.max(watch.keep),
            None => self.watches.push(watch),
        }
    }

    pub(super) fn check_watches(&mut self, place: crate::error::Place) {
        let count = self.watches.len();
        if count > WATCH_COUNT_MAX {
            let message = format!(
                "the ruleset asks a profile to keep {count} different aggregates, and {WATCH_COUNT_MAX} are \
                 possible: name some of them once, under `computed`, and let several rules read them"
            );
            self.problem(place, message);
        }
    }

    /// The optional field `within`; the outer `None` says that it could not be read.
    pub(super) fn within(&mut self, fields: &Fields<'_>) -> Option<Option<DurationMs>> {
        match fields.get("within") {
            Some(node) => self.retained(node, "within").map(Some),
            None => Some(None),
        }
    }

    /// A length of time that is not longer than a profile is kept.
    pub(super) fn retained(&mut self, node: &Node, what: &str) -> Option<DurationMs> {
        let width = self.positive_duration(node, what)?;
        if width > PROFILE_RETENTION {
            let message =
                format!("`{what}: {width}` is longer than a profile is remembered, {PROFILE_RETENTION}");
            self.problem(node.place, message);
            return None;
        }
        Some(width)
    }

    pub(super) fn event_name(&mut self, node: &Node) -> Option<EventName> {
        let name = self.id(node, "event", EventName::new)?;
        let meant = EVENTS.into_iter().find(|known| known.eq_ignore_ascii_case(name.as_str()));
        if let Some(known) = meant.filter(|known| *known != name.as_str()) {
            let message = format!(
                "no event is called {}: write `{known}`, capital letters matter",
                quoted(name.as_str())
            );
            self.problem(node.place, message);
        }
        Some(name)
    }
}

/// Yes and no are remembered as texts.
fn flags_as_texts(test: Test) -> Test {
    let text = |operand: Operand| match operand {
        Operand::Flag(flag) => Operand::Text(SmolStr::new(if flag { "true" } else { "false" })),
        other => other,
    };
    match test {
        Test::Eq(operand) => Test::Eq(text(operand)),
        Test::Ne(operand) => Test::Ne(text(operand)),
        Test::In(operands) => Test::In(operands.into_iter().map(text).collect()),
        Test::NotIn(operands) => Test::NotIn(operands.into_iter().map(text).collect()),
        other => other,
    }
}
