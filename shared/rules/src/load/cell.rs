//! Cells of decision tables: a small language of its own, because a table is often written in a spreadsheet, where
//! everything is text.

use super::Loader;
use super::condition::Scope;
use super::fields::quoted;
use super::scalar::TEXT_CHARS_MAX;
use super::test::VALUE_COUNT_MAX;
use crate::condition::Condition;
use crate::error::Place;
use crate::fact::Fact;
use crate::tree::{Node, Value};
use crate::value::{Kind, Operand, Test};
use beckon_domain::SmolStr;

/// What a column asks about.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Column {
    /// Which segments the person is in.
    Segment,
    Fact(Fact),
}

impl Column {
    /// Its name in rulesets.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Segment => "segment".to_owned(),
            Self::Fact(fact) => fact.text(),
        }
    }

    /// What may stand in its cells, for messages.
    fn examples(&self) -> &'static str {
        let Self::Fact(fact) = self else { return "`vip`, `vip | new`, `!vip` or `*`" };
        match fact.kind() {
            Kind::Number => "`3`, `>= 3`, `1..5`, `1 | 2`, `!3`, `missing`, `known` or `*`",
            Kind::Money => "`49.00`, `>= 49 EUR`, `20..50`, `!49`, `missing`, `known` or `*`",
            Kind::Duration => "`> 10m`, `<= 2h`, `1d..7d`, `missing`, `known` or `*`",
            Kind::Instant => "`> 2026-11-20`, `2026-11-01..2026-12-01`, `missing`, `known` or `*`",
            Kind::Text => "`shoes`, `shoes | hats`, `!shoes`, `!(shoes | hats)`, `missing`, `known` or `*`",
            Kind::Flag => "`true`, `false`, `missing`, `known` or `*`",
            Kind::List => "`mug`, `mug | tarp` (one of them is in it), `!mug`, `!(mug | tarp)` or `*`",
            Kind::Any => "`gold`, `>= 3`, `1..5`, `gold | 3`, `!gold`, `true`, `missing`, `known` or `*`",
        }
    }
}

/// One alternative of a cell.
enum Part {
    Value(Operand),
    Tests(Vec<Test>),
}

const COMPARATORS: [&str; 6] = [">=", "<=", "!=", ">", "<", "="];

impl Loader {
    /// The condition of a cell; the inner `None` is a cell that takes anything.
    pub(super) fn cell(
        &mut self,
        node: &Node,
        column: &Column,
        scope: &Scope<'_>,
    ) -> Option<Option<Condition>> {
        let before = self.problems.len();
        let text = self.cell_text(node, column)?;
        if text.is_empty() || text == "*" {
            return Some(None);
        }
        let condition = match column {
            Column::Segment => self.segment_cell(&text, node.place, scope),
            Column::Fact(fact) => self.fact_cell(&text, node.place, fact),
        };
        for problem in self.problems.iter_mut().skip(before) {
            problem.message.push_str(&format!("; a cell of `{}` is {}", column.name(), column.examples()));
        }
        condition.filter(|_| self.problems.len() == before).map(Some)
    }

    /// The text of a cell, however YAML reads it.
    fn cell_text(&mut self, node: &Node, column: &Column) -> Option<String> {
        let is_number =
            matches!(column, Column::Fact(fact) if !matches!(fact.kind(), Kind::Text | Kind::List));
        Some(match &node.value {
            Value::Null => String::new(),
            Value::Text(text) => text.trim().to_owned(),
            Value::Bool(flag) => flag.to_string(),
            Value::Integer { value, plain } if *plain || is_number => value.to_string(),
            Value::Number(number) if is_number => number.to_string(),
            _ => return self.text(node, &column.name(), TEXT_CHARS_MAX),
        })
    }

    fn segment_cell(&mut self, text: &str, place: Place, scope: &Scope<'_>) -> Option<Condition> {
        let (is_not, parts) = self.parts(text, place)?;
        let names = parts.into_iter().map(|part| Node { place, value: Value::Text(part.to_owned()) });
        let indexes: Option<Vec<usize>> = names.map(|name| self.segment_index(&name, scope)).collect();
        let mut all: Vec<Condition> = indexes?.into_iter().map(Condition::Segment).collect();
        let any = if all.len() == 1 { all.pop()? } else { Condition::Any(all) };
        Some(if is_not { Condition::Not(Box::new(any)) } else { any })
    }

