//! Which values of a fact pass comparisons, as a set that can be joined with others and looked for in them. It is exact, or
//! says that it may hold more than passes.

use super::numbers::{Grid, Numbers, Span};
use crate::aggregate::{Aggregate, What};
use crate::fact::{Fact, Name};
use crate::page::PageKind;
use crate::value::{Kind, Operand, Test, Value};
use beckon_domain::event::Device;
use beckon_domain::{Currency, SmolStr};
use std::collections::BTreeSet;

type Texts = BTreeSet<SmolStr>;

/// Which values there are at all.
#[derive(Clone, Debug)]
pub(crate) struct Domain {
    pub(crate) kind: Kind,
    pub(crate) grid: Grid,
    bounds: Span,
    /// The only texts; `None` where there may be any.
    words: Option<Vec<&'static str>>,
}

impl Domain {
    pub(crate) fn of(fact: &Fact, currency: Currency) -> Self {
        let kind = fact.kind();
        let any = Self { kind, grid: Grid::Real, bounds: Span::ALL, words: None };
        let counted = Self { grid: Grid::Steps(1), bounds: Span::above(0.0, false), ..any.clone() };
        let Fact::Named(name) = fact else {
            return match fact {
                Fact::Computed(computed) => Self::of_answer(&computed.aggregate, kind),
                Fact::Affinity(..) => Self { bounds: Span::above(0.0, false), ..any },
                _ => any,
            };
        };
        match name {
            Name::CartItems
            | Name::SessionPages
            | Name::SessionEvents
            | Name::SessionsCount
            | Name::OrdersCount
            | Name::DaysSinceFirstSeen
            | Name::DaysSinceLastSeen
            | Name::DaysSinceOrder
            | Name::CartAge
            | Name::SessionDuration => counted,
            Name::DaysActive => Self { bounds: Span::closed(0.0, 30.0), ..counted },
            Name::FirstSeen | Name::LastSeen | Name::LastOrder => Self { grid: Grid::Steps(1), ..any },
            Name::CartValue | Name::OrdersTotal => {
                Self { grid: Grid::Steps(10_u32.pow(currency.exponent())), ..any }
            }
            Name::Propensity => Self { bounds: Span::closed(0.0, 1.0), ..any },
            Name::PageType => Self { words: Some(PageKind::ALL.map(PageKind::code).to_vec()), ..any },
            Name::SessionDevice => Self { words: Some(Device::ALL.map(Device::code).to_vec()), ..any },
            _ => any,
        }
    }

    /// The answers to a question about events.
    pub(crate) fn of_answer(aggregate: &Aggregate, kind: Kind) -> Self {
        let any = Self { kind, grid: Grid::Real, bounds: Span::ALL, words: None };
        match aggregate.what {
            What::Count | What::Distinct => {
                Self { grid: Grid::Steps(1), bounds: Span::above(0.0, false), ..any }
            }
            _ => any,
        }
    }

    /// Segments that somebody is in: always known.
    pub(crate) const fn of_segments() -> Self {
        Self { kind: Kind::List, grid: Grid::Real, bounds: Span::ALL, words: None }
    }
}

/// Texts that pass.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Words {
    Only(Texts),
    AllBut(Texts),
}

/// Lists that pass: of each set one must be in it, and of `none` nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Members {
    any: Vec<Texts>,
    none: Texts,
}

/// The values that pass.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Values {
    pub(crate) missing: bool,
    pub(crate) numbers: Numbers,
    pub(crate) words: Words,
    pub(crate) flags: [bool; 2],
    pub(crate) members: Option<Members>,
    /// Whether nothing else is in it.
    pub(crate) is_exact: bool,
}

impl Values {
    /// None at all.
    pub(crate) fn none() -> Self {
        Self {
            missing: false,
            numbers: Numbers::default(),
            words: Words::Only(Texts::new()),
            flags: [false; 2],
            members: None,
            is_exact: true,
        }
    }

    /// Every value that is known.
    pub(crate) fn known(domain: &Domain) -> Self {
        let none = Self::none();
        let numbers = || Numbers::of(domain.bounds, domain.grid);
        let words = || match &domain.words {
            Some(words) => Words::Only(words.iter().map(SmolStr::new).collect()),
            None => Words::AllBut(Texts::new()),
        };
        match domain.kind {
            Kind::Number | Kind::Money | Kind::Duration | Kind::Instant => {
                Self { numbers: numbers(), ..none }
            }
            Kind::Text => Self { words: words(), ..none },
            Kind::Flag => Self { flags: [true; 2], ..none },
            Kind::List => Self { members: Some(Members::default()), ..none },
            Kind::Any => Self { numbers: numbers(), words: words(), flags: [true; 2], ..none },
        }
    }

