//! Segments, computed traits, and rules that act by themselves.

use super::Loader;
use super::condition::{Place, Scope};
use super::event::OF_SEGMENTS;
use super::fact::ids_of;
use super::fields::{Fields, quoted};
use super::reference::Kind;
use super::rule::Rules;
use super::scalar::{NAME_CHARS_MAX, TEXT_CHARS_MAX};
use crate::aggregate::{Aggregate, Events, Watch, What, keep_for};
use crate::condition::{Condition, Last};
use crate::fact::{Computed, Fact};
use crate::model::{Act, Acting, ActingCap, Active, Segment};
use crate::property::{Filter, Property};
use crate::tree::{Node, Value};
use crate::value::{Kind as ValueKind, Operand, Test};
use beckon_domain::event::TraitValue;
use beckon_domain::id::{EventName, RuleId};
use beckon_domain::watched::Keep;
use beckon_domain::{DurationMs, SmolStr};
use std::sync::Arc;

/// How often a rule may be shown or act at most, and within what time.
pub(super) struct Cap {
    pub(super) max: u8,
    pub(super) within: DurationMs,
}

/// More than this many showings are no cap.
const CAP_MAX: i64 = 60;
/// Segments of a ruleset.
const SEGMENT_COUNT_MAX: usize = 500;
/// Conditions of a segment, with those of the segments that it asks for.
const SEGMENT_SIZE_MAX: u64 = 1_000;
/// Segments that ask for segments that ask for segments, and so on.
const SEGMENT_DEPTH_MAX: u32 = 16;
/// What pages tell when they show something of a rule; its property `rule_id` says which. Segment's e-commerce spec V2.
const SHOWN: &str = "Promotion Viewed";
/// Under this name a rule remembers how often it acted; no event is called so.
const ACTED: &str = "Rule Matched";

impl Loader {
    /// The names that conditions may use, before any is read, and what they stand for.
    pub(super) fn names(&mut self, segments: Option<&Node>, computed: Option<&Node>) {
        self.segment_ids = ids_of(segments);
        self.computed_ids = ids_of(computed);
        let all = self.each(computed, "computed", Self::computed);
        self.computed =
            all.into_iter().map(|computed| (computed.id.to_string(), Arc::new(computed))).collect();
    }

    fn computed(&mut self, node: &Node) -> Option<Computed> {
        let who = Fields::name_of(node, "computed trait");
        let words = What::ALL.map(What::word);
        let allowed: Vec<&str> = ["id", "event", "where", "within"].into_iter().chain(words).collect();
        let fields = Fields::open(self, node, &who, &allowed)?;
        let id_node = fields.require(self, "id");
        let id = id_node.and_then(|n| self.text(n, "id", NAME_CHARS_MAX));
        if let (Some(id), Some(n)) = (&id, id_node) {
            self.declare(Kind::Computed, id, n.place);
        }
        let name = fields.require(self, "event").and_then(|n| self.event_name(n));
        let scope = Scope { who: &who, place: Place::Stream };
        let filter = self.filter(fields.get("where"), &scope);
        let within = self.within(&fields)?;
        let questions: Vec<What> =
            What::ALL.into_iter().filter(|what| fields.get(what.word()).is_some()).collect();
        let [what] = questions[..] else {
            if !fields.has_unknown {
                let message = format!(
                    "{who} must be one of `count: true`, `sum: price`, `avg: price`, `min: price`, \
                     `max: price`, `distinct: product_id`, `last: category`, `first: category`"
                );
                self.problem(fields.place, message);
            }
            return None;
        };
        let of_node = fields.get(what.word())?;
        let of = match what {
            What::Count if matches!(of_node.value, Value::Bool(true)) => None,
            What::Count => {
                self.problem(of_node.place, format!("`count` of {who} must be `true`"));
                return None;
            }
            _ => Some(self.property(of_node, what)?),
        };
        let kind = match (&of, what) {
            (None, _) | (_, What::Distinct) => ValueKind::Number,
            (Some(property), _) => property.kind(),
        };
        // Who reads it compares with numbers that are not known yet: as many are kept as can be told apart.
        let most = Test::Gte(f64::from(beckon_domain::watched::KEPT_COUNT_MAX - 1));
        let keep = keep_for(what, within, &[most]).ok()?;
        let aggregate = Aggregate::new(Events { name: name?, filter: filter? }, what, of, within, keep);
        self.watch(aggregate.watch());
        Some(Computed { id: SmolStr::new(id?), aggregate, kind })
    }

