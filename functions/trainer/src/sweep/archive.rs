//! The scan of the archive: only objects that name somebody who was erased are written anew, without their lines.

use super::lines::{Fate, look, mentions};
use super::{Kept, SweepReport, Sweeper, SweptTables};
use crate::error::TrainerError;
use beckon_domain::{DurationMs, Timestamp};
use beckon_store::archive::{ArchiveObjects, PREFIX, RewriteArchive, day_prefix};
use beckon_store::objects::{FailedEventArchive, RewriteObjects};
use beckon_store::tables::ErasureRequest;
use beckon_store::{ErrorKind, StoreError};
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::io::{Read, Write};

/// Objects after which it is written down how far a scan has come.
const NOTE_EVERY: usize = 20;
/// How far back a later scan begins before the one before it: Firehose tries a delivery for a day, and names an object by
/// the hour of its oldest record.
const LATE: DurationMs = DurationMs::from_days(2);

impl<T, A, F> Sweeper<T, A, F>
where
    T: SweptTables,
    A: ArchiveObjects + RewriteArchive,
    F: FailedEventArchive + RewriteObjects,
{
    pub(super) async fn sweep_archive(
        &self,
        open: &mut [Kept],
        until: Option<Timestamp>,
        report: &mut SweepReport,
    ) -> Result<(), TrainerError> {
        let now = self.clock.now();
        let is_due = |kept: &&mut Kept| {
            kept.state.swept.archive_under_way.is_some() || self.is_due(kept.state.swept.archive_at)
        };
        let mut due: Vec<&mut Kept> = open.iter_mut().filter(is_due).collect();
        let Some(first) = due.iter().map(|kept| from(&kept.state)).min() else { return Ok(()) };
        for kept in &mut due {
            kept.state.swept.archive_under_way.get_or_insert((now, String::new()));
        }
        let mut objects = self.archive.list_archived(PREFIX).await?;
        objects.retain(|kept| kept.key >= first);
        for (index, object) in objects.iter().enumerate() {
            if self.is_over(until) {
                report.is_cut = true;
                break;
            }
            self.sweep_object(&object.key, &mut due, report).await?;
            if (index + 1).is_multiple_of(NOTE_EVERY) {
                for kept in &mut due {
                    self.save(kept).await?;
                }
            }
        }
        for kept in due {
            if !report.is_cut {
                let began = kept.state.swept.archive_under_way.take().map(|(began, _)| began);
                kept.state.swept.archive_at = began;
            }
            self.save(kept).await?;
        }
        Ok(())
    }

    async fn sweep_object(
        &self,
        key: &str,
        due: &mut [&mut Kept],
        report: &mut SweepReport,
    ) -> Result<(), TrainerError> {
        let is_new = |kept: &ErasureRequest| {
            let done = kept.swept.archive_under_way.as_ref().map_or("", |(_, done)| done);
            key >= from(kept).as_str() && key > done
        };
        let indices: Vec<usize> =
            due.iter().enumerate().filter(|(_, kept)| is_new(&kept.state)).map(|(index, _)| index).collect();
        if indices.is_empty() {
            return Ok(());
        }
        // What is deleted meanwhile was too old.
        if let Some(document) = self.archive.read_archived(key).await? {
            let requests: Vec<&ErasureRequest> = indices.iter().map(|index| &due[*index].state).collect();
            if let Some((rest, counts)) = without(key, &document, &requests)? {
                self.archive.rewrite_archived(key, rest).await?;
                for (index, count) in indices.iter().zip(counts) {
                    due[*index].state.removed.archive_lines += count;
                    report.archive_lines += count;
                }
            }
        }
        for index in indices {
            if let Some((_, done)) = &mut due[index].state.swept.archive_under_way {
                key.clone_into(done);
            }
        }
        Ok(())
    }
}

/// The first key that a scan of a request looks at: everything at first, then what may have come since.
fn from(request: &ErasureRequest) -> String {
    request.swept.archive_at.map_or_else(|| PREFIX.to_owned(), |at| day_prefix(at - LATE))
}

/// An object without the lines of these people (`None` within: nothing is left of it), and how many lines went with each.
/// `None` when nothing of it is theirs.
type Rest = Option<(Option<Vec<u8>>, Vec<u64>)>;

fn without(key: &str, document: &[u8], requests: &[&ErasureRequest]) -> Result<Rest, StoreError> {
    let damaged = |e| StoreError::new("read an archived object", ErrorKind::Corrupt, e);
    let is_packed = key.ends_with(".gz");
    let mut text = Vec::new();
    if is_packed {
        if let Err(error) = MultiGzDecoder::new(document).read_to_end(&mut text) {
            // As far as it can be read it is swept; the trainer reads no further either.
            tracing::warn!(error = ?error, object = key, "an archived object is cut off or damaged");
        }
    } else {
        text.extend_from_slice(document);
    }
    if !mentions(&text, requests) {
        return Ok(None);
    }
    let (mut rest, mut counts, mut changed) =
        (Vec::with_capacity(text.len()), vec![0; requests.len()], false);
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let kept = match look(line, requests) {
            Fate::Stays => line,
            Fate::Goes(index) => {
                counts[index] += 1;
                changed = true;
                continue;
            }
            Fate::Changed(line) => {
                changed = true;
                rest.extend_from_slice(&line);
                rest.push(b'\n');
                continue;
            }
        };
        rest.extend_from_slice(kept);
        rest.push(b'\n');
    }
    if !changed {
        return Ok(None);
    }
    if rest.is_empty() {
        return Ok(Some((None, counts)));
    }
    if !is_packed {
        return Ok(Some((Some(rest), counts)));
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&rest).map_err(damaged)?;
    Ok(Some((Some(encoder.finish().map_err(damaged)?), counts)))
}
