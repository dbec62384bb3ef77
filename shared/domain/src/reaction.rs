//! What rules make of events: the seam between this crate, which keeps the state, and `beckon-rules`, which knows the
//! rules. After each event that counts, the rules look at the profile: they remember what they need, find that the person
//! entered or left a segment, and act. What must be told to others is an outbox inside the state: written with it, put
//! after the write, put again when the batch is delivered again, forgotten by the next write.

use crate::engagement::Shown;
use crate::event::Event;
use crate::id::{EffectId, EventId, SourceId};
use crate::key::ProfileKey;
use crate::policy::{OUTBOX_COUNT_MAX, Policy};
use crate::profile::Profile;
use crate::time::Timestamp;
use crate::watched::Watched;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Rules that look at a profile after each event.
pub trait Reaction: Send + Sync {
    /// An event was applied to the profile. Also called for the events that Beckon itself puts.
    fn react(&self, profile: &mut Profile, key: &ProfileKey, event: &Event, policy: &Policy);

    /// Whether a decision can be one of these rules: of a slot and a rule that they have. Anybody can send an event about
    /// any slot; what cannot have been shown is not counted.
    fn can_have_shown(&self, shown: &Shown) -> bool;
}

/// No rules: nothing is watched, nobody is in a segment.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRules;

impl Reaction for NoRules {
    fn react(&self, _: &mut Profile, _: &ProfileKey, _: &Event, _: &Policy) {}

    fn can_have_shown(&self, _: &Shown) -> bool {
        false
    }
}

/// Something holds of a person since some time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Holding {
    /// The segment or rule.
    pub name: SmolStr,
    /// Since when (event time).
    pub since: Timestamp,
}

/// What happened to a person by the rules.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Happened {
    /// The person is in this segment now.
    SegmentEntered(SmolStr),
    /// The person is in this segment no more.
    SegmentExited(SmolStr),
    /// This rule matched, and what it publishes under this name.
    RuleMatched {
        /// The rule.
        rule: SmolStr,
        /// The name it publishes.
        publish: SmolStr,
    },
}

/// Something to be told to others, once the state is written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Effect {
    /// Recognises a repetition.
    pub id: EffectId,
    /// When it happened (event time).
    pub at: Timestamp,
    /// The version of the ruleset that says so.
    pub ruleset: SmolStr,
    /// What happened.
    pub happened: Happened,
}

/// What rules keep in a profile.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct RuleState {
    /// What the ruleset asks to be remembered.
    pub watched: Watched,
    /// Segments that the person is in, by name.
    pub segments: Vec<Holding>,
    /// Acting rules whose condition holds, by name.
    pub rules: Vec<Holding>,
    /// Which ruleset looked last: another one looks at everything. 0 before the first.
    pub looked_by: u32,
    /// Until when the rules have looked (event time; never goes back).
    pub evaluated_at: Timestamp,
    /// When time alone may change what holds: the timer that lets the rules look again.
    pub next_at: Option<Timestamp>,
    /// What others must be told of.
    pub outbox: Vec<Effect>,
}

impl RuleState {
    /// Whether the person is in a segment, as the rules found when they looked last.
    #[must_use]
    pub fn is_in(&self, segment: &str) -> bool {
        holds(&self.segments, segment)
    }

    /// Puts something into the outbox. Beyond [`OUTBOX_COUNT_MAX`] the oldest is dropped: it is a bound against rulesets
    /// gone wild in one batch, not something that a working shop reaches.
    pub fn tell(&mut self, effect: Effect) {
        self.outbox.push(effect);
        let excess = self.outbox.len().saturating_sub(OUTBOX_COUNT_MAX);
        self.outbox.drain(..excess);
    }

    /// What of it belongs to the person and not to the row: what others still must be told is told by the row itself.
    #[must_use]
    pub fn portable(&self) -> Self {
        Self { watched: self.watched.clone(), ..Self::default() }
    }
}

/// Whether something holds.
#[must_use]
pub fn holds(all: &[Holding], name: &str) -> bool {
    all.binary_search_by(|holding| holding.name.as_str().cmp(name)).is_ok()
}

/// Notes that something holds from `since` on, or holds no more. Returns whether that is news.
pub fn note(all: &mut Vec<Holding>, name: &str, is_so: bool, since: Timestamp) -> bool {
    match (all.binary_search_by(|holding| holding.name.as_str().cmp(name)), is_so) {
        (Err(index), true) => all.insert(index, Holding { name: SmolStr::new(name), since }),
        (Ok(index), false) => drop(all.remove(index)),
        _ => return false,
    }
    true
}

impl EffectId {
    /// The id of what an event made happen to a person: the same whenever the event is folded again.
    #[must_use]
    pub fn of(key: &ProfileKey, source: &SourceId, event: &EventId, happened: &Happened) -> Self {
        let (what, name) = match happened {
            Happened::SegmentEntered(name) => ("entered", name),
            Happened::SegmentExited(name) => ("exited", name),
            Happened::RuleMatched { rule, .. } => ("matched", rule),
        };
        Self::derive(key.as_str(), source, event, &format!("{what}:{name}"))
    }
}
