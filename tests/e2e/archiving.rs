//! The archive of a run, replayed, comes to the state that the run came to; and what can be wrong with an archive is said.

mod bucket;

use beckon_cli::replay::format::Format;
use beckon_cli::replay::{ArchiveCounts, ReplayArgs, ReplayOptions, Report, Store, replay_with, state_hash};
use beckon_cli::shop::{Action, Shop, ShopProduct};
use beckon_domain::DurationMs;
use beckon_rules::{Ruleset, SAMPLE};
use beckon_store::archive::folder::{FolderArchive, Limits, objects};
use beckon_store::bus::BusEvent;
use beckon_store::streams::memory::StreamRecord;
use beckon_store::streams::{EventStream, NewRecord};
use beckon_store::tables::ProfileScan;
use beckon_store::tables::memory::MemoryTables;
use beckon_wire::bus::RULE_MATCHED;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use harness::{Teller, World, world::START};
use serde_json::json;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// A world whose stream is archived in a folder.
async fn archived_world(folder: &Path) -> (World<MemoryTables>, FolderArchive) {
    archived_world_with(folder, SAMPLE).await
}

async fn archived_world_with(folder: &Path, rules: &str) -> (World<MemoryTables>, FolderArchive) {
    let world = World::on(MemoryTables::default(), rules).await;
    // Small objects: an hour has many, and a customer's lines are spread over them.
    let limits = Limits { object_bytes: 20_000, ..Limits::default() };
    let archive = FolderArchive::open(folder, limits).unwrap();
    let copy = archive.clone();
    let append = move |record: &StreamRecord| copy.append(record.arrived_at, &record.data).unwrap();
    world.stack.stream.copy_to(append);
    (world, archive)
}

async fn hash_of(world: &World<MemoryTables>) -> String {
    state_hash(&world.stack.tables.scan_profiles().await.unwrap()).unwrap()
}

async fn try_replay(file: &Path, options: ReplayOptions, batch_rows: Option<u64>) -> Result<Report, String> {
    try_replay_by(None, file, options, batch_rows).await
}

async fn try_replay_by(
    rules: Option<&Path>,
    file: &Path,
    options: ReplayOptions,
    batch_rows: Option<u64>,
) -> Result<Report, String> {
    let args = ReplayArgs {
        file: file.to_owned(),
        format: Format::Archive,
        rules: rules.map(Path::to_owned),
        store: Store::Memory,
        batch_size: 100,
        json: true,
    };
    let report = Box::pin(replay_with(&args, &options, batch_rows)).await.map_err(|e| e.to_string())?;
    assert!(report.conservation.holds() && report.conservation.in_flight == 0, "{}", report.conservation);
    Ok(report)
}

async fn replayed(file: &Path, batch_rows: Option<u64>) -> Report {
    try_replay(file, ReplayOptions::default(), batch_rows).await.unwrap()
}

fn counts(report: &Report) -> ArchiveCounts {
    report.archive.unwrap()
}

/// Two hours of a shop: logins, carts left and bought, mails with and without a contact, retries.
async fn shop(world: &mut World<MemoryTables>) {
    let rules = Ruleset::parse(SAMPLE).unwrap();
    let product = |p: &beckon_rules::Product| ShopProduct {
        id: p.id.as_str().to_owned(),
        name: p.name.clone(),
        category: p.category.as_str().to_owned(),
        price: None,
        currency: "EUR".to_owned(),
        url: p.url.clone(),
        accessories: Vec::new(),
    };
    let mut shop = Shop::new(5, 40, rules.products().iter().map(product).collect(), START);
    for minute in 1..=120 {
        let now = START + DurationMs::from_minutes(minute);
        let asks = |action: &Action| action.path == "/v1/decisions";
        for (n, action) in shop.until(now).into_iter().filter(|action| !asks(action)).enumerate() {
            world.at(action.at.since(START));
            let key = if action.secret { "sk_local" } else { "pk_local" };
            let answer = world.capture(action.path, key, &action.body).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            // Deliveries end anywhere, so that customers are busy while the state of their visitor is under way.
            if n % 7 == 0 {
                world.drain().await;
            }
        }
        world.at(DurationMs::from_minutes(minute));
        world.mailer().await;
    }
}

