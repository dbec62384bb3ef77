//! DynamoDB: what each operation asks over the wire, and what each answer, and each missing answer, means.

mod catalog;
mod faults;
mod load;
mod requests;
mod rulesets;

use crate::clients;
use crate::server::Server;
use beckon_domain::id::{EventId, SourceId, UserId};
use beckon_domain::outreach::{Claim, History, Mailed, OnUnknown};
use beckon_domain::{EpisodeId, Pepper, Profile, ProfileKey, Reminder, Timestamp, packed};
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use beckon_store::tables::{HistoryChange, LedgerChange, ReminderId};
use data_encoding::BASE64;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);

fn key(name: &str) -> ProfileKey {
    Pepper::new("1", b"0123456789abcdef").unwrap().customer(&UserId::new(name).unwrap())
}

fn profile(adds: u64) -> Profile {
    let mut profile = Profile { last_received_at: NOW, ..Profile::default() };
    profile.counts.adds = adds;
    profile
}

fn reminder() -> ReminderId {
    let episode = EpisodeId::derive("p", &SourceId::new("web").unwrap(), &EventId::new("e").unwrap());
    ReminderId { episode, step: 1 }
}

/// A claim of that reminder that follows these versions.
fn claim(row: Option<u64>, history: Option<u64>) -> LedgerChange {
    let recipient = Pepper::new("1", b"0123456789abcdef").unwrap().contact("anna@mail.example");
    let claim = Claim {
        profile: key("anna"),
        owner: "run-1".into(),
        now: NOW,
        recipient: recipient.clone(),
        offer: None,
        cart_value: None,
        on_unknown: OnUnknown::GiveUp,
    };
    let mailed = Mailed { reminder: reminder(), at: NOW, has_discount: false };
    let history = HistoryChange { recipient, history: History::EMPTY.with(mailed), read_version: history };
    LedgerChange {
        id: reminder(),
        row: Reminder::claim(None, claim).unwrap(),
        read_version: row,
        history: Some(history),
        code: None,
    }
}

/// Tables at this server, tried once.
fn tables(server: &Server) -> DynamoTables {
    DynamoTables::new(clients::dynamodb(&server.endpoint, clients::ONCE), TableNames::local())
}

/// A stored profile as DynamoDB returns it.
fn item(key: &ProfileKey, profile: &Profile, version: u64) -> Value {
    let state = BASE64.encode(&packed::pack(profile).unwrap());
    json!({ "pk": { "S": key.as_str() }, "s": { "B": state }, "v": { "N": version.to_string() } })
}

/// The answer of a BatchGetItem: these items, and these keys left unprocessed.
fn batch(items: &[Value], unprocessed: &[Value]) -> Value {
    let rest = match unprocessed {
        [] => json!({}),
        keys => json!({ "beckon-profile": { "Keys": keys } }),
    };
    json!({ "Responses": { "beckon-profile": items }, "UnprocessedKeys": rest })
}
