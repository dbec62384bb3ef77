//! The uplift with its always-valid interval, day by day, as a plot.

use crate::plot::{Axis, LineChart, Series, Stroke};
use serde_json::Value;
use std::collections::BTreeMap;

/// One plot of all variants but the control.
pub(super) fn uplift(report: &Value) -> LineChart {
    let days: Vec<&Value> = report["days"].as_array().into_iter().flatten().collect();
    let mut numbers: BTreeMap<&str, f64> = BTreeMap::new();
    for day in &days {
        let next = numbers.len() as f64 + 1.0;
        numbers.entry(day["day"].as_str().unwrap_or_default()).or_insert(next);
    }
    let variants = report["variants"].as_array().into_iter().flatten().skip(1);
    let mut series = Vec::new();
    for variant in variants {
        let name = variant["id"].as_str().unwrap_or_default();
        let own = || days.iter().filter(|day| day["variant"] == name);
        let points = |value: &dyn Fn(&Value) -> Option<f64>| -> Vec<(f64, f64)> {
            let at = |day: &&&Value| numbers.get(day["day"].as_str()?).copied();
            own().filter_map(|day| Some((at(&day)?, value(day)? * 100.0))).collect()
        };
        series.push(Series {
            name: name.to_owned(),
            points: points(&|day| day["uplift"].as_f64()),
            stroke: Stroke::Marked,
        });
        for (end, edge) in [("low", "lower"), ("high", "upper")] {
            series.push(Series {
                name: format!("{name}, {edge} end"),
                points: points(&|day| day["interval"][end].as_f64()),
                stroke: Stroke::Dashed,
            });
        }
    }
    let last = numbers.len().max(1) as f64;
    series.push(Series {
        name: "no difference".to_owned(),
        points: vec![(1.0, 0.0), (last, 0.0)],
        stroke: Stroke::Plain,
    });
    LineChart {
        title: format!(
            "Uplift of {}, with its always-valid interval",
            report["experiment"]["id"].as_str().unwrap_or_default()
        ),
        x: Axis::linear("day of the run"),
        y: Axis::linear("more than the control (%)"),
        series,
    }
}