    pub(super) fn segment(&mut self, node: &Node) -> Option<Segment> {
        let who = Fields::name_of(node, "segment");
        let fields = Fields::open(self, node, &who, &["id", "when", "labels"])?;
        let id_node = fields.require(self, "id");
        let id = id_node.and_then(|n| self.text(n, "id", NAME_CHARS_MAX));
        if let (Some(id), Some(n)) = (&id, id_node) {
            self.declare(Kind::Segment, id, n.place);
        }
        self.each(fields.get("labels"), "labels", |loader, n| loader.text(n, "label", NAME_CHARS_MAX));
        let scope = Scope { who: &who, place: Place::Stream };
        let when = fields.require(self, "when").and_then(|n| self.condition(n, &scope));
        if when.as_ref().is_some_and(asks_for_changes_of_segments) {
            let message = format!(
                "{who} asks for an event that segments themselves cause, which could go on for ever: ask for the \
                 segment, `segment: NAME`"
            );
            self.problem(fields.key("when").unwrap_or(fields.place), message);
        }
        Some(Segment { id: SmolStr::new(id?), when: when?, root: None })
    }

    /// A segment that asks for itself, through others or not, could not be decided.
    pub(super) fn check_circles(&mut self, segments: &[Segment], list: Option<&Node>) {
        let Some(Node { value: Value::List(items), place }) = list else { return };
        if items.len() > SEGMENT_COUNT_MAX {
            let message = format!("there are {} segments, and {SEGMENT_COUNT_MAX} are possible", items.len());
            self.problem(*place, message);
        }
        if segments.len() != self.segment_ids.len() || items.len() > SEGMENT_COUNT_MAX {
            return;
        }
        let asks = |from: usize| {
            let mut found = Vec::new();
            if let Some(segment) = segments.get(from) {
                segment.when.each(&mut |condition| {
                    if let Condition::Segment(index) = condition {
                        found.push(*index);
                    }
                });
            }
            found
        };
        for (index, item) in items.iter().enumerate() {
            let (mut seen, mut next) = (vec![false; segments.len()], asks(index));
            while let Some(other) = next.pop() {
                if seen.get(other).copied().unwrap_or(true) {
                    continue;
                }
                seen[other] = true;
                next.extend(asks(other));
            }
            if seen.get(index).copied().unwrap_or(false) {
                let who = quoted(&self.segment_ids[index]);
                self.problem(
                    item.place,
                    format!("segment {who} asks for itself, directly or through others"),
                );
                return;
            }
        }
        self.check_sizes(segments, items);
    }

    /// Segments that ask for segments are decided with all that those ask for, so that has a limit.
    fn check_sizes(&mut self, segments: &[Segment], items: &[Node]) {
        let mut sizes = vec![None; segments.len()];
        for (index, item) in items.iter().enumerate() {
            let (size, depth) = size_of(index, segments, &mut sizes);
            if size > SEGMENT_SIZE_MAX || depth > SEGMENT_DEPTH_MAX {
                let who = quoted(&self.segment_ids[index]);
                let message = format!(
                    "segment {who} has {size} conditions, {depth} segments deep, with those of the segments that it asks \
                     for: {SEGMENT_SIZE_MAX} and {SEGMENT_DEPTH_MAX} are possible, so ask for less"
                );
                self.problem(item.place, message);
                return;
            }
        }
    }

    /// A trait that is set when a segment changes must not change a segment: it could go on for ever.
    pub(super) fn check_setters(&mut self, segments: &[Segment]) {
        for (name, place, who) in std::mem::take(&mut self.setters) {
            let mut is_asked_for = false;
            for segment in segments {
                segment.when.each(&mut |condition| {
                    is_asked_for |=
                        matches!(condition, Condition::Fact { fact: Fact::Trait(asked), .. } if *asked == name);
                });
            }
            if is_asked_for {
                let message = format!(
                    "{who} sets the trait {} when a segment changes, and a segment asks for it, which could go on for \
                     ever: ask for the segment itself",
                    quoted(&name)
                );
                self.problem(place, message);
            }
        }
    }

