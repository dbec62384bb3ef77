//! Lines as releases wrote them, as files in `tests/fixtures/lines`: this release reads each of them as it was meant, whatever else
//! a newer release adds to them, and writes them as the newest ones are.

use super::*;
use beckon_domain::experiment::RunId;
use beckon_domain::id::{EffectId, ExperimentId, UserId, VariantId};
use beckon_domain::{Pepper, Profile, ReminderId, Timestamp};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const UPDATE: &str = "UPDATE_GOLDEN";
const AT: Timestamp = Timestamp::from_ms(1_763_800_000_000);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/lines")
}

fn key(name: &str) -> ProfileKey {
    Pepper::new("1", b"0123456789abcdef").unwrap().customer(&UserId::new(name).unwrap())
}

/// A line of the collector that says nothing yet.
fn told(id: &str, kind: LineType) -> Line {
    let due = Line::rules_due(&key("c"), AT, AT);
    let (id, source) = (id.to_owned(), "web".to_owned());
    Line { id, kind, source, internal: false, occurred_at: AT.as_ms() - 1_500, ..due }
}

fn product() -> ProductLine {
    let text = |text: &str| Some(text.to_owned());
    ProductLine {
        id: "tent-2p".to_owned(),
        category: text("tents"),
        name: text("Tent \"2P\" – grün"),
        brand: text("Alp"),
        price_minor: Some(24_900),
        quantity: 2,
    }
}

fn told_by_a_page() -> Line {
    let text = |text: &str| Some(text.to_owned());
    let extra =
        [("gift", Scalar::Bool(true)), ("score", Scalar::Number(1.5)), ("color", Scalar::Text("red".into()))];
    let properties = Properties {
        product: Some(product()),
        currency: text("EUR"),
        cart_id: text("cart-1"),
        cart_url: text("https://shop.example/cart"),
        engaged_ms: Some(31_000),
        extra: extra.map(|(name, value)| (name.to_owned(), value)).into(),
        ..Properties::default()
    };
    let context = Context {
        timezone: text("Europe/Berlin"),
        locale: text("de-DE"),
        device: text("mobile"),
        page_url: text("https://shop.example/p/tent-2p"),
        referrer: text("https://search.example/"),
        campaign: [("name".to_owned(), "winter".to_owned())].into(),
    };
    let consent =
        ConsentLine { analytics: Some(true), personalization: Some(false), marketing_email: Some(true) };
    let event = text("Product Viewed");
    Line { event, properties, context, consent, ..told("m-1", LineType::Track) }
}

/// What this release writes, by the names of the fixtures.
fn newest() -> Vec<(&'static str, Line)> {
    let (customer, effect) = (key("c"), EffectId::parse(&"5".repeat(32)).unwrap());
    let order = Properties {
        products: Some(vec![product()]),
        currency: Some("EUR".to_owned()),
        order_id: Some("A-1".to_owned()),
        total_minor: Some(49_800),
        ..Properties::default()
    };
    let order =
        Line { event: Some("Order Completed".to_owned()), properties: order, ..told("m-2", LineType::Track) };
    let traits = [("vip".to_owned(), Scalar::Bool(true))].into();
    let proved = Line { link: Some(key("u").to_string()), traits, ..told("m-3", LineType::Identify) };
    let claimed = Line { claim: Some(key("u").to_string()), ..told("m-4", LineType::Identify) };
    let reminder = ReminderId::of_decision_id("mail.00112233445566778899aabbccddeeff.2").unwrap();
    let later = TimerOutcome::Later { until: AT };
    let segment = SegmentLine { id: "vip".into(), entered: true };
    let run = RunId { experiment: ExperimentId::new("hero").unwrap(), number: 2 };
    vec![
        ("track", told_by_a_page()),
        ("order", order),
        ("page", told("m-5", LineType::Page)),
        ("identify-proved", proved),
        ("identify-claimed", claimed),
        ("timer-done", Line::timer(&customer, reminder, 1, TimerOutcome::Done, AT)),
        ("timer-later", Line::timer(&customer, reminder, 1, later, AT)),
        ("rules-due", Line::rules_due(&customer, AT, AT)),
        ("segment", Line::segment_changed(&customer, effect, segment, AT, AT)),
        ("conversion", Line::conversion_recorded(&customer, effect, AT)),
        ("exposure", Line::exposure(&customer, &run, &VariantId::new("b").unwrap(), AT)),
        ("merge", Line::merge(&customer, &key("v"), &Profile::default(), AT).unwrap()),
    ]
}

fn read_fixture(path: &Path) -> Value {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}; {UPDATE}=1", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn reads_as(text: &str) -> Value {
    let line = Line::of(text).unwrap();
    let event = Line::parse(text, &line.key).unwrap().1;
    json!(format!("{event:#?}").lines().collect::<Vec<_>>())
}

#[test]
fn every_line_of_a_release_is_read_as_it_was_meant() {
    let paths = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut count = 0;
    for path in paths.filter(|path| path.extension().is_some_and(|e| e == "json")) {
        let fixture = read_fixture(&path);
        let (text, name) = (fixture["line"].as_str().unwrap(), path.display());
        assert_eq!(reads_as(text), fixture["reads_as"], "{name}: read otherwise than it was meant");
        let newer = format!("{},\"of_a_newer_release\":{{\"a\":[1]}}}}", text.strip_suffix('}').unwrap());
        assert_eq!(reads_as(&newer), fixture["reads_as"], "{name}: a field of a newer release changes it");
        count += 1;
    }
    assert!(count >= 12, "{count} lines");
}

#[test]
fn a_line_is_written_as_its_newest_fixture_has_it() {
    for (name, line) in newest() {
        let path = folder().join(format!("{name}.json"));
        let text = String::from_utf8(encode(std::slice::from_ref(&line)).unwrap().remove(0)).unwrap();
        if std::env::var_os(UPDATE).is_some() && !path.exists() {
            let fixture =
                json!({ "written_by": env!("CARGO_PKG_VERSION"), "line": text, "reads_as": reads_as(&text) });
            std::fs::write(&path, serde_json::to_string_pretty(&fixture).unwrap() + "\n").unwrap();
        }
        assert_eq!(
            read_fixture(&path)["line"],
            text,
            "{name}: the form of a line changed: give the file another name, so that the old form is read on, and add one of the \
             new form"
        );
    }
}
