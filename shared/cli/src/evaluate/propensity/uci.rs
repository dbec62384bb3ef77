//! The UCI table of online shoppers' intention: a row a session, without people and without time but for the month.
//!
//! Amounts and counts enter as ln (1 + x) and as whether they are above 0, codes as one column for each value that is not
//! rare in the training months. November and December are the test.

use super::Table;
use crate::error::CliError;
use beckon_domain::{DurationMs, Timestamp};
use beckon_recommend::propensity::Example;
use beckon_recommend::propensity::numeric::ln_1p;
use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

const LABEL: &str = "Revenue";
const MONTH: &str = "Month";
/// Columns whose values are names, even where they are numbers.
const CODES: [&str; 7] =
    [MONTH, "OperatingSystems", "Browser", "Region", "TrafficType", "VisitorType", "Weekend"];
/// Columns whose values lie between 0 and 1 and enter as they are.
const SHARES: [&str; 3] = ["BounceRates", "ExitRates", "SpecialDay"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "June", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// The first month of the test, counted from 0.
const TEST_FROM: usize = 10;
/// A code that fewer training rows have gets no column.
const CODE_ROWS_MIN: usize = 20;
/// The file as it is has less than 2 MB.
const FILE_BYTES_MAX: u64 = 100_000_000;

/// A row with its month.
struct Row {
    month: usize,
    values: Vec<String>,
    bought: bool,
}

/// How a column becomes a number.
enum Column {
    Plain(usize),
    Log(usize),
    IsPositive(usize),
    Is(usize, String),
}

impl Column {
    fn value(&self, row: &Row) -> f64 {
        let number =
            |index: &usize| row.values.get(*index).and_then(|v| v.parse::<f64>().ok()).unwrap_or(0.0);
        match self {
            Self::Plain(index) => number(index),
            Self::Log(index) => ln_1p(number(index)),
            Self::IsPositive(index) => f64::from(u8::from(number(index) > 0.0)),
            Self::Is(index, code) => f64::from(u8::from(row.values.get(*index) == Some(code))),
        }
    }
}

/// Reads the file.
pub(super) fn read(file: &Path) -> Result<Table, CliError> {
    let text = text(file)?;
    let delimiter = if text.lines().next().is_some_and(|line| line.contains(';')) { b';' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let head: Vec<String> =
        reader.headers().map(|h| h.iter().map(str::to_owned).collect()).unwrap_or_default();
    let place = |name: &str| {
        head.iter().position(|column| column == name).ok_or_else(|| {
            CliError::usage(format!(
                "{}: line 1 names no column {name}: take the table of online shoppers' intention, or another \
                 --propensity",
                file.display()
            ))
        })
    };
    let (label, month) = (place(LABEL)?, place(MONTH)?);
    let (mut rows, mut bad_rows) = (Vec::new(), 0);
    for record in reader.records() {
        let row = record.ok().filter(|record| record.len() == head.len()).and_then(|record| {
            let values: Vec<String> = record.iter().map(|value| value.trim().to_owned()).collect();
            let month = MONTHS.iter().position(|name| *name == values[month])?;
            let bought = values[label].eq_ignore_ascii_case("true");
            Some(Row { month, values, bought })
        });
        match row {
            Some(row) => rows.push(row),
            None => bad_rows += 1,
        }
    }
    // Stable: within a month the file's order stays.
    rows.sort_by_key(|row| row.month);
    let test_from = rows.partition_point(|row| row.month < TEST_FROM);
    let (names, columns) = columns(&head, &rows[..test_from]);
    let example = |row: &Row| Example {
        at: Timestamp::EPOCH + DurationMs::from_days(31 * row.month as u64),
        values: columns.iter().map(|column| column.value(row)).collect(),
        bought: row.bought,
    };
    let mut train: Vec<Example> = rows.iter().map(example).collect();
    let test = train.split_off(test_from);
    Ok(Table { names, train, test, bad_rows })
}

fn columns(head: &[String], train: &[Row]) -> (Vec<String>, Vec<Column>) {
    let mut columns = Vec::new();
    for (index, name) in head.iter().enumerate().filter(|(_, name)| *name != LABEL) {
        if CODES.contains(&name.as_str()) {
            let mut codes: BTreeMap<&String, usize> = BTreeMap::new();
            train
                .iter()
                .filter_map(|row| row.values.get(index))
                .for_each(|code| *codes.entry(code).or_default() += 1);
            let common = codes.into_iter().filter(|(_, count)| *count >= CODE_ROWS_MIN);
            columns
                .extend(common.map(|(code, _)| (format!("{name}={code}"), Column::Is(index, code.clone()))));
            continue;
        }
        let is_share = SHARES.contains(&name.as_str());
        let amount = if is_share { Column::Plain(index) } else { Column::Log(index) };
        columns.push((name.clone(), amount));
        if name != "SpecialDay" {
            columns.push((format!("{name}>0"), Column::IsPositive(index)));
        }
    }
    columns.into_iter().unzip()
}

fn text(file: &Path) -> Result<String, CliError> {
    let unreadable = |e: std::io::Error| {
        CliError::usage(format!("{} cannot be read: {e}; check its name and what it holds", file.display()))
    };
    let bytes = std::fs::read(file).map_err(unreadable)?;
    let mut text = String::new();
    let mut limited: Box<dyn Read> = if bytes.starts_with(&[0x1f, 0x8b]) {
        Box::new(MultiGzDecoder::new(bytes.as_slice()).take(FILE_BYTES_MAX))
    } else {
        Box::new(bytes.as_slice().take(FILE_BYTES_MAX))
    };
    limited.read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}
