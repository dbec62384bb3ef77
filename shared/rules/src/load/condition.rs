//! Conditions, from the text to their typed form: which it is, and how they nest. Single kinds are read in
//! [`super::event`], [`super::fact`] and [`super::person`].

use super::Loader;
use super::fields::{Fields, listed};
use super::test::OPERATORS;
use crate::aggregate::What;
use crate::check::contradiction::contradiction;
use crate::condition::Condition;
use crate::tree::{Node, Value};

/// How deeply `all`, `any` and `not` may nest.
const NESTING_MAX: usize = 8;
/// What a condition may be.
pub(crate) const CONDITIONS: [&str; 16] = [
    "all",
    "any",
    "not",
    "event",
    "absent",
    "viewed",
    "dwell",
    "fact",
    "segment",
    "logged_in",
    "affinity",
    "cart",
    "consent",
    "trait",
    "page",
    "time",
];

/// Where a condition is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// When a page asks.
    Page,
    /// When an e-mail is about to be sent.
    Mail,
    /// When an e-mail is written: how much its discount is.
    Discount,
    /// When an event arrives, or a timer is due.
    Stream,
}

/// Where a condition stands.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    /// "rule `x`".
    pub(super) who: &'a str,
    pub(super) place: Place,
}

impl Scope<'_> {
    /// Why there is no page, in the words of a message; `None` where there is one.
    pub(super) fn without_page(&self) -> Option<String> {
        match self.place {
            Place::Page => None,
            Place::Mail => Some(format!("{} sends an e-mail, where there is no page", self.who)),
            Place::Discount => {
                Some(format!("{} is read as an e-mail is written, where there is no page", self.who))
            }
            Place::Stream => {
                Some(format!("{} is looked at as events arrive, where there is no page", self.who))
            }
        }
    }
}

impl Loader {
    pub(super) fn condition(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Condition> {
        self.nested(node, scope, NESTING_MAX)
    }

    fn nested(&mut self, node: &Node, scope: &Scope<'_>, depth: usize) -> Option<Condition> {
        if depth == 0 {
            let message =
                format!("the conditions of {} nest deeper than {NESTING_MAX}: write them flatter", scope.who);
            self.problem(node.place, message);
            return None;
        }
        let (what, before) = (format!("a condition of {}", scope.who), self.problems.len());
        if matches!(node.value, Value::List(_)) {
            let message =
                format!("{what} is a list: write `all:` or `any:` before it: all of it must hold, or one");
            self.problem(node.place, message);
            return None;
        }
        let beside = What::ALL.map(What::word);
        let allowed: Vec<&str> =
            CONDITIONS.into_iter().chain(["within", "where"]).chain(beside).chain(OPERATORS).collect();
        let fields = Fields::open_of(self, node, &what, &allowed, &CONDITIONS)?;
        let names: Vec<&str> = fields.names().filter(|name| CONDITIONS.contains(name)).collect();
        let [name] = names[..] else {
            let message = if names.is_empty() {
                format!("{what} is empty; it is one of {}", listed(CONDITIONS))
            } else {
                format!(
                    "{what} has {} at once: put each into a condition of its own, under `all` or `any`",
                    listed(names)
                )
            };
            if !fields.has_unknown {
                self.problem(node.place, message);
            }
            return None;
        };
        let is_sound = self.beside(&fields, name);
        let value = fields.require(self, name)?;
        let condition = match name {
            "all" => self.several(value, name, scope, depth).map(Condition::All),
            "any" => self.several(value, name, scope, depth).map(Condition::Any),
            "not" => self.nested(value, scope, depth - 1).map(|inner| Condition::Not(Box::new(inner))),
            "event" => self.event(&fields, value, scope),
            "fact" => self.fact(&fields, value, scope),
            "absent" => self.absent(value, scope),
            _ => self.of_person(name, value, scope),
        };
        let condition = condition.filter(|_| is_sound)?;
        let why = self.currency.and_then(|currency| contradiction(&condition, currency));
        // A mail's absence is counted from the cart's last change, and not as it is written.
        let is_as_written = scope.place != Place::Mail && self.problems.len() == before;
        if let Some(why) = why.filter(|_| is_as_written) {
            self.problem(node.place, format!("a condition of {} can never hold: {why}", scope.who));
        }
        Some(condition)
    }

    /// What stands beside the name of a condition belongs there.
    fn beside(&mut self, fields: &Fields<'_>, name: &str) -> bool {
        let mut is_sound = true;
        for other in fields.names().filter(|other| *other != name) {
            let is_of_events =
                ["within", "where"].contains(&other) || What::ALL.iter().any(|w| w.word() == other);
            let message = match name {
                "event" if is_of_events => continue,
                "fact" if OPERATORS.contains(&other) => continue,
                "event" => format!(
                    "`{other}` compares a value, and `event` is one that happened: write `count: {{{other}: 3}}`"
                ),
                "viewed" | "dwell" | "absent" if other == "within" => {
                    format!("`within` belongs into the braces: `{name}: {{..., within: 5m}}`")
                }
                "trait" | "affinity" | "cart" | "time" if OPERATORS.contains(&other) => {
                    format!("`{other}` belongs into the braces: `{name}: {{..., {other}: ...}}`")
                }
                _ if other == "within" => {
                    format!("`within` goes with `event`, `viewed` and `dwell`, not with `{name}`")
                }
                _ if is_of_events => format!("`{other}` goes with `event`, not with `{name}`"),
                _ => format!("`{other}` goes with `fact`, not with `{name}`"),
            };
            let place = fields.key(other).unwrap_or(fields.place);
            self.problem(place, message);
            is_sound = false;
        }
        is_sound
    }

    fn several(
        &mut self,
        node: &Node,
        name: &str,
        scope: &Scope<'_>,
        depth: usize,
    ) -> Option<Vec<Condition>> {
        if matches!(&node.value, Value::List(items) if items.is_empty()) {
            self.problem(node.place, format!("`{name}` of {} is an empty list: add a condition", scope.who));
            return None;
        }
        let before = self.problems.len();
        let conditions = self.each(Some(node), name, |loader, item| loader.nested(item, scope, depth - 1));
        // One that could not be read must not be dropped from what must hold.
        (self.problems.len() == before).then_some(conditions)
    }
}
