//! The CSV formats: Taobao UserBehavior and REES46.

use super::input::Source;
use super::{Failed, Format, ReadError, Row, RowError, instant, person, product};
use beckon_domain::{Category, Timestamp};
use jiff::{civil::DateTime, tz::TimeZone};
use serde_json::{Map, Value, json};
use std::path::Path;

const TAOBAO_HEADER: &str = "user_id,item_id,category_id,behavior,ts";
const REES46_HEADER: &str =
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session";
/// The most of a strange first line that an error repeats, in characters.
const FOUND_CHARS_MAX: usize = 120;
/// REES46 gives its prices in US dollars.
const REES46_CURRENCY: &str = "USD";

/// A CSV file being read.
pub(super) struct Table {
    reader: csv::Reader<Source>,
    record: csv::ByteRecord,
    parse: Parse,
    column_count: usize,
    number: u64,
    line: u64,
}

/// Turns the fields of a row into an event, or says what is wrong with them.
type Parse = fn(&[&str]) -> Result<Parsed, String>;

/// A row before it has its number.
struct Parsed {
    at: Timestamp,
    user: String,
    body: Value,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("number", &self.number)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl Table {
    /// Reads and checks the header.
    pub fn new(path: &Path, source: Source, format: Format) -> Result<Self, ReadError> {
        let (name, expected, parse): (_, _, Parse) = match format {
            Format::Rees46 => ("rees46", REES46_HEADER, rees46),
            Format::Taobao | Format::SegmentJsonl | Format::Archive => ("taobao", TAOBAO_HEADER, taobao),
        };
        // Rows of another length are ours to report: the csv crate's own error has no advice.
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(source);
        let found: Vec<String> = match reader.byte_headers() {
            Ok(header) => header.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect(),
            Err(error) => {
                return Err(ReadError::Broken { path: path.to_owned(), line: 0, source: io_error(error) });
            }
        };
        let found = found.join(",");
        if found != expected {
            let found = found.chars().filter(|c| !c.is_control()).take(FOUND_CHARS_MAX).collect();
            return Err(ReadError::Header { path: path.to_owned(), format: name, expected, found });
        }
        let column_count = expected.split(',').count();
        Ok(Self { reader, record: csv::ByteRecord::new(), parse, column_count, number: 0, line: 1 })
    }

    /// The last row's number and line.
    pub fn position(&self) -> (u64, u64) {
        (self.number, self.line)
    }

    /// The next row.
    pub fn next(&mut self) -> Option<Result<Row, Failed>> {
        match self.reader.read_byte_record(&mut self.record) {
            Ok(false) => return None,
            Ok(true) => {}
            Err(error) => return Some(Err(Failed::File(io_error(error)))),
        }
        self.number += 1;
        self.line = self.record.position().map_or(self.line, csv::Position::line);
        let row = self.parse_record();
        let (number, line) = self.position();
        Some(row.map_err(|reason| Failed::Row(RowError { number, line, reason })))
    }

    fn parse_record(&self) -> Result<Row, String> {
        let fields: Vec<&str> = self
            .record
            .iter()
            .map(std::str::from_utf8)
            .collect::<Result<_, _>>()
            .map_err(|_| "the row is not UTF-8; save the file as UTF-8".to_owned())?;
        if fields.len() != self.column_count {
            let (found, expected) = (fields.len(), self.column_count);
            return Err(format!("{found} columns instead of {expected}; quote fields that contain a comma"));
        }
        let Parsed { at, user, body } = (self.parse)(&fields)?;
        Ok(Row { number: self.number, at, user, body, anonymous: false })
    }
}

/// With flexible lengths and bytes, I/O is all that can fail.
fn io_error(error: csv::Error) -> std::io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    }
}

