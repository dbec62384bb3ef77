//! A thousand secrets of people and shops, sent through every path, right and wrong: none is in a log line, a record of the
//! stream (and so in the archive, which is its copy) or a failed event.

use axum::body::Body;
use axum::http::{Method, Request};
use beckon_cli::ses_events::{Happened, SesMail};
use beckon_domain::DurationMs;
use beckon_store::tables::memory::MemoryTables;
use beckon_wire::signature;
use cart_mailer::send::SendError;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use harness::{World, delivery, world::START};
use serde_json::{Value, json};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tracing_subscriber::fmt::MakeWriter;

type Shop = World<MemoryTables>;

/// How many are planted.
const SECRET_COUNT: usize = 1_000;

/// Bytes that somebody wrote, to look at later.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).to_lowercase()
    }
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The n-th secret: 16 letters and digits that are nowhere else (xorshift64*, so that every run plants the same).
fn secret(n: usize) -> String {
    let mut state = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for _ in 0..3 {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state = state.wrapping_mul(0x2545_f491_4f6c_dd1d);
    }
    format!("q{:015x}", state >> 4)
}

fn request(method: Method, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}

fn basic(key: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{key}:").as_bytes()))
}

fn post(path: &str, key: &str, body: &Value) -> Request<Body> {
    request(Method::POST, path, &[("authorization", &basic(key))], body.to_string())
}

fn event(key: &str, mut event: Value) -> Request<Body> {
    let fields = event.as_object_mut().unwrap();
    fields.entry("type").or_insert(json!("track"));
    fields.entry("event").or_insert(json!("Note Taken"));
    fields.entry("anonymousId").or_insert(json!("v"));
    post("/v1/batch", key, &json!({ "batch": [event] }))
}

fn page(url: &str) -> Value {
    json!({ "type": "page", "context": { "page": { "url": url, "referrer": url, "search": url } } })
}

fn token(claims: &Value) -> String {
    let part = |text: String| BASE64URL_NOPAD.encode(text.as_bytes());
    format!(
        "{}.{}.{}",
        part(json!({ "alg": "HS256", "kid": "k" }).to_string()),
        part(claims.to_string()),
        "c2ln"
    )
}

/// The request that a secret comes with.
type Way = fn(&str) -> Request<Body>;

