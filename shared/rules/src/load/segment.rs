//! Segments and computed traits: what other conditions name.

use super::Loader;
use super::condition::{Place, Scope};
use super::event::OF_SEGMENTS;
use super::fact::ids_of;
use super::fields::{Fields, quoted};
use super::reference::Kind;
use super::scalar::NAME_CHARS_MAX;
use crate::aggregate::{Aggregate, Events, What, keep_for};
use crate::condition::{Condition, Last};
use crate::fact::{Computed, Fact};
use crate::model::Segment;
use crate::tree::{Node, Value};
use crate::value::{Kind as ValueKind, Test};
use beckon_domain::SmolStr;
use std::sync::Arc;

/// Segments of a ruleset.
const SEGMENT_COUNT_MAX: usize = 500;
/// Conditions of a segment, with those of the segments that it asks for.
const SEGMENT_SIZE_MAX: u64 = 1_000;
/// Segments that ask for segments that ask for segments, and so on.
const SEGMENT_DEPTH_MAX: u32 = 16;

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

/// Whether a condition asks for people who entered or left a segment.
pub(super) fn asks_for_changes_of_segments(condition: &Condition) -> bool {
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
