//! A line of the stream of signals: what one event says about one product, and nothing about whose event it was.
//!
//! The partition key of its record is the product, so that each product has one reader. The id is a hash, made so that
//! the same event gives the same line.

use crate::failed::FailedReason;
use crate::stream::{
    LineError, VERSION, encode, newer_version, undecodable, unknown_version, without_values,
};
use beckon_domain::{Brand, Category, Money, PriceBand, ProductId, SmolStr, Timestamp};
use beckon_recommend::{Called, Other, Signal, SignalId, SignalKind};
use serde::{Deserialize, Serialize};

/// Other products in one line at most: more than any signal has.
const OTHER_COUNT_MAX: usize = 32;

/// One line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SignalLine {
    /// Version of this form, counted as the event lines' is.
    pub v: u8,
    /// 16 hexadecimal digits.
    pub id: String,
    /// Event time, milliseconds since 1970.
    pub at: i64,
    /// `view`, `cart`, `purchase` or `next`.
    pub kind: SignalKind,
    /// Product.
    pub product: String,
    /// Category, as the event named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Units.
    pub quantity: u32,
    /// Its name, as the event told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its brand, with the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Its price, with the name: `12.34 EUR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// Of a view what was looked at before it, of `next` what was looked at after it, of a purchase some of the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherLine>,
}

/// Another product of the same session or order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OtherLine {
    /// Product.
    pub product: String,
    /// Category, as an event named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Price band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub band: Option<u8>,
    /// How many products further on or back, from 1 on.
    pub distance: u8,
}

impl From<&Other> for OtherLine {
    fn from(other: &Other) -> Self {
        Self {
            product: other.product.as_str().to_owned(),
            category: other.category.as_ref().map(|category| category.as_str().to_owned()),
            band: other.price_band.map(PriceBand::number),
            distance: other.distance,
        }
    }
}

impl OtherLine {
    fn parse(&self) -> Result<Other, LineError> {
        Ok(Other {
            product: product(&self.product)?,
            category: category(self.category.as_deref())?,
            // A band that this release does not know is none.
            price_band: self.band.and_then(PriceBand::from_number),
            distance: self.distance,
        })
    }
}

fn product(text: &str) -> Result<ProductId, LineError> {
    ProductId::new(text).map_err(|e| undecodable(format!("product {e}")))
}

fn category(text: Option<&str>) -> Result<Option<Category>, LineError> {
    text.map(Category::new).transpose().map_err(|e| undecodable(format!("category {e}")))
}

/// What the line calls its product. A brand or a price that cannot be read costs itself alone.
fn called(line: &SignalLine) -> Option<Box<Called>> {
    let brand = line.brand.as_deref().and_then(|brand| Brand::new(brand).ok());
    let price = line.price.as_deref().and_then(|price| Money::parse(price).ok());
    line.name.as_deref().map(|name| Box::new(Called { name: SmolStr::from(name), brand, price }))
}

impl From<&Signal> for SignalLine {
    fn from(signal: &Signal) -> Self {
        let called = signal.called.as_deref();
        Self {
            v: VERSION,
            id: signal.id.to_string(),
            at: signal.at.as_ms(),
            kind: signal.kind,
            product: signal.product.as_str().to_owned(),
            category: signal.category.as_ref().map(|category| category.as_str().to_owned()),
            quantity: signal.quantity,
            name: called.map(|called| called.name.to_string()),
            brand: called.and_then(|called| called.brand.as_ref()).map(|brand| brand.as_str().to_owned()),
            price: called.and_then(|called| called.price).map(|price| price.to_string()),
            others: signal.others.iter().map(OtherLine::from).collect(),
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
        if line.others.len() > OTHER_COUNT_MAX {
            return Err(undecodable(format!("more than {OTHER_COUNT_MAX} others")));
        }
        Ok(Signal {
            id: SignalId::parse(&line.id).ok_or_else(|| undecodable("id is not 16 hexadecimal digits"))?,
            at: Timestamp::from_ms(line.at),
            kind: line.kind,
            product: product(&line.product)?,
            category: category(line.category.as_deref())?,
            quantity: line.quantity,
            called: called(&line),
            others: line.others.iter().map(OtherLine::parse).collect::<Result<_, _>>()?,
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
            called: None,
            others: Vec::new(),
        }
    }

    #[test]
    fn other_products_are_told_with_what_is_known_of_them() {
        let other = |name: &str, band: Option<u8>, distance| Other {
            product: ProductId::new(name).unwrap(),
            category: Category::new("mats").ok().filter(|_| band == Some(4)),
            price_band: band.and_then(PriceBand::from_number),
            distance,
        };
        let others = vec![other("mat", Some(4), 1), other("mug", None, 2)];
        let signal = Signal { kind: SignalKind::Next, others, ..signal(0xab, "tent-2p", None) };
        let (key, data) = records(std::slice::from_ref(&signal)).unwrap().remove(0);
        let text = String::from_utf8(data).unwrap();
        let expected = r#""others":[{"product":"mat","category":"mats","band":4,"distance":1},{"product":"mug","distance":2}]}"#;
        assert!(text.ends_with(expected), "{text}");
        assert_eq!(SignalLine::parse(&text, &key).unwrap(), signal);
        let unknown = SignalLine::parse(&text.replace("\"band\":4", "\"band\":200"), &key).unwrap();
        assert_eq!(unknown.others[0].price_band, None, "another release may know more bands");
        let many = Signal { others: vec![other("mat", None, 1); OTHER_COUNT_MAX + 1], ..signal };
        let (key, data) = records(&[many]).unwrap().remove(0);
        let error = SignalLine::parse(std::str::from_utf8(&data).unwrap(), &key).unwrap_err();
        assert_eq!(error.reason, FailedReason::Undecodable);
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
    fn what_the_event_calls_the_product_is_told_and_read_back() {
        let called = Called {
            name: SmolStr::from("Tent for two"),
            brand: Brand::new("Northwind").ok(),
            price: Money::parse("399.00 EUR").ok(),
        };
        let signal = Signal { called: Some(Box::new(called)), ..signal(0xab, "tent-2p", None) };
        let (key, data) = records(std::slice::from_ref(&signal)).unwrap().remove(0);
        let text = String::from_utf8(data).unwrap();
        assert!(
            text.ends_with(r#""name":"Tent for two","brand":"Northwind","price":"399.00 EUR"}"#),
            "{text}"
        );
        assert_eq!(SignalLine::parse(&text, &key).unwrap(), signal);
        let odd = SignalLine::parse(&text.replace("399.00 EUR", "cheap"), &key).unwrap().called.unwrap();
        assert_eq!((odd.price, odd.name.as_str()), (None, "Tent for two"));
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
