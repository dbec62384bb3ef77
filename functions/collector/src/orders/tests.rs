use super::*;
use beckon_domain::{Currency, DurationMs, Timestamp};
use beckon_runtime::{Clock, Secrets};
use beckon_store::streams::memory::MemoryStream;
use beckon_store::tables::memory::MemoryTables;
use beckon_wire::auth::Credentials;
use beckon_wire::signature::{TOLERANCE, sign};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);

/// Sends orders that were signed at a time. Returns the answer, and the lines in the stream.
async fn send(
    body: &Value,
    key: &str,
    signature: Option<&str>,
) -> Result<(CaptureAnswer, Vec<Value>), (u16, Value)> {
    let collector = Collector {
        stream: MemoryStream::new(1, || Timestamp::EPOCH, || ()),
        tables: MemoryTables::default(),
        secrets: Secrets::local().unwrap(),
        clock: Clock::manual(NOW).0,
        currency: Currency::new("EUR").unwrap(),
        public_url: "https://api.example".to_owned(),
        guard: crate::guard::Guard::default(),
        metrics: beckon_runtime::Metrics::default(),
    };
    let raw = body.to_string().into_bytes();
    let signed = Signed { raw: &raw, signature };
    let answer =
        collector.collect_orders(signed, || Ok(Cow::Borrowed(&raw)), &Credentials::of_key(key), "r").await;
    let records = collector.stream.take();
    let texts: Vec<String> = records.into_iter().map(|r| String::from_utf8(r.data).unwrap()).collect();
    let lines = texts.iter().flat_map(|text| text.lines().map(|line| serde_json::from_str(line).unwrap()));
    let lines: Vec<Value> = lines.collect();
    match answer {
        Ok(answer) => Ok((answer, lines)),
        Err(error) => {
            assert!(lines.is_empty(), "{lines:?}");
            let problem = error.into_problem();
            Err((problem.status(), serde_json::to_value(&problem).unwrap()["errors"][0]["code"].clone()))
        }
    }
}

async fn signed(body: &Value) -> (CaptureAnswer, Vec<Value>) {
    let signature = sign("sk_local", NOW, body.to_string().as_bytes());
    send(body, "sk_local", Some(&signature)).await.unwrap()
}

#[tokio::test]
async fn a_signed_order_is_the_customers_and_the_same_again_has_the_same_id() {
    let order = json!({ "order_id": "1001", "user_id": "u-77a1", "total": 27.5, "currency": "usd", "coupon": "SPRING",
        "products": [{ "product_id": "mug", "price": 12.5, "quantity": 1 }] });
    let (answer, lines) = signed(&order).await;
    assert_eq!((answer.accepted, answer.rejected.len()), (1, 0));
    let line = &lines[0];
    assert_eq!((&line["event"], &line["id"]), (&json!("Order Completed"), &json!("order:1001")));
    assert_eq!(
        (&line["properties"]["total_minor"], &line["properties"]["currency"]),
        (&json!(2750), &json!("USD"))
    );
    assert!(line["key"].as_str().unwrap().starts_with('c'), "a customer's: {line}");
    assert!(!line.to_string().contains("u-77a1"), "{line}");
    assert_eq!(signed(&json!({ "orders": [order] })).await.1[0]["id"], line["id"]);
}

#[tokio::test]
async fn one_bad_order_is_told_at_its_place_and_its_neighbours_are_taken() {
    let (answer, lines) = signed(&json!({ "orders": [
        { "user_id": "u" },
        { "order_id": "1", "user_id": "u", "status": "refunded", "total": 3 },
        { "order_id": "2", "user_id": "null" },
        { "order_id": "3", "user_id": "u", "products": [{ "product_id": "p", "price": "9" }] },
        { "order_id": "4" },
    ] }))
    .await;
    let told: Vec<_> =
        answer.rejected.iter().map(|v| (v.index, v.fault.pointer.as_str(), v.fault.code)).collect();
    assert_eq!(
        told,
        [
            (0, "/order_id", "schema.missing"),
            (2, "/user_id", "identity.blocked"),
            (3, "/products/0/price", "schema.type"),
            (4, "/anonymous_id", "identity.missing"),
        ]
    );
    assert_eq!((lines.len(), &lines[0]["event"]), (1, &json!("Order Refunded")));
}

#[tokio::test]
async fn nothing_is_taken_without_a_secret_key_and_its_signature_of_now() {
    let order = json!({ "order_id": "1", "user_id": "u" });
    let text = order.to_string();
    let by = |key: &str, at: Timestamp| sign(key, at, text.as_bytes());
    let late = NOW - TOLERANCE - DurationMs::from_ms(1_000);
    for (key, signature, status, code) in [
        ("sk_unknown", Some(by("sk_unknown", NOW)), 401, Value::Null),
        ("pk_local", Some(by("pk_local", NOW)), 403, Value::Null),
        ("sk_local", None, 403, json!("signature.missing")),
        ("sk_local", Some(by("sk_other", NOW)), 403, json!("signature.invalid")),
        ("sk_local", Some(by("sk_local", late)), 403, json!("signature.expired")),
    ] {
        let refused = send(&order, key, signature.as_deref()).await.unwrap_err();
        assert_eq!(refused, (status, code), "{key} {signature:?}");
    }
}
