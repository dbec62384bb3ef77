//! What recommendations must reach, beside VMIS-kNN in the same run.

use crate::evaluate::report::{LayerReport, Report};
use serde::Serialize;

/// A goal, and what was found.
#[derive(Clone, Debug, Serialize)]
pub struct Goal {
    /// What is measured.
    pub goal: String,
    /// At least, or at most.
    pub relation: &'static str,
    /// What is wanted.
    pub wanted: f64,
    /// What was found.
    pub found: f64,
    /// Whether it is met.
    pub met: bool,
}

/// (layer, p50 at most, p99 at most, in microseconds; its HR@20 as a share of VMIS-kNN's at least)
const WANTED: [(&str, f64, Option<f64>, f64); 2] =
    [("fresh", 5.0, Some(50.0), 0.99), ("snapshot", 100.0, None, 1.0)];

/// The goals of the layers that were measured, by a report with the median times.
pub fn goals(report: &Report) -> Vec<Goal> {
    let layer = |name: &str| report.layers.iter().find(|layer| layer.name == name);
    let hits = |layer: &LayerReport| layer.hit_rate.mean;
    let mut goals = Vec::new();
    for (name, p50, p99, share) in WANTED {
        let Some(measured) = layer(name) else { continue };
        goals.push(at_most(format!("{name}: p50 in us"), p50, measured.latency_us.p50));
        goals.extend(p99.map(|p99| at_most(format!("{name}: p99 in us"), p99, measured.latency_us.p99)));
        if let Some(vmis) = layer("vmis").filter(|vmis| hits(vmis) > 0.0) {
            let found = hits(measured) / hits(vmis);
            let goal = format!("{name}: HR against vmis");
            goals.push(Goal { goal, relation: ">=", wanted: share, found, met: found >= share });
        }
    }
    goals
}

fn at_most(goal: String, wanted: f64, found: f64) -> Goal {
    Goal { goal, relation: "<=", wanted, found, met: found <= wanted }
}
