//! Comparisons, from the text to their typed form: operators and what they compare with, by the kind of value.

use super::Loader;
use super::fields::{Fields, listed, quoted};
use super::scalar::{NAME_CHARS_MAX, TEXT_CHARS_MAX};
use crate::tree::{Node, Value};
use crate::value::{Kind, Operand, Pattern, Test};
use beckon_domain::{SmolStr, Timestamp};
use regex_lite::RegexBuilder;

/// Every operator.
pub(crate) const OPERATORS: [&str; 21] = [
    "eq",
    "ne",
    "gt",
    "gte",
    "lt",
    "lte",
    "between",
    "in",
    "not_in",
    "contains",
    "not_contains",
    "starts_with",
    "ends_with",
    "matches",
    "exists",
    "missing",
    "has_any",
    "has_all",
    "has_none",
    "before",
    "after",
];
/// The longest regular expression, in characters.
const PATTERN_CHARS_MAX: usize = 200;
/// The most memory that a compiled regular expression takes, in bytes.
const PATTERN_BYTES_MAX: usize = 64 * 1024;
/// The most values that `in` and its like compare with.
pub(super) const VALUE_COUNT_MAX: usize = 200;

/// The operators that go with a kind of value.
pub(crate) fn operators_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Number | Kind::Money | Kind::Duration => {
            &["eq", "ne", "gt", "gte", "lt", "lte", "between", "in", "not_in", "exists", "missing"]
        }
        Kind::Instant => &["before", "after", "exists", "missing"],
        Kind::Text => &[
            "eq",
            "ne",
            "in",
            "not_in",
            "contains",
            "not_contains",
            "starts_with",
            "ends_with",
            "matches",
            "exists",
            "missing",
        ],
        Kind::Flag => &["eq", "ne", "exists", "missing"],
        Kind::List => &["contains", "not_contains", "has_any", "has_all", "has_none", "exists", "missing"],
        Kind::Any => &[
            "eq",
            "ne",
            "gt",
            "gte",
            "lt",
            "lte",
            "between",
            "in",
            "not_in",
            "contains",
            "not_contains",
            "starts_with",
            "ends_with",
            "matches",
            "exists",
            "missing",
        ],
    }
}

impl Loader {
    /// The comparisons among the fields of a mapping; all of them must hold. `what` is compared: "`cart.value`".
    pub(super) fn tests(&mut self, fields: &Fields<'_>, what: &str, kind: Kind) -> Option<Vec<Test>> {
        let names: Vec<&str> = fields.names().filter(|name| OPERATORS.contains(name)).collect();
        if names.is_empty() {
            if !fields.has_unknown {
                let message = format!(
                    "{what} is {}: say how it is compared, by {}",
                    kind.word(),
                    listed(operators_of(kind).iter().copied())
                );
                self.problem(fields.place, message);
            }
            return None;
        }
        let before = self.problems.len();
        let mut tests = Vec::new();
        for name in names {
            let place = fields.key(name).unwrap_or(fields.place);
            if !operators_of(kind).contains(&name) {
                let message = format!(
                    "{what} is {}, which `{name}` does not compare; it is compared by {}",
                    kind.word(),
                    listed(operators_of(kind).iter().copied())
                );
                self.problem(place, message);
                continue;
            }
            let Some(node) = fields.require(self, name) else { continue };
            tests.extend(self.test(name, node, what, kind));
        }
        self.is_possible(fields, &tests, what);
        (self.problems.len() == before).then_some(tests)
    }

    /// One comparison, or the short form of one: `category: shoes`, `category: [shoes, hats]`.
    pub(super) fn short_tests(&mut self, node: &Node, name: &str, kind: Kind) -> Option<Vec<Test>> {
        let what = quoted(name);
        match &node.value {
            Value::Map(_) => {
                let fields = Fields::open(self, node, &what, &OPERATORS)?;
                self.tests(&fields, &what, kind)
            }
            Value::List(_) => self.test("in", node, &what, kind).map(|test| vec![test]),
            _ => self.operand(node, name, kind).map(|operand| vec![Test::Eq(operand)]),
        }
    }

    fn test(&mut self, name: &str, node: &Node, what: &str, kind: Kind) -> Option<Test> {
        let number = |loader: &mut Self| loader.number(node, name, kind);
        Some(match name {
            "eq" => Test::Eq(self.operand(node, name, kind)?),
            "ne" => Test::Ne(self.operand(node, name, kind)?),
            "gt" => Test::Gt(number(self)?),
            "gte" => Test::Gte(number(self)?),
            "lt" => Test::Lt(number(self)?),
            "lte" => Test::Lte(number(self)?),
            "before" => Test::Before(self.instant(node, name)?.as_ms() as f64),
            "after" => Test::After(self.instant(node, name)?.as_ms() as f64),
            "between" => self.between(node, what, kind)?,
            "in" => Test::In(self.operands(node, name, kind)?),
            "not_in" => Test::NotIn(self.operands(node, name, kind)?),
            "has_any" => Test::HasAny(self.texts(node, name)?),
            "has_all" => Test::HasAll(self.texts(node, name)?),
            "has_none" => Test::HasNone(self.texts(node, name)?),
            "exists" => Test::Exists(self.boolean(node, name)?),
            "missing" => Test::Exists(!self.boolean(node, name)?),
            "matches" => Test::Matches(self.pattern(node)?),
            name => {
                let text = SmolStr::new(self.text(node, name, TEXT_CHARS_MAX)?);
                match name {
                    "contains" => Test::Contains(text),
                    "not_contains" => Test::NotContains(text),
                    "starts_with" => Test::StartsWith(text),
                    _ => Test::EndsWith(text),
                }
            }
        })
    }

