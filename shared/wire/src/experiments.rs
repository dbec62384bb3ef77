//! The admin API for experiments (`/admin/v1/experiments`, `/admin/v1/reports/experiments/{id}`): what a server asks and what it
//! is told.

use crate::admin::{ChangeAnswer, object, query, refused, words};
use crate::limits::{BY_CHARS_MAX, NOTE_CHARS_MAX};
use crate::problem::{Fault, Problem};
use axum::http::Uri;
use serde::{Deserialize, Serialize};

/// The body of a stop.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StopAsk {
    /// The variant that everybody sees from now on.
    pub winner: Option<String>,
    /// Why.
    pub note: Option<String>,
    /// Who, in the caller's words.
    pub by: Option<String>,
    /// Only if this version is live.
    pub expect: Option<String>,
}

/// The body of a kill.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KillAsk {
    /// Why.
    pub note: Option<String>,
    /// Who, in the caller's words.
    pub by: Option<String>,
    /// Only if this version is live.
    pub expect: Option<String>,
}

/// The body of a ramp.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RampAsk {
    /// How large a part of all people the experiment takes, in percent.
    pub percent: f64,
    /// Why.
    #[serde(default)]
    pub note: Option<String>,
    /// Who, in the caller's words.
    #[serde(default)]
    pub by: Option<String>,
    /// Only if this version is live.
    #[serde(default)]
    pub expect: Option<String>,
}

/// The query of a report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportAsk {
    /// Which run; the live one when left out.
    pub run: Option<u16>,
}

impl ReportAsk {
    /// Reads the query.
    ///
    /// # Errors
    /// 400 when it has a field that is not known, or the run is no number.
    pub fn parse(uri: &Uri) -> Result<Self, Problem> {
        query(uri)
    }
}

impl StopAsk {
    /// Reads the body; an empty one names no winner.
    ///
    /// # Errors
    /// 400 when it is no such object, or a text is too long.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let ask: Self = object(body, r#"{"winner": "b"}"#)?;
        let (note, by) = (words("note", ask.note, NOTE_CHARS_MAX)?, words("by", ask.by, BY_CHARS_MAX)?);
        let winner = words("winner", ask.winner, BY_CHARS_MAX)?;
        Ok(Self { winner, note, by, ..ask })
    }
}

impl KillAsk {
    /// Reads the body; it may be empty.
    ///
    /// # Errors
    /// 400 when it is no such object, or a text is too long.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let ask: Self = object(body, r#"{"note": "why"}"#)?;
        let (note, by) = (words("note", ask.note, NOTE_CHARS_MAX)?, words("by", ask.by, BY_CHARS_MAX)?);
        Ok(Self { note, by, ..ask })
    }
}

impl RampAsk {
    /// Reads the body.
    ///
    /// # Errors
    /// 400 when it is no such object, the percentage is none, or a text is too long.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let ask: Self = object(body, r#"{"percent": 25}"#)?;
        if !(0.0..=100.0).contains(&ask.percent) {
            return Err(refused(Fault::new("/percent", "schema.value", "expected a number from 0 to 100")));
        }
        let (note, by) = (words("note", ask.note, NOTE_CHARS_MAX)?, words("by", ask.by, BY_CHARS_MAX)?);
        Ok(Self { note, by, ..ask })
    }
}

/// A variant.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VariantAnswer {
    /// Its name.
    pub id: String,
    /// Its share of those who are in the experiment, from 0 to 1.
    pub weight: f64,
}

/// An experiment.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExperimentAnswer {
    /// Its name; `beckon.holdout` is that of all personalization.
    pub id: String,
    /// Which run of it, from 1.
    pub run: u16,
    /// `draft`, `running` or `stopped`.
    pub status: &'static str,
    /// The variant that everybody sees since it was stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub winner: Option<String>,
    /// Whether it is switched off: everybody sees the control, and nothing is counted.
    pub killed: bool,
    /// How large a part of all people it takes now, in percent.
    pub percent: f64,
    /// What it is judged by.
    pub goal: String,
    /// How long after being shown a variant what a person does counts, in seconds.
    pub window_secs: u64,
    /// What is compared, the control first.
    pub variants: Vec<VariantAnswer>,
}

/// All experiments, and how they became live.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExperimentsAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The version that is live; nothing when none was ever published: then there is the holdout alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How it became live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeAnswer>,
    /// The experiments, the holdout first.
    pub experiments: Vec<ExperimentAnswer>,
}

/// What became of a publish, a rollback or a switch.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExperimentsChangedAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The version that is live now, or would be.
    pub version: String,
    /// The version that was live before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Whether it was not live already.
    pub changed: bool,
    /// Whether nothing was done.
    pub dry_run: bool,
    /// Number of the change, when one was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
}

