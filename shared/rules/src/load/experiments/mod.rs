//! The document of experiments, from YAML to its compiled form: everything that is wrong is found in one go.
//!
//! Reading order: the document and an experiment here; [`parts`] (shares, ramps, namespaces), [`changes`] (what a variant
//! changes), [`conflict`] (what two experiments must not share).

mod changes;
mod conflict;
mod parts;

use super::Loader;
use super::condition::{Place as AskedAt, Scope};
use super::fields::{Fields, listed, quoted};
use super::reference::Kind;
use super::scalar::NAME_CHARS_MAX;
use crate::aggregate::Events;
use crate::error::{Place, RulesetError, nearest};
use crate::experiments::{
    Experiments, Goal, HOLDOUT_SHARE_DEFAULT, ORDER, RESERVED, Slots, Trial, WINDOW_DEFAULT, holdout,
};
use crate::model::Ruleset;
use crate::tree::{self, Node, Value};
use beckon_domain::experiment::definition::{VARIANT_COUNT_MAX, VARIANT_COUNT_MIN, WEIGHT_SUM_SLACK};
use beckon_domain::experiment::{Activation, Definition, Experiment, RunId, Status, Variant};
use beckon_domain::id::{ExperimentId, GoalId, SlotId, VariantId};
use beckon_domain::{DurationMs, SmolStr};
use changes::Changed;

/// The fields of the document.
pub(crate) const DOCUMENT_FIELDS: [&str; 5] = ["version", "holdout", "killed", "goals", "experiments"];
const GOAL_FIELDS: [&str; 3] = ["id", "event", "where"];
const EXPERIMENT_FIELDS: [&str; 16] = [
    "id",
    "run",
    "status",
    "winner",
    "killed",
    "from",
    "until",
    "coverage",
    "namespace",
    "seed",
    "when",
    "goal",
    "window",
    "activation",
    "slots",
    "variants",
];
const VARIANT_FIELDS: [&str; 3] = ["id", "weight", "changes"];
/// Experiments of a document at most.
const EXPERIMENT_COUNT_MAX: usize = 100;
/// Goals of a document at most.
const GOAL_COUNT_MAX: usize = 20;
/// How long what a person does can count.
const WINDOW_MAX: DurationMs = DurationMs::from_days(90);

/// Compiles a document against the ruleset that its experiments change.
pub(crate) fn load(text: &str, ruleset: &Ruleset) -> Result<Experiments, RulesetError> {
    let root = tree::parse(text).map_err(|problem| RulesetError::new(vec![problem]))?;
    let mut loader = Loader::of(ruleset);
    match loader.document(&root, ruleset) {
        Some(experiments) if loader.problems.is_empty() => {
            Ok(Experiments { version: super::version(text), ..experiments })
        }
        _ => Err(RulesetError::new(loader.problems)),
    }
}

/// An experiment that was read, and where.
struct Read {
    trial: Trial,
    place: Place,
}

/// How far an experiment is, as the text says it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Draft,
    Running,
    Stopped,
}

impl Loader {
    /// A loader that knows the names of a ruleset.
    fn of(ruleset: &Ruleset) -> Self {
        let mut loader = Self {
            currency: Some(ruleset.currency),
            timezone: ruleset.timezone.clone(),
            segment_ids: ruleset.segment_ids().map(str::to_owned).collect(),
            computed_ids: ruleset.computed.keys().cloned().collect(),
            computed: ruleset.computed.clone(),
            watches: ruleset.reactions.watches().cloned().collect(),
            ..Self::default()
        };
        for product in ruleset.products() {
            loader.know(Kind::Product, product.id.as_str());
            loader.know(Kind::Category, product.category.as_str());
        }
        ruleset.offers.iter().for_each(|offer| loader.know(Kind::Offer, offer.id.as_str()));
        ruleset.segment_ids().for_each(|segment| loader.know(Kind::Segment, segment));
        loader.computed_ids.clone().iter().for_each(|id| loader.know(Kind::Computed, id));
        for slot in &ruleset.slots {
            loader.know(Kind::Slot, slot.id.as_str());
            slot.rules.iter().for_each(|rule| loader.know(Kind::Rule, rule.id.as_str()));
        }
        loader.know(Kind::Goal, ORDER);
        loader
    }

