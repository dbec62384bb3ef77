//! Decision tables: many rules at once, of which the first row that holds decides, or all rows that do together.

use crate::condition::{Condition, Facts, Matched};

/// Which of the rows that hold count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Hit {
    /// The first, from the top.
    First,
    /// The only one: the loader has seen to it that no two rows hold of one person.
    Unique,
    /// All of them, from the top.
    Collect,
}

impl Hit {
    pub(crate) const ALL: [Self; 3] = [Self::First, Self::Unique, Self::Collect];

    /// The word for it in rulesets.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Unique => "unique",
            Self::Collect => "collect",
        }
    }
}

/// A table whose rows end in values of one kind: what a slot shows, or a number.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Table<T> {
    pub(crate) hit: Hit,
    /// From the top.
    pub(crate) rows: Vec<Row<T>>,
}

/// A row: its cells as one condition, and its end.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Row<T> {
    pub(crate) when: Condition,
    pub(crate) then: T,
}

/// A row that holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeldRow<'t, 'a, T> {
    /// Counted from 1.
    pub(crate) number: usize,
    pub(crate) then: &'t T,
    pub(crate) matched: Matched<'a>,
}

impl<T> Table<T> {
    /// The rows that hold, from the top. Of somebody about whom nothing is known, rows that ask about the page alone.
    pub(crate) fn held<'t, 'a: 't>(
        &'t self,
        facts: &'t Facts<'a>,
    ) -> impl Iterator<Item = HeldRow<'t, 'a, T>> {
        self.rows.iter().enumerate().filter_map(|(index, row)| {
            let may_be_asked = facts.profile.is_some() || row.when.asks_only_the_page();
            let matched = may_be_asked.then(|| row.when.evaluate(facts)).flatten()?;
            Some(HeldRow { number: index + 1, then: &row.then, matched })
        })
    }
}
