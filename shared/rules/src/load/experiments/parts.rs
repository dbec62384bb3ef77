//! Shares of people, ramps, namespaces, and words of which one is meant.

use super::Loader;
use crate::error::nearest;
use crate::load::fields::{Fields, listed, quoted};
use crate::load::scalar::NAME_CHARS_MAX;
use crate::tree::{Node, Value};
use beckon_domain::experiment::{BucketRange, Namespace, Ramp};
use beckon_domain::{SmolStr, Timestamp};

const STEP_FIELDS: [&str; 2] = ["from", "coverage"];
const NAMESPACE_FIELDS: [&str; 3] = ["id", "from", "to"];

impl Loader {
    /// A share: `12.5%`, or a number from 0 to 1.
    pub(super) fn share(&mut self, node: &Node, what: &str) -> Option<f64> {
        let parsed = match &node.value {
            Value::Text(text) => {
                let percent =
                    text.trim().strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
                percent.map(|percent| percent / 100.0)
            }
            Value::Integer { value, .. } => Some(*value as f64),
            Value::Number(number) => Some(*number),
            _ => None,
        };
        let share = parsed.filter(|share| (0.0..=1.0).contains(share));
        if share.is_none() {
            let message = format!("`{what}` must be a share from 0% to 100%, such as 12.5% or 0.125");
            self.problem(node.place, message);
        }
        share
    }

    /// The one of some words that a text is.
    pub(super) fn one_of<T: Copy>(&mut self, node: &Node, what: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(node, what, NAME_CHARS_MAX)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let names = || words.iter().map(|(word, _)| *word);
            let hint = nearest(&text, names()).map_or_else(String::new, |w| format!(", did you mean `{w}`?"));
            let message = format!("`{what}` is {}; it can be {}{hint}", quoted(&text), listed(names()));
            self.problem(node.place, message);
        }
        found
    }

    /// `coverage: 50%`, or a ramp: a list of parts with the times from which on they hold.
    pub(super) fn coverage(&mut self, fields: &Fields<'_>) -> Option<Ramp> {
        let Some(node) = fields.get("coverage") else { return Ramp::always(1.0).ok() };
        if !matches!(node.value, Value::List(_)) {
            return self.share(node, "coverage").and_then(|share| Ramp::always(share).ok());
        }
        let before = self.problems.len();
        let who = format!("a step of the ramp of {}", fields.what);
        let steps = self.each(Some(node), "coverage", |loader, node| loader.step_of_ramp(node, &who));
        if self.problems.len() > before {
            return None;
        }
        match Ramp::steps(steps) {
            Ok(ramp) => Some(ramp),
            Err(error) => {
                self.problem(node.place, format!("the ramp of {} is none: {error}", fields.what));
                None
            }
        }
    }

    fn step_of_ramp(&mut self, node: &Node, who: &str) -> Option<(Timestamp, f64)> {
        let fields = Fields::open(self, node, who, &STEP_FIELDS)?;
        let from = fields.require(self, "from").and_then(|n| self.instant(n, "from"));
        let coverage = fields.require(self, "coverage").and_then(|n| self.share(n, "coverage"));
        Some((from?, coverage?))
    }

    /// `namespace: {id: home, from: 0, to: 0.5}`.
    pub(super) fn namespace(&mut self, node: &Node, who: &str) -> Option<Namespace> {
        let fields = Fields::open(self, node, &format!("the namespace of {who}"), &NAMESPACE_FIELDS)?;
        let id = fields.require(self, "id").and_then(|n| self.text(n, "id", NAME_CHARS_MAX));
        let start = fields.require(self, "from").and_then(|n| self.share(n, "from"));
        let end = fields.require(self, "to").and_then(|n| self.share(n, "to"));
        let (start, end) = (start?, end?);
        if start >= end {
            let message =
                format!("the namespace of {who} ends before it begins: `to` must be more than `from`");
            self.problem(node.place, message);
            return None;
        }
        Some(Namespace { id: SmolStr::new(id?), range: BucketRange { start, end } })
    }
}
