//! Values that conditions compare, and the comparisons. A comparison of what is not known is false, whatever it is: only
//! `exists: false` and an outer `not` hold of it.

use beckon_domain::SmolStr;
use regex_lite::Regex;
use std::fmt;

/// What kind of value a fact or a property has: what may be compared with it, and how it is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    /// A plain number.
    Number,
    /// An amount in the ruleset's currency, in major units.
    Money,
    /// A length of time, in milliseconds.
    Duration,
    /// An instant, in milliseconds since 1970.
    Instant,
    /// A text.
    Text,
    /// Yes or no.
    Flag,
    /// Several texts.
    List,
    /// Any of a number, a text, or yes and no, as somebody told it.
    Any,
}

impl Kind {
    /// The word for it in messages and in the reference.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Money => "an amount",
            Self::Duration => "a length of time",
            Self::Instant => "a date",
            Self::Text => "a text",
            Self::Flag => "true or false",
            Self::List => "a list",
            Self::Any => "a number, a text, or true or false",
        }
    }
}

/// A value that was read.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Number(f64),
    Text(&'a str),
    Flag(bool),
    List(&'a dyn Texts),
}

/// Several texts, wherever they are kept.
pub(crate) trait Texts {
    /// Whether `found` holds of one of them.
    fn any(&self, found: &mut dyn FnMut(&str) -> bool) -> bool;
}

impl Value<'_> {
    /// The same text, or one of the list's.
    fn has(&self, text: &str) -> bool {
        match self {
            Self::Text(own) => *own == text,
            Self::List(list) => list.any(&mut |own| own == text),
            _ => false,
        }
    }
}

/// A value to compare with.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Operand {
    Number(f64),
    Text(SmolStr),
    Flag(bool),
}

impl Operand {
    fn equals(&self, value: Value<'_>) -> bool {
        match (self, value) {
            (Self::Number(own), Value::Number(other)) => *own == other,
            (Self::Text(own), Value::Text(other)) => own == other,
            (Self::Flag(own), Value::Flag(other)) => *own == other,
            _ => false,
        }
    }

    /// Whether the two can be compared at all: a text is neither equal to a number nor different from it.
    fn is_like(&self, value: Value<'_>) -> bool {
        matches!(
            (self, value),
            (Self::Number(_), Value::Number(_))
                | (Self::Text(_), Value::Text(_))
                | (Self::Flag(_), Value::Flag(_))
        )
    }
}

/// One comparison. Those that compare numbers do so with amounts, lengths of time and dates too.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Test {
    Eq(Operand),
    Ne(Operand),
    Gt(f64),
    Gte(f64),
    Lt(f64),
    Lte(f64),
    /// Both ends belong to it.
    Between(f64, f64),
    In(Vec<Operand>),
    NotIn(Vec<Operand>),
    /// A part of a text, or one of a list.
    Contains(SmolStr),
    NotContains(SmolStr),
    StartsWith(SmolStr),
    EndsWith(SmolStr),
    Matches(Pattern),
    Exists(bool),
    HasAny(Vec<SmolStr>),
    HasAll(Vec<SmolStr>),
    HasNone(Vec<SmolStr>),
    Before(f64),
    After(f64),
}

/// A regular expression that was compiled.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(pub(crate) Regex);

