//! What shops send, and what they are told of it.

use super::*;
use beckon_domain::Timestamp;
use beckon_domain::code::Expiry;

const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);

#[test]
fn a_file_of_codes_is_read_with_or_without_names_and_bad_rows_keep_their_numbers() {
    let text = "\u{feff}Code;expires_at\r\nsave-1\r\nx;\r\nsave-2;2026-12-31T23:59:59+01:00\r\n;\r\nsave-3;2026-12-31\r\n\
                save-4;2020-01-01T00:00:00Z\r\nsave-1\r\n";
    let read = rows(CodeFormat::Csv, text.as_bytes(), 1, NOW).unwrap();
    let codes: Vec<_> = read.codes.iter().map(|row| (row.row, row.code.as_str())).collect();
    assert_eq!(codes, [(2, "SAVE-1"), (4, "SAVE-2"), (8, "SAVE-1")]);
    assert!(matches!(read.codes[1].expiry, Expiry::At(at) if at.as_ms() == 1_798_757_999_000));
    let errors: Vec<_> = read.errors.iter().map(|error| (error.row, error.detail.as_str())).collect();
    assert_eq!(errors[0], (3, "code: must have at least 4 characters, but has 1"));
    assert!(errors[1].0 == 6 && errors[1].1.contains("such as 2026-12-31T23:59:59+01:00"), "{errors:?}");
    assert_eq!(errors[2], (7, "expires_at: the code is over already"));
    assert_eq!(read.row_count, 6);
    let plain = rows(CodeFormat::Csv, b"save-1\nsave-2\n", 101, NOW).unwrap();
    assert_eq!(plain.codes.iter().map(|row| row.row).collect::<Vec<_>>(), [101, 102]);
    let many = "save-1\n".repeat(CODE_COUNT_MAX + 1);
    assert!(rows(CodeFormat::Csv, many.as_bytes(), 1, NOW).unwrap_err().contains("first_row"));
    assert!(rows(CodeFormat::Csv, &[0xff, 0xfe, b's', 0], 1, NOW).unwrap_err().contains("UTF-16"));
}

#[test]
fn codes_come_as_json_too() {
    let body =
        br#"{"codes":["save-1",{"code":"save-2","expires_at":"2026-12-31T00:00:00Z"},{"code":7},true,{}]}"#;
    let read = rows(CodeFormat::Json, body, 1, NOW).unwrap();
    assert_eq!(read.codes.iter().map(|row| row.row).collect::<Vec<_>>(), [1, 2, 4], "`true` is a word");
    assert_eq!(read.errors.iter().map(|error| error.row).collect::<Vec<_>>(), [3]);
    for body in ["", "[]", "{}", r#"{"codes":"save-1"}"#] {
        assert!(rows(CodeFormat::Json, body.as_bytes(), 1, NOW).is_err(), "{body}");
    }
}

#[test]
fn a_request_that_is_misspelt_or_means_nothing_is_refused() {
    let upload = |query: &str| UploadAsk::parse(&format!("/p?{query}").parse().unwrap());
    let ask = upload("percent=10&first_row=501&dry_run=true&import=night-1&by=a%20b").unwrap();
    assert_eq!((ask.worth, ask.first_row, ask.dry_run), (Some(Worth::Percent(10)), 501, true));
    assert_eq!((ask.told.import.as_deref(), ask.told.by.as_deref()), (Some("night-1"), Some("a b")));
    assert_eq!(upload("").unwrap(), UploadAsk { first_row: 1, ..UploadAsk::default() });
    for query in ["percent=0", "percent=101", "percent=1&label=x", "label=", "import=a/b", "dryrun=true"] {
        let refused = upload(query).map(|ask| ask.worth);
        assert!(refused.is_err(), "{query}: {refused:?}");
    }
    let generate = |body: &str| GenerateAsk::parse(body.as_bytes());
    let ask = generate(r#"{"count":5,"prefix":"cart-","valid_for":"72h","label":"5 EUR off"}"#).unwrap();
    assert_eq!((ask.count, ask.prefix.as_str()), (5, "CART-"));
    assert_eq!((ask.valid_for, ask.told), (DurationMs::from_hours(72), Told::default()));
    for body in [
        "",
        "[]",
        r#"{"count":0,"valid_for":"1h"}"#,
        r#"{"count":10001,"valid_for":"1h"}"#,
        r#"{"count":5}"#,
        r#"{"count":5,"valid_for":"soon"}"#,
        r#"{"count":5,"valid_for":"1h","prefix":"a b"}"#,
        r#"{"count":5,"valid_for":"900d"}"#,
        r#"{"count":5,"valid_for":"1h","size":1}"#,
    ] {
        assert_eq!(generate(body).unwrap_err().status(), 400, "{body}");
    }
    assert!(pool_name("check").is_err() && pool_name("Winter").is_err() && pool_name("winter").is_ok());
}