    /// A rule without a slot.
    pub(super) fn acting(
        &mut self,
        id: Option<RuleId>,
        fields: &Fields<'_>,
        when: Option<&Node>,
        then: &Fields<'_>,
        rules: &mut Rules,
    ) -> Option<()> {
        let who = fields.what.as_str();
        for name in ["slot", "priority"] {
            if let Some(place) = fields.key(name) {
                self.problem(place, format!("{who} acts by itself and fills no slot: remove `{name}`"));
            }
        }
        let on = match fields.get("on") {
            Some(node) if matches!(node.value, Value::List(_)) => {
                self.each(Some(node), "on", |loader, n| loader.event_name(n))
            }
            Some(node) => self.event_name(node).into_iter().collect(),
            None => Vec::new(),
        };
        let scope = Scope { who, place: Place::Stream };
        let condition = when.and_then(|n| self.condition(n, &scope));
        let condition = condition.and_then(|condition| self.absences(condition, when?, who, &on));
        let act = self.act(then, who);
        let is_about_segments = on.iter().any(|name| OF_SEGMENTS.contains(&name.as_str()))
            || condition.as_ref().is_some_and(asks_for_changes_of_segments);
        if let (true, Some(Act::SetTrait(name, _))) = (is_about_segments, &act) {
            self.setters.push((name.clone(), fields.place, who.to_owned()));
        }
        let active = self.active(fields.get("active"), who);
        let cap = match fields.get("cap") {
            Some(node) => self.cap(node, who).map(Some),
            None => Some(None),
        };
        let (id, cap) = (id?, cap?);
        let cap = cap.and_then(|cap| acting_cap(&id, &cap));
        rules.acting.push(Acting { id, on, when: condition?, then: act?, active: active?, cap, root: None });
        Some(())
    }

    fn act(&mut self, then: &Fields<'_>, who: &str) -> Option<Act> {
        let names: Vec<&str> = then.names().collect();
        match names[..] {
            ["publish"] => {
                let node = then.require(self, "publish")?;
                self.text(node, "publish", NAME_CHARS_MAX).map(|name| Act::Publish(SmolStr::new(name)))
            }
            ["set_trait"] => {
                let node = then.require(self, "set_trait")?;
                let fields = Fields::open(self, node, "`set_trait`", &["name", "value"])?;
                let name = fields.require(self, "name").and_then(|n| self.text(n, "name", NAME_CHARS_MAX));
                let value = fields.require(self, "value").and_then(|n| self.told(n));
                Some(Act::SetTrait(name?, value?))
            }
            _ => {
                let message = format!(
                    "`then` of {who} must be one thing: `publish: name`, `set_trait: {{name: ..., value: ...}}` or \
                     `send: cart-reminder`"
                );
                self.problem(then.place, message);
                None
            }
        }
    }

    fn told(&mut self, node: &Node) -> Option<TraitValue> {
        match node.value {
            Value::Bool(value) => Some(TraitValue::Bool(value)),
            Value::Integer { value, .. } => Some(TraitValue::Number(value as f64)),
            Value::Number(value) if value.is_finite() => Some(TraitValue::Number(value)),
            _ => self.text(node, "value", TEXT_CHARS_MAX).map(TraitValue::Text),
        }
    }

    /// `not: {event, within}` beside an event is an absence: its time is counted from that event, by a timer.
    fn absences(
        &mut self,
        condition: Condition,
        node: &Node,
        who: &str,
        on: &[EventName],
    ) -> Option<Condition> {
        let parts = match condition {
            Condition::All(parts) => parts,
            single => vec![single],
        };
        let since: Vec<Last> = parts.iter().filter_map(|part| self.happened(part)).collect();
        let has_absence = parts.iter().any(|part| absence(part).is_some());
        if has_absence && since.is_empty() && on.is_empty() {
            let message = format!(
                "{who} says what did not happen, and not since when: beside it, under `all`, write the event that \
                 starts the clock, such as `event: Product Added`"
            );
            self.problem(node.place, message);
            return None;
        }
        let with_clock = |part: Condition| match absence(&part) {
            Some((of, width)) if !since.is_empty() => {
                Condition::Absent { of: of.clone(), since: since.clone(), width }
            }
            _ => part,
        };
        Some(Condition::All(parts.into_iter().map(with_clock).collect()))
    }

    /// When what a condition asks for last happened.
    fn happened(&mut self, condition: &Condition) -> Option<Last> {
        match condition {
            Condition::Event { last, .. } => Some(last.clone()),
            Condition::Aggregate { aggregate, .. } if aggregate.what == What::Count => {
                Some(self.last(aggregate.events.clone()))
            }
            _ => None,
        }
    }

    /// `active: {from: ..., until: ...}`.
    pub(super) fn active(&mut self, node: Option<&Node>, who: &str) -> Option<Active> {
        let Some(node) = node else { return Some(Active::default()) };
        let fields = Fields::open(self, node, &format!("`active` of {who}"), &["from", "until"])?;
        let before = self.problems.len();
        let from = fields.get("from").and_then(|n| self.instant(n, "from"));
        let until = fields.get("until").and_then(|n| self.instant(n, "until"));
        if let (Some(from), Some(until)) = (from, until)
            && from >= until
        {
            self.problem(
                node.place,
                format!("{who} is active until before it begins: `until` must be later than `from`"),
            );
        }
        if let Some(until) = until {
            self.expiries.push((until, fields.place, who.to_owned()));
        }
        (self.problems.len() == before).then_some(Active { from, until })
    }

