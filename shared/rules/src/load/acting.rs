//! Rules that act by themselves, and how often rules act or are shown at most.

use super::Loader;
use super::condition::{Place, Scope};
use super::event::OF_SEGMENTS;
use super::fields::Fields;
use super::rule::Rules;
use super::scalar::{NAME_CHARS_MAX, TEXT_CHARS_MAX};
use super::segment::asks_for_changes_of_segments;
use crate::aggregate::{Aggregate, Events, Watch, What};
use crate::condition::{Condition, Last};
use crate::model::{Act, Acting, ActingCap, Active};
use crate::property::{Filter, Property};
use crate::tree::{Node, Value};
use crate::value::{Operand, Test};
use beckon_domain::event::TraitValue;
use beckon_domain::id::{EventName, RuleId};
use beckon_domain::watched::Keep;
use beckon_domain::{DurationMs, SmolStr};

/// How often a rule may be shown or act at most, and within what time.
pub(super) struct Cap {
    pub(super) max: u8,
    pub(super) within: DurationMs,
}

/// More than this many showings are no cap.
const CAP_MAX: i64 = 60;
/// What pages tell when they show something of a rule; its property `rule_id` says which. Segment's e-commerce spec V2.
const SHOWN: &str = "Promotion Viewed";
/// Under this name a rule remembers how often it acted; no event is called so.
const ACTED: &str = "Rule Matched";

impl Loader {
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

fn absence(condition: &Condition) -> Option<(&Last, DurationMs)> {
    match condition {
        Condition::Not(inner) => match &**inner {
            Condition::Event { last, within: Some(width) } => Some((last, *width)),
            _ => None,
        },
        _ => None,
    }
}
