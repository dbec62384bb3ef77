//! A case as its file writes it, and the small values in it.

use beckon_domain::event::{Item, TraitValue};
use beckon_domain::{Category, DurationMs, Money, ProductId, Timestamp};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What must be so, as a sentence.
    pub name: String,
    /// `sample`, or a ruleset.
    pub ruleset: String,
    #[serde(default)]
    pub logged_in: bool,
    #[serde(default)]
    pub events: Vec<Happened>,
    pub ask: Vec<Question>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Happened {
    pub at: String,
    pub event: String,
    pub product: Option<String>,
    pub category: Option<String>,
    pub price: Option<String>,
    pub engaged: Option<String>,
    #[serde(default)]
    pub traits: BTreeMap<String, Scalar>,
    #[serde(default)]
    pub consent: BTreeMap<String, bool>,
    /// The products of an order or a cart, in place of `product`.
    #[serde(default)]
    pub products: Vec<Bought>,
    pub total: Option<String>,
    #[serde(default)]
    pub properties: BTreeMap<String, Scalar>,
    pub brand: Option<String>,
    pub quantity: Option<u32>,
    pub timezone: Option<String>,
    pub locale: Option<String>,
    pub device: Option<String>,
    pub referrer: Option<String>,
    #[serde(default)]
    pub campaign: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bought {
    pub product: String,
    pub category: Option<String>,
    pub price: Option<String>,
    pub quantity: Option<u32>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    Bool(bool),
    Number(f64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub at: String,
    /// A slot is asked, or the reminder is checked.
    pub slot: Option<String>,
    #[serde(default)]
    pub page: AskedPage,
    pub count: Option<usize>,
    #[serde(default)]
    pub exclude: Vec<String>,
    #[serde(default)]
    pub live: crate::live::Told,
    pub propensity: Option<f64>,
    pub expect: Expected,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct AskedPage {
    pub r#type: Option<String>,
    pub product: Option<String>,
    pub category: Option<String>,
    pub locale: Option<String>,
    pub timezone: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub products: Option<Vec<String>>,
    pub sources: Option<Vec<String>>,
    pub offer: Option<String>,
    pub reason: Option<String>,
    pub rule: Option<String>,
    /// The row of a decision table.
    pub row: Option<usize>,
    pub filled: Option<usize>,
    pub ttl: Option<String>,
    pub reminder: Option<bool>,
    /// The percent that the reminder offers; 0 for nothing.
    pub discount: Option<u8>,
    pub no_such_slot: Option<bool>,
    /// Segments that the person is in, as the rules found when they looked last.
    pub segments: Option<Vec<String>>,
    /// What was told to others so far: `entered vip`, `exited vip`, `rule name`.
    pub told: Option<Vec<String>>,
    /// Traits that must be so.
    #[serde(default)]
    pub traits: BTreeMap<String, Scalar>,
    /// The explanation of the slot, or of the segments where no slot is asked.
    pub explain: Option<String>,
    /// When the rules look again, as a time since the case began; `never`.
    pub timer: Option<String>,
}

/// `31s`, as rules write it, or `30001ms`, for the edges.
pub fn length(text: &str) -> DurationMs {
    text.strip_suffix("ms")
        .map(|ms| DurationMs::from_ms(ms.parse().expect("milliseconds")))
        .or_else(|| DurationMs::parse(text))
        .unwrap_or_else(|| panic!("a length of time: {text}"))
}

/// The time of a case begins on some day, not in 1970, so that windows can reach back.
pub fn instant(text: &str) -> Timestamp {
    Timestamp::EPOCH + DurationMs::from_days(20_000) + length(text)
}

pub fn product(text: &str) -> ProductId {
    ProductId::new(text).expect("a product id")
}

pub fn item_of(product_id: &str, category: Option<&str>, price: Option<&str>, quantity: Option<u32>) -> Item {
    Item {
        product: product(product_id),
        category: category.map(|c| Category::new(c).expect("a category")),
        brand: None,
        name: None,
        price: price.map(|p| Money::parse(p).expect("a price")),
        quantity: quantity.unwrap_or(1),
    }
}

pub fn value(scalar: &Scalar) -> TraitValue {
    match scalar {
        Scalar::Bool(value) => TraitValue::Bool(*value),
        Scalar::Number(value) => TraitValue::Number(*value),
        Scalar::Text(value) => TraitValue::Text(value.clone()),
    }
}
