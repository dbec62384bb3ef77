use super::{chart, text};
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
