//! The conditions of a ruleset once more, in the form that many of them are decided in: facts by number, texts by symbol,
//! every comparison a range of numbers, so that those of one `all` are made without a branch between them. It answers the
//! same as the conditions themselves, which explanations and recommendations are made of; a test holds the two against
//! each other.

use crate::condition::{Condition, Facts};
use crate::fact::Fact;
use crate::value::{Operand, Test, Value};
use beckon_domain::SmolStr;
use std::cell::Cell;
use std::collections::BTreeMap;

/// All conditions of a ruleset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compiled {
    nodes: Vec<Node>,
    ranges: Vec<Range>,
    sets: Vec<Set>,
    /// What is no comparison of a fact, each once.
    others: Vec<Condition>,
    facts: Vec<(Fact, Class)>,
    /// Every text that a fact is compared with, in their order: the symbol is its place, from 1.
    symbols: Vec<SmolStr>,
}

/// A condition, by its place in the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Root(u32);

/// Places in a list, from one to before another.
#[derive(Clone, Copy, Debug, Default)]
struct Span(u32, u32);

impl Span {
    #[inline]
    fn of<T>(self, list: &[T]) -> &[T] {
        list.get(self.0 as usize..self.1 as usize).unwrap_or_default()
    }
}

/// What holds when all of several things do, or one of them does.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    ranges: Span,
    sets: Span,
    nodes: Span,
}

#[derive(Clone, Copy, Debug)]
enum Node {
    All(Parts),
    Any(Parts),
    Not(u32),
    Other(u32),
}

/// A fact is a number from one to another, both ends in it. What is not known is not a number, and in no range.
#[derive(Clone, Copy, Debug)]
struct Range {
    fact: u32,
    least: f64,
    most: f64,
}

/// A fact is one of these texts: bit n stands for symbol n, none for the symbol of no text.
#[derive(Clone, Copy, Debug)]
struct Set {
    fact: u32,
    symbols: u64,
}

/// As what a fact is compared. A value of another kind is as good as none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Class {
    Number,
    /// 0 or 1.
    Flag,
    /// The number of a symbol; 0 is a text that the ruleset does not name.
    Symbol,
}

/// What stands in place of a value that was not read yet. No value that is read is this one.
const UNREAD: u64 = 0x7ff8_dead_beef_0001;

/// Facts whose values are at hand.
const FIRST_COUNT: usize = 8;

/// Compiles one condition after the other.
#[derive(Default)]
pub(crate) struct Compiler {
    compiled: Compiled,
    others: BTreeMap<String, u32>,
    facts: BTreeMap<(String, Class), u32>,
}

