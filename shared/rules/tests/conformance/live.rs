//! What others know in a case: lists, what was learned, and a feed.

use crate::case::product;
use beckon_domain::{Brand, Category, Money, ProductId};
use beckon_rules::{Candidate, Learned, Live, LiveLists, ProductFacts};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What others know by then.
#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, default)]
pub struct Told {
    /// Best sellers of the page's category.
    category: Vec<String>,
    /// Best sellers of the store.
    store: Vec<String>,
    /// What was learned of a product.
    similar: BTreeMap<String, Vec<Learnt>>,
    also_bought: BTreeMap<String, Vec<Learnt>>,
    /// What was learned of whoever went this way: products joined by `>`, the newest last.
    for_you: BTreeMap<String, Vec<Learnt>>,
    /// The same of a cart's products.
    cart_complement: BTreeMap<String, Vec<Learnt>>,
    trending: Vec<Learnt>,
    feed: Vec<Fed>,
}

/// A product, or a product with what was learned beside it.
#[derive(Deserialize, Clone)]
#[serde(untagged)]
enum Learnt {
    Id(String),
    With { id: String, category: Option<String>, from: Option<String>, to: Option<String> },
}

/// A row of the feed.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Fed {
    id: String,
    category: Option<String>,
    brand: Option<String>,
    price: Option<String>,
    group: Option<String>,
    #[serde(default)]
    out_of_stock: bool,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

/// What a decision asks, in typed form.
pub struct World {
    category: Vec<ProductId>,
    store: Vec<ProductId>,
    told: Told,
    feed: BTreeMap<String, (Fed, Row)>,
}

struct Row {
    category: Option<Category>,
    brand: Option<Brand>,
    price: Option<Money>,
}

impl World {
    pub fn new(mut told: Told) -> Self {
        let ids = |names: &[String]| names.iter().map(|name| product(name)).collect::<Vec<_>>();
        let row = |fed: &Fed| Row {
            category: fed.category.as_deref().map(|c| Category::new(c).expect("a category")),
            brand: fed.brand.as_deref().map(|b| Brand::new(b).expect("a brand")),
            price: fed.price.as_deref().map(|p| Money::parse(p).expect("a price")),
        };
        let feed = std::mem::take(&mut told.feed).into_iter();
        let feed =
            feed.map(|fed| (fed.id.clone(), (row(&fed), fed))).map(|(id, (row, fed))| (id, (fed, row)));
        Self { category: ids(&told.category), store: ids(&told.store), feed: feed.collect(), told }
    }
}

fn candidate(learnt: &Learnt) -> Candidate {
    match learnt {
        Learnt::Id(id) => Candidate::new(product(id)),
        Learnt::With { id, category, from, to } => Candidate {
            product: product(id),
            category: category.as_deref().map(|c| Category::new(c).expect("a category")),
            price: from
                .as_deref()
                .zip(to.as_deref())
                .map(|(from, to)| (Money::parse(from).expect("a price"), Money::parse(to).expect("a price"))),
        },
    }
}

impl Live for World {
    fn best_sellers(&self) -> LiveLists<'_> {
        LiveLists { category: &self.category, store: &self.store }
    }

    fn learned(&self, question: Learned, from: &[&ProductId]) -> Vec<Candidate> {
        let way: Vec<&str> = from.iter().map(|id| id.as_str()).collect();
        let of = |map: &BTreeMap<String, Vec<Learnt>>| map.get(&way.join(">")).cloned().unwrap_or_default();
        let learnt = match question {
            Learned::Similar => of(&self.told.similar),
            Learned::AlsoBought => of(&self.told.also_bought),
            Learned::ForYou => of(&self.told.for_you),
            Learned::CartComplement => of(&self.told.cart_complement),
            Learned::Trending => self.told.trending.clone(),
        };
        learnt.iter().map(candidate).collect()
    }

    fn product(&self, id: &str) -> Option<ProductFacts<'_>> {
        let (fed, row) = self.feed.get(id)?;
        Some(ProductFacts {
            category: row.category.as_ref(),
            brand: row.brand.as_ref(),
            price: row.price,
            group: fed.group.as_deref(),
            is_out_of_stock: fed.out_of_stock,
        })
    }

    fn attribute(&self, id: &str, name: &str) -> Option<&str> {
        self.feed.get(id)?.0.attributes.get(name).map(String::as_str)
    }

    fn has_catalog(&self) -> bool {
        !self.feed.is_empty()
    }

    fn products(&self, category: Option<&Category>, count: usize) -> Vec<ProductId> {
        let wanted = self.feed.iter().filter(|(_, (fed, row))| {
            !fed.out_of_stock && (category.is_none() || row.category.as_ref() == category)
        });
        wanted.take(count).map(|(id, _)| product(id)).collect()
    }
}
