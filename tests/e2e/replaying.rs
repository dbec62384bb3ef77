//! A file's behaviour against what a program apart from Beckon makes of it: no cart too many, none missed; and the same
//! whatever is told twice and wherever batches end.

mod behaviour;
mod metering;
mod oracle;

use beckon_cli::replay::format::Format;
use beckon_cli::replay::{ReplayArgs, ReplayOptions, Report, Store, replay_with};
use beckon_domain::DurationMs;
use std::path::Path;

/// Replays a text; returns the report and the lines about carts and sessions.
async fn replayed(text: &str, options: ReplayOptions, batch_rows: Option<u64>) -> (Report, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let (file, episodes) = (folder.path().join("behaviour.csv"), folder.path().join("episodes.jsonl"));
    std::fs::write(&file, text).unwrap();
    let options = ReplayOptions { episodes: Some(episodes.clone()), ..options };
    let report = Box::pin(replay_with(&args(&file), &options, batch_rows)).await.unwrap();
    assert!(report.conservation.holds(), "{}", report.conservation);
    let lines = std::fs::read_to_string(episodes).unwrap();
    (report, lines.lines().map(ToOwned::to_owned).collect())
}

fn args(file: &Path) -> ReplayArgs {
    ReplayArgs {
        file: file.to_owned(),
        format: Format::Taobao,
        rules: None,
        store: Store::Memory,
        batch_size: 100,
        json: true,
    }
}

fn after(delay: &str) -> ReplayOptions {
    ReplayOptions { delay: DurationMs::parse(delay), ..ReplayOptions::default() }
}

#[tokio::test]
async fn every_left_cart_is_found_and_no_other_one() {
    let file = behaviour::taobao(11);
    for delay in ["15m", "30m", "24h"] {
        let (report, found) = replayed(&file, after(delay), None).await;
        let delay_ms = i64::try_from(DurationMs::parse(delay).unwrap().as_ms()).unwrap();
        let wanted = oracle::lines(&file, delay_ms);
        let false_one = found.iter().find(|line| wanted.binary_search(line).is_err());
        let missed = wanted.iter().find(|line| found.binary_search(line).is_err());
        assert_eq!((false_one, missed), (None, None), "{delay}: found and wanted");
        assert_eq!(found.len(), wanted.len(), "{delay}");
        let due_count = wanted.iter().filter(|line| line.contains(r#""type":"due""#)).count();
        assert_eq!(report.abandonments, due_count as u64, "{delay}");
        assert!(due_count > 50, "{delay}: the file asks something: {due_count}");
    }
}

#[tokio::test]
async fn repetitions_and_other_batches_leave_the_same_state() {
    let file = behaviour::taobao(12);
    let (plain, carts) = replayed(&file, after("30m"), None).await;
    assert_eq!((plain.repeated, plain.conservation.duplicate), (0, 0));
    for seed in 1..=4 {
        let options = ReplayOptions { duplicates: 5, shuffle_batches: true, seed, ..after("30m") };
        let (report, disturbed) = replayed(&file, options, None).await;
        assert_eq!(report.state_hash, plain.state_hash, "seed {seed}");
        let only = |a: &[String], b: &[String]| a.iter().find(|line| !b.contains(line)).cloned();
        assert_eq!((only(&disturbed, &carts), only(&carts, &disturbed)), (None, None), "seed {seed}");
        assert!((100..220).contains(&report.repeated), "seed {seed}: {}", report.repeated);
        assert_eq!(report.conservation.duplicate, report.repeated, "seed {seed}");
    }
    // The hash notices what must be noticed: one event that is missing.
    let (cut, _) = file.trim_end().rsplit_once('\n').unwrap();
    let (shorter, _) = replayed(cut, after("30m"), None).await;
    assert_ne!(shorter.state_hash, plain.state_hash);
}

#[tokio::test]
async fn a_profile_is_written_once_for_each_batch_and_larger_batches_cost_less() {
    let file = behaviour::taobao(13);
    let mut costs = Vec::new();
    for rows in [10, 100, 1_000] {
        let (report, _) = replayed(&file, after("15m"), Some(rows)).await;
        let cost = report.cost;
        assert_eq!(cost.flushes, behaviour::ROWS.div_ceil(rows));
        assert!(cost.writes_per_profile_flush <= 1.05, "{rows}: {}", cost.writes_per_profile_flush);
        assert!(cost.events.write_units >= cost.events.write_requests);
        assert_eq!(cost.failed_conditions, 0);
        costs.push(cost);
    }
    let writes: Vec<u64> = costs.iter().map(|cost| cost.events.write_requests.round() as u64).collect();
    assert!(writes.is_sorted_by(|a, b| a > b), "{writes:?}");
}

#[tokio::test]
async fn longer_ids_make_larger_items_and_change_nothing_else() {
    let file = behaviour::taobao(14);
    let (short, _) = replayed(&file, after("15m"), None).await;
    let options = ReplayOptions { id_bytes: Some(24), ..after("15m") };
    let (long, _) = replayed(&file, options, None).await;
    assert!(long.cost.item_bytes.p50 > short.cost.item_bytes.p50 + 100);
    assert_eq!(
        (long.carts, long.sessions, long.abandonments),
        (short.carts, short.sessions, short.abandonments)
    );
}
