//! The archive of an event stream: object by object in the order of arrival, from a folder, a file or a bucket.

mod own;
mod place;

pub(super) use own::OwnLines;

use super::ReplayOptions;
use super::format::ReadError;
use super::format::lines::{LINE_BYTES_MAX, Lines};
use crate::error::CliError;
use beckon_domain::ProfileKey;
use beckon_store::objects::Kept;
use beckon_wire::stream::{Said, read_alone};
use place::Place;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// Lines that are none of the stream's after which a file is taken for another kind of file, if no line was good.
const STRANGE_LINES_MAX: u64 = 100;

/// An archive being read.
pub(crate) struct Archive {
    place: Place,
    objects: VecDeque<Kept>,
    bytes_total: u64,
    bytes_read: u64,
    object_count: u64,
    good_lines: u64,
    bad_lines: u64,
}

/// One object being read.
pub(crate) struct Object {
    name: PathBuf,
    lines: Lines,
}

/// What a line of an object is.
pub(crate) struct Archived {
    /// Its profile: an archive keeps no partition keys, so the line's own is believed.
    pub key: ProfileKey,
    pub said: Said,
    /// The line as it came.
    pub data: Vec<u8>,
}

impl Archive {
    /// Finds the objects of an archive.
    ///
    /// # Errors
    /// When there are none, or an option makes no sense for an archive.
    pub async fn open(file: &Path, has_rules: bool, options: &ReplayOptions) -> Result<Self, CliError> {
        refuse(options, has_rules)?;
        let place = Place::of(file, options).await?;
        let objects: VecDeque<Kept> = place.objects().await?.into();
        if objects.is_empty() {
            return Err(CliError::usage(format!(
                "no archived events in {place}: an archive has objects such as events/2026/11/22/08/….gz; name its \
                 folder, or s3://BUCKET/PREFIX"
            )));
        }
        let bytes_total = objects.iter().map(|kept| kept.bytes).sum();
        Ok(Self { place, objects, bytes_total, bytes_read: 0, object_count: 0, good_lines: 0, bad_lines: 0 })
    }

    /// Bytes of all objects as they lie there.
    pub fn bytes_total(&self) -> u64 {
        self.bytes_total
    }

    /// Bytes of the objects that were begun.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Objects that were begun.
    pub fn object_count(&self) -> u64 {
        self.object_count
    }

    /// The next object.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn next(&mut self) -> Result<Option<Object>, CliError> {
        let Some(kept) = self.objects.pop_front() else { return Ok(None) };
        let (name, source) = self.place.source(&kept.key).await?;
        self.bytes_read += kept.bytes;
        self.object_count += 1;
        Ok(Some(Object { name, lines: Lines::new(source) }))
    }

    /// Counts a line that was read.
    ///
    /// # Errors
    /// When it is by now clear that this is no archive.
    pub fn count(&mut self, object: &Object, is_good: bool, reason: &str) -> Result<(), CliError> {
        self.good_lines += u64::from(is_good);
        self.bad_lines += u64::from(!is_good);
        if self.good_lines == 0 && self.bad_lines >= STRANGE_LINES_MAX {
            return Err(self.strange(&object.name, reason));
        }
        Ok(())
    }

    /// Looks back at the end.
    ///
    /// # Errors
    /// When there were lines, and none of them was the stream's.
    pub fn finish(&self, file: &Path, reason: &str) -> Result<(), CliError> {
        if self.good_lines == 0 && self.bad_lines > 0 {
            return Err(self.strange(file, reason));
        }
        Ok(())
    }

    fn strange(&self, name: &Path, reason: &str) -> CliError {
        CliError::usage(format!(
            "{} is no archive: none of its first {} lines is a line of the stream ({reason}); say what it is with \
             --format taobao, rees46 or segment-jsonl",
            name.display(),
            self.bad_lines
        ))
    }
}

impl Object {
    /// The next line, or why it is none of the stream's.
    ///
    /// # Errors
    /// When the object is cut or damaged.
    pub fn next(&mut self) -> Result<Option<Result<Archived, String>>, CliError> {
        let (name, text) = (&self.name, self.lines.next());
        let text = match text {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(None),
            Err(source) => {
                let line = self.lines.line();
                return Err(CliError::usage(ReadError::Broken { path: name.clone(), line, source }));
            }
        };
        if text.is_too_long {
            return Ok(Some(Err(format!("the line has more than {LINE_BYTES_MAX} bytes"))));
        }
        Ok(Some(read(text.bytes)))
    }

    /// Where the last line is, for people.
    pub fn position(&self) -> String {
        format!("{} line {}", self.name.display(), self.lines.line())
    }
}

fn read(bytes: &[u8]) -> Result<Archived, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the line is not UTF-8".to_owned())?;
    let (key, said) = read_alone(text).map_err(|e| e.to_string())?;
    Ok(Archived { key, said, data: bytes.to_owned() })
}

/// Options that say something of rows, or of what is made anew.
fn refuse(options: &ReplayOptions, has_rules: bool) -> Result<(), CliError> {
    if !options.anew && (has_rules || options.delay.is_some()) {
        return Err(CliError::usage(
            "--rules and --delay change nothing where reminders end as they ended in the archive: add --anew",
        ));
    }
    let rows_only = [
        ("--episodes", options.episodes.is_some()),
        ("--id-bytes", options.id_bytes.is_some()),
        ("--duplicates", options.duplicates > 0),
        ("--shuffle-batches", options.shuffle_batches),
    ];
    if let Some((option, _)) = rows_only.iter().find(|(_, is_given)| *is_given) {
        return Err(CliError::usage(format!(
            "{option} is for files of rows; an archive is replayed line by line: leave it out"
        )));
    }
    Ok(())
}