/// The ways in which a secret comes.
#[rustfmt::skip]
const WAYS: &[(&str, Way)] = &[
    ("an address in traits", |s| event("sk_local", json!({ "type": "identify", "userId": "u", "traits": { "email": format!("{s}@mail.example") } }))),
    ("an address in other traits", |s| event("pk_local", json!({ "type": "identify", "traits": { "e-mail": format!("{s}@mail.example"), "work": { "mail": format!("{s}@mail.example") } } }))),
    ("an address in properties", |s| event("pk_local", json!({ "properties": { "note": format!("write to {s}@mail.example"), "email": format!("{s}@mail.example") } }))),
    ("an address as an id", |s| event("sk_local", json!({ "userId": format!("{s}@mail.example"), "messageId": format!("{s}@mail.example") }))),
    ("an address in a url", |s| event("pk_local", page(&format!("https://shop.example/u/{s}%40mail.example?m={s}@mail.example#{s}@mail.example")))),
    ("an address as an event's name", |s| event("pk_local", json!({ "event": format!("Wrote {s}@mail.example") }))),
    ("a name", |s| event("sk_local", json!({ "type": "identify", "userId": "u", "traits": { "firstName": s, "lastName": s, "name": s, "username": s, "phone": s, "address": { "street": s } } }))),
    ("a name in the context", |s| event("pk_local", json!({ "context": { "traits": { "name": s, "firstName": s } } }))),
    ("a user id", |s| event("sk_local", json!({ "userId": s, "properties": { "by": s, "note": format!("of {s}") } }))),
    ("an anonymous id", |s| event("pk_local", json!({ "anonymousId": s, "messageId": format!("{s}-1"), "properties": { "visitor": s } }))),
    ("a claim", |s| event("pk_local", json!({ "type": "identify", "userId": s, "anonymousId": format!("a{s}") }))),
    ("an unproven user id", |s| post("/v1/track", "pk_local", &json!({ "event": "X", "userId": s }))),
    ("an alias", |s| event("sk_local", json!({ "type": "alias", "userId": s, "previousId": format!("p{s}") }))),
    ("a network address", |s| request(Method::POST, "/v1/page", &[("authorization", &basic("pk_local")), ("x-forwarded-for", s), ("forwarded", s), ("cookie", s), ("referer", &format!("https://shop.example/?{s}"))], json!({ "anonymousId": "v", "context": { "ip": s } }).to_string())),
    ("a query of a url", |s| event("pk_local", page(&format!("https://shop.example/?session={s}#{s}")))),
    ("a password in a url", |s| event("pk_local", json!({ "event": "Cart Updated", "properties": { "products": [], "cart_url": format!("https://{s}:{s}@shop.example/cart?token={s}") } }))),
    ("a visitor's token", |s| event("pk_local", json!({ "userId": "u", "context": { "beckon": { "token": token(&json!({ "sub": s, "aud": "beckon", "jti": s })) } } }))),
    ("a token of another form", |s| event("pk_local", json!({ "context": { "beckon": { "token": s } } }))),
    ("an unknown key", |s| post("/v1/batch", &format!("sk_{s}"), &json!({ "batch": [] }))),
    ("an unknown key in the body", |s| request(Method::POST, "/v1/track", &[], json!({ "writeKey": format!("pk_{s}"), "event": "X", "anonymousId": "v" }).to_string())),
    ("an unknown key of the settings", |s| request(Method::GET, &format!("/v1/projects/pk_{s}/settings"), &[], "")),
    ("no JSON", |s| request(Method::POST, "/v1/batch", &[("authorization", &basic("pk_local"))], format!("{{\"batch\":[{{\"email\":\"{s}@mail.example\","))),
    ("no gzip", |s| request(Method::POST, "/v1/batch", &[("authorization", &basic("pk_local")), ("content-encoding", "gzip")], s.to_owned())),
    ("a wrong type", |s| event("pk_local", json!({ "event": "Product Viewed", "userId": [s], "properties": { "product_id": { "email": s }, "price": s } }))),
    ("a wrong time", |s| event("pk_local", json!({ "timestamp": s, "sentAt": s }))),
    ("another path", |s| request(Method::POST, &format!("/v1/{s}?email={s}@mail.example"), &[], s.to_owned())),
    ("an order without a signature", |s| post("/v1/orders", "sk_local", &json!({ "order_id": "1", "user_id": s, "email": format!("{s}@mail.example") }))),
    ("an order", |s| {
        let body = json!({ "order_id": "1001", "user_id": s, "email": format!("{s}@mail.example"), "total": 5, "currency": "EUR" }).to_string();
        let signed = signature::sign("sk_local", START, body.as_bytes());
        request(Method::POST, "/v1/orders", &[("authorization", &basic("sk_local")), ("beckon-signature", &signed)], body)
    }),
    ("a decision for a customer", |s| post("/v1/decisions", "sk_local", &json!({ "user_id": s, "slots": [{ "id": "hero" }] }))),
    ("a decision for a visitor", |s| post("/v1/decisions", "pk_local", &json!({ "anonymous_id": s, "user_id": format!("u{s}"), "slots": [{ "id": s }], "context": { "page": { "url": format!("https://shop.example/?m={s}") } } }))),
    ("a decision with a token", |s| post("/v1/decisions", "pk_local", &json!({ "user_id": s, "token": token(&json!({ "sub": s, "aud": "beckon" })), "slots": [] }))),
    ("a link to unsubscribe", |s| request(Method::GET, &format!("/u/{s}"), &[], "")),
    ("a click to unsubscribe", |s| request(Method::POST, &format!("/u/{s}"), &[], format!("List-Unsubscribe=One-Click&{s}"))),
    ("the admin API without a key", |s| request(Method::POST, &format!("/admin/v1/codes/{s}/{s}?{s}"), &[("authorization", &basic(&format!("sk_{s}")))], s.to_owned())),
];

/// What somebody wrote anywhere that is kept or read by people.
struct Kept {
    logs: Written,
    stream: Written,
}

