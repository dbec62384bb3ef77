//! The laptop's archive: what Firehose does on AWS.

use super::{STATE_FOLDER, ServeArgs};
use crate::error::CliError;
use beckon_store::archive::folder::{FolderArchive, Limits};
use beckon_store::streams::memory::MemoryStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What waits in memory is written so often, at the latest.
const FLUSH_EACH: Duration = Duration::from_secs(60);

/// Where the archive is kept, if anywhere. What a stack in memory did cannot be gone on with, so it has none unless told.
pub(super) fn folder(args: &ServeArgs) -> Option<PathBuf> {
    let default = || (!args.memory).then(|| Path::new(STATE_FOLDER).join("archive"));
    if args.no_archive { None } else { args.archive.clone().or_else(default) }
}

/// Opens the archive and lets the stream write to it.
pub(super) fn open(args: &ServeArgs, stream: &MemoryStream) -> Result<Option<FolderArchive>, CliError> {
    let Some(folder) = folder(args) else { return Ok(None) };
    let archive = FolderArchive::open(&folder, Limits::default()).map_err(|e| {
        CliError::usage(format!(
            "the archive in {} cannot be read: {}; choose another folder with --archive, or --no-archive",
            folder.display(),
            e.source
        ))
    })?;
    let copy = archive.clone();
    // An event is taken whatever becomes of its copy: the archive says what it could not write.
    stream.copy_to(move |record| told(copy.append(record.arrived_at, &record.data)));
    Ok(Some(archive))
}

fn told(result: Result<(), beckon_store::StoreError>) {
    if let Err(error) = result {
        tracing::warn!(error = ?error, "events are not archived yet; they are tried again");
    }
}

/// Writes what waits, again and again. Real minutes: they bound what a crash loses.
pub(super) async fn flush_each_minute(archive: FolderArchive) -> Result<(), CliError> {
    let mut ticks = tokio::time::interval(FLUSH_EACH);
    loop {
        ticks.tick().await;
        told(archive.flush());
    }
}

/// Writes what still waits, at the end.
pub(super) fn end(archive: Option<FolderArchive>) -> Result<(), CliError> {
    let Some(archive) = archive else { return Ok(()) };
    archive.flush().map_err(|e| CliError::caused("the last events are not archived", &e))?;
    let written = archive.written();
    crate::say(format_args!("archived {} lines in {} objects", written.lines, written.objects));
    match written.lost_lines {
        0 => Ok(()),
        lost => Err(CliError::failed(format!(
            "{lost} lines are missing in the archive: the disk did not take them; make room, or use --no-archive"
        ))),
    }
}
