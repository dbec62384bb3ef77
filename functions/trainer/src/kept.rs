//! How much is kept as failed and waits for somebody. An alarm on new failures goes silent while they still lie there.

use crate::error::TrainerError;
use beckon_domain::Timestamp;
use beckon_runtime::Metrics;
use beckon_runtime::metrics::{Function, Measures, Metric};
use beckon_store::objects::{FailedEventArchive, redriven_key};
use beckon_wire::failed::discarded::PREFIX as DISCARDED;
use serde::Serialize;
use std::collections::BTreeSet;

/// What the keys of failed events begin with.
const FAILED: &str = "failed/";
/// Objects of a kind that are listed at most: a hundred requests.
const COUNT_MAX: usize = 100_000;

/// What waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptReport {
    /// Failed events, and batches that the mapping gave up on, that nobody put again: what `beckon failed list` shows.
    pub kept_events: u64,
    /// When the oldest of them was written, in milliseconds; nothing where the store does not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_since: Option<i64>,
    /// Whether there are more than were looked at. Then there are at least so many.
    pub kept_is_cut: bool,
}

/// Counts what is kept and was not put again, looking at so many objects of a kind at most.
///
/// # Errors
/// When the store does not answer.
async fn count<F: FailedEventArchive>(failed: &F, count_max: usize) -> Result<KeptReport, TrainerError> {
    let mut report = KeptReport::default();
    for prefix in [FAILED, DISCARDED] {
        // Notes second: what is put again in between is not counted.
        let kept = failed.list_first(prefix, count_max).await?;
        let notes = failed.list_first(&redriven_key(prefix), count_max).await?;
        let is_cut = notes.len() >= count_max;
        report.kept_is_cut |= is_cut || kept.len() >= count_max;
        let notes: BTreeSet<String> = notes.into_iter().map(|note| note.key).collect();
        for object in kept {
            let note = redriven_key(&object.key);
            // Behind the last note that was listed nobody knows what was noted.
            let is_unknown = is_cut && notes.last().is_some_and(|last| note > *last);
            if is_unknown || notes.contains(&note) {
                continue;
            }
            report.kept_events += 1;
            let at = object.at.map(Timestamp::as_ms);
            report.kept_since = report.kept_since.into_iter().chain(at).min();
        }
    }
    Ok(report)
}

/// Counts, and tells it as a metric: also that there is nothing, which ends an alarm.
///
/// # Errors
/// When the store does not answer.
pub async fn watch<F: FailedEventArchive>(
    failed: &F,
    metrics: &Metrics,
    now: Timestamp,
) -> Result<KeptReport, TrainerError> {
    let report = count(failed, COUNT_MAX).await?;
    let mut measures = Measures::of(Function::Trainer);
    measures.set(Metric::FailedEventsKept, report.kept_events);
    if let Some(since) = report.kept_since {
        measures.set(Metric::FailedEventsOldest, now.since(Timestamp::from_ms(since)).as_ms());
    }
    metrics.tell(&measures, now);
    if report.kept_events > 0 {
        tracing::info!(
            failed.kept_count = report.kept_events,
            failed.is_cut = report.kept_is_cut,
            "failed events wait for somebody"
        );
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_store::objects::FailedEventStore;
    use beckon_store::objects::folder::FolderFailedEvents;
    use beckon_store::objects::memory::MemoryFailedEvents;
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, UNIX_EPOCH};

    const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);

    async fn two_events_and_a_batch() -> MemoryFailedEvents {
        let failed = MemoryFailedEvents::default();
        for id in ["e:1", "e:2"] {
            failed.keep(id, "expired", Vec::new()).await.unwrap();
        }
        failed.insert("aws/lambda/mapping/shardId-000000000000/2026/01/01/batch", Vec::new());
        failed
    }

    async fn told(failed: &MemoryFailedEvents) -> u64 {
        let heard: Arc<Mutex<Option<Measures>>> = Arc::default();
        let writes = Arc::clone(&heard);
        let metrics = Metrics::to(move |measures, _| *writes.lock().unwrap() = Some(measures.clone()));
        watch(failed, &metrics, NOW).await.unwrap();
        let heard = heard.lock().unwrap().take();
        heard.expect("also nothing is told").number(Metric::FailedEventsKept)
    }

    #[tokio::test]
    async fn what_waits_is_counted_until_it_was_put_again_or_taken_away() {
        let failed = two_events_and_a_batch().await;
        assert_eq!(told(&failed).await, 3);
        for kept in failed.list("failed/").await.unwrap() {
            failed.note_redriven(&kept.key, Vec::new()).await.unwrap();
        }
        assert_eq!(told(&failed).await, 1, "a batch that was given up on waits too");
        let batch = failed.list("aws/lambda/").await.unwrap().remove(0).key;
        failed.note_redriven(&batch, Vec::new()).await.unwrap();
        assert_eq!(told(&failed).await, 0);
        assert_eq!(told(&MemoryFailedEvents::default()).await, 0);
    }

    #[tokio::test]
    async fn what_is_too_much_to_look_at_is_said_and_never_counted_against_a_note() {
        let failed = two_events_and_a_batch().await;
        let of = async |count_max| count(&failed, count_max).await.unwrap();
        assert_eq!((of(3).await.kept_events, of(3).await.kept_is_cut), (3, false));
        assert_eq!((of(1).await.kept_events, of(1).await.kept_is_cut), (2, true));
        for kept in failed.list("failed/").await.unwrap() {
            failed.note_redriven(&kept.key, Vec::new()).await.unwrap();
        }
        assert_eq!(of(1).await.kept_events, 1, "the batch: of the first event there is a note");
        let later = two_events_and_a_batch().await;
        later.keep("e:0", "expired", Vec::new()).await.unwrap();
        for id in ["0", "1", "2"] {
            later.note_redriven(&format!("failed/expired/e_{id}.json"), Vec::new()).await.unwrap();
        }
        assert_eq!(count(&later, 2).await.unwrap().kept_events, 1, "the notes of two were listed");
    }

    #[tokio::test]
    async fn the_oldest_that_waits_says_how_long() {
        let folder = std::env::temp_dir().join(format!("beckon-kept-{}", std::process::id()));
        let failed = FolderFailedEvents::new(&folder);
        for (id, second) in [("a", 100), ("b", 50), ("c", 10)] {
            failed.keep(id, "expired", Vec::new()).await.unwrap();
            let file =
                std::fs::File::options().write(true).open(folder.join(format!("failed/expired/{id}.json")));
            file.unwrap().set_modified(UNIX_EPOCH + Duration::from_secs(second)).unwrap();
        }
        failed.note_redriven("failed/expired/c.json", Vec::new()).await.unwrap();
        let report = count(&failed, COUNT_MAX).await.unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!((report.kept_events, report.kept_since), (2, Some(50_000)));
    }
}