    fn fact_cell(&mut self, text: &str, place: Place, fact: &Fact) -> Option<Condition> {
        let (is_not, parts) = self.parts(text, place)?;
        let kind = fact.kind();
        let (mut values, mut others) = (Vec::new(), Vec::new());
        for part in parts {
            match self.part(part, place, fact)? {
                Part::Value(value) => values.push(value),
                Part::Tests(tests) => others.push(tests),
            }
        }
        let alternatives: Vec<Vec<Test>> = match (is_not, values.is_empty(), others.as_slice()) {
            (false, ..) => {
                let of_values = (!values.is_empty()).then(|| vec![one_of(values, kind)]);
                of_values.into_iter().chain(others).collect()
            }
            (true, true, [tests]) if matches!(tests.as_slice(), [Test::Exists(_)]) => {
                vec![vec![Test::Exists(matches!(tests.as_slice(), [Test::Exists(false)]))]]
            }
            (true, false, []) => vec![vec![none_of(values, kind)]],
            (true, ..) => {
                self.problem(place, format!("{} says `!` of a comparison: write the opposite", quoted(text)));
                return None;
            }
        };
        alternatives.iter().for_each(|tests| self.is_a_word_of(place, fact, tests));
        let mut all: Vec<Condition> =
            alternatives.into_iter().map(|tests| Condition::Fact { fact: fact.clone(), tests }).collect();
        if all.len() == 1 { all.pop() } else { Some(Condition::Any(all)) }
    }