impl PartialEq for Pattern {
    /// Alike as they are written.
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Test {
    /// Whether it holds of a value; `None` is one that is not known.
    #[inline]
    pub(crate) fn holds(&self, value: Option<Value<'_>>) -> bool {
        let Some(value) = value else { return matches!(self, Self::Exists(false)) };
        match (self, value) {
            (Self::Gte(least), Value::Number(number)) => number >= *least,
            (Self::Gt(bound) | Self::After(bound), Value::Number(number)) => number > *bound,
            (Self::Lt(bound) | Self::Before(bound), Value::Number(number)) => number < *bound,
            (Self::Lte(most), Value::Number(number)) => number <= *most,
            (Self::Between(least, most), Value::Number(number)) => number >= *least && number <= *most,
            (Self::Eq(operand), value) => operand.equals(value),
            (Self::Ne(operand), value) => operand.is_like(value) && !operand.equals(value),
            (Self::In(operands), value) => operands.iter().any(|operand| operand.equals(value)),
            (Self::NotIn(operands), value) => !operands.iter().any(|operand| operand.equals(value)),
            (Self::Exists(expected), _) => *expected,
            (test, value) => test.holds_of_texts(value),
        }
    }

    fn holds_of_texts(&self, value: Value<'_>) -> bool {
        match (self, value) {
            (Self::Contains(part), Value::Text(text)) => text.contains(part.as_str()),
            (Self::NotContains(part), Value::Text(text)) => !text.contains(part.as_str()),
            (Self::Contains(text), value @ Value::List(_)) => value.has(text),
            (Self::NotContains(text), value @ Value::List(_)) => !value.has(text),
            (Self::StartsWith(start), Value::Text(text)) => text.starts_with(start.as_str()),
            (Self::EndsWith(end), Value::Text(text)) => text.ends_with(end.as_str()),
            (Self::Matches(pattern), Value::Text(text)) => pattern.0.is_match(text),
            (Self::HasAny(texts), value @ (Value::List(_) | Value::Text(_))) => {
                texts.iter().any(|text| value.has(text))
            }
            (Self::HasAll(texts), value @ (Value::List(_) | Value::Text(_))) => {
                texts.iter().all(|text| value.has(text))
            }
            (Self::HasNone(texts), value @ (Value::List(_) | Value::Text(_))) => {
                !texts.iter().any(|text| value.has(text))
            }
            _ => false,
        }
    }

    /// The number that a count is compared with: how many occurrences must be told apart to decide it.
    pub(crate) fn largest(&self) -> f64 {
        let of = |operand: &Operand| if let Operand::Number(number) = operand { *number } else { 0.0 };
        match self {
            Self::Gt(n) | Self::Gte(n) | Self::Lt(n) | Self::Lte(n) | Self::Between(_, n) => *n,
            Self::Eq(operand) | Self::Ne(operand) => of(operand),
            Self::In(operands) | Self::NotIn(operands) => operands.iter().map(of).fold(0.0, f64::max),
            _ => 0.0,
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

impl fmt::Display for Test {
    /// As a ruleset writes it, in one line, numbers without their unit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        match self {
            Self::Eq(operand) | Self::Ne(operand) => write!(f, "{name}: {operand}"),
            Self::Gt(n) | Self::Gte(n) | Self::Lt(n) | Self::Lte(n) | Self::Before(n) | Self::After(n) => {
                write!(f, "{name}: {n}")
            }
            Self::Between(least, most) => write!(f, "{name}: [{least}, {most}]"),
            Self::In(operands) | Self::NotIn(operands) => write!(f, "{name}: [{}]", joined(operands)),
            Self::Contains(text)
            | Self::NotContains(text)
            | Self::StartsWith(text)
            | Self::EndsWith(text) => write!(f, "{name}: {text:?}"),
            Self::Matches(pattern) => write!(f, "{name}: {:?}", pattern.0.as_str()),
            Self::Exists(expected) => write!(f, "{name}: {expected}"),
            Self::HasAny(texts) | Self::HasAll(texts) | Self::HasNone(texts) => {
                write!(f, "{name}: [{}]", joined(texts))
            }
        }
    }
}

impl Test {
    /// The operator's name in rulesets.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Eq(_) => "eq",
            Self::Ne(_) => "ne",
            Self::Gt(_) => "gt",
            Self::Gte(_) => "gte",
            Self::Lt(_) => "lt",
            Self::Lte(_) => "lte",
            Self::Between(..) => "between",
            Self::In(_) => "in",
            Self::NotIn(_) => "not_in",
            Self::Contains(_) => "contains",
            Self::NotContains(_) => "not_contains",
            Self::StartsWith(_) => "starts_with",
            Self::EndsWith(_) => "ends_with",
            Self::Matches(_) => "matches",
            Self::Exists(_) => "exists",
            Self::HasAny(_) => "has_any",
            Self::HasAll(_) => "has_all",
            Self::HasNone(_) => "has_none",
            Self::Before(_) => "before",
            Self::After(_) => "after",
        }
    }
}

