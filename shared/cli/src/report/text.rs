//! A report as lines.

use serde_json::Value;

const COLUMNS: [&str; 8] =
    ["VARIANT", "PEOPLE", "CONVERTED", "RATE", "UPLIFT", "ALWAYS VALID, 95 %", "PER PERSON", "UPLIFT"];

pub(super) fn percent(value: &Value) -> String {
    value.as_f64().map_or_else(|| "-".to_owned(), |part| format!("{:+.1}%", part * 100.0))
}

/// A share as people write it: `2.05%`.
pub(super) fn percent_of(part: f64) -> String {
    format!("{:.2}%", part * 100.0)
}

fn interval(compared: &Value) -> String {
    let ends = [&compared["interval"]["low"], &compared["interval"]["high"]];
    let [Some(_), Some(_)] = ends.map(Value::as_f64) else { return "-".to_owned() };
    format!("{} to {}", percent(ends[0]), percent(ends[1]))
}

fn row(variant: &Value) -> Vec<String> {
    let count = |name: &str| variant[name].as_u64().unwrap_or_default().to_string();
    let (compared, revenue) = (&variant["compared"], &variant["revenue"][0]);
    let per_person = revenue["perPerson"].as_f64();
    let per_person = per_person.map_or_else(
        || "-".to_owned(),
        |minor| format!("{:.2} {}", minor / 100.0, revenue["currency"].as_str().unwrap_or_default()),
    );
    vec![
        variant["id"].as_str().unwrap_or_default().to_owned(),
        count("people"),
        count("converted"),
        format!("{:.2}%", variant["rate"].as_f64().unwrap_or_default() * 100.0),
        percent(&compared["uplift"]),
        interval(compared),
        per_person,
        interval(&revenue["compared"]),
    ]
}

/// The whole report.
pub(super) fn lines(report: &Value) -> Vec<String> {
    let experiment = &report["experiment"];
    let text = |name: &str| experiment[name].as_str().unwrap_or_default();
    let people = report["people"].as_u64().unwrap_or_default();
    let mut lines = vec![format!(
        "{} (run {}, {}): {people} people, goal {}",
        text("id"),
        report["run"],
        if experiment["killed"] == true { "killed" } else { text("status") },
        text("goal")
    )];
    let variants: Vec<&Value> = report["variants"].as_array().into_iter().flatten().collect();
    let mut rows = vec![COLUMNS.map(str::to_owned).to_vec()];
    rows.extend(variants.iter().map(|variant| row(variant)));
    lines.extend(crate::failed::aligned(&rows));
    let ratio = &report["sampleRatio"];
    if ratio["warning"] == true {
        let p_value = ratio["pValue"].as_f64().unwrap_or_default();
        lines.push(format!(
            "WARNING: people were not divided as they were to be (p = {p_value:.1e}): do not believe the comparison"
        ));
    }
    let crossed: u64 = variants.iter().filter_map(|variant| variant["crossedOver"].as_u64()).sum();
    if crossed > 0 {
        lines.push(format!(
            "{crossed} crossed over: shown two variants before two of their devices were known to be one person's"
        ));
    }
    lines.push(report["verdict"].as_str().unwrap_or_default().to_owned());
    lines.push(String::new());
    lines
}