fn taobao(fields: &[&str]) -> Result<Parsed, String> {
    let &[user, item, category, behaviour, ts] = fields else { return Err("5 columns expected".to_owned()) };
    let name = match behaviour {
        "pv" => "Product Viewed",
        "cart" => "Product Added",
        "fav" => "Product Added to Wishlist",
        "buy" => "Order Completed",
        other => return Err(format!("behavior is `{}`; expected pv, cart, fav or buy", short(other))),
    };
    let seconds: i64 = ts.trim().parse().map_err(|_| {
        format!("ts is `{}`; expected whole seconds since 1970, such as 1511539217", short(ts))
    })?;
    let mut properties = Map::new();
    properties.insert("product_id".into(), json!(product(item, "item_id")?));
    add_category(&mut properties, category, "category_id")?;
    Ok(Parsed {
        at: instant(seconds.saturating_mul(1_000), "ts")?,
        user: person(user, "user_id")?,
        body: event(name, properties, None),
    })
}

fn rees46(fields: &[&str]) -> Result<Parsed, String> {
    let &[time, kind, item, category_id, category_code, brand, price, user, _session] = fields else {
        return Err("9 columns expected".to_owned());
    };
    let name = match kind {
        "view" => "Product Viewed",
        "cart" => "Product Added",
        "remove_from_cart" => "Product Removed",
        "purchase" => "Order Completed",
        other => {
            let other = short(other);
            return Err(format!(
                "event_type is `{other}`; expected view, cart, remove_from_cart or purchase"
            ));
        }
    };
    let mut properties = Map::new();
    properties.insert("product_id".into(), json!(product(item, "product_id")?));
    if category_code.trim().is_empty() {
        add_category(&mut properties, category_id, "category_id")?;
    } else {
        add_category(&mut properties, category_code, "category_code")?;
    }
    if !brand.trim().is_empty() {
        properties.insert("brand".into(), json!(brand.trim()));
    }
    let price = usd(price)?;
    if let Some(price) = price {
        properties.insert("price".into(), json!(price));
        properties.insert("currency".into(), json!(REES46_CURRENCY));
    }
    Ok(Parsed { at: utc(time)?, user: person(user, "user_id")?, body: event(name, properties, price) })
}

/// A `track` event about one product. A cart change and an order are of one piece: the files count none.
fn event(name: &str, mut product: Map<String, Value>, price: Option<f64>) -> Value {
    if name == "Product Viewed" || name == "Product Added to Wishlist" {
        return json!({"type": "track", "event": name, "properties": product});
    }
    product.insert("quantity".into(), json!(1));
    if name != "Order Completed" {
        return json!({"type": "track", "event": name, "properties": product});
    }
    let mut order = Map::new();
    if let Some(price) = price {
        order.insert("total".into(), json!(price));
        order.insert("revenue".into(), json!(price));
        order.insert("currency".into(), json!(REES46_CURRENCY));
    }
    order.insert("products".into(), json!([product]));
    json!({"type": "track", "event": name, "properties": order})
}

fn add_category(properties: &mut Map<String, Value>, text: &str, field: &str) -> Result<(), String> {
    let text = text.trim();
    if !text.is_empty() {
        let category = Category::new(text).map_err(|error| format!("{field} {error}"))?;
        properties.insert("category".into(), json!(category.as_str()));
    }
    Ok(())
}

fn usd(text: &str) -> Result<Option<f64>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(price) if price.is_finite() && price >= 0.0 => Ok(Some(price)),
        _ => Err(format!("price is `{}`; expected a number such as 35.79, or nothing", short(text))),
    }
}

/// Parses `2019-10-01 00:00:00 UTC`.
fn utc(text: &str) -> Result<Timestamp, String> {
    let civil = text.trim().strip_suffix("UTC").map(str::trim_end).and_then(|t| t.parse::<DateTime>().ok());
    let zoned = civil.and_then(|civil| civil.to_zoned(TimeZone::UTC).ok());
    let Some(zoned) = zoned else {
        return Err(format!("event_time is `{}`; expected 2019-10-01 00:00:00 UTC", short(text)));
    };
    instant(zoned.timestamp().as_millisecond(), "event_time")
}

/// A strange value, cut and without control characters, for an error of one line.
pub(crate) fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}
