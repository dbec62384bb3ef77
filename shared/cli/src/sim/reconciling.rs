//! Reconciliation at the end of a run: whatever failed, was repeated, forwarded, merged, set aside or erased, the archive's lines
//! came to their end.

use super::script::START;
use super::world::World;
use beckon_store::streams::memory::StreamRecord;
use beckon_wire::failed::discarded::PREFIX;
use data_encoding::BASE64;
use futures_util::FutureExt;
use serde_json::json;
use trainer::{HourReport, HourStatus, Hours, Reconciler};

impl World {
    /// Keeps a record that the mapping gave up on, as the mapping does: put again or not, it stays.
    pub(crate) fn keep_discarded(&self, record: &StreamRecord) {
        let event = json!({ "Records": [{ "kinesis": {
            "sequenceNumber": record.sequence, "partitionKey": record.partition_key, "data": BASE64.encode(&record.data),
        } }] });
        let document = json!({
            "requestContext": { "condition": "RetryAttemptsExhausted" },
            "timestamp": "2025-11-14T00:38:06.021Z",
            "KinesisBatchInfo": {
                "shardId": "shard", "startSequenceNumber": record.sequence, "endSequenceNumber": record.sequence,
                "batchSize": 1,
            },
            "payload": event.to_string(),
        });
        self.failed.insert(&format!("{PREFIX}{}", record.sequence), document.to_string().into_bytes());
    }

    /// An hour that does not balance. Asked before the last sweep takes lines out.
    pub(crate) fn reconcile_violation(&self) -> Option<String> {
        let reconciler = Reconciler {
            tables: self.tables.inner.clone(),
            archive: self.archive.clone(),
            failed: self.failed.clone(),
            clock: self.profiler.clock.clone(),
        };
        let hours = Hours::between(START, self.now())?;
        let Some(Ok(reports)) = reconciler.run(hours, None).now_or_never() else {
            return Some("the hours could not be reconciled".to_owned());
        };
        // What tells of an erased visitor goes from the archive, also a line of somebody else's profile; and a failed event
        // of theirs goes that was no event, and stays in the archive as a text that names nobody.
        let sum = |of: fn(&HourReport) -> u64| reports.iter().map(of).sum::<u64>();
        let requests = self.requests();
        let removed_failed: u64 = requests.iter().map(|request| request.removed.failed_events).sum();
        let is_excused = sum(|report| report.balance.missing) <= removed_failed
            && sum(|report| report.balance.surplus) <= self.removed_lines();
        let is_wrong = |report: &&HourReport| match report.status {
            HourStatus::Cut => true,
            HourStatus::Gap => !is_excused,
            HourStatus::Balanced | HourStatus::Settling => false,
        };
        reports.iter().find(is_wrong).map(|report| format!("reconciliation: {report:?}"))
    }
}
