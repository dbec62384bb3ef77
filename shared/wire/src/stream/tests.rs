#[path = "fixtures/tests.rs"]
mod fixtures;

use super::*;
use beckon_domain::event::{Device, EventKind, TraitValue};
use beckon_domain::id::{EffectId, UserId};
use beckon_domain::{Pepper, Profile, Timestamp};

fn key() -> ProfileKey {
    Pepper::new("1", b"0123456789abcdef").unwrap().customer(&UserId::new("c").unwrap())
}

fn reminder() -> beckon_domain::ReminderId {
    beckon_domain::ReminderId::of_decision_id("mail.00112233445566778899aabbccddeeff.1").unwrap()
}

#[test]
fn a_line_survives_the_stream_and_is_held_to_its_key() {
    let line = Line::timer(&key(), reminder(), 1, TimerOutcome::Done, Timestamp::from_ms(5));
    let data = encode(&[line.clone(), line.clone()]).unwrap();
    assert_eq!(data.len(), 1);
    let text = String::from_utf8(data[0].clone()).unwrap();
    assert_eq!(text.lines().count(), 2);
    let (read, event) = Line::parse(text.lines().next().unwrap(), key().as_str()).unwrap();
    assert_eq!(read, line);
    assert_eq!(event.id.as_str(), format!("timer:{}:1:1:done", reminder().episode));
    let other = Line::parse(text.lines().next().unwrap(), "c1_other").unwrap_err();
    assert_eq!(other.reason, FailedReason::WrongKey);
}

#[test]
fn lines_that_one_record_cannot_hold_go_on_in_the_next_in_order() {
    let mut lines =
        vec![Line::timer(&key(), reminder(), 1, TimerOutcome::Done, Timestamp::from_ms(5)); 2_000];
    for (n, line) in lines.iter_mut().enumerate() {
        line.id = format!("m{n}");
        line.context.page_url = Some("x".repeat(500));
    }
    let records = encode(&lines).unwrap();
    assert!(records.len() > 1 && records.iter().all(|data| data.len() <= RECORD_BYTES_MAX));
    let joined = records.join(&b'\n');
    let ids = String::from_utf8(joined).unwrap();
    let ids: Vec<String> = ids.lines().map(|line| Line::parse(line, key().as_str()).unwrap().0.id).collect();
    assert_eq!(ids, lines.iter().map(|line| line.id.clone()).collect::<Vec<_>>());
}

#[test]
fn a_merge_line_carries_the_state() {
    let mut state = Profile::default();
    state.counts.adds = 3;
    let line = Line::merge(&key(), &key(), &state, Timestamp::from_ms(5)).unwrap();
    let EventKind::Merge { state: read, .. } = line.to_event().unwrap().kind else { panic!("not a merge") };
    assert_eq!(*read, state);
}

#[test]
fn what_cannot_be_read_says_why_without_quoting_it() {
    let cases = [
        ("{\"v\":9,\"shape\":\"new\"}", FailedReason::UnknownVersion),
        ("{\"v\":1,\"key\":\"secret-value\"}", FailedReason::Undecodable),
        ("not json secret-value", FailedReason::Undecodable),
    ];
    for (text, reason) in cases {
        let error = Line::parse(text, "k").unwrap_err();
        assert_eq!(error.reason, reason, "{text}");
        assert!(!error.detail.contains("secret-value"), "{}", error.detail);
    }
}

