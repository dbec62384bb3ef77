//! A feed cut into parts that one request takes, each with the number of its first row.

use crate::error::CliError;
use crate::replay::format::input::Source;
use beckon_wire::catalog::feed::columns::delimiter;
use beckon_wire::catalog::feed::{CHUNK_BYTES_MAX, FeedError, FeedFormat, ROW_BYTES_MAX, ROW_COUNT_MAX};
use csv::{ByteRecord, ReaderBuilder, WriterBuilder};
use serde_json::Value;
use std::io::{BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of a part, with room for one row more.
const PART_BYTES: usize = CHUNK_BYTES_MAX - 2 * ROW_BYTES_MAX;
/// Bytes that are read for one row of CSV before it is taken for one whose quote is not closed.
const OPEN_ROW_BYTES: u64 = 4 * 1024 * 1024;

/// A part of a feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Part {
    /// The number of its first row.
    pub first_row: u64,
    /// What is sent.
    pub bytes: Vec<u8>,
    /// Its rows' products with their numbers, as far as they can be read.
    pub ids: Vec<(u64, String)>,
    /// Rows whose product cannot be read.
    pub nameless: u64,
}

impl Part {
    fn new(first_row: u64, bytes: Vec<u8>) -> Self {
        Self { first_row, bytes, ids: Vec::new(), nameless: 0 }
    }

    fn name(&mut self, row: u64, id: Option<String>) {
        match id.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()) {
            Some(id) => self.ids.push((row, id)),
            None => self.nameless += 1,
        }
    }
}

/// The parts of a feed, in their order.
///
/// # Errors
/// When the file cannot be read, or is of an encoding that nothing of it can be read in.
pub(super) fn of(format: FeedFormat, mut source: Source) -> Result<Parts, CliError> {
    let begin = source.fill_buf().map_err(|e| unreadable(&e))?;
    if begin.starts_with(&[0xff, 0xfe]) || begin.starts_with(&[0xfe, 0xff]) {
        return Err(CliError::usage(FeedError::Utf16));
    }
    Ok(match format {
        FeedFormat::JsonLines => Box::new(Lines { source, next_row: 1, is_over: false }),
        FeedFormat::Csv => Box::new(Rows::open(source)?),
    })
}

/// Parts of a feed, read as they are asked for.
pub(super) type Parts = Box<dyn Iterator<Item = Result<Part, CliError>> + Send>;

fn unreadable(error: &std::io::Error) -> CliError {
    CliError::usage(format!("cannot read the feed: {error}"))
}

/// JSON Lines.
struct Lines {
    source: Source,
    next_row: u64,
    is_over: bool,
}

impl Iterator for Lines {
    type Item = Result<Part, CliError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut part = Part::new(self.next_row, Vec::new());
        let mut row_count = 0;
        while !self.is_over && row_count < ROW_COUNT_MAX && part.bytes.len() < PART_BYTES {
            let mut line = Vec::new();
            // A line that is longer than any row is cut, and refused as too long; the rest of it is skipped.
            let bounded = (&mut self.source).take(ROW_BYTES_MAX as u64 + 2).read_until(b'\n', &mut line);
            match bounded {
                Err(error) => return Some(Err(unreadable(&error))),
                Ok(0) => self.is_over = true,
                Ok(_) => {
                    if line.last() != Some(&b'\n') {
                        if let Err(error) = self.source.skip_until(b'\n') {
                            return Some(Err(unreadable(&error)));
                        }
                        line.push(b'\n');
                    }
                    let row = self.next_row;
                    self.next_row += 1;
                    row_count += 1;
                    if !line.iter().all(u8::is_ascii_whitespace) {
                        part.name(row, id_of(&line));
                    }
                    part.bytes.extend_from_slice(&line);
                }
            }
        }
        (row_count > 0).then_some(Ok(part))
    }
}

fn id_of(line: &[u8]) -> Option<String> {
    let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
    let row: Value = serde_json::from_slice(line).ok()?;
    let id = row.get("id").or_else(|| row.get("g:id"))?;
    id.as_str().map(ToOwned::to_owned).or_else(|| id.as_number().map(ToString::to_string))
}

