//! The scan of the failed events: a document of an erased person is deleted with its note; of a batch that the mapping gave up
//! on their records are taken out.

use super::lines::mentions;
use super::{Kept, SweepReport, Sweeper, SweptTables};
use crate::error::TrainerError;
use beckon_domain::Timestamp;
use beckon_store::archive::{ArchiveObjects, RewriteArchive};
use beckon_store::objects::{FailedEventArchive, RewriteObjects, redriven_key};
use beckon_store::tables::ErasureRequest;
use beckon_wire::failed::FailedEvent;
use beckon_wire::failed::discarded::PREFIX as DISCARDED;
use data_encoding::BASE64;
use serde_json::Value;

/// What the keys of failed events begin with.
const FAILED: &str = "failed/";

/// What becomes of an object.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Rest {
    /// Nothing of it is of anybody who was erased.
    All,
    /// Nothing is left.
    Nothing { count: u64 },
    /// This is left.
    Part { document: Vec<u8>, count: u64 },
}

impl<T, A, F> Sweeper<T, A, F>
where
    T: SweptTables,
    A: ArchiveObjects + RewriteArchive,
    F: FailedEventArchive + RewriteObjects,
{
    pub(super) async fn sweep_failed(
        &self,
        open: &mut [Kept],
        until: Option<Timestamp>,
        report: &mut SweepReport,
    ) -> Result<(), TrainerError> {
        let began = self.clock.now();
        let is_due = |kept: &&mut Kept| self.is_due(kept.state.swept.failed_at);
        let mut due: Vec<&mut Kept> = open.iter_mut().filter(is_due).collect();
        if due.is_empty() {
            return Ok(());
        }
        for prefix in [FAILED, DISCARDED] {
            for object in self.failed.list(prefix).await? {
                if self.is_over(until) {
                    report.is_cut = true;
                    return Ok(());
                }
                let Some(document) = self.failed.read(&object.key).await? else { continue };
                let (mut left, mut changed) = (Some(document), false);
                for kept in &mut due {
                    let Some(document) = &left else { break };
                    let rest = match prefix {
                        FAILED => of_event(document, &kept.state),
                        _ => of_batch(document, &kept.state),
                    };
                    let (document, count) = match rest {
                        Rest::All => continue,
                        Rest::Nothing { count } => (None, count),
                        Rest::Part { document, count } => (Some(document), count),
                    };
                    (left, changed) = (document, true);
                    kept.state.removed.failed_events += count;
                    report.failed_events += count;
                }
                if changed && left.is_none() {
                    self.failed.rewrite(&redriven_key(&object.key), None).await?;
                }
                if changed {
                    self.failed.rewrite(&object.key, left).await?;
                }
            }
        }
        for kept in due {
            kept.state.swept.failed_at = Some(began);
            self.save(kept).await?;
        }
        Ok(())
    }
}

/// Whether a payload is of the person: under their key, or naming it.
fn is_theirs(partition_key: &str, payload_base64: &str, request: &ErasureRequest) -> bool {
    let is_key = request.keys.iter().any(|key| key.as_str() == partition_key);
    let payload = || BASE64.decode(payload_base64.as_bytes()).unwrap_or_default();
    is_key || mentions(&payload(), &[request])
}

fn of_event(document: &[u8], request: &ErasureRequest) -> Rest {
    let is_old = |at: Timestamp| request.released_at.is_none_or(|released| at <= released);
    match serde_json::from_slice::<FailedEvent>(document) {
        Ok(event) if !is_old(Timestamp::from_ms(event.failed_at)) => Rest::All,
        Ok(event) if is_theirs(&event.partition_key, &event.payload_base64, request) => {
            Rest::Nothing { count: 1 }
        }
        Ok(_) => Rest::All,
        Err(_) if mentions(document, &[request]) => Rest::Nothing { count: 1 },
        Err(_) => Rest::All,
    }
}

/// A batch without the person's records, as Lambda wrote it otherwise.
fn of_batch(document: &[u8], request: &ErasureRequest) -> Rest {
    let Ok(mut json) = serde_json::from_slice::<Value>(document) else { return Rest::All };
    let quoted = json["payload"].as_str().map(ToOwned::to_owned);
    let mut payload = match &quoted {
        Some(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        None => json["payload"].take(),
    };
    let Some(records) = payload["Records"].as_array_mut() else { return Rest::All };
    let before = records.len();
    records.retain(|record| {
        let text = |name: &str| record["kinesis"][name].as_str().unwrap_or_default().to_owned();
        !is_theirs(&text("partitionKey"), &text("data"), request)
    });
    let (left, count) = (records.len(), (before - records.len()) as u64);
    if count == 0 {
        return Rest::All;
    }
    if left == 0 {
        return Rest::Nothing { count };
    }
    json["payload"] = match quoted {
        Some(_) => Value::String(payload.to_string()),
        None => payload,
    };
    serde_json::to_vec(&json).map_or(Rest::Nothing { count }, |document| Rest::Part { document, count })
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_domain::id::UserId;
    use beckon_domain::{ErasureId, Pepper, ProfileKey};
    use beckon_store::tables::{Removed, Swept};
    use serde_json::json;

    fn key(name: &str) -> ProfileKey {
        Pepper::new("1", b"0123456789abcdef").unwrap().customer(&UserId::new(name).unwrap())
    }

    fn request() -> ErasureRequest {
        ErasureRequest {
            id: ErasureId::new("er").unwrap(),
            at: Timestamp::from_ms(100),
            until: Timestamp::from_ms(1_000),
            keys: [key("gone")].into(),
            contacts: [].into(),
            erased_at: None,
            released_at: None,
            swept: Swept::default(),
            removed: Removed::default(),
        }
    }

    #[test]
    fn of_a_batch_that_was_given_up_the_persons_records_go_however_it_is_written() {
        let record =
            |name: &str| json!({ "kinesis": { "partitionKey": key(name).as_str(), "data": "AA==" } });
        let named = BASE64.encode(format!("{{\"claim\":\"{}\"}}", key("gone")).as_bytes());
        let naming = json!({ "kinesis": { "partitionKey": key("stays").as_str(), "data": named } });
        let payload = json!({ "Records": [record("gone"), record("stays"), naming] });
        for written in [payload.clone(), Value::String(payload.to_string())] {
            let batch = json!({ "version": "1.0", "payload": written });
            let rest = of_batch(&serde_json::to_vec(&batch).unwrap(), &request());
            let Rest::Part { document, count: 2 } = rest else { panic!("a record stays: {rest:?}") };
            let left: Value = serde_json::from_slice(&document).unwrap();
            let left = match &left["payload"] {
                Value::String(text) => serde_json::from_str(text).unwrap(),
                payload => payload.clone(),
            };
            assert_eq!(left["Records"], json!([record("stays")]));
        }
        let alone = json!({ "payload": { "Records": [record("gone")] } });
        assert_eq!(of_batch(&serde_json::to_vec(&alone).unwrap(), &request()), Rest::Nothing { count: 1 });
        assert_eq!(of_batch(b"{}", &request()), Rest::All);
    }
}
