//! Conditions on facts, traits, interests and segments.

use super::Loader;
use super::condition::Scope;
use super::fields::{Fields, listed, quoted};
use super::reference::Kind as Reference;
use super::scalar::NAME_CHARS_MAX;
use super::test::OPERATORS;
use crate::condition::Condition;
use crate::error::{Place, nearest};
use crate::fact::{Fact, Interest, NAMED, Name};
use crate::tree::{Node, Value};
use crate::value::{Kind, Operand, Test};
use beckon_domain::event::Device;
use beckon_domain::{Brand, SmolStr};

impl Loader {
    /// `fact: cart.value` and its comparisons.
    pub(super) fn fact(&mut self, fields: &Fields<'_>, name: &Node, scope: &Scope<'_>) -> Option<Condition> {
        let fact = self.fact_named(name, scope)?;
        let what = format!("`{}`", fact.text());
        let tests = self.tests(fields, &what, fact.kind())?;
        self.is_a_word_of(fields.place, &fact, &tests);
        Some(Condition::Fact { fact, tests })
    }

    /// A fact by its name.
    pub(super) fn fact_named(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Fact> {
        let text = self.text(node, "fact", NAME_CHARS_MAX)?;
        if let Some(name) = text.strip_prefix("trait.").filter(|name| !name.is_empty()) {
            return Some(Fact::Trait(SmolStr::new(name)));
        }
        if let Some(id) = text.strip_prefix("computed.") {
            return self.computed_named(id, node, scope);
        }
        for interest in Interest::ALL {
            let prefix = format!("affinity.{}.", interest.word());
            if let Some(key) = text.strip_prefix(&prefix).filter(|key| !key.is_empty()) {
                return Some(Fact::Affinity(interest, SmolStr::new(key)));
            }
        }
        let Some((name, ..)) = NAMED.iter().find(|(_, known, ..)| *known == text) else {
            let known = NAMED.iter().map(|(_, known, ..)| *known);
            let hint = match nearest(&text, known.clone()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!(
                    "facts are {}, `trait.NAME`, `computed.ID` and `affinity.category.ID`",
                    listed(known)
                ),
            };
            self.problem(node.place, format!("no fact is called {}; {hint}", quoted(&text)));
            return None;
        };
        if name.is_of_the_page()
            && let Some(why) = scope.without_page()
        {
            self.problem(node.place, format!("{why}: remove the fact `{text}`"));
        }
        Some(Fact::Named(*name))
    }

    fn computed_named(&mut self, id: &str, node: &Node, scope: &Scope<'_>) -> Option<Fact> {
        if let Some(computed) = self.computed.get(id) {
            return Some(Fact::Computed(computed.clone()));
        }
        // One that could not be read is a problem already.
        if !self.computed_ids.iter().any(|known| known == id) {
            let known = self.computed_ids.iter().map(String::as_str);
            let hint = match nearest(id, known.clone()) {
                Some(meant) => format!(", did you mean `computed.{meant}`?"),
                None if self.computed_ids.is_empty() => "; the ruleset has no `computed`".to_owned(),
                None => format!("; there are {}", listed(known)),
            };
            let message = format!("{} reads `computed.{id}`, which does not exist{hint}", scope.who);
            self.problem(node.place, message);
        }
        None
    }

    /// Some texts are one of few words, and another is a slip.
    pub(super) fn is_a_word_of(&mut self, place: Place, fact: &Fact, tests: &[Test]) {
        let words: Vec<&str> = match fact {
            Fact::Named(Name::SessionDevice) => Device::ALL.map(Device::code).to_vec(),
            Fact::Named(Name::PageType) => {
                crate::page::PageKind::ALL.map(crate::page::PageKind::code).to_vec()
            }
            _ => return,
        };
        let operands = tests.iter().flat_map(|test| match test {
            Test::Eq(operand) | Test::Ne(operand) => std::slice::from_ref(operand),
            Test::In(operands) | Test::NotIn(operands) => operands.as_slice(),
            _ => &[],
        });
        for operand in operands {
            if let Operand::Text(text) = operand
                && !words.contains(&text.as_str())
            {
                let message = format!(
                    "`{}` is one of {}, and never {}",
                    fact.text(),
                    listed(words.iter().copied()),
                    quoted(text)
                );
                self.problem(place, message);
            }
        }
    }

    /// `trait: {name: plan, eq: gold}`.
    pub(super) fn trait_value(&mut self, node: &Node) -> Option<Condition> {
        let allowed: Vec<&str> = ["name"].into_iter().chain(OPERATORS).collect();
        let fields = Fields::open(self, node, "`trait`", &allowed)?;
        let name = fields.require(self, "name").and_then(|n| self.text(n, "name", NAME_CHARS_MAX));
        let tests = self.tests(&fields, "`trait`", Kind::Any);
        Some(Condition::Fact { fact: Fact::Trait(SmolStr::new(name?)), tests: tests? })
    }

    /// `affinity: {category: tents, gte: 1.5}`.
    pub(super) fn affinity(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Condition> {
        let words = Interest::ALL.map(Interest::word);
        let allowed: Vec<&str> = words.into_iter().chain(OPERATORS).collect();
        let fields =
            Fields::open_of(self, node, "`affinity`", &allowed, &["category", "brand", "product", "gte"])?;
        let interests: Vec<Interest> =
            Interest::ALL.into_iter().filter(|interest| fields.get(interest.word()).is_some()).collect();
        let [interest] = interests[..] else {
            if !fields.has_unknown {
                let message = "`affinity` must name one of `category`, `brand` and `product`";
                self.problem(fields.place, message);
            }
            return None;
        };
        let node = fields.require(self, interest.word())?;
        let key = match interest {
            Interest::Category => self.category_ref(node, scope.who).map(|key| SmolStr::new(key.as_str())),
            Interest::Product => self.product_ref(node, scope.who).map(|key| SmolStr::new(key.as_str())),
            Interest::Brand => self.id(node, "brand", Brand::new).map(|key| SmolStr::new(key.as_str())),
        };
        let what = "the number of points of `affinity` (a view gives 1, adding to the cart 3, an order 5)";
        let tests = self.tests(&fields, what, Kind::Number);
        // Everybody has so many points.
        let is_of_everybody = |test: &Test| matches!(test, Test::Gte(points) if *points <= 0.0);
        if tests.iter().flatten().any(is_of_everybody) {
            let message =
                "`gte` must be a number of points above 0: a view gives 1, adding to the cart 3, an order 5";
            self.problem(fields.key("gte").unwrap_or(fields.place), message);
        }
        Some(Condition::Fact { fact: Fact::Affinity(interest, key?), tests: tests? })
    }

    /// `segment: vip`, or `segment: {in: [vip, new]}`.
    pub(super) fn segment_ref(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Condition> {
        match &node.value {
            Value::Map(_) => {
                let fields = Fields::open(self, node, "`segment`", &["in", "not_in"])?;
                let (all, is_in) = match (fields.get("in"), fields.get("not_in")) {
                    (Some(node), None) => (node, true),
                    (None, Some(node)) => (node, false),
                    _ => {
                        let message = "`segment` is a name, or `{in: [...]}`, or `{not_in: [...]}`";
                        self.problem(fields.place, message);
                        return None;
                    }
                };
                let before = self.problems.len();
                let any = self.each(Some(all), "in", |loader, item| loader.segment_index(item, scope));
                let any = Condition::Any(any.into_iter().map(Condition::Segment).collect());
                let condition = if is_in { any } else { Condition::Not(Box::new(any)) };
                (self.problems.len() == before).then_some(condition)
            }
            _ => self.segment_index(node, scope).map(Condition::Segment),
        }
    }

    pub(super) fn segment_index(&mut self, node: &Node, scope: &Scope<'_>) -> Option<usize> {
        let name = self.text(node, "segment", NAME_CHARS_MAX)?;
        let index = self.segment_ids.iter().position(|known| *known == name);
        if index.is_none() {
            let known = self.segment_ids.iter().map(String::as_str);
            let hint = match nearest(&name, known.clone()) {
                Some(meant) => format!(", did you mean `{meant}`?"),
                None if self.segment_ids.is_empty() => "; the ruleset has no `segments`".to_owned(),
                None => format!("; {} are {}", Reference::Segment.plural(), listed(known)),
            };
            let message =
                format!("{} asks for the segment {}, which does not exist{hint}", scope.who, quoted(&name));
            self.problem(node.place, message);
        }
        index
    }
}

/// The id of something in a list, before it is read: what others may name.
pub(super) fn ids_of(list: Option<&Node>) -> Vec<String> {
    let Some(Node { value: Value::List(items), .. }) = list else { return Vec::new() };
    items
        .iter()
        .map(|item| {
            let Value::Map(entries) = &item.value else { return String::new() };
            let id = entries.iter().find(|(key, _)| matches!(&key.value, Value::Text(name) if name == "id"));
            match id.map(|(_, id)| &id.value) {
                Some(Value::Text(text)) => text.trim().to_owned(),
                Some(Value::Integer { value, plain: true }) => value.to_string(),
                _ => String::new(),
            }
        })
        .collect()
}
