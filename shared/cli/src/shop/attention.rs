//! What a visitor makes of what slots show: looks at it, clicks, follows a product, or is won over by an offer.
//!
//! The numbers are inventions, large enough that a test of an offer against products ends within minutes.

use super::body::{self, Line};
use crate::dice::Dice;
use serde_json::Value;
use std::collections::BTreeMap;

/// How many in a hundred go on with one of the products that a slot shows.
const FOLLOWS_PERCENT: u64 = 25;
/// How many in a hundred click an offer.
const CLICKS_OFFER_PERCENT: u64 = 30;
/// How many in a hundred buy on this visit what they otherwise might have left, because of an offer.
const WON_OVER_PERCENT: u64 = 50;
/// Products whose decision a browser remembers.
const CLICKED_MAX: usize = 50;

/// What a slot of a page showed, as the API answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Showing {
    /// The decision.
    pub decision: String,
    /// The slot.
    pub slot: String,
    /// The rule that filled it, if one did.
    pub rule: Option<String>,
    /// The offer that it showed, if it was one.
    pub offer: Option<String>,
    /// The products that it showed, each with where it comes from.
    pub products: Vec<(String, String)>,
}

impl Showing {
    /// The decisions of an answer.
    #[must_use]
    pub fn of_answer(answer: &Value) -> Vec<Self> {
        let decisions = answer["decisions"].as_array().into_iter().flatten();
        decisions.filter_map(Self::of_decision).collect()
    }

    fn of_decision(decision: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let product = |item: &Value| Some((text(&item["productId"])?, text(&item["source"])?));
        Some(Self {
            decision: text(&decision["decisionId"])?,
            slot: text(&decision["slotId"])?,
            rule: text(&decision["reason"]["ruleId"]),
            offer: text(&decision["offer"]["id"]),
            products: decision["items"].as_array().into_iter().flatten().filter_map(product).collect(),
        })
    }
}

/// What one visitor has before their eyes, and what of it they took up.
#[derive(Debug, Default)]
pub(super) struct Attention {
    showing: Vec<Showing>,
    /// The decision that each product was clicked in.
    clicked: BTreeMap<String, String>,
    is_won_over: bool,
}

impl Attention {
    /// The page has its answer.
    pub fn shown(&mut self, showing: Vec<Showing>) {
        self.showing = showing;
    }

    /// Another visit begins; in another browser nothing is remembered.
    pub fn begin(&mut self, is_new_browser: bool) {
        self.showing.clear();
        self.is_won_over = false;
        if is_new_browser {
            self.clicked.clear();
        }
    }

    /// Whether an offer of this visit has won the visitor over.
    pub fn is_won_over(&self) -> bool {
        self.is_won_over
    }

    /// Looks at the page: what is told of each slot, without ids. Whatever an offer does, it does now.
    pub fn look(&mut self, dice: &mut Dice) -> Vec<Value> {
        let mut events = Vec::new();
        for showing in &self.showing {
            events.push(body::decision_viewed(showing));
            if showing.offer.is_none() {
                continue;
            }
            if dice.percent(CLICKS_OFFER_PERCENT) {
                events.push(body::decision_clicked(showing, None));
            }
            self.is_won_over |= dice.percent(WON_OVER_PERCENT);
        }
        events
    }

    /// Follows a product of the page, or none: the product, and what is told of the click. The page is left.
    pub fn follow(&mut self, dice: &mut Dice) -> Option<(String, Value)> {
        let showing = std::mem::take(&mut self.showing);
        let with_products = showing.iter().find(|showing| !showing.products.is_empty())?;
        if !dice.percent(FOLLOWS_PERCENT) {
            return None;
        }
        let product = dice.pick(&with_products.products)?;
        if self.clicked.len() >= CLICKED_MAX {
            self.clicked.clear();
        }
        self.clicked.insert(product.0.clone(), with_products.decision.clone());
        Some((product.0.clone(), body::decision_clicked(with_products, Some(product))))
    }

    /// Names the decision that one of these products was clicked in, as beckon.js does.
    pub fn name_decision<'a>(&self, event: &mut Value, mut products: impl Iterator<Item = &'a str>) {
        if let Some(decision) = products.find_map(|id| self.clicked.get(id)) {
            event["properties"]["decision_id"] = Value::from(decision.as_str());
        }
    }

    /// The same of an order's lines.
    pub fn name_decision_of_lines(&self, event: &mut Value, lines: &[Line]) {
        self.name_decision(event, lines.iter().map(|line| line.product.id.as_str()));
    }
}
