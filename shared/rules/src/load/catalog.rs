//! Products, offers and slots.

use super::Loader;
use super::fields::{Fields, quoted};
use super::reference::Kind;
use super::scalar::{NAME_CHARS_MAX, TEXT_CHARS_MAX};
use crate::model::{
    BestSellerChoice, COUNT_DEFAULT, COUNT_MAX, CurrentItem, Offer, Product, Slot, SlotFallback, TTL_DEFAULT,
};
use crate::tree::{Node, Value};
use beckon_domain::id::{OfferId, SlotId};
use beckon_domain::{Category, ProductId};

const PRODUCT_FIELDS: [&str; 8] =
    ["id", "name", "category", "price", "url", "image_url", "accessories", "related"];
const OFFER_FIELDS: [&str; 4] = ["id", "title", "text", "url"];
const SLOT_FIELDS: [&str; 9] =
    ["id", "count", "fallback", "best_sellers", "current_item", "per_category", "pinned", "learn", "ttl"];
/// Products that a slot may show before all else, at most.
const PINNED_COUNT_MAX: usize = 20;
/// Stands for the page's product in conditions, so that no product may be called so.
pub(super) const CURRENT: &str = "current";

impl Loader {
    pub(super) fn product(&mut self, node: &Node) -> Option<Product> {
        let who = Fields::name_of(node, "product");
        let fields = Fields::open(self, node, &who, &PRODUCT_FIELDS)?;
        let id_node = fields.require(self, "id");
        let id = id_node.and_then(|n| self.id(n, "id", ProductId::new));
        if let (Some(id), Some(n)) = (&id, id_node) {
            self.declare(Kind::Product, id.as_str(), n.place);
            if id.as_str() == CURRENT {
                let message = "no product can be called `current`: in conditions it means the page's product";
                self.problem(n.place, message);
            }
        }
        let name = fields.require(self, "name").and_then(|n| self.text(n, "name", NAME_CHARS_MAX));
        let category_node = fields.require(self, "category");
        let category = category_node.and_then(|n| self.id(n, "category", Category::new));
        if let (Some(category), Some(n)) = (&category, category_node) {
            self.declare_category(category, n.place);
        }
        let price = fields.get("price").and_then(|n| self.money(n, "price"));
        let url = fields.get("url").and_then(|n| self.url(n, "url"));
        let image_url = fields.get("image_url").and_then(|n| self.url(n, "image_url"));
        let accessories = self.other_products(&fields, "accessories", id.as_ref());
        let related = self.other_products(&fields, "related", id.as_ref());
        Some(Product {
            id: id?,
            name: name?,
            category: category?,
            price,
            url,
            image_url,
            accessories,
            related,
        })
    }

    fn other_products(&mut self, fields: &Fields<'_>, name: &str, own: Option<&ProductId>) -> Vec<ProductId> {
        let node = fields.get(name);
        let ids = self.product_ids(node, name, &fields.what);
        if let (Some(node), Some(own)) = (node, own)
            && ids.contains(own)
        {
            let message = format!("{} names itself in `{name}`: remove it there", fields.what);
            self.problem(node.place, message);
        }
        ids
    }

    pub(super) fn offer(&mut self, node: &Node) -> Option<Offer> {
        let who = Fields::name_of(node, "offer");
        let fields = Fields::open(self, node, &who, &OFFER_FIELDS)?;
        let id_node = fields.require(self, "id");
        let id = id_node.and_then(|n| self.id(n, "id", OfferId::new));
        if let (Some(id), Some(n)) = (&id, id_node) {
            self.declare(Kind::Offer, id.as_str(), n.place);
        }
        let title = fields.require(self, "title").and_then(|n| self.text(n, "title", NAME_CHARS_MAX));
        let text = fields.require(self, "text").and_then(|n| self.text(n, "text", TEXT_CHARS_MAX));
        let url = fields.require(self, "url").and_then(|n| self.url(n, "url"));
        Some(Offer { id: id?, title: title?, text: text?, url: url? })
    }

