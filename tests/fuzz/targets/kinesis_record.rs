//! Any bytes as the data of a record: never a panic. Every line is read or kept as failed, bytes and all; what is read
//! changes a profile once, however often it comes.
#![no_main]

use beckon_batch::lines::{Lines, Reading};
use beckon_batch::{Record, read_lines};
use beckon_domain::fold::{Folded, Item, fold};
use beckon_domain::mark::Position;
use beckon_domain::policy::Policy;
use beckon_domain::{Profile, ProfileKey, packed};
use beckon_rules::{Ruleset, SAMPLE};
use beckon_wire::failed::{FailedEvent, StreamName};
use beckon_wire::stream::{Said, read, read_alone};
use data_encoding::BASE64;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// The rules that react to events.
static RULES: LazyLock<Ruleset> = LazyLock::new(|| Ruleset::parse(SAMPLE).expect("the sample is a ruleset"));
const KEY: &str = "a1_0123456789abcdefghijklmnopqrstuvwxyzABCDEFA";
const READING: Reading<'_> = Reading { epoch: "1", stream: StreamName::Events, at_ms: 1_763_800_000_000 };

fuzz_target!(|bytes: &[u8]| {
    let key = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| text.split('\n').find_map(|line| read_alone(line).ok()));
    let key = key.map_or_else(|| KEY.to_owned(), |(key, _)| key.to_string());
    let record = Record {
        shard: "shardId-000000000000",
        sequence: "49590338271490256608559692538361571095921575989136588898",
        partition_key: &key,
        data: bytes,
        arrived_at: None,
    };
    let lines = read_lines(&record, READING, read);
    kept(&lines, bytes);
    let key = ProfileKey::parse(&key).expect("the key of a line is that of a profile");
    let items: Vec<Item> = lines
        .read
        .into_iter()
        .map(|(position, Said { internal, event })| Item { position, internal, event })
        .collect();
    folded(&key, &items);
});

/// Nothing is lost: what was read and what failed are all lines, and what failed is kept as it was.
fn kept(lines: &Lines<Said>, bytes: &[u8]) {
    assert_eq!(lines.count as usize, lines.read.len() + lines.failed.len(), "a line was lost");
    let all: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let offset = |position: &Position| position.offset as usize;
    assert!(lines.read.is_sorted_by_key(|(position, _)| offset(position)), "out of order");
    let read: Vec<usize> = lines.read.iter().map(|(position, _)| offset(position)).collect();
    let not_read: Vec<&[u8]> =
        (0..all.len()).filter(|index| !read.contains(index)).map(|index| all[index]).collect();
    let payloads: Vec<Vec<u8>> = lines.failed.iter().map(payload).collect();
    let is_whole = payloads.len() == 1 && payloads[0] == bytes;
    assert!(is_whole || payloads == not_read, "what failed is not what came");
    for failed in &lines.failed {
        let text = serde_json::to_string(failed).expect("a failed event is JSON");
        assert_eq!(serde_json::from_str::<FailedEvent>(&text).ok().as_ref(), Some(failed));
    }
}

fn payload(failed: &FailedEvent) -> Vec<u8> {
    BASE64.decode(failed.payload_base64.as_bytes()).expect("base64")
}

/// Folds until everything is settled, as the profiler does; then the same once more, which changes nothing.
fn folded(key: &ProfileKey, items: &[Item]) {
    let policy = Policy::default();
    let mut profile = Profile::default();
    let mut left = items;
    while !left.is_empty() {
        let Folded { profile: next, consumed, .. } = fold(Some(&profile), key, left, &policy, &*RULES);
        assert!(consumed > 0, "a fold that settles nothing");
        (profile, left) = (next, &left[consumed..]);
    }
    let stored = packed::pack(&profile).expect("a profile is written");
    assert_eq!(packed::unpack(&stored).ok().as_ref(), Some(&profile), "written and read it is another");
    let again = fold(Some(&profile), key, items, &policy, &*RULES);
    assert!(!again.changed && again.applied.is_empty(), "delivered again it changed the profile");
}
