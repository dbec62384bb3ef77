//! Alarms: each looks at a metric that there is, is silent at a good series and speaks at a bad one, and leads to a section
//! of RUNBOOK.md that says what to do.

use crate::known::Looked;
use crate::model::{Template, assert_finds, assert_none, each, read, render};
use crate::yaml;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

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

/// Metrics that an expression of an alarm takes at most (CloudWatch user guide, "Alarm data queries").
const METRICS_MAX: usize = 10;

/// What is wrong with an alarm's expression. One kind is understood: the sum, in which what is missing is nothing.
fn of_expression(alarm: &Value) -> Option<String> {
    let (told, looked): (Vec<&Value>, Vec<&Value>) =
        each(&alarm["Metrics"]).into_iter().partition(|metric| !metric["Expression"].is_null());
    let ids: Vec<String> = looked.iter().map(|metric| format!("FILL({},0)", render(&metric["Id"]))).collect();
    let [told] = told.as_slice() else { return Some("it must have one expression".to_owned()) };
    let expression: String = render(&told["Expression"]).split_whitespace().collect();
    let periods: BTreeSet<String> =
        looked.iter().map(|one| one["MetricStat"]["Period"].to_string()).collect();
    if expression != format!("SUM([{}])", ids.join(",")) {
        Some(format!("{expression} is not the sum of its metrics, filled with 0"))
    } else if looked.len() > METRICS_MAX {
        Some(format!("{} metrics: CloudWatch takes {METRICS_MAX}", looked.len()))
    } else if told["ReturnData"] != true || looked.iter().any(|metric| metric["ReturnData"] != false) {
        Some("ReturnData must be true of the expression alone".to_owned())
    } else if periods.len() != 1 || periods.contains("null") {
        Some("its metrics must have one Period".to_owned())
    } else {
        None
    }
}

/// Periods of each metric of an alarm, by its id, the newest last.
type Series = BTreeMap<String, Vec<Samples>>;

/// What an alarm compares in each period, the newest last.
fn values(alarm: &Value, series: &Series, count: usize) -> Result<Vec<Option<f64>>, String> {
    let looked = Looked::by_alarm(alarm);
    let mut values = vec![None; count];
    for (back, value) in values.iter_mut().rev().enumerate() {
        for (id, looked) in &looked {
            let periods = series.get(id).map(Vec::as_slice).unwrap_or_default();
            let samples = periods.iter().rev().nth(back).map(Vec::as_slice).unwrap_or_default();
            let found = statistic(&looked.statistic, samples);
            if found.is_none() && !samples.is_empty() {
                return Err(format!("statistic {}", looked.statistic));
            }
            *value = match (found, id.as_str()) {
                (found, "") => found,
                (found, _) => Some(value.unwrap_or_default() + found.unwrap_or_default()),
            };
        }
    }
    Ok(values)
}

/// Whether an alarm speaks after these periods, the newest last (CloudWatch user guide, "Evaluating an alarm": M out of N,
/// and what is missing).
fn speaks(template: &Template, alarm: &Value, series: &Series) -> Result<bool, String> {
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
    let length = series.values().map(Vec::len).max().unwrap_or_default();
    let mut count = 0;
    for value in values(alarm, series, length.min(evaluated))? {
        count += usize::from(value.map_or(Ok(is_missing_bad), is_beyond)?);
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

/// A series of one metric, or of those of an expression, by their ids.
fn by_id(series: &Value) -> Series {
    match series {
        Value::Object(metrics) => metrics.iter().map(|(id, one)| (id.clone(), periods(one))).collect(),
        one => BTreeMap::from([(String::new(), periods(one))]),
    }
}

/// What is wrong with the names in an alarm's series: one that it does not look at, or one that no bad series has.
fn unnamed(alarm: &Value, series: &Value) -> Vec<String> {
    let of = |kind: &str| -> BTreeSet<String> {
        series[kind].as_array().into_iter().flatten().flat_map(|one| by_id(one).into_keys()).collect()
    };
    let known: BTreeSet<String> = Looked::by_alarm(alarm).into_iter().map(|(id, _)| id).collect();
    let (good, bad) = (of("good"), of("bad"));
    let lost = good.union(&bad).filter(|id| !known.contains(*id));
    let lost = lost.map(|id| format!("series.yaml has {id}, and it looks at no such metric"));
    lost.chain(known.difference(&bad).map(|id| format!("series.yaml has no bad series of {id}"))).collect()
}

/// What is wrong with alarms, by series of `series.yaml`.
fn evaluated(template: &Template, series: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let alarms = template.of_type("AWS::CloudWatch::Alarm");
    for (id, alarm) in &alarms {
        let looked = Looked::by_alarm(alarm);
        faults.extend(
            looked.iter().filter_map(|(_, one)| one.fault(template)).map(|fault| format!("{id}: {fault}")),
        );
        if !alarm["Metrics"].is_null() {
            faults.extend(of_expression(alarm).map(|fault| format!("{id}: {fault}")));
        }
        for (kind, expected) in [("good", false), ("bad", true)] {
            let of_kind = series[*id][kind].as_array().cloned().unwrap_or_default();
            if of_kind.is_empty() {
                faults.push(format!("{id}: series.yaml has no {kind} series of it"));
            } else if expected {
                faults.extend(unnamed(alarm, &series[*id]).into_iter().map(|fault| format!("{id}: {fault}")));
            }
            for one in of_kind {
                match speaks(template, alarm, &by_id(&one)) {
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

const SUM: &str = "Resources:
  TableAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Metrics:
        - {Id: get, ReturnData: false, MetricStat: {Period: 60, Stat: Sum, Metric: {Namespace: AWS/DynamoDB,
            MetricName: SystemErrors, Dimensions: [{Name: TableName, Value: t}, {Name: Operation, Value: GetItem}]}}}
        - {Id: put, ReturnData: false, MetricStat: {Period: 60, Stat: Sum, Metric: {Namespace: AWS/DynamoDB,
            MetricName: SystemErrors, Dimensions: [{Name: TableName, Value: t}, {Name: Operation, Value: PutItem}]}}}
        - {Id: all, ReturnData: true, Expression: 'SUM([FILL(get, 0), FILL(put, 0)])'}
      EvaluationPeriods: 2
      Threshold: 2
      ComparisonOperator: GreaterThanOrEqualToThreshold
      TreatMissingData: notBreaching
";

#[test]
fn an_alarm_on_a_sum_is_evaluated_by_its_metrics() {
    let series = "TableAlarm: {good: [{get: [9, 1], put: [9, 0]}, {put: [5, null]}], bad: [{get: [1, 2], put: [1, null]}]}";
    let series = yaml::parse(series).unwrap();
    assert_finds(
        |template| evaluated(template, &series),
        SUM,
        &[
            ("Threshold: 2", "Threshold: 3", "silent at the bad series"),
            ("Threshold: 2", "Threshold: 1", "speaks at the good series"),
            ("FILL(put, 0)", "put", "is not the sum of its metrics"),
            ("Id: put", "Id: write", "has put, and it looks at no such metric"),
            ("Value: PutItem", "Value: PutItem}, {Name: Index, Value: i", "AWS writes no"),
            ("ReturnData: true", "ReturnData: false", "ReturnData must be true of the expression alone"),
            ("{Period: 60, Stat: Sum", "{Period: 300, Stat: Sum", "one Period"),
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