    pub(super) fn slot(&mut self, node: &Node, has_best_sellers: bool) -> Option<Slot> {
        let who = Fields::name_of(node, "slot");
        let fields = Fields::open(self, node, &who, &SLOT_FIELDS)?;
        let id_node = fields.require(self, "id");
        let id = id_node.and_then(|n| self.id(n, "id", SlotId::new));
        if let (Some(id), Some(n)) = (&id, id_node) {
            self.declare(Kind::Slot, id.as_str(), n.place);
        }
        let count = match fields.get("count") {
            Some(n) => self.whole(n, "count", 1, COUNT_MAX as i64).map(|count| count as usize),
            None => Some(COUNT_DEFAULT),
        };
        let ttl = match fields.get("ttl") {
            Some(n) => self.duration(n, "ttl"),
            None => Some(TTL_DEFAULT),
        };
        let best_sellers = match fields.get("best_sellers") {
            Some(n) => self.best_seller_choice(n, &who),
            None => Some(BestSellerChoice::Live),
        };
        let current_item = match fields.get("current_item") {
            Some(n) => self.current_item(n, &who),
            None => Some(CurrentItem::Exclude),
        };
        let per_category = fields.get("per_category");
        let per_category = per_category.and_then(|n| self.whole(n, "per_category", 1, COUNT_MAX as i64));
        let learn = fields.get("learn").map_or(Some(false), |n| self.boolean(n, "learn"));
        let pinned = self.product_ids(fields.get("pinned"), "pinned", &who);
        if pinned.len() > PINNED_COUNT_MAX {
            let message =
                format!("{who} pins {} products, and at most {PINNED_COUNT_MAX} may be", pinned.len());
            self.problem(fields.key("pinned").unwrap_or(node.place), message);
        }
        let Some(fallback_node) = fields.get("fallback") else {
            let message = format!(
                "{who} has no fallback, so that it could be empty: add `fallback: best_sellers`, \
                 a list of product ids, or `fallback: {{offer: id}}`"
            );
            if !fields.is_misspelt("fallback") {
                self.problem(node.place, message);
            }
            return None;
        };
        let fallback = self.slot_fallback(fallback_node, &who, has_best_sellers);
        Some(Slot {
            id: id?,
            count: count?,
            fallback: fallback?,
            best_sellers: best_sellers?,
            current_item: current_item?,
            per_category: per_category.and_then(|most| usize::try_from(most).ok()),
            pinned,
            learn: learn?,
            ttl: ttl?,
            rules: Vec::new(),
        })
    }

    fn current_item(&mut self, node: &Node, who: &str) -> Option<CurrentItem> {
        match &node.value {
            Value::Text(word) if word == "exclude" => Some(CurrentItem::Exclude),
            Value::Text(word) if word == "allow" => Some(CurrentItem::Allow),
            other => {
                let found = if let Value::Text(word) = other { quoted(word) } else { node.kind().to_owned() };
                let message = format!(
                    "`current_item` of {who} must be `exclude` (the page's own product is not shown) or `allow`, and this is \
                     {found}"
                );
                self.problem(node.place, message);
                None
            }
        }
    }

    fn best_seller_choice(&mut self, node: &Node, who: &str) -> Option<BestSellerChoice> {
        match &node.value {
            Value::Text(word) if word == "live" => Some(BestSellerChoice::Live),
            Value::Text(word) if word == "listed" => Some(BestSellerChoice::Listed),
            other => {
                let found = if let Value::Text(word) = other { quoted(word) } else { node.kind().to_owned() };
                let message = format!(
                    "`best_sellers` of {who} must be `live` (those that people buy lately, before its own list) or \
                     `listed` (only those that the ruleset names), and this is {found}"
                );
                self.problem(node.place, message);
                None
            }
        }
    }

    pub(super) fn slot_fallback(
        &mut self,
        node: &Node,
        who: &str,
        has_best_sellers: bool,
    ) -> Option<SlotFallback> {
        match &node.value {
            Value::Text(word) if word == "best_sellers" => {
                if !has_best_sellers {
                    let message = format!(
                        "{who} falls back to the best sellers, and there are none: \
                         add a list `best_sellers` of product ids to the ruleset"
                    );
                    self.problem(node.place, message);
                }
                Some(SlotFallback::BestSellers)
            }
            Value::Map(_) => {
                let fields = Fields::open(self, node, &format!("the fallback of {who}"), &["offer"])?;
                let offer = fields.require(self, "offer")?;
                self.offer_ref(offer, who).map(SlotFallback::Offer)
            }
            Value::List(items) => {
                if items.is_empty() {
                    self.problem(
                        node.place,
                        format!("the fallback of {who} is an empty list: name products"),
                    );
                }
                Some(SlotFallback::Products(self.product_ids(Some(node), "fallback", who)))
            }
            other => {
                let found = if let Value::Text(word) = other { quoted(word) } else { node.kind().to_owned() };
                let message = format!(
                    "the fallback of {who} must be `best_sellers`, a list of product ids or \
                     `{{offer: id}}`, and this is {found}"
                );
                self.problem(node.place, message);
                None
            }
        }
    }
}
