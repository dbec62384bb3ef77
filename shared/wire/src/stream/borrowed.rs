//! A line as it is read: its texts stay where they are, in the record, until an event needs them. Most of a line is not
//! needed by any event, and what is not needed is passed over.

use super::{
    ConsentLine, ExposureLine, LineError, LineType, MergeLine, Scalar, SegmentLine, TimerLine, VERSION,
    written,
};
use super::{newer_version, undecodable, unknown_version, without_values};
use beckon_domain::SmolStr;
use beckon_domain::event::TraitValue;
use serde::de::{Error, IgnoredAny, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

/// A text of the line; its own only when an escape had to be undone. (serde borrows no `Option<Cow<str>>`.)
#[derive(Default)]
pub(super) struct Text<'a>(Cow<'a, str>);

impl<'a> Text<'a> {
    /// A text as the line has it.
    pub const fn borrowed(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Texts)
    }
}

/// What an event needs of a line: see [`super::Line`] for what each means.
#[derive(Default, Deserialize)]
pub(super) struct LineRef<'a> {
    pub v: u8,
    #[serde(borrow)]
    pub key: Text<'a>,
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(borrow)]
    pub source: Text<'a>,
    #[serde(rename = "type")]
    pub kind: LineType,
    #[serde(borrow, default)]
    pub event: Option<Text<'a>>,
    pub occurred_at: i64,
    pub received_at: i64,
    #[serde(borrow, default)]
    pub properties: PropertiesRef<'a>,
    #[serde(default)]
    pub traits: BTreeMap<String, Scalar>,
    #[serde(borrow, default)]
    pub context: ContextRef<'a>,
    #[serde(default)]
    pub consent: ConsentLine,
    #[serde(borrow, default)]
    pub claim: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub link: Option<Text<'a>>,
    #[serde(default)]
    pub internal: bool,
    #[serde(default)]
    pub timer: Option<Box<TimerLine>>,
    #[serde(default)]
    pub merge: Option<Box<MergeLine>>,
    #[serde(default)]
    pub segment: Option<Box<SegmentLine>>,
    #[serde(borrow, default)]
    pub conversion: Option<Text<'a>>,
    #[serde(default)]
    pub exposure: Option<Box<ExposureLine>>,
}

/// What an event needs of [`super::Properties`].
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PropertiesRef<'a> {
    #[serde(borrow)]
    pub product: Option<ProductRef<'a>>,
    #[serde(borrow)]
    pub products: Option<Vec<ProductRef<'a>>>,
    #[serde(borrow)]
    pub currency: Option<Text<'a>>,
    #[serde(borrow)]
    pub cart_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub cart_url: Option<Text<'a>>,
    #[serde(borrow)]
    pub order_id: Option<Text<'a>>,
    pub total_minor: Option<i64>,
    pub engaged_ms: Option<u64>,
    #[serde(deserialize_with = "scalars")]
    pub extra: Extra,
}

/// Properties by name, in the order of their names, each name once: as an event has them.
pub(super) type Extra = Vec<(SmolStr, TraitValue)>;

/// Scalars of an object. What is none, as an earlier or a later release may write it, is passed over.
fn scalars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Extra, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Loose {
        Scalar(Scalar),
        Other(IgnoredAny),
    }
    let object = BTreeMap::<SmolStr, Loose>::deserialize(deserializer)?;
    let scalar = |(name, value)| match value {
        Loose::Scalar(value) => Some((name, value.into())),
        Loose::Other(_) => None,
    };
    Ok(object.into_iter().filter_map(scalar).collect())
}

/// [`super::ProductLine`].
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ProductRef<'a> {
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(borrow)]
    pub category: Option<Text<'a>>,
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    #[serde(borrow)]
    pub brand: Option<Text<'a>>,
    pub price_minor: Option<i64>,
    pub quantity: u32,
}

/// What an event needs of [`super::Context`].
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ContextRef<'a> {
    #[serde(borrow)]
    pub timezone: Option<Text<'a>>,
    #[serde(borrow)]
    pub locale: Option<Text<'a>>,
    #[serde(borrow)]
    pub device: Option<Text<'a>>,
    #[serde(borrow)]
    pub page_url: Option<Text<'a>>,
    #[serde(borrow)]
    pub referrer: Option<Text<'a>>,
    #[serde(borrow)]
    pub campaign: CampaignRef<'a>,
}

/// What an event needs of a campaign.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CampaignRef<'a> {
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    #[serde(borrow)]
    pub source: Option<Text<'a>>,
    #[serde(borrow)]
    pub medium: Option<Text<'a>>,
}

impl<'a> LineRef<'a> {
    /// Reads a line.
    pub fn read(text: &'a str) -> Result<Self, LineError> {
        let mut line = Self::default();
        match written::read(text, &mut line) {
            Some(()) => Ok(line),
            None => Self::of_any_form(text),
        }
    }

    /// Reads a line whatever its fields' order, spaces and escapes.
    pub fn of_any_form(text: &'a str) -> Result<Self, LineError> {
        let line: Self = serde_json::from_str(text).map_err(|e| refusal(text, &e))?;
        if line.v == VERSION { Ok(line) } else { Err(unknown_version(line.v)) }
    }
}

/// Why a text is no line of this version.
pub(super) fn refusal(text: &str, error: &serde_json::Error) -> LineError {
    newer_version(text)
        .unwrap_or_else(|| undecodable(format!("not a stream line: {}", without_values(error))))
}
