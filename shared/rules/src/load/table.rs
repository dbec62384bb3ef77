//! Decision tables, from the text to rows whose cells are conditions.

use super::Loader;
use super::cell::Column;
use super::condition::{Place as Looked, Scope};
use super::fields::{Fields, listed, quoted};
use super::reference::Kind;
use super::rule::Rules;
use super::scalar::NAME_CHARS_MAX;
use crate::check::overlap::{self, Cells};
use crate::condition::Condition;
use crate::discount::Percent;
use crate::error::nearest;
use crate::model::{Action, Rule};
use crate::table::{Hit, Row, Table};
use crate::tree::{Node, Value};
use beckon_domain::id::RuleId;
use std::sync::Arc;

const TABLE_FIELDS: [&str; 9] =
    ["id", "slot", "priority", "hit", "columns", "rows", "labels", "active", "cap"];
const SHOWS: [&str; 3] = ["offer", "products", "recommend"];
/// The most rows of one table.
pub(crate) const ROW_COUNT_MAX: usize = 1_000;
/// The most columns of one table.
pub(crate) const COLUMN_COUNT_MAX: usize = 20;

/// The tables read so far, for those that name one.
#[derive(Default)]
pub(super) struct ValueTables(Vec<Named>);

struct Named {
    id: String,
    /// `None` where it could not be read, or fills a slot.
    table: Option<Arc<Table<u8>>>,
    fills_a_slot: bool,
}

/// How one table is read.
struct Reading<'a> {
    who: &'a str,
    scope: Scope<'a>,
    columns: Vec<Column>,
    hit: Hit,
}

impl Loader {
    pub(super) fn table(&mut self, node: &Node, rules: &mut Rules) -> Option<()> {
        let who = Fields::name_of(node, "table");
        let fields = Fields::open(self, node, &who, &TABLE_FIELDS)?;
        let id_node = fields.require(self, "id");
        let id = id_node.and_then(|n| self.id(n, "id", RuleId::new));
        if let (Some(id), Some(n)) = (&id, id_node) {
            self.declare(Kind::Rule, id.as_str(), n.place);
        }
        let fills_a_slot = fields.key("slot").is_some() || fields.key("priority").is_some();
        if fills_a_slot {
            self.value_tables.add(id.as_ref(), None, true);
            return self.slot_table(node, id, &fields, rules);
        }
        let table = self.value_table(&fields);
        self.value_tables.add(id.as_ref(), table.map(Arc::new), false);
        Some(())
    }

    fn slot_table(
        &mut self,
        node: &Node,
        id: Option<RuleId>,
        fields: &Fields<'_>,
        rules: &mut Rules,
    ) -> Option<()> {
        let who = fields.what.as_str();
        self.labels(id.as_ref(), fields, rules);
        let (slot, priority) = self.rank(fields, rules);
        let active = self.active(fields.get("active"), who);
        let cap = fields.get("cap").map(|node| self.cap(node, who));
        let table = self.rows(fields, Looked::Page, Self::row_action);
        let id = id?;
        let when = match cap {
            Some(cap) => Condition::All(vec![self.below_cap(&id, &cap?)?]),
            None => Condition::All(Vec::new()),
        };
        let then = Action::Table(Box::new(table?));
        let rule =
            Rule { id, place: node.place, priority: priority?, when, then, active: active?, root: None };
        rules.by_slot.entry(slot?).or_default().push(rule);
        Some(())
    }

    fn value_table(&mut self, fields: &Fields<'_>) -> Option<Table<u8>> {
        for name in ["labels", "active", "cap"] {
            if let Some(place) = fields.key(name) {
                let message =
                    format!("{} fills no slot, so it has no `{name}`: remove the field", fields.what);
                self.problem(place, message);
            }
        }
        self.rows(fields, Looked::Discount, Self::row_percent)
    }

