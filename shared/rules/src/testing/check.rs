//! Compares what came of a test with what it expects.

use super::because::because;
use super::report::row_name;
use super::report::{Covered, Difference, TestResult};
use super::scenario::{Expected, MailExpected, Scenario, Shown};
use super::timeline::Timeline;
use crate::decision::{Content, Decision};
use crate::model::{Act, Ruleset};
use beckon_domain::event::TraitValue;
use beckon_domain::id::{RuleId, SlotId};
use std::fmt::Display;

/// What is written where there is nothing.
const NONE: &str = "none";

/// Runs one test.
pub(super) fn check(ruleset: &Ruleset, scenario: &Scenario, coverage: &mut [Covered]) -> TestResult {
    let mut timeline = Timeline::new(ruleset, scenario.key.clone());
    for item in &scenario.given {
        timeline.happen(item);
    }
    timeline.pass_to(scenario.asked_at());
    for mail in timeline.mails() {
        Covered::reach(coverage, "rule", mail.rule.as_str());
    }
    for rule in timeline.published() {
        Covered::reach(coverage, "rule", rule.as_str());
    }
    // What a rule left behind is all that is known of a trait that it set.
    for rule in &ruleset.acting {
        let found = |name: &str| timeline.profile().and_then(|profile| profile.trait_value(name));
        if matches!(&rule.then, Act::SetTrait(name, value) if found(name) == Some(value)) {
            Covered::reach(coverage, "rule", rule.id.as_str());
        }
    }
    for segment in timeline.segments() {
        Covered::reach(coverage, "segment", &segment);
    }
    let mut found = Found { scenario, timeline, differences: Vec::new() };
    for expected in &scenario.expect {
        found.compare(expected, coverage);
    }
    TestResult { name: scenario.name.clone(), line: scenario.line, differences: found.differences }
}

/// A test at the moment when it asks.
struct Found<'a> {
    scenario: &'a Scenario,
    timeline: Timeline<'a>,
    differences: Vec<Difference>,
}