    /// Lists with one of some texts, or with none of them.
    pub(crate) fn members(texts: impl IntoIterator<Item = SmolStr>, are_wanted: bool) -> Self {
        let texts: Texts = texts.into_iter().collect();
        let members = if are_wanted {
            Members { any: vec![texts], none: Texts::new() }
        } else {
            Members { any: Vec::new(), none: texts }
        };
        Self { members: Some(members), ..Self::none() }
    }

    /// The values that pass every test.
    pub(crate) fn passing(tests: &[Test], domain: &Domain) -> Self {
        let all = Self { missing: true, ..Self::known(domain) };
        let mut values = tests.iter().fold(all, |all, test| all.intersection(&Self::of(test, domain)));
        if let Words::Only(texts) = &mut values.words {
            // What is only named can be asked one by one, whatever the comparison.
            texts.retain(|text| tests.iter().all(|test| test.holds(Some(Value::Text(text)))));
            values.is_exact = true;
        }
        values
    }

    fn of(test: &Test, domain: &Domain) -> Self {
        let known = || Self::known(domain);
        let span = |span| Self { numbers: Numbers::of(span, domain.grid), ..Self::none() };
        let only = match test {
            Test::Exists(false) => return Self { missing: true, ..Self::none() },
            Test::Exists(true) => known(),
            Test::Eq(operand) => Self::one(operand, domain),
            Test::In(all) => {
                all.iter().fold(Self::none(), |v, o| v.union(&Self::one(o, domain), domain.grid))
            }
            Test::Ne(operand) => Self::all_but(std::slice::from_ref(operand), domain).like(operand),
            Test::NotIn(all) => Self::all_but(all, domain),
            Test::Gt(bound) | Test::After(bound) => span(Span::above(*bound, true)),
            Test::Gte(bound) => span(Span::above(*bound, false)),
            Test::Lt(bound) | Test::Before(bound) => span(Span::below(*bound, true)),
            Test::Lte(bound) => span(Span::below(*bound, false)),
            Test::Between(from, to) => span(Span::closed(*from, *to)),
            Test::Contains(text) if domain.kind == Kind::List => Self::members([text.clone()], true),
            Test::NotContains(text) if domain.kind == Kind::List => Self::members([text.clone()], false),
            Test::HasAny(texts) => Self::members(texts.iter().cloned(), true),
            Test::HasNone(texts) => Self::members(texts.iter().cloned(), false),
            Test::HasAll(texts) => {
                let any = texts.iter().map(|text| Texts::from([text.clone()])).collect();
                Self { members: Some(Members { any, none: Texts::new() }), ..Self::none() }
            }
            // Parts of texts: of any text, for all that is known here.
            _ => Self { is_exact: false, words: known().words, ..Self::none() },
        };
        only.intersection(&known())
    }

    fn one(operand: &Operand, domain: &Domain) -> Self {
        let none = Self::none();
        match operand {
            Operand::Number(n) => Self { numbers: Numbers::of(Span::closed(*n, *n), domain.grid), ..none },
            Operand::Text(text) => Self { words: Words::Only(Texts::from([text.clone()])), ..none },
            Operand::Flag(flag) => Self { flags: [!flag, *flag], ..none },
        }
    }

    fn all_but(operands: &[Operand], domain: &Domain) -> Self {
        operands.iter().fold(Self::known(domain), |values, operand| match operand {
            Operand::Number(n) => {
                let others = Numbers::of(Span::below(*n, true), domain.grid)
                    .union(&Numbers::of(Span::above(*n, true), domain.grid), domain.grid);
                Self { numbers: values.numbers.intersection(&others), ..values }
            }
            Operand::Text(text) => {
                let others = Words::AllBut(Texts::from([text.clone()]));
                Self { words: values.words.intersection(&others), ..values }
            }
            Operand::Flag(flag) => {
                let [no, yes] = values.flags;
                Self { flags: [no && *flag, yes && !flag], ..values }
            }
        })
    }

    /// Only those that can be compared with an operand.
    fn like(self, operand: &Operand) -> Self {
        let none = Self::none();
        match operand {
            Operand::Number(_) => Self { numbers: self.numbers, ..none },
            Operand::Text(_) => Self { words: self.words, ..none },
            Operand::Flag(_) => Self { flags: self.flags, ..none },
        }
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let both = |flag: usize| self.flags[flag] && other.flags[flag];
        let members = self.members.as_ref().zip(other.members.as_ref());
        Self {
            missing: self.missing && other.missing,
            numbers: self.numbers.intersection(&other.numbers),
            words: self.words.intersection(&other.words),
            flags: [both(0), both(1)],
            members: members.map(|(a, b)| a.both(b)),
            is_exact: self.is_exact && other.is_exact,
        }
    }

