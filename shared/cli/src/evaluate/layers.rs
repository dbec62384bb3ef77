//! The layers that can be evaluated, in the order in which they are reported.

use super::blend::{self, Blend};
use super::fresh::Fresh;
use super::popularity::Popularity;
use super::ranker::{Build, Ranker, TrainingSet};
use super::snapshot::Snapshot;
use super::vmis::Vmis;
use crate::error::CliError;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A layer that can be evaluated.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// Its name in reports and for `--layers`.
    pub name: &'static str,
    /// Builds it.
    pub build: Build,
}

/// Every layer but the blend, which is made of two of them. A new one is one line here.
pub const LAYERS: &[Layer] = &[
    Layer { name: "fresh", build: |training| Box::new(Fresh::streamed(training)) },
    Layer { name: "fresh-at-once", build: |training| Box::new(Fresh::at_once(training)) },
    Layer { name: "popularity", build: |training| Box::new(Popularity::build(training)) },
    Layer { name: "snapshot", build: |training| Box::new(Snapshot::build(training)) },
    Layer { name: "vmis", build: |training| Box::new(Vmis::build(training)) },
];

/// The names of all layers.
pub fn names() -> impl Iterator<Item = &'static str> {
    LAYERS.iter().map(|layer| layer.name).chain([blend::NAME])
}

/// What somebody is told who names a layer that there is not.
pub(super) fn unknown(name: &str) -> CliError {
    let known: Vec<_> = names().collect();
    CliError::usage(format!("no layer is called `{name}`: choose of {}", known.join(", ")))
}

/// Layers that were built, so that a blend need not build its parts again.
pub(super) struct Shelf<'a> {
    training: &'a TrainingSet,
    /// What a snapshot learns from that is older than what it is asked about.
    older: Option<TrainingSet>,
    fresh_weight: f64,
    built: BTreeMap<&'static str, (Rc<dyn Ranker>, Duration)>,
}

impl<'a> Shelf<'a> {
    /// Builds nothing yet. The snapshot will not know the newest `behind` percent of the sessions.
    pub fn new(training: &'a TrainingSet, behind: u32, fresh_weight: f64) -> Self {
        let older = (behind > 0).then(|| {
            let count = training.sessions.len() - training.sessions.len() * behind as usize / 100;
            TrainingSet { sessions: training.sessions[..count].to_vec(), has_times: training.has_times }
        });
        Self { training, older, fresh_weight, built: BTreeMap::new() }
    }

    /// A layer, and how long it took to build it; of the blend, both parts.
    pub fn layer(&mut self, name: &str) -> Result<(Rc<dyn Ranker>, Duration), CliError> {
        if let Some(built) = self.built.get(name) {
            return Ok(built.clone());
        }
        let began = Instant::now();
        if name == blend::NAME {
            let ((fresh, one), (snapshot, other)) = (self.layer(blend::FRESH)?, self.layer(blend::SNAPSHOT)?);
            return Ok((Rc::new(Blend::of(fresh, snapshot, self.fresh_weight)), one + other));
        }
        let layer = LAYERS.iter().find(|layer| layer.name == name).ok_or_else(|| unknown(name))?;
        let training = match &self.older {
            Some(older) if name == blend::SNAPSHOT => older,
            _ => self.training,
        };
        let built = (Rc::from((layer.build)(training)), began.elapsed());
        self.built.insert(layer.name, built.clone());
        Ok(built)
    }
}
