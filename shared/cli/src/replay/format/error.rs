//! What can be wrong with a file (fatal) and with a row of it (counted).

use std::path::PathBuf;

/// A file cannot be read at all, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be opened.
    #[error("cannot open {}: {source}; check the path and that you may read it", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The first line is not this format's header.
    #[error(
        "{}: line 1 is `{found}`, but --format {format} needs the header `{expected}`; \
         choose the file's own format (taobao, rees46, segment-jsonl) or add the header line",
        path.display()
    )]
    Header {
        /// The file.
        path: PathBuf,
        /// The format asked for.
        format: &'static str,
        /// The header that the format has.
        expected: &'static str,
        /// The first line of the file, cut.
        found: String,
    },
    /// The file ends early or is damaged.
    #[error(
        "{}: reading stopped after line {line}: {source}; the file is damaged or cut, get it again",
        path.display()
    )]
    Broken {
        /// The file.
        path: PathBuf,
        /// The last line that could be read.
        line: u64,
        /// What the system or the decompressor says.
        source: std::io::Error,
    },
}

/// A row is not an event. The rows after it are read all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {number} (line {line}): {reason}")]
pub struct RowError {
    /// The data row, counted from 1.
    pub number: u64,
    /// The line of the (uncompressed) file, counted from 1: where an editor finds it.
    pub line: u64,
    /// What is wrong and what to do.
    pub reason: String,
}
