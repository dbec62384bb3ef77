//! Any text as the address of a page: what is kept of it has no query, no fragment, no user and no password, as browsers
//! read addresses, and still names the same host.
#![no_main]

use beckon_domain::{Currency, ReminderId, SourceId, Timestamp};
use beckon_wire::capture::{Received, capture, landing};
use beckon_wire::privacy::without_query;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let Ok(address) = std::str::from_utf8(bytes) else { return };
    if let Some(kept) = without_query(address) {
        clean(&kept);
        assert_eq!(without_query(&kept).as_deref(), Some(kept.as_str()), "the same once more changes it");
        if let (Some(sent), Some(kept)) = (browsed(address), browsed(&kept)) {
            assert_eq!(kept.host_str(), sent.host_str(), "another host: {kept} of {sent}");
        }
    }
    landed(address);
    captured(address);
});

/// How a browser reads it on a page of a shop.
fn browsed(address: &str) -> Option<Url> {
    Url::parse("https://shop.example/p").ok()?.join(address).ok()
}

fn clean(kept: &str) {
    assert!(!kept.contains(['?', '#', ';']), "a query or a fragment in {kept}");
    if let Some(url) = browsed(kept) {
        assert!(
            url.username().is_empty() && url.password().is_none(),
            "a user or a password in {kept}: {url}"
        );
        assert!(url.query().is_none() && url.fragment().is_none(), "a query or a fragment in {kept}: {url}");
    }
}

/// Only an id of a mail is read from an address, and only from its query.
fn landed(address: &str) {
    let context = json!({ "page": { "url": address } });
    let context = context.as_object().expect("an object");
    let Some(id) = landing::decision_id(context, None) else { return };
    assert!(ReminderId::of_decision_id(&id).is_some(), "{id} is no mail's");
    let query = address.split_once('?').map(|(_, query)| query).expect("it has a query");
    assert!(query.contains(&format!("decision_id={id}")), "{id} is not in {query}");
}

/// The same in an event: whatever is kept of it is clean.
fn captured(address: &str) {
    let page = json!({ "url": address, "path": address, "referrer": address, "search": address });
    let event = json!({ "type": "page", "anonymousId": "v", "messageId": "m", "name": "Home",
        "context": { "page": page }, "properties": page });
    let source = SourceId::new("web").expect("an id");
    let (context, fresh_id) = (Map::new(), || "fresh".to_owned());
    let received = Received {
        at: Timestamp::from_ms(1_763_800_000_000),
        sent_at: None,
        source: &source,
        currency: Currency::new("EUR").expect("a currency"),
        context: &context,
        event_type: None,
        is_bot: false,
        gpc: false,
        room: 0,
        fresh_id: &fresh_id,
    };
    let Ok(captured) = capture(&event.to_string(), &received) else { return };
    let line = serde_json::to_value(&captured.line).expect("a line is JSON");
    for kept in
        [&line["context"]["page_url"], &line["context"]["referrer"], &line["properties"]["extra"]["path"]]
    {
        if let Value::String(kept) = kept {
            clean(kept);
        }
    }
}
