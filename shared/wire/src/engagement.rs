//! The admin API for what became of decisions (`/admin/v1/reports/engagement`): what a server asks, and the answer.

use crate::admin::{query, refused};
use crate::experiments::IntervalAnswer;
use crate::problem::{Fault, Problem};
use crate::{format_time, parse_time};
use axum::http::Uri;
use beckon_domain::Day;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Days of one report at most.
pub const REPORT_DAYS_MAX: u32 = 100;
/// Days of a report that names no first one.
pub const REPORT_DAYS: u32 = 28;

/// By what decisions are grouped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngagementBy {
    /// By the rule that decided.
    #[default]
    Rule,
    /// By the offer that was shown.
    Offer,
    /// By the place.
    Slot,
    /// By the strategy of the products.
    Source,
}

impl EngagementBy {
    /// Every grouping.
    pub const ALL: [Self; 4] = [Self::Rule, Self::Offer, Self::Slot, Self::Source];

    /// The word of the query.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Offer => "offer",
            Self::Slot => "slot",
            Self::Source => "source",
        }
    }
}

/// The query of a report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EngagementAsk {
    /// The first day.
    pub from: Day,
    /// The last day, included.
    pub to: Day,
    /// How it is grouped.
    pub by: EngagementBy,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Query {
    from: Option<String>,
    to: Option<String>,
    by: EngagementBy,
}

impl EngagementAsk {
    /// Reads the query; `today` is the last day where none is told.
    ///
    /// # Errors
    /// 400 when it has a field that is not known, a day that is none, ends before it begins, or is of too many days.
    pub fn parse(uri: &Uri, today: Day) -> Result<Self, Problem> {
        let Query { from, to, by } = query(uri)?;
        let to = day("/to", to)?.unwrap_or(today);
        let from = day("/from", from)?.unwrap_or(to.before(REPORT_DAYS - 1));
        if to < from || to.number() - from.number() >= REPORT_DAYS_MAX {
            let detail = format!("expected a day from `from` on, of {REPORT_DAYS_MAX} days at most");
            return Err(refused(Fault::new("/to", "schema.value", detail)));
        }
        Ok(Self { from, to, by })
    }
}

fn day(pointer: &str, text: Option<String>) -> Result<Option<Day>, Problem> {
    let read = |text: String| {
        let is_day = text.len() == 10;
        let at = is_day.then(|| parse_time(&Value::String(format!("{text}T00:00:00Z")))).flatten();
        at.map(Day::of).ok_or_else(|| {
            let detail = "expected a day such as 2026-11-01";
            refused(Fault::new(pointer.to_owned(), "schema.value", detail))
        })
    };
    text.map(read).transpose()
}

/// A day as answers write it: `2026-11-23`.
#[must_use]
pub fn day_name(day: Day) -> String {
    format_time(day.start()).split('T').next().unwrap_or_default().to_owned()
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RateAnswer {
    /// From 0 to 1.
    pub rate: f64,
    /// Wilson's interval at 95 %, as if each decision were of somebody else.
    pub interval: IntervalAnswer,
}

/// A sum of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaidAnswer {
    /// ISO 4217.
    pub currency: String,
    /// In minor units.
    pub total: i64,
}

/// What one model credits.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreditAnswer {
    /// `direct` (the decision that the order names), `first` or `last` (touch within a week of a click, or a day of a view).
    pub model: &'static str,
    /// Orders.
    pub orders: u64,
    /// Decisions that got their first order.
    pub conversions: u64,
    /// Conversions of decisions seen. Missing while nothing was seen, or more converted than were seen: of views before the
    /// first day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversion_rate: Option<RateAnswer>,
    /// What was paid, by currency.
    pub revenue: Vec<PaidAnswer>,
}

/// What happened on one day (UTC).
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EngagementDayAnswer {
    /// The day, such as `2026-11-23`.
    pub day: String,
    /// Decisions seen.
    pub views: u64,
    /// Decisions clicked.
    pub clicks: u64,
    /// Conversions by the last touch.
    pub conversions: u64,
}

/// What became of the decisions of one rule, offer, slot or strategy.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EngagementGroupAnswer {
    /// Which; missing for decisions of no rule (or offer), and for what was counted together ([`Self::other`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether this is what was counted together, beyond 200 combinations of a slot and day.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub other: bool,
    /// Decisions seen.
    pub views: u64,
    /// Decisions clicked.
    pub clicks: u64,
    /// Clicks of views; missing while nothing was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click_rate: Option<RateAnswer>,
    /// What each model credits: `direct`, `first`, `last`.
    pub credit: Vec<CreditAnswer>,
    /// Days with anything, in their order.
    pub days: Vec<EngagementDayAnswer>,
}

/// A rule whose share has fallen.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StoppedAnswer {
    /// The rule.
    pub rule: String,
    /// `clicks` of views, or `conversions` of views (last touch).
    pub metric: &'static str,
    /// The 28 days before.
    pub before: RateAnswer,
    /// The last seven.
    pub lately: RateAnswer,
    /// How many times the binomial variance the days have.
    pub dispersion: f64,
    /// One-sided, and with regard to all rules that were asked about (Holm).
    pub p_value: f64,
}

/// Rules that stopped paying.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StoppedPayingAnswer {
    /// The last of the seven days: yesterday or `to`, whichever is earlier, because today is not over.
    pub until: String,
    /// How many comparisons there was enough for.
    pub asked: usize,
    /// What a p-value must be below: 0.05 in a year, divided by the days of a year.
    pub level: f64,
    /// The rules. Nothing is said of one with too few views, neither good nor bad.
    pub rules: Vec<StoppedAnswer>,
}

/// What became of decisions.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EngagementAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// `rule`, `offer`, `slot` or `source`. By source a decision with products of several is in each.
    pub by: &'static str,
    /// The groups, those with most views first.
    pub groups: Vec<EngagementGroupAnswer>,
    /// Rules that stopped paying.
    pub stopped_paying: StoppedPayingAnswer,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_what_is_none_is_refused() {
        let today = Day::from_number(20_780);
        let ask = |query: &str| EngagementAsk::parse(&format!("/r?{query}").parse().unwrap(), today);
        let all = ask("").unwrap();
        assert_eq!((all.from, all.to, all.by), (today.before(27), today, EngagementBy::Rule));
        let some = ask("from=2026-11-01&to=2026-11-03&by=source").unwrap();
        assert_eq!((day_name(some.from), day_name(some.to)), ("2026-11-01".into(), "2026-11-03".into()));
        assert_eq!(some.by, EngagementBy::Source);
        for query in [
            "from=yesterday",
            "to=2026-11-01T00:00:00Z",
            "by=person",
            "since=2026-11-01",
            "from=2026-11-02&to=2026-11-01",
            "from=2025-11-01&to=2026-11-01",
        ] {
            assert_eq!(ask(query).unwrap_err().status(), 400, "{query}");
        }
    }
}