impl Compiler {
    /// A compiler of these conditions.
    pub(crate) fn new<'c>(conditions: impl Iterator<Item = &'c Condition>) -> Self {
        let mut symbols = Vec::new();
        for condition in conditions {
            condition.each(&mut |condition| {
                if let Condition::Fact { tests, .. } = condition {
                    tests.iter().for_each(|test| symbols.extend(texts(test).cloned()));
                }
            });
        }
        symbols.sort_unstable();
        symbols.dedup();
        Self { compiled: Compiled { symbols, ..Compiled::default() }, ..Self::default() }
    }

    pub(crate) fn add(&mut self, condition: &Condition) -> Root {
        let at = self.reserve(1);
        self.fill(at, condition);
        Root(at)
    }

    pub(crate) fn finish(self) -> Compiled {
        self.compiled
    }

    fn reserve(&mut self, count: usize) -> u32 {
        let at = self.compiled.nodes.len();
        self.compiled.nodes.resize(at + count, Node::Any(Parts::default()));
        at as u32
    }

    fn fill(&mut self, at: u32, condition: &Condition) {
        let node = match condition {
            Condition::All(parts) => Node::All(self.parts(parts)),
            Condition::Any(parts) => Node::Any(self.parts(parts)),
            Condition::Not(inner) => {
                let place = self.reserve(1);
                self.fill(place, inner);
                Node::Not(place)
            }
            single => match self.several_tests(single) {
                Some(parts) => Node::All(self.parts(&parts)),
                None if self.is_compared(single) => Node::All(self.parts(std::slice::from_ref(single))),
                None => Node::Other(self.other(single)),
            },
        };
        if let Some(place) = self.compiled.nodes.get_mut(at as usize) {
            *place = node;
        }
    }

    /// Several tests of one fact are as many conditions.
    fn several_tests(&self, condition: &Condition) -> Option<Vec<Condition>> {
        let Condition::Fact { fact, tests } = condition else { return None };
        let single = |test: &Test| Condition::Fact { fact: fact.clone(), tests: vec![test.clone()] };
        (tests.len() > 1).then(|| tests.iter().map(single).collect())
    }

    /// Whether it becomes a range or a set.
    fn is_compared(&self, condition: &Condition) -> bool {
        match condition {
            Condition::LoggedIn(_) => true,
            Condition::Fact { tests, .. } => match tests.as_slice() {
                [test] => range(test).is_some() || self.set(test).is_some() || self.symbol(test).is_some(),
                _ => false,
            },
            _ => false,
        }
    }

    fn parts(&mut self, parts: &[Condition]) -> Parts {
        let (compared, nested): (Vec<_>, Vec<_>) = parts.iter().partition(|part| self.is_compared(part));
        // What nests makes comparisons of its own, so its places are filled before these are listed in one row.
        let first = self.reserve(nested.len());
        for (place, part) in (first..).zip(&nested) {
            self.fill(place, part);
        }
        let (ranges, sets) = (self.compiled.ranges.len() as u32, self.compiled.sets.len() as u32);
        compared.into_iter().for_each(|part| self.compare(part));
        Parts {
            ranges: Span(ranges, self.compiled.ranges.len() as u32),
            sets: Span(sets, self.compiled.sets.len() as u32),
            nodes: Span(first, first + nested.len() as u32),
        }
    }

    fn compare(&mut self, condition: &Condition) {
        let (fact, test) = match condition {
            Condition::LoggedIn(expected) => {
                (Fact::Named(crate::fact::Name::Customer), Test::Eq(Operand::Flag(*expected)))
            }
            Condition::Fact { fact, tests } => match tests.first() {
                Some(test) => (fact.clone(), test.clone()),
                None => return,
            },
            _ => return,
        };
        if let Some((class, least, most)) = range(&test) {
            let fact = self.fact(fact, class);
            self.compiled.ranges.push(Range { fact, least, most });
        } else if let Some(symbol) = self.symbol(&test) {
            let fact = self.fact(fact, Class::Symbol);
            self.compiled.ranges.push(Range { fact, least: symbol, most: symbol });
        } else if let Some(symbols) = self.set(&test) {
            let fact = self.fact(fact, Class::Symbol);
            self.compiled.sets.push(Set { fact, symbols });
        }
    }

    fn symbol(&self, test: &Test) -> Option<f64> {
        match test {
            Test::Eq(Operand::Text(text)) => Some(f64::from(self.compiled.symbol(text))),
            _ => None,
        }
    }

    fn set(&self, test: &Test) -> Option<u64> {
        let Test::In(all) = test else { return None };
        all.iter().try_fold(0_u64, |set, one| match one {
            Operand::Text(text) => {
                1_u64.checked_shl(self.compiled.symbol(text)).filter(|bit| *bit > 1).map(|bit| set | bit)
            }
            _ => None,
        })
    }

    fn fact(&mut self, fact: Fact, class: Class) -> u32 {
        let next = self.compiled.facts.len() as u32;
        let number = *self.facts.entry((fact.text(), class)).or_insert(next);
        if number == next {
            self.compiled.facts.push((fact, class));
        }
        number
    }

    fn other(&mut self, condition: &Condition) -> u32 {
        let next = self.compiled.others.len() as u32;
        let number = *self.others.entry(format!("{condition:?}")).or_insert(next);
        if number == next {
            self.compiled.others.push(condition.clone());
        }
        number
    }
}

/// The range of numbers or flags for which a test holds.
fn range(test: &Test) -> Option<(Class, f64, f64)> {
    let (least, most) = match test {
        Test::Gte(least) => (*least, f64::INFINITY),
        Test::Lte(most) => (f64::NEG_INFINITY, *most),
        Test::Gt(bound) | Test::After(bound) => (bound.next_up(), f64::INFINITY),
        Test::Lt(bound) | Test::Before(bound) => (f64::NEG_INFINITY, bound.next_down()),
        Test::Between(least, most) => (*least, *most),
        Test::Eq(Operand::Number(is)) => (*is, *is),
        Test::Eq(Operand::Flag(is)) => {
            let is = f64::from(u8::from(*is));
            return Some((Class::Flag, is, is));
        }
        _ => return None,
    };
    Some((Class::Number, least, most))
}

fn texts(test: &Test) -> impl Iterator<Item = &SmolStr> {
    let operands = match test {
        Test::Eq(operand) => std::slice::from_ref(operand),
        Test::In(operands) => operands.as_slice(),
        _ => &[],
    };
    operands.iter().filter_map(|operand| if let Operand::Text(text) = operand { Some(text) } else { None })
}

