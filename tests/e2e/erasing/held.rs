//! What lies outside of profiles of the people of the story: rows of an experiment, lines of the archive, failed events.

use beckon_cli::stack::Tables;
use beckon_domain::experiment::{Exposed, Fact, Finding, RunId};
use beckon_domain::id::{EffectId, ExperimentId, GoalId, VariantId};
use beckon_domain::{OrderId, ProfileKey};
use beckon_store::archive::memory::MemoryArchive;
use beckon_store::objects::FailedEventStore;
use beckon_wire::failed::{FailedEvent, FailedReason, StreamName};
use data_encoding::BASE64;
use harness::{World, world::START};
use serde_json::{Value, json};

pub(super) fn run() -> RunId {
    RunId { experiment: ExperimentId::new("hero").unwrap(), number: 1 }
}

/// Both were in an experiment, the first one also on the phone.
pub(super) async fn experimented<T: Tables>(shop: &World<T>) {
    let variant = VariantId::new("a").unwrap();
    let exposed = Exposed { run: run(), variant, at: START, crossed_over: false };
    for n in 0..2 {
        let of = shop.customer(&format!("u-{n}"));
        let id = EffectId::of_order(&OrderId::new(&format!("A-{n}")).unwrap());
        let fact = Fact { at: START, id, goal: GoalId::new("order").unwrap(), value: None };
        for finding in [Finding::Exposed(exposed.clone()), Finding::Reached(run(), fact)] {
            shop.stack.tables.record_finding(&of, &finding, START).await.unwrap();
        }
    }
    let joined = Finding::Joined(run(), shop.visitor("phone-0"));
    shop.stack.tables.record_finding(&shop.customer("u-0"), &joined, START).await.unwrap();
}

pub(super) fn line(key: &ProfileKey, changes: &Value) -> String {
    let mut line = json!({ "v": 1, "key": key.as_str(), "id": "e", "source": "web", "type": "page",
        "occurred_at": START.as_ms(), "received_at": START.as_ms() });
    for (name, value) in changes.as_object().unwrap() {
        line[name] = value.clone();
    }
    line.to_string()
}

/// Archive and failed events as they may lie there of these people.
pub(super) async fn objects<T: Tables>(shop: &World<T>) -> MemoryArchive {
    let (gone, stays) = (shop.customer("u-0"), shop.customer("u-1"));
    let archive = MemoryArchive::default();
    let claimed = line(&shop.visitor("stranger"), &json!({ "claim": gone.as_str() }));
    let lines = [line(&gone, &json!({})), line(&stays, &json!({})), claimed].join("\n") + "\n";
    archive.insert("events/2025/11/22/08/a.jsonl", lines.into_bytes());
    let alone = line(&shop.visitor("phone-0"), &json!({})) + "\n";
    archive.insert("events/2025/11/22/09/b.jsonl", alone.into_bytes());
    for (key, id) in [(&gone, "gone"), (&stays, "stays")] {
        let failed = FailedEvent {
            id: id.to_owned(),
            reason: FailedReason::Expired,
            detail: String::new(),
            partition_key: key.as_str().to_owned(),
            payload_base64: BASE64.encode(line(key, &json!({})).as_bytes()),
            failed_at: START.as_ms(),
            stream: StreamName::Events,
        };
        let document = serde_json::to_vec(&failed).unwrap();
        shop.stack.failed.keep(id, "expired", document).await.unwrap();
    }
    archive
}
