//! A table as its text writes it, cell by cell, and the text of new rows.

use super::csv::{self, Record};
use super::{THEN, TableCsvError};
use crate::tree::{self, Node, Value};

/// A table in the tree of the ruleset's text.
pub(super) struct Written<'n> {
    pub(super) id: String,
    /// Its place in the list of tables.
    pub(super) index: usize,
    columns: Vec<String>,
    /// The key `rows`, and its value.
    pub(super) rows: (&'n Node, &'n [Node]),
}

/// The text of a row, and where each cell begins in it, in characters.
pub(super) struct RowText {
    pub(super) text: String,
    pub(super) starts: Vec<usize>,
    /// As the spreadsheet counts it.
    pub(super) row: usize,
    pub(super) cells: Vec<String>,
}

fn entry<'n>(node: &'n Node, name: &str) -> Option<(&'n Node, &'n Node)> {
    let Value::Map(entries) = &node.value else { return None };
    let found = entries.iter().find(|(key, _)| matches!(&key.value, Value::Text(text) if text == name));
    found.map(|(key, value)| (key, value))
}

impl<'n> Written<'n> {
    pub(super) fn find(root: &'n Node, table: &str) -> Result<Self, TableCsvError> {
        let tables = entry(root, "tables").map_or(&[][..], |(_, list)| list_of(list));
        let ids: Vec<String> = tables.iter().map(id_of).collect();
        let found = ids.iter().position(|id| id == table).and_then(|index| {
            let node = tables.get(index)?;
            let columns = list_of(entry(node, "columns")?.1).iter().map(scalar).collect();
            let (key, rows) = entry(node, "rows")?;
            Some(Self { id: table.to_owned(), index, columns, rows: (key, list_of(rows)) })
        });
        found.ok_or_else(|| TableCsvError::NoTable { table: table.to_owned(), known: ids })
    }

    /// The names of the columns, and `then`.
    pub(super) fn header(&self) -> Vec<String> {
        self.columns.iter().cloned().chain([THEN.to_owned()]).collect()
    }

    /// The header and the rows.
    pub(super) fn records(&self) -> Vec<Vec<String>> {
        let row = |row: &Node| -> Vec<String> {
            let cells = list_of(row);
            let last = cells.len().saturating_sub(1);
            let cell = |(index, node): (usize, &Node)| {
                if index == last { without_braces(&flow(node)) } else { cell_text(node) }
            };
            cells.iter().enumerate().map(cell).collect()
        };
        [self.header()].into_iter().chain(self.rows.1.iter().map(row)).collect()
    }
}

fn list_of(node: &Node) -> &[Node] {
    if let Value::List(items) = &node.value { items } else { &[] }
}

fn id_of(table: &Node) -> String {
    entry(table, "id").map(|(_, id)| scalar(id)).unwrap_or_default()
}

/// The text of a single value.
fn scalar(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => text.trim().to_owned(),
        Value::Integer { value, .. } => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::List(_) | Value::Map(_) => String::new(),
    }
}

fn cell_text(node: &Node) -> String {
    let text = scalar(node);
    if text.is_empty() { "*".to_owned() } else { text }
}

/// A value in one line of YAML.
fn flow(node: &Node) -> String {
    match &node.value {
        Value::Null => "~".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Integer { value, .. } => value.to_string(),
        Value::Number(number) => format!("{number:?}"),
        Value::Text(text) => quoted(text),
        Value::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entry = |(key, value): &(Node, Node)| format!("{}: {}", flow(key), flow(value));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A text as YAML reads it back as that text: bare where that is certain, else in double quotes.
fn quoted(text: &str) -> String {
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && tree::parse(text).is_ok_and(|node| matches!(&node.value, Value::Text(own) if own == text));
    if is_plain {
        return text.to_owned();
    }
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            c if c.is_control() || c == '\u{2028}' || c == '\u{2029}' || c == '\u{feff}' => {
                format!("\\u{:04x}", u32::from(c))
            }
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

/// A cell as YAML: whole numbers, yes and no stand for themselves, because a cell is read by its text.
fn cell_yaml(text: &str) -> String {
    let is_bare = ["true", "false"].contains(&text)
        || text.parse::<i64>().is_ok_and(|number| number.to_string() == text);
    if is_bare { text.to_owned() } else { quoted(text) }
}

/// `{offer: gold}` is easier to read as `offer: gold`, and means the same alone in a cell.
fn without_braces(text: &str) -> String {
    text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text).to_owned()
}

/// The rows of a CSV as YAML.
pub(super) fn rows(records: &[Record]) -> Result<Vec<RowText>, TableCsvError> {
    let mut problems = Vec::new();
    let mut rows = Vec::new();
    for record in records {
        match row(record) {
            Ok(row) => rows.push(row),
            Err(TableCsvError::Cells(more)) => problems.extend(more),
            Err(other) => return Err(other),
        }
    }
    if problems.is_empty() { Ok(rows) } else { Err(TableCsvError::Cells(problems)) }
}

fn row(record: &Record) -> Result<RowText, TableCsvError> {
    let (then, cells) =
        record.cells.split_last().map_or(("", &[][..]), |(then, cells)| (then.as_str(), cells));
    let bare = without_braces(then);
    let parsed = tree::parse(&format!("{{{bare}}}")).ok().filter(|node| {
        matches!(&node.value, Value::Map(entries) if !entries.is_empty()) && !then.contains('\n')
    });
    let Some(node) = parsed else {
        let message = format!(
            "it says what the row leads to, such as `offer: gold`, `products: [mug]` or `percent: 10`, and this is `{then}`"
        );
        return Err(csv::cell_problem(record.row, THEN, &message));
    };
    let cells: Vec<String> =
        cells.iter().map(|cell| if cell.is_empty() { "*".to_owned() } else { cell.clone() }).collect();
    let (mut text, mut starts) = ("- [".to_owned(), Vec::new());
    let then = flow(&node);
    for (index, part) in cells.iter().map(|cell| cell_yaml(cell)).chain([then.clone()]).enumerate() {
        text.push_str(if index == 0 { "" } else { ", " });
        starts.push(text.chars().count());
        text.push_str(&part);
    }
    text.push(']');
    let cells = cells.into_iter().chain([without_braces(&then)]).collect();
    Ok(RowText { text, starts, row: record.row, cells })
}
