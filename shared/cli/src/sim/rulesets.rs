//! The ruleset of a seed: a slot, a segment that time ends, rules that act on events and on time, and a series of reminders
//! that is another one in each seed.

use crate::dice::Dice;

const RULES: &str = "version: 1
name: Simulation
currency: EUR
products:
  - { id: tent, name: Tent, category: tents, price: 10.00 }
  - { id: mat, name: Mat, category: mats, price: 5.00 }
best_sellers: [tent, mat]
slots:
  - { id: home, count: 2, fallback: best_sellers }
segments:
  - { id: looker, when: { event: Product Viewed, within: 10m } }
rules:
  - id: added
    on: Product Added
    when: { segment: looker }
    then: { publish: added }
  - id: undecided
    when: { all: [{ event: Product Added }, { not: { event: Order Completed, within: 15m } }] }
    then: { publish: undecided }
  - id: cart-left
    when: { event: Product Added }
";

/// The last steps, where there is one, leave time for a mail of which nobody knows whether it was sent to be sent again.
const STEPS: [&str; 4] = ["15m, 2h", "10m, 100m", "5m, 90m, 4h", "5m, 20m, 45m"];
const CAPS: [&str; 4] = ["false", "false", "{ count: 1, within: 50m }", "{ count: 2, within: 3h }"];
const QUIET: [&str; 4] = ["false", "false", "false", "{ from: \"10:00\", until: \"11:30\" }"];

/// From the first mail on, of a pool that has few codes; in half of the seeds none at all.
const DISCOUNTS: [&str; 4] = [
    "",
    "",
    ", discount: { percent: 10, pool: few }, discount_every: 0s",
    ", discount: { percent: 10, pool: few }, discount_every: 0s, without_code: wait",
];

/// The ruleset of a seed.
pub(crate) fn write(seed: u64) -> String {
    let mut dice = Dice::new(seed, 3);
    let mut one = |choices: &[&'static str]| dice.pick(choices).copied().unwrap_or_default();
    let (steps, cap, quiet) = (one(&STEPS), one(&CAPS), one(&QUIET));
    let (reentry, holdout) = (one(&["0m", "0m", "30m"]), one(&["0", "0", "10"]));
    let (unknown, discount) = (one(&["give_up", "send_again"]), one(&DISCOUNTS));
    format!(
        "{RULES}    then: {{ send: cart-reminder, steps: [{steps}], frequency_cap: {cap}, quiet_hours: {quiet}, \
         reentry: {reentry}, holdout: {holdout}, unknown: {unknown}{discount} }}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::write;
    use beckon_rules::Ruleset;

    #[test]
    fn every_seed_has_a_ruleset_that_is_valid() {
        for seed in 0..200 {
            let problems = Ruleset::parse(&write(seed)).err().map(|error| error.to_string());
            assert_eq!(problems, None, "{}", write(seed));
        }
    }
}
