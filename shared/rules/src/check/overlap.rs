//! Rows of a decision table that get in each other's way: two that hold of one person where only one may, and one that never
//! has its turn because an earlier row takes everybody.

use super::values::{Domain, Values};
use crate::condition::Condition;
use crate::error::{PROBLEM_COUNT_MAX, Place, Problem};
use crate::load::Loader;
use crate::load::cell::Column;
use crate::model::Action;
use crate::table::Hit;
use crate::wording;
use beckon_domain::{Currency, SmolStr};

/// A row as it was read: its cells, those that take anything as `None`, and its end.
pub(crate) struct Cells<T> {
    pub(crate) place: Place,
    pub(crate) cells: Vec<Option<Condition>>,
    pub(crate) then: T,
}

/// What a row leads to.
pub(crate) trait Shown {
    /// Whether a row that leads to this leaves nothing to do for a later one that holds of the same people.
    fn leaves_nothing_to(&self, later: &Self) -> bool;
}

impl Shown for u8 {
    fn leaves_nothing_to(&self, _: &Self) -> bool {
        true
    }
}

impl Shown for Action {
    /// An offer is always shown. Of products the page may exclude any; a later list of nothing but these is excluded with
    /// them. What is recommended may be nothing.
    fn leaves_nothing_to(&self, later: &Self) -> bool {
        match (self, later) {
            (Self::Offer(_), _) => true,
            (Self::Products(own), Self::Products(later)) => later.iter().all(|id| own.contains(id)),
            _ => false,
        }
    }
}

/// So many pairs of rows are tried to find the column that tells most of them apart.
const PAIRS_TRIED: usize = 200;

/// A cell: which values it takes; `None` takes all, and asks nothing.
type Cell = Option<Values>;

/// What is wrong between the rows of a table. Each column is looked at for itself: rows of which only two columns
/// together say that they exclude each other count as overlapping.
pub(crate) fn problems<T: Shown>(
    hit: Hit,
    columns: &[Column],
    rows: &[Cells<T>],
    loader: &Loader,
) -> Vec<Problem> {
    let Some(currency) = loader.own_currency() else { return Vec::new() };
    let domains: Vec<Domain> = columns.iter().map(|column| domain(column, currency)).collect();
    let of_row = |row: &Cells<T>| -> Vec<Cell> {
        let cells = row.cells.iter().zip(&domains);
        cells.map(|(cell, domain)| cell.as_ref().map(|c| values(c, domain, loader))).collect()
    };
    let cells: Vec<Vec<Cell>> = rows.iter().map(of_row).collect();
    let mut table = Compared { columns, domains: &domains, cells: &cells, currency, order: Vec::new() };
    table.order = table.most_telling_first();
    let mut problems = table.impossible(rows);
    if !problems.is_empty() {
        return problems;
    }
    for (later, row) in rows.iter().enumerate() {
        let found = match hit {
            Hit::First => table.covering(rows, later),
            Hit::Unique => table.meeting(rows, later),
            Hit::Collect => None,
        };
        problems.extend(found.map(|message| problem(row.place, message)));
        if problems.len() > PROBLEM_COUNT_MAX {
            break;
        }
    }
    problems
}

fn problem(place: Place, message: String) -> Problem {
    Problem { line: place.line, column: place.column, message }
}

fn domain(column: &Column, currency: Currency) -> Domain {
    match column {
        Column::Segment => Domain::of_segments(),
        Column::Fact(fact) => Domain::of(fact, currency),
    }
}

/// The values of a cell's condition.
fn values(cell: &Condition, domain: &Domain, loader: &Loader) -> Values {
    let segment = |index: &usize| SmolStr::new(loader.segment_name(*index));
    match cell {
        Condition::Fact { tests, .. } => Values::passing(tests, domain),
        Condition::Segment(index) => Values::members([segment(index)], true),
        Condition::Not(inner) => {
            let mut named = Vec::new();
            inner.each(&mut |condition| {
                if let Condition::Segment(index) = condition {
                    named.push(segment(index));
                }
            });
            Values::members(named, false)
        }
        Condition::Any(all) if all.iter().all(|c| matches!(c, Condition::Segment(_))) => {
            let named = all
                .iter()
                .filter_map(|c| if let Condition::Segment(i) = c { Some(segment(i)) } else { None });
            Values::members(named, true)
        }
        Condition::Any(all) => {
            let each = all.iter().map(|condition| values(condition, domain, loader));
            each.fold(Values::none(), |sum, one| sum.union(&one, domain.grid))
        }
        _ => Values { is_exact: false, missing: true, ..Values::known(domain) },
    }
}

