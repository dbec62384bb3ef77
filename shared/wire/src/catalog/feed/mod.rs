//! A product feed: rows with the field names of Google's product data specification, as JSON Lines or CSV.
//!
//! A row either becomes facts or gives one error with its number; its neighbours are taken. The number is what a person
//! sees: of JSON Lines the line, from 1; of CSV the row, of which the names of the columns are the first, without empty
//! lines. Reading is pure: bytes and a time in, rows out.

pub mod columns;
mod lines;
mod price;
mod row;
mod written;

pub use price::parse_price;
pub use written::FeedProduct;

use beckon_domain::{ProductFacts, ProductId, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// Rows of one request.
pub const ROW_COUNT_MAX: usize = 1_000;
/// Bytes of one row.
pub const ROW_BYTES_MAX: usize = 32 * 1024;
/// Bytes of one request's body: as many as of a batch of events.
pub const CHUNK_BYTES_MAX: usize = crate::limits::BODY_BYTES_MAX;

/// How a feed is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FeedFormat {
    /// JSON Lines: an object on each line.
    JsonLines,
    /// Comma-separated values (RFC 4180) with a row of names; tabs and semicolons separate too.
    Csv,
}

impl FeedFormat {
    /// The format of a `Content-Type`, whatever its parameters.
    #[must_use]
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        match content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/json-lines" => Some(Self::JsonLines),
            "text/csv" | "application/csv" | "text/tab-separated-values" => Some(Self::Csv),
            _ => None,
        }
    }

    /// The format of a file's name, with or without `.gz`.
    #[must_use]
    pub fn of_file_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        match name.trim_end_matches(".gz").rsplit_once('.')?.1 {
            "jsonl" | "ndjson" | "jsonlines" => Some(Self::JsonLines),
            "csv" | "tsv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// The `Content-Type` to send it with.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::JsonLines => "application/x-ndjson",
            Self::Csv => "text/csv",
        }
    }

    /// The number of its first row, when it begins at its beginning.
    #[must_use]
    pub const fn first_row(self) -> u64 {
        match self {
            Self::JsonLines => 1,
            Self::Csv => 2,
        }
    }
}

/// Why nothing of a feed can be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FeedError {
    /// The bytes are UTF-16, as spreadsheets write "Unicode text".
    #[error("the feed is UTF-16: save it as UTF-8")]
    Utf16,
    /// It is one JSON text.
    #[error("the feed is one JSON array: write JSON Lines, an object on each line and nothing around them")]
    JsonArray,
    /// A CSV without a row of names.
    #[error("the feed has no row of names: begin it with the names of its columns, such as id,title,price")]
    NoNames,
    /// The names of a CSV are no text.
    #[error("the names of the columns are not UTF-8")]
    NamesNotText,
    /// A CSV lacks a column that every row needs.
    #[error("the feed has no column `{name}`{}", instead.as_ref().map(|i| format!(": rename `{i}`")).unwrap_or_default())]
    NoColumn {
        /// Which.
        name: &'static str,
        /// A column of the feed that probably is meant.
        instead: Option<String>,
    },
    /// Two columns of a CSV have one name.
    #[error("the feed has two columns `{0}`: leave one of them out")]
    TwoColumns(String),
    /// More rows than one request may have.
    #[error(
        "the feed has more than {ROW_COUNT_MAX} rows: send them in several requests, each with its `first_row`"
    )]
    TooManyRows,
}

impl FeedError {
    /// Whether the same bytes may be read later: never.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        false
    }
}

/// A row that gives no product.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RowError {
    /// Its number.
    pub row: u64,
    /// Its product, when that much can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is wrong and what was expected, in one line, with the name of the field.
    pub detail: String,
}

/// Something about a row that was taken, and that its author may want to know.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RowNote {
    /// Its number.
    pub row: u64,
    /// What, in one line.
    pub detail: String,
}

/// What a feed says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Feed {
    /// Rows that hold something.
    pub row_count: u64,
    /// Products with the numbers of their rows, each product once: of several rows the last counts.
    pub products: Vec<(u64, ProductFacts)>,
    /// Rows that give no product, in their order.
    pub errors: Vec<RowError>,
    /// What else there is to tell, in the order of the rows.
    pub notes: Vec<RowNote>,
}

/// Reads a feed, or a part of one whose first row has this number. `told_at` is when the shop said it.
///
/// # Errors
/// When nothing of it can be read. A row that cannot be is in [`Feed::errors`].
pub fn parse(
    format: FeedFormat,
    bytes: &[u8],
    first_row: Option<u64>,
    told_at: Timestamp,
) -> Result<Feed, FeedError> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(FeedError::Utf16);
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let first_row = first_row.unwrap_or_else(|| format.first_row());
    let rows = match format {
        FeedFormat::JsonLines => lines::rows(bytes, first_row)?,
        FeedFormat::Csv => columns::rows(bytes, first_row)?,
    };
    if rows.len() > ROW_COUNT_MAX {
        return Err(FeedError::TooManyRows);
    }
    let mut feed = Feed { row_count: rows.len() as u64, ..Feed::default() };
    let mut latest: BTreeMap<ProductId, usize> = BTreeMap::new();
    let mut products: Vec<Option<(u64, ProductFacts)>> = Vec::with_capacity(rows.len());
    for (number, fields) in rows {
        let read = match fields {
            Ok(fields) => row::read(fields, told_at),
            Err(detail) => Err(row::Refused { id: None, detail }),
        };
        match read {
            Err(row::Refused { id, detail }) => feed.errors.push(RowError { row: number, id, detail }),
            Ok((facts, notes)) => {
                feed.notes.extend(notes.into_iter().map(|detail| RowNote { row: number, detail }));
                let before = latest.insert(facts.id.clone(), products.len());
                if let Some((earlier, _)) = before.and_then(|index| products.get_mut(index)?.take()) {
                    let detail = format!("row {number} says {} again: this row does not count", facts.id);
                    feed.notes.push(RowNote { row: earlier, detail });
                }
                products.push(Some((number, facts)));
            }
        }
    }
    feed.products = products.into_iter().flatten().collect();
    feed.notes.sort_by_key(|note| note.row);
    Ok(feed)
}

#[cfg(test)]
mod tests;