fn joined<T: fmt::Display>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Words(Vec<&'static str>);

    impl Texts for Words {
        fn any(&self, found: &mut dyn FnMut(&str) -> bool) -> bool {
            self.0.iter().any(|word| found(word))
        }
    }

    fn text(text: &str) -> Operand {
        Operand::Text(text.into())
    }

    /// Every operator once, with a value of which it holds and one of which it does not.
    fn every_operator() -> Vec<(Test, Value<'static>, Value<'static>)> {
        let (shoes, hats) = (Value::Text("shoes"), Value::Text("hats"));
        let number = Value::Number;
        let all = |word: &str| vec![SmolStr::new(word), SmolStr::new("hats")];
        vec![
            (Test::Eq(text("shoes")), shoes, hats),
            (Test::Ne(text("shoes")), hats, shoes),
            (Test::Gt(3.0), number(3.5), number(3.0)),
            (Test::Gte(3.0), number(3.0), number(2.9)),
            (Test::Lt(3.0), number(2.9), number(3.0)),
            (Test::Lte(3.0), number(3.0), number(3.1)),
            (Test::Between(1.0, 2.0), number(2.0), number(2.1)),
            (Test::In(vec![text("shoes"), Operand::Number(1.0)]), shoes, hats),
            (Test::NotIn(vec![text("shoes")]), hats, shoes),
            (Test::Contains("oe".into()), shoes, hats),
            (Test::NotContains("oe".into()), hats, shoes),
            (Test::StartsWith("sh".into()), shoes, hats),
            (Test::EndsWith("es".into()), shoes, hats),
            (Test::Matches(Pattern(Regex::new("^s.*s$").unwrap())), shoes, hats),
            (Test::HasAny(all("socks")), hats, shoes),
            (Test::HasNone(all("socks")), shoes, hats),
            (Test::Before(5.0), number(4.0), number(5.0)),
            (Test::After(5.0), number(6.0), number(5.0)),
            (Test::Eq(Operand::Flag(true)), Value::Flag(true), Value::Flag(false)),
        ]
    }

    #[test]
    fn every_operator_holds_of_what_it_says_and_of_nothing_that_is_missing() {
        for (test, holds, does_not) in every_operator() {
            assert!(test.holds(Some(holds)), "{test}");
            assert!(!test.holds(Some(does_not)), "{test}");
            assert!(!test.holds(None), "{test} of what is not known");
        }
        assert!(Test::Exists(false).holds(None) && !Test::Exists(true).holds(None));
        assert!(Test::Exists(true).holds(Some(Value::Flag(false))));
    }

    #[test]
    fn a_value_of_another_kind_is_neither_equal_nor_different_nor_more_nor_less() {
        for test in [Test::Eq(text("3")), Test::Ne(text("3")), Test::Contains("3".into())] {
            assert!(!test.holds(Some(Value::Number(3.0))), "{test}");
        }
        assert!(!Test::Gte(3.0).holds(Some(Value::Text("4"))));
    }

    #[test]
    fn lists_are_asked_for_what_they_hold() {
        let words = Words(vec!["shoes", "hats"]);
        let list = Some(Value::List(&words));
        let both = vec![SmolStr::new("hats"), SmolStr::new("shoes")];
        let other = vec![SmolStr::new("hats"), SmolStr::new("socks")];
        assert!(Test::HasAll(both.clone()).holds(list) && !Test::HasAll(other.clone()).holds(list));
        assert!(Test::HasAny(other.clone()).holds(list) && !Test::HasNone(other).holds(list));
        assert!(Test::Contains("hats".into()).holds(list) && !Test::Contains("hat".into()).holds(list));
        assert!(Test::NotContains("hat".into()).holds(list));
    }
}
