//! What AWS takes for a unit: a table in a file, each price with its page and the day on which it was looked up.

use crate::error::CliError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The table that comes with the command.
pub(super) const BUILT_IN: &str = include_str!("prices.toml");

/// Something that AWS counts and takes money for: `unit` of each in prices.toml says what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    KinesisShardHour,
    KinesisPutUnit,
    KinesisFanOutShardHour,
    KinesisFanOutGb,
    KinesisOnDemandHour,
    KinesisOnDemandInGb,
    KinesisOnDemandOutGb,
    DynamodbWriteUnit,
    DynamodbReadUnit,
    DynamodbGbMonth,
    DynamodbBackupGbMonth,
    LambdaRequest,
    LambdaGbSecond,
    HttpApiRequest,
    SesEmail,
    FirehoseGb,
    S3GbMonth,
    S3PutRequest,
    LogGb,
    LogGbMonth,
    MetricMonth,
    AlarmMonth,
    DashboardMonth,
    KmsKeyMonth,
    KmsRequest,
    SecretMonth,
    SecretRequest,
    SchedulerInvocation,
}

impl Item {
    /// All of them, in the order of the file.
    pub const ALL: [Self; 28] = [
        Self::KinesisShardHour,
        Self::KinesisPutUnit,
        Self::KinesisFanOutShardHour,
        Self::KinesisFanOutGb,
        Self::KinesisOnDemandHour,
        Self::KinesisOnDemandInGb,
        Self::KinesisOnDemandOutGb,
        Self::DynamodbWriteUnit,
        Self::DynamodbReadUnit,
        Self::DynamodbGbMonth,
        Self::DynamodbBackupGbMonth,
        Self::LambdaRequest,
        Self::LambdaGbSecond,
        Self::HttpApiRequest,
        Self::SesEmail,
        Self::FirehoseGb,
        Self::S3GbMonth,
        Self::S3PutRequest,
        Self::LogGb,
        Self::LogGbMonth,
        Self::MetricMonth,
        Self::AlarmMonth,
        Self::DashboardMonth,
        Self::KmsKeyMonth,
        Self::KmsRequest,
        Self::SecretMonth,
        Self::SecretRequest,
        Self::SchedulerInvocation,
    ];

    /// Its name in the file.
    #[must_use]
    pub fn name(self) -> String {
        // A variant without fields is a JSON text.
        serde_json::to_value(self).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// One price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// US dollars …
    pub usd: f64,
    /// … for so many units.
    pub per: f64,
    /// What a unit is.
    pub unit: String,
    /// The page of AWS that states it.
    pub page: String,
    /// The day on which it was looked up, `YYYY-MM-DD`.
    pub looked_up: String,
    /// Where the figure was read.
    pub read_in: String,
    /// Whether it was read anywhere, or is recalled.
    pub verified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    region: String,
    currency: String,
    price: BTreeMap<String, Price>,
}

/// All prices.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prices {
    /// The file they are from.
    pub from: String,
    /// The region they hold in.
    pub region: String,
    /// Each of [`Item::ALL`].
    pub prices: BTreeMap<Item, Price>,
}

impl Prices {
    /// The prices that come with the command, or those of a file.
    ///
    /// # Errors
    /// When the file cannot be read, lacks a price, has one that is not known, or one that is no price.
    pub fn load(file: Option<&Path>) -> Result<Self, CliError> {
        let Some(file) = file else { return Self::parse(BUILT_IN, "built in") };
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file)
            .map_err(|e| CliError::usage(format!("the prices {name} cannot be read: {e}; {REMEDY}")))?;
        Self::parse(&text, &name)
    }

    /// Reads a table.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn parse(text: &str, from: &str) -> Result<Self, CliError> {
        let refused = |what: String| CliError::usage(format!("the prices {from}: {what}; {REMEDY}"));
        let file: File = toml::from_str(text).map_err(|e| {
            let before = e.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            refused(format!("line {}: {}", 1 + before.matches('\n').count(), one_line(e.message())))
        })?;
        if file.currency != "USD" {
            return Err(refused(format!(
                "the currency is {}, and what is printed is USD",
                one_line(&file.currency)
            )));
        }
        let mut rest = file.price;
        let mut prices = BTreeMap::new();
        for item in Item::ALL {
            let name = item.name();
            let price = rest.remove(&name).ok_or_else(|| refused(format!("price.{name} is missing")))?;
            let is_price =
                price.usd.is_finite() && price.usd >= 0.0 && price.per.is_finite() && price.per > 0.0;
            if !is_price {
                return Err(refused(format!(
                    "price.{name} is {} for {} units, which is no price",
                    price.usd, price.per
                )));
            }
            prices.insert(item, price);
        }
        match rest.keys().next() {
            Some(unknown) => Err(refused(format!("price.{} is not known", one_line(unknown)))),
            None => Ok(Self { from: from.to_owned(), region: file.region, prices }),
        }
    }

    /// What so many units cost, in USD.
    #[must_use]
    pub fn of(&self, item: Item, units: f64) -> f64 {
        self.prices.get(&item).map_or(0.0, |price| units * price.usd / price.per)
    }

    /// The first and the last day on which a price was looked up.
    #[must_use]
    pub fn looked_up(&self) -> (&str, &str) {
        let days = || self.prices.values().map(|price| price.looked_up.as_str());
        (days().min().unwrap_or_default(), days().max().unwrap_or_default())
    }

    /// Prices that nobody read anywhere.
    #[must_use]
    pub fn recalled(&self) -> Vec<String> {
        self.prices.iter().filter(|(_, price)| !price.verified).map(|(item, _)| item.name()).collect()
    }
}

const REMEDY: &str = "begin with what `beckon cost --print-prices` prints";

/// A message without line breaks: an error is one line.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
