//! A line of a stream record: one event, self-contained, without anything that names a person.
//!
//! A record holds the events of one visitor in one request, one JSON line each, in order; its partition key is the
//! profile key that every line repeats (an archive keeps lines and loses partition keys). Money is in minor units,
//! times are milliseconds since 1970.

mod borrowed;
mod event;
mod own;
mod written;

pub use event::{Said, read, read_alone};

use crate::failed::FailedReason;
use beckon_domain::event::{Event, TimerOutcome};
use beckon_domain::{ProfileKey, SmolStr};
#[cfg(test)]
use borrowed::LineRef;
use borrowed::refusal;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The version this release writes, and the highest it reads.
pub const VERSION: u8 = 1;

/// The source of records that Beckon itself puts.
pub const INTERNAL_SOURCE: &str = "beckon";

/// What kind of line it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineType {
    /// `track`.
    #[default]
    Track,
    /// `page`.
    Page,
    /// `screen`.
    Screen,
    /// `identify` and `alias`.
    Identify,
    /// `group`.
    Group,
    /// A reminder's end.
    Timer,
    /// A frozen visitor's state.
    Merge,
    /// Time alone may have changed what holds of the person.
    RulesDue,
    /// The person entered or left a segment.
    Segment,
    /// An order that followed a reminder is written down.
    Conversion,
    /// The person was shown a variant of an experiment.
    Exposure,
}

/// One line.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// Version of this form.
    pub v: u8,
    /// Profile key.
    pub key: String,
    /// Event id.
    pub id: String,
    /// Source.
    pub source: String,
    /// Kind.
    #[serde(rename = "type")]
    pub kind: LineType,
    /// Name of a `track` event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Event time.
    pub occurred_at: i64,
    /// Our time.
    pub received_at: i64,
    /// What it says of products, carts and orders.
    #[serde(default, skip_serializing_if = "is_default")]
    pub properties: Properties,
    /// Traits of an `identify`, without contact data.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub traits: BTreeMap<String, Scalar>,
    /// Where it happened.
    #[serde(default, skip_serializing_if = "is_default")]
    pub context: Context,
    /// Choices of consent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub consent: ConsentLine,
    /// The customer a publishable key claims this to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// The customer a secret key proved this to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Whether Beckon itself put the line.
    #[serde(default, skip_serializing_if = "is_default")]
    pub internal: bool,
    /// A reminder's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timer: Option<TimerLine>,
    /// A frozen visitor's state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge: Option<MergeLine>,
    /// A segment entered or left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<SegmentLine>,
    /// The id of an order that followed a reminder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion: Option<String>,
    /// A variant that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposure: Option<ExposureLine>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A value that is not a structure.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// Yes or no.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// What an event says of products, carts and orders. Prices are minor units of `currency`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Properties {
    /// The product of a product event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductLine>,
    /// The products of a cart or an order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub products: Option<Vec<ProductLine>>,
    /// ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Cart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cart_id: Option<String>,
    /// Where the cart can be restored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cart_url: Option<String>,
    /// Order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// What was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_minor: Option<i64>,
    /// Attention paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engaged_ms: Option<u64>,
    /// Scalar properties that Beckon does not know itself, for rules and the archive.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, Scalar>,
}

/// A product.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ProductLine {
    /// Product.
    pub id: String,
    /// Category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Brand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Price of one unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_minor: Option<i64>,
    /// How many.
    pub quantity: u32,
}

/// Where an event happened.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Context {
    /// IANA time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Locale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// `mobile`, `tablet`, `desktop`, `bot`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Page URL without query values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_url: Option<String>,
    /// Referring page, without query values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// `name`, `source`, `medium`, `term`, `content` of the campaign.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub campaign: BTreeMap<String, String>,
}

/// Choices of consent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ConsentLine {
    /// Counting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analytics: Option<bool>,
    /// Deciding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personalization: Option<bool>,
    /// Marketing e-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marketing_email: Option<bool>,
}

impl ConsentLine {
    /// The choices of a call that came with Global Privacy Control: whoever sends the signal is not personalized,
    /// unless the call itself carries their choice to be. It says nothing of counting, nor of mails that somebody
    /// asked for.
    #[must_use]
    pub fn under_gpc(self) -> Self {
        Self { personalization: self.personalization.or(Some(false)), ..self }
    }
}

/// A reminder's end.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TimerLine {
    /// Episode.
    pub episode: String,
    /// Which timer of the episode.
    pub number: u32,
    /// Which step of the series, from 1.
    #[serde(default = "first_step")]
    pub step: u8,
    /// How it ended.
    pub outcome: TimerOutcome,
}

/// Lines from before there were series are of the only step.
const fn first_step() -> u8 {
    1
}