impl Compiled {
    fn symbol(&self, text: &str) -> u32 {
        self.symbols.binary_search_by(|symbol| symbol.as_str().cmp(text)).map_or(0, |index| index as u32 + 1)
    }
}

/// What is known of a person at one instant, each fact read once, when it is first asked for.
pub struct Reading<'a> {
    compiled: &'a Compiled,
    facts: Facts<'a>,
    /// The value of each fact, as bits of a number; NaN for what is not known. The first few are at hand, without a second
    /// place in memory to go to.
    first: [Cell<u64>; FIRST_COUNT],
    more: Vec<Cell<u64>>,
    /// What each other condition came to, where many rules ask for the same: 0 not yet, 1 does not hold, 2 holds.
    answers: Vec<Cell<u8>>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(compiled: &'a Compiled, facts: Facts<'a>) -> Self {
        let more = vec![Cell::new(UNREAD); compiled.facts.len().saturating_sub(FIRST_COUNT)];
        let first = [const { Cell::new(UNREAD) }; FIRST_COUNT];
        Self { compiled, facts, first, more, answers: vec![Cell::new(0); compiled.others.len()] }
    }

    /// Whether a condition holds.
    #[inline]
    pub(crate) fn holds(&self, root: Root) -> bool {
        self.compiled.nodes.get(root.0 as usize).is_some_and(|node| self.node(node))
    }

    #[inline]
    fn node(&self, node: &Node) -> bool {
        match node {
            Node::All(parts) => {
                let mut holds = true;
                for range in parts.ranges.of(&self.compiled.ranges) {
                    holds &= self.is_in_range(range);
                }
                for set in parts.sets.of(&self.compiled.sets) {
                    holds &= self.is_in_set(set);
                }
                holds && parts.nodes.of(&self.compiled.nodes).iter().all(|node| self.nested(node))
            }
            Node::Any(parts) => {
                let mut holds = false;
                for range in parts.ranges.of(&self.compiled.ranges) {
                    holds |= self.is_in_range(range);
                }
                for set in parts.sets.of(&self.compiled.sets) {
                    holds |= self.is_in_set(set);
                }
                holds || parts.nodes.of(&self.compiled.nodes).iter().any(|node| self.nested(node))
            }
            Node::Not(inner) => {
                !self.compiled.nodes.get(*inner as usize).is_some_and(|node| self.nested(node))
            }
            Node::Other(other) => self.other(*other),
        }
    }

    fn nested(&self, node: &Node) -> bool {
        self.node(node)
    }

    #[inline]
    fn is_in_range(&self, range: &Range) -> bool {
        let value = self.value(range.fact);
        (value >= range.least) & (value <= range.most)
    }

    #[inline]
    fn is_in_set(&self, set: &Set) -> bool {
        // What is not known becomes 0, the symbol of no text, which is in no set.
        let symbol = self.value(set.fact) as u32;
        (symbol < u64::BITS) & ((set.symbols >> (symbol % u64::BITS)) & 1 == 1)
    }

    #[inline]
    fn value(&self, fact: u32) -> f64 {
        let index = fact as usize;
        let kept = match self.first.get(index) {
            Some(kept) => kept,
            None => match self.more.get(index - FIRST_COUNT) {
                Some(kept) => kept,
                None => return f64::NAN,
            },
        };
        let bits = kept.get();
        if bits == UNREAD { self.read(fact, kept) } else { f64::from_bits(bits) }
    }

    #[cold]
    fn read(&self, fact: u32, kept: &Cell<u64>) -> f64 {
        let value = self.compiled.facts.get(fact as usize).and_then(|(fact, class)| {
            fact.ask(&self.facts, |value| match (value?, class) {
                (Value::Number(number), Class::Number) => Some(number),
                (Value::Flag(flag), Class::Flag) => Some(f64::from(u8::from(flag))),
                (Value::Text(text), Class::Symbol) => Some(f64::from(self.compiled.symbol(text))),
                _ => None,
            })
        });
        let value = value.unwrap_or(f64::NAN);
        kept.set(value.to_bits());
        value
    }

    fn other(&self, number: u32) -> bool {
        let (Some(condition), Some(answer)) =
            (self.compiled.others.get(number as usize), self.answers.get(number as usize))
        else {
            return false;
        };
        if answer.get() == 0 {
            answer.set(1 + u8::from(condition.evaluate(&self.facts).is_some()));
        }
        answer.get() == 2
    }
}