/// What is wrong with a document, or that nothing is.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExperimentsCheckAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// Whether it could be published beside the ruleset that is live.
    pub valid: bool,
    /// Its version, when it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its experiments, when it can be read.
    pub experiments: Vec<ExperimentAnswer>,
    /// What is wrong with it, each with its line and column.
    pub problems: Vec<Fault>,
}

/// From where to where.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntervalAnswer {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How a variant compares with the control by one metric.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ComparedAnswer {
    /// How much more it has, as a part of the control's: 0.1 is a tenth more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uplift: Option<f64>,
    /// Always valid: the true uplift is in it at every look, in 95 of 100 experiments. Missing until there are enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<IntervalAnswer>,
    /// Always valid.
    pub p_value: f64,
    /// `too_few`, `no_difference_seen`, `better`, `worse` or `sample_ratio_mismatch`.
    pub verdict: &'static str,
    /// Whole days until a tenth more or less would be seen four times of five, at the pace of the last days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_left: Option<u64>,
}

/// What people of a variant paid, in one currency.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RevenueAnswer {
    /// ISO 4217.
    pub currency: String,
    /// All together, in minor units.
    pub total: i64,
    /// For each person, those who paid nothing included, in minor units.
    pub per_person: f64,
    /// Against the control; nothing for the control itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared: Option<ComparedAnswer>,
}

/// How often a goal was reached.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GoalAnswer {
    /// The goal.
    pub goal: String,
    /// People who reached it.
    pub people: u64,
    /// How often.
    pub times: u64,
}

/// What became of the people of one variant.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct VariantReportAnswer {
    /// Its name.
    pub id: String,
    /// Its share, from 0 to 1.
    pub weight: f64,
    /// People who were shown it first.
    pub people: u64,
    /// Those among them who were shown another one too.
    pub crossed_over: u64,
    /// People who reached the goal.
    pub converted: u64,
    /// How often they did.
    pub conversions: u64,
    /// People who converted, of all.
    pub rate: f64,
    /// Against the control; nothing for the control itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared: Option<ComparedAnswer>,
    /// What they paid.
    pub revenue: Vec<RevenueAnswer>,
    /// The other goals.
    pub goals: Vec<GoalAnswer>,
}

/// Whether people were divided as they were to be.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SampleRatioAnswer {
    /// How likely such a division is at one look (chi-square).
    pub p_value: f64,
    /// The same, however often one looks.
    pub always_valid_p_value: f64,
    /// Below 0.001: the comparison is not to be believed.
    pub warning: bool,
}

/// What was known of a variant at the end of a day (UTC).
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DayAnswer {
    /// The day, such as `2026-11-23`.
    pub day: String,
    /// The variant.
    pub variant: String,
    /// People until then.
    pub people: u64,
    /// Those who converted until then.
    pub converted: u64,
    /// Against the control.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uplift: Option<f64>,
    /// Its always-valid interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<IntervalAnswer>,
}

/// What came of an experiment so far.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReportAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The experiment, as it is live.
    pub experiment: ExperimentAnswer,
    /// Which run is told of.
    pub run: u16,
    /// Whether every row was read: of a run with too many for one request nothing is concluded.
    pub complete: bool,
    /// Everybody who was shown a variant.
    pub people: u64,
    /// How they were divided.
    pub sample_ratio: SampleRatioAnswer,
    /// The variants, the control first.
    pub variants: Vec<VariantReportAnswer>,
    /// What may be said, in words.
    pub verdict: String,
    /// The goal, day by day.
    pub days: Vec<DayAnswer>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_misspelt_is_refused_and_never_ignored() {
        assert_eq!(StopAsk::parse(b"").unwrap(), StopAsk::default());
        assert_eq!(StopAsk::parse(br#"{"winner":"b"}"#).unwrap().winner.as_deref(), Some("b"));
        assert_eq!(RampAsk::parse(br#"{"percent":12.5,"note":"more"}"#).unwrap().percent, 12.5);
        for body in ["[]", "{", r#"{"winer":"b"}"#, r#"{"winner":1}"#] {
            assert_eq!(StopAsk::parse(body.as_bytes()).unwrap_err().status(), 400, "{body}");
        }
        for body in ["", "{}", r#"{"percent":101}"#, r#"{"percent":-1}"#, r#"{"percent":"5%"}"#] {
            assert_eq!(RampAsk::parse(body.as_bytes()).unwrap_err().status(), 400, "{body}");
        }
        assert!(KillAsk::parse(br#"{"note":"a\nb"}"#).is_err());
    }
}
