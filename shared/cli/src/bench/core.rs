//! What is measured: reading a line, folding events into a profile, deciding by rules, and all of it.

use super::log::LogLine;
use crate::error::CliError;
use crate::replay::state_hash::Fnv;
use beckon_domain::event::Event;
use beckon_domain::fold::{Item, fold_into};
use beckon_domain::id::SlotId;
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_domain::reaction::NoRules;
use beckon_domain::{Policy, Profile, ProfileKey, Timestamp, packed};
use beckon_rules::{LiveLists, Page, Person, Ruleset, SlotRequest};
use beckon_wire::stream::read;
use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;

/// Lines of one batch.
pub(super) const BATCH_LINES: usize = 1_000;
/// The shard they come from.
const SHARD: &str = "shardId-000000000000";

/// One profile's events of a batch, in order.
type Parts = Vec<(ProfileKey, Vec<Item>)>;
/// By their hash, as a dictionary has them; a store would find them by their key too.
type Profiles = HashMap<ProfileKey, Profile>;

/// A log, ready to be measured.
pub(super) struct Core {
    log: Vec<LogLine>,
    sequences: Vec<SequenceNumber>,
    shard: ShardKey,
    ruleset: Ruleset,
    slot: SlotId,
    /// Every batch, taken apart: what folding begins with.
    batches: Vec<Parts>,
    /// What folding all of it ends with: what deciding and packing begin with.
    folded: Profiles,
}

/// How often each rule was decided, by its id; the fallback is `-`.
pub(super) type Decided = BTreeMap<String, u64>;

fn broken(what: &str, error: impl std::fmt::Display) -> CliError {
    CliError::failed(format!("the benchmark's own {what}: {error}; this is a bug of Beckon"))
}

impl Core {
    pub fn new(log: Vec<LogLine>) -> Result<Self, CliError> {
        let ruleset =
            Ruleset::parse(include_str!("rules.yaml")).map_err(|e| CliError::ruleset("rules.yaml", &e))?;
        let slot = SlotId::new("home").map_err(|e| broken("slot", e))?;
        let sequence = |number: usize| {
            let text = format!("4954511524349098501828006771497314458218{number:016}");
            SequenceNumber::parse(&text).ok_or_else(|| broken("sequence number", text))
        };
        let sequences = (1..=log.len()).map(sequence).collect::<Result<_, _>>()?;
        let shard = ShardKey::new("bench", SHARD);
        let mut core =
            Self { log, sequences, shard, ruleset, slot, batches: Vec::new(), folded: Profiles::new() };
        core.batches = core.starts().map(|start| core.parts(start)).collect::<Result<_, _>>()?;
        core.folded = core.state();
        Ok(core)
    }

    pub fn log(&self) -> &[LogLine] {
        &self.log
    }

