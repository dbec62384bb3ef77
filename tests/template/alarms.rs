//! Alarms: each looks at a metric that there is, is silent at a good series and speaks at a bad one, and leads to a section
//! of RUNBOOK.md that says what to do.

use crate::known::Looked;
use crate::model::{Template, assert_finds, assert_none, read};
use crate::yaml;
use serde_json::Value;
use std::collections::BTreeSet;

/// What each section of the runbook answers.
const QUESTIONS: [&str; 4] = ["**It means**", "**Look**", "**Do**", "**Put again**"];

/// The values of one period; none where nobody wrote any.
type Samples = Vec<f64>;

/// What a statistic makes of the values of a period.
fn statistic(name: &str, samples: &[f64]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (first, last) = (*sorted.first()?, *sorted.last()?);
    let percent: Option<f64> = name.strip_prefix('p').and_then(|text| text.parse().ok());
    Some(match (name, percent) {
        ("SampleCount", _) => sorted.len() as f64,
        ("Sum", _) => sorted.iter().sum(),
        ("Maximum", _) => last,
        ("Minimum", _) => first,
        ("Average", _) => sorted.iter().sum::<f64>() / sorted.len() as f64,
        (_, Some(percent)) => {
            let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
            sorted[rank.clamp(1, sorted.len()) - 1]
        }
        _ => return None,
    })
}

/// A number as it is written, or a parameter's default.
fn number(template: &Template, value: &Value) -> Option<f64> {
    let default = |name: &str| template.root["Parameters"][name]["Default"].as_f64();
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).or_else(|| default(value["Ref"].as_str()?))
}

/// Whether an alarm speaks after these periods, the newest last (CloudWatch user guide, "Evaluating an alarm": M out of N,
/// and what is missing).
fn speaks(template: &Template, alarm: &Value, periods: &[Samples]) -> Result<bool, String> {
    let looked = Looked::by_alarm(alarm);
    let threshold = number(template, &alarm["Threshold"]).ok_or("Threshold is no number")?;
    let whole = |name: &str| number(template, &alarm[name]).map(|number| number as usize);
    let evaluated = whole("EvaluationPeriods").ok_or("EvaluationPeriods is no number")?;
    let needed = whole("DatapointsToAlarm").unwrap_or(evaluated);
    if !(1..=evaluated).contains(&needed) {
        return Err(format!("it can never speak: {needed} of {evaluated}"));
    }
    let is_beyond = |value: f64| match alarm["ComparisonOperator"].as_str() {
        Some("GreaterThanThreshold") => Ok(value > threshold),
        Some("GreaterThanOrEqualToThreshold") => Ok(value >= threshold),
        Some("LessThanThreshold") => Ok(value < threshold),
        Some("LessThanOrEqualToThreshold") => Ok(value <= threshold),
        other => Err(format!("ComparisonOperator {other:?}")),
    };
    let is_missing_bad = alarm["TreatMissingData"] == "breaching";
    let mut count = 0;
    for samples in &periods[periods.len().saturating_sub(evaluated)..] {
        let is_bad = match statistic(&looked.statistic, samples) {
            Some(value) => is_beyond(value)?,
            None if samples.is_empty() => is_missing_bad,
            None => return Err(format!("statistic {}", looked.statistic)),
        };
        count += usize::from(is_bad);
    }
    Ok(count >= needed)
}

fn periods(series: &Value) -> Vec<Samples> {
    let samples = |period: &Value| match period {
        Value::Array(values) => values.iter().filter_map(Value::as_f64).collect(),
        value => value.as_f64().into_iter().collect(),
    };
    series.as_array().into_iter().flatten().map(samples).collect()
}

/// What is wrong with alarms, by series of `series.yaml`.
fn evaluated(template: &Template, series: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let alarms = template.of_type("AWS::CloudWatch::Alarm");
    for (id, alarm) in &alarms {
        faults.extend(Looked::by_alarm(alarm).fault(template).map(|fault| format!("{id}: {fault}")));
        for (kind, expected) in [("good", false), ("bad", true)] {
            let of_kind = series[*id][kind].as_array().cloned().unwrap_or_default();
            if of_kind.is_empty() {
                faults.push(format!("{id}: series.yaml has no {kind} series of it"));
            }
            for one in of_kind {
                match speaks(template, alarm, &periods(&one)) {
                    Ok(found) if found == expected => {}
                    Ok(true) => faults.push(format!("{id}: it speaks at the good series {one}")),
                    Ok(false) => faults.push(format!("{id}: it is silent at the bad series {one}")),
                    Err(what) => faults.push(format!("{id}: {what}")),
                }
            }
        }
    }
    let known: BTreeSet<&str> = alarms.iter().map(|(id, _)| *id).collect();
    let lost =
        series.as_object().into_iter().flatten().map(|(id, _)| id).filter(|id| !known.contains(id.as_str()));
    faults.extend(lost.map(|id| format!("{id}: series.yaml has it, and the template no such alarm")));
    faults
}

