//! Lines of a text, with a limit on what is kept of one.

use super::input::Source;
use std::io::{BufRead, Read};

/// The longest line read, in bytes. Segment allows 32 KB an event, a record of the stream 1 MiB: more is another kind of
/// file.
pub(crate) const LINE_BYTES_MAX: u64 = 1_024 * 1_024;

/// Lines being read.
pub(crate) struct Lines {
    source: Source,
    buffer: Vec<u8>,
    line: u64,
}

/// One line that is not empty.
pub(crate) struct Text<'a> {
    /// Without white space at its ends; the beginning of the line when it is too long.
    pub bytes: &'a [u8],
    /// Whether it has more bytes than a line may have.
    pub is_too_long: bool,
}

impl Lines {
    pub fn new(source: Source) -> Self {
        Self { source, buffer: Vec::new(), line: 0 }
    }

    /// The last line read, counted from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The next line that is not empty.
    pub fn next(&mut self) -> std::io::Result<Option<Text<'_>>> {
        loop {
            self.buffer.clear();
            let mut limited = (&mut self.source).take(LINE_BYTES_MAX + 1);
            if limited.read_until(b'\n', &mut self.buffer)? == 0 {
                return Ok(None);
            }
            self.line += 1;
            let is_too_long = self.buffer.len() as u64 > LINE_BYTES_MAX;
            if is_too_long && !self.buffer.ends_with(b"\n") {
                // `skip_until` forgets as it reads: a line of gigabytes must not fill the memory.
                self.source.skip_until(b'\n')?;
            }
            if !self.buffer.trim_ascii().is_empty() {
                let text = self.buffer.strip_prefix("\u{feff}".as_bytes()).filter(|_| self.line == 1);
                let bytes = text.unwrap_or(&self.buffer).trim_ascii();
                return Ok(Some(Text { bytes, is_too_long }));
            }
        }
    }
}
