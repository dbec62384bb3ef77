//! An archive goes straight into the stream: its lines have passed the collector.

use super::{Drive, PROGRESS_ROWS, Pending};
use crate::error::CliError;
use crate::replay::archive::{Archive, Archived, Object, OwnLines};
use crate::replay::report::{ArchiveCounts, Report};
use crate::stack::Tables;
use beckon_domain::Timestamp;
use beckon_domain::event::EventKind;
use beckon_store::streams::{EventStream, NewRecord};
use indicatif::ProgressBar;
use std::path::Path;
use std::time::Instant;

/// An archive on its way.
#[derive(Default)]
struct Way {
    pending: Pending,
    own: OwnLines,
    counts: ArchiveCounts,
    lines: u64,
    last_at: Timestamp,
    last_reason: String,
}

impl<T: Tables> Drive<T> {
    /// Replays every line, `lines` of them in a delivery unless something must happen earlier. `anew`: only what somebody sent; merge records, forwarded events and reminders are made anew.
    pub async fn run_archive(
        mut self,
        mut archive: Archive,
        (file, anew, lines): (&Path, bool, u64),
        bar: &ProgressBar,
    ) -> Result<Report, CliError> {
        let began = Instant::now();
        let (mut line_count, mut way) = (0_u64, Way::default());
        (way.counts.anew, way.lines) = (anew, self.setup.batch_rows.unwrap_or(lines));
        while let Some(mut object) = archive.next().await? {
            while let Some(read) = object.next()? {
                line_count += 1;
                if line_count.is_multiple_of(PROGRESS_ROWS) {
                    bar.set_position(archive.bytes_read());
                    bar.set_message(format!("{line_count} lines"));
                }
                match read {
                    Err(reason) => {
                        self.bad_line(&object, &reason);
                        way.last_reason = reason;
                        archive.count(&object, false, &way.last_reason)?;
                    }
                    Ok(archived) => {
                        archive.count(&object, true, "")?;
                        self.take_line(archived, &mut way).await?;
                    }
                }
            }
        }
        archive.finish(file, &way.last_reason)?;
        way.counts.objects = archive.object_count();
        self.end_lines(&mut way).await?;
        self.abandonment_count += way.own.timer_count();
        let mut report = self.report(line_count, began.elapsed()).await?.0;
        report.archive = Some(way.counts);
        Ok(report)
    }

    fn bad_line(&mut self, object: &Object, reason: &str) {
        self.bad_row(&format!("{}: {reason}", object.position()));
    }

    /// Takes a line, after whatever must happen before it.
    async fn take_line(&mut self, archived: Archived, way: &mut Way) -> Result<(), CliError> {
        let Archived { key, said, data } = archived;
        if said.internal {
            way.counts.own_lines += 1;
            if way.counts.anew {
                return Ok(());
            }
            way.own.archived(&key, &said.event);
        } else {
            self.collected.received += 1;
            self.collected.accepted += 1;
        }
        // Time is that of the collector. It does not run back where an archive does.
        let at = said.event.received_at.max(way.last_at);
        way.last_at = at;
        if way.counts.anew {
            if self.is_over(at, &way.pending) {
                self.deliver_events(&mut way.pending).await?;
                self.pass_to(at).await?;
            }
            self.give_contact(&key, at).await?;
            if let EventKind::Identify { link: Some(customer), .. } = &said.event.kind {
                self.give_contact(customer, at).await?;
            }
        } else if way.pending.rows >= way.lines {
            self.deliver_held(way).await?;
        }
        self.setup.hand.set(at);
        self.put(vec![NewRecord { partition_key: key.as_str().to_owned(), data }]).await?;
        if way.counts.anew {
            self.begin_window(at, &mut way.pending).await?;
        }
        way.pending.rows += 1;
        way.pending.profiles.insert(key);
        Ok(())
    }

    async fn put(&self, records: Vec<NewRecord>) -> Result<(), CliError> {
        let put = self.setup.stack.stream.put(records).await;
        put.map_err(|e| CliError::caused("the stream of the replay", &e))
    }

    /// Delivers what is pending, and keeps what the profiler puts out of the stream.
    async fn deliver_held(&mut self, way: &mut Way) -> Result<(), CliError> {
        self.setup.stack.stream.hold_back();
        let delivered = self.deliver_events(&mut way.pending).await;
        self.setup.stack.stream.let_go().iter().for_each(|record| way.own.put(record));
        delivered
    }

    async fn end_lines(&mut self, way: &mut Way) -> Result<(), CliError> {
        if way.counts.anew {
            self.deliver_events(&mut way.pending).await?;
            return self.pass_to_end(way.last_at).await;
        }
        self.deliver_held(way).await?;
        loop {
            let missing = way.own.take_missing();
            if missing.is_empty() {
                return Ok(());
            }
            way.counts.missing_own_lines += missing.len() as u64;
            self.put(missing).await?;
            self.deliver_held(way).await?;
        }
    }
}