/// Rows of CSV, written anew: quoted line ends make it impossible to cut it at lines.
struct Rows {
    reader: csv::Reader<Bounded>,
    left: Arc<AtomicU64>,
    names: ByteRecord,
    id_column: Option<usize>,
    next_row: u64,
    is_over: bool,
}

/// A source that ends with an error when one row does not end.
struct Bounded {
    source: Source,
    left: Arc<AtomicU64>,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(std::io::Error::other("a row does not end: is a quote not closed?"));
        }
        let bytes = self.source.read(buffer)?;
        self.left.store(left.saturating_sub(bytes as u64), Ordering::Relaxed);
        Ok(bytes)
    }
}

impl Rows {
    fn open(mut source: Source) -> Result<Self, CliError> {
        let begin = source.fill_buf().map_err(|e| unreadable(&e))?;
        let begin = begin.strip_prefix("\u{feff}".as_bytes()).unwrap_or(begin);
        let delimiter = delimiter(begin);
        let left = Arc::new(AtomicU64::new(OPEN_ROW_BYTES));
        let mut reader = ReaderBuilder::new();
        let reader = reader.has_headers(false).flexible(true).delimiter(delimiter);
        let mut reader = reader.from_reader(Bounded { source, left: Arc::clone(&left) });
        let mut names = ByteRecord::new();
        reader.read_byte_record(&mut names).map_err(|e| csv_error(&e, 1))?;
        let is_id = |name: &[u8]| {
            let name = String::from_utf8_lossy(name).to_lowercase();
            name.trim_start_matches('\u{feff}').trim().trim_start_matches("g:") == "id"
        };
        let id_column = names.iter().position(is_id);
        Ok(Self { reader, left, names, id_column, next_row: 2, is_over: false })
    }
}

fn csv_error(error: &csv::Error, row: u64) -> CliError {
    let why = match error.kind() {
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    };
    CliError::usage(format!("row {row}: cannot read the feed any further: {why}"))
}

impl Iterator for Rows {
    type Item = Result<Part, CliError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut part = Part::new(self.next_row, Vec::new());
        let mut writer = WriterBuilder::new().flexible(true).from_writer(Vec::new());
        let (mut written, mut row_count) = (writer.write_byte_record(&self.names), 0);
        let (mut bytes, mut record) = (0, ByteRecord::new());
        while !self.is_over && row_count < ROW_COUNT_MAX && bytes < PART_BYTES {
            self.left.store(OPEN_ROW_BYTES, Ordering::Relaxed);
            match self.reader.read_byte_record(&mut record) {
                Err(error) => return Some(Err(csv_error(&error, self.next_row))),
                Ok(false) => self.is_over = true,
                Ok(true) => {
                    let id = self.id_column.and_then(|column| record.get(column));
                    part.name(self.next_row, id.and_then(|id| String::from_utf8(id.to_vec()).ok()));
                    if record.as_slice().len() > ROW_BYTES_MAX {
                        // As much of it as is refused for its length.
                        let cut = record.as_slice()[..=ROW_BYTES_MAX].to_vec();
                        record = ByteRecord::from(vec![cut]);
                    }
                    // Quotes are doubled, and every value may be quoted.
                    let quotes = record.as_slice().iter().filter(|byte| **byte == b'"').count();
                    bytes += record.as_slice().len() + quotes + 3 * record.len();
                    written = written.and_then(|()| writer.write_byte_record(&record));
                    self.next_row += 1;
                    row_count += 1;
                }
            }
        }
        // A file of names alone, or of nothing, is sent too: whether that is right is said by whoever reads it.
        let is_only = self.is_over && self.next_row == 2;
        if row_count == 0 && !is_only {
            return None;
        }
        if is_only {
            self.next_row += 1;
        }
        let (Ok(()), Ok(bytes)) = (written, writer.into_inner()) else {
            return Some(Err(CliError::failed("a part of the feed could not be written in memory")));
        };
        part.bytes = if self.names.is_empty() { Vec::new() } else { bytes };
        Some(Ok(part))
    }
}
