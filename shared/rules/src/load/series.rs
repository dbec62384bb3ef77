//! When the reminders of a left cart go out, what each offers, and what holds them back.

use super::Loader;
use super::fields::{Fields, listed, quoted};
use super::scalar::NAME_CHARS_MAX;
use crate::discount::{CodeSource, DiscountRule};
use crate::quiet::QuietHours;
use crate::tree::{Node, Value};
use beckon_domain::DurationMs;
use beckon_domain::code::PoolName;
use beckon_domain::outreach::series::STEP_COUNT_MAX;
use beckon_domain::outreach::{Cap, OnUnknown, Series, WithoutCode};

/// What `then` of a rule that sends a reminder may have.
pub(super) const SERIES_FIELDS: [&str; 12] = [
    "send",
    "discount",
    "steps",
    "quiet_hours",
    "frequency_cap",
    "reentry",
    "holdout",
    "min_value",
    "consent_within",
    "discount_every",
    "without_code",
    "unknown",
];
const DISCOUNT_FIELDS: [&str; 4] = ["percent", "code_prefix", "valid_for", "pool"];
const CODE_PREFIX_CHARS_MAX: usize = 16;

/// What a rule says of its series.
pub(super) struct SeriesRule {
    pub(super) series: Series,
    pub(super) quiet_hours: Option<QuietHours>,
    /// The discount of each step.
    pub(super) discounts: Vec<Option<DiscountRule>>,
}

impl Loader {
    /// The series of a rule; `idle`: the delay of the only step, where `when` says it.
    pub(super) fn series(
        &mut self,
        then: &Fields<'_>,
        who: &str,
        idle: Option<DurationMs>,
    ) -> Option<SeriesRule> {
        let mut series = Series::default();
        let common = match then.get("discount") {
            Some(node) => Some(self.discount(node, who)?),
            None => None,
        };
        let mut discounts = Vec::new();
        match (then.get("steps"), idle) {
            (Some(node), None) => {
                let steps = self.steps(node, who, common.as_ref())?;
                (series.delays, discounts) = steps.into_iter().unzip();
            }
            (Some(node), Some(_)) => {
                let message = format!(
                    "{who} says twice when its first reminder goes out: take `not: {{event: Order Completed, within: …}}` \
                     out of `when`, and keep `steps`"
                );
                self.problem(node.place, message);
                return None;
            }
            (None, Some(idle)) => {
                series.delays = vec![idle];
                discounts.push(common);
            }
            // The first reminder without a discount, the later ones with it.
            (None, None) => {
                discounts.extend((0..series.delays.len()).map(|step| common.clone().filter(|_| step > 0)));
            }
        }
        let quiet_hours = self.limits(then, who, &mut series)?;
        Some(SeriesRule { series, quiet_hours, discounts })
    }

    fn limits(&mut self, then: &Fields<'_>, who: &str, series: &mut Series) -> Option<Option<QuietHours>> {
        let quiet_hours = match then.get("quiet_hours") {
            Some(node) if is_false(node) => None,
            Some(node) => Some(self.quiet_hours(node, who)?),
            None => Some(QuietHours::default()),
        };
        match then.get("frequency_cap") {
            Some(node) if is_false(node) => series.cap = None,
            Some(node) => series.cap = Some(self.frequency_cap(node, who)?),
            None => {}
        }
        if let Some(node) = then.get("reentry") {
            series.reentry = self.duration(node, "reentry")?;
        }
        if let Some(node) = then.get("holdout") {
            series.holdout = u32::try_from(self.whole(node, "holdout", 0, 50)?).ok()? * 100;
        }
        if let Some(node) = then.get("min_value") {
            series.value_min = Some(self.money(node, "min_value")?);
        }
        if let Some(node) = then.get("consent_within") {
            series.consent_within = Some(self.positive_duration(node, "consent_within")?);
        }
        if let Some(node) = then.get("discount_every") {
            series.discount_within = self.duration(node, "discount_every")?;
        }
        if let Some(node) = then.get("without_code") {
            let words = [("send", WithoutCode::Send), ("wait", WithoutCode::Wait)];
            series.without_code = self.word(node, "without_code", &words)?;
        }
        if let Some(node) = then.get("unknown") {
            let words = [("give_up", OnUnknown::GiveUp), ("send_again", OnUnknown::SendAgain)];
            series.on_unknown = self.word(node, "unknown", &words)?;
        }
        Some(quiet_hours)
    }