impl Found<'_> {
    fn differ(&mut self, what: impl Into<String>, expected: impl Display, found: impl Display) {
        self.differences.push(Difference {
            what: what.into(),
            expected: expected.to_string(),
            found: found.to_string(),
            because: None,
        });
    }

    /// Says of the last difference why this rule is not what a slot shows.
    fn say_why(&mut self, slot: &SlotId, rule: &RuleId) {
        let explanation = self.timeline.explain(slot, &self.scenario.page, self.scenario.asked_at());
        let rules = explanation.map(|explanation| explanation.rules).unwrap_or_default();
        if let Some(last) = self.differences.last_mut() {
            last.because = rules.iter().find(|known| known.id == rule.as_str()).map(because);
        }
    }

    fn compare(&mut self, expected: &Expected, coverage: &mut [Covered]) {
        if let Some(shown) = &expected.shown {
            self.shown(shown, coverage);
        }
        self.segments(expected);
        if let Some(mail) = expected.mail {
            self.mail(mail);
        }
        if let Some(rules) = &expected.published {
            let found = self.timeline.published().to_vec();
            if *rules != found {
                self.differ("published", joined(rules), joined(&found));
            }
        }
        for (name, value) in &expected.traits {
            let found = self.timeline.profile().and_then(|profile| profile.trait_value(name)).cloned();
            if found.as_ref() != Some(value) {
                let found = found.map_or_else(|| NONE.to_owned(), |value| written(&value));
                self.differ(format!("trait {name}"), written(value), found);
            }
        }
    }

    fn shown(&mut self, shown: &Shown, coverage: &mut [Covered]) {
        let slot = &shown.slot;
        let Some(decision) = self.timeline.decide(slot, &self.scenario.page, self.scenario.asked_at()) else {
            return self.differ(slot.to_string(), "a slot", NONE);
        };
        if let Some(rule) = &decision.reason.rule {
            Covered::reach(coverage, "rule", rule.as_str());
            if let Some(row) = decision.reason.row {
                Covered::reach(coverage, "row", &row_name(rule.as_str(), row));
            }
        }
        let is_offer = |id: &str| matches!(&decision.content, Content::Offer(o) if o.id.as_str() == id);
        if let Some(offer) = shown.offer.as_ref().filter(|offer| !is_offer(offer.as_str())) {
            self.differ(format!("{slot}: offer"), offer, told(&decision));
        }
        if let Some(products) = shown.products.as_ref().filter(|products| !shows(&decision, products)) {
            self.differ(format!("{slot}: products"), joined(products), told(&decision));
        }
        let rule = decision.reason.rule.as_ref();
        if let Some(expected) = shown.rule.as_ref().filter(|expected| Some(*expected) != rule) {
            let found = rule.map_or_else(|| why(&decision), ToString::to_string);
            self.differ(format!("{slot}: rule"), expected, found);
            self.say_why(slot, expected);
        }
        let row = decision.reason.row;
        if let Some(expected) = shown.row.filter(|expected| Some(*expected) != row) {
            self.differ(
                format!("{slot}: row"),
                expected,
                row.map_or_else(|| NONE.to_owned(), |row| row.to_string()),
            );
        }
        let code = decision.reason.code;
        if let Some(expected) = shown.reason.filter(|expected| *expected != code) {
            self.differ(format!("{slot}: reason"), expected.code(), why(&decision));
        }
        let used = decision.fallback.used;
        if let Some(expected) = shown.fallback.filter(|expected| *expected != used) {
            self.differ(format!("{slot}: fallback"), expected, used);
        }
    }

    fn segments(&mut self, expected: &Expected) {
        if expected.segments.is_empty() && expected.not_segments.is_empty() {
            return;
        }
        let found = self.timeline.segments();
        let all = joined(&found);
        for segment in expected.segments.iter().filter(|segment| !found.contains(*segment)) {
            self.differ(format!("segment {segment}"), "in it", format!("not in it; in: {all}"));
        }
        for segment in expected.not_segments.iter().filter(|segment| found.contains(*segment)) {
            self.differ(format!("segment {segment}"), "not in it", "in it");
        }
    }

    fn mail(&mut self, expected: MailExpected) {
        let starts = self.scenario.starts;
        let times: Vec<String> =
            self.timeline.mails().iter().map(|mail| mail.at.since(starts).to_string()).collect();
        let (is_so, wanted) = match expected {
            MailExpected::None => (times.is_empty(), NONE.to_owned()),
            MailExpected::Any => (!times.is_empty(), format!("one by {}", self.scenario.at)),
            MailExpected::At(at) => (times.contains(&at.to_string()), format!("at {at}")),
        };
        if is_so {
            return;
        }
        let mut found = if times.is_empty() { NONE.to_owned() } else { format!("at {}", times.join(", ")) };
        for (reason, count) in self.timeline.not_sent() {
            found.push_str(&format!("; not sent: {reason} ({count})"));
        }
        self.differ("mail", wanted, found);
    }
}

/// Whether a slot shows these products first, and nothing else that the rule itself brings: what fills a list that is
/// too short may be left out.
fn shows(decision: &Decision, products: &[beckon_domain::ProductId]) -> bool {
    let Content::Products(items) = &decision.content else { return false };
    let own_count = items.len().saturating_sub(decision.fallback.filled);
    products.len() >= own_count
        && products.len() <= items.len()
        && products.iter().zip(items).all(|(product, item)| *product == item.product)
}

/// What a slot shows and why, in one line.
#[must_use]
pub fn told(decision: &Decision) -> String {
    let content = match &decision.content {
        Content::Offer(offer) => format!("the offer {}", offer.id),
        Content::Products(items) => {
            items.iter().map(|item| item.product.as_str()).collect::<Vec<_>>().join(", ")
        }
    };
    let filled = match (&decision.content, decision.fallback.filled) {
        (Content::Products(items), filled) if filled > 0 && filled < items.len() => {
            format!(", the last {filled} to fill it")
        }
        _ => String::new(),
    };
    format!("{content} ({}{filled})", why(decision))
}

fn why(decision: &Decision) -> String {
    let code = decision.reason.code.code();
    match (&decision.reason.rule, decision.reason.row) {
        (Some(rule), Some(row)) => format!("row {}", row_name(rule.as_str(), row)),
        (Some(rule), None) => format!("rule {rule}"),
        (None, _) => code.to_owned(),
    }
}

fn joined<T: Display>(all: impl IntoIterator<Item = T>) -> String {
    let all: Vec<String> = all.into_iter().map(|one| one.to_string()).collect();
    if all.is_empty() { NONE.to_owned() } else { all.join(", ") }
}

/// A value as a ruleset writes it.
fn written(value: &TraitValue) -> String {
    match value {
        TraitValue::Bool(value) => value.to_string(),
        TraitValue::Number(value) => value.to_string(),
        TraitValue::Text(value) => format!("\"{value}\""),
    }
}