    fn rows<T: PartialEq + overlap::Shown>(
        &mut self,
        fields: &Fields<'_>,
        looked: Looked,
        read: fn(&mut Self, &Node, &str, Hit) -> Option<T>,
    ) -> Option<Table<T>> {
        let who = fields.what.as_str();
        let scope = Scope { who, place: looked };
        let hit = fields.require(self, "hit").and_then(|n| self.hit(n, who));
        let columns = fields.require(self, "columns").and_then(|n| self.columns(n, &scope));
        let rows = fields.require(self, "rows");
        let reading = Reading { who, scope, columns: columns?, hit: hit? };
        let rows = self.counted(rows?, "rows", who, ROW_COUNT_MAX)?;
        let before = self.problems.len();
        let mut found = Vec::new();
        for (index, node) in rows.iter().enumerate() {
            found.extend(self.row(node, index + 1, &reading, read));
        }
        if self.problems.len() > before {
            return None;
        }
        for problem in overlap::problems(reading.hit, &reading.columns, &found, self) {
            self.problems.push(problem);
        }
        let row = |cells: Cells<T>| Row { when: together(cells.cells), then: cells.then };
        Some(Table { hit: reading.hit, rows: found.into_iter().map(row).collect() })
    }

    fn hit(&mut self, node: &Node, who: &str) -> Option<Hit> {
        let word = if let Value::Text(word) = &node.value { word.as_str() } else { "" };
        let hit = Hit::ALL.into_iter().find(|hit| hit.word() == word);
        if hit.is_none() {
            let message = format!(
                "`hit` of {who} must be `first` (the first row that holds), `unique` (only one row can hold) or \
                 `collect` (the lists of all rows that hold)"
            );
            self.problem(node.place, message);
        }
        hit
    }

