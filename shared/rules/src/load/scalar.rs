//! Single values: texts, ids, whole numbers, durations, money, addresses.

use super::Loader;
use super::fields::quoted;
use crate::error::Place;
use crate::tree::{Node, Value};
use beckon_domain::id::IdError;
use beckon_domain::link::is_web_address;
use beckon_domain::{Currency, DurationMs, Money};

/// The longest name or title, in characters.
pub(super) const NAME_CHARS_MAX: usize = 200;
/// The longest text of an offer, in characters.
pub(super) const TEXT_CHARS_MAX: usize = 1_000;
/// The longest web address, in bytes.
const URL_BYTES_MAX: usize = 2_048;

impl Loader {
    /// A text of at most so many characters, in one line. A number stands for its digits.
    pub(super) fn text(&mut self, node: &Node, what: &str, chars_max: usize) -> Option<String> {
        let text = match &node.value {
            Value::Text(text) => text.trim().to_owned(),
            Value::Integer { value, plain: true } => value.to_string(),
            Value::Bool(_) | Value::Integer { .. } | Value::Number(_) => {
                self.problem(
                    node.place,
                    format!(
                        "`{what}` must be a text, and YAML reads this as {}: put it in quotes",
                        node.kind()
                    ),
                );
                return None;
            }
            _ => {
                self.problem(node.place, format!("`{what}` must be a text, and this is {}", node.kind()));
                return None;
            }
        };
        let complaint = if text.is_empty() {
            "is empty".to_owned()
        } else if text.chars().count() > chars_max {
            format!("is longer than {chars_max} characters")
        } else if text.chars().any(char::is_control) {
            "has line breaks or control characters: write it in one line".to_owned()
        } else {
            return Some(text);
        };
        self.problem(node.place, format!("`{what}` {complaint}"));
        None
    }

    /// An id.
    pub(super) fn id<T>(
        &mut self,
        node: &Node,
        what: &str,
        new: fn(&str) -> Result<T, IdError>,
    ) -> Option<T> {
        let text = self.text(node, what, NAME_CHARS_MAX)?;
        match new(&text) {
            Ok(id) => Some(id),
            Err(error) => {
                self.problem(node.place, format!("`{what}` {error}"));
                None
            }
        }
    }

    /// A whole number within bounds.
    pub(super) fn whole(&mut self, node: &Node, what: &str, least: i64, most: i64) -> Option<i64> {
        match node.value {
            Value::Integer { value, .. } if (least..=most).contains(&value) => Some(value),
            _ => {
                self.problem(node.place, format!("`{what}` must be a whole number from {least} to {most}"));
                None
            }
        }
    }

    /// True or false.
    pub(super) fn boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        self.problem(node.place, format!("`{what}` must be true or false"));
        None
    }

    /// A length of time.
    pub(super) fn duration(&mut self, node: &Node, what: &str) -> Option<DurationMs> {
        let parsed = match &node.value {
            Value::Text(text) => DurationMs::parse(text),
            _ => None,
        };
        if parsed.is_none() {
            self.problem(
                node.place,
                format!("`{what}` must be a length of time: a whole number and s, m, h or d, such as 30s, 5m, 24h or 7d, at most 366d"),
            );
        }
        parsed
    }

    /// A length of time that is not zero.
    pub(super) fn positive_duration(&mut self, node: &Node, what: &str) -> Option<DurationMs> {
        let length = self.duration(node, what)?;
        if length == DurationMs::ZERO {
            self.problem(node.place, format!("`{what}` must be longer than nothing"));
            return None;
        }
        Some(length)
    }

    /// The currency of the ruleset.
    pub(super) fn currency(&mut self, node: &Node) -> Option<Currency> {
        let text = self.text(node, "currency", NAME_CHARS_MAX)?;
        let currency = Currency::new(&text).ok();
        if currency.is_none() {
            self.problem(node.place, "`currency` must be a three-letter ISO 4217 code such as EUR");
        }
        currency
    }

    /// A time zone by its IANA name.
    pub(super) fn zone(&mut self, node: &Node) -> Option<jiff::tz::TimeZone> {
        let name = self.text(node, "timezone", NAME_CHARS_MAX)?;
        let zone = crate::zone::named(&name);
        if zone.is_none() {
            let message =
                format!("no time zone is called {}: write an IANA name such as Europe/Berlin", quoted(&name));
            self.problem(node.place, message);
        }
        zone
    }

    /// An amount: `75 EUR`, or a number, which is in the currency of the ruleset.
    pub(super) fn money(&mut self, node: &Node, what: &str) -> Option<Money> {
        // Without a readable currency there is a problem already, and no second one to add.
        let currency = self.currency?;
        let example = format!("`{what}` must be an amount such as 49.00 or \"49.00 {currency}\"");
        let parsed = match &node.value {
            Value::Integer { value, .. } => Money::from_major(*value as f64, currency),
            Value::Number(value) => Money::from_major(*value, currency),
            Value::Text(text) => Money::parse(text),
            _ => {
                self.problem(node.place, example);
                return None;
            }
        };
        match parsed {
            Ok(money) if money.currency == currency => Some(money),
            Ok(money) => {
                let message = format!(
                    "`{what}` is in {}, and this ruleset is in {currency}: use one currency",
                    money.currency
                );
                self.problem(node.place, message);
                None
            }
            Err(error) => {
                self.problem(node.place, format!("{example}: {error}"));
                None
            }
        }
    }

    /// A web address.
    pub(super) fn url(&mut self, node: &Node, what: &str) -> Option<String> {
        let Value::Text(text) = &node.value else {
            self.bad_url(node.place, what, node.kind());
            return None;
        };
        let url = text.trim();
        if url.len() <= URL_BYTES_MAX && is_web_address(url) {
            return Some(url.to_owned());
        }
        self.bad_url(node.place, what, &quoted(url));
        None
    }

    fn bad_url(&mut self, place: Place, what: &str, found: &str) {
        self.problem(
            place,
            format!(
                "`{what}` must be a web address that begins with https:// or http://, and this is {found}"
            ),
        );
    }
}
