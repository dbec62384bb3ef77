//! Why a rule is shown, or is not, in one line.

use crate::explain::{Explained, RuleExplained, Verdict};

/// Parts of a condition that are told; more say less.
const PARTS_TOLD_MAX: usize = 3;

/// What became of a rule, and which parts of its condition decided that.
#[must_use]
pub fn because(rule: &RuleExplained) -> String {
    let parts = || decisive(&rule.condition);
    match rule.verdict {
        Verdict::Won => format!("{} is shown: {}", rule.id, parts()),
        Verdict::Holds => format!("{} holds: {}", rule.id, parts()),
        Verdict::Outranked => format!("{} holds too, and a rule of higher priority is shown", rule.id),
        Verdict::Empty => format!("{} holds, and has nothing to show", rule.id),
        Verdict::DoesNotHold => format!("{} does not hold: {}", rule.id, parts()),
        Verdict::NotActive => format!("{} is not active at this time", rule.id),
        Verdict::NotAsked => {
            format!("{} asks about a person of whom nothing is known, or who denies personalization", rule.id)
        }
    }
}

/// The parts that made the condition what it is.
fn decisive(condition: &Explained) -> String {
    let mut parts = Vec::new();
    collect(condition, "", &mut parts);
    let rest = parts.len().saturating_sub(PARTS_TOLD_MAX);
    parts.truncate(PARTS_TOLD_MAX);
    let more = if rest > 0 { format!("; and {rest} more") } else { String::new() };
    format!("{}{more}", parts.join("; "))
}

/// Collects the parts that are as the whole is, down to those that were compared; below `not` it is the other way round.
fn collect(condition: &Explained, not: &str, parts: &mut Vec<String>) {
    if condition.parts.is_empty() {
        let read = condition.read.as_ref().map_or_else(String::new, |read| format!(" (found {read})"));
        parts.push(format!("{not}{}{read}", condition.condition));
    } else if let ("not", [part]) = (condition.condition.as_str(), &condition.parts[..]) {
        collect(part, if not.is_empty() { "not " } else { "" }, parts);
    } else {
        condition
            .parts
            .iter()
            .filter(|part| part.holds == condition.holds)
            .for_each(|part| collect(part, not, parts));
    }
}