    /// The items of a list that is neither empty nor too long.
    fn counted<'n>(&mut self, node: &'n Node, name: &str, who: &str, most: usize) -> Option<&'n [Node]> {
        let items = if let Value::List(items) = &node.value { items.as_slice() } else { &[] };
        if items.is_empty() || items.len() > most {
            let found = match &node.value {
                Value::List(items) => format!("this has {}", items.len()),
                _ => format!("this is {}", node.kind()),
            };
            self.problem(node.place, format!("`{name}` of {who} must be a list of 1 to {most}, and {found}"));
            return None;
        }
        Some(items)
    }

    fn columns(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Vec<Column>> {
        let before = self.problems.len();
        let mut columns: Vec<Column> = Vec::new();
        for item in self.counted(node, "columns", scope.who, COLUMN_COUNT_MAX)? {
            let column = match &item.value {
                Value::Text(word) if word == "segment" => Some(Column::Segment),
                _ => self.fact_named(item, scope).map(Column::Fact),
            };
            let Some(column) = column else { continue };
            if columns.contains(&column) {
                let name = column.name();
                self.problem(item.place, format!("{} has the column `{name}` twice: keep one", scope.who));
            }
            columns.push(column);
        }
        (self.problems.len() == before).then_some(columns)
    }

    fn row<T>(
        &mut self,
        node: &Node,
        number: usize,
        reading: &Reading<'_>,
        read: fn(&mut Self, &Node, &str, Hit) -> Option<T>,
    ) -> Option<Cells<T>> {
        let who = format!("row {number} of {}", reading.who);
        let items = if let Value::List(items) = &node.value { items.as_slice() } else { &[] };
        let Some((then, cells)) =
            items.split_last().filter(|(_, cells)| cells.len() == reading.columns.len())
        else {
            let names = reading.columns.iter().map(Column::name).collect::<Vec<_>>();
            let found = match &node.value {
                Value::List(items) => format!("has {} cells", items.len()),
                _ => format!("is {}", node.kind()),
            };
            let message = format!(
                "{who} {found}, and must be a list of {}: {}, and what it leads to",
                names.len() + 1,
                listed(names.iter().map(String::as_str))
            );
            self.problem(node.place, message);
            return None;
        };
        let read_cell =
            |loader: &mut Self, (cell, column): (&Node, &Column)| loader.cell(cell, column, &reading.scope);
        let cells: Vec<Option<Option<Condition>>> =
            cells.iter().zip(&reading.columns).map(|pair| read_cell(self, pair)).collect();
        let then = read(self, then, &who, reading.hit);
        Some(Cells { place: node.place, cells: cells.into_iter().collect::<Option<_>>()?, then: then? })
    }

    fn row_action(&mut self, node: &Node, who: &str, hit: Hit) -> Option<Action> {
        let fields = Fields::open(self, node, &format!("the last cell of {who}"), &SHOWS)?;
        if fields.names().next().is_none() && fields.has_unknown {
            return None;
        }
        if fields.names().next().is_none() {
            let message = format!(
                "the last cell of {who} is empty: write `{{offer: id}}`, `{{products: [ids]}}` or \
                 `{{recommend: related}}`"
            );
            self.problem(node.place, message);
            return None;
        }
        let action = self.action(&fields, who)?;
        if hit == Hit::Collect && matches!(action, Action::Offer(_)) {
            let message =
                format!("{who} shows an offer, and a table that collects joins lists: write `hit: first`");
            self.problem(node.place, message);
        }
        Some(action)
    }

    fn row_percent(&mut self, node: &Node, who: &str, hit: Hit) -> Option<u8> {
        let shows = |(key, _): &(Node, Node)| matches!(&key.value, Value::Text(name) if SHOWS.contains(&name.as_str()));
        if matches!(&node.value, Value::Map(entries) if entries.iter().any(shows)) {
            let message = format!(
                "{who} shows something, and its table fills no slot: add `slot` and `priority` to the table"
            );
            self.problem(node.place, message);
            return None;
        }
        let fields = Fields::open(self, node, &format!("the last cell of {who}"), &["percent"])?;
        if hit == Hit::Collect {
            self.problem(
                node.place,
                format!("{who} is a number, and a table that collects joins lists: write `hit: first`"),
            );
        }
        let percent = fields.require(self, "percent").and_then(|n| self.whole(n, "percent", 0, 100))?;
        u8::try_from(percent).ok()
    }

    /// `percent: 10`, or `percent: {table: id}`.
    pub(super) fn percent(&mut self, node: &Node, who: &str) -> Option<Percent> {
        if !matches!(node.value, Value::Map(_)) {
            let percent = self.whole(node, "percent", 1, 100)?;
            return u8::try_from(percent).ok().map(Percent::Fixed);
        }
        let fields = Fields::open(self, node, "`percent`", &["table"])?;
        let node = fields.require(self, "table")?;
        let name = self.text(node, "table", NAME_CHARS_MAX)?;
        let message = match self.value_tables.0.iter().find(|known| known.id == name) {
            Some(Named { table: Some(table), .. }) => return Some(Percent::Table(Arc::clone(table))),
            // One that could not be read is a problem already.
            Some(known) if !known.fills_a_slot => return None,
            Some(_) => "which fills a slot: name a table without `slot`".to_owned(),
            None => {
                let known = || self.value_tables.0.iter().map(|known| known.id.as_str());
                let hint = match nearest(&name, known()) {
                    Some(meant) => format!(", did you mean `{meant}`?"),
                    None if known().next().is_none() => "; there are no tables".to_owned(),
                    None => format!("; tables are {}", listed(known())),
                };
                format!("which does not exist{hint}")
            }
        };
        let message = format!("{who} takes its percent from the table {}, {message}", quoted(&name));
        self.problem(node.place, message);
        None
    }
}

impl ValueTables {
    fn add(&mut self, id: Option<&RuleId>, table: Option<Arc<Table<u8>>>, fills_a_slot: bool) {
        self.0.extend(id.map(|id| Named { id: id.to_string(), table, fills_a_slot }));
    }
}

/// The cells of a row that ask for something, as one condition.
fn together(cells: Vec<Option<Condition>>) -> Condition {
    let mut all: Vec<Condition> = cells.into_iter().flatten().collect();
    match (all.len(), all.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            all.push(last);
            Condition::All(all)
        }
        (_, None) => Condition::All(Vec::new()),
    }
}