#[tokio::test]
async fn the_archive_of_a_run_comes_to_the_same_state_however_it_is_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let (mut world, archive) = archived_world(folder.path()).await;
    shop(&mut world).await;
    let balance = world.finish().await;
    archive.flush().unwrap();
    assert!(world.mails() > 5 && balance.internal_applied > 30, "the run asks something: {balance}");
    let objects = objects(folder.path()).unwrap().len() as u64;
    assert!(objects > 10, "{objects}");
    for batch_rows in [None, Some(1), Some(37), Some(1_000)] {
        let report = replayed(folder.path(), batch_rows).await;
        assert_eq!(report.state_hash, hash_of(&world).await, "{batch_rows:?}");
        assert_eq!(report.conservation.applied, balance.applied);
        assert_eq!(report.rows, balance.collected.accepted + balance.internal_put);
        let own_lines = balance.internal_put;
        assert_eq!(counts(&report), ArchiveCounts { objects, own_lines, missing_own_lines: 0, anew: false });
        assert!(report.abandonments > 5 && report.mails == 0, "{}", report.abandonments);
    }
}

/// The sample with a segment that time ends, and rules that act on events and on time.
fn acting_rules() -> String {
    let acting = "
segments:
  - { id: looker, when: { event: Product Viewed, within: 10m } }
rules:
  - id: looked
    on: Product Viewed
    when: { segment: looker }
    then: { publish: looked }
  - id: undecided
    when: { all: [{ event: Product Added }, { not: { event: Order Completed, within: 15m } }] }
    then: { publish: undecided }
";
    let rules = SAMPLE.replace("\nrules:\n", acting);
    assert_ne!(rules, SAMPLE);
    rules
}

#[tokio::test]
async fn segments_and_timers_of_an_archive_are_not_made_twice_and_are_made_anew_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (archived, rules) = (folder.path().join("archive"), folder.path().join("rules.yaml"));
    std::fs::write(&rules, acting_rules()).unwrap();
    let (mut world, archive) = archived_world_with(&archived, &acting_rules()).await;
    shop(&mut world).await;
    let balance = world.finish().await;
    archive.flush().unwrap();
    let (told, segments) = (world.stack.bus.events(), |e: &BusEvent| e.detail_type != RULE_MATCHED);
    let entered_and_left = told.iter().filter(|event| segments(event)).count();
    assert!(entered_and_left > 20 && told.len() > entered_and_left + 20, "{}", told.len());
    for batch_rows in [None, Some(1), Some(37)] {
        let options = ReplayOptions::default();
        let report = try_replay_by(Some(&rules), &archived, options, batch_rows).await.unwrap();
        assert_eq!(report.state_hash, hash_of(&world).await, "{batch_rows:?}");
        let (own_lines, missing) = (counts(&report).own_lines, counts(&report).missing_own_lines);
        assert_eq!((own_lines, missing), (balance.internal_put, 0), "{batch_rows:?}");
    }
    let anew = ReplayOptions { anew: true, ..ReplayOptions::default() };
    let report = try_replay_by(Some(&rules), &archived, anew, None).await.unwrap();
    assert_eq!(report.conservation.applied, balance.applied);
    assert!(report.conservation.internal_put > 40, "{}", report.conservation);
}

/// A visitor fills a cart and logs in; the customer is busy on another device all the time.
async fn login(world: &mut World<MemoryTables>) {
    let mut teller = Teller::new(START);
    let mut say = |mut short: serde_json::Value, second: u64| {
        short["time"] = json!(format!("{second}s"));
        teller.event(&short)
    };
    world.at(DurationMs::from_minutes(1));
    let phone =
        [say(json!({ "add": "mug", "by": "phone" }), 1), say(json!({ "login": "c", "by": "phone" }), 2)];
    world.collect("sk_local", &phone).await;
    let laptop = [
        say(json!({ "add": "tent-2p", "by": "laptop" }), 3),
        say(json!({ "login": "c", "by": "laptop" }), 4),
        say(json!({ "add": "stove-gas", "by": "laptop" }), 5),
        say(json!({ "view": "mat-air", "by": "laptop" }), 6),
    ];
    world.collect("sk_local", &laptop).await;
    world.collect("sk_local", &[say(json!({ "view": "mug", "user": "c" }), 7)]).await;
}

#[tokio::test]
async fn an_archive_that_ends_between_a_login_and_its_merge_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut world, archive) = archived_world(folder.path()).await;
    login(&mut world).await;
    // Here the archive ends: nothing was delivered, so nothing of the profiler's own is in it.
    archive.flush().unwrap();
    world.finish().await;
    let report = replayed(folder.path(), None).await;
    let missing = counts(&report).missing_own_lines;
    assert_eq!((counts(&report).own_lines, missing), (0, 4), "two merges and two forwarded events");
    assert_eq!(report.state_hash, hash_of(&world).await);
}

