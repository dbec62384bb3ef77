//! Why somebody is shown what they are shown: every rule of a slot with what was compared and what was read, and which were
//! one step short of matching.

use crate::compiled::{Reading, Root};
use crate::condition::{Condition, Facts, began};
use crate::decision::Decision;
use crate::experiments::Overlay;
use crate::live::Live;
use crate::model::{Action, Rule, Ruleset};
use crate::near;
use crate::page::{Person, SlotRequest};
use crate::wording;
use beckon_domain::consent::Purpose;
use beckon_domain::id::SlotId;
use beckon_domain::{Profile, Timestamp};
use serde::Serialize;
use std::fmt;

/// What is said of a value that is not known.
pub const MISSING: &str = "MISSING";

/// Why a slot shows what it shows.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// What is shown.
    pub decision: Decision,
    /// The rules of the slot, highest priority first.
    pub rules: Vec<RuleExplained>,
}

/// What became of a rule or a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is what is shown.
    Won,
    /// Its condition holds, and a rule of higher priority won.
    Outranked,
    /// Its condition holds, and it had nothing to show.
    Empty,
    /// Its condition holds: a segment, or a rule that acts.
    Holds,
    /// Its condition does not hold.
    DoesNotHold,
    /// It is not in force at this time.
    NotActive,
    /// It asks about the person, of whom nothing is known, or who denies personalization.
    NotAsked,
}

impl Verdict {
    /// The stable word of answers and records.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Won => "won",
            Self::Outranked => "outranked",
            Self::Empty => "empty",
            Self::Holds => "holds",
            Self::DoesNotHold => "does_not_hold",
            Self::NotActive => "not_active",
            Self::NotAsked => "not_asked",
        }
    }
}

/// A rule or a segment, and why its condition holds or does not.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RuleExplained {
    /// Which.
    pub id: String,
    /// Its priority; none for a segment or a rule that acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
    /// What became of it.
    pub verdict: Verdict,
    /// Its condition, part by part.
    pub condition: Explained,
    /// What is missing, when it is one step: `one more Product Viewed within 3m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near_miss: Option<String>,
}

/// A condition, and what was read for it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Explained {
    /// The condition as a ruleset writes it; of `all`, `any` and `not` the word.
    pub condition: String,
    /// Whether it holds.
    pub holds: bool,
    /// What was read, or [`MISSING`]; none where only its parts were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<String>,
    /// What is missing for it to hold, if that is one step.
    #[serde(skip)]
    pub step: Option<String>,
    /// Its parts: of `all`, `any`, `not`, and of a segment its condition.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Explained>,
}

impl Ruleset {
    /// Decides a slot and says why; `None` when there is no such slot. The decision is the one of [`Ruleset::decide`].
    #[must_use]
    pub fn explain(
        &self,
        slot: &SlotId,
        person: &Person<'_>,
        request: &SlotRequest,
        live: &dyn Live,
        now: Timestamp,
    ) -> Option<Explanation> {
        self.explain_under(&Overlay::default(), slot, person, request, live, now)
    }

    /// The same with what experiments change for this person: a rule that one switches off is not in force.
    #[must_use]
    pub fn explain_under(
        &self,
        overlay: &Overlay<'_>,
        slot: &SlotId,
        person: &Person<'_>,
        request: &SlotRequest,
        live: &dyn Live,
        now: Timestamp,
    ) -> Option<Explanation> {
        let decision = self.decide_under(overlay, slot, person, request, live, now)?;
        let rules = self.explain_decided(overlay, slot, person, &decision, now)?.collect();
        Some(Explanation { decision, rules })
    }

