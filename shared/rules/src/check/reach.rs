//! Rules of a slot that never have their turn, and recommendations that no product passes.

use super::implied::implies;
use super::overlap::Shown;
use crate::condition::Condition;
use crate::error::{Place, Problem};
use crate::model::{Action, Active, Catalog, Rule, Slot};
use crate::shelf::Seen;
use crate::table::Hit;
use beckon_domain::Currency;

/// Of a slot with more rules than this only the first so many are compared, each with all above it.
const COMPARED_COUNT_MAX: usize = 150;

/// What is wrong with the rules of a slot, highest priority first.
pub(crate) fn problems(slot: &Slot, catalog: &Catalog, currency: Currency) -> Vec<Problem> {
    let mut problems: Vec<Problem> =
        slot.rules.iter().filter_map(|rule| nothing_passes(rule, catalog, currency)).collect();
    let rules = slot.rules.get(..COMPARED_COUNT_MAX).unwrap_or(&slot.rules);
    let ways: Vec<Ways<'_>> = rules.iter().map(ways).collect();
    for (index, (rule, own)) in rules.iter().zip(&ways).enumerate() {
        let takes = |(higher, of_higher): &(&Rule, &Ways<'_>)| {
            covers(higher.active, rule.active) && takes_all(of_higher, own, currency)
        };
        if let Some((higher, _)) = rules.iter().zip(&ways).take(index).find(takes) {
            let message = format!(
                "{} is never reached: {} in line {} has a higher priority in slot `{}`, and always takes those of whom it \
                 would hold; give it a higher priority, or remove it",
                name(rule),
                name(higher),
                higher.place.line,
                slot.id
            );
            problems.push(problem(rule.place, message));
        }
    }
    problems
}

fn problem(place: Place, message: String) -> Problem {
    Problem { line: place.line, column: place.column, message }
}

fn name(rule: &Rule) -> String {
    let kind = if matches!(rule.then, Action::Table(_)) { "table" } else { "rule" };
    format!("{kind} `{}`", rule.id)
}

/// Conditions that must hold together, and what is shown then.
type Ways<'r> = Vec<(Vec<&'r Condition>, &'r Action)>;

/// The ways in which a rule can show something: its condition and its content; of a table the rows of which one decides.
fn ways(rule: &Rule) -> Ways<'_> {
    match &rule.then {
        Action::Table(table) if table.hit == Hit::Collect => Vec::new(),
        Action::Table(table) => {
            table.rows.iter().map(|row| (vec![&rule.when, &row.when], &row.then)).collect()
        }
        then => vec![(vec![&rule.when], then)],
    }
}

fn takes_all(own: &Ways<'_>, of_lower: &Ways<'_>, currency: Currency) -> bool {
    !of_lower.is_empty()
        && of_lower.iter().all(|(when, then)| {
            own.iter().any(|(weaker, shown)| {
                shown.leaves_nothing_to(then)
                    && is_asked_of_all(weaker, when)
                    && weaker.iter().all(|weaker| when.iter().any(|when| implies(when, weaker, currency)))
            })
        })
}

/// Of strangers only conditions about the page alone are asked: one about the person leaves them to a lower rule.
fn is_asked_of_all(weaker: &[&Condition], stronger: &[&Condition]) -> bool {
    let is_of_the_page = |all: &[&Condition]| all.iter().all(|condition| condition.asks_only_the_page());
    is_of_the_page(weaker) || !is_of_the_page(stronger)
}

fn covers(own: Active, other: Active) -> bool {
    own.from.is_none_or(|from| other.from.is_some_and(|other| other >= from))
        && own.until.is_none_or(|until| other.until.is_some_and(|other| other <= until))
}

/// A recommendation whose categories and prices no product of the ruleset has.
fn nothing_passes(rule: &Rule, catalog: &Catalog, currency: Currency) -> Option<Problem> {
    let passes = |then: &Action| match then {
        Action::Recommend(_, selection) => {
            // Brands are the feed's to know.
            catalog.is_empty()
                || !(selection.brands.is_empty() && selection.not_brands.is_empty())
                || catalog.products().iter().any(|p| selection.allows_the_rulesets(&Seen::of(p), currency))
        }
        _ => true,
    };
    let row = match &rule.then {
        Action::Table(table) => {
            let row = table.rows.iter().position(|row| !passes(&row.then))?;
            format!("row {} of ", row + 1)
        }
        then if passes(then) => return None,
        _ => String::new(),
    };
    let message = format!(
        "{row}{} recommends only what no product is: none is of these categories at this price; change `categories`, \
         `not_categories` or `price`",
        name(rule)
    );
    Some(problem(rule.place, message))
}
