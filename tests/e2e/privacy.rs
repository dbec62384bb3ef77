//! No e-mail address, name or raw id enters the stream, wherever a page or a server puts it. Each canary is planted once, so
//! that the test names the place that leaks.

use beckon_store::streams::memory::StreamRecord;
use beckon_store::tables::memory::MemoryTables;
use data_encoding::BASE64;
use harness::{World, delivery};
use serde_json::{Value, json};

const ANONYMOUS: &str = "canary-anonymous-7f3a";
const USER: &str = "canary-user-9c1e";

/// Posts each planted event by itself and returns the records, with the name of the place they came from.
async fn planted(
    world: &mut World<MemoryTables>,
    plants: &[(&'static str, Value)],
) -> Vec<(&'static str, StreamRecord)> {
    let mut records = Vec::new();
    for (place, event) in plants {
        let mut event = event.clone();
        let fields = event.as_object_mut().unwrap();
        fields.entry("type").or_insert(json!("track"));
        fields.entry("event").or_insert(json!("Note Taken"));
        fields.entry("anonymousId").or_insert(json!(ANONYMOUS));
        fields.entry("userId").or_insert(json!(USER));
        let answer = world.collect("sk_local", &[event]).await;
        assert_eq!(answer.status, 200, "{place}: {}", answer.text());
        records.extend(world.stack.stream.take().into_iter().map(|record| (*place, record)));
    }
    records
}

/// The places whose records hold one of these texts, and what they hold.
fn leaks(records: &[(&'static str, StreamRecord)], canaries: &[&str]) -> Vec<String> {
    let mut leaks = Vec::new();
    for (place, record) in records {
        let text = String::from_utf8(record.data.clone()).unwrap() + &record.partition_key;
        let lower = text.to_lowercase();
        for canary in canaries.iter().filter(|canary| lower.contains(**canary)) {
            leaks.push(format!("{place}: `{canary}` in {text}"));
        }
    }
    leaks
}

fn assert_none(leaks: &[String]) {
    assert!(leaks.is_empty(), "{} places leak into the stream:\n{}", leaks.len(), leaks.join("\n"));
}

fn page(url: &str) -> Value {
    json!({ "context": { "page": { "url": url, "path": url, "referrer": url, "title": url, "search": url } } })
}

#[tokio::test]
async fn no_email_address_enters_the_stream() {
    let mut world = World::memory().await;
    let mail = "canary@mail.example";
    let plants = [
        (
            "traits",
            json!({ "type": "identify", "traits": { "email": mail, "backup": mail, "e-mail": mail } }),
        ),
        (
            "nested traits",
            json!({ "type": "identify", "traits": { "work": { "email": mail }, "all": [mail] } }),
        ),
        ("a trait's name", json!({ "type": "identify", "traits": { "canary@mail.example": true } })),
        ("properties", json!({ "properties": { "email": mail, "note": "write to Canary@mail.example!" } })),
        ("nested properties", json!({ "properties": { "form": { "email": mail }, "list": [mail, [mail]] } })),
        (
            "product",
            json!({ "event": "Product Added", "properties": {
            "product_id": "mug", "name": mail, "category": mail, "brand": mail, "cart_id": "c",
            "cart_url": "https://shop.example/cart/canary%40mail.example?m=canary@mail.example" } }),
        ),
        ("url query", page("https://shop.example/?m=canary@mail.example")),
        ("url fragment", page("https://shop.example/#canary@mail.example")),
        ("url path", page("https://shop.example/u/canary@mail.example/orders")),
        ("encoded url path", page("https://shop.example/u/canary%40mail.example")),
        (
            "a url in properties",
            json!({ "properties": { "link": "https://x.example/?m=canary@mail.example" } }),
        ),
        ("campaign", json!({ "context": { "campaign": { "name": mail, "source": mail, "term": mail } } })),
        (
            "context",
            json!({ "context": { "locale": mail, "timezone": mail, "userAgent": mail, "ip": "203.0.113.99",
            "traits": { "email": mail }, "device": { "name": mail } } }),
        ),
        (
            "page name",
            json!({ "type": "page", "name": mail, "category": mail, "properties": { "title": mail } }),
        ),
        ("group", json!({ "type": "group", "groupId": "g", "traits": { "email": mail } })),
        ("event name", json!({ "event": "Wrote canary@mail.example" })),
        ("message id", json!({ "messageId": mail })),
        ("user id", json!({ "userId": mail })),
        ("anonymous id", json!({ "anonymousId": mail })),
        ("unknown fields", json!({ "email": mail, "integrations": { "Mail": { "to": mail } } })),
    ];
    let records = planted(&mut world, &plants).await;
    assert!(records.len() >= 15, "most of these are taken, without the address");
    assert_none(&leaks(&records, &["canary@", "canary%40", "203.0.113.99"]));
}

#[tokio::test]
async fn no_name_of_a_person_enters_the_stream() {
    let mut world = World::memory().await;
    let name = "Canaria";
    let plants = [
        (
            "traits",
            json!({ "type": "identify", "traits": { "firstName": name, "lastName": name, "name": name,
            "first_name": name, "fullName": name, "username": name, "address": { "street": name }, "phone": name } }),
        ),
        ("properties", json!({ "properties": { "first_name": name, "lastName": name, "username": name } })),
        ("context traits", json!({ "context": { "traits": { "name": name } } })),
        ("url query", page("https://shop.example/?name=Canaria")),
    ];
    let records = planted(&mut world, &plants).await;
    assert_eq!(records.len(), plants.len());
    assert_none(&leaks(&records, &["canaria"]));
}

#[tokio::test]
async fn no_raw_id_of_a_person_enters_the_stream_as_a_value() {
    let mut world = World::memory().await;
    let plants = [
        (
            "traits",
            json!({ "type": "identify", "traits": { "id": USER, "ref": USER, "visitor": ANONYMOUS } }),
        ),
        ("properties", json!({ "properties": { "user_id": USER, "by": USER, "visitor": ANONYMOUS } })),
        ("alias", json!({ "type": "alias", "previousId": ANONYMOUS })),
        ("url query", page(&format!("https://shop.example/?uid={USER}"))),
        ("a url in properties", json!({ "properties": { "link": format!("https://x.example/?u={USER}") } })),
    ];
    let records = planted(&mut world, &plants).await;
    assert_eq!(records.len(), plants.len());
    assert_none(&leaks(&records, &[ANONYMOUS, USER]));
}

#[tokio::test]
async fn no_raw_id_of_a_person_enters_the_stream_within_a_text() {
    let mut world = World::memory().await;
    let plants = [
        ("a property's text", json!({ "properties": { "note": format!("order of {USER}") } })),
        ("a trait's text", json!({ "type": "identify", "traits": { "crm": format!("crm/{USER}") } })),
        ("url path", page(&format!("https://shop.example/account/{USER}/orders"))),
        ("a url in properties", json!({ "properties": { "link": format!("https://x.example/u/{USER}") } })),
        ("campaign", json!({ "context": { "campaign": { "name": USER } } })),
        (
            "product",
            json!({ "event": "Product Added", "properties": {
            "product_id": "mug", "name": USER, "cart_url": format!("https://shop.example/cart/{USER}") } }),
        ),
        ("message id", json!({ "messageId": format!("{USER}-1") })),
    ];
    let records = planted(&mut world, &plants).await;
    assert_none(&leaks(&records, &[ANONYMOUS, USER]));
}

/// A failed event is kept for people to look at, so it must hold no more than the stream does.
#[tokio::test]
async fn failed_events_hold_no_address_no_name_and_no_raw_id() {
    let mut world = World::memory().await;
    let login = json!({ "type": "identify", "messageId": "m",
        "traits": { "email": "canary@mail.example", "firstName": "Canaria", "id": USER } });
    let records = planted(&mut world, &[("identify", login)]).await;
    let cut: Vec<StreamRecord> = records
        .into_iter()
        .map(|(_, record)| StreamRecord { data: record.data[..record.data.len() - 1].to_vec(), ..record })
        .collect();
    let failed = world.stack.failed.clone();
    let profiler = world.profiler_on(world.stack.tables.clone(), world.stack.stream.clone(), failed);
    assert_eq!(
        delivery::once(&profiler, &cut).await,
        Vec::<String>::new(),
        "it is kept, not delivered again"
    );
    let documents = world.stack.failed.documents();
    assert_eq!(documents.len(), 1);
    for (name, document) in documents {
        let json: Value = serde_json::from_slice(&document).unwrap();
        let payload = BASE64.decode(json["payload_base64"].as_str().unwrap().as_bytes()).unwrap();
        let all = format!("{name}{json}{}", String::from_utf8(payload).unwrap()).to_lowercase();
        for canary in ["canary@", "canaria", ANONYMOUS, USER] {
            assert!(!all.contains(canary), "{canary} in {all}");
        }
    }
    world.finish().await;
}