/// A frozen visitor's state.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct MergeLine {
    /// The frozen profile.
    pub from: String,
    /// Its packed state, base64.
    pub state: String,
}

/// A segment entered or left.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SegmentLine {
    /// The segment.
    pub id: SmolStr,
    /// Whether the person is in it now.
    pub entered: bool,
}

/// A variant that was shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExposureLine {
    /// The experiment.
    pub experiment: String,
    /// Which run of it, from 1.
    pub run: u16,
    /// The variant.
    pub variant: String,
}

/// Why a line is not an event: a reason to keep it as a failed event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct LineError {
    /// The reason it is kept under.
    pub reason: FailedReason,
    /// What exactly; never holds values of the payload.
    pub detail: String,
}

pub(crate) fn undecodable(detail: impl Into<String>) -> LineError {
    LineError { reason: FailedReason::Undecodable, detail: detail.into() }
}

impl Line {
    /// Reads a whole line, and the event it says, of a record with this partition key.
    ///
    /// # Errors
    /// When it is not JSON, of an unknown version, under another key, or holds invalid values.
    pub fn parse(text: &str, partition_key: &str) -> Result<(Self, Event), LineError> {
        let said = read(text, partition_key)?;
        Ok((Self::of(text)?, said.event))
    }

    /// Reads a whole line, without holding its values for valid.
    ///
    /// # Errors
    /// When it is not JSON, or of an unknown version.
    pub(crate) fn of(text: &str) -> Result<Self, LineError> {
        let line: Self = serde_json::from_str(text).map_err(|e| refusal(text, &e))?;
        if line.v == VERSION { Ok(line) } else { Err(unknown_version(line.v)) }
    }

    /// The event a line says.
    #[cfg(test)]
    pub(crate) fn to_event(&self) -> Result<Event, LineError> {
        let text = serde_json::to_string(self).map_err(|_| undecodable("the line is not JSON"))?;
        LineRef::read(&text)?.into_event()
    }
}

/// Why a line of this version is not read.
pub(crate) fn unknown_version(version: u8) -> LineError {
    let detail = format!("stream line of version {version}; this release reads version {VERSION}");
    LineError { reason: FailedReason::UnknownVersion, detail }
}

/// The same of a line whose form is unknown because its version is newer.
pub(crate) fn newer_version(text: &str) -> Option<LineError> {
    #[derive(Deserialize)]
    struct Versioned {
        v: u8,
    }
    let versioned: Versioned = serde_json::from_str(text).ok()?;
    (versioned.v > VERSION).then(|| unknown_version(versioned.v))
}

/// What kind of error it is and where; serde's own message could quote the payload.
pub(crate) fn without_values(error: &serde_json::Error) -> String {
    format!("{:?} error at column {}", error.classify(), error.column())
}

/// Bytes of one record's data at most: below Kinesis's 1 MiB, which counts the partition key too.
pub const RECORD_BYTES_MAX: usize = 900 * 1024;

/// Joins lines into the data of records, in order: one record, unless they are more than one can hold.
///
/// # Errors
/// When a line cannot be written as JSON, which no valid line causes.
pub fn encode<L: Serialize>(lines: &[L]) -> Result<Vec<Vec<u8>>, serde_json::Error> {
    // One line at a time, so that nothing is there twice.
    let mut records = Vec::new();
    for line in lines {
        append(&mut records, serde_json::to_vec(line)?);
    }
    Ok(records)
}

/// The same of lines that are texts already.
#[must_use]
pub fn join(lines: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    lines.into_iter().for_each(|line| append(&mut records, line));
    records
}

/// Puts a line behind the others, into a record that has room for it.
fn append(records: &mut Vec<Vec<u8>>, line: Vec<u8>) {
    match records.last_mut() {
        Some(data) if data.len() + 1 + line.len() <= RECORD_BYTES_MAX => {
            data.push(b'\n');
            data.extend_from_slice(&line);
        }
        _ => records.push(line),
    }
}

/// A line that was read, under the customer's key. Forwarded, it proves nothing any more. Everything else of it stays as
/// it is, whether this release knows it or not.
///
/// # Errors
/// When the text is no JSON object; then it was not read.
pub fn forwarded(line: &str, to: &ProfileKey) -> Result<Vec<u8>, serde_json::Error> {
    let (key, internal) = (to_raw_value(to.as_str())?, to_raw_value(&true)?);
    let mut fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(line)?;
    fields.insert(Cow::Borrowed("key"), &key);
    fields.insert(Cow::Borrowed("internal"), &internal);
    fields.remove("link");
    serde_json::to_vec(&fields)
}

#[cfg(test)]
mod tests;
