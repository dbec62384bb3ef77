//! CloudWatch's embedded metric format, as its specification has it:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use super::{Measures, Metric};
use beckon_domain::Timestamp;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Values of one metric in a line at most (specification, "Target members").
pub const VALUES_MAX: usize = 100;

/// What was measured, as log lines, each with its line feed: one of the dimension `Function`, and one more for each
/// reason that occurred, because a line has one value of a dimension. Nothing when nothing was measured. More values than
/// a line takes are told by as many of them, evenly from the least to the greatest, so that percentiles stand.
#[must_use]
pub fn lines(measures: &Measures, namespace: &str, at: Timestamp) -> String {
    let mut text = String::new();
    let mut targets: BTreeMap<Metric, String> = BTreeMap::new();
    targets.extend(measures.numbers.iter().map(|(metric, number)| (*metric, number.to_string())));
    targets.extend(measures.values.iter().map(|(metric, values)| (*metric, array(values))));
    line(&mut text, (measures, namespace, at), None, &targets);
    for (reason, parts) in &measures.split {
        let targets = parts.iter().map(|(metric, number)| (*metric, number.to_string())).collect();
        line(&mut text, (measures, namespace, at), Some(reason), &targets);
    }
    text
}

fn line(
    text: &mut String,
    (measures, namespace, at): (&Measures, &str, Timestamp),
    reason: Option<&str>,
    targets: &BTreeMap<Metric, String>,
) {
    if targets.is_empty() {
        return;
    }
    let namespace = serde_json::Value::from(namespace);
    let dimensions = if reason.is_some() { r#"["Function","Reason"]"# } else { r#"["Function"]"# };
    // Writing to a text cannot fail.
    let _ = write!(
        text,
        r#"{{"_aws":{{"Timestamp":{},"CloudWatchMetrics":[{{"Namespace":{namespace},"Dimensions":[{dimensions}],"Metrics":["#,
        at.as_ms(),
    );
    for (index, metric) in targets.keys().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(text, r#"{comma}{{"Name":"{}","Unit":"{}"}}"#, metric.name(), metric.unit().name());
    }
    let _ = write!(text, r#"]}}]}},"Function":"{}""#, measures.function.name());
    if let Some(reason) = reason {
        let _ = write!(text, r#","Reason":"{reason}""#);
    }
    for (metric, target) in targets {
        let _ = write!(text, r#","{}":{target}"#, metric.name());
    }
    text.push_str("}\n");
}

fn array(values: &[u64]) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let count = sorted.len().min(VALUES_MAX);
    let last = sorted.len().saturating_sub(1);
    let mut text = String::from("[");
    for index in 0..count {
        let place = if count > 1 { index * last / (count - 1) } else { 0 };
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(text, "{comma}{}", sorted[place]);
    }
    text.push(']');
    text
}
