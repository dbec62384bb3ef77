//! The layers side by side: how good, and how fast.

use super::report::{LayerReport, Report};
use crate::error::CliError;
use crate::plot::{self, Axis, BarChart, Bars};
use std::path::{Path, PathBuf};

/// Writes `quality.svg` and `latency.svg` into a folder.
///
/// # Errors
/// When they cannot be written.
pub(super) fn write(folder: &Path, report: &Report) -> Result<Vec<PathBuf>, CliError> {
    let charts = [("quality.svg", quality(report)), ("latency.svg", latency(report))];
    let write = |(name, chart): (&str, BarChart)| {
        let path = folder.join(name);
        plot::write(&path, &chart.svg())?;
        Ok(path)
    };
    charts.into_iter().map(write).collect()
}

fn quality(report: &Report) -> BarChart {
    let (count, pairs) = (report.count, report.test.pairs);
    let bars = |name: String, value: fn(&LayerReport) -> (f64, f64)| Bars {
        name,
        values: report.layers.iter().map(value).collect(),
    };
    BarChart {
        title: format!("How often the next item is found, by layer ({pairs} pairs, lists of {count})"),
        y: Axis::linear("share of pairs, mean of 1/rank (with standard errors)"),
        groups: report.layers.iter().map(|layer| layer.name.clone()).collect(),
        bars: vec![
            bars(format!("HR@{count}"), |layer| (layer.hit_rate.mean, layer.hit_rate.se)),
            bars(format!("MRR@{count}"), |layer| {
                (layer.mean_reciprocal_rank.mean, layer.mean_reciprocal_rank.se)
            }),
        ],
    }
}

fn latency(report: &Report) -> BarChart {
    let bars = |name: &str, value: fn(&LayerReport) -> f64| Bars {
        name: name.to_owned(),
        values: report.layers.iter().map(|layer| (value(layer), 0.0)).collect(),
    };
    let build = if report.release { "release build" } else { "no release build" };
    BarChart {
        title: format!("How long a ranking takes, by layer (one core, {build})"),
        y: Axis::log("microseconds a ranking"),
        groups: report.layers.iter().map(|layer| layer.name.clone()).collect(),
        bars: vec![
            bars("p50", |layer| layer.latency_us.p50),
            bars("p90", |layer| layer.latency_us.p90),
            bars("p99", |layer| layer.latency_us.p99),
        ],
    }
}