    /// Everything in either; of lists that may be more.
    pub(crate) fn union(&self, other: &Self, grid: Grid) -> Self {
        let either = |flag: usize| self.flags[flag] || other.flags[flag];
        let (members, is_exact) = match (&self.members, &other.members) {
            (None, any) | (any, None) => (any.clone(), true),
            (Some(a), Some(b)) if a == b => (Some(a.clone()), true),
            _ => (Some(Members::default()), false),
        };
        Self {
            missing: self.missing || other.missing,
            numbers: self.numbers.union(&other.numbers, grid),
            words: self.words.union(&other.words),
            flags: [either(0), either(1)],
            members,
            is_exact: is_exact && self.is_exact && other.is_exact,
        }
    }

    /// Whether nothing passes: certain, even where the set is not exact.
    pub(crate) fn is_empty(&self) -> bool {
        !self.missing
            && self.numbers.is_empty()
            && self.words == Words::Only(Texts::new())
            && self.flags == [false; 2]
            && self.members.as_ref().is_none_or(Members::is_impossible)
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        (self.missing && other.missing)
            || (0..2).any(|flag| self.flags[flag] && other.flags[flag])
            || self.numbers.overlaps(&other.numbers)
            || self.words.overlaps(&other.words)
            || matches!((&self.members, &other.members), (Some(a), Some(b)) if !a.both(b).is_impossible())
    }

    /// Whether every value of another set is in this one, for certain.
    pub(crate) fn contains(&self, inner: &Self) -> bool {
        let has_members = match (&self.members, &inner.members) {
            (_, None) => true,
            (Some(own), Some(inner)) => own.contains(inner),
            (None, Some(inner)) => inner.is_impossible(),
        };
        self.is_exact
            && (self.missing || !inner.missing)
            && (0..2).all(|flag| self.flags[flag] || !inner.flags[flag])
            && self.numbers.contains(&inner.numbers)
            && self.words.contains(&inner.words)
            && has_members
    }
}

impl Words {
    fn intersection(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Only(a), Self::Only(b)) => Self::Only(a.intersection(b).cloned().collect()),
            (Self::Only(only), Self::AllBut(but)) | (Self::AllBut(but), Self::Only(only)) => {
                Self::Only(only.difference(but).cloned().collect())
            }
            (Self::AllBut(a), Self::AllBut(b)) => Self::AllBut(a.union(b).cloned().collect()),
        }
    }

    fn union(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Only(a), Self::Only(b)) => Self::Only(a.union(b).cloned().collect()),
            (Self::Only(only), Self::AllBut(but)) | (Self::AllBut(but), Self::Only(only)) => {
                Self::AllBut(but.difference(only).cloned().collect())
            }
            (Self::AllBut(a), Self::AllBut(b)) => Self::AllBut(a.intersection(b).cloned().collect()),
        }
    }

    fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Only(a), Self::Only(b)) => !a.is_disjoint(b),
            (Self::Only(only), Self::AllBut(but)) | (Self::AllBut(but), Self::Only(only)) => {
                !only.is_subset(but)
            }
            (Self::AllBut(_), Self::AllBut(_)) => true,
        }
    }

    fn contains(&self, inner: &Self) -> bool {
        match (self, inner) {
            (Self::Only(own), Self::Only(inner)) => inner.is_subset(own),
            (Self::AllBut(but), Self::Only(inner)) => inner.is_disjoint(but),
            (Self::AllBut(own), Self::AllBut(inner)) => own.is_subset(inner),
            (Self::Only(_), Self::AllBut(_)) => false,
        }
    }

    /// One text of it.
    pub(crate) fn example(&self) -> Option<String> {
        match self {
            Self::Only(texts) => texts.first().map(ToString::to_string),
            Self::AllBut(but) if but.is_empty() => Some("any text".to_owned()),
            Self::AllBut(_) => Some("any other text".to_owned()),
        }
    }
}

impl Members {
    fn both(&self, other: &Self) -> Self {
        let any = [self.any.as_slice(), other.any.as_slice()].concat();
        Self { any, none: self.none.union(&other.none).cloned().collect() }
    }

    fn is_impossible(&self) -> bool {
        self.any.iter().any(|any| any.is_subset(&self.none))
    }

    fn contains(&self, inner: &Self) -> bool {
        let is_implied = |own: &Texts| {
            inner.any.iter().any(|any| any.difference(&inner.none).all(|text| own.contains(text)))
        };
        inner.is_impossible() || (self.any.iter().all(is_implied) && self.none.is_subset(&inner.none))
    }

    /// What a list of it has in it.
    pub(crate) fn example(&self) -> Option<String> {
        let picked = self.any.iter().filter_map(|any| any.difference(&self.none).next());
        let picked: BTreeSet<&str> = picked.map(SmolStr::as_str).collect();
        (!picked.is_empty()).then(|| picked.into_iter().collect::<Vec<_>>().join(" and "))
    }
}