    fn steps(
        &mut self,
        node: &Node,
        who: &str,
        common: Option<&DiscountRule>,
    ) -> Option<Vec<(DurationMs, Option<DiscountRule>)>> {
        let count = match &node.value {
            Value::List(items) => items.len(),
            _ => 0,
        };
        if !(1..=STEP_COUNT_MAX).contains(&count) {
            let message = format!(
                "`steps` of {who} must be a list of 1 to {STEP_COUNT_MAX} times after the last change of the cart, such as \
                 `[1h, 24h, 72h]`"
            );
            self.problem(node.place, message);
            return None;
        }
        let mut number = 0;
        let steps = self.each(Some(node), "steps", |loader, node| {
            number += 1;
            loader.step(node, who, common.filter(|_| number > 1 || count == 1))
        });
        if steps.len() < count {
            return None;
        }
        if steps.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            self.problem(
                node.place,
                format!("each of the `steps` of {who} must be later than the one before"),
            );
            return None;
        }
        Some(steps)
    }

    fn step(
        &mut self,
        node: &Node,
        who: &str,
        common: Option<&DiscountRule>,
    ) -> Option<(DurationMs, Option<DiscountRule>)> {
        if matches!(node.value, Value::Text(_)) {
            return Some((self.positive_duration(node, "steps")?, common.cloned()));
        }
        let fields = Fields::open(self, node, &format!("a step of {who}"), &["after", "discount"])?;
        let after = fields.require(self, "after").and_then(|node| self.positive_duration(node, "after"));
        let discount = match fields.get("discount") {
            Some(node) if is_false(node) => None,
            Some(node) => Some(self.discount(node, who)?),
            None => common.cloned(),
        };
        Some((after?, discount))
    }

    fn quiet_hours(&mut self, node: &Node, who: &str) -> Option<QuietHours> {
        let fields = Fields::open(self, node, &format!("`quiet_hours` of {who}"), &["from", "until"])?;
        let from = fields.require(self, "from").and_then(|node| self.time_of_day(node, "from"));
        let until = fields.require(self, "until").and_then(|node| self.time_of_day(node, "until"));
        let hours = QuietHours { from: from?, until: until? };
        if hours.from == hours.until {
            self.problem(
                node.place,
                format!(
                    "the quiet hours of {who} begin when they end: give two times, or `quiet_hours: false`"
                ),
            );
            return None;
        }
        Some(hours)
    }

    fn frequency_cap(&mut self, node: &Node, who: &str) -> Option<Cap> {
        let fields = Fields::open(self, node, &format!("`frequency_cap` of {who}"), &["count", "within"])?;
        let count = fields.require(self, "count").and_then(|node| self.whole(node, "count", 1, 30));
        let within = fields.require(self, "within").and_then(|node| self.positive_duration(node, "within"));
        Some(Cap { count: u32::try_from(count?).ok()?, within: within? })
    }

    fn word<T: Copy>(&mut self, node: &Node, what: &str, words: &[(&str, T)]) -> Option<T> {
        let found = match &node.value {
            Value::Text(text) => words.iter().find(|(word, _)| word == text).map(|(_, value)| *value),
            _ => None,
        };
        if found.is_none() {
            let known = listed(words.iter().map(|(word, _)| *word));
            self.problem(node.place, format!("`{what}` is one of {known}"));
        }
        found
    }

    fn discount(&mut self, node: &Node, who: &str) -> Option<DiscountRule> {
        let fields = Fields::open(self, node, &format!("the discount of {who}"), &DISCOUNT_FIELDS)?;
        let percent = fields.require(self, "percent").and_then(|n| self.percent(n, who));
        let codes = match fields.get("pool") {
            Some(node) => {
                for name in ["code_prefix", "valid_for"] {
                    if let Some(place) = fields.key(name) {
                        let message = format!("a discount from a `pool` has no `{name}`: the pool says it");
                        self.problem(place, message);
                        return None;
                    }
                }
                self.pool(node)
            }
            None => {
                let (prefix, valid_for) = (fields.get("code_prefix"), fields.get("valid_for"));
                if (prefix.is_none() || valid_for.is_none()) && !fields.has_unknown {
                    let message = format!(
                        "the discount of {who} says where its codes come from: give `code_prefix` and `valid_for`, or a `pool`"
                    );
                    self.problem(node.place, message);
                }
                let prefix = prefix.and_then(|n| self.code_prefix(n));
                let valid_for = valid_for.and_then(|n| self.positive_duration(n, "valid_for"));
                prefix.zip(valid_for).map(|(prefix, valid_for)| CodeSource::Derived { prefix, valid_for })
            }
        };
        Some(DiscountRule { percent: percent?, codes: codes? })
    }

    fn pool(&mut self, node: &Node) -> Option<CodeSource> {
        let name = self.text(node, "pool", NAME_CHARS_MAX)?;
        match PoolName::new(&name) {
            Ok(name) => Some(CodeSource::Pool(name)),
            Err(error) => {
                self.problem(node.place, format!("`pool` is not the name of a pool of codes: {error}"));
                None
            }
        }
    }

    fn code_prefix(&mut self, node: &Node) -> Option<String> {
        let prefix = self.text(node, "code_prefix", NAME_CHARS_MAX)?;
        let is_spoken = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-';
        if prefix.len() <= CODE_PREFIX_CHARS_MAX && prefix.bytes().all(is_spoken) {
            return Some(prefix);
        }
        let message = format!(
            "`code_prefix` must be at most {CODE_PREFIX_CHARS_MAX} capital letters, digits and hyphens, \
             such as BACK-, and this is {}",
            quoted(&prefix)
        );
        self.problem(node.place, message);
        None
    }
}

fn is_false(node: &Node) -> bool {
    matches!(node.value, Value::Bool(false))
}