#[tokio::test]
async fn made_anew_nothing_counts_twice_and_reminders_go_to_synthetic_contacts() {
    let folder = tempfile::tempdir().unwrap();
    let (mut world, archive) = archived_world(folder.path()).await;
    shop(&mut world).await;
    let balance = world.finish().await;
    archive.flush().unwrap();
    let anew = ReplayOptions { anew: true, ..ReplayOptions::default() };
    let report = try_replay(folder.path(), anew.clone(), None).await.unwrap();
    assert_eq!(report.conservation.applied, balance.applied);
    assert!(report.mails > 0 && counts(&report).anew);
    let delay = DurationMs::parse("1h");
    let later = try_replay(folder.path(), ReplayOptions { delay, ..anew }, None).await.unwrap();
    assert!(later.abandonments < report.abandonments, "{} {}", later.abandonments, report.abandonments);
    let told = try_replay(folder.path(), ReplayOptions { delay, ..ReplayOptions::default() }, None).await;
    assert!(told.unwrap_err().ends_with("add --anew"));
}

#[tokio::test]
async fn what_came_twice_counts_once_and_what_is_no_line_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (mut world, archive) = archived_world(folder.path()).await;
    login(&mut world).await;
    let poison = NewRecord { partition_key: "nobody".to_owned(), data: b"poison".to_vec() };
    world.stack.stream.put(vec![poison]).await.unwrap();
    world.put_past_the_collector(1);
    world.finish().await;
    archive.flush().unwrap();
    let plain = replayed(folder.path(), None).await;
    assert_eq!((plain.bad_rows, plain.state_hash.clone()), (1, hash_of(&world).await));
    let place = format!("{} line ", only_object(folder.path()).display());
    assert!(plain.bad_row_samples[0].starts_with(&place), "{:?}", plain.bad_row_samples);
    // Firehose may write a part of the stream again.
    let object = only_object(folder.path());
    std::fs::copy(&object, object.with_file_name("again.gz")).unwrap();
    let twice = replayed(folder.path(), None).await;
    assert_eq!((twice.rows, twice.bad_rows), (2 * plain.rows, 2));
    assert_eq!(
        (twice.state_hash, twice.conservation.applied),
        (plain.state_hash.clone(), plain.conservation.applied)
    );
    // One object alone, packed or not.
    assert_eq!(replayed(&object, None).await.state_hash, plain.state_hash);
    let unpacked = folder.path().join("lines.jsonl");
    std::fs::write(&unpacked, unpack(&object)).unwrap();
    assert_eq!(replayed(&unpacked, None).await.state_hash, plain.state_hash);
}

fn only_object(folder: &Path) -> PathBuf {
    let found = objects(folder).unwrap();
    assert_eq!(found.len(), 1);
    folder.join(&found[0].key)
}

fn unpack(object: &Path) -> Vec<u8> {
    let mut text = Vec::new();
    GzDecoder::new(std::fs::File::open(object).unwrap()).read_to_end(&mut text).unwrap();
    text
}

fn pack(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn what_is_wrong_with_an_archive_is_one_line_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("empty")).unwrap();
    std::fs::write(path("table.csv"), "user_id,item_id,category_id,behavior,ts\n1,2,3,pv,1511539217\n")
        .unwrap();
    let line = br#"{"type":"page","userId":"c","timestamp":"2025-11-22T08:00:00Z"}"#;
    std::fs::write(path("segment.gz"), pack(&[line.as_slice(), b"\n"].concat().repeat(500))).unwrap();
    let whole = pack(b"not much, but enough to be cut");
    std::fs::write(path("cut.gz"), &whole[..whole.len() - 9]).unwrap();
    std::fs::write(path("bad.gz"), b"this is no gzip").unwrap();
    let s3 = |text: &str| PathBuf::from(text);
    for (file, said) in [
        (path("missing"), "check the path"),
        (path("empty"), "no archived events in"),
        (path("table.csv"), "none of its first 2 lines is a line of the stream"),
        (path("segment.gz"), "none of its first 100 lines is a line of the stream"),
        (path("cut.gz"), "the file is damaged or cut, get it again"),
        (path("bad.gz"), "the file is damaged or cut, get it again"),
        (s3("s3://"), "names no bucket"),
    ] {
        let told = try_replay(&file, ReplayOptions::default(), None).await.unwrap_err();
        assert!(told.contains(said) && !told.contains('\n'), "{}: {told}", file.display());
    }
    let of_rows = ReplayOptions { duplicates: 5, ..ReplayOptions::default() };
    let told = try_replay(&path("empty"), of_rows, None).await.unwrap_err();
    assert!(told.starts_with("--duplicates is for files of rows"), "{told}");
}
