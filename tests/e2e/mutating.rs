//! Damaged rulesets in the table, published one after the other: what is not valid never becomes active.

#[path = "../../shared/rules/tests/mutations/mutate/mod.rs"]
mod mutate;

use admin::{Proposal, make_live};
use beckon_domain::{DurationMs, Timestamp};
use beckon_rules::{Ruleset, SAMPLE};
use beckon_store::ruleset::{ActiveRuleset, RULESET_AGE_MAX};
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{ChangeKind, DocumentKind, RulesetDocument, TestCount};
use mutate::Mutator;
use std::path::Path;

/// Rulesets published.
const TEXT_COUNT: u64 = 10_000;

/// Into the table, past whoever would have checked it.
async fn publish(tables: &MemoryTables, number: u64, body: &str, now: Timestamp) {
    let document = RulesetDocument { version: number.to_string(), body: body.to_owned() };
    let proposal = Proposal {
        of: DocumentKind::Ruleset,
        id: number.to_string(),
        kind: ChangeKind::Publish,
        document,
        who: "test".to_owned(),
        by: None,
        note: None,
        tests: TestCount::default(),
        expect: None,
    };
    make_live(tables, proposal, now).await.unwrap();
}

#[tokio::test]
async fn of_ten_thousand_damaged_rulesets_none_that_is_not_valid_becomes_active() {
    let mutator = Mutator::new(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/rules"));
    let (tables, active) = (MemoryTables::default(), ActiveRuleset::default());
    let mut now = Timestamp::EPOCH + DurationMs::from_days(20_000);
    publish(&tables, TEXT_COUNT, SAMPLE, now).await;
    let mut good = active.get(&tables, now).await.unwrap().version().to_owned();
    let (mut changed, mut stayed) = (0, 0);
    for seed in 0..TEXT_COUNT {
        let text = mutator.text(seed);
        now = now + RULESET_AGE_MAX;
        publish(&tables, seed, &text, now).await;
        match Ruleset::parse(&text) {
            Ok(ruleset) => {
                changed += 1;
                ruleset.version().clone_into(&mut good);
            }
            Err(_) => stayed += 1,
        }
        let found = active.get(&tables, now).await.unwrap();
        assert_eq!(found.version(), good, "seed {seed}: another ruleset is active; the text:\n{text}");
    }
    assert!(changed >= 500 && stayed >= 5_000, "{changed} changed it, {stayed} did not");
}
