//! The layers that can be evaluated, in the order in which they are reported.

use super::fresh::Fresh;
use super::popularity::Popularity;
use super::ranker::Build;
use super::snapshot::Snapshot;
use super::vmis::Vmis;

/// A layer that can be evaluated.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// Its name in reports and for `--layers`.
    pub name: &'static str,
    /// Builds it.
    pub build: Build,
}

/// Every layer. A new one is one line here.
pub const LAYERS: &[Layer] = &[
    Layer { name: "fresh", build: |training| Box::new(Fresh::streamed(training)) },
    Layer { name: "fresh-at-once", build: |training| Box::new(Fresh::at_once(training)) },
    Layer { name: "popularity", build: |training| Box::new(Popularity::build(training)) },
    Layer { name: "snapshot", build: |training| Box::new(Snapshot::build(training)) },
    Layer { name: "vmis", build: |training| Box::new(Vmis::build(training)) },
];
