//! The commands that a person types, on files that this test makes.

use beckon_cli::cost::measured::Measured;
use beckon_cli::plan::{Demand, Plan};
use beckon_cli::replay::format::Format;
use beckon_cli::replay::{ReplayArgs, ReplayOptions, Report, Store, replay, replay_with};
use beckon_cli::smoke::{SmokeArgs, run};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::Path;

/// Two people: one buys what they carted within 15 minutes, the other leaves it, adds something, and leaves it again.
const TAOBAO: &str = "user_id,item_id,category_id,behavior,ts
1001,11,7,pv,1511539200
1001,11,7,cart,1511539260
1002,12,7,cart,1511539260
1001,11,7,buy,1511540100
1002,13,7,cart,1511541000
1002,13,7,fav,1511541001
1002,14,7,pv,1511548200
";
const REES46: &str =
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session
2019-10-01 00:00:00 UTC,view,44600062,2103,,shiseido,35.79,541312140,s1
2019-10-01 00:01:00 UTC,cart,44600062,2103,,shiseido,35.79,541312140,s1
2019-10-01 00:02:00 UTC,remove_from_cart,44600062,2103,,shiseido,35.79,541312140,s1
not a row
2019-10-01 01:00:00 UTC,purchase,3900821,2053,appliances,aqua,33.20,554748717,s2
";
const SEGMENT: &str = r#"{"type":"track","event":"Product Added","anonymousId":"visitor-1","timestamp":"2025-11-22T08:00:00Z","properties":{"product_id":"mug"}}
{"type":"track","event":"Product Added","anonymousId":"visitor-1","timestamp":"2025-11-22T08:01:00Z","properties":{"product_id":"mug","price":"free"}}
{"type":"page","userId":"customer-1","timestamp":"2025-11-22T08:30:00Z"}
"#;

async fn replayed(file: &Path, format: Format, store: Store) -> Report {
    let args = ReplayArgs { file: file.to_owned(), format, rules: None, store, batch_size: 2, json: true };
    let report = replay(&args).await.unwrap();
    assert!(report.conservation.holds(), "{}", report.conservation);
    assert_eq!(report.conservation.in_flight, 0);
    report
}

#[tokio::test]
async fn replay_counts_sessions_carts_abandonments_and_mails_on_either_store() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("behaviour.csv.gz");
    let mut gzip = GzEncoder::new(std::fs::File::create(&file).unwrap(), Compression::default());
    gzip.write_all(TAOBAO.as_bytes()).unwrap();
    gzip.finish().unwrap();
    for store in [Store::Memory, Store::Dynamodb] {
        let report = replayed(&file, Format::Taobao, store).await;
        assert_eq!(
            (report.rows, report.bad_rows, report.profiles, report.sessions),
            (7, 0, 2, 3),
            "{store:?}"
        );
        assert_eq!((report.carts, report.orders), (2, 1), "{store:?}");
        // The second person's cart is left twice, in one episode: one mail.
        assert_eq!((report.abandonments, report.mails), (2, 1), "{store:?}");
        assert_eq!(report.not_mailed_by_reason.get("ALREADY_SENT"), Some(&1), "{store:?}");
    }
}

#[tokio::test]
async fn what_a_replay_counted_is_what_a_month_is_priced_and_planned_by() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("behaviour.csv");
    std::fs::write(&file, TAOBAO).unwrap();
    let format = Format::Taobao;
    let args = ReplayArgs { file, format, rules: None, store: Store::Memory, batch_size: 100, json: true };
    let report = replay_with(&args, &ReplayOptions::default(), Some(1)).await.unwrap();
    for (name, document) in [
        ("one.json", serde_json::to_value(&report).unwrap()),
        ("sweep.json", serde_json::json!({ "runs": [&report] })),
    ] {
        let printed = folder.path().join(name);
        std::fs::write(&printed, document.to_string()).unwrap();
        let measured = Measured::load(Some(&printed)).unwrap();
        assert_eq!((measured.replay.rows, measured.replay.mails), (7, 1));
        assert_eq!(measured.replay.cost.batch_rows, Some(1));
        assert_eq!(measured.replay.cost.events.write_units, report.cost.events.write_units);
        let put = report.trends.conservation.put;
        assert!(put > 0, "somebody looked at something");
        assert_eq!(measured.signals_per_event(), put as f64 / 7.0);
        let demand = Demand { events: 1_000.0, decisions: 0.0, events_per_request: 1.0 };
        let units = Plan::of(&[demand], &measured).unwrap().sizings[0].units;
        assert!(units.profile_writes >= report.cost.events.write_units, "a thousand events a second");
    }
}

#[tokio::test]
async fn replay_goes_on_after_a_bad_row_and_a_rejected_event_and_names_both() {
    let folder = tempfile::tempdir().unwrap();
    let shop = folder.path().join("shop.csv");
    std::fs::write(&shop, REES46).unwrap();
    let report = replayed(&shop, Format::Rees46, Store::Memory).await;
    assert_eq!((report.rows, report.bad_rows, report.profiles), (5, 1, 2));
    assert_eq!((report.carts, report.orders, report.abandonments), (1, 1, 0), "an emptied cart is not left");
    assert!(report.bad_row_samples[0].contains("line 5"), "{:?}", report.bad_row_samples);

    let site = folder.path().join("site.jsonl");
    std::fs::write(&site, SEGMENT).unwrap();
    let report = replayed(&site, Format::SegmentJsonl, Store::Memory).await;
    assert_eq!((report.rows, report.profiles, report.mails), (3, 2, 1));
    assert_eq!(report.rejected_by_code.get("schema.type"), Some(&1));
}

#[tokio::test]
async fn smoke_holds() {
    run(SmokeArgs { json: true }).await.unwrap();
}