    /// A number to compare with, in the unit of its kind.
    pub(super) fn number(&mut self, node: &Node, name: &str, kind: Kind) -> Option<f64> {
        match kind {
            Kind::Money => {
                let money = self.money(node, name)?;
                crate::property::major(money, money.currency)
            }
            Kind::Duration => self.duration(node, name).map(|length| length.as_ms() as f64),
            _ => {
                let number = match node.value {
                    Value::Integer { value, .. } => Some(value as f64),
                    Value::Number(value) if value.is_finite() => Some(value),
                    _ => None,
                };
                if number.is_none() {
                    self.problem(
                        node.place,
                        format!("`{name}` must be a number, and this is {}", node.kind()),
                    );
                }
                number
            }
        }
    }

    fn operand(&mut self, node: &Node, name: &str, kind: Kind) -> Option<Operand> {
        match (kind, &node.value) {
            (Kind::Flag, _) | (Kind::Any, Value::Bool(_)) => self.boolean(node, name).map(Operand::Flag),
            (Kind::Number | Kind::Money | Kind::Duration, _)
            | (Kind::Any, Value::Integer { .. } | Value::Number(_)) => {
                self.number(node, name, kind).map(Operand::Number)
            }
            _ => self.text(node, name, TEXT_CHARS_MAX).map(|text| Operand::Text(text.into())),
        }
    }

    fn operands(&mut self, node: &Node, name: &str, kind: Kind) -> Option<Vec<Operand>> {
        self.values(node, name, |loader, item| loader.operand(item, name, kind))
    }

    fn texts(&mut self, node: &Node, name: &str) -> Option<Vec<SmolStr>> {
        self.values(node, name, |loader, item| loader.text(item, name, NAME_CHARS_MAX).map(SmolStr::from))
    }

    fn values<T>(
        &mut self,
        node: &Node,
        name: &str,
        mut read: impl FnMut(&mut Self, &Node) -> Option<T>,
    ) -> Option<Vec<T>> {
        let count = if let Value::List(items) = &node.value { items.len() } else { 1 };
        if count == 0 || count > VALUE_COUNT_MAX {
            let message = format!("`{name}` must have 1 to {VALUE_COUNT_MAX} values, and this has {count}");
            self.problem(node.place, message);
            return None;
        }
        let before = self.problems.len();
        let values = self.each(Some(node), name, |loader, item| read(loader, item));
        (self.problems.len() == before).then_some(values)
    }

    fn between(&mut self, node: &Node, what: &str, kind: Kind) -> Option<Test> {
        let Value::List(ends) = &node.value else {
            let message = format!("`between` of {what} must be a list of two, the least and the most");
            self.problem(node.place, message);
            return None;
        };
        let [least, most] = ends.as_slice() else {
            let message = format!("`between` of {what} must have two values, and this has {}", ends.len());
            self.problem(node.place, message);
            return None;
        };
        let (least, most) = (self.number(least, "between", kind), self.number(most, "between", kind));
        Some(Test::Between(least?, most?))
    }

    /// An instant: with an offset, or in the ruleset's time zone.
    pub(super) fn instant(&mut self, node: &Node, name: &str) -> Option<Timestamp> {
        let text = if let Value::Text(text) = &node.value { text.trim() } else { "" };
        let local = || {
            let local = text.parse::<jiff::civil::DateTime>().ok()?;
            self.timezone.to_timestamp(local).ok()
        };
        let instant = text.parse::<jiff::Timestamp>().ok().or_else(local);
        if instant.is_none() {
            let message = format!(
                "`{name}` must be a date such as 2026-11-20, 2026-11-20T18:00 or 2026-11-20T18:00+01:00; \
                 without an offset it is in the ruleset's `timezone`"
            );
            self.problem(node.place, message);
        }
        instant.map(|instant| Timestamp::from_ms(instant.as_millisecond()))
    }

    /// A regular expression: matched in time that grows with the text alone, whatever it is; its size is bounded.
    fn pattern(&mut self, node: &Node) -> Option<Pattern> {
        let text = self.text(node, "matches", PATTERN_CHARS_MAX)?;
        match RegexBuilder::new(&text).size_limit(PATTERN_BYTES_MAX).build() {
            Ok(regex) => Some(Pattern(regex)),
            Err(error) => {
                let reason: String = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
                let message = format!(
                    "`matches` is not a regular expression that can be used: {reason} \
                     (at most {PATTERN_CHARS_MAX} characters and {PATTERN_BYTES_MAX} bytes when compiled)"
                );
                self.problem(node.place, message);
                None
            }
        }
    }

    /// Comparisons that contradict each other would never hold, whatever the value.
    fn is_possible(&mut self, fields: &Fields<'_>, tests: &[Test], what: &str) {
        let (mut least, mut most) = (f64::NEG_INFINITY, f64::INFINITY);
        let mut is_open = false;
        for test in tests {
            match test {
                Test::Gt(bound) | Test::After(bound) => (least, is_open) = (least.max(*bound), true),
                Test::Gte(bound) => least = least.max(*bound),
                Test::Lt(bound) | Test::Before(bound) => (most, is_open) = (most.min(*bound), true),
                Test::Lte(bound) => most = most.min(*bound),
                Test::Between(from, to) => (least, most) = (least.max(*from), most.min(*to)),
                Test::Eq(Operand::Number(number)) => (least, most) = (least.max(*number), most.min(*number)),
                _ => {}
            }
        }
        if least > most || (is_open && least >= most) {
            let message = format!("{what} is compared so that nothing can hold: the least is above the most");
            self.problem(fields.place, message);
        }
    }
}
