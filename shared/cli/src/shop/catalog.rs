//! What the shop sells, arranged for walking: from a product to its accessories and to its category.

use super::ShopProduct;
use crate::dice::Dice;
use std::collections::BTreeMap;

/// The products and the ways between them.
#[derive(Debug)]
pub(super) struct Catalog {
    products: Vec<ShopProduct>,
    categories: Vec<Vec<usize>>,
    category_of: Vec<usize>,
    accessories: Vec<Vec<usize>>,
}

impl Catalog {
    /// Arranges products. An accessory that the shop does not sell is left out: nobody can look at it.
    pub fn new(products: Vec<ShopProduct>) -> Self {
        let index_of: BTreeMap<&str, usize> =
            products.iter().enumerate().map(|(index, product)| (product.id.as_str(), index)).collect();
        let accessories = products
            .iter()
            .map(|p| p.accessories.iter().filter_map(|id| index_of.get(id.as_str()).copied()).collect())
            .collect();
        let mut by_category: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, product) in products.iter().enumerate() {
            by_category.entry(&product.category).or_default().push(index);
        }
        let mut category_of = vec![0; products.len()];
        for (category, members) in by_category.values().enumerate() {
            for &member in members {
                category_of[member] = category;
            }
        }
        let categories = by_category.into_values().collect();
        Self { products, categories, category_of, accessories }
    }

    /// Whether there is nothing to look at.
    pub fn is_empty(&self) -> bool {
        self.products.is_empty()
    }

    /// How many categories there are.
    pub fn category_count(&self) -> usize {
        self.categories.len()
    }

    /// One product.
    pub fn product(&self, index: usize) -> Option<&ShopProduct> {
        self.products.get(index)
    }

    /// The product of this id.
    pub fn index(&self, id: &str) -> Option<usize> {
        self.products.iter().position(|product| product.id == id)
    }

    /// What a visitor with this taste looks at after `current`.
    pub fn next(&self, dice: &mut Dice, taste: &Taste, current: Option<usize>) -> Option<usize> {
        let roll = dice.between(0, 99);
        let near: &[usize] = match current {
            Some(current) if roll < taste.accessory_percent => self.accessories.get(current)?,
            Some(current) if roll < taste.accessory_percent + 35 => {
                self.categories.get(*self.category_of.get(current)?)?
            }
            _ if roll < 85 => self.categories.get(taste.favourite_category)?,
            _ => &[],
        };
        let others: Vec<usize> = near.iter().copied().filter(|&other| Some(other) != current).collect();
        if let Some(choice) = dice.pick(&others).copied() {
            return Some(choice);
        }
        let all: Vec<usize> = (0..self.products.len()).filter(|&other| Some(other) != current).collect();
        dice.pick(&all).copied().or(current)
    }
}

/// What draws one visitor on.
#[derive(Debug, Clone)]
pub(super) struct Taste {
    /// The category that this visitor comes for.
    pub favourite_category: usize,
    /// How often the visitor follows an accessory, in per cent (at most 50).
    pub accessory_percent: u64,
}