impl Kept {
    fn holds(&self, shop: &Shop, secret: &str) -> Option<&'static str> {
        let failed = shop.stack.failed.documents();
        let failed = failed.iter().map(|(name, document)| {
            let json: Value = serde_json::from_slice(document).unwrap_or_default();
            let payload =
                json["payload_base64"].as_str().and_then(|text| BASE64.decode(text.as_bytes()).ok());
            format!("{name}{json}{}", String::from_utf8_lossy(&payload.unwrap_or_default())).to_lowercase()
        });
        let failed: String = failed.collect();
        let places = [
            ("a log line", self.logs.text()),
            ("the stream", self.stream.text()),
            ("a failed event", failed),
        ];
        let forms = [secret.to_owned(), BASE64.encode(secret.as_bytes()).to_lowercase()];
        places
            .into_iter()
            .find(|(_, text)| forms.iter().any(|form| text.contains(form)))
            .map(|(name, _)| name)
    }
}

/// A cart of this address is left, mailed (or not), and SES's events quote the address.
async fn mailed(shop: &mut Shop, secret: &str) {
    let address = format!("{secret}@mail.example");
    let events = [
        json!({ "type": "identify", "userId": secret, "traits": { "email": address, "firstName": secret },
            "context": { "consent": { "marketing_email": true } } }),
        json!({ "type": "track", "event": "Product Added", "userId": secret, "properties": { "product_id": "mug" } }),
    ];
    for event in &events {
        shop.request(self::event("sk_local", event.clone())).await;
    }
    shop.drain().await;
    shop.pass(DurationMs::from_minutes(16));
    for error in [SendError::Unknown, SendError::NotNow, SendError::Refused] {
        shop.stack.sender.fail_next(error("by the test".to_owned()));
    }
    shop.mailer().await;
    let mail = SesMail { message_id: "m", to: &address, sent_at: START, tags: &[] };
    let mut told = mail.event(Happened::Complained, START);
    let _ = shop.stack.mail_event(told.clone()).await;
    told["detail"]["mail"]["timestamp"] = json!(address);
    let _ = shop.stack.mail_event(told).await;
    let _ = shop.stack.mail_event(json!({ "detail": { "eventType": address, "mail": [address] } })).await;
}

#[tokio::test]
async fn none_of_a_thousand_secrets_is_logged_streamed_kept_as_failed_or_archived() {
    let kept = Kept { logs: Written::default(), stream: Written::default() };
    let subscriber = tracing_subscriber::fmt().json().with_max_level(tracing::Level::TRACE);
    // Beside one subscriber alone, what another test's thread logs first would be off for this thread too.
    let _other = tracing::Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish());
    let _logging = tracing::subscriber::set_default(subscriber.with_writer(kept.logs.clone()).finish());
    let mut shop = World::memory().await;
    let copy = kept.stream.clone();
    shop.stack.stream.copy_to(move |record| {
        let mut copy = copy.clone();
        let _ = io::Write::write_all(&mut copy, &record.data);
        let _ = io::Write::write_all(&mut copy, record.partition_key.as_bytes());
    });
    let mut statuses = std::collections::BTreeMap::<u16, usize>::new();
    for n in 0..SECRET_COUNT {
        let (way, secret) = (n % (WAYS.len() + 1), secret(n));
        match WAYS.get(way) {
            Some((_, request)) => {
                let answer = shop.request(request(&secret)).await;
                *statuses.entry(answer.status).or_default() += 1;
                // Half of it cannot be read by the profiler: it is kept as failed.
                let mut records = shop.stack.stream.take();
                if n % 2 == 0 {
                    records.iter_mut().for_each(|record| record.data.truncate(record.data.len() - 1));
                }
                delivery::once(&shop.profiler(), &records).await;
            }
            None => mailed(&mut shop, &secret).await,
        }
    }
    let leaks = (0..SECRET_COUNT).filter_map(|n| {
        let place = kept.holds(&shop, &secret(n))?;
        let way = WAYS.get(n % (WAYS.len() + 1)).map_or("a mail", |(way, _)| way);
        Some(format!("{way} leaks into {place}"))
    });
    let leaks: std::collections::BTreeSet<String> = leaks.collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert!(statuses[&200] > 400 && statuses.len() > 4, "every path was reached: {statuses:?}");
    assert!(!shop.stack.failed.documents().is_empty(), "events failed");
    assert!(kept.logs.text().contains("request collected"), "logs were written");
}
