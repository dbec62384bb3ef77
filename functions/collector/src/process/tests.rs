use super::*;
use beckon_store::streams::memory::MemoryStream;
use beckon_store::tables::memory::MemoryTables;
use beckon_wire::limits::EVENT_COUNT_MAX;
use serde_json::{Value, json};

const MAIL: &str = "mail.0123456789abcdef0123456789abcdef.2";

fn collector() -> Collector<MemoryStream, MemoryTables> {
    Collector {
        stream: MemoryStream::new(1, || Timestamp::EPOCH, || ()),
        tables: MemoryTables::default(),
        secrets: Secrets::local().unwrap(),
        clock: Clock::manual(Timestamp::from_ms(1_800_000_000_000)).0,
        currency: Currency::new("EUR").unwrap(),
        public_url: "https://api.example".to_owned(),
        guard: Guard::default(),
        metrics: beckon_runtime::Metrics::default(),
    }
}

/// The lines that a batch leaves in the stream.
async fn lines(events: Value) -> Vec<Value> {
    told_lines(events, Told::default()).await
}

async fn told_lines(events: Value, told: Told<'_>) -> Vec<Value> {
    let collector = collector();
    let body = json!({ "batch": events }).to_string();
    let answer =
        collector.collect(body.as_bytes(), &Credentials::of_key("pk_local"), None, told, "r").await.unwrap();
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
async fn a_request_of_several_parts_is_one_record_for_each_profile_in_order_with_one_click() {
    let pages: Vec<Value> = (0..200).map(|n| page(["v", "w"][n % 2], &n.to_string(), MAIL)).collect();
    let collector = collector();
    let body = json!({ "batch": pages }).to_string();
    let key = Credentials::of_key("pk_local");
    let sent = collector.collect(body.as_bytes(), &key, None, Told::default(), "r");
    assert_eq!(sent.await.unwrap().accepted, 202);
    let records = collector.stream.take();
    assert_eq!(records.len(), 2);
    for (first, record) in records.iter().enumerate() {
        let lines = record.data.split(|byte| *byte == b'\n');
        let lines: Vec<Value> = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
        let ids = lines.iter().filter(|line| line["type"] == "page").map(|line| line["id"].as_str().unwrap());
        assert!(ids.eq((0..100).map(|n| (2 * n + first).to_string())), "in the order they came");
        assert_eq!((lines.len(), &lines[1]["event"]), (101, &json!("Email Link Clicked")));
        assert_eq!(record.data.capacity(), record.data.len(), "no byte to spare");
    }
}

#[tokio::test]
async fn a_request_does_not_grow_beyond_the_largest_by_its_clicks() {
    let pages: Vec<Value> = (0..EVENT_COUNT_MAX - 1).map(|n| page("v", &n.to_string(), MAIL)).collect();
    assert_eq!(lines(Value::from(pages.clone())).await.len(), EVENT_COUNT_MAX);
    let mut more = pages;
    more.push(page("v", "last", MAIL));
    assert_eq!(lines(Value::from(more)).await.len(), EVENT_COUNT_MAX);
}

#[tokio::test]
async fn a_token_stays_outside_the_stream_whatever_it_proves() {
    let event = json!({ "type": "track", "event": "Any", "anonymousId": "v", "userId": "u", "messageId": "1",
        "context": { "beckon": { "token": "header.claims.signature" } } });
    let lines = lines(json!([event])).await;
    assert!(!lines[0].to_string().contains("signature"), "{}", lines[0]);
}

#[tokio::test]
async fn each_item_of_an_event_of_ga4s_is_an_event_with_an_id_that_a_retry_repeats() {
    let event = json!({ "type": "track", "event": "add_to_cart", "anonymousId": "visitor-9", "messageId": "g",
        "properties": { "currency": "USD", "items": [
            { "item_id": "mug", "price": 15 }, { "item_id": "tent", "item_name": "visitor-9" } ] } });
    let first = lines(json!([event.clone()])).await;
    assert_eq!(first, lines(json!([event])).await);
    let [mug, tent] = first.as_slice() else { panic!("{first:?}") };
    assert_eq!((&mug["event"], &tent["event"]), (&json!("Product Added"), &json!("Product Added")));
    assert_eq!(mug["properties"]["product"], json!({ "id": "mug", "price_minor": 1500, "quantity": 1 }));
    assert_eq!(tent["properties"]["product"], json!({ "id": "tent", "quantity": 1 }), "no raw id in a name");
    assert_eq!((&mug["id"], mug["id"] == tent["id"]), (&json!("g"), false));
    assert_eq!((&mug["key"], &mug["occurred_at"]), (&tent["key"], &tent["occurred_at"]));
}

#[tokio::test]
async fn items_that_a_request_has_no_room_for_refuse_their_event_and_are_never_left_out() {
    let event = |n: usize| {
        let items = [json!({ "item_id": "a" }), json!({ "item_id": "b" })];
        json!({ "type": "track", "event": "view_item", "anonymousId": "v", "messageId": n.to_string(),
            "properties": { "items": items } })
    };
    let body = json!({ "batch": (0..300).map(event).collect::<Vec<_>>() }).to_string();
    let answer = collector()
        .collect(body.as_bytes(), &Credentials::of_key("pk_local"), None, Told::default(), "r")
        .await
        .unwrap();
    // 300 events leave room for 212 more, and each takes one of it.
    assert_eq!((answer.accepted, answer.rejected.len()), (424, 88));
    let fault = &answer.rejected[0].fault;
    assert_eq!((fault.pointer.as_str(), fault.code), ("/properties/items", "event.too_large"));
}

#[tokio::test]
async fn under_gpc_nobody_is_personalized_but_who_chose_it_in_the_event_itself() {
    let event = |consent: Value| json!([{ "type": "page", "anonymousId": "v", "messageId": "m", "context": { "consent": consent } }]);
    let gpc = Told { gpc: true, ..Told::default() };
    for (chosen, kept) in [
        (json!({}), json!({ "personalization": false })),
        (json!({ "personalization": true }), json!({ "personalization": true })),
        (
            json!({ "analytics": true, "marketing_email": true }),
            json!({ "analytics": true, "personalization": false, "marketing_email": true }),
        ),
    ] {
        assert_eq!(told_lines(event(chosen.clone()), gpc).await[0]["consent"], kept, "{chosen}");
    }
    assert_eq!(told_lines(event(json!({})), Told::default()).await[0]["consent"], Value::Null);
}

#[tokio::test]
async fn a_program_that_is_nobody_is_answered_and_not_counted() {
    let bot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    let person = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/131.0 Safari/537.36";
    let page = |agent: Option<&str>| json!({ "type": "page", "anonymousId": "v", "context": { "userAgent": agent } });
    let by_header = |agent| Told { user_agent: Some(agent), ..Told::default() };
    for (key, told, context, is_counted) in [
        ("pk_local", by_header(bot), None, false),
        ("pk_local", by_header(person), Some(bot), false),
        ("pk_local", by_header(person), Some(person), true),
        ("pk_local", by_header("curl/8.5.0"), None, true),
        ("sk_local", by_header(bot), Some(person), true),
        ("sk_local", Told::default(), Some(bot), false),
    ] {
        let (collector, body) = (collector(), json!({ "batch": [page(context)] }).to_string());
        let answer =
            collector.collect(body.as_bytes(), &Credentials::of_key(key), None, told, "r").await.unwrap();
        assert_eq!(answer.accepted == 1, is_counted, "{key} {told:?} {context:?}");
        assert_eq!(answer.rejected.iter().any(|verdict| verdict.fault.code == BOT), !is_counted);
        assert_eq!(collector.stream.take().len(), answer.accepted);
    }
}
