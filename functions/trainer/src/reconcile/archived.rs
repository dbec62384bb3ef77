//! What the archive holds of some hours: for each profile and hour the hashes of its lines and of its events.

use crate::error::TrainerError;
use beckon_domain::ProfileKey;
use beckon_domain::reconcile::Archived;
use beckon_domain::settled::Hour;
use beckon_store::archive::{ArchiveObjects, hour_prefix};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read};
use xxhash_rust::xxh3::xxh3_64;

/// The longest line that is read: longer ones are none of the stream's.
const LINE_BYTES_MAX: u64 = 1024 * 1024;
/// Lines kept in memory at most, about 16 bytes each.
pub(super) const LINE_COUNT_MAX: usize = 8_000_000;

/// What of a line says where it belongs.
#[derive(Deserialize)]
struct Envelope<'a> {
    key: &'a str,
    #[serde(default)]
    id: &'a str,
    #[serde(default)]
    source: &'a str,
    received_at: i64,
}

/// Whose line it is: a profile's of the hour in which it was received, or, where it says neither, nobody's of the hour in which
/// it was archived.
pub(super) type Whose = (Option<ProfileKey>, Hour);

/// Lines of a profile and hour.
#[derive(Default)]
pub(super) struct Lines {
    /// A hash of each line.
    pub(super) lines: Vec<u64>,
    events: Vec<u64>,
}

/// The hash of a line, without the newline and the spaces around it.
pub(super) fn hash(line: &[u8]) -> u64 {
    xxh3_64(line.trim_ascii())
}

impl Lines {
    fn push(&mut self, line: u64, event: u64) {
        self.lines.push(line);
        self.events.push(event);
    }

    /// How many there are, and how many differ.
    pub(super) fn counts(&self) -> Archived {
        let differing = |hashes: &[u64]| hashes.iter().collect::<BTreeSet<_>>().len() as u64;
        Archived {
            lines: self.lines.len() as u64,
            distinct: differing(&self.lines),
            events: differing(&self.events),
        }
    }

    /// The lines, and how often each was archived.
    pub(super) fn copies(&self) -> BTreeMap<u64, u64> {
        let mut copies = BTreeMap::new();
        self.lines.iter().for_each(|line| *copies.entry(*line).or_default() += 1);
        copies
    }
}

/// What was read.
#[derive(Default)]
pub(super) struct Gathered {
    /// By profile and hour.
    pub(super) lines: BTreeMap<Whose, Lines>,
    line_count: usize,
    /// Whether something was left out: too many lines, no more time, or an object that is damaged.
    pub(super) is_cut: bool,
}

impl Gathered {
    /// Reads the objects of the hours `archived`, and keeps the lines of the hours `wanted`.
    ///
    /// # Errors
    /// When the archive cannot be listed or read.
    pub(super) async fn read<A: ArchiveObjects>(
        archive: &A,
        archived: impl Iterator<Item = Hour>,
        wanted: &BTreeSet<Hour>,
        in_time: impl Fn() -> bool,
    ) -> Result<Self, TrainerError> {
        let mut gathered = Self::default();
        for hour in archived {
            for kept in archive.list_archived(&hour_prefix(hour.start())).await? {
                if !in_time() || gathered.line_count > LINE_COUNT_MAX {
                    gathered.is_cut = true;
                    return Ok(gathered);
                }
                // What is deleted meanwhile was too old.
                let Some(document) = archive.read_archived(&kept.key).await? else { continue };
                let read = if kept.key.ends_with(".gz") {
                    gathered.take(MultiGzDecoder::new(document.as_slice()), hour, wanted)
                } else {
                    gathered.take(document.as_slice(), hour, wanted)
                };
                if let Err(error) = read {
                    tracing::warn!(error = ?error, object = kept.key, "an archived object is cut off or damaged");
                    gathered.is_cut = true;
                }
            }
        }
        Ok(gathered)
    }

    fn take(&mut self, source: impl Read, archived: Hour, wanted: &BTreeSet<Hour>) -> std::io::Result<()> {
        let mut source = BufReader::new(source);
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut limited = (&mut source).take(LINE_BYTES_MAX);
            if limited.read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            let (whose, event) = place(line, archived);
            if wanted.contains(&whose.1) {
                self.line_count += 1;
                self.lines.entry(whose).or_default().push(hash(line), event);
            }
        }
    }
}

/// Whose a line is, and the hash of its event.
fn place(line: &[u8], archived: Hour) -> (Whose, u64) {
    let unknown = || ((None, archived), hash(line));
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(line) else { return unknown() };
    let Ok(key) = ProfileKey::parse(envelope.key) else { return unknown() };
    let event = xxh3_64(format!("{}\n{}", envelope.source, envelope.id).as_bytes());
    ((Some(key), Hour::of(beckon_domain::Timestamp::from_ms(envelope.received_at))), event)
}
