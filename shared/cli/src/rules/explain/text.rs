//! An explanation in lines.

use serde_json::Value;
use std::fmt::Write;

/// What is said, slot by slot, then of the person.
pub(super) fn text(answer: &Value) -> String {
    let mut text = String::new();
    let version = answer["configVersion"].as_str().unwrap_or("?");
    let at = answer["at"].as_str().or_else(|| answer["profile"]["asOf"].as_str());
    let known = match (answer["events"].as_u64(), answer["profile"]["state"].as_str(), at) {
        (Some(count), _, Some(at)) => format!("after {count} events, as of {at}"),
        (_, Some("none"), _) | (_, None, None) => "nothing is known of the person".to_owned(),
        (_, state, at) => format!("{}, last event {}", state.unwrap_or("known"), at.unwrap_or("never")),
    };
    let _ = writeln!(text, "{version}: {known}");
    for decision in list(&answer["decisions"]) {
        slot(&mut text, decision);
    }
    part(&mut text, "segments", &answer["segments"]);
    part(&mut text, "rules that act by themselves", &answer["acting"]);
    text
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn slot(text: &mut String, decision: &Value) {
    let slot = decision["slotId"].as_str().unwrap_or("?");
    let why = match (decision["reason"]["ruleId"].as_str(), decision["reason"]["code"].as_str()) {
        (Some(rule), _) => format!("rule {rule}"),
        (None, code) => code.unwrap_or("?").to_owned(),
    };
    let shows = decision["shows"].as_str().map(ToOwned::to_owned);
    let shows = shows.unwrap_or_else(|| {
        let items: Vec<&str> =
            list(&decision["items"]).filter_map(|item| item["productId"].as_str()).collect();
        let offer = decision["offer"]["id"].as_str().map(|id| format!("the offer {id}"));
        format!("{} ({why})", offer.unwrap_or_else(|| items.join(", ")))
    });
    let _ = writeln!(text, "\n{slot} shows {shows}");
    for rule in list(&decision["explanation"]) {
        self::rule(text, rule);
    }
}

fn part(text: &mut String, title: &str, rules: &Value) {
    if list(rules).next().is_none() {
        return;
    }
    let _ = writeln!(text, "\n{title}");
    for rule in list(rules) {
        self::rule(text, rule);
    }
}

fn rule(text: &mut String, rule: &Value) {
    let priority =
        rule["priority"].as_i64().map_or_else(String::new, |priority| format!(" (priority {priority})"));
    let verdict = match rule["verdict"].as_str().unwrap_or_default() {
        "won" => "is shown",
        "outranked" => "holds, and a higher one is shown",
        "empty" => "holds, and has nothing to show",
        "holds" => "holds",
        "not_active" => "is not active now",
        "not_asked" => "asks about a person who is not known, or does not agree",
        _ => "does not hold",
    };
    let near = rule["near_miss"].as_str().map_or_else(String::new, |near| format!("; missing: {near}"));
    let _ = writeln!(text, "  {}{priority} {verdict}{near}", rule["id"].as_str().unwrap_or("?"));
    condition(text, &rule["condition"], 2);
}

fn condition(text: &mut String, explained: &Value, depth: usize) {
    let word = if explained["holds"] == true { "yes" } else { "no " };
    let written = explained["condition"].as_str().unwrap_or("?");
    let read = explained["read"].as_str().map_or_else(String::new, |read| format!("  [{read}]"));
    let _ = writeln!(text, "{:indent$}{word} {written}{read}", "", indent = depth * 2);
    for part in list(&explained["parts"]) {
        condition(text, part, depth + 1);
    }
}