    /// The alternatives of a cell, and whether it wants none of them.
    fn parts<'t>(&mut self, text: &'t str, place: Place) -> Option<(bool, Vec<&'t str>)> {
        let body = text.strip_prefix('!').filter(|rest| !rest.starts_with('=')).map(str::trim);
        let inner = body.and_then(|body| body.strip_prefix('(')?.strip_suffix(')'));
        let parts = alternatives(inner.or(body).unwrap_or(text));
        let message = if body.is_some() && inner.is_none() && parts.len() > 1 {
            format!("{} can mean two things: write `!(a | b)` for neither of them", quoted(text))
        } else if parts.iter().any(|part| part.is_empty()) {
            format!("{} has nothing beside a `|`", quoted(text))
        } else if parts.len() > VALUE_COUNT_MAX {
            format!("a cell has at most {VALUE_COUNT_MAX} values, and this has {}", parts.len())
        } else {
            return Some((body.is_some(), parts));
        };
        self.problem(place, message);
        None
    }

    fn part(&mut self, text: &str, place: Place, fact: &Fact) -> Option<Part> {
        let (kind, name) = (fact.kind(), fact.text());
        match text {
            "missing" => return Some(Part::Tests(vec![Test::Exists(false)])),
            "known" => return Some(Part::Tests(vec![Test::Exists(true)])),
            _ => {}
        }
        let compared = COMPARATORS.into_iter().find_map(|sign| Some((sign, text.strip_prefix(sign)?.trim())));
        if let Some((sign, rest)) = compared {
            return self.comparison(sign, rest, place, fact).map(|test| Part::Tests(vec![test]));
        }
        let is_ordered = !matches!(kind, Kind::Text | Kind::List | Kind::Flag);
        let range = text.split_once("..").filter(|_| is_ordered && !text.starts_with('"'));
        let Some((from, to)) =
            range.filter(|(from, to)| kind != Kind::Any || is_number(from) && is_number(to))
        else {
            return self.cell_value(text, place, &name, kind).map(Part::Value);
        };
        let from = self.cell_number(from.trim(), place, &name, kind);
        let (from, to) = (from?, self.cell_number(to.trim(), place, &name, kind)?);
        if from >= to {
            let message = format!(
                "nothing is in {}: the first number is where it begins, the second where it ends",
                quoted(text)
            );
            self.problem(place, message);
        }
        Some(Part::Tests(vec![Test::Gte(from), Test::Lt(to)]))
    }

    fn comparison(&mut self, sign: &str, rest: &str, place: Place, fact: &Fact) -> Option<Test> {
        let (kind, name) = (fact.kind(), fact.text());
        let is_ordered = !matches!(kind, Kind::Text | Kind::List | Kind::Flag);
        match sign {
            "=" | "!=" if kind != Kind::List => {
                let value = self.cell_value(rest, place, &name, kind)?;
                Some(if sign == "=" { Test::Eq(value) } else { Test::Ne(value) })
            }
            ">=" | "<=" | ">" | "<" if is_ordered => {
                let number = self.cell_number(rest, place, &name, kind)?;
                Some(match sign {
                    ">=" => Test::Gte(number),
                    "<=" => Test::Lte(number),
                    ">" => Test::Gt(number),
                    _ => Test::Lt(number),
                })
            }
            _ => {
                let message = format!("`{name}` is {}, which `{sign}` does not compare", kind.word());
                self.problem(place, message);
                None
            }
        }
    }

    fn cell_value(&mut self, text: &str, place: Place, name: &str, kind: Kind) -> Option<Operand> {
        let literal = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let text_of = |text: &str| Node { place, value: Value::Text(text.replace("\"\"", "\"")) };
        match (kind, literal) {
            (Kind::Text | Kind::List | Kind::Any, Some(literal)) => {
                self.text(&text_of(literal), name, TEXT_CHARS_MAX).map(|text| Operand::Text(text.into()))
            }
            (Kind::Flag | Kind::Any, None) if ["true", "false"].contains(&text) => {
                Some(Operand::Flag(text == "true"))
            }
            (Kind::Flag, _) => {
                self.problem(place, format!("`{name}` must be true or false"));
                None
            }
            (Kind::Text | Kind::List, None) => {
                self.text(&text_of(text), name, TEXT_CHARS_MAX).map(|text| Operand::Text(text.into()))
            }
            (Kind::Any, None) if !is_number(text) => {
                self.text(&text_of(text), name, TEXT_CHARS_MAX).map(|text| Operand::Text(text.into()))
            }
            _ => self.cell_number(text, place, name, kind).map(Operand::Number),
        }
    }

    fn cell_number(&mut self, text: &str, place: Place, name: &str, kind: Kind) -> Option<f64> {
        let value = match text.parse::<i64>() {
            Ok(value) => Value::Integer { value, plain: true },
            Err(_) if is_number(text) => Value::Number(text.parse().unwrap_or(f64::NAN)),
            Err(_) => Value::Text(text.to_owned()),
        };
        let node = Node { place, value };
        match kind {
            Kind::Instant => self.instant(&node, name).map(|at| at.as_ms() as f64),
            kind => self.number(&node, name, kind),
        }
    }
}

fn one_of(mut values: Vec<Operand>, kind: Kind) -> Test {
    match (kind, values.len()) {
        (Kind::List, 1) => Test::Contains(word(values.remove(0))),
        (Kind::List, _) => Test::HasAny(values.into_iter().map(word).collect()),
        (_, 1) => Test::Eq(values.remove(0)),
        _ => Test::In(values),
    }
}

fn none_of(mut values: Vec<Operand>, kind: Kind) -> Test {
    match (kind, values.len()) {
        (Kind::List, 1) => Test::NotContains(word(values.remove(0))),
        (Kind::List, _) => Test::HasNone(values.into_iter().map(word).collect()),
        (_, 1) => Test::Ne(values.remove(0)),
        _ => Test::NotIn(values),
    }
}

/// A member of a list is always a text.
fn word(operand: Operand) -> SmolStr {
    if let Operand::Text(text) = operand { text } else { SmolStr::default() }
}

/// Whether a text is written as a number is: `inf` and `nan` are words.
fn is_number(text: &str) -> bool {
    let text = text.trim();
    text.starts_with(|c: char| c.is_ascii_digit() || "-+.".contains(c))
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// A text between its `|`, those in double quotes left as they are.
fn alternatives(text: &str) -> Vec<&str> {
    let mut is_quoted = false;
    let at_bar = |c: char| {
        is_quoted ^= c == '"';
        c == '|' && !is_quoted
    };
    text.split(at_bar).map(str::trim).collect()
}
