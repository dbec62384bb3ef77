//! Decision tables as spreadsheets: the rows of a table as CSV, and back into the ruleset's text, where only these rows
//! change. What comes back is equal.

mod cells;
mod csv;
mod splice;

use crate::error::RulesetError;
use crate::model::Ruleset;
use crate::tree::{self, Node, TEXT_BYTES_MAX};
use std::fmt;

/// The column of what a row leads to.
const THEN: &str = "then";

/// Why a table could not be written as CSV or read from it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TableCsvError {
    /// The ruleset itself cannot be used.
    Ruleset(RulesetError),
    /// The ruleset has no such table.
    NoTable {
        /// Which was asked for.
        table: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// The table is written so that its rows cannot be replaced without touching others.
    Layout {
        /// Which.
        table: String,
        /// The line of its `rows`.
        line: u64,
    },
    /// The CSV as a whole cannot be read.
    Csv(String),
    /// Something is wrong with cells.
    Cells(Vec<CellProblem>),
}

/// What is wrong with one cell of the CSV.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CellProblem {
    /// The row as a spreadsheet counts it: the header is 1.
    pub row: usize,
    /// The name of the column; empty where the whole row is meant.
    pub column: String,
    /// What is wrong, and what to write.
    pub message: String,
}

impl TableCsvError {
    /// Whether trying again can help: never, something is to be mended.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        false
    }
}

impl fmt::Display for CellProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.row)?;
        if !self.column.is_empty() {
            write!(f, ", column `{}`", self.column)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl fmt::Display for TableCsvError {
    /// One line for each thing to mend.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ruleset(error) => error.fmt(f),
            Self::NoTable { table, known } if known.is_empty() => {
                write!(f, "the ruleset has no table `{table}`: it has no tables")
            }
            Self::NoTable { table, known } => {
                write!(f, "the ruleset has no table `{table}`; its tables are {}", known.join(", "))
            }
            Self::Layout { table, line } => write!(
                f,
                "line {line}: the rows of table `{table}` cannot be replaced, because they do not stand alone: write \
                 `rows:` on a line of its own, and each row on one line below it that begins with `- [`"
            ),
            Self::Csv(message) => f.write_str(message),
            Self::Cells(problems) => {
                let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
                f.write_str(&lines.join("\n"))
            }
        }
    }
}

impl std::error::Error for TableCsvError {}

/// The rows of a table as CSV: a header with its columns and `then`, commas, UTF-8 without a mark. A cell that a
/// spreadsheet would take for a formula begins with an apostrophe, which [`replace_rows`] takes off again.
///
/// # Errors
/// When the ruleset cannot be used, or has no such table.
pub fn to_csv(yaml: &str, table: &str) -> Result<String, TableCsvError> {
    Ruleset::parse(yaml).map_err(TableCsvError::Ruleset)?;
    let root = read(yaml)?;
    let found = cells::Written::find(&root, table)?;
    Ok(csv::write(&found.records()))
}

/// The ruleset's text with the rows of a table replaced by those of a CSV. Its columns may stand in any order; commas,
/// semicolons and tabs are read, with a byte order mark and either line ends. Comments between the replaced rows are lost,
/// everything else stays as it is.
///
/// # Errors
/// When the ruleset has no such table or writes it so that its rows cannot be replaced alone, when the CSV cannot be read,
/// or when the ruleset could not be used with it; problems of cells name the row and the column.
pub fn replace_rows(yaml: &str, table: &str, text: &str) -> Result<String, TableCsvError> {
    if text.len() > TEXT_BYTES_MAX {
        let message =
            format!("the CSV is {} bytes long, and {TEXT_BYTES_MAX} are read: shorten it", text.len());
        return Err(TableCsvError::Csv(message));
    }
    let root = read(yaml)?;
    let found = cells::Written::find(&root, table)?;
    let records = csv::read(text, &found.header())?;
    let rows = cells::rows(&records)?;
    splice::replace(yaml, &root, &found, &rows)
}

fn read(yaml: &str) -> Result<Node, TableCsvError> {
    tree::parse(yaml).map_err(|problem| TableCsvError::Ruleset(RulesetError::new(vec![problem])))
}