/// Whether some value passes both cells.
fn meets(a: &Cell, b: &Cell) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.overlaps(b),
        _ => true,
    }
}

/// A table whose rows are compared.
struct Compared<'a> {
    columns: &'a [Column],
    domains: &'a [Domain],
    cells: &'a [Vec<Cell>],
    currency: Currency,
    /// The columns, those first that tell most rows apart.
    order: Vec<usize>,
}

impl Compared<'_> {
    /// Two rows are told apart soonest by a column in which few of them meet. To know which, some pairs are enough.
    fn most_telling_first(&self) -> Vec<usize> {
        let count = self.cells.len();
        let pairs = || (0..PAIRS_TRIED).map(|n| (n * 7_919 % count, (n * 104_729 + count / 2) % count));
        let meetings = |column: usize| {
            let meet =
                |(a, b): &(usize, usize)| a == b || meets(&self.cells[*a][column], &self.cells[*b][column]);
            pairs().filter(meet).count()
        };
        let mut order: Vec<usize> = (0..self.columns.len()).collect();
        order.sort_by_cached_key(|column| meetings(*column));
        order
    }

    fn impossible<T>(&self, rows: &[Cells<T>]) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (number, (row, cells)) in rows.iter().zip(self.cells).enumerate() {
            let never = |cell: &Cell| cell.as_ref().is_some_and(Values::is_empty);
            if let Some(column) = cells.iter().position(never) {
                let name = self.columns[column].name();
                let message = format!(
                    "row {} can never hold: no value of `{name}` passes its cell; write another, or remove the row",
                    number + 1
                );
                problems.push(problem(row.place, message));
            }
        }
        problems
    }

    /// An earlier row that leaves nothing to this one.
    fn covering<T: Shown>(&self, rows: &[Cells<T>], later: usize) -> Option<String> {
        let row = &rows[later];
        // Only a row that asks nothing, or nothing but the page, is there for strangers.
        let takes = |earlier: &usize| {
            self.order.iter().all(|column| {
                match (&self.cells[*earlier][*column], &self.cells[later][*column]) {
                    (None, _) => true,
                    (Some(_), None) => false,
                    (Some(own), Some(inner)) => own.contains(inner),
                }
            }) && rows[*earlier].then.leaves_nothing_to(&row.then)
        };
        let earlier = (0..later).find(takes)?;
        Some(format!(
            "row {} is never reached: row {} in line {} takes everybody that it would; move it up, or remove it",
            later + 1,
            earlier + 1,
            rows[earlier].place.line
        ))
    }

    /// An earlier row that can hold together with this one.
    fn meeting<T>(&self, rows: &[Cells<T>], later: usize) -> Option<String> {
        let row = &self.cells[later];
        let earlier = (0..later).find(|earlier| {
            let other = &self.cells[*earlier];
            self.order.iter().all(|column| meets(&other[*column], &row[*column]))
        })?;
        Some(format!(
            "row {} and row {} in line {} can both hold, and of a table with `hit: unique` one row does: {}; make them \
             different, or write `hit: first`",
            later + 1,
            earlier + 1,
            rows[earlier].place.line,
            self.example(earlier, later)
        ))
    }

    /// Values of which both rows hold.
    fn example(&self, earlier: usize, later: usize) -> String {
        let mut parts = Vec::new();
        for (index, column) in self.columns.iter().enumerate() {
            let both = match (&self.cells[earlier][index], &self.cells[later][index]) {
                (None, None) => continue,
                (Some(one), None) | (None, Some(one)) => one.clone(),
                (Some(a), Some(b)) => a.intersection(b),
            };
            parts.push(format!("`{}` {}", column.name(), self.value(&both, index)));
        }
        if parts.is_empty() { "of everybody".to_owned() } else { format!("as with {}", parts.join(", ")) }
    }

    fn value(&self, values: &Values, column: usize) -> String {
        let domain = &self.domains[column];
        let number = || {
            let number = values.numbers.example(domain.grid)?;
            Some(wording::number(number, domain.kind, self.currency))
        };
        let flag = || values.flags.iter().position(|flag| *flag).map(|flag| (flag == 1).to_string());
        let members = || values.members.as_ref().map(|m| m.example().unwrap_or_else(|| "none".to_owned()));
        let known = members().or_else(number).or_else(|| values.words.example()).or_else(flag);
        known.unwrap_or_else(|| "not known".to_owned())
    }
}
