//! What two experiments must not share: a slot that both change, or the mails. Nobody could say then which of them a person
//! saw, and one would answer for what the other did.

use super::{Loader, Read};
use crate::experiments::Slots;
use crate::load::fields::quoted;
use beckon_domain::experiment::{Experiment, Status};
use beckon_domain::id::SlotId;
use std::collections::BTreeSet;

impl Loader {
    /// Experiments that can be seen by one person at one time change different slots.
    pub(super) fn check_conflicts(&mut self, read: &[Read]) {
        for (index, later) in read.iter().enumerate() {
            for earlier in &read[..index] {
                let (one, two) = (&earlier.trial.experiment, &later.trial.experiment);
                let is_running = |experiment: &Experiment| experiment.status == Status::Running;
                // A winner is seen by all, whatever part it had and until when.
                let is_apart = is_running(one) && is_running(two) && one.excludes(two);
                if !is_seen(one) || !is_seen(two) || is_apart {
                    continue;
                }
                let Some(shared) = shared(earlier, later) else { continue };
                let advice = if is_running(one) && is_running(two) {
                    "let them share a `namespace`, each with a part of its own, or let one end (`until`) before the other \
                     begins (`from`)"
                } else {
                    "everybody sees a winner, so make it part of the ruleset, and remove its experiment"
                };
                let message = format!(
                    "experiment {} and experiment {} both change {shared}: {advice}",
                    quoted(two.run.experiment.as_str()),
                    quoted(one.run.experiment.as_str())
                );
                self.problem(later.place, message);
            }
        }
    }
}

/// Whether anybody sees what it changes, once it is not switched off. A winner is seen by everybody.
fn is_seen(experiment: &Experiment) -> bool {
    matches!(experiment.status, Status::Running | Status::Stopped { winner: Some(_) })
}

fn shared(one: &Read, two: &Read) -> Option<String> {
    if one.trial.changes_mail() && two.trial.changes_mail() {
        return Some("the reminder's mails".to_owned());
    }
    let both = changed(one)?.intersection(changed(two)?).next()?;
    Some(format!("slot {}", quoted(both.as_str())))
}

fn changed(read: &Read) -> Option<&BTreeSet<SlotId>> {
    match &read.trial.slots {
        Slots::Only(slots) if read.trial.has_changes() => Some(slots),
        _ => None,
    }
}
