//! The dashboard: it is JSON, its widgets do not lie on each other, and each looks at metrics that somebody writes.

use crate::known::Looked;
use crate::model::{Template, assert_finds, assert_none, render};
use serde_json::Value;

/// Columns of a dashboard (CloudWatch user guide, "Dashboard body structure and syntax").
const COLUMNS: u64 = 24;
/// What somebody wants to see at a glance.
const SUBJECTS: [&str; 6] = ["Traffic", "End-to-end latency", "Freshness", "Decisions", "Mail", "Cost"];

fn faults(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, dashboard) in template.of_type("AWS::CloudWatch::Dashboard") {
        let body: Value = match serde_json::from_str(&render(&dashboard["DashboardBody"])) {
            Ok(body) => body,
            Err(error) => {
                faults.push(format!("{id}: DashboardBody is not JSON: {error}"));
                continue;
            }
        };
        let widgets = body["widgets"].as_array().cloned().unwrap_or_default();
        let title = |widget: &Value| widget["properties"]["title"].as_str().unwrap_or_default().to_owned();
        let missing = SUBJECTS.iter().filter(|s| !widgets.iter().any(|w| title(w).starts_with(*s)));
        faults.extend(missing.map(|subject| format!("{id}: no widget shows {subject}")));
        for (index, widget) in widgets.iter().enumerate() {
            let name = title(widget);
            let found = metrics(widget);
            if found.is_empty() {
                faults.push(format!("{id}: {name}: it looks at nothing"));
            }
            let of_metrics = found.iter().filter_map(|looked| looked.fault(template));
            faults.extend(of_metrics.map(|fault| format!("{id}: {name}: {fault}")));
            let (left, _, right, _) = place(widget);
            if right > COLUMNS || left >= right {
                faults.push(format!("{id}: {name}: it stands beside the page"));
            }
            let over = widgets[..index].iter().find(|other| overlap(place(other), place(widget)));
            faults.extend(over.map(|other| format!("{id}: {name} lies on {}", title(other))));
        }
    }
    faults
}

/// Left, top, right, bottom.
fn place(widget: &Value) -> (u64, u64, u64, u64) {
    let number = |name: &str| widget[name].as_u64().unwrap_or_default();
    let (x, y) = (number("x"), number("y"));
    (x, y, x + number("width"), y + number("height"))
}

fn overlap(one: (u64, u64, u64, u64), other: (u64, u64, u64, u64)) -> bool {
    one.0 < other.2 && other.0 < one.2 && one.1 < other.3 && other.1 < one.3
}

/// What a widget looks at: namespace, name, dimensions one after the other, and in the end how.
fn metrics(widget: &Value) -> Vec<Looked> {
    let rows = widget["properties"]["metrics"].as_array().into_iter().flatten();
    let looked = |row: &Value| {
        let texts: Vec<String> =
            row.as_array().into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect();
        let how = row.as_array().and_then(|row| row.last());
        let pairs = texts.get(2..).unwrap_or_default().chunks_exact(2);
        Looked {
            namespace: texts.first().cloned().unwrap_or_default(),
            name: texts.get(1).cloned().unwrap_or_default(),
            dimensions: pairs.map(|pair| (pair[0].clone(), pair[1].clone())).collect(),
            statistic: how.and_then(|how| how["stat"].as_str()).unwrap_or_default().to_owned(),
        }
    };
    rows.map(looked).collect()
}

#[test]
fn the_dashboard_shows_metrics_that_there_are() {
    let template = Template::own();
    assert_eq!(template.of_type("AWS::CloudWatch::Dashboard").len(), 1);
    assert_none(&faults(&template));
}

#[test]
fn a_widget_that_shows_nothing_is_found() {
    let widget = |title: &str, x: u64, metric: &str| {
        format!(
            "{{\"x\": {x}, \"y\": 0, \"width\": 4, \"height\": 6, \
             \"properties\": {{\"title\": \"{title}\", \"metrics\": [{metric}]}}}}"
        )
    };
    let own = |rest: &str| format!("[\"Beckon/${{AWS::StackName}}\", {rest}]");
    let sums = own("\"EventsAccepted\", \"Function\", \"collector\", {\"stat\": \"Sum\"}");
    let late = own("\"EventLatency\", \"Function\", \"profiler\", {\"stat\": \"p95\"}");
    let mails =
        own("\"MailsNotSent\", \"Function\", \"cart-mailer\", \"Reason\", \"UNKNOWN\", {\"stat\": \"Sum\"}");
    let of_aws = "[\"AWS/ApiGateway\", \"5xx\", \"ApiId\", \"${HttpApi}\", {\"stat\": \"Sum\"}]";
    let shown = [&sums, &late, &late, &sums, &mails, of_aws];
    let widgets: Vec<String> =
        (0_u64..).zip(SUBJECTS).zip(shown).map(|((n, title), metric)| widget(title, n * 4, metric)).collect();
    let good = format!(
        "Resources:\n  D:\n    Type: AWS::CloudWatch::Dashboard\n    Properties:\n      DashboardBody: !Sub |\n        \
         {{\"widgets\": [{}]}}\n",
        widgets.join(", ")
    );
    assert_finds(
        faults,
        &good,
        &[
            ("\"widgets\": [", "\"widgets\": ", "is not JSON"),
            ("\"Traffic\"", "\"Other\"", "no widget shows Traffic"),
            ("EventsAccepted", "EventsTaken", "no function tells"),
            ("\"collector\"", "\"profiler\"", "it is collector that tells"),
            ("\"Sum\"", "\"p99\"", "p99 of EventsAccepted means nothing"),
            ("\"Reason\"", "\"Person\"", "is not split by"),
            ("\"5xx\"", "\"5XXError\"", "AWS writes no"),
            ("\"x\": 4", "\"x\": 3", "lies on Traffic"),
            ("\"x\": 20", "\"x\": 21", "beside the page"),
        ],
    );
}
