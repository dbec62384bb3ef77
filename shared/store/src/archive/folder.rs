//! The archive in a folder of the laptop. One process writes a folder.
//!
//! Lines wait in memory, compressed, until their object is large enough, their hour is over, or somebody flushes. An object
//! is written beside its place and renamed, so that a crash leaves no cut file; it loses what waited.

use super::hour_of;
use crate::error::{ErrorKind, StoreError};
use crate::objects::Kept;
use crate::objects::folder::{walk, write};
use crate::streams::line_count;
use beckon_domain::{DurationMs, Timestamp};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const NAME_END: &str = ".jsonl.gz";

/// What keeps an archive from growing without end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// An object is written when it holds so many bytes of lines.
    pub object_bytes: usize,
    /// Hours that began longer than this before the newest one are deleted.
    pub age: DurationMs,
    /// Bytes of all objects together; the oldest are deleted first.
    pub bytes: u64,
    /// Compressed bytes that wait in memory while the disk takes nothing; the oldest are given up first.
    pub waiting_bytes: usize,
}

impl Default for Limits {
    /// 30 days as on AWS, 5 MB an object, 2 GB in all, 32 MB waiting.
    fn default() -> Self {
        Self {
            object_bytes: 5_000_000,
            age: DurationMs::from_days(30),
            bytes: 2_000_000_000,
            waiting_bytes: 32_000_000,
        }
    }
}

/// What an archive has done since it was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Written {
    /// Objects written.
    pub objects: u64,
    /// Lines in them.
    pub lines: u64,
    /// Lines given up because the disk did not take them.
    pub lost_lines: u64,
}

/// An archive in a folder. Clones share it.
#[derive(Clone, Debug)]
pub struct FolderArchive(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    limits: Limits,
    /// Our objects below the folder, by key.
    kept: BTreeMap<String, u64>,
    kept_bytes: u64,
    /// Arrival of the newest line and number of the newest object, which is never given twice: names rise, whatever the
    /// clock does.
    newest: (Timestamp, u32),
    open: Option<Open>,
    closed: VecDeque<Closed>,
    written: Written,
}

#[derive(Debug)]
struct Open {
    hour: String,
    began_at: Timestamp,
    encoder: GzEncoder<Vec<u8>>,
    bytes: usize,
    lines: u64,
}

/// An object that is whole and not on the disk yet.
#[derive(Debug)]
struct Closed {
    key: String,
    document: Vec<u8>,
    lines: u64,
}

impl FolderArchive {
    /// Goes on with the archive in this folder, or begins one; the folder is made when the first object is written.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn open(folder: impl Into<PathBuf>, limits: Limits) -> Result<Self, StoreError> {
        let folder = folder.into();
        let found = objects(&folder).map_err(|e| refused("open the archive", e))?;
        let mut newest = (Timestamp::EPOCH, 0);
        let mut kept = BTreeMap::new();
        for Kept { key, bytes, .. } in found {
            // What has another name is somebody else's: it is neither counted nor deleted.
            if let Some(place) = place_of(&key) {
                newest = newest.max(place);
                kept.insert(key, bytes);
            }
        }
        let kept_bytes = kept.values().sum();
        let inner = Inner {
            folder,
            limits,
            kept,
            kept_bytes,
            newest,
            open: None,
            closed: VecDeque::new(),
            written: Written::default(),
        };
        Ok(Self(Arc::new(Mutex::new(inner))))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a record: lines of JSON that arrived together. When it is the first of its hour, or the object is full,
    /// what came before is written.
    ///
    /// # Errors
    /// When the disk does not take an object. The record is kept, and the object is tried again with the next.
    pub fn append(&self, arrived_at: Timestamp, data: &[u8]) -> Result<(), StoreError> {
        self.lock().append(arrived_at, data)
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// When the disk does not take it. It is tried again with the next call.
    pub fn flush(&self) -> Result<(), StoreError> {
        let mut inner = self.lock();
        inner.close();
        inner.write_closed()
    }

    /// What was done so far.
    #[must_use]
    pub fn written(&self) -> Written {
        self.lock().written
    }
}

impl Inner {
    fn append(&mut self, arrived_at: Timestamp, data: &[u8]) -> Result<(), StoreError> {
        // The laptop's clock may run fast in one life and begin anew in the next: the order of arrival must not.
        let at = arrived_at.max(self.newest.0);
        let hour = hour_of(at);
        if self.open.as_ref().is_some_and(|open| open.hour != hour) {
            self.close();
        }
        self.newest.0 = at;
        let open = self.open.get_or_insert_with(|| Open {
            hour,
            began_at: at,
            encoder: GzEncoder::new(Vec::new(), Compression::default()),
            bytes: 0,
            lines: 0,
        });
        // Into memory: it cannot fail.
        let _ = open.encoder.write_all(data).and_then(|()| open.encoder.write_all(b"\n"));
        open.bytes += data.len() + 1;
        open.lines += line_count(data);
        if open.bytes >= self.limits.object_bytes {
            self.close();
        }
        self.write_closed()
    }

