//! `beckon rules table`: a decision table as a spreadsheet, and the ruleset with what came back from one.

use super::file;
use crate::error::CliError;
use beckon_rules::table_csv::{self, TableCsvError};
use clap::Args;
use std::path::{Path, PathBuf};

/// Arguments of `beckon rules table`.
#[derive(Args, Debug)]
pub(super) struct TableArgs {
    /// A ruleset
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Which of its decision tables
    #[arg(long, value_name = "ID")]
    table: String,
    /// Print the ruleset with the rows of this CSV in place of the table's, instead of the table as CSV
    #[arg(long, value_name = "FILE.csv")]
    csv: Option<PathBuf>,
}

/// Prints the table, or the ruleset with its new rows.
pub(super) fn run(args: &TableArgs) -> Result<(), CliError> {
    let yaml = file::text(&args.file)?;
    let text = match &args.csv {
        None => {
            table_csv::to_csv(&yaml, &args.table).map_err(|error| told(&args.file, &args.file, &error))?
        }
        Some(csv) => {
            let rows = std::fs::read_to_string(csv).map_err(|e| {
                CliError::usage(format!("the CSV {} cannot be read: {e}; save it as UTF-8", csv.display()))
            })?;
            table_csv::replace_rows(&yaml, &args.table, &rows)
                .map_err(|error| told(&args.file, csv, &error))?
        }
    };
    crate::say(text.trim_end_matches(['\r', '\n']));
    Ok(())
}

/// What is wrong, each line with the file it is in.
fn told(ruleset: &Path, csv: &Path, error: &TableCsvError) -> CliError {
    let path = match error {
        TableCsvError::Ruleset(error) => return CliError::ruleset(ruleset.display(), error),
        TableCsvError::NoTable { .. } | TableCsvError::Layout { .. } => ruleset,
        TableCsvError::Csv(_) | TableCsvError::Cells(_) => csv,
    };
    let lines: Vec<String> =
        error.to_string().lines().map(|line| format!("{}: {line}", path.display())).collect();
    CliError::usage(lines.join("\nbeckon: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_names_the_file_the_row_and_the_column() {
        let yaml = "version: 1\nname: X\ncurrency: EUR\nslots:\n  - { id: s, fallback: { offer: o } }\noffers:\n  \
                    - { id: o, title: O, text: T, url: https://shop.example/ }\ntables:\n  - id: t\n    slot: s\n    \
                    priority: 1\n    hit: first\n    columns: [cart.items]\n    rows:\n      - [1, { offer: o }]\n";
        let told = |csv: &str| {
            let error = table_csv::replace_rows(yaml, "t", csv).unwrap_err();
            told(Path::new("shop.yaml"), Path::new("t.csv"), &error).to_string()
        };
        let lines = told("cart.items,then\n1,offer: o\nmany,offer: o\n2,offer: none\n");
        let lines: Vec<&str> = lines.lines().collect();
        assert!(
            lines[0].starts_with("t.csv: row 3, column `cart.items`: `cart.items` must be a number"),
            "{lines:?}"
        );
        assert!(lines[1].starts_with("beckon: t.csv: row 4, column `then`: "), "{lines:?}");
        assert!(told("cart.item,then\n").starts_with("t.csv: the first line of the CSV must name"));
    }
}