    fn document(&mut self, root: &Node, ruleset: &Ruleset) -> Option<Experiments> {
        if matches!(root.value, Value::Null) {
            let place = Place { line: 1, column: 1 };
            self.problem(place, "the document is empty: begin with `version: 1` and `holdout: 5%`");
            return None;
        }
        let top = Fields::open(self, root, "the document of experiments", &DOCUMENT_FIELDS)?;
        self.language_version(&top);
        let share = match top.get("holdout") {
            Some(node) => self.share(node, "holdout"),
            None => Some(HOLDOUT_SHARE_DEFAULT),
        };
        let is_killed = top.get("killed").is_some_and(|n| self.boolean(n, "killed").unwrap_or_default());
        let goals = self.each(top.get("goals"), "goals", Self::goal);
        self.at_most(top.get("goals"), "goals", GOAL_COUNT_MAX);
        let watched_before = self.watches.clone();
        let read = self.each(top.get("experiments"), "experiments", |loader, node| {
            loader.experiment(node, ruleset, is_killed)
        });
        self.at_most(top.get("experiments"), "experiments", EXPERIMENT_COUNT_MAX);
        self.check_conflicts(&read);
        self.check_references();
        self.check_watches(top.place);
        let is_new = |watch: &crate::aggregate::Watch| !watched_before.contains(watch);
        let watches = self.watches.iter().filter(|watch| is_new(watch)).cloned().collect();
        let trials = holdout(share?, is_killed).into_iter().chain(read.into_iter().map(|read| read.trial));
        Some(Experiments { version: String::new(), trials: trials.collect(), goals, watches })
    }

    fn at_most(&mut self, node: Option<&Node>, what: &str, most: usize) {
        if let Some(Node { value: Value::List(items), place }) = node
            && items.len() > most
        {
            self.problem(*place, format!("there are {} {what}, and {most} are possible", items.len()));
        }
    }

    fn goal(&mut self, node: &Node) -> Option<Goal> {
        let who = Fields::name_of(node, "goal");
        let fields = Fields::open(self, node, &who, &GOAL_FIELDS)?;
        let id_node = fields.require(self, "id");
        let id = id_node.and_then(|n| self.id(n, "id", GoalId::new));
        match (&id, id_node) {
            (Some(id), Some(n)) if id.as_str() == ORDER => {
                let message = format!("the goal `{ORDER}` is always there: give this one another name");
                self.problem(n.place, message);
            }
            (Some(id), Some(n)) => self.declare(Kind::Goal, id.as_str(), n.place),
            _ => {}
        }
        let name = fields.require(self, "event").and_then(|n| self.event_name(n));
        let filter = self.filter(fields.get("where"), &Scope { who: &who, place: AskedAt::Stream });
        Some(Goal { id: id?, events: Events { name: name?, filter: filter? } })
    }

