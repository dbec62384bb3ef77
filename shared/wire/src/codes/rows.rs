//! A file of codes: `code[,expires_at]` on each line, or JSON. A row either gives a code or one error with its number.

use crate::catalog::RowError;
use crate::catalog::feed::columns::delimiter;
use beckon_domain::code::Expiry;
use beckon_domain::{DiscountCode, Timestamp};
use csv::{ByteRecord, ReaderBuilder};
use serde_json::{Value, json};

/// Rows of one request.
pub const CODE_COUNT_MAX: usize = 1_000;

/// How codes are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeFormat {
    /// CSV (RFC 4180), with or without a row of names.
    Csv,
    /// `{"codes": ["SAVE-1A2B", {"code": "SAVE-3C4D", "expires_at": "…"}]}`.
    Json,
}

impl CodeFormat {
    /// The format of a `Content-Type`, whatever its parameters.
    #[must_use]
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        match content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "text/csv" | "application/csv" | "text/plain" => Some(Self::Csv),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// A code of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeRow {
    /// The number of its row.
    pub row: u64,
    /// The code.
    pub code: DiscountCode,
    /// When it ends, if the file says so.
    pub expiry: Expiry,
}

/// What a file says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rows {
    /// Rows that hold something, without the row of names.
    pub row_count: u64,
    /// The codes, in their order. One that a file names twice is there twice: whoever adds them tells which row was first.
    pub codes: Vec<CodeRow>,
    /// Rows that give no code, in their order.
    pub errors: Vec<RowError>,
}

/// Reads codes, or a part of a file whose first row has this number.
///
/// # Errors
/// When nothing of it can be read. A row that cannot be is in [`Rows::errors`].
pub fn rows(format: CodeFormat, bytes: &[u8], first_row: u64, now: Timestamp) -> Result<Rows, String> {
    let mut rows = Rows::default();
    let told = match format {
        CodeFormat::Csv => of_csv(bytes)?,
        CodeFormat::Json => of_json(bytes)?,
    };
    for (index, (code, expires_at)) in told.into_iter().enumerate() {
        let row = first_row.saturating_add(index as u64);
        let is_names = format == CodeFormat::Csv && index == 0 && code.eq_ignore_ascii_case("code");
        if is_names || (code.is_empty() && expires_at.is_none()) {
            continue;
        }
        rows.row_count += 1;
        match read(&code, expires_at.as_deref(), now) {
            Ok((code, expiry)) => rows.codes.push(CodeRow { row, code, expiry }),
            Err(detail) => rows.errors.push(RowError { row, id: None, detail }),
        }
    }
    if rows.row_count > CODE_COUNT_MAX as u64 {
        return Err(format!(
            "more than {CODE_COUNT_MAX} rows: send them in several requests, each with its `first_row`"
        ));
    }
    Ok(rows)
}

/// A row's code and when it ends, as texts.
type Told = (String, Option<String>);

fn of_csv(bytes: &[u8]) -> Result<Vec<Told>, String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("the file is UTF-16: save it as UTF-8".to_owned());
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = ReaderBuilder::new();
    let mut reader = reader.has_headers(false).flexible(true).delimiter(delimiter(bytes)).from_reader(bytes);
    let (mut told, mut record) = (Vec::new(), ByteRecord::new());
    while reader.read_byte_record(&mut record).unwrap_or(false) {
        let value = |index: usize| {
            let value = record.get(index).map(|value| String::from_utf8_lossy(value).trim().to_owned());
            value.filter(|value| !value.is_empty())
        };
        told.push((value(0).unwrap_or_default(), value(1)));
        if told.len() > CODE_COUNT_MAX + 1 {
            break;
        }
    }
    Ok(told)
}

fn of_json(bytes: &[u8]) -> Result<Vec<Told>, String> {
    let example = r#"the body must be a JSON object such as {"codes": ["SAVE-1A2B", "SAVE-3C4D"]}"#;
    let body: Value = serde_json::from_slice(bytes).map_err(|_| example.to_owned())?;
    let codes = body["codes"].as_array().ok_or_else(|| example.to_owned())?;
    let text = |value: &Value| value.as_str().map(|text| text.trim().to_owned());
    let told = |value: &Value| match value {
        Value::Object(object) => {
            let field = |name: &str| object.get(name).filter(|value| !value.is_null());
            // What is no text stays as it is written, and is refused with its row.
            let written = |value: &Value| text(value).unwrap_or_else(|| value.to_string());
            (field("code").map(written).unwrap_or_default(), field("expires_at").map(written))
        }
        other => (text(other).unwrap_or_else(|| other.to_string()), None),
    };
    Ok(codes.iter().map(told).collect())
}

fn read(code: &str, expires_at: Option<&str>, now: Timestamp) -> Result<(DiscountCode, Expiry), String> {
    let code = DiscountCode::new(code).map_err(|error| format!("code: {error}"))?;
    let Some(text) = expires_at else { return Ok((code, Expiry::Never)) };
    let at = crate::parse_time(&json!(text)).ok_or_else(|| {
        "expires_at: expected a time with its zone, such as 2026-12-31T23:59:59+01:00".to_owned()
    })?;
    if at <= now {
        return Err("expires_at: the code is over already".to_owned());
    }
    Ok((code, Expiry::At(at)))
}
