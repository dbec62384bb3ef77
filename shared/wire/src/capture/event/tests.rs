use super::*;

fn read_at(json: &str, at: i64, sent_at: Option<i64>) -> Result<Captured, Fault> {
    let source = SourceId::new("web").unwrap();
    let context = Map::new();
    let received = Received {
        at: Timestamp::from_ms(at),
        sent_at: sent_at.map(Timestamp::from_ms),
        source: &source,
        currency: Currency::new("EUR").unwrap(),
        context: &context,
        event_type: None,
        is_bot: false,
        gpc: false,
        room: crate::limits::EVENT_COUNT_MAX,
        fresh_id: &|| "fresh".to_owned(),
    };
    capture(json, &received)
}

fn read(json: &str) -> Result<Captured, Fault> {
    read_at(json, 1_763_800_000_000, None)
}

#[test]
fn every_captured_line_is_an_event() {
    for json in [
        r#"{"type":"track","event":"Product Viewed","anonymousId":"v","properties":{"product_id":"p"}}"#,
        r#"{"type":"track","event":"Song Played","userId":7}"#,
        r#"{"type":"page","anonymousId":"v","name":"Home"}"#,
        r#"{"type":"identify","anonymousId":"v","userId":"u","traits":{"plan":"gold"}}"#,
        r#"{"type":"alias","previousId":"v","userId":"u"}"#,
        r#"{"type":"group","userId":"u","groupId":"g"}"#,
    ] {
        let captured = read(json).unwrap();
        assert!(captured.line.to_event().is_ok(), "{json}");
    }
}

#[test]
fn contact_data_and_raw_ids_leave_the_line() {
    let captured = read(
        r#"{"type":"identify","userId":"u-77","messageId":"m","traits":{"email":"jo@example.com","firstName":"Jo",
            "name":"Jo X","plan":"gold","alias":"u-77","backup":"al@example.com"}}"#,
    )
    .unwrap();
    let line = serde_json::to_string(&captured.line).unwrap();
    assert!(!line.contains('@') && !line.contains("Jo") && !line.contains("u-77"), "{line}");
    assert!(line.contains("gold"));
    let contact = captured.contact.unwrap();
    assert_eq!(contact.email.as_deref(), Some("jo@example.com"));
    assert_eq!(contact.first_name.as_deref(), Some("Jo"));
}

#[test]
fn a_bad_address_costs_the_address_and_not_the_event() {
    for email in ["jo", "jo@", "jo@host", "a b@c.example", "jo@x..example", "jo\\r\\nBcc: al@c.example"] {
        let json = format!(r#"{{"type":"identify","userId":"u","traits":{{"email":"{email}"}}}}"#);
        let captured = read(&json).unwrap();
        assert_eq!(captured.contact, None, "{email}");
        assert_eq!(captured.warnings[0].pointer, "/traits/email", "{email}");
    }
}

#[test]
fn the_senders_clock_is_corrected_and_clamped() {
    let (hour, now) = (3_600_000, 1_763_800_000_000);
    let event = |ms: i64| {
        let time = crate::format_time(Timestamp::from_ms(ms));
        format!(r#"{{"type":"page","anonymousId":"v","timestamp":"{time}"}}"#)
    };
    let read =
        |ms, sent| read_at(&event(ms), now, sent).map(|c| (c.line.occurred_at - now, c.clamped)).unwrap();
    assert_eq!(read(5 * hour, Some(5 * hour + 2_000)), (-2_000, false), "a clock that is years slow");
    assert_eq!(read(now - 48 * hour, None), (-24 * hour, true));
    assert_eq!(read(now + 48 * hour, None), (300_000, true));
    assert_eq!(read_at(r#"{"type":"page","anonymousId":"v"}"#, now, None).unwrap().line.occurred_at, now);
}

#[test]
fn every_fault_has_its_pointer_and_code() {
    let deep =
        format!(r#"{{"type":"page","anonymousId":"v","properties":{}1{}}}"#, "[".repeat(99), "]".repeat(99));
    let many =
        format!(r#"{{"type":"page","anonymousId":"v","properties":{{"a":[{}1]}}}}"#, "{},".repeat(500));
    let large = format!(r#"{{"type":"page","anonymousId":"v","x":"{}"}}"#, "x".repeat(33 * 1024));
    let long_id = format!(r#"{{"type":"page","anonymousId":"{}"}}"#, "v".repeat(201));
    let cases = [
        ("7", "", "schema.type"),
        (r#"{"anonymousId":"v"}"#, "/type", "schema.missing"),
        (r#"{"type":"shout","anonymousId":"v"}"#, "/type", "schema.value"),
        (r#"{"type":"page"}"#, "/anonymousId", "identity.missing"),
        (r#"{"type":"page","anonymousId":"  "}"#, "/anonymousId", "identity.missing"),
        (r#"{"type":"page","userId":"null"}"#, "/userId", "identity.blocked"),
        (r#"{"type":"page","anonymousId":{"a":1}}"#, "/anonymousId", "schema.type"),
        (r#"{"type":"track","anonymousId":"v"}"#, "/event", "schema.missing"),
        (r#"{"type":"page","anonymousId":"v","timestamp":"yesterday"}"#, "/timestamp", "schema.timestamp"),
        (
            r#"{"type":"page","anonymousId":"v","messageId":"jo@example.com"}"#,
            "/messageId",
            "privacy.personal_data",
        ),
        (&long_id, "/anonymousId", "schema.value"),
        (&deep, "", "event.nesting"),
        (&large, "", "event.too_large"),
        (&many, "", "event.too_large"),
    ];
    for (json, pointer, code) in cases {
        let fault = read(json).unwrap_err();
        assert_eq!((fault.pointer.as_str(), fault.code), (pointer, code), "{}", &json[..json.len().min(80)]);
    }
}

#[test]
fn a_date_in_year_9999_is_clamped_or_refused_and_never_kept() {
    for time in ["9999-12-30T00:00:00Z", "9999-12-31T23:59:59Z"] {
        match read(&format!(r#"{{"type":"page","anonymousId":"v","timestamp":"{time}"}}"#)) {
            Ok(captured) => assert!(captured.clamped, "{time}"),
            Err(fault) => assert_eq!(fault.code, "schema.timestamp"),
        }
    }
}