    fn experiment(&mut self, node: &Node, ruleset: &Ruleset, is_killed: bool) -> Option<Read> {
        let before = self.problems.len();
        let who = Fields::name_of(node, "experiment");
        let fields = Fields::open(self, node, &who, &EXPERIMENT_FIELDS)?;
        let id_node = fields.require(self, "id");
        let id = id_node.and_then(|n| self.id(n, "id", ExperimentId::new));
        if let (Some(id), Some(n)) = (&id, id_node) {
            self.declare(Kind::Experiment, id.as_str(), n.place);
            if id.as_str().starts_with(RESERVED) {
                let message =
                    format!("names that begin with `{RESERVED}` are Beckon's own: give it another one");
                self.problem(n.place, message);
            }
        }
        let number = fields.get("run").map_or(Some(1), |n| self.whole(n, "run", 1, i64::from(u16::MAX)));
        let (variants, changed) = self.variants(&fields, ruleset);
        let status = self.status(&fields, &variants);
        let own_kill = fields.get("killed").is_some_and(|n| self.boolean(n, "killed").unwrap_or_default());
        let from = fields.get("from").and_then(|n| self.instant(n, "from"));
        let until = fields.get("until").and_then(|n| self.instant(n, "until"));
        let coverage = self.coverage(&fields);
        let namespace = fields.get("namespace").and_then(|n| self.namespace(n, &who));
        let seed = fields.get("seed").and_then(|n| self.text(n, "seed", NAME_CHARS_MAX)).map(SmolStr::new);
        let is_of_mail = changed.iter().any(|changed| changed.changes.is_of_mail());
        let place = if is_of_mail { AskedAt::Discount } else { AskedAt::Page };
        let when = fields.get("when").map(|n| self.condition(n, &Scope { who: &who, place }));
        let goal = self.goal_of(&fields, &who);
        let window = self.window(&fields);
        let activation = self.activation(&fields);
        let slots = self.slots_of(&fields, &changed);
        if self.problems.len() > before {
            return None;
        }
        let definition = Definition {
            run: RunId { experiment: id?, number: u16::try_from(number?).ok()? },
            status: status?,
            is_killed: is_killed || own_kill,
            from,
            until,
            coverage: coverage?,
            namespace,
            seed,
            goal: goal?,
            window: window?,
            activation: activation?,
            variants,
        };
        let when = match when {
            Some(when) => Some(when?),
            None => None,
        };
        match Experiment::new(definition) {
            Ok(experiment) => {
                let changes = changed.into_iter().map(|changed| changed.changes).collect();
                let trial = Trial { experiment, is_holdout: false, when, slots, changes };
                Some(Read { trial, place: node.place })
            }
            Err(error) => {
                self.problem(node.place, format!("{who} cannot be run: {error}"));
                None
            }
        }
    }

    /// The variants with what each changes.
    fn variants(&mut self, fields: &Fields<'_>, ruleset: &Ruleset) -> (Vec<Variant>, Vec<Changed>) {
        let Some(node) = fields.require(self, "variants") else { return (Vec::new(), Vec::new()) };
        let (before, who) = (self.problems.len(), fields.what.clone());
        let read = self.each(Some(node), "variants", |loader, node| loader.variant(node, &who, ruleset));
        let names: Vec<&VariantId> = read.iter().map(|(id, ..)| id).collect();
        if let Some(twice) = (1..names.len()).find(|index| names[..*index].contains(&names[*index])) {
            let message =
                format!("{who} has two variants {}: change one name", quoted(names[twice].as_str()));
            self.problem(node.place, message);
        }
        if self.problems.len() == before && !(VARIANT_COUNT_MIN..=VARIANT_COUNT_MAX).contains(&read.len()) {
            let message = format!(
                "{who} has {} variants; it needs {VARIANT_COUNT_MIN} to {VARIANT_COUNT_MAX}",
                read.len()
            );
            self.problem(node.place, message);
        }
        let told = read.iter().filter(|(_, weight, _)| weight.is_some()).count();
        if told != 0 && told != read.len() && self.problems.len() == before {
            let message = format!("give all variants of {who} a `weight`, or none: then all are alike");
            self.problem(node.place, message);
        }
        let equal = 1.0 / read.len().max(1) as f64;
        let sum: f64 = read.iter().filter_map(|(_, weight, _)| *weight).sum();
        if told == read.len()
            && told > 0
            && (sum - 1.0).abs() > WEIGHT_SUM_SLACK
            && self.problems.len() == before
        {
            let message = format!(
                "the weights of {who} add up to {}%, and must to 100%: to take only a part of all people is what \
                 `coverage` is for",
                (sum * 1_000.0).round() / 10.0
            );
            self.problem(node.place, message);
        }
        let variant = |(id, weight, changed): (VariantId, Option<f64>, Changed)| {
            (Variant { id, weight: weight.unwrap_or(equal) }, changed)
        };
        read.into_iter().map(variant).unzip()
    }

