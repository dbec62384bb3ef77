use super::{chart, engagement, text};
use serde_json::json;

fn report() -> serde_json::Value {
    json!({
        "experiment": { "id": "hero", "status": "running", "killed": false, "goal": "order" }, "run": 1, "people": 2_000,
        "sampleRatio": { "pValue": 0.0000012, "warning": true },
        "variants": [
            { "id": "a", "people": 1_000, "crossedOver": 2, "converted": 100, "rate": 0.1,
              "revenue": [{ "currency": "EUR", "perPerson": 512.4 }] },
            { "id": "b", "people": 1_000, "crossedOver": 1, "converted": 150, "rate": 0.15,
              "compared": { "uplift": 0.5, "interval": { "low": 0.1, "high": 1.05 } }, "revenue": [] },
        ],
        "verdict": "b does better: +10.0 % to +105.0 %",
        "days": [
            { "day": "2026-11-22", "variant": "a", "people": 400, "converted": 40 },
            { "day": "2026-11-22", "variant": "b", "people": 400, "converted": 60, "uplift": 0.4 },
            { "day": "2026-11-23", "variant": "b", "people": 1_000, "converted": 150, "uplift": 0.5,
              "interval": { "low": 0.1, "high": 1.05 } },
        ],
    })
}

#[test]
fn a_report_says_what_is_to_be_said_and_warns_first() {
    let lines = text::lines(&report());
    assert_eq!(lines[0], "hero (run 1, running): 2000 people, goal order");
    assert!(lines[2].contains("10.00%") && lines[2].contains("5.12 EUR"), "{lines:#?}");
    assert!(lines[3].contains("+50.0%  +10.0% to +105.0%"), "{lines:#?}");
    assert!(lines[4].starts_with("WARNING") && lines[4].contains("1.2e-6"), "{lines:#?}");
    assert!(lines[5].starts_with("3 crossed over"), "{lines:#?}");
    assert_eq!(lines[6], "b does better: +10.0 % to +105.0 %");
}

#[test]
fn the_plot_has_a_line_for_each_end_of_the_interval() {
    let chart = chart::uplift(&report());
    let names: Vec<&str> = chart.series.iter().map(|series| series.name.as_str()).collect();
    assert_eq!(names, ["b", "b, lower end", "b, upper end", "no difference"]);
    assert_eq!(chart.series[0].points, [(1.0, 40.0), (2.0, 50.0)]);
    assert_eq!(chart.series[2].points, [(2.0, 105.0)]);
    assert!(chart.svg().contains("always-valid"));
}

fn decisions() -> serde_json::Value {
    let credit = |model: &str, orders: u64| {
        json!({ "model": model, "orders": orders, "conversions": orders,
            "conversionRate": { "rate": 0.004, "interval": { "low": 0.002, "high": 0.008 } },
            "revenue": [{ "currency": "EUR", "total": 12_050 }] })
    };
    json!({
        "from": "2026-11-01", "to": "2026-11-03", "by": "rule",
        "groups": [
            { "key": "members", "views": 1_000, "clicks": 80,
              "clickRate": { "rate": 0.08, "interval": { "low": 0.0648, "high": 0.0984 } },
              "credit": [credit("direct", 1), credit("first", 3), credit("last", 4)],
              "days": [{ "day": "2026-11-01", "views": 500, "clicks": 50, "conversions": 1 },
                       { "day": "2026-11-03", "views": 500, "clicks": 30, "conversions": 3 }] },
            { "views": 0, "clicks": 0, "credit": [], "days": [{ "day": "2026-11-02", "views": 0, "clicks": 0, "conversions": 0 }] },
        ],
        "stoppedPaying": { "until": "2026-11-02", "asked": 2, "level": 0.000137, "rules": [
            { "rule": "members", "metric": "clicks", "dispersion": 1.0, "pValue": 0.0000021,
              "before": { "rate": 0.1, "interval": { "low": 0.09, "high": 0.11 } },
              "lately": { "rate": 0.05, "interval": { "low": 0.04, "high": 0.06 } } },
        ] },
    })
}

#[test]
fn decisions_are_a_table_with_what_stopped_paying_under_it() {
    let lines = engagement::lines(&decisions());
    assert_eq!(lines[0], "decisions by rule, 2026-11-01 to 2026-11-03");
    let told = ["members", "8.00%", "6.48% to 9.84%", "4 / 3 / 1", "0.40%", "120.50 EUR"];
    assert!(told.iter().all(|part| lines[2].contains(part)), "{lines:#?}");
    assert!(lines[3].starts_with("(none)"), "{lines:#?}");
    let stopped = lines.last().unwrap();
    assert!(
        stopped.contains("members: clicks 5.00%, were 10.00%") && stopped.contains("2.1e-6"),
        "{lines:#?}"
    );
    let mut quiet = decisions();
    quiet["stoppedPaying"] = json!({ "until": "2026-11-02", "asked": 0, "rules": [] });
    assert!(engagement::lines(&quiet).last().unwrap().contains("too few have seen any rule"));
}

#[test]
fn the_plot_of_decisions_has_a_line_for_each_group_and_no_rate_of_nothing() {
    let chart = engagement::chart(&decisions());
    assert_eq!(chart.series[0].points, [(1.0, 10.0), (3.0, 6.0)]);
    assert!(chart.series[1].points.is_empty());
    assert!(chart.svg().contains("2026-11-01 to 2026-11-03"));
}
