//! CSV (RFC 4180): a row of names, then rows of values. Lines may end as they like, and quoted values hold line ends.

use super::row::{Fields, field_name, meant_for};
use super::{FeedError, ROW_BYTES_MAX, ROW_COUNT_MAX};
use csv::{ByteRecord, ReaderBuilder};

type Row = (u64, Result<Fields, String>);

/// Columns that every row needs.
const NEEDED: [&str; 2] = ["id", "title"];

/// The rows of a text with a row of names, of which the first row of values has this number.
pub(super) fn rows(bytes: &[u8], first_row: u64) -> Result<Vec<Row>, FeedError> {
    let mut reader = ReaderBuilder::new();
    let mut reader = reader.has_headers(false).flexible(true).delimiter(delimiter(bytes)).from_reader(bytes);
    let mut record = ByteRecord::new();
    let mut next = |record: &mut ByteRecord| reader.read_byte_record(record).unwrap_or(false);
    if !next(&mut record) {
        return Err(FeedError::NoNames);
    }
    let names = names(&record)?;
    let mut rows = Vec::new();
    while rows.len() <= ROW_COUNT_MAX && next(&mut record) {
        let number = first_row.saturating_add(rows.len() as u64);
        rows.push((number, fields(&names, &record)));
    }
    Ok(rows)
}

/// What separates the values of a text that begins so: what the row of names has most of.
#[must_use]
pub fn delimiter(bytes: &[u8]) -> u8 {
    let line = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    let count = |delimiter: u8| line.iter().filter(|byte| **byte == delimiter).count();
    // Of equal counts the last: the comma.
    [b';', b'\t', b','].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

/// The names of the columns; `None` for one that is left out.
fn names(record: &ByteRecord) -> Result<Vec<Option<String>>, FeedError> {
    let mut names: Vec<Option<String>> = Vec::with_capacity(record.len());
    for name in record {
        let name = field_name(std::str::from_utf8(name).map_err(|_| FeedError::NamesNotText)?);
        if name.is_some() && names.contains(&name) {
            return Err(FeedError::TwoColumns(name.unwrap_or_default()));
        }
        names.push(name);
    }
    for needed in NEEDED {
        if !names.iter().flatten().any(|name| name == needed) {
            let instead = names.iter().flatten().find(|name| meant_for(name) == Some(needed)).cloned();
            return Err(FeedError::NoColumn { name: needed, instead });
        }
    }
    Ok(names)
}

fn fields(names: &[Option<String>], record: &ByteRecord) -> Result<Fields, String> {
    let bytes = record.as_slice().len();
    if bytes > ROW_BYTES_MAX {
        return Err(format!(
            "the row has {bytes} bytes, and {ROW_BYTES_MAX} are allowed: is a quote not closed?"
        ));
    }
    if record.len() != names.len() {
        return Err(format!(
            "the row has {} values and the feed {} columns: is a comma or a quote too many or too few?",
            record.len(),
            names.len()
        ));
    }
    let mut fields = Fields::default();
    for (name, value) in names.iter().zip(record) {
        let Some(name) = name else { continue };
        let value = std::str::from_utf8(value).map_err(|_| format!("{name}: is not UTF-8"))?;
        fields.values.insert(name.clone(), value.to_owned());
    }
    Ok(fields)
}
