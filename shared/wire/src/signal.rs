//! A line of the stream of signals: what one event says about one product, and nothing about whose event it was.
//!
//! The partition key of its record is the product, so that each product has one reader. The id is a hash, made so that
//! the same event gives the same line.

use crate::failed::FailedReason;
use crate::stream::{
    LineError, VERSION, encode, newer_version, undecodable, unknown_version, without_values,
};
use beckon_domain::{Category, ProductId, Timestamp};
use beckon_recommend::{Signal, SignalId, SignalKind};
use serde::{Deserialize, Serialize};

/// One line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SignalLine {
    /// Version of this form, counted as the event lines' is.
    pub v: u8,
    /// 16 hexadecimal digits.
    pub id: String,
    /// Event time, milliseconds since 1970.
    pub at: i64,
    /// `view`, `cart` or `purchase`.
    pub kind: SignalKind,
    /// Product.
    pub product: String,
    /// Category, as the event named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Units.
    pub quantity: u32,
}

impl From<&Signal> for SignalLine {
    fn from(signal: &Signal) -> Self {
        Self {
            v: VERSION,
            id: signal.id.to_string(),
            at: signal.at.as_ms(),
            kind: signal.kind,
            product: signal.product.as_str().to_owned(),
            category: signal.category.as_ref().map(|category| category.as_str().to_owned()),
            quantity: signal.quantity,
        }
    }
}

impl SignalLine {
    /// Reads a line of a record with this partition key.
    ///
    /// # Errors
    /// When it is not JSON, of an unknown version, of another product, or holds invalid values.
    pub fn parse(text: &str, partition_key: &str) -> Result<Signal, LineError> {
        let line: Self = serde_json::from_str(text).map_err(|error| {
            let detail = || format!("not a line of the stream of signals: {}", without_values(&error));
            newer_version(text).unwrap_or_else(|| undecodable(detail()))
        })?;
        if line.v != VERSION {
            return Err(unknown_version(line.v));
        }
        if line.product != partition_key {
            let detail = "the line's product is not the record's partition key".to_owned();
            return Err(LineError { reason: FailedReason::WrongKey, detail });
        }
        let category = line.category.as_deref().map(Category::new).transpose();
        Ok(Signal {
            id: SignalId::parse(&line.id).ok_or_else(|| undecodable("id is not 16 hexadecimal digits"))?,
            at: Timestamp::from_ms(line.at),
            kind: line.kind,
            product: ProductId::new(&line.product).map_err(|e| undecodable(format!("product {e}")))?,
            category: category.map_err(|e| undecodable(format!("category {e}")))?,
            quantity: line.quantity,
        })
    }
}

/// The records of signals: partition key and data, the signals of one product together, in order.
///
/// # Errors
/// When a line cannot be written as JSON, which no valid signal causes.
pub fn records(signals: &[Signal]) -> Result<Vec<(String, Vec<u8>)>, serde_json::Error> {
    let mut by_product: Vec<(&ProductId, Vec<SignalLine>)> = Vec::new();
    for signal in signals {
        match by_product.iter_mut().find(|(product, _)| *product == &signal.product) {
            Some((_, lines)) => lines.push(signal.into()),
            None => by_product.push((&signal.product, vec![signal.into()])),
        }
    }
    let mut records = Vec::with_capacity(by_product.len());
    for (product, lines) in by_product {
        records.extend(encode(&lines)?.into_iter().map(|data| (product.as_str().to_owned(), data)));
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signal(id: u64, product: &str, category: Option<&str>) -> Signal {
        Signal {
            id: SignalId::parse(&format!("{id:016x}")).unwrap(),
            at: Timestamp::from_ms(1_763_800_000_000),
            kind: SignalKind::Purchase,
            product: ProductId::new(product).unwrap(),
            category: category.map(|c| Category::new(c).unwrap()),
            quantity: 3,
        }
    }

    #[test]
    fn a_line_is_what_the_contract_says_and_is_read_back() {
        let signal = signal(0xab, "tent-2p", Some("tents"));
        let (key, data) = records(std::slice::from_ref(&signal)).unwrap().remove(0);
        let text = String::from_utf8(data).unwrap();
        let expected = r#"{"v":1,"id":"00000000000000ab","at":1763800000000,"kind":"purchase","product":"tent-2p","category":"tents","quantity":3}"#;
        assert_eq!((key.as_str(), text.as_str()), ("tent-2p", expected));
        assert_eq!(SignalLine::parse(&text, &key).unwrap(), signal);
    }

    #[test]
    fn the_signals_of_one_product_are_one_record() {
        let signals = [signal(1, "a", None), signal(2, "b", None), signal(3, "a", None)];
        let records = records(&signals).unwrap();
        let lines = |data: &[u8]| data.split(|b| *b == b'\n').count();
        let told: Vec<_> = records.iter().map(|(key, data)| (key.as_str(), lines(data))).collect();
        assert_eq!(told, [("a", 2), ("b", 1)]);
    }

    #[test]
    fn what_cannot_be_read_says_why_without_quoting_it() {
        let line = r#"{"v":1,"id":"00000000000000ab","at":1,"kind":"view","product":"secret","quantity":1}"#;
        let cases = [
            (line.to_owned(), "other", FailedReason::WrongKey),
            (line.replace("\"v\":1", "\"v\":2"), "secret", FailedReason::UnknownVersion),
            ("{\"v\":9,\"shape\":\"secret\"}".to_owned(), "secret", FailedReason::UnknownVersion),
            (line.replace("view", "secret"), "secret", FailedReason::Undecodable),
            (line.replace("00ab", "00zz"), "secret", FailedReason::Undecodable),
            (String::new(), "secret", FailedReason::Undecodable),
        ];
        for (text, key, reason) in cases {
            let error = SignalLine::parse(&text, key).unwrap_err();
            assert_eq!(error.reason, reason, "{text}");
            assert!(!error.detail.contains("secret"), "{}", error.detail);
        }
    }
}
