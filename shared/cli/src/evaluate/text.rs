//! What `beckon evaluate` found, for a person.

use super::report::{LayerReport, Report};
use std::fmt;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (train, test, count) = (&self.train, &self.test, self.count);
        let times = if train.has_times { "with times" } else { "without times" };
        writeln!(
            f,
            "learned from {} sessions, {} clicks, {} products, {times}",
            train.sessions, train.clicks, train.products
        )?;
        let held_out = if test.validation { " of the newest training sessions, held out" } else { "" };
        write!(f, "asked about {} pairs{held_out}", test.pairs)?;
        writeln!(f, "; {} of their targets were never seen in training", test.unknown_targets)?;
        let files = [
            ("train", train.bad_rows, &train.bad_row_samples),
            ("test", test.bad_rows, &test.bad_row_samples),
        ];
        for (file, bad_rows, samples) in files.into_iter().filter(|(_, bad_rows, _)| *bad_rows > 0) {
            writeln!(f, "{file}: {bad_rows} bad rows passed over: {}", samples.join("; "))?;
        }
        if !self.release {
            writeln!(f, "THIS IS NO RELEASE BUILD: the quality counts, the times mean nothing")?;
        }
        let width = self.layers.iter().map(|layer| layer.name.len()).max().unwrap_or_default().max(5);
        writeln!(
            f,
            "\n{:width$}  {:>14}  {:>14}  {:>8}  {:>7}  {:>6}  {:>8}  {:>8}  {:>9}  {:>8}",
            "layer",
            format!("HR@{count} (se)"),
            format!("MRR@{count} (se)"),
            "coverage",
            "popular",
            "short",
            "p50 us",
            "p99 us",
            "max us",
            "build s"
        )?;
        self.layers.iter().try_for_each(|layer| line(f, layer, width))?;
        writeln!(
            f,
            "\npopular: mean popularity percentile of what is recommended; short: lists with fewer than {count}"
        )?;
        self.plots.iter().try_for_each(|plot| writeln!(f, "plot: {}", plot.display()))
    }
}

fn line(f: &mut fmt::Formatter<'_>, layer: &LayerReport, width: usize) -> fmt::Result {
    let estimate = |estimate: &super::metrics::Estimate| format!("{:.4} ({:.4})", estimate.mean, estimate.se);
    let popularity = layer.popularity.map_or_else(|| "-".to_owned(), |mean| format!("{mean:.3}"));
    let latency = &layer.latency_us;
    writeln!(
        f,
        "{:width$}  {:>14}  {:>14}  {:>8.3}  {:>7}  {:>6.3}  {:>8.1}  {:>8.1}  {:>9.1}  {:>8.2}",
        layer.name,
        estimate(&layer.hit_rate),
        estimate(&layer.mean_reciprocal_rank),
        layer.coverage,
        popularity,
        layer.short_lists,
        latency.p50,
        latency.p99,
        latency.max,
        layer.build_ms / 1_000.0
    )
}
