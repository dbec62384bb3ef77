//! Readers of behaviour files: each turns a public data set's rows into Segment events.
//!
//! Streaming, plain or gzip. A bad row is told and passed over; a file that cannot be read on ends the
//! reading. What is *not* done here: message ids, keys, sending, sorting.

mod error;
pub(crate) mod input;
pub(crate) mod lines;
mod segment;
mod table;
#[cfg(test)]
mod tests;

pub use error::{ReadError, RowError};

use beckon_domain::{ProductId, Timestamp, id};
use input::Input;
use segment::SegmentLines;
use serde_json::Value;
use std::path::{Path, PathBuf};
use table::Table;
pub(crate) use table::short;

/// Which kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Beckon's archive: a folder of it, one object (.gz), or s3://bucket/prefix.
    Archive,
    /// Taobao UserBehavior as CSV with the header `user_id,item_id,category_id,behavior,ts`.
    Taobao,
    /// REES46 multi-category shop as CSV, header `event_time,event_type,product_id,…`.
    Rees46,
    /// One Segment event per line, with `timestamp` and `userId` or `anonymousId`.
    SegmentJsonl,
}

/// One row: what one person did.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The data row, counted from 1 (a header and empty lines are none).
    pub number: u64,
    /// When it happened, by the file.
    pub at: Timestamp,
    /// Who did it: a user id, or an anonymous id when [`Row::anonymous`] is set.
    pub user: String,
    /// A Segment event without `userId` and times. It has no `anonymousId` either, except a segment-jsonl
    /// event that had both: there the second id links two halves of one person, and must not be lost.
    pub body: Value,
    /// Whether [`Row::user`] is an anonymous id (only segment-jsonl has those).
    pub anonymous: bool,
}

/// A file being read, row by row.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    input: Input,
    rows: Rows,
    failure: Option<ReadError>,
}

#[derive(Debug)]
enum Rows {
    Table(Table),
    Lines(SegmentLines),
}

/// How reading a row ended, inside this module.
#[derive(Debug)]
enum Failed {
    /// The row is bad; the next one may be good.
    Row(RowError),
    /// The file cannot be read on.
    File(std::io::Error),
}

impl Reader {
    /// Opens a file and checks that it is of this format, as far as its first line tells.
    ///
    /// # Errors
    /// When the file cannot be opened, is no whole gzip at its start, or has another header.
    pub fn open(path: &Path, format: Format) -> Result<Self, ReadError> {
        let (input, source) = Input::open(path)?;
        let rows = match format {
            Format::Taobao | Format::Rees46 => Rows::Table(Table::new(path, source, format)?),
            // Lines of an archive are not rows; whoever asks for them here is told so line by line.
            Format::SegmentJsonl | Format::Archive => Rows::Lines(SegmentLines::new(source)),
        };
        Ok(Self { path: path.to_owned(), input, rows, failure: None })
    }

    /// Bytes of the file as it lies on the disk.
    #[must_use]
    pub fn bytes_total(&self) -> u64 {
        self.input.bytes_total()
    }

    /// Bytes of the file read so far, of the compressed file if it is one: for progress.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.input.bytes_read()
    }

    /// Why the reading ended before the end of the file, if it did. The iterator also gives it as a last bad
    /// row, so that a caller who only counts bad rows does not take half a file for a whole one.
    #[must_use]
    pub fn failure(&self) -> Option<&ReadError> {
        self.failure.as_ref()
    }
}

impl Iterator for Reader {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failure.is_some() {
            return None;
        }
        let (next, at) = match &mut self.rows {
            Rows::Table(table) => (table.next(), table.position()),
            Rows::Lines(lines) => (lines.next(), lines.position()),
        };
        match next? {
            Ok(row) => Some(Ok(row)),
            Err(Failed::Row(error)) => Some(Err(error)),
            Err(Failed::File(source)) => {
                let (number, line) = at;
                let reason =
                    format!("reading stopped here: {source}; get the file again, the rest is missing");
                self.failure = Some(ReadError::Broken { path: self.path.clone(), line, source });
                Some(Err(RowError { number, line, reason }))
            }
        }
    }
}

/// Takes a person's id as the file writes it.
fn person(text: &str, field: &str) -> Result<String, String> {
    let text = text.trim();
    if id::is_blocked_person_id(text) {
        return Err(format!(
            "{field} is `{text}`, which stands for nobody; leave the row out or name the person"
        ));
    }
    // Both kinds of id have the same limits.
    id::UserId::new(text).map_err(|error| format!("{field} {error}"))?;
    Ok(text.to_owned())
}

/// Takes a product's id as the file writes it.
fn product(text: &str, field: &str) -> Result<String, String> {
    let id = ProductId::new(text.trim()).map_err(|error| format!("{field} {error}"))?;
    Ok(id.as_str().to_owned())
}

/// Takes an instant; what [`Timestamp`] would draw to its nearest end is refused.
pub(crate) fn instant(ms: i64, field: &str) -> Result<Timestamp, String> {
    let at = Timestamp::from_ms(ms);
    if at.as_ms() == ms && ms > 0 {
        Ok(at)
    } else {
        Err(format!("{field} is outside of the years 1970 to 2999; correct it or leave the row out"))
    }
}