/// The sections of a runbook: anchor and text.
fn sections(runbook: &str) -> Vec<(String, &str)> {
    let parts = runbook.split("\n## ").skip(1);
    parts.map(|part| (part.lines().next().unwrap_or_default().to_lowercase(), part)).collect()
}

/// What is wrong between alarms and runbook.
fn told(template: &Template, runbook: &str) -> Vec<String> {
    let (mut faults, mut linked) = (Vec::new(), BTreeSet::new());
    let sections = sections(runbook);
    for (id, alarm) in template.of_type("AWS::CloudWatch::Alarm") {
        let description = alarm["AlarmDescription"].as_str().unwrap_or_default();
        let anchor = description.split("RUNBOOK.md#").nth(1).and_then(|rest| rest.split_whitespace().next());
        match anchor {
            None => faults.push(format!("{id}: AlarmDescription names no RUNBOOK.md#section")),
            Some(anchor) if !sections.iter().any(|(known, _)| known == anchor) => {
                faults.push(format!("{id}: RUNBOOK.md has no section {anchor}"));
            }
            Some(anchor) => _ = linked.insert(anchor.to_owned()),
        }
    }
    for (anchor, text) in &sections {
        if !linked.contains(anchor) {
            faults.push(format!("RUNBOOK.md: no alarm leads to the section {anchor}"));
        }
        let missing = QUESTIONS.iter().filter(|question| !text.contains(*question));
        faults.extend(missing.map(|question| format!("RUNBOOK.md: {anchor} does not say {question}")));
    }
    faults
}

#[test]
fn every_alarm_is_silent_at_a_good_series_and_speaks_at_a_bad_one() {
    let series = yaml::parse(&read("tests/template/series.yaml")).unwrap();
    assert_none(&evaluated(&Template::own(), &series));
}

#[test]
fn every_alarm_leads_to_its_section_of_the_runbook_and_every_section_has_its_alarm() {
    assert_none(&told(&Template::own(), &read("RUNBOOK.md")));
}

const GOOD: &str = "Parameters: {Limit: {Type: Number, Default: 200}}
Resources:
  SlowAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: Slow. RUNBOOK.md#slow
      Namespace: !Sub Beckon/${AWS::StackName}
      MetricName: DecisionLatency
      Dimensions: [{Name: Function, Value: decisions}]
      ExtendedStatistic: p99
      EvaluationPeriods: 3
      DatapointsToAlarm: 2
      Threshold: !Ref Limit
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
";

#[test]
fn an_alarm_that_says_something_else_is_found() {
    let series = "SlowAlarm: {good: [[200, 200, 200], [900, 5, 5], [900, null, null]], bad: [[5, 201, 201], [300, [], 300]]}";
    let series = yaml::parse(series).unwrap();
    assert_finds(
        |template| evaluated(template, &series),
        GOOD,
        &[
            ("Default: 200", "Default: 199", "speaks at the good series [200,200,200]"),
            ("Default: 200", "Default: 201", "silent at the bad series [5,201,201]"),
            ("GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "speaks at the good"),
            ("GreaterThanThreshold", "LessThanThreshold", "silent at the bad"),
            ("DatapointsToAlarm: 2", "DatapointsToAlarm: 1", "speaks at the good series [900,5,5]"),
            ("DatapointsToAlarm: 2", "DatapointsToAlarm: 4", "can never speak"),
            ("notBreaching", "breaching", "speaks at the good series [900,null,null]"),
            ("p99", "Sum", "Sum of DecisionLatency means nothing"),
            ("MetricName: DecisionLatency", "MetricName: DecisionTime", "no function tells"),
            ("SlowAlarm:", "FastAlarm:", "the template no such alarm"),
        ],
    );
}

#[test]
fn a_percentile_is_a_value_that_was_told() {
    let samples: Samples = (1..=200).map(f64::from).collect();
    let of = |name: &str| statistic(name, &samples).unwrap();
    assert_eq!([of("p50"), of("p95"), of("p99"), of("p100")], [100.0, 190.0, 198.0, 200.0]);
    assert_eq!((statistic("p99", &[7.0]), statistic("p99", &[])), (Some(7.0), None));
}

#[test]
fn a_missing_section_and_one_without_an_alarm_are_found() {
    let body = "\n**It means** x\n**Look** x\n**Do** x\n**Put again** x\n";
    let runbook = format!("# R\n\n## Slow\n{body}");
    let of = |runbook: String| told(&Template::parse(GOOD).unwrap(), &runbook);
    assert_none(&of(runbook.clone()));
    assert!(of(runbook.replace("## Slow", "## Late"))[0].contains("no section slow"));
    assert!(of(format!("{runbook}\n## Lost\n{body}"))[0].contains("no alarm leads to the section lost"));
    assert!(of(runbook.replace("**Do** x", ""))[0].contains("does not say **Do**"));
    let mute = Template::parse(&GOOD.replace(" RUNBOOK.md#slow", "")).unwrap();
    assert!(told(&mute, &runbook)[0].contains("names no RUNBOOK.md#section"));
}