    /// Ends the open object.
    fn close(&mut self) {
        let Some(Open { hour, began_at, encoder, lines, .. }) = self.open.take() else { return };
        let Ok(document) = encoder.finish() else { return };
        self.newest.1 += 1;
        let key = format!("{hour}/{:015}-{:06}{NAME_END}", began_at.as_ms(), self.newest.1);
        self.closed.push_back(Closed { key, document, lines });
        let waiting = |closed: &VecDeque<Closed>| closed.iter().map(|c| c.document.len()).sum::<usize>();
        while self.closed.len() > 1 && waiting(&self.closed) > self.limits.waiting_bytes {
            self.written.lost_lines += self.closed.pop_front().map_or(0, |closed| closed.lines);
        }
    }

    fn write_closed(&mut self) -> Result<(), StoreError> {
        if self.closed.is_empty() {
            return Ok(());
        }
        while let Some(Closed { key, document, lines }) = self.closed.front() {
            write(&self.folder.join(key), document)
                .map_err(|e| StoreError::new("archive events", ErrorKind::Ambiguous, e))?;
            let bytes = document.len() as u64;
            self.written.objects += 1;
            self.written.lines += lines;
            self.kept.insert(key.clone(), bytes);
            self.kept_bytes += bytes;
            self.closed.pop_front();
        }
        self.prune()
    }

    /// Deletes what is too old or too much, the oldest first; the newest object stays in any case.
    fn prune(&mut self) -> Result<(), StoreError> {
        let oldest_hour = hour_of(self.newest.0 - self.limits.age);
        while self.kept.len() > 1 {
            let Some((key, bytes)) = self.kept.first_key_value().map(|(key, bytes)| (key.clone(), *bytes))
            else {
                break;
            };
            if *key >= *oldest_hour && self.kept_bytes <= self.limits.bytes {
                break;
            }
            let path = self.folder.join(&key);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(refused("prune the archive", error));
                }
                _ => {}
            }
            // Folders of hours and days that are empty now; one that is not empty stays.
            path.ancestors().skip(1).take(4).all(|folder| std::fs::remove_dir(folder).is_ok());
            self.kept.remove(&key);
            self.kept_bytes -= bytes;
        }
        Ok(())
    }
}

fn refused(operation: &'static str, error: std::io::Error) -> StoreError {
    StoreError::new(operation, ErrorKind::Refused, error)
}

/// When the object of a key began, and its number; `None` when the key is none of ours.
fn place_of(key: &str) -> Option<(Timestamp, u32)> {
    let (hour, name) = key.rsplit_once('/')?;
    let (ms, number) = name.strip_suffix(NAME_END)?.split_once('-')?;
    let at = Timestamp::from_ms(ms.parse().ok()?);
    (hour == hour_of(at)).then_some((at, number.parse().ok()?))
}

/// Every object below a folder that may be one of an archive, in the order of the keys.
///
/// # Errors
/// When a folder cannot be read. One that is not there holds nothing.
pub fn objects(folder: &Path) -> std::io::Result<Vec<Kept>> {
    let mut found = Vec::new();
    walk(folder, "", &mut found)?;
    found.retain(|kept| super::is_object(&kept.key));
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests;
