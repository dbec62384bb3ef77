//! A file as a stream of plain bytes: gzip undone, compressed bytes counted.

use super::ReadError;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The plain bytes of a file.
pub(crate) type Source = Box<dyn BufRead + Send>;

const GZIP_MAGIC: [u8; 2] = [0x1F, 0x8B];
const BUFFER_BYTES: usize = 64 * 1_024;

/// How far a file has been read.
#[derive(Debug)]
pub(crate) struct Input {
    bytes_total: u64,
    bytes_read: Arc<AtomicU64>,
}

impl Input {
    /// Opens a file; it is gzip when its name or its first two bytes say so.
    pub fn open(path: &Path) -> Result<(Self, Source), ReadError> {
        let open = |source| ReadError::Open { path: path.to_owned(), source };
        let file = File::open(path).map_err(open)?;
        let metadata = file.metadata().map_err(open)?;
        if metadata.is_dir() {
            return Err(open(std::io::Error::from(std::io::ErrorKind::IsADirectory)));
        }
        let bytes_read = Arc::new(AtomicU64::new(0));
        let counted = Counted { file, bytes_read: Arc::clone(&bytes_read) };
        let mut raw = BufReader::with_capacity(BUFFER_BYTES, counted);
        let is_gzip = raw.fill_buf().map_err(open)?.starts_with(&GZIP_MAGIC)
            || path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
        let source: Source = if is_gzip {
            Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(raw)))
        } else {
            Box::new(raw)
        };
        Ok((Self { bytes_total: metadata.len(), bytes_read }, source))
    }

    /// The plain bytes of a file that is in memory.
    pub fn of(bytes: Vec<u8>) -> Source {
        let is_gzip = bytes.starts_with(&GZIP_MAGIC);
        let raw = Cursor::new(bytes);
        if is_gzip { Box::new(BufReader::new(MultiGzDecoder::new(raw))) } else { Box::new(raw) }
    }

    pub fn bytes_total(&self) -> u64 {
        self.bytes_total
    }

    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }
}

struct Counted {
    file: File,
    bytes_read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let bytes = self.file.read(buffer)?;
        self.bytes_read.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}
