//! `beckon report engagement`: what became of decisions, through the admin API of `beckon serve` or of a stack.

use super::text::percent_of;
use crate::error::CliError;
use crate::plot::{self, Axis, LineChart, Series, Stroke};
use crate::rules::place::PlaceArgs;
use clap::Args;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Groups that a plot shows at most: those with most views.
const PLOTTED_MAX: usize = 6;

/// Arguments of `beckon report engagement`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon report engagement                             what became of each rule's decisions in four weeks
  beckon report engagement --by source                 which strategies people click and buy from
  beckon report engagement --from 2026-11-01 --to 2026-11-23 --json
  beckon report engagement --plot clicks.svg           click rates by day

A view is a decision that was seen (beckon.js), a click the first one in it. An order is credited to the decision that it names
(direct), and to the first and the last touch before it: of clicks within a week, else of views within a day. STOPPED PAYING
compares each rule's last seven days with the 28 before them; it says nothing of a rule that too few have seen.")]
pub struct EngagementArgs {
    /// The first day, such as 2026-11-01 [default: 27 days before the last]
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// The last day [default: today, in UTC]
    #[arg(long, value_name = "DAY")]
    to: Option<String>,
    /// rule, offer, slot or source
    #[arg(long, value_name = "WHAT", default_value = "rule")]
    by: String,
    /// Draw the click rates by day into this file (SVG)
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Prints what became of decisions.
///
/// # Errors
/// When the plot cannot be written, or the admin API does not do what was asked.
pub(super) async fn run(args: EngagementArgs) -> Result<(), CliError> {
    if let Some(path) = &args.plot {
        super::must_be_svg(path)?;
    }
    let admin = args.place.open().await?;
    let mut query = vec![("by", args.by)];
    query.extend(args.from.map(|from| ("from", from)));
    query.extend(args.to.map(|to| ("to", to)));
    let report = admin.get("/reports/engagement", &query).await?.done(None)?;
    if let Some(path) = &args.plot {
        plot::write(path, &chart(&report).svg())?;
    }
    if args.json {
        crate::say(format_args!("{report:#}"));
    } else {
        lines(&report).iter().for_each(crate::say);
    }
    Ok(())
}

const COLUMNS: [&str; 8] = [
    "",
    "VIEWS",
    "CLICKS",
    "RATE",
    "95 %",
    "ORDERS (LAST/FIRST/DIRECT)",
    "CONVERTED (LAST)",
    "REVENUE (LAST)",
];

/// What a group is called.
fn name(group: &Value) -> &str {
    match group["key"].as_str() {
        Some(key) => key,
        None if group["other"] == true => "(others)",
        None => "(none)",
    }
}

fn interval(rate: &Value) -> String {
    let ends = [&rate["interval"]["low"], &rate["interval"]["high"]];
    match ends.map(Value::as_f64) {
        [Some(low), Some(high)] => format!("{} to {}", percent_of(low), percent_of(high)),
        _ => "-".to_owned(),
    }
}

fn rate(rate: &Value) -> String {
    rate["rate"].as_f64().map_or_else(|| "-".to_owned(), percent_of)
}

fn row(group: &Value) -> Vec<String> {
    let credit = |model: &str| {
        let all = group["credit"].as_array().into_iter().flatten();
        all.clone().find(|credit| credit["model"] == model).cloned().unwrap_or_default()
    };
    let orders = |model: &str| credit(model)["orders"].as_u64().unwrap_or_default();
    let last = credit("last");
    let paid = last["revenue"].as_array().into_iter().flatten().map(|paid| {
        let minor = paid["total"].as_f64().unwrap_or_default();
        format!("{:.2} {}", minor / 100.0, paid["currency"].as_str().unwrap_or_default())
    });
    let paid: Vec<String> = paid.collect();
    vec![
        name(group).to_owned(),
        group["views"].to_string(),
        group["clicks"].to_string(),
        rate(&group["clickRate"]),
        interval(&group["clickRate"]),
        format!("{} / {} / {}", orders("last"), orders("first"), orders("direct")),
        rate(&last["conversionRate"]),
        if paid.is_empty() { "-".to_owned() } else { paid.join(", ") },
    ]
}

/// The whole report.
pub(super) fn lines(report: &Value) -> Vec<String> {
    let text = |name: &str| report[name].as_str().unwrap_or_default();
    let mut lines = vec![format!("decisions by {}, {} to {}", text("by"), text("from"), text("to"))];
    let mut rows = vec![COLUMNS.map(str::to_owned).to_vec()];
    rows[0][0] = text("by").to_uppercase();
    rows.extend(report["groups"].as_array().into_iter().flatten().map(row));
    lines.extend(crate::failed::aligned(&rows));
    lines.push(String::new());
    let stopped = &report["stoppedPaying"];
    let asked = stopped["asked"].as_u64().unwrap_or_default();
    lines.push(format!(
        "STOPPED PAYING: seven days until {} against the 28 before, {asked} comparisons",
        stopped["until"].as_str().unwrap_or_default()
    ));
    let rules: Vec<&Value> = stopped["rules"].as_array().into_iter().flatten().collect();
    for rule in &rules {
        lines.push(format!(
            "  {}: {} {}, were {} ({}); p = {:.1e} with regard to the others",
            rule["rule"].as_str().unwrap_or_default(),
            rule["metric"].as_str().unwrap_or_default(),
            rate(&rule["lately"]),
            rate(&rule["before"]),
            interval(&rule["before"]),
            rule["pValue"].as_f64().unwrap_or_default()
        ));
    }
    if rules.is_empty() {
        let said =
            if asked == 0 { "too few have seen any rule to say anything" } else { "no fall is certain" };
        lines.push(format!("  {said}"));
    }
    lines
}

/// Click rates by day, of the groups with most views.
pub(super) fn chart(report: &Value) -> LineChart {
    let groups: Vec<&Value> = report["groups"].as_array().into_iter().flatten().take(PLOTTED_MAX).collect();
    let days = |group: &'_ Value| group["days"].as_array().cloned().unwrap_or_default();
    let mut numbers: BTreeMap<String, f64> = BTreeMap::new();
    for day in groups.iter().flat_map(|group| days(group)) {
        numbers.insert(day["day"].as_str().unwrap_or_default().to_owned(), 0.0);
    }
    (1..).zip(numbers.values_mut()).for_each(|(number, of)| *of = f64::from(number));
    let point = |day: &Value| {
        let (views, clicks) = (day["views"].as_f64()?, day["clicks"].as_f64()?);
        let x = *numbers.get(day["day"].as_str()?)?;
        (views > 0.0).then_some((x, 100.0 * clicks / views))
    };
    let series = groups.iter().map(|group| Series {
        name: name(group).to_owned(),
        points: days(group).iter().filter_map(point).collect(),
        stroke: Stroke::Marked,
    });
    let (first, last) = (numbers.keys().next(), numbers.keys().next_back());
    let span = first.zip(last).map_or_else(String::new, |(first, last)| format!(", {first} to {last}"));
    LineChart {
        title: format!("Clicks of decisions seen, by {}{span}", report["by"].as_str().unwrap_or_default()),
        x: Axis::linear("day"),
        y: Axis::linear("clicked (%)"),
        series: series.collect(),
    }
}
