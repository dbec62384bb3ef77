//! Small files, written here, read as the replay reads them.

use super::{Format, ReadError, Reader, Row, RowError};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;

/// A file of its own for each test, gone when the test ends.
struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let folder = std::env::temp_dir().join(format!("beckon-format-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn read(name: &str, text: &str, format: Format) -> Vec<Result<Row, RowError>> {
    let file = TempFile::new(name, text.as_bytes());
    Reader::open(&file.0, format).unwrap().collect()
}

const TAOBAO: &str = "user_id,item_id,category_id,behavior,ts\n\
    7,100,5,pv,1511539217\n\
    7,100,5,cart,1511539218\n\
    7,100,5,fav,1511539219\n\
    7,100,,buy,1511539220\n";

const REES46: &str = "event_time,event_type,product_id,category_id,category_code,brand,price,\
    user_id,user_session\n\
    2019-10-01 00:00:01 UTC,view,1,99,computers.notebook,lenovo,251.74,550,s1\n\
    2019-10-01 00:00:02 UTC,cart,1,99,,,251.74,550,s1\n\
    2019-10-01 00:00:03 UTC,remove_from_cart,1,99,,,,550,s1\n\
    2019-10-01 00:00:04 UTC,purchase,1,99,,,251.74,550,s1\n";

#[test]
fn taobao_rows_become_commerce_events() {
    let rows: Vec<Row> = read("taobao.csv", TAOBAO, Format::Taobao).into_iter().map(Result::unwrap).collect();
    let seen: Vec<_> =
        rows.iter().map(|r| (r.number, r.at.as_ms(), r.body["event"].as_str().unwrap())).collect();
    assert_eq!(
        seen,
        [
            (1, 1_511_539_217_000, "Product Viewed"),
            (2, 1_511_539_218_000, "Product Added"),
            (3, 1_511_539_219_000, "Product Added to Wishlist"),
            (4, 1_511_539_220_000, "Order Completed"),
        ]
    );
    assert!(rows.iter().all(|r| r.user == "7" && !r.anonymous && r.body["type"] == "track"));
    assert_eq!(rows[0].body["properties"], json!({"product_id": "100", "category": "5"}));
    assert_eq!(rows[1].body["properties"]["quantity"], 1);
    assert_eq!(rows[3].body["properties"], json!({"products": [{"product_id": "100", "quantity": 1}]}));
}

#[test]
fn rees46_rows_carry_price_brand_and_category() {
    let rows: Vec<Row> = read("rees46.csv", REES46, Format::Rees46).into_iter().map(Result::unwrap).collect();
    assert_eq!(rows[0].at.as_ms(), 1_569_888_001_000);
    assert_eq!(
        rows[0].body["properties"],
        json!({"product_id": "1", "category": "computers.notebook", "brand": "lenovo", "price": 251.74,
               "currency": "USD"})
    );
    assert_eq!(rows[1].body["properties"]["category"], "99");
    assert_eq!(rows[2].body["event"], "Product Removed");
    assert!(rows[2].body["properties"].get("price").is_none());
    assert_eq!(rows[3].body["properties"]["total"], 251.74);
    assert_eq!(rows[3].body["properties"]["products"][0]["product_id"], "1");
}

#[test]
fn a_bad_row_says_where_and_what_to_do_and_the_next_one_is_read() {
    let text = "user_id,item_id,category_id,behavior,ts\n\
        1,2,3,pv\n\
        1,2,3,look,5\n\
        1,2,3,pv,noon\n\
        1,,3,pv,5\n\
        0,2,3,pv,5\n\
        1,2,3,pv,-5\n\
        \n\
        1,2,3,pv,5\n";
    let rows = read("bad.csv", text, Format::Taobao);
    let told: Vec<String> = rows.iter().filter_map(|r| Some(r.as_ref().err()?.to_string())).collect();
    assert_eq!(
        told,
        [
            "row 1 (line 2): 4 columns instead of 5; quote fields that contain a comma",
            "row 2 (line 3): behavior is `look`; expected pv, cart, fav or buy",
            "row 3 (line 4): ts is `noon`; expected whole seconds since 1970, such as 1511539217",
            "row 4 (line 5): item_id must not be empty",
            "row 5 (line 6): user_id is `0`, which stands for nobody; leave the row out or name the person",
            "row 6 (line 7): ts is outside of the years 1970 to 2999; correct it or leave the row out",
        ]
    );
    assert_eq!(rows.last().unwrap().as_ref().unwrap().number, 7);
    let text = REES46
        .replace("00:00:02 UTC", "0:02")
        .replace("251.74,550,s1\n2019-10-01 0:", "x,550,s1\n2019-10-01 0:");
    let told = read("bad-rees46.csv", &text, Format::Rees46);
    assert!(told[0].as_ref().unwrap_err().reason.starts_with("price is `x`"));
    assert!(told[1].as_ref().unwrap_err().reason.starts_with("event_time is `2019-10-01 0:02`"));
}

#[test]
fn a_row_that_is_not_utf8_is_one_bad_row() {
    let mut bytes = TAOBAO.as_bytes().to_vec();
    bytes.extend(b"7,\xFF,5,pv,1511539221\n7,1,5,pv,1511539222\n");
    let file = TempFile::new("latin1.csv", &bytes);
    let rows: Vec<_> = Reader::open(&file.0, Format::Taobao).unwrap().collect();
    assert_eq!(rows.iter().filter(|r| r.is_err()).count(), 1);
    assert_eq!(rows.len(), 6);
}

#[test]
fn gzip_is_known_by_its_name_and_by_its_first_bytes() {
    for name in ["t.csv.gz", "t.csv"] {
        let bytes = gzip(TAOBAO);
        let file = TempFile::new(&format!("gzip-{name}"), &bytes);
        let mut reader = Reader::open(&file.0, Format::Taobao).unwrap();
        assert_eq!(reader.by_ref().filter(Result::is_ok).count(), 4);
        assert_eq!((reader.bytes_read(), reader.bytes_total()), (bytes.len() as u64, bytes.len() as u64));
        assert!(reader.failure().is_none());
    }
}

#[test]
fn two_gzip_members_are_one_file() {
    let (head, tail) = TAOBAO.split_at(70);
    let file = TempFile::new("members.csv.gz", &[gzip(head), gzip(tail)].concat());
    assert_eq!(Reader::open(&file.0, Format::Taobao).unwrap().filter(Result::is_ok).count(), 4);
}

#[test]
fn a_cut_gzip_is_told_and_never_taken_for_the_whole() {
    let mut text = TAOBAO.to_owned();
    for n in 0..50_000_u64 {
        text.push_str(&format!("7,{},5,pv,{}\n", n.wrapping_mul(0x9E37_79B9) % 99_991, 1_511_539_221 + n));
    }
    let whole = gzip(&text);
    let file = TempFile::new("cut.csv.gz", &whole[..whole.len() / 2]);
    let mut reader = Reader::open(&file.0, Format::Taobao).unwrap();
    let rows: Vec<_> = reader.by_ref().collect();
    assert!(rows.last().unwrap().as_ref().unwrap_err().reason.starts_with("reading stopped here"));
    assert!(matches!(reader.failure(), Some(ReadError::Broken { line, .. }) if *line > 1_000));
    assert!(reader.next().is_none());
}

#[test]
fn what_is_not_the_file_it_claims_to_be_is_refused_with_advice() {
    let open = |name: &str, bytes: &[u8], format| {
        let file = TempFile::new(name, bytes);
        Reader::open(&file.0, format).unwrap_err().to_string()
    };
    let told = open("other.csv", REES46.as_bytes(), Format::Taobao);
    assert!(
        told.contains("line 1 is `event_time,") && told.contains("choose the file's own format"),
        "{told}"
    );
    assert!(!told.contains('\n'));
    let told = open("headless.csv", b"7,100,5,pv,1511539217\n", Format::Taobao);
    assert!(told.contains("add the header line"), "{told}");
    let told = open("plain.csv.gz", TAOBAO.as_bytes(), Format::Taobao);
    assert!(told.contains("damaged or cut"), "{told}");
    let told = Reader::open(&PathBuf::from("/nowhere/t.csv"), Format::Taobao).unwrap_err().to_string();
    assert!(told.contains("cannot open /nowhere/t.csv") && told.contains("check the path"), "{told}");
    let told = Reader::open(&std::env::temp_dir(), Format::SegmentJsonl).unwrap_err();
    assert!(matches!(told, ReadError::Open { .. }));
}

#[test]
fn segment_lines_lose_their_ids_and_times_and_keep_the_rest() {
    let text = [
        "\u{feff}",
        r#"{"type":"track","event":"Product Viewed","messageId":"m1","anonymousId":"a","writeKey":"k","#,
        r#""timestamp":"2026-11-22T05:00:01.250+01:00","sentAt":"2026-11-22T05:00:02Z","#,
        r#""properties":{"product_id":"9"}}"#,
        "\n\r\n",
        r#"{"type":"identify","userId":42,"anonymousId":"a","originalTimestamp":"2026-11-22T05:00:03Z"}"#,
        "\n",
        r#"{"type":"page","userId":null,"anonymousId":"b","timestamp":1795323604000}"#,
    ]
    .concat();
    let rows: Vec<Row> =
        read("s.jsonl", &text, Format::SegmentJsonl).into_iter().map(Result::unwrap).collect();
    assert_eq!((rows[0].user.as_str(), rows[0].anonymous, rows[0].number), ("a", true, 1));
    assert_eq!(rows[0].at.as_ms() % 86_400_000, 4 * 3_600_000 + 1_250);
    assert_eq!(
        rows[0].body,
        json!({"type": "track", "event": "Product Viewed", "messageId": "m1",
               "properties": {"product_id": "9"}})
    );
    assert_eq!((rows[1].user.as_str(), rows[1].anonymous, rows[1].number), ("42", false, 2));
    assert_eq!(rows[1].body, json!({"type": "identify", "anonymousId": "a"}));
    assert_eq!((rows[2].user.as_str(), rows[2].anonymous), ("b", true));
    assert_eq!(rows[2].at.as_ms(), 1_795_323_604_000);
}

#[test]
fn bad_segment_lines_are_told_one_by_one() {
    let long = format!("{{\"type\":\"{}\"}}", "x".repeat(1_100_000));
    let text = format!(
        "{{\"type\":\n[1]\n{{\"event\":\"x\"}}\n{{\"type\":\"track\",\"userId\":\"u\"}}\n\
         {{\"type\":\"track\",\"timestamp\":\"2026-11-22T05:00:01Z\"}}\n\
         {{\"type\":\"track\",\"userId\":\"u\",\"timestamp\":[1763]}}\n{long}\n\
         {{\"type\":\"track\",\"userId\":\"u\",\"timestamp\":\"2026-11-22T05:00:01Z\"}}\n"
    );
    let rows = read("bad.jsonl", &text, Format::SegmentJsonl);
    let told: Vec<&str> = rows.iter().filter_map(|r| Some(r.as_ref().err()?.reason.as_str())).collect();
    let starts = [
        "not JSON at column",
        "not a JSON object",
        "no type",
        "no timestamp",
        "neither userId",
        "timestamp is `[1763]`",
        "the line has more",
    ];
    assert_eq!(told.len(), starts.len());
    for (told, start) in told.iter().zip(starts) {
        assert!(told.starts_with(start), "{told}");
    }
    assert_eq!(rows.last().unwrap().as_ref().unwrap().number, 8);
}
