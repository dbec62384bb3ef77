use super::*;
use beckon_store::streams::memory::MemoryStream;
use beckon_store::tables::memory::MemoryTables;
use serde_json::{Value, json};

const MAIL: &str = "mail.0123456789abcdef0123456789abcdef.2";

/// The lines that a batch leaves in the stream.
async fn lines(events: Value) -> Vec<Value> {
    let collector = Collector {
        stream: MemoryStream::new(1, || Timestamp::EPOCH, || ()),
        contacts: MemoryTables::default(),
        secrets: Secrets::local().unwrap(),
        clock: Clock::manual(Timestamp::from_ms(1_800_000_000_000)).0,
        currency: Currency::new("EUR").unwrap(),
        public_url: "https://api.example".to_owned(),
    };
    let body = json!({ "batch": events }).to_string();
    let answer = collector.collect(body.as_bytes(), Some("pk_local"), None, "r").await.unwrap();
    let datas = collector.stream.take().into_iter().map(|record| String::from_utf8(record.data).unwrap());
    let texts: Vec<String> =
        datas.flat_map(|data| data.lines().map(ToOwned::to_owned).collect::<Vec<_>>()).collect();
    assert_eq!(answer.accepted, texts.len());
    texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

fn page(visitor: &str, id: &str, mail: &str) -> Value {
    json!({ "type": "page", "anonymousId": visitor, "messageId": id, "timestamp": "2027-01-15T07:59:00Z",
        "context": { "page": { "url": format!("https://s.example/cart?decision_id={mail}") } } })
}

#[tokio::test]
async fn a_landing_from_a_mail_is_one_click_with_the_pages_time_and_an_id_that_a_retry_repeats() {
    let first = lines(json!([page("v", "p-1", MAIL)])).await;
    assert_eq!(first, lines(json!([page("v", "p-1", MAIL)])).await);
    let [view, click] = first.as_slice() else { panic!("{first:?}") };
    assert_eq!((&click["event"], &click["type"]), (&json!("Email Link Clicked"), &json!("track")));
    assert_eq!(click["properties"]["extra"], json!({ "decision_id": MAIL }));
    for field in ["key", "source", "occurred_at", "received_at"] {
        assert_eq!(click[field], view[field], "{field}");
    }
    assert_ne!(click["id"], view["id"]);
    assert!(!view.to_string().contains("decision_id"), "the page's own line has no query: {view}");
    assert_ne!(lines(json!([page("v", "p-2", MAIL)])).await[1]["id"], click["id"]);
}

#[tokio::test]
async fn one_click_for_a_person_a_request_and_a_mail() {
    let other = MAIL.replace(".2", ".3");
    let all = lines(json!([
        page("v", "1", MAIL),
        page("v", "2", MAIL),
        page("v", "3", &other),
        page("w", "4", MAIL),
        page("w", "5", "d-77"),
    ]))
    .await;
    let clicks = all.iter().filter(|line| line["event"] == "Email Link Clicked");
    assert_eq!((all.len(), clicks.count()), (8, 3));
    let told = json!({ "type": "track", "event": "Email Link Clicked", "anonymousId": "v",
        "properties": { "decision_id": MAIL, "url": format!("https://s.example/?decision_id={MAIL}") } });
    let told = lines(json!([told])).await;
    assert_eq!((told.len(), &told[0]["properties"]["extra"]["decision_id"]), (1, &json!(MAIL)));
}

#[tokio::test]
async fn a_request_does_not_grow_beyond_the_largest_by_its_clicks() {
    let pages: Vec<Value> = (0..EVENT_COUNT_MAX - 1).map(|n| page("v", &n.to_string(), MAIL)).collect();
    assert_eq!(lines(Value::from(pages.clone())).await.len(), EVENT_COUNT_MAX);
    let mut more = pages;
    more.push(page("v", "last", MAIL));
    assert_eq!(lines(Value::from(more)).await.len(), EVENT_COUNT_MAX);
}
