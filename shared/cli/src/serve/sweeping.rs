//! The laptop's sweep: each minute, what only a scan finds of people who were erased; and how many failed events wait.

use super::{ServeArgs, archiving};
use crate::error::CliError;
use beckon_runtime::{Clock, Metrics};
use beckon_store::archive::reader::FolderReader;
use beckon_store::objects::{FailedEventArchive, RewriteObjects};
use beckon_store::tables::dynamodb::DynamoTables;
use std::path::PathBuf;
use std::time::Duration;
use trainer::Sweeper;
use trainer::kept::watch;

const SWEEP_EACH: Duration = Duration::from_secs(60);

/// What sweeps this laptop.
pub(super) fn sweeper<F>(
    tables: &DynamoTables,
    failed: F,
    clock: &Clock,
    args: &ServeArgs,
) -> Sweeper<DynamoTables, FolderReader, F> {
    // Without an archive a folder is read that is not there, and holds nothing.
    let folder = archiving::folder(args).unwrap_or_else(|| PathBuf::from("no archive"));
    Sweeper { tables: tables.clone(), archive: FolderReader::new(folder), failed, clock: clock.clone() }
}

/// Counts what is kept as failed and sweeps, each minute. What fails is tried again.
pub(super) async fn each_minute<F>(
    sweeper: Sweeper<DynamoTables, FolderReader, F>,
    metrics: Metrics,
) -> Result<(), CliError>
where
    F: FailedEventArchive + RewriteObjects,
{
    let mut ticks = tokio::time::interval(SWEEP_EACH);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = watch(&sweeper.failed, &metrics, sweeper.clock.now()).await {
            tracing::warn!(error = ?error, "failed events were not counted");
        }
        if let Err(error) = sweeper.run(None).await {
            tracing::warn!(error = ?error, "what is left of erased people was not swept");
        }
    }
}