#[test]
fn a_forwarded_line_is_the_customers_and_proves_nothing_and_loses_nothing_else() {
    let text = r#"{"v":1,"key":"a1_x","id":"m","source":"web","type":"identify","occurred_at":5,"received_at":6,
        "traits":{"plan":"g\u00f6ld","odd":[1e999]},"claim":null,"link":"c1_y","of a later release":{"n":0.10}}"#;
    let line = String::from_utf8(forwarded(text, &key()).unwrap()).unwrap();
    assert!(!line.contains("link") && line.contains(r#""internal":true"#), "{line}");
    for kept in [r#""plan":"g\u00f6ld""#, "1e999", r#""of a later release":{"n":0.10}"#, r#""received_at":6"#]
    {
        assert!(line.contains(kept), "{kept}: {line}");
    }
    let plain = text.replace(r#","odd":[1e999]"#, "").replace("a1_x", key().as_str());
    let plain = plain.replace(r#""link":"c1_y","#, "");
    let line = String::from_utf8(forwarded(&plain, &key()).unwrap()).unwrap();
    let (before, after) = (read(&plain, key().as_str()).unwrap(), read(&line, key().as_str()).unwrap());
    assert_eq!((after.event, after.internal, before.internal), (before.event, true, false));
}

#[test]
fn a_whole_line_and_its_event_alone_are_read_alike() {
    let product = ProductLine {
        id: "p \"1\"".to_owned(),
        category: Some("t\u{e9}nts".to_owned()),
        brand: Some("north".to_owned()),
        name: Some("Tent\n2".to_owned()),
        price_minor: Some(1_999),
        quantity: 2,
    };
    let mut line = Line::timer(&key(), reminder(), 1, TimerOutcome::Done, Timestamp::from_ms(5));
    (line.kind, line.internal, line.timer) = (LineType::Track, false, None);
    line.properties = Properties {
        product: Some(product.clone()),
        products: Some(vec![product]),
        currency: Some("EUR".to_owned()),
        cart_id: Some("c".to_owned()),
        cart_url: Some("https://shop.example/c".to_owned()),
        order_id: Some("o".to_owned()),
        total_minor: Some(3),
        engaged_ms: Some(4),
        extra: BTreeMap::from([
            ("color".to_owned(), Scalar::Bool(true)),
            ("coupon".to_owned(), Scalar::Text("cart-1a2b".to_owned())),
            ("query".to_owned(), Scalar::Text("t\u{e9}nt \"2\"".to_owned())),
            ("rank".to_owned(), Scalar::Number(-0.1)),
        ]),
    };
    line.context.device = Some("tablet".to_owned());
    line.context.referrer = Some("https://Jo@News.Example:8443/today".to_owned());
    line.context.campaign = [("medium", "mail"), ("name", "spring"), ("term", "tents")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    line.context.timezone = Some("Europe/Berlin".to_owned());
    line.context.locale = Some("de".to_owned());
    line.consent.marketing_email = Some(true);
    line.claim = Some(key().as_str().to_owned());
    for name in [
        "Product Viewed",
        "Product Added",
        "Product Removed",
        "Product Dwelled",
        "Cart Updated",
        "Order Completed",
        "Coupon Applied",
        "X",
    ] {
        line.event = Some(name.to_owned());
        let text = serde_json::to_string(&line).unwrap();
        let (whole, event) = Line::parse(&text, key().as_str()).unwrap();
        assert_eq!(whole, line, "{name}");
        assert_eq!(event.kind.name(), name);
        let (alone_key, said) = read_alone(&text).unwrap();
        assert_eq!((alone_key, &said.event, said.internal), (key(), &event, false));
        assert_eq!((event.claim.clone(), event.consent.marketing_email), (Some(key()), Some(true)));
        assert_eq!((event.timezone.as_deref(), event.locale.as_deref()), (Some("Europe/Berlin"), Some("de")));
        assert_eq!(event.device, Some(Device::Tablet));
        let details = event.details.as_ref().unwrap();
        assert_eq!(details.referrer.as_deref(), Some("news.example"));
        let campaign = &details.campaign;
        assert_eq!((campaign.name.as_deref(), campaign.medium.as_deref()), (Some("spring"), Some("mail")));
        assert_eq!(event.property("rank"), Some(&TraitValue::Number(-0.1)));
        assert_eq!(event.property("query"), Some(&TraitValue::Text("t\u{e9}nt \"2\"".to_owned())));
        assert!(!matches!(&event.kind, EventKind::CouponApplied(coupon) if coupon.codes().len() != 1));
        if let EventKind::OrderCompleted { order, total, items, .. } = &event.kind {
            assert_eq!((order.as_ref().map(|o| o.as_str()), total.map(|t| t.minor)), (Some("o"), Some(3)));
            let item = &items[0];
            assert_eq!((item.product.as_str(), item.name.as_deref()), ("p \"1\"", Some("Tent\n2")));
            assert_eq!((item.price.map(|p| p.minor), item.quantity), (Some(1_999), 2));
        }
    }
}

#[test]
fn a_person_comes_from_another_site_or_from_nowhere() {
    let mut line = Line::timer(&key(), reminder(), 1, TimerOutcome::Done, Timestamp::from_ms(5));
    (line.kind, line.timer) = (LineType::Page, None);
    let mut referrer = |page: Option<&str>, referrer: &str| {
        line.context.page_url = page.map(str::to_owned);
        line.context.referrer = Some(referrer.to_owned());
        line.to_event().unwrap().details.and_then(|details| details.referrer)
    };
    let shop = Some("https://shop.example:444/p");
    assert_eq!(referrer(shop, "https://News.example/a?b").as_deref(), Some("news.example"));
    assert_eq!(referrer(None, "android-app://com.example.mail").as_deref(), Some("com.example.mail"));
    assert_eq!(referrer(None, "http://u:p@[2001:db8::1]:80/").as_deref(), Some("2001:db8::1"));
    assert_eq!(referrer(shop, "http://SHOP.example/cart"), None, "a page of the same site");
    for text in
        ["", "/cart", "news.example", "https:///x", "https://a b/", &format!("https://{}/", "x".repeat(101))]
    {
        assert_eq!(referrer(None, text), None, "{text}");
    }
}

#[test]
fn what_rules_put_into_the_stream_says_what_it_is_and_is_known_again() {
    let (due, now) = (Timestamp::from_ms(5), Timestamp::from_ms(90));
    let line = Line::rules_due(&key(), due, now);
    assert_eq!(line.id, Line::rules_due(&key(), due, Timestamp::from_ms(91)).id);
    let event = line.to_event().unwrap();
    assert_eq!((event.kind, event.occurred_at, event.received_at), (EventKind::RulesDue, due, now));

    let order = EffectId::of_order(&beckon_domain::OrderId::new("o-1").unwrap());
    let line = Line::conversion_recorded(&key(), order, now);
    let (read, event) = Line::parse(&serde_json::to_string(&line).unwrap(), key().as_str()).unwrap();
    assert_eq!((read, event.kind), (line, EventKind::ConversionRecorded(order)));

    let source = beckon_domain::SourceId::new("web").unwrap();
    let cause = beckon_domain::EventId::new("m").unwrap();
    let effect = EffectId::derive(key().as_str(), &source, &cause, "entered:vip");
    let segment = SegmentLine { id: "vip".into(), entered: true };
    let line = Line::segment_changed(&key(), effect, segment, due, now);
    let text = serde_json::to_string(&line).unwrap();
    let (read, event) = Line::parse(&text, key().as_str()).unwrap();
    assert_eq!(read, line);
    assert_eq!(event.id.as_str(), format!("segment:{effect}"));
    assert_eq!(event.kind, EventKind::SegmentChanged { segment: "vip".into(), entered: true });
    assert!(read.internal && event.kind.is_internal());
    assert_eq!((event.occurred_at, event.received_at), (due, now));
    let without = text.replace(r#","segment":{"id":"vip","entered":true}"#, "");
    assert_eq!(Line::parse(&without, key().as_str()).unwrap_err().reason, FailedReason::Undecodable);
}

#[test]
fn a_property_of_a_later_form_costs_itself_and_not_the_event() {
    let mut line = Line::timer(&key(), reminder(), 1, TimerOutcome::Done, Timestamp::from_ms(5));
    (line.kind, line.timer, line.event) = (LineType::Track, None, Some("X".to_owned()));
    line.properties.extra = BTreeMap::from([("a".to_owned(), Scalar::Number(1.0))]);
    let text = serde_json::to_string(&line).unwrap();
    let text = text.replace(r#""a":1.0"#, r#""a":1,"b":[1],"c":null,"d":12345678901234567890.5"#);
    let said = read(&text, key().as_str()).unwrap();
    let names: Vec<_> = said.event.details.unwrap().properties.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "d"]);
}

#[test]
fn an_exposure_says_which_variant_of_which_run_and_is_recognised() {
    use beckon_domain::DurationMs;
    use beckon_domain::experiment::RunId;
    use beckon_domain::id::{ExperimentId, VariantId};
    let long = "x".repeat(64);
    let (run, variant) = (
        RunId { experiment: ExperimentId::new(&long).unwrap(), number: u16::MAX },
        VariantId::new(&long).unwrap(),
    );
    let now = Timestamp::from_ms(1_763_800_000_000);
    let line = Line::exposure(&key(), &run, &variant, now);
    assert_eq!(line.id, Line::exposure(&key(), &run, &variant, now + DurationMs::from_hours(1)).id);
    let event = line.to_event().unwrap();
    assert_eq!((event.occurred_at, event.kind), (now, EventKind::Exposed { run, variant }));
}