    /// `cap: {max: 3, within: 7d}`.
    pub(super) fn cap(&mut self, node: &Node, who: &str) -> Option<Cap> {
        let fields = Fields::open(self, node, &format!("`cap` of {who}"), &["per", "max", "within"])?;
        if let Some(node) = fields.get("per")
            && !matches!(&node.value, Value::Text(word) if word == "profile")
        {
            self.problem(node.place, "`per` of a cap can only be `profile`");
        }
        let max = fields.require(self, "max").and_then(|n| self.whole(n, "max", 1, CAP_MAX));
        let within = fields.require(self, "within").and_then(|n| self.retained(n, "within"));
        Some(Cap { max: u8::try_from(max?).ok()?, within: within? })
    }

    /// A condition that holds while a rule was shown less often than its cap.
    pub(super) fn below_cap(&mut self, id: &RuleId, cap: &Cap) -> Option<Condition> {
        let is_ours = vec![Test::Eq(Operand::Text(SmolStr::new(id.as_str())))];
        let filter = Filter(vec![(Property::named("rule_id"), is_ours)]);
        let events = Events { name: EventName::new(SHOWN).ok()?, filter };
        let keep = Keep::Newest(cap.max);
        let aggregate = Aggregate::new(events, What::Count, None, Some(cap.within), keep);
        self.watch(aggregate.watch());
        Some(Condition::Aggregate { aggregate, tests: vec![Test::Lt(f64::from(cap.max))] })
    }
}

/// How many conditions a segment has, and how many segments deep, with all that it asks for. None asks for itself.
fn size_of(index: usize, segments: &[Segment], known: &mut [Option<(u64, u32)>]) -> (u64, u32) {
    if let Some(size) = known.get(index).copied().flatten() {
        return size;
    }
    let (mut size, mut asked) = (0_u64, Vec::new());
    if let Some(segment) = segments.get(index) {
        segment.when.each(&mut |condition| {
            size += 1;
            if let Condition::Segment(other) = condition {
                asked.push(*other);
            }
        });
    }
    let mut depth = 0;
    for other in asked {
        let (inner, below) = size_of(other, segments, known);
        (size, depth) = (size.saturating_add(inner), depth.max(below));
    }
    if let Some(known) = known.get_mut(index) {
        *known = Some((size, depth + 1));
    }
    (size, depth + 1)
}

/// What remembers how often a rule acted, and when that is enough.
fn acting_cap(id: &RuleId, cap: &Cap) -> Option<ActingCap> {
    let is_ours = vec![Test::Eq(Operand::Text(SmolStr::new(id.as_str())))];
    let events = Events {
        name: EventName::new(ACTED).ok()?,
        filter: Filter(vec![(Property::named("rule_id"), is_ours)]),
    };
    let aggregate = Aggregate::new(events, What::Count, None, Some(cap.within), Keep::Newest(cap.max));
    let watch: Watch = aggregate.watch();
    let reached = Condition::Aggregate { aggregate, tests: vec![Test::Gte(f64::from(cap.max))] };
    Some(ActingCap { watch, reached })
}

/// Whether a condition asks for people who entered or left a segment.
fn asks_for_changes_of_segments(condition: &Condition) -> bool {
    let is_of_segments = |events: &Events| OF_SEGMENTS.contains(&events.name.as_str());
    let is_watched = |last: &Last| matches!(last, Last::Watched(_, events) if is_of_segments(events));
    let mut found = false;
    condition.each(&mut |condition| {
        found |= match condition {
            Condition::Event { last, .. } => is_watched(last),
            Condition::Aggregate { aggregate, .. } => is_of_segments(&aggregate.events),
            Condition::Absent { of, since, .. } => is_watched(of) || since.iter().any(is_watched),
            Condition::Fact { fact: Fact::Computed(computed), .. } => {
                is_of_segments(&computed.aggregate.events)
            }
            _ => false,
        };
    });
    found
}

fn absence(condition: &Condition) -> Option<(&Last, DurationMs)> {
    match condition {
        Condition::Not(inner) => match &**inner {
            Condition::Event { last, within: Some(width) } => Some((last, *width)),
            _ => None,
        },
        _ => None,
    }
}
