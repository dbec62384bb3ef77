//! Comma-separated values as spreadsheets write and read them (RFC 4180, and what they make of it).

use super::{CellProblem, THEN, TableCsvError};

/// A line of the CSV that is not empty: the cells of the table's columns, then of `then`.
pub(super) struct Record {
    /// As a spreadsheet counts it: the header is 1.
    pub(super) row: usize,
    pub(super) cells: Vec<String>,
}

/// What a spreadsheet takes for the beginning of a formula.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Writes rows of cells.
pub(super) fn write(records: &[Vec<String>]) -> String {
    let cell = |cell: &String| {
        let cell = if is_formula(cell) { format!("'{cell}") } else { cell.clone() };
        if cell.contains([',', ';', '"', '\n', '\r', '\t']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell
        }
    };
    let line = |record: &Vec<String>| record.iter().map(cell).collect::<Vec<_>>().join(",") + "\n";
    records.iter().map(line).collect()
}

/// Reads rows of cells, put into the order of `header`.
pub(super) fn read(text: &str, header: &[String]) -> Result<Vec<Record>, TableCsvError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let split = |separator| split(text, separator);
    let has_all = |lines: &Vec<Vec<String>>| {
        lines.first().is_some_and(|first| header.iter().all(|name| first.contains(name)))
    };
    let tried = [',', ';', '\t'].map(split);
    let lines = tried.iter().flatten().find(|lines| has_all(lines)).cloned();
    let lines = match (lines, tried.into_iter().find_map(Result::err)) {
        (Some(lines), _) => lines,
        (None, Some(row)) => {
            let message =
                "a quotation mark is opened and never closed: close it, and write one inside a text twice";
            return Err(cell_problem(row, "", message));
        }
        (None, None) => return Err(bad_header(text, header)),
    };
    let mut lines = lines.into_iter();
    let names = lines.next().unwrap_or_default();
    let unknown = |name: &&String| !name.is_empty() && !header.contains(*name);
    if let Some(name) = names.iter().find(unknown) {
        let message = format!(
            "the CSV has a column `{name}`, and the table has none: remove it, or add it to `columns` of the table"
        );
        return Err(TableCsvError::Csv(message));
    }
    if let Some(name) = header.iter().find(|name| names.iter().filter(|other| other == name).count() > 1) {
        return Err(TableCsvError::Csv(format!("the CSV has the column `{name}` twice: keep one of them")));
    }
    let mut records = Vec::new();
    for (index, line) in lines.enumerate() {
        let row = index + 2;
        if line.iter().all(String::is_empty) {
            continue;
        }
        if line.iter().skip(names.len()).any(|cell| !cell.is_empty()) {
            let message = format!("it has more cells than the header, which has {}", names.len());
            return Err(cell_problem(row, "", &message));
        }
        let cell = |name: &String| {
            let at = names.iter().position(|other| other == name);
            at.and_then(|at| line.get(at)).cloned().unwrap_or_default()
        };
        records.push(Record { row, cells: header.iter().map(cell).collect() });
    }
    Ok(records)
}

fn bad_header(text: &str, header: &[String]) -> TableCsvError {
    let first = text.lines().next().unwrap_or_default();
    let missing: Vec<&str> = header.iter().map(String::as_str).filter(|name| !first.contains(name)).collect();
    let wanted = header.join(",");
    let what =
        if missing.is_empty() { "is not one".to_owned() } else { format!("lacks {}", missing.join(", ")) };
    TableCsvError::Csv(format!(
        "the first line of the CSV must name the table's columns and `{THEN}`, and {what}: write `{wanted}`"
    ))
}

pub(super) fn cell_problem(row: usize, column: &str, message: &str) -> TableCsvError {
    let (column, message) = (column.to_owned(), message.to_owned());
    TableCsvError::Cells(vec![CellProblem { row, column, message }])
}

/// The cells of each line, without the space around them and the apostrophe of a formula. `Err` is the row in which a
/// quotation mark is never closed.
fn split(text: &str, separator: char) -> Result<Vec<Vec<String>>, usize> {
    let (mut lines, mut line, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut is_quoted, mut was_quoted) = (false, false);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if is_quoted && rest.peek() == Some(&'"') => {
                rest.next();
                cell.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            _ if is_quoted => cell.push(c),
            '"' if cell.trim().is_empty() && !was_quoted => {
                cell.clear();
                (is_quoted, was_quoted) = (true, true);
            }
            '\r' if rest.peek() == Some(&'\n') => {}
            '\n' | '\r' => {
                line.push(plain(&std::mem::take(&mut cell)));
                lines.push(std::mem::take(&mut line));
                was_quoted = false;
            }
            c if c == separator => {
                line.push(plain(&std::mem::take(&mut cell)));
                was_quoted = false;
            }
            c => cell.push(c),
        }
    }
    if is_quoted {
        return Err(lines.len() + 1);
    }
    if !cell.is_empty() || !line.is_empty() {
        line.push(plain(&cell));
        lines.push(line);
    }
    Ok(lines)
}

fn plain(cell: &str) -> String {
    let cell = cell.trim();
    let without = cell.strip_prefix('\'').filter(|_| is_formula(cell));
    without.unwrap_or(cell).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Vec<String> {
        ["a", "b", "then"].map(str::to_owned).to_vec()
    }

    fn cells(text: &str) -> Vec<Vec<String>> {
        read(text, &header()).unwrap().into_iter().map(|record| record.cells).collect()
    }

    #[test]
    fn what_spreadsheets_write_is_read() {
        let wanted = vec![vec!["1".to_owned(), "x, y".to_owned(), "offer: o".to_owned()]];
        for text in [
            "a,b,then\n1,\"x, y\",offer: o\n",
            "\u{feff}a;b;then\r\n1;x, y;offer: o\r\n;;\r\n",
            "then\tb\ta\noffer: o\t x, y \t1",
            "a,b,then,\n1,\"x, y\",offer: o,,\n\n",
        ] {
            assert_eq!(cells(text), wanted, "{text:?}");
        }
        assert_eq!(cells("a,b,then\n\"say \"\"hi\"\"\nthere\",,x\n")[0][0], "say \"hi\"\nthere");
    }

    #[test]
    fn no_cell_is_a_formula_and_every_cell_comes_back() {
        for cell in ["=1+1", "-5", "+3", "@SUM(A1)", "'=1", "''@x", "'quoted'", "= 3", "a,b", "\"x\"", "!-3"]
        {
            let record = vec![cell.to_owned(), String::new(), "t".to_owned()];
            let text = write(&[header(), record]);
            let told = text.lines().nth(1).unwrap().trim_start_matches('"');
            assert!(!told.starts_with(['=', '+', '-', '@']), "{told}");
            assert_eq!(cells(&text)[0][0], cell);
        }
    }

    #[test]
    fn mistakes_name_the_row() {
        let told = |text: &str| read(text, &header()).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(told("a,c,then\n").contains("lacks b"));
        assert!(told("").contains("lacks a, b, then"));
        assert!(told("a,b,then,d\n").contains("column `d`"));
        assert!(told("a,b,a,then\n").contains("`a` twice"));
        assert!(told("a,b,then\n1,2,3,4\n").starts_with("row 2: it has more cells"));
        assert!(told("a,b,then\n1,\"2,3\n").starts_with("row 2: a quotation mark"));
    }
}