    /// Why a slot shows what was decided: its rules, highest priority first, each looked at when it is asked for. `None` when
    /// there is no such slot.
    pub fn explain_decided<'a>(
        &'a self,
        overlay: &'a Overlay<'a>,
        slot: &SlotId,
        person: &'a Person<'_>,
        decision: &'a Decision,
        now: Timestamp,
    ) -> Option<impl Iterator<Item = RuleExplained> + 'a> {
        let facts = self.facts(person, now);
        let allows = |p: &Profile| p.consent.allows(Purpose::Personalization, &self.policy.consent_default);
        let facts = Facts { profile: person.profile.filter(|profile| allows(profile)), ..facts };
        let winner = decision.reason.rule.clone();
        let mut is_won = false;
        let explained = move |rule: &'a Rule| {
            let row = decision.reason.row.filter(|_| winner.as_ref() == Some(&rule.id));
            let condition = explain_rule(rule, row, &facts);
            let is_off = overlay.is_held_out() || overlay.then(rule).is_none();
            let verdict = if is_off || !rule.active.contains(now) {
                Verdict::NotActive
            } else if facts.profile.is_none() && !rule.when.asks_only_the_page() {
                Verdict::NotAsked
            } else if !condition.holds {
                Verdict::DoesNotHold
            } else if winner.as_ref() == Some(&rule.id) {
                is_won = true;
                Verdict::Won
            } else if is_won {
                Verdict::Outranked
            } else {
                Verdict::Empty
            };
            let near_miss = if verdict == Verdict::DoesNotHold { near::one_step(&condition) } else { None };
            let (id, priority) = (rule.id.to_string(), Some(rule.priority));
            RuleExplained { id, priority, verdict, condition, near_miss }
        };
        Some(self.slot(slot)?.rules.iter().map(explained))
    }

    /// Whether a person is in each segment, and why.
    #[must_use]
    pub fn explain_segments(&self, person: &Person<'_>, now: Timestamp) -> Vec<RuleExplained> {
        let facts = self.facts(person, now);
        let segments = self.segments.iter().map(|segment| (segment.id.to_string(), &segment.when, true));
        segments.map(|(id, when, is_active)| explained(id, when, is_active, &facts)).collect()
    }

    /// What each rule that acts by itself finds of a person, and why.
    #[must_use]
    pub fn explain_acting(&self, person: &Person<'_>, now: Timestamp) -> Vec<RuleExplained> {
        let facts = self.facts(person, now);
        let rules = self.acting.iter().map(|r| (r.id.to_string(), &r.when, r.active.contains(now)));
        rules.map(|(id, when, is_active)| explained(id, when, is_active, &facts)).collect()
    }

    /// A rule's condition, to be asked by itself; `None` when no rule with a slot and no acting rule is called so.
    #[must_use]
    pub fn condition_of(&self, rule: &str) -> Option<RuleCondition<'_>> {
        let of_slots = self.slots.iter().flat_map(|slot| &slot.rules).find(|known| known.id.as_str() == rule);
        let of_acting =
            || self.acting.iter().find(|known| known.id.as_str() == rule).map(|known| &known.when);
        let when = of_slots.map(|known| &known.when).or_else(of_acting)?;
        let root = of_slots.and_then(|known| known.root).or_else(|| self.acting_root(rule))?;
        Some(RuleCondition { ruleset: self, when, root })
    }

    fn acting_root(&self, rule: &str) -> Option<Root> {
        self.acting.iter().find(|known| known.id.as_str() == rule)?.root
    }

    /// What is known of a person at one instant, each fact read once and only when a rule asks for it.
    #[must_use]
    pub fn read<'a>(&'a self, person: &'a Person<'a>, now: Timestamp) -> Reading<'a> {
        Reading::new(&self.compiled, self.facts(person, now))
    }
}

/// A rule's condition.
#[derive(Clone, Copy)]
pub struct RuleCondition<'r> {
    ruleset: &'r Ruleset,
    when: &'r Condition,
    root: Root,
}

impl RuleCondition<'_> {
    /// Whether it holds of what was read of a person by the same ruleset.
    #[must_use]
    #[inline]
    pub fn holds_of(&self, reading: &Reading<'_>) -> bool {
        reading.holds(self.root)
    }

    /// Whether it holds of a person.
    #[must_use]
    pub fn holds(&self, person: &Person<'_>, now: Timestamp) -> bool {
        self.when.evaluate(&self.ruleset.facts(person, now)).is_some()
    }
}

/// A rule's condition; of a table the row that decides, or that none holds.
fn explain_rule(rule: &Rule, row: Option<usize>, facts: &Facts<'_>) -> Explained {
    let own = rule.when.explain(facts);
    let Action::Table(table) = &rule.then else { return own };
    if !own.holds {
        return own;
    }
    let number = row.or_else(|| table.held(facts).next().map(|row| row.number));
    match number.and_then(|number| Some((number, table.rows.get(number.checked_sub(1)?)?))) {
        Some((number, row)) => {
            let explained = row.when.explain(facts);
            Explained { condition: format!("row {number}: {}", explained.condition), ..explained }
        }
        None => {
            let condition = format!("one of {} rows", table.rows.len());
            Explained { condition, holds: false, read: None, step: None, parts: Vec::new() }
        }
    }
}

