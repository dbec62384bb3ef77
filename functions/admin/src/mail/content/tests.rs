use super::*;
use beckon_domain::{SourceId, Timestamp};
use beckon_runtime::{Clock, Secrets};
use beckon_store::models::memory::MemoryModels;
use beckon_store::tables::memory::MemoryTables;

fn admin() -> Admin<MemoryTables, MemoryModels> {
    Admin {
        tables: MemoryTables::default(),
        objects: MemoryModels::default(),
        secrets: Secrets::local().unwrap(),
        clock: Clock::manual(Timestamp::from_ms(1_763_800_000_000)).0,
        run_tests: crate::run_tests,
        tombstone: beckon_domain::DurationMs::from_days(90),
    }
}

/// Content with this as its English text part.
fn document(text: &str) -> String {
    let mut files = Content::built_in_files();
    files.files.insert("en/reminder.txt".to_owned(), text.to_owned());
    files.document()
}

async fn publish(
    admin: &Admin<MemoryTables, MemoryModels>,
    document: &str,
    ask: PublishAsk,
) -> Result<Value, Value> {
    let source = SourceId::new("shop").unwrap();
    let result = admin.publish_mail(document, ask, Caller { source: &source, request_id: "r-1" }).await;
    result
        .map(|noted| noted.answer)
        .map_err(|error| serde_json::to_value(error.into_problem()).unwrap_or_default())
}

#[tokio::test]
async fn content_is_live_with_its_record_or_what_is_live_stays() {
    let admin = admin();
    let shown = admin.live_mail("r").await.unwrap();
    assert_eq!(
        (&shown["published"], shown["files"].as_object().map(serde_json::Map::len)),
        (&json!(false), Some(5))
    );
    let good = document("Come back: {{ unsubscribe_url }}");
    let ask = || PublishAsk { note: Some("shorter".to_owned()), ..PublishAsk::default() };
    let dry = publish(&admin, &good, PublishAsk { dry_run: true, ..ask() }).await.unwrap();
    assert_eq!(
        (&dry["changed"], admin.live_mail("r").await.unwrap()["published"] == true),
        (&json!(true), false)
    );
    let first = publish(&admin, &good, ask()).await.unwrap();
    assert_eq!((&first["changed"], &first["from"]), (&json!(true), &Value::Null));
    assert_eq!(publish(&admin, &good, ask()).await.unwrap()["changed"], false);
    let bad = publish(&admin, &document("{{ nobody }}"), ask()).await.unwrap_err().to_string();
    assert!(
        bad.contains("en/reminder.txt:1: there is no variable `nobody`")
            && bad.contains("what is live stays"),
        "{bad}"
    );
    for expect in ["other", ""] {
        let ask = PublishAsk { expect: Some(expect.to_owned()), ..ask() };
        let conflict =
            publish(&admin, &document("x {{ unsubscribe_url }}"), ask).await.unwrap_err().to_string();
        assert!(conflict.contains("is live by now"), "{conflict}");
    }
    let shown = admin.live_mail("r").await.unwrap();
    assert_eq!(shown["version"], first["version"]);
    assert_eq!(shown["files"]["en/reminder.txt"], "Come back: {{ unsubscribe_url }}");
    let change = &shown["changes"][0];
    assert_eq!(
        (&change["who"], &change["note"], &change["to"]),
        (&json!("shop"), &json!("shorter"), &first["version"])
    );
    assert_eq!(shown["changes"].as_array().map(Vec::len), Some(1));
}
