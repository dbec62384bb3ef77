use super::*;
use crate::stream::{LineError, Said};

/// A view, with all that a page tells.
const VIEWED: &str = r#"{"v":1,"key":"a1_x","id":"m-1","source":"web","type":"track","event":"Product Viewed","occurred_at":-5,"received_at":160,"properties":{"product":{"id":"p-1","category":"tents","name":"Tent 2 für alle","brand":"north","price_minor":0,"quantity":1},"currency":"EUR","engaged_ms":20,"extra":{"color":"red","rank":-3.5,"size":40.0,"used":false}},"context":{"timezone":"Europe/Berlin","locale":"de","device":"mobile","page_url":"https://shop.example/p","referrer":"","campaign":{"content":"wide","name":"spring","term":""}},"consent":{"analytics":true,"marketing_email":false},"internal":true}"#;
/// An order, without context.
const ORDERED: &str = r#"{"v":1,"key":"a1_x","id":"m-2","source":"web","type":"track","event":"Order Completed","occurred_at":1,"received_at":2,"properties":{"products":[{"id":"p-1","quantity":1},{"id":"p-2","price_minor":-70,"quantity":0}],"currency":"EUR","cart_id":"c","cart_url":"u","order_id":"o","total_minor":123456789012345678}}"#;

fn said(line: Result<LineRef<'_>, LineError>) -> Option<(String, Result<Said, LineError>)> {
    let line = line.ok()?;
    let (key, internal) = (line.key.to_owned(), line.internal);
    Some((key, line.into_event().map(|event| Said { internal, event })))
}

fn read(text: &str) -> Option<LineRef<'_>> {
    let mut line = LineRef::default();
    super::read(text, &mut line).map(|()| line)
}

/// Whether the text was read; what was read must be what serde reads.
fn agrees(text: &str) -> bool {
    let Some(line) = read(text) else { return false };
    assert_eq!(said(Ok(line)), said(LineRef::of_any_form(text)), "{text}");
    true
}

#[test]
fn what_the_collector_writes_is_read_in_one_pass() {
    for text in [VIEWED, ORDERED, &VIEWED.replace("\"track\",\"event\":\"Product Viewed\"", "\"page\"")] {
        assert!(agrees(text));
        let line = crate::stream::Line::of(text).unwrap();
        assert_eq!(serde_json::to_string(&line).unwrap().len(), text.len(), "the sample is as it is written");
        assert!(agrees(&serde_json::to_string(&line).unwrap()));
    }
}

#[test]
fn no_line_is_read_otherwise_than_serde_reads_it_whatever_is_changed_in_it() {
    let mut read_count = 0;
    for text in [VIEWED, ORDERED] {
        for (at, _) in text.char_indices() {
            let (head, tail) = text.split_at(at);
            let mut after = tail.chars();
            after.next();
            for new in [
                "", "\"", "\\", "\n", "\u{7f}", "ü", " ", ",", ":", "{", "}", "[", "]", "-", ".", "e", "0",
                "7", "null",
            ] {
                read_count += usize::from(agrees(&format!("{head}{new}{}", after.as_str())));
                read_count += usize::from(agrees(&format!("{head}{new}{tail}")));
            }
            read_count += usize::from(agrees(head));
        }
    }
    assert!(read_count > 4_000, "{read_count}: many changed lines are lines too");
}

#[test]
fn a_field_twice_or_too_large_or_of_another_order_is_left_to_serde() {
    for (from, to) in [
        ("\"id\":\"m-1\"", "\"id\":\"m-1\",\"id\":\"m-1\""),
        ("\"v\":1", "\"v\":2"),
        ("160", "1234567890123456789"),
        ("160", "0160"),
        ("160", "-0"),
        ("160", "1.0"),
        ("\"quantity\":1", "\"quantity\":4294967296"),
        ("\"engaged_ms\":20", "\"engaged_ms\":-20"),
        ("\"currency\":\"EUR\",\"engaged_ms\":20", "\"engaged_ms\":20,\"currency\":\"EUR\""),
        ("p-1", "p\\u002d1"),
        ("40.0", "40e0"),
        ("40.0", "040"),
        ("40.0", "1234567890123456"),
        ("40.0", "0.123456789012345"),
        ("\"rank\"", "\"used\""),
        ("\"content\":\"wide\"", "\"channel\":\"wide\""),
        ("\"consent\":{", "\"consent\": {"),
    ] {
        let text = VIEWED.replace(from, to);
        assert!(text != VIEWED && read(&text).is_none(), "{to}");
    }
}

#[test]
fn a_text_ends_at_its_first_special_byte_wherever_it_stands() {
    for length in 0..40 {
        for special in 0..=u8::MAX {
            let mut bytes = vec![b'a'; length];
            bytes.push(special);
            bytes.extend([special, b'"', 0x80, 0, b'!', b'\\']);
            let ends = bytes.iter().position(|b| matches!(b, b'"' | b'\\' | ..b' '));
            assert_eq!(Some(plain_length(&bytes)), ends, "{length} {special}");
        }
    }
}

#[test]
fn a_number_is_rounded_as_serde_rounds_it() {
    for number in [
        "0",
        "-0",
        "0.0",
        "-0.0",
        "7",
        "0.1",
        "0.3",
        "1.005",
        "999999999999999",
        "99.999999",
        "0.00000000000001",
    ] {
        let text = VIEWED.replace("40.0", number);
        let bits = |line: LineRef<'_>| {
            let size = line.properties.extra.into_iter().find(|(name, _)| name == "size");
            let Some((_, TraitValue::Number(size))) = size else { panic!("{number} is a number") };
            size.to_bits()
        };
        let one_pass = bits(read(&text).unwrap_or_else(|| panic!("{number} is read in one pass")));
        let Ok(by_serde) = LineRef::of_any_form(&text) else { panic!("{number}: a line") };
        assert_eq!(one_pass, bits(by_serde), "{number}");
    }
}