fn explained(id: String, when: &Condition, is_active: bool, facts: &Facts<'_>) -> RuleExplained {
    let condition = when.explain(facts);
    let verdict = match (is_active, condition.holds) {
        (false, _) => Verdict::NotActive,
        (true, true) => Verdict::Holds,
        (true, false) => Verdict::DoesNotHold,
    };
    let near_miss = if verdict == Verdict::DoesNotHold { near::one_step(&condition) } else { None };
    RuleExplained { id, priority: None, verdict, condition, near_miss }
}

impl Condition {
    /// The condition with what was read for it.
    pub(crate) fn explain(&self, facts: &Facts<'_>) -> Explained {
        let holds = self.evaluate(facts).is_some();
        let parts = match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(|part| part.explain(facts)).collect(),
            Self::Not(part) => vec![part.explain(facts)],
            Self::Segment(index) => {
                let segment = facts.ruleset.segments.get(*index);
                segment.map(|segment| segment.when.explain(facts)).into_iter().collect()
            }
            _ => Vec::new(),
        };
        let read = parts.is_empty().then(|| self.read(facts).unwrap_or_else(|| MISSING.to_owned()));
        let step = if holds { None } else { near::step(self, facts) };
        Explained { condition: wording::condition(self, facts), holds, read, step, parts }
    }

    /// What is known of what a single condition asks for.
    fn read(&self, facts: &Facts<'_>) -> Option<String> {
        let ago = |at: Timestamp| format!("{} ago", wording::duration(facts.now.since(at).as_ms() as f64));
        let profile = || facts.profile;
        Some(match self {
            Self::Event { last, .. } => ago(last.at(profile()?)?),
            Self::Aggregate { aggregate, .. } => {
                let kind = wording::kind_of(aggregate);
                aggregate.ask(facts, |value| value.map(|v| wording::value(v, kind, facts.currency)))?
            }
            Self::Absent { of, since, .. } => {
                let began = began(since, profile()?)?;
                let of = of.at(profile()?).map_or_else(|| "never".to_owned(), ago);
                format!("{of}; the clock started {}", ago(began))
            }
            Self::Viewed { product, .. } => ago(profile()?.viewed.of(product.resolve(facts)?.as_str())?.at),
            Self::Dwell { product, within, .. } => {
                let longest = near::longest_dwell(facts, product.as_ref(), *within)?;
                wording::duration(longest.as_ms() as f64)
            }
            Self::LoggedIn(_) => facts.is_known.to_string(),
            Self::Fact { fact, .. } => {
                fact.ask(facts, |value| value.map(|v| wording::value(v, fact.kind(), facts.currency)))?
            }
            Self::Cart { .. } => {
                let cart = &profile()?.cart;
                let value = cart.value().map_or_else(|| MISSING.to_owned(), |value| value.to_string());
                format!("{} units, {value}", cart.unit_count())
            }
            Self::Consent(purpose) => {
                profile()?.consent.allows(*purpose, &facts.policy.consent_default).to_string()
            }
            Self::Time(_) => near::local_time(facts)?,
            Self::Page { .. } => {
                let kind = facts.page.kind.map_or(MISSING, |kind| kind.code());
                let product = facts.page.product.as_ref().map_or(MISSING, |product| product.as_str());
                let category = facts.page_category.map_or(MISSING, |category| category.as_str());
                format!("type {kind}, product {product}, category {category}")
            }
            Self::All(_) | Self::Any(_) | Self::Not(_) | Self::Segment(_) => return None,
        })
    }
}

impl fmt::Display for Explained {
    /// One line a part, indented: `yes` or `no`, the condition, what was read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

impl Explained {
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let word = if self.holds { "yes" } else { "no " };
        write!(f, "{:indent$}{word}  {}", "", self.condition, indent = depth * 2)?;
        if let Some(read) = &self.read {
            write!(f, "  [{read}]")?;
        }
        for part in &self.parts {
            writeln!(f)?;
            part.write(f, depth + 1)?;
        }
        Ok(())
    }
}
