//! What names what: names are collected while reading, and looked up when everything is read, so that the order of
//! the text does not matter.

use super::Loader;
use super::fields::{listed, quoted};
use crate::error::{PROBLEM_COUNT_MAX, Place, Problem, nearest};
use crate::tree::Node;
use beckon_domain::id::{IdError, OfferId, SlotId};
use beckon_domain::{Category, ProductId};
use std::collections::{BTreeMap, BTreeSet};

/// So many names are all listed in an error message; of more, only the nearest.
const LISTED_COUNT_MAX: usize = 10;

/// What a name is a name of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    Product,
    Offer,
    Slot,
    Rule,
    Category,
    Segment,
    Computed,
    Experiment,
    Goal,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Offer => "offer",
            Self::Slot => "slot",
            Self::Rule => "rule",
            Self::Category => "category",
            Self::Segment => "segment",
            Self::Computed => "computed trait",
            Self::Experiment => "experiment",
            Self::Goal => "goal",
        }
    }

    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Product => "products",
            Self::Offer => "offers",
            Self::Slot => "slots",
            Self::Rule => "rules",
            Self::Category => "categories",
            Self::Segment => "segments",
            Self::Computed => "computed traits",
            Self::Experiment => "experiments",
            Self::Goal => "goals",
        }
    }
}

/// The names that exist, and those that are used.
#[derive(Default)]
pub(super) struct References {
    known: BTreeMap<Kind, BTreeMap<String, Place>>,
    used: Vec<Use>,
}

struct Use {
    kind: Kind,
    name: String,
    place: Place,
    /// Who uses it, and how: "rule `x` sends to slot".
    who: String,
}

impl Loader {
    /// A name begins to exist; a second time is a problem.
    pub(super) fn declare(&mut self, kind: Kind, name: &str, place: Place) {
        let names = self.references.known.entry(kind).or_default();
        if let Some(first) = names.get(name) {
            let message = format!(
                "the {} {} exists already, in line {}: ids must be different",
                kind.word(),
                quoted(name),
                first.line
            );
            self.problem(place, message);
        } else {
            names.insert(name.to_owned(), place);
        }
    }

    /// A name that exists elsewhere.
    pub(super) fn know(&mut self, kind: Kind, name: &str) {
        let names = self.references.known.entry(kind).or_default();
        names.entry(name.to_owned()).or_insert(Place { line: 0, column: 0 });
    }

    /// A category begins to exist; many products may have it.
    pub(super) fn declare_category(&mut self, category: &Category, place: Place) {
        let names = self.references.known.entry(Kind::Category).or_default();
        names.entry(category.as_str().to_owned()).or_insert(place);
    }

    /// An id of something that must exist.
    pub(super) fn refer<T>(
        &mut self,
        kind: Kind,
        node: &Node,
        who: &str,
        new: fn(&str) -> Result<T, IdError>,
        text: fn(&T) -> &str,
    ) -> Option<T> {
        let id = self.id(node, kind.word(), new)?;
        let name = text(&id).to_owned();
        self.references.used.push(Use { kind, name, place: node.place, who: who.to_owned() });
        Some(id)
    }

    /// The id of a product that must exist.
    pub(super) fn product_ref(&mut self, node: &Node, who: &str) -> Option<ProductId> {
        let who = format!("{who} names the product");
        self.refer(Kind::Product, node, &who, ProductId::new, ProductId::as_str)
    }

    /// The id of an offer that must exist.
    pub(super) fn offer_ref(&mut self, node: &Node, who: &str) -> Option<OfferId> {
        let who = format!("{who} shows the offer");
        self.refer(Kind::Offer, node, &who, OfferId::new, OfferId::as_str)
    }

    /// The id of a slot that must exist.
    pub(super) fn slot_ref(&mut self, node: &Node, who: &str) -> Option<SlotId> {
        let who = format!("{who} sends to slot");
        self.refer(Kind::Slot, node, &who, SlotId::new, SlotId::as_str)
    }

    /// A category that a product must have, if there are products.
    pub(super) fn category_ref(&mut self, node: &Node, who: &str) -> Option<Category> {
        let who = format!("{who} asks for the category");
        self.refer(Kind::Category, node, &who, Category::new, Category::as_str)
    }

    /// A list of products that must exist, each once.
    pub(super) fn product_ids(&mut self, node: Option<&Node>, what: &str, who: &str) -> Vec<ProductId> {
        let mut seen = BTreeSet::new();
        self.each(node, what, |loader, item| {
            let id = loader.product_ref(item, who)?;
            if !seen.insert(id.clone()) {
                loader.problem(item.place, format!("{who} names the product {} twice", quoted(id.as_str())));
            }
            Some(id)
        })
    }

    /// Looks up every name that was used.
    pub(super) fn check_references(&mut self) {
        let none = BTreeMap::new();
        let mut problems = Vec::new();
        let References { known, used } = &self.references;
        for Use { kind, name, place, who } in used {
            let names = known.get(kind).unwrap_or(&none);
            // Products and categories come with events and with the catalog's feed: a ruleset that lists no products of
            // its own may name any.
            let is_free = matches!(kind, Kind::Category | Kind::Product) && names.is_empty();
            if is_free || names.contains_key(name) {
                continue;
            }
            let mut message = format!("{who} {}, which does not exist", quoted(name));
            // To look for the nearest name costs time that only the problems reported are worth.
            if problems.len() < PROBLEM_COUNT_MAX {
                message.push_str(&hint(*kind, name, names));
            }
            problems.push(Problem { line: place.line, column: place.column, message });
        }
        self.problems.extend(problems);
    }
}

fn hint(kind: Kind, name: &str, names: &BTreeMap<String, Place>) -> String {
    let all = || names.keys().map(String::as_str);
    if names.is_empty() {
        format!("; there are no {}", kind.plural())
    } else if names.len() <= LISTED_COUNT_MAX {
        format!("; {} are {}", kind.plural(), listed(all()))
    } else {
        nearest(name, all()).map_or_else(String::new, |meant| format!(", did you mean `{meant}`?"))
    }
}