    fn variant(
        &mut self,
        node: &Node,
        of: &str,
        ruleset: &Ruleset,
    ) -> Option<(VariantId, Option<f64>, Changed)> {
        let who = format!("{} of {of}", Fields::name_of(node, "variant"));
        let fields = Fields::open(self, node, &who, &VARIANT_FIELDS)?;
        let id = fields.require(self, "id").and_then(|n| self.id(n, "id", VariantId::new));
        let weight = match fields.get("weight") {
            Some(n) => Some(self.share(n, "weight")?),
            None => None,
        };
        let mut changed = Changed::default();
        self.each(fields.get("changes"), "changes", |loader, n| {
            loader.change(n, &who, ruleset, &mut changed)
        });
        Some((id?, weight, changed))
    }

    fn status(&mut self, fields: &Fields<'_>, variants: &[Variant]) -> Option<Status> {
        const WORDS: [(&str, Word); 3] =
            [("draft", Word::Draft), ("running", Word::Running), ("stopped", Word::Stopped)];
        let word = match fields.get("status") {
            Some(node) => self.one_of(node, "status", &WORDS)?,
            None => Word::Draft,
        };
        let Some(node) = fields.get("winner") else {
            return Some(match word {
                Word::Draft => Status::Draft,
                Word::Running => Status::Running,
                Word::Stopped => Status::Stopped { winner: None },
            });
        };
        if word != Word::Stopped {
            let message = format!("{} names a winner before it is over: set `status: stopped`", fields.what);
            self.problem(fields.key("winner").unwrap_or(node.place), message);
            return None;
        }
        let id = self.id(node, "winner", VariantId::new)?;
        let winner = variants.iter().position(|variant| variant.id == id);
        if winner.is_none() {
            let names = || variants.iter().map(|variant| variant.id.as_str());
            let hint = nearest(id.as_str(), names()).map_or_else(
                || format!("; its variants are {}", listed(names())),
                |meant| format!(", did you mean `{meant}`?"),
            );
            let message = format!("{} has no variant {}{hint}", fields.what, quoted(id.as_str()));
            self.problem(node.place, message);
            return None;
        }
        Some(Status::Stopped { winner })
    }

    fn goal_of(&mut self, fields: &Fields<'_>, who: &str) -> Option<GoalId> {
        match fields.get("goal") {
            Some(node) => {
                let who = format!("{who} is judged by the goal");
                self.refer(Kind::Goal, node, &who, GoalId::new, GoalId::as_str)
            }
            None => GoalId::new(ORDER).ok(),
        }
    }

    fn window(&mut self, fields: &Fields<'_>) -> Option<DurationMs> {
        let Some(node) = fields.get("window") else { return Some(WINDOW_DEFAULT) };
        let window = self.positive_duration(node, "window")?;
        if window > WINDOW_MAX {
            self.problem(node.place, "`window` can be 90d at most");
            return None;
        }
        Some(window)
    }

    fn activation(&mut self, fields: &Fields<'_>) -> Option<Activation> {
        const WORDS: [(&str, Activation); 2] =
            [("server", Activation::Server), ("client", Activation::Client)];
        match fields.get("activation") {
            Some(node) => self.one_of(node, "activation", &WORDS),
            None => Some(Activation::Server),
        }
    }

    /// Where it plays a part: where its variants change something; else where it says, else everywhere.
    fn slots_of(&mut self, fields: &Fields<'_>, changed: &[Changed]) -> Slots {
        let own: Option<Vec<SlotId>> = fields
            .get("slots")
            .map(|node| self.each(Some(node), "slots", |loader, n| loader.compared_slot(n, &fields.what)));
        if changed.iter().all(|changed| changed.changes.is_empty()) {
            return own.map_or(Slots::Everywhere, |slots| Slots::Only(slots.into_iter().collect()));
        }
        if let Some(place) = fields.key("slots").filter(|_| own.is_some()) {
            let message = format!(
                "{} plays a part where its variants change something, so it names no `slots`: remove the field",
                fields.what
            );
            self.problem(place, message);
        }
        Slots::Only(changed.iter().flat_map(|changed| changed.slots.clone()).collect())
    }

    fn compared_slot(&mut self, node: &Node, who: &str) -> Option<SlotId> {
        let who = format!("{who} compares in slot");
        self.refer(Kind::Slot, node, &who, SlotId::new, SlotId::as_str)
    }
}
