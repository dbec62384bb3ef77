//! New rows in place of old ones: the lines of a table's rows are replaced, and nothing else.

use super::cells::{RowText, Written};
use super::{CellProblem, TableCsvError};
use crate::error::{Problem, RulesetError};
use crate::model::Ruleset;
use crate::tree::{self, Node, Value};

/// The text with other rows; refused where it could not be used, or where more than these rows would change.
pub(super) fn replace(
    yaml: &str,
    root: &Node,
    table: &Written<'_>,
    rows: &[RowText],
) -> Result<String, TableCsvError> {
    let layout = || TableCsvError::Layout { table: table.id.clone(), line: table.rows.0.place.line };
    let lines: Vec<&str> = yaml.split_inclusive('\n').collect();
    let span = span(&lines, table).ok_or_else(layout)?;
    let end = if lines.iter().any(|line| line.ends_with("\r\n")) { "\r\n" } else { "\n" };
    let indent = " ".repeat(span.indent);
    let mut text: String = lines.iter().take(span.from).copied().collect();
    for row in rows {
        text.push_str(&format!("{indent}{}{end}", row.text));
    }
    text.extend(lines.iter().skip(span.until).copied());
    if rows.is_empty() {
        return Err(TableCsvError::Csv(
            "the CSV has no row below its header: a table has at least one".to_owned(),
        ));
    }
    // What cannot be read any more, or reads otherwise elsewhere, was not laid out as it seemed to be.
    let changed = tree::parse(&text).map_err(|_| layout())?;
    let read_back = Written::find(&changed, &table.id).map_err(|_| layout())?.records();
    let is_as_told = read_back.iter().skip(1).eq(rows.iter().map(|row| &row.cells));
    if !is_as_told || !is_same_elsewhere(root, &changed, table.index) {
        return Err(layout());
    }
    match Ruleset::parse(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(explained(&error, table, rows, &span)),
    }
}

/// The lines of the rows, counted from 0, without the comments after the last one.
struct Span {
    from: usize,
    until: usize,
    indent: usize,
}

fn span(lines: &[&str], table: &Written<'_>) -> Option<Span> {
    let key = usize::try_from(table.rows.0.place.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(table.rows.0.place.column).ok()?.checked_sub(1)?;
    let after: String = lines.get(key)?.chars().skip(column).collect();
    let value = after.trim().strip_prefix("rows")?.trim_start().strip_prefix(':')?.trim();
    if !(value.is_empty() || value.starts_with('#')) {
        return None;
    }
    let is_idle = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let indent_of = |line: &str| line.chars().take_while(|c| *c == ' ').count();
    let is_item = |line: &str| line.trim_start().starts_with("- ") || line.trim() == "-";
    let from = (key + 1..lines.len()).find(|index| lines.get(*index).is_some_and(|line| !is_idle(line)))?;
    let indent = indent_of(lines.get(from)?);
    if !is_item(lines.get(from)?) {
        return None;
    }
    let mut until = from;
    for (index, line) in lines.iter().enumerate().skip(from).filter(|(_, line)| !is_idle(line)) {
        if indent_of(line) < indent || (indent_of(line) == indent && !is_item(line)) {
            break;
        }
        until = index + 1;
    }
    Some(Span { from, until, indent })
}

/// Whether two texts mean the same but for the rows of one table.
fn is_same_elsewhere(old: &Node, new: &Node, table: usize) -> bool {
    same(old, new, &mut |path| path == ["tables", table.to_string().as_str(), "rows"], &mut Vec::new())
}

fn same(a: &Node, b: &Node, skip: &mut dyn FnMut(&[String]) -> bool, path: &mut Vec<String>) -> bool {
    if skip(path) {
        return true;
    }
    let mut inside = |name: String, a: &Node, b: &Node| {
        path.push(name);
        let is_same = same(a, b, skip, path);
        path.pop();
        is_same
    };
    match (&a.value, &b.value) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Integer { value: a, plain: p }, Value::Integer { value: b, plain: q }) => a == b && p == q,
        (Value::Number(a), Value::Number(b)) => a.to_bits() == b.to_bits(),
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len()
                && a.iter().zip(b).enumerate().all(|(index, (a, b))| inside(index.to_string(), a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter().zip(b).all(|((key, a), (other, b))| match (&key.value, &other.value) {
                    (Value::Text(key), Value::Text(other)) => key == other && inside(key.clone(), a, b),
                    _ => false,
                })
        }
        _ => false,
    }
}

/// Problems in the new rows as the spreadsheet counts them; else those of the ruleset.
fn explained(error: &RulesetError, table: &Written<'_>, rows: &[RowText], span: &Span) -> TableCsvError {
    let header = table.header();
    let told = |problem: &Problem| {
        let line = usize::try_from(problem.line).ok()?.checked_sub(span.from + 1)?;
        let row = rows.get(line)?;
        let at = usize::try_from(problem.column).ok()?.checked_sub(span.indent + 1)?;
        let cell = row.starts.iter().rposition(|start| *start <= at);
        let column = cell.and_then(|cell| header.get(cell)).cloned().unwrap_or_default();
        Some(CellProblem { row: row.row, column, message: problem.message.clone() })
    };
    let problems: Vec<CellProblem> = error.problems().iter().filter_map(told).collect();
    if problems.is_empty() { TableCsvError::Ruleset(error.clone()) } else { TableCsvError::Cells(problems) }
}
