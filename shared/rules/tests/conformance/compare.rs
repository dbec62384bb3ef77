//! What a case expects, against what was found.

use crate::case::{Expected, instant, length, value};
use beckon_domain::{Profile, Timestamp};
use beckon_rules::{Content, Decision, Person, ReasonCode, RuleExplained, Ruleset};

/// What the rules hold of a person.
pub fn compare_state(profile: &Profile, told: &[String], expect: &Expected) -> Vec<String> {
    let mut differences = Vec::new();
    let mut differ = |what: &str, wanted: Option<String>, found: String| {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
            differences.push(format!("{what}: expected {wanted}, found {found}"));
        }
    };
    let found: Vec<&str> = profile.rules.segments.iter().map(|holding| holding.name.as_str()).collect();
    differ("segments", expect.segments.as_ref().map(|s| s.join(" ")), found.join(" "));
    differ("told", expect.told.as_ref().map(|t| t.join(", ")), told.join(", "));
    for (name, wanted) in &expect.traits {
        let found = format!("{:?}", profile.trait_value(name));
        differ(&format!("trait {name}"), Some(format!("{:?}", Some(value(wanted)))), found);
    }
    let since = |at: Timestamp| at.since(instant("0s")).to_string();
    let timer = profile.rules.next_at.map_or_else(|| "never".to_owned(), since);
    let wanted =
        expect.timer.as_deref().map(|t| if t == "never" { t.to_owned() } else { length(t).to_string() });
    differ("timer", wanted, timer);
    differences
}

pub fn compare(decision: &Decision, expect: &Expected) -> Vec<String> {
    let mut differences = Vec::new();
    let mut differ = |what: &str, wanted: Option<String>, found: String| {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
            differences.push(format!("{what}: expected {wanted}, found {found}"));
        }
    };
    let (products, sources, offer) = match &decision.content {
        Content::Products(items) => (
            items.iter().map(|i| i.product.to_string()).collect::<Vec<_>>(),
            items.iter().map(|i| i.source.code().to_owned()).collect::<Vec<_>>(),
            None,
        ),
        Content::Offer(offer) => (Vec::new(), Vec::new(), Some(offer.id.to_string())),
    };
    // What a case does not expect must not be there: an offer in place of products would pass otherwise.
    differ("offer", Some(format!("{:?}", expect.offer)), format!("{offer:?}"));
    differ("products", expect.products.as_ref().map(|p| p.join(" ")), products.join(" "));
    differ("sources", expect.sources.as_ref().map(|s| s.join(" ")), sources.join(" "));
    differ("reason", expect.reason.clone(), decision.reason.code.code().to_owned());
    let rule = decision.reason.rule.as_ref().map(ToString::to_string);
    differ("rule", Some(format!("{:?}", expect.rule)), format!("{rule:?}"));
    differ("row", Some(format!("{:?}", expect.row)), format!("{:?}", decision.reason.row));
    differ("filled", expect.filled.map(|n| n.to_string()), decision.fallback.filled.to_string());
    let ttl = expect.ttl.as_deref().map(|t| length(t).to_string());
    differ("ttl", ttl, decision.ttl.to_string());
    let is_default = decision.reason.code != ReasonCode::RuleMatch;
    let used = is_default || decision.fallback.filled > 0;
    differ("fallback used", Some(used.to_string()), decision.fallback.used.to_string());
    differences
}

/// Both forms of every condition say the same.
pub fn compare_forms(ruleset: &Ruleset, person: &Person<'_>, now: Timestamp) -> Vec<String> {
    let reading = ruleset.read(person, now);
    let conditions = ruleset.rule_ids().filter_map(|id| Some((id, ruleset.condition_of(id)?)));
    let differ = conditions.filter(|(_, rule)| rule.holds(person, now) != rule.holds_of(&reading));
    differ.map(|(id, _)| format!("the compiled form of {id} says something else")).collect()
}

pub fn compare_explanation(rules: &[RuleExplained], expect: &Expected) -> Vec<String> {
    let text = |rule: &RuleExplained| {
        let near = rule.near_miss.as_ref().map_or_else(String::new, |near| format!("\nnear: {near}"));
        format!("{} {:?}{near}\n{}", rule.id, rule.verdict, rule.condition)
    };
    let found = rules.iter().map(text).collect::<Vec<_>>().join("\n");
    match expect.explain.as_deref().map(str::trim_end) {
        Some(wanted) if wanted != found => vec![format!("explanation: expected\n{wanted}\nfound\n{found}")],
        _ => Vec::new(),
    }
}