    fn starts(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.log.len()).step_by(BATCH_LINES)
    }

    /// Reads every line as JSON of any shape: what a program without types would begin with.
    pub fn value(&self) {
        for line in &self.log {
            let _ = black_box(serde_json::from_str::<serde_json::Value>(&line.text));
        }
    }

    /// Reads every line as the profiler does.
    pub fn parse(&self) {
        for line in &self.log {
            let _ = black_box(read(&line.text, &line.key));
        }
    }

    /// Reads one batch and takes it apart by profile, in the order in which they first appear.
    fn parts(&self, start: usize) -> Result<Parts, CliError> {
        let mut index_of: HashMap<&str, usize> = HashMap::new();
        let mut parts: Parts = Vec::new();
        let end = (start + BATCH_LINES).min(self.log.len());
        for (line, sequence) in self.log[start..end].iter().zip(&self.sequences[start..end]) {
            let said = read(&line.text, &line.key).map_err(|e| broken("line", e))?;
            let item = self.item(sequence, said.event);
            match index_of.get(line.key.as_str()) {
                Some(index) => parts[*index].1.push(item),
                None => {
                    let key = ProfileKey::parse(&line.key).map_err(|e| broken("key", e))?;
                    index_of.insert(&line.key, parts.len());
                    parts.push((key, vec![item]));
                }
            }
        }
        Ok(parts)
    }

    fn item(&self, sequence: &SequenceNumber, event: Event) -> Item {
        let position = Position { shard: self.shard.clone(), sequence: sequence.clone(), offset: 0 };
        Item { position, internal: false, event }
    }

    /// Folds every batch, parsed before.
    pub fn state(&self) -> Profiles {
        let mut profiles = Profiles::new();
        self.batches.iter().for_each(|parts| apply(&mut profiles, parts, self.ruleset.policy()));
        profiles
    }

    /// Decides once for each event, by the profile as it is after all of them.
    pub fn rules(&self) -> Decided {
        let mut decided = [0; 4];
        for parts in &self.batches {
            self.decide(&self.folded, parts, &mut decided);
        }
        named(decided)
    }

    /// Packs and unpacks a profile as often as it was written: what the store adds.
    pub fn pack(&self) {
        for (key, _) in self.batches.iter().flatten() {
            if let Some(profile) = self.folded.get(key) {
                let _ = black_box(packed::pack(profile).map(|bytes| packed::unpack(&bytes).is_ok()));
            }
        }
    }

    /// Everything: reads, folds and decides, batch by batch.
    pub fn whole(&self) -> Result<(Profiles, Decided), CliError> {
        let (mut profiles, mut decided) = (Profiles::new(), [0; 4]);
        for start in self.starts() {
            let parts = self.parts(start)?;
            apply(&mut profiles, &parts, self.ruleset.policy());
            self.decide(&profiles, &parts, &mut decided);
        }
        Ok((profiles, named(decided)))
    }

    fn decide(&self, profiles: &Profiles, parts: &Parts, decided: &mut [u64; 4]) {
        let request = SlotRequest::default();
        for (key, items) in parts {
            let profile = profiles.get(key);
            for item in items {
                let person = Person { profile, is_known: false, page: Page::default(), propensity: None };
                let now: Timestamp = item.event.received_at;
                let decision = self.ruleset.decide(&self.slot, &person, &request, &LiveLists::default(), now);
                let rule = decision.as_ref().and_then(|decision| decision.reason.rule.as_ref());
                decided[RULES
                    .iter()
                    .position(|id| rule.is_some_and(|rule| rule.as_str() == *id))
                    .unwrap_or(3)] += 1;
            }
        }
    }
}

const RULES: [&str; 3] = ["left-cart", "popular", "looking"];

fn named(decided: [u64; 4]) -> Decided {
    RULES.iter().chain(&["-"]).map(|id| (*id).to_owned()).zip(decided).collect()
}

fn apply(profiles: &mut Profiles, parts: &Parts, policy: &Policy) {
    for (key, items) in parts {
        let profile = match profiles.get_mut(key) {
            Some(profile) => profile,
            None => profiles.entry(key.clone()).or_default(),
        };
        let _ = black_box(fold_into(profile, key, items, policy, &NoRules));
    }
}

/// A hash over what was counted of each profile and how often each rule was decided; `core.py` writes the same text.
pub(super) fn counts_hash(profiles: &Profiles, decided: &Decided) -> String {
    let mut hash = Fnv::new();
    let sorted: BTreeMap<&ProfileKey, &Profile> = profiles.iter().collect();
    for (key, profile) in sorted {
        let c = &profile.counts;
        let line = format!(
            "{key} {} {} {} {} {} {} {} {} {}\n",
            c.events,
            c.pages,
            c.product_views,
            c.adds,
            c.removes,
            c.orders,
            c.carts,
            profile.sessions.count,
            profile.cart.unit_count()
        );
        hash.update(line.as_bytes());
    }
    for (rule, count) in decided {
        hash.update(format!("{rule} {count}\n").as_bytes());
    }
    hash.hex()
}
