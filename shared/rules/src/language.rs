//! The words of the rule language, as the loader knows them. The JSON Schema's lists of facts, operators and events are
//! written from here by `tests/schema`, so that an editor completes what the loader accepts and nothing else.

use crate::aggregate::What;
use crate::fact::NAMED;
use crate::load::{CONDITIONS, EVENTS, OPERATORS, operators_of};
use crate::property::Property;
use crate::value::Kind;

/// A fact that conditions can ask about.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// As rules write it: `cart.value`.
    pub name: &'static str,
    /// One of [`kinds`], by its code.
    pub kind: &'static str,
    /// What it says, in one line.
    pub meaning: &'static str,
}

/// What kind of value a fact or a property has.
#[derive(Clone, Copy, Debug)]
pub struct ValueKind {
    /// Its code: `number`, `money`, `duration`, `instant`, `text`, `flag`, `list` or `any`.
    pub code: &'static str,
    /// As messages call it: "an amount".
    pub word: &'static str,
    /// The operators that compare it.
    pub operators: &'static [&'static str],
}

const KINDS: [Kind; 8] =
    [Kind::Number, Kind::Money, Kind::Duration, Kind::Instant, Kind::Text, Kind::Flag, Kind::List, Kind::Any];

const fn code(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "number",
        Kind::Money => "money",
        Kind::Duration => "duration",
        Kind::Instant => "instant",
        Kind::Text => "text",
        Kind::Flag => "flag",
        Kind::List => "list",
        Kind::Any => "any",
    }
}

/// The facts that have names of their own. Besides, there are `trait.NAME`, `computed.ID` and
/// `affinity.category.NAME` (also `brand` and `product`).
pub fn facts() -> impl Iterator<Item = Fact> {
    NAMED.iter().map(|(_, name, kind, meaning)| Fact { name, kind: code(*kind), meaning })
}

/// Every kind of value.
pub fn kinds() -> impl Iterator<Item = ValueKind> {
    KINDS.into_iter().map(|kind| ValueKind {
        code: code(kind),
        word: kind.word(),
        operators: operators_of(kind),
    })
}

/// Every operator.
#[must_use]
pub const fn operators() -> &'static [&'static str] {
    &OPERATORS
}

/// The words with which a condition begins.
#[must_use]
pub const fn conditions() -> &'static [&'static str] {
    &CONDITIONS
}

/// What can be asked about events, besides whether they happened.
pub fn questions() -> impl Iterator<Item = &'static str> {
    What::ALL.into_iter().map(What::word)
}

/// The events that Beckon knows; a shop's own may have any name.
#[must_use]
pub const fn events() -> &'static [&'static str] {
    &EVENTS
}

/// The properties of events that Beckon knows, and their kind by its code; others may have any name.
pub fn properties() -> impl Iterator<Item = (&'static str, &'static str)> {
    Property::names().map(|name| (name, code(Property::named(name).kind())))
}
